//! One message: told apart by its members, refused with a reason when it is none; and written.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::error::{Error, INTERNAL_ERROR};
use super::framing::Frame;
use super::params::Params;
use crate::limits::{RPC_HEADER_BYTES_MAX, RPC_ID_BYTES_MAX};

/// What names a request: it comes back in the answer exactly as it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// A whole number of 64 bits.
    Number(i64),
    /// A text of at most `RPC_ID_BYTES_MAX` bytes.
    Text(Arc<str>),
    /// `null`: unusual for a request; in an answer to what could not be read, nobody's.
    Null,
}

/// The answer to a request: the result as JSON text, or an error.
pub type Reply = Result<Box<RawValue>, Error>;

/// What a frame says.
#[derive(Debug)]
pub(super) enum Message {
    /// To be answered, once.
    Request { id: Id, method: String, params: Params },
    /// Never to be answered.
    Notification { method: String, params: Params },
    /// What the other side makes of a request of ours.
    Answer { id: Id, reply: Reply },
    /// Not a message; `id` is what could be read of it.
    Fault { id: Id, error: Error },
    /// Not a message, and what looks like a notification or an answer is never answered.
    Dropped { why: &'static str },
}

/// Reads a frame, of which at most `limit` bytes are allowed.
pub(super) fn read(frame: Frame<'_>, limit: usize) -> Message {
    match frame {
        Frame::Message(bytes) => parse(bytes),
        Frame::Tail(bytes) => match parse(bytes) {
            Message::Fault { .. } => Message::Dropped { why: "the end of a message that is too long" },
            message => message,
        },
        Frame::TooLong { bytes } => {
            let length = bytes.map_or(String::new(), |bytes| format!(" of {bytes} bytes"));
            fault(Error::invalid_request(format!(
                "the message{length} is longer than the {limit} bytes allowed"
            )))
        }
        Frame::HeaderTooLong => fault(Error::invalid_request(format!(
            "the header is longer than the {RPC_HEADER_BYTES_MAX} bytes allowed"
        ))),
        Frame::Garbage => fault(Error::parse("expected a `Content-Length` header and a body")),
    }
}

/// The bytes of a notification, or with an id of a request of ours, without framing. Parameters that
/// are written as `null` are left out.
pub(super) fn call(id: Option<i64>, method: &str, params: impl Serialize) -> Vec<u8> {
    const PLAIN: &str = "what goes on the wire is plain data with texts as keys";
    let mut body = Vec::with_capacity(256);
    body.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if let Some(id) = id {
        body.extend_from_slice(format!(r#""id":{id},"#).as_bytes());
    }
    body.extend_from_slice(br#""method":"#);
    serde_json::to_writer(&mut body, method).expect(PLAIN);
    let without = body.len();
    body.extend_from_slice(br#","params":"#);
    let start = body.len();
    serde_json::to_writer(&mut body, &params).expect(PLAIN);
    if &body[start..] == b"null" {
        body.truncate(without);
    }
    body.push(b'}');
    body
}

/// The bytes of an answer, without framing.
pub(super) fn answer(id: &Id, reply: &Reply) -> Vec<u8> {
    #[derive(Serialize)]
    struct Answer<'a> {
        jsonrpc: &'static str,
        id: &'a Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Error>,
    }
    let (result, error) = match reply {
        Ok(result) => (Some(&**result), None),
        Err(error) => (None, Some(error)),
    };
    serde_json::to_vec(&Answer { jsonrpc: "2.0", id, result, error })
        .expect("a result is JSON text already, an error plain data")
}

impl Id {
    /// The id in `raw`; an error says why it is none.
    pub(super) fn read(raw: &RawValue) -> Result<Self, &'static str> {
        const KINDS: &str = "`id` must be a whole number of 64 bits, a string or null";
        let text = raw.get();
        if text.len() > RPC_ID_BYTES_MAX {
            return Err("`id` is too long");
        }
        match text.as_bytes().first() {
            Some(b'n') => Ok(Self::Null),
            Some(b'"') => serde_json::from_str(text).map(Self::Text).map_err(|_| KINDS),
            // Only numbers that are written as they were read can come back unchanged.
            _ => match text.parse::<i64>() {
                Ok(number) if number.to_string() == text => Ok(Self::Number(number)),
                _ => Err(KINDS),
            },
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Null => serializer.serialize_unit(),
        }
    }
}

/// The members of a message, none of them looked into.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// A member that is there, also one that is `null`.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

fn parse(bytes: &[u8]) -> Message {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return fault(Error::parse("the text is not UTF-8")) };
    // Lists are kept from the derived reader, which would take one for the members in order.
    if !text.trim_start().starts_with('{') {
        return not_members(text, Id::Null, "a message is an object, and there are no batches");
    }
    match serde_json::from_str::<Members<'_>>(text) {
        Ok(members) if members.method.is_some() => members.into_call(),
        Ok(members) if members.result.is_some() || members.error.is_some() => members.into_answer(),
        Ok(members) => {
            let id = members.id.and_then(|id| Id::read(id).ok()).unwrap_or(Id::Null);
            Message::Fault { id, error: Error::invalid_request("there is no `method`") }
        }
        Err(_) => not_members(text, lone_id(text), "a member occurs twice"),
    }
}

/// Text that cannot be told apart: not JSON at all, or JSON of which `why` says what is wrong.
fn not_members(text: &str, id: Id, why: &str) -> Message {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Message::Fault { id, error: Error::invalid_request(why) },
        Err(error) => fault(Error::parse(error)),
    }
}

/// The id of a message of which another member is wrong.
fn lone_id(text: &str) -> Id {
    #[derive(Deserialize)]
    struct Lone<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let id = serde_json::from_str::<Lone<'_>>(text).ok().and_then(|lone| Id::read(lone.id).ok());
    id.unwrap_or(Id::Null)
}

fn fault(error: Error) -> Message {
    Message::Fault { id: Id::Null, error }
}

impl Members<'_> {
    /// A request or a notification.
    fn into_call(self) -> Message {
        let method: Option<String> = self.method.and_then(|method| serde_json::from_str(method.get()).ok());
        let version = self.jsonrpc.is_some_and(|version| version.get() == r#""2.0""#);
        let params = self.params.map_or(Ok(Params::default()), Params::new);
        let Some(id) = self.id else {
            return match (method, version, params) {
                (None, ..) => fault(Error::invalid_request("`method` must be a string")),
                (_, false, _) => Message::Dropped { why: "a notification that is not of version 2.0" },
                (_, _, Err(why)) => Message::Dropped { why },
                (Some(method), true, Ok(params)) => Message::Notification { method, params },
            };
        };
        let id = match Id::read(id) {
            Ok(id) => id,
            Err(why) => return fault(Error::invalid_request(why)),
        };
        let why = match (method, version, params) {
            (Some(method), true, Ok(params)) => return Message::Request { id, method, params },
            (None, ..) => "`method` must be a string",
            (_, false, _) => r#"`jsonrpc` must be "2.0""#,
            (_, _, Err(why)) => why,
        };
        Message::Fault { id, error: Error::invalid_request(why) }
    }

    /// An answer. Whoever answers is not told about faults in it: that would be answered in turn.
    fn into_answer(self) -> Message {
        let Some(Ok(id)) = self.id.map(Id::read) else {
            return Message::Dropped { why: "an answer without a readable id" };
        };
        let reply = match (self.error, self.result) {
            (Some(error), _) => Err(serde_json::from_str(error.get())
                .unwrap_or_else(|_| Error::new(INTERNAL_ERROR, "the client's error cannot be read"))),
            (None, Some(result)) => Ok(result.to_owned()),
            (None, None) => return Message::Dropped { why: "neither a result nor an error" },
        };
        Message::Answer { id, reply }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&shown(text.as_bytes()));
    }

    fn shown(bytes: &[u8]) -> String {
        match parse(bytes) {
            Message::Request { id, method, params } => {
                format!("request {id:?} {method} {:?}", params.into_value().unwrap())
            }
            Message::Notification { method, params } => {
                format!("notification {method} {:?}", params.into_value().unwrap())
            }
            Message::Answer { id, reply } => format!("answer {id:?} {:?}", reply.map(|raw| raw.to_string())),
            Message::Fault { id, error } => format!("fault {id:?} {error}"),
            Message::Dropped { why } => format!("dropped: {why}"),
        }
    }

    #[test]
    fn calls_and_answers() {
        check(
            r#"{"jsonrpc":"2.0","id":1,"method":"a/b","params":{"x":1},"extra":{"y":[2]}}"#,
            expect![[r#"request Number(1) a/b Some(Object {"x": Number(1)})"#]],
        );
        check(r#" {"jsonrpc":"2.0","method":"n"}"#, expect!["notification n None"]);
        check(r#"{"id":7,"result":null}"#, expect![[r#"answer Number(7) Ok("null")"#]]);
        check(
            r#"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m"}}"#,
            expect![[r#"answer Text("a") Err(Error { code: 1, message: "m", data: None })"#]],
        );
        check(
            r#"{"jsonrpc":"2.0","id":51,"result":1,"error":{"code":1,"message":"x"}}"#,
            expect![[r#"answer Number(51) Err(Error { code: 1, message: "x", data: None })"#]],
        );
        check(
            r#"{"jsonrpc":"2.0","id":53,"error":"text"}"#,
            expect![[
                r#"answer Number(53) Err(Error { code: -32603, message: "the client's error cannot be read", data: None })"#
            ]],
        );
        check(r#"{"id":{},"result":1}"#, expect!["dropped: an answer without a readable id"]);
    }

    #[test]
    fn ids_come_back_as_they_were() {
        for id in ["0", "-7", "9007199254740993", "-9223372036854775808", "\"\"", "\"é\\u0000\"", "null"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
            let Message::Request { id: read, .. } = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(serde_json::to_string(&read).unwrap(), id);
        }
        for id in
            ["1.5", "1.0", "1e2", "-0", "1180591620717411303424", "9223372036854775808", "true", "[1]", "{}"]
        {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
            check(
                &text,
                expect![[
                    "fault Null not a request: `id` must be a whole number of 64 bits, a string or null (code -32600)"
                ]],
            );
        }
        let long = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"m"}}"#, "i".repeat(1 << 20));
        check(&long, expect!["fault Null not a request: `id` is too long (code -32600)"]);
    }

    #[test]
    fn not_json() {
        let broken = [
            "",
            "{",
            "}",
            "nul",
            "undefined",
            ",",
            "[1,2",
            "{:1}",
            "{'a':1}",
            "{jsonrpc:\"2.0\"}",
            "\0\0",
            "\u{1e}{}",
            "{\"id\":NaN}",
            "{\"id\":01}",
            "{\"id\":1.}",
            r#"{"id":1,"method":"x",}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x"}}"#,
            r#"{"id":1,"method":"\u12"}"#,
            r#"{"id":1,"id":2,"#,
            "{\"id\":1,\"method\":\"a\u{1b}b\"}",
            "{\"id\":1,\"method\":\"a\rb\"}",
        ];
        for text in broken {
            let said = shown(text.as_bytes());
            assert!(said.starts_with("fault Null not JSON") && said.contains("-32700"), "{text}: {said}");
        }
        for bytes in
            [&b"{\"id\":1,\"method\":\"\xff\xfe\"}"[..], b"\"\xed\xa0\x80\"", b"\"\xf4\x90\x80\x80\""]
        {
            assert_eq!(shown(bytes), "fault Null not JSON: the text is not UTF-8 (code -32700)");
        }
    }

    #[test]
    fn not_a_message() {
        for text in ["1", "-0.5e3", "true", "null", "\"x\"", "[]", "[1]", "[[]]", "[1,{}]"] {
            check(
                text,
                expect![
                    "fault Null not a request: a message is an object, and there are no batches (code -32600)"
                ],
            );
        }
        let batch = format!("[{0},{0}]", r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#);
        assert!(shown(batch.as_bytes()).contains("-32600"));
        check("{}", expect!["fault Null not a request: there is no `method` (code -32600)"]);
        check(
            r#"{"jsonrpc":"2.0","id":4}"#,
            expect!["fault Number(4) not a request: there is no `method` (code -32600)"],
        );
        for version in ["\"1.0\"", "2.0", "null", "\"2.0.0\"", "[\"2.0\"]"] {
            let text = format!(r#"{{"jsonrpc":{version},"id":41,"method":"m"}}"#);
            check(
                &text,
                expect![[r#"fault Number(41) not a request: `jsonrpc` must be "2.0" (code -32600)"#]],
            );
        }
        for method in ["{}", "true", "5", "null"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":42,"method":{method}}}"#);
            check(&text, expect!["fault Number(42) not a request: `method` must be a string (code -32600)"]);
        }
        for params in ["1", "\"x\"", "[1]"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":49,"method":"m","params":{params}}}"#);
            check(&text, expect!["fault Number(49) not a request: `params` must be an object (code -32600)"]);
        }
    }

    #[test]
    fn what_looks_like_a_notification_is_never_answered() {
        check(r#"{"jsonrpc":"2.0","method":"m","params":1}"#, expect!["dropped: `params` must be an object"]);
        check(
            r#"{"jsonrpc":"1.0","method":"m"}"#,
            expect!["dropped: a notification that is not of version 2.0"],
        );
    }

    #[test]
    fn a_member_that_occurs_twice_decides_nothing() {
        check(
            r#"{"jsonrpc":"2.0","id":25,"method":"no/such","method":"exit"}"#,
            expect!["fault Number(25) not a request: a member occurs twice (code -32600)"],
        );
        check(
            r#"{"jsonrpc":"2.0","id":26,"id":27,"method":"no/such"}"#,
            expect!["fault Null not a request: a member occurs twice (code -32600)"],
        );
        check(r#"{"jsonrpc":"2.0","id":26,"method":"a","x":1,"x":2}"#, expect!["request Number(26) a None"]);
    }

    #[test]
    fn depth_takes_no_stack() {
        let open = "[".repeat(100_000);
        assert!(shown(open.as_bytes()).contains("-32700"));
        let closed = format!("{open}{}", "]".repeat(100_000));
        assert!(shown(closed.as_bytes()).contains("-32600"));
        let inside =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"a":{closed}}},"b":{closed}}}"#);
        assert!(matches!(parse(inside.as_bytes()), Message::Request { .. }));
        let twice = format!(r#"{{"id":1,"method":"m","method":"m","params":{{"a":{closed}}}}}"#);
        assert!(shown(twice.as_bytes()).contains("Number(1)"));
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        check("\u{feff}{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", expect!["notification m None"]);
    }

    #[test]
    fn written() {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(
            text(call(None, "n", serde_json::json!({"a": "\u{2028}\n"}))),
            "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":{\"a\":\"\u{2028}\\n\"}}"
        );
        assert_eq!(text(call(Some(3), "m\"", ())), r#"{"jsonrpc":"2.0","id":3,"method":"m\""}"#);
        let result = RawValue::from_string("null".to_owned()).unwrap();
        assert_eq!(
            text(answer(&Id::Text("".into()), &Ok(result))),
            r#"{"jsonrpc":"2.0","id":"","result":null}"#
        );
        assert_eq!(
            text(answer(&Id::Null, &Err(Error::cancelled()))),
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32800,"message":"cancelled"}}"#
        );
    }
}
