//! Our request → the bytes of a Chat Completions request.
//!
//! The same history gives the same bytes, and the messages come last: so the body of each request
//! begins with the body of the one before, up to the end of its messages, and the server can use
//! what it has kept of that.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::engine::event::{Reply, ReplyBlock, ToolCall};
use crate::engine::model::{Message, Request, ToolSpec};
use crate::providers::words;

/// What differs between servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageWanted {
    /// The stream is to end with the token counts.
    Yes,
    /// The server does not know the wish and would refuse the request.
    No,
}

/// The body of the request, for the model of that name.
pub fn body(model: &str, request: &Request, usage: UsageWanted) -> Vec<u8> {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    messages.push(Out::System { content: &request.system });
    for message in &request.messages {
        push(message, &mut messages);
    }
    let body = Body {
        model,
        stream: true,
        stream_options: match usage {
            UsageWanted::Yes => Some(StreamOptions { include_usage: true }),
            UsageWanted::No => None,
        },
        tools: request.tools.iter().map(tool).collect(),
        messages,
    };
    serde_json::to_vec(&body).expect("texts and JSON values can be written as JSON")
}

/// The order of the fields is the order of the bytes: the messages, which grow, come last.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    messages: Vec<Out<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Out<'a> {
    System {
        content: &'a str,
    },
    User {
        content: String,
    },
    Assistant {
        content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: &'a str,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: CallFunction<'a>,
}

#[derive(Serialize)]
struct CallFunction<'a> {
    name: Cow<'a, str>,
    #[serde(serialize_with = "arguments")]
    arguments: &'a Value,
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    let function = Function { name: &spec.name.0, description: &spec.description, parameters: &spec.schema };
    Tool { r#type: "function", function }
}

fn push<'a>(message: &'a Message, messages: &mut Vec<Out<'a>>) {
    match message {
        Message::User(blocks) => messages.push(Out::User { content: words::of_blocks(blocks) }),
        Message::Assistant(reply) => messages.extend(assistant(reply)),
        Message::Results(results) => messages.extend(
            results
                .iter()
                .map(|result| Out::Tool { tool_call_id: &result.provider_id, content: &result.text }),
        ),
    }
}

/// None for a reply without words and calls: servers refuse an empty message.
fn assistant(reply: &Reply) -> Option<Out<'_>> {
    let tool_calls: Vec<Call<'_>> = reply.calls().map(call).collect();
    let text = reply.text();
    if text.is_empty() && tool_calls.is_empty() {
        return None;
    }
    // Servers whose model thinks between calls want the thoughts back, under the name by which
    // they gave them; those of a closing answer are of no use to anyone.
    let thoughts = |field: &str| {
        if tool_calls.is_empty() { None } else { thoughts_given_as(field, reply) }
    };
    Some(Out::Assistant {
        content: if text.is_empty() { None } else { Some(text) },
        reasoning_content: thoughts("reasoning_content"),
        reasoning: thoughts("reasoning"),
        tool_calls,
    })
}

fn thoughts_given_as(field: &str, reply: &Reply) -> Option<String> {
    let mut all = String::new();
    for block in &reply.blocks {
        match block {
            ReplyBlock::Thought { text, signature } if signature.as_deref() == Some(field) => {
                all.push_str(text);
            }
            ReplyBlock::Thought { .. }
            | ReplyBlock::Text { .. }
            | ReplyBlock::Call { .. }
            | ReplyBlock::Opaque { .. } => {}
        }
    }
    if all.is_empty() { None } else { Some(all) }
}

fn call(call: &ToolCall) -> Call<'_> {
    let function = CallFunction { name: words::tool_name(&call.tool.0), arguments: &call.input };
    Call { id: &call.provider_id, r#type: "function", function }
}

/// Arguments travel as a text that holds JSON. Some servers read it and fail when it is not JSON,
/// so what the model wrote then goes back as a text within an object.
fn arguments<S: Serializer>(input: &&Value, serializer: S) -> Result<S::Ok, S::Error> {
    match input {
        Value::String(not_json) => {
            serializer.collect_str(&serde_json::json!({ "arguments_that_were_not_json": not_json }))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            serializer.collect_str(input)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Block, CallId, SessionId};
    use crate::engine::model::{CallResult, ResultKind};
    use expect_test::{Expect, expect};
    use serde_json::json;
    use std::sync::Arc;

    fn request(messages: Vec<Message>) -> Request {
        Request { session: SessionId::from("s"), system: "Be brief.".into(), tools: Arc::new([]), messages }
    }

    fn user(text: &str) -> Message {
        Message::User(Arc::new([Block::Text { text: text.to_owned() }]))
    }

    fn reply(blocks: Vec<ReplyBlock>) -> Message {
        Message::Assistant(Arc::new(Reply { blocks, ..Reply::default() }))
    }

    fn text(text: &str) -> ReplyBlock {
        ReplyBlock::Text { text: text.to_owned() }
    }

    fn thought(text: &str, field: Option<&str>) -> ReplyBlock {
        ReplyBlock::Thought { text: text.to_owned(), signature: field.map(str::to_owned) }
    }

    fn a_call(number: usize, input: Value) -> ReplyBlock {
        let id = CallId(format!("c{number}"));
        let call = ToolCall::new(id, format!("call_{number}"), "read".into(), input);
        ReplyBlock::Call { call }
    }

    fn result(number: usize, text: &str) -> CallResult {
        CallResult {
            call: CallId(format!("c{number}")),
            provider_id: format!("call_{number}"),
            tool: "read".into(),
            text: text.to_owned(),
            kind: ResultKind::Done,
        }
    }

    #[track_caller]
    fn check(messages: Vec<Message>, expected: Expect) {
        let bytes = body("m", &request(messages), UsageWanted::Yes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, messages) = text.split_once("\"messages\":").unwrap();
        assert_eq!(head, r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"#);
        let messages = messages.strip_prefix("[{\"role\":\"system\",\"content\":\"Be brief.\"},").unwrap();
        expected.assert_eq(&messages.strip_suffix("]}").unwrap().replace("},{\"role\"", "}\n{\"role\""));
    }

    #[test]
    fn calls_and_their_results() {
        check(
            vec![
                user("Look."),
                reply(vec![
                    text("Yes"),
                    text("."),
                    a_call(1, json!({"b": 1, "a": "ü"})),
                    a_call(2, json!({})),
                ]),
                Message::Results(Arc::new([result(1, "one"), result(2, "")])),
                reply(vec![a_call(3, json!({}))]),
                Message::Results(Arc::new([result(3, "three")])),
                reply(vec![text("Done.")]),
            ],
            expect![[r#"
                {"role":"user","content":"Look."}
                {"role":"assistant","content":"Yes.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{\"b\":1,\"a\":\"ü\"}"}},{"id":"call_2","type":"function","function":{"name":"read","arguments":"{}"}}]}
                {"role":"tool","tool_call_id":"call_1","content":"one"}
                {"role":"tool","tool_call_id":"call_2","content":""}
                {"role":"assistant","content":null,"tool_calls":[{"id":"call_3","type":"function","function":{"name":"read","arguments":"{}"}}]}
                {"role":"tool","tool_call_id":"call_3","content":"three"}
                {"role":"assistant","content":"Done."}"#]],
        );
    }

    #[test]
    fn arguments_that_are_not_json_go_back_as_json() {
        check(
            vec![reply(vec![a_call(1, json!("{\"a\":"))])],
            expect![[
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{\"arguments_that_were_not_json\":\"{\\\"a\\\":\"}"}}]}"#
            ]],
        );
    }

    #[test]
    fn names_that_no_tool_can_have() {
        let names =
            ["read", "", "functions.read now", &"x".repeat(65)].map(|name| words::tool_name(name).into_owned());
        assert_eq!(names, ["read", "unnamed", "functions_read_now", &"x".repeat(64)]);
    }

    #[test]
    fn an_empty_reply_is_left_out() {
        check(
            vec![user("a"), reply(vec![thought("hm", Some("reasoning"))]), user("b")],
            expect![[r#"
            {"role":"user","content":"a"}
            {"role":"user","content":"b"}"#]],
        );
        check(
            vec![user("a"), reply(vec![text("")]), user("b")],
            expect![[r#"
            {"role":"user","content":"a"}
            {"role":"user","content":"b"}"#]],
        );
    }

    #[test]
    fn thoughts_go_back_with_calls_and_by_their_name() {
        let thoughts = |field| {
            vec![reply(vec![
                thought("let me ", Some(field)),
                thought("see", Some(field)),
                a_call(1, json!({})),
            ])]
        };
        check(
            thoughts("reasoning_content"),
            expect![[
                r#"{"role":"assistant","content":null,"reasoning_content":"let me see","tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}}]}"#
            ]],
        );
        check(
            thoughts("reasoning"),
            expect![[
                r#"{"role":"assistant","content":null,"reasoning":"let me see","tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}}]}"#
            ]],
        );
        check(
            vec![reply(vec![thought("a", Some("sig-of-another")), thought("b", None), a_call(1, json!({}))])],
            expect![[
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}}]}"#
            ]],
        );
        check(
            vec![reply(vec![thought("a", Some("reasoning")), text("Done.")])],
            expect![[r#"{"role":"assistant","content":"Done."}"#]],
        );
    }

    #[test]
    fn blocks_of_a_user_are_one_text() {
        let blocks: Arc<[Block]> = Arc::new([
            Block::Text { text: "Look at".to_owned() },
            Block::Link { uri: "file:///a.rs".to_owned(), name: "a.rs".to_owned() },
            Block::Link { uri: "https://x.example".to_owned(), name: String::new() },
            Block::Resource { uri: "file:///b.md".to_owned(), text: "x\n````\ny".to_owned() },
            Block::Text { text: "please.".to_owned() },
        ]);
        expect![[r#"
            Look at
            See a.rs: file:///a.rs
            See https://x.example
            The content of file:///b.md:
            `````
            x
            ````
            y
            `````
            please."#]]
        .assert_eq(&words::of_blocks(&blocks));
    }

    #[test]
    fn tools_and_the_wish_for_usage() {
        let spec = ToolSpec {
            name: "read".into(),
            description: "Reads.".to_owned(),
            schema: json!({"type": "object", "required": ["b"], "properties": {"b": {}, "a": {}}}),
        };
        let request = Request { tools: Arc::new([spec]), ..request(vec![]) };
        let body = String::from_utf8(body("m", &request, UsageWanted::No)).unwrap();
        expect![[r#"{"model":"m","stream":true,"tools":[{"type":"function","function":{"name":"read","description":"Reads.","parameters":{"type":"object","required":["b"],"properties":{"b":{},"a":{}}}}}],"messages":[{"role":"system","content":"Be brief."}]}"#]].assert_eq(&body);
    }

    #[test]
    fn each_request_begins_with_the_one_before() {
        let mut messages = vec![];
        let mut before: Vec<u8> = Vec::new();
        for turn in 0..30 {
            messages.push(user(&format!("Turn {turn}: \"quoted\" \u{1f389}")));
            let steps: [Message; 3] = [
                reply(vec![
                    thought("why", Some("reasoning_content")),
                    text("I look."),
                    a_call(2 * turn, json!({"z": turn, "a": [1.5, null, "x"]})),
                    a_call(2 * turn + 1, json!("cut {")),
                ]),
                Message::Results(Arc::new([result(2 * turn, "one"), result(2 * turn + 1, "two")])),
                reply(vec![thought("so", Some("reasoning_content")), text("Done.")]),
            ];
            for step in steps {
                let bytes = body("m", &request(messages.clone()), UsageWanted::Yes);
                assert_eq!(bytes, body("m", &request(messages.clone()), UsageWanted::Yes));
                if !before.is_empty() {
                    let kept = before.strip_suffix(b"]}").expect("a body ends with its messages");
                    assert!(bytes.starts_with(kept), "turn {turn} does not begin as the request before");
                }
                before = bytes;
                messages.push(step);
            }
        }
    }
}
