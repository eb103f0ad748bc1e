//! Our request → the bytes of a Chat Completions request.
//!
//! The same history gives the same bytes, and the messages come last: so the body of each request
//! begins with the body of the one before, up to the end of its messages, and the server can use
//! what it has kept of that.

use std::borrow::Cow;
use std::slice::Iter;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::marks;
use crate::engine::event::{Reply, ReplyBlock, ToolCall};
use crate::engine::media::{Handed, MediaKind};
use crate::engine::model::{CallResult, Message, Offer, Request, ToolSpec};
use crate::providers::wishes::{Effort, Wishes};
use crate::providers::words::{self, Piece, Words};

/// Of the id of a call, as OpenAI takes it.
const ID_BYTES_MAX: usize = 40;

/// What differs between servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageWanted {
    /// The stream is to end with the token counts.
    Yes,
    /// The server does not know the wish and would refuse the request.
    No,
}

/// The name by which the longest answer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `max_tokens`, which every server knows.
    Tokens,
    /// `max_completion_tokens`, without which OpenAI's newer models refuse the request.
    Completion,
}

/// What is set for a model beside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// The origin of this server's replies.
    pub origin: &'a str,
    /// What the user wants.
    pub wishes: Wishes,
    /// Whether token counts are.
    pub usage: UsageWanted,
    /// How the longest answer is told.
    pub limit: Limit,
}

/// The body of the request.
pub fn body(settings: &Settings<'_>, request: &Request) -> Vec<u8> {
    let output_tokens = |limit| settings.wishes.output_tokens.filter(|_| settings.limit == limit);
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    messages.push(Out::System { content: &request.system });
    let mut handed = request.media.iter();
    for message in &request.messages {
        push(message, settings.origin, &mut handed, &mut messages);
    }
    let body = Body {
        model: settings.model,
        stream: true,
        reasoning_effort: settings.wishes.effort.map(Effort::word),
        max_tokens: output_tokens(Limit::Tokens),
        max_completion_tokens: output_tokens(Limit::Completion),
        stream_options: match settings.usage {
            UsageWanted::Yes => Some(StreamOptions { include_usage: true }),
            UsageWanted::No => None,
        },
        tools: match request.offer {
            Offer::Tools => request.tools.iter().map(tool).collect(),
            // Not every server knows how to be told that tools are not to be called.
            Offer::NoTools => Vec::new(),
        },
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
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
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
        content: Content,
    },
    Assistant {
        content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_details: Option<&'a Value>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: Cow<'a, str>,
    },
}

/// A user's message: a text, and parts only where there is more than text, which not every server knows.
#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
    File { file: File },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct File {
    filename: String,
    file_data: String,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: CallFunction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Value>,
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

fn push<'a>(message: &'a Message, origin: &str, handed: &mut Iter<'a, Handed>, messages: &mut Vec<Out<'a>>) {
    match message {
        Message::User(blocks) => messages.push(Out::User { content: content(Words::of(blocks, handed)) }),
        Message::Assistant(reply) => messages.extend(assistant(reply, origin)),
        Message::Results(results) => {
            let mut shown = Words::default();
            messages.extend(results.iter().map(|result| tool_result(result, handed, &mut shown)));
            if !shown.is_empty() {
                messages.push(Out::User { content: content(shown) });
            }
        }
    }
}

/// The result of a call is a text: most servers take nothing else there. What the call has to show goes
/// to `shown`, for a message that follows.
fn tool_result<'a>(result: &'a CallResult, handed: &mut Iter<'a, Handed>, shown: &mut Words<'a>) -> Out<'a> {
    let content = words::result_text(result, handed, shown);
    Out::Tool { tool_call_id: id(&result.provider_id), content }
}

/// None for a reply without words and calls: servers refuse an empty message.
fn assistant<'a>(reply: &'a Reply, origin: &str) -> Option<Out<'a>> {
    let is_origin = reply.origin.as_deref() == Some(origin);
    let tool_calls: Vec<Call<'_>> = reply.calls().map(|of| call(of, is_origin)).collect();
    let text = reply.text();
    if text.is_empty() && tool_calls.is_empty() {
        return None;
    }
    // Servers whose model thinks between calls want the thoughts back, under the name by which
    // they gave them; those of a closing answer are of no use to anyone, nor are those of one server to another.
    let ours = is_origin || reply.origin.is_none();
    // Details are marks on all that was said, and hold the same words.
    let reasoning_details = if is_origin { marks::details(reply) } else { None };
    let back = ours && reasoning_details.is_none() && !tool_calls.is_empty();
    let thoughts = |field: &str| if back { thoughts_given_as(field, reply) } else { None };
    Some(Out::Assistant {
        content: if text.is_empty() { None } else { Some(text) },
        reasoning_content: thoughts("reasoning_content"),
        reasoning: thoughts("reasoning"),
        reasoning_details,
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

fn call(call: &ToolCall, is_origin: bool) -> Call<'_> {
    let function = CallFunction { name: words::tool_name(&call.tool.0), arguments: &call.input };
    let extra_content = if is_origin { marks::extra(call) } else { None };
    Call { id: id(&call.provider_id), r#type: "function", function, extra_content }
}

/// The id of a call, of which OpenAI takes so many characters and others give more; what tells it apart stands
/// at its end.
fn id(id: &str) -> &str {
    id.get(id.len().saturating_sub(ID_BYTES_MAX)..).unwrap_or(id)
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

/// A message of words and what is shown between them.
fn content(words: Words<'_>) -> Content {
    let pieces = words.into_pieces();
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        let text = |piece| match piece {
            Piece::Text(text) => text,
            Piece::Shown(..) => String::new(),
        };
        return Content::Text(pieces.into_iter().map(text).collect());
    }
    Content::Parts(pieces.into_iter().map(part).collect())
}

fn part(piece: Piece<'_>) -> Part {
    let (media, bytes) = match piece {
        Piece::Text(text) => return Part::Text { text },
        Piece::Shown(media, bytes) => (media, bytes),
    };
    let data = format!("data:{};base64,{}", media.kind.mime(), BASE64.encode(bytes));
    match media.kind {
        MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => {
            Part::ImageUrl { image_url: ImageUrl { url: data } }
        }
        MediaKind::Pdf => {
            Part::File { file: File { filename: words::file_name(&media.name), file_data: data } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Block, CallId, SessionId};
    use crate::engine::media::{Media, NotShown};
    use crate::engine::model::ResultKind;
    use expect_test::{Expect, expect};
    use serde_json::json;
    use std::sync::Arc;

    fn plain(model: &str, request: &Request, usage: UsageWanted) -> Vec<u8> {
        let (wishes, limit) = (Wishes::default(), Limit::Tokens);
        body(&Settings { model, origin: "chat here m", wishes, usage, limit }, request)
    }

    fn request(messages: Vec<Message>) -> Request {
        Request {
            prompt: 0,
            outgoing: Default::default(),
            session: SessionId::from("s"),
            system: "Be brief.".into(),
            tools: Arc::new([]),
            offer: Default::default(),
            wanted: Default::default(),
            replies: 0,
            messages,
            media: Vec::new(),
        }
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
            media: Vec::new(),
        }
    }

    #[track_caller]
    fn check(messages: Vec<Message>, expected: Expect) {
        let bytes = plain("m", &request(messages), UsageWanted::Yes);
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
        let names = ["read", "", "functions.read now", &"x".repeat(65)]
            .map(|name| words::tool_name(name).into_owned());
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
        .assert_eq(&match content(Words::of(&blocks, &mut [].iter())) {
            Content::Text(text) => text,
            Content::Parts(_) => panic!("there is nothing but text"),
        });
    }

    fn media(name: &str, kind: MediaKind, about: &str) -> Media {
        let (kind, hash) = (json!(kind), "0".repeat(64));
        let media = json!({"name": name, "kind": kind, "hash": hash, "len": 3, "about": about});
        serde_json::from_value(media).unwrap()
    }

    #[track_caller]
    fn check_media(messages: Vec<Message>, media: Vec<Handed>, expected: Expect) {
        let request = Request { media, ..request(messages) };
        let text = String::from_utf8(plain("m", &request, UsageWanted::No)).unwrap();
        let (_, messages) = text.split_once("Be brief.\"},").unwrap();
        expected.assert_eq(&messages.strip_suffix("]}").unwrap().replace("},{\"role\"", "}\n{\"role\""));
    }

    fn a_picture_in_a_prompt() -> Message {
        let media = media("file:///w/a.png", MediaKind::Png, "PNG image, 1 x 1 pixels");
        let [before, after] = ["See", "there."].map(|text| Block::Text { text: text.to_owned() });
        Message::User(Arc::new([before, Block::Media { media }, after]))
    }

    #[test]
    fn what_a_user_attaches_stands_between_the_words() {
        check_media(
            vec![a_picture_in_a_prompt()],
            vec![Handed::Bytes(b"abc"[..].into())],
            expect![[
                r#"{"role":"user","content":[{"type":"text","text":"See\n(file:///w/a.png: PNG image, 1 x 1 pixels, 3 bytes)"},{"type":"image_url","image_url":{"url":"data:image/png;base64,YWJj"}},{"type":"text","text":"there."}]}"#
            ]],
        );
        check_media(
            vec![a_picture_in_a_prompt()],
            vec![Handed::Described(NotShown::NotAccepted)],
            expect![[
                r#"{"role":"user","content":"See\n(file:///w/a.png: PNG image, 1 x 1 pixels, 3 bytes; not shown: you are not known to accept this kind. The user can allow it: `accepts` of the `provider` in quillon.jsonc, or QUILLON_ACCEPTS)\nthere."}"#
            ]],
        );
    }

    #[test]
    fn what_calls_bring_follows_all_their_results() {
        let page = media("docs/m.pdf", MediaKind::Pdf, "PDF document, page 2 of 3");
        let picture = media("a.gif", MediaKind::Gif, "GIF image, 1 x 1 pixels");
        let with = |number, text, media| CallResult { media, ..result(number, text) };
        let messages = || {
            vec![
                reply(vec![a_call(1, json!({})), a_call(2, json!({})), a_call(3, json!({}))]),
                Message::Results(Arc::new([
                    with(1, "docs/m.pdf: page 2", vec![page.clone()]),
                    with(2, "words", vec![]),
                    with(3, "a.gif: GIF", vec![picture.clone()]),
                ])),
                a_picture_in_a_prompt(),
            ]
        };
        let bytes = || Handed::Bytes(b"abc"[..].into());
        check_media(
            messages(),
            vec![bytes(), bytes(), Handed::Described(NotShown::Old)],
            expect![[r#"
                {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"read","arguments":"{}"}},{"id":"call_3","type":"function","function":{"name":"read","arguments":"{}"}}]}
                {"role":"tool","tool_call_id":"call_1","content":"docs/m.pdf: page 2\n(it is in the message that follows the results)"}
                {"role":"tool","tool_call_id":"call_2","content":"words"}
                {"role":"tool","tool_call_id":"call_3","content":"a.gif: GIF\n(it is in the message that follows the results)"}
                {"role":"user","content":[{"type":"text","text":"(Not from the user: `read` brought this, in its call call_1. docs/m.pdf: PDF document, page 2 of 3, 3 bytes)"},{"type":"file","file":{"filename":"m.pdf","file_data":"data:application/pdf;base64,YWJj"}},{"type":"text","text":"(Not from the user: `read` brought this, in its call call_3. a.gif: GIF image, 1 x 1 pixels, 3 bytes)"},{"type":"image_url","image_url":{"url":"data:image/gif;base64,YWJj"}}]}
                {"role":"user","content":"See\n(file:///w/a.png: PNG image, 1 x 1 pixels, 3 bytes; not shown any more: there were too many since; look again if you need it)\nthere."}"#]],
        );
        check_media(
            messages(),
            vec![Handed::Described(NotShown::Gone), Handed::Described(NotShown::NotAccepted), bytes()],
            expect![[r#"
                {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"read","arguments":"{}"}},{"id":"call_3","type":"function","function":{"name":"read","arguments":"{}"}}]}
                {"role":"tool","tool_call_id":"call_1","content":"docs/m.pdf: page 2\n(not shown any more: its bytes are no longer kept; look again if you need it)"}
                {"role":"tool","tool_call_id":"call_2","content":"words"}
                {"role":"tool","tool_call_id":"call_3","content":"a.gif: GIF\n(not shown: you are not known to accept this kind. The user can allow it: `accepts` of the `provider` in quillon.jsonc, or QUILLON_ACCEPTS)"}
                {"role":"user","content":[{"type":"text","text":"See\n(file:///w/a.png: PNG image, 1 x 1 pixels, 3 bytes)"},{"type":"image_url","image_url":{"url":"data:image/png;base64,YWJj"}},{"type":"text","text":"there."}]}"#]],
        );
    }

    #[test]
    fn names_of_files() {
        for (name, expected) in [
            ("file:///a/b.pdf", "b.pdf"),
            ("c.pdf", "c.pdf"),
            ("a\\b", "b"),
            ("x/", "document.pdf"),
            ("", "document.pdf"),
        ] {
            assert_eq!(words::file_name(name), expected);
        }
    }

    #[test]
    fn tools_and_the_wish_for_usage() {
        let spec = ToolSpec {
            name: "read".into(),
            description: "Reads.".to_owned(),
            schema: json!({"type": "object", "required": ["b"], "properties": {"b": {}, "a": {}}}),
        };
        let request = Request { tools: Arc::new([spec]), ..request(vec![]) };
        let body = String::from_utf8(plain("m", &request, UsageWanted::No)).unwrap();
        expect![[r#"{"model":"m","stream":true,"tools":[{"type":"function","function":{"name":"read","description":"Reads.","parameters":{"type":"object","required":["b"],"properties":{"b":{},"a":{}}}}}],"messages":[{"role":"system","content":"Be brief."}]}"#]].assert_eq(&body);
    }

    #[test]
    fn thoughts_of_one_server_are_not_told_to_another() {
        let thinks = |origin: Option<&str>| {
            let blocks = vec![thought("why", Some("reasoning_content")), a_call(1, json!({}))];
            let origin = origin.map(Arc::from);
            let reply = Message::Assistant(Arc::new(Reply { blocks, origin, ..Reply::default() }));
            let results = Message::Results(Arc::new([result(1, "one")]));
            let body = plain("m", &request(vec![user("go"), reply, results]), UsageWanted::No);
            String::from_utf8(body).unwrap().contains("why")
        };
        assert!(thinks(Some("chat here m")) && thinks(None) && !thinks(Some("chat there m")));
    }

    #[test]
    fn marks_go_back_as_they_came_and_to_where_they_came_from() {
        let details = json!([{"type": "reasoning.encrypted", "data": "c2VjcmV0", "index": 0}]);
        let extra = json!({"google": {"thought_signature": "bWFyaw=="}});
        let said = |origin: Option<&str>| {
            let signed = match a_call(1, json!({})) {
                ReplyBlock::Call { call } => ToolCall { signature: Some(extra.to_string()), ..call },
                other => panic!("{other:?}"),
            };
            let blocks = vec![
                thought("why", Some("reasoning")),
                ReplyBlock::Opaque { value: json!({ "reasoning_details": details }) },
                ReplyBlock::Call { call: signed },
            ];
            let origin = origin.map(Arc::from);
            let reply = Message::Assistant(Arc::new(Reply { blocks, origin, ..Reply::default() }));
            let results = Message::Results(Arc::new([result(1, "one")]));
            let body = plain("m", &request(vec![user("go"), reply, results]), UsageWanted::No);
            let body: Value = serde_json::from_slice(&body).unwrap();
            body["messages"][2].clone()
        };
        let back = said(Some("chat here m"));
        assert_eq!((&back["reasoning_details"], &back["tool_calls"][0]["extra_content"]), (&details, &extra));
        assert_eq!(back.get("reasoning"), None, "the same words stand in the details");
        for other in [Some("chat there m"), Some("chat here n"), None] {
            let back = said(other).to_string();
            assert!(!back.contains("c2VjcmV0") && !back.contains("bWFyaw"), "{back}");
        }
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
                let bytes = plain("m", &request(messages.clone()), UsageWanted::Yes);
                assert_eq!(bytes, plain("m", &request(messages.clone()), UsageWanted::Yes));
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
