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

use crate::engine::event::{Block, Reply, ReplyBlock, ToolCall};
use crate::engine::media::{Handed, Media, MediaKind, NotShown};
use crate::engine::model::{CallResult, Message, Request, ToolSpec};

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
    let mut handed = request.media.iter();
    for message in &request.messages {
        push(message, &mut handed, &mut messages);
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
        content: Content,
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

fn push<'a>(message: &'a Message, handed: &mut Iter<'_, Handed>, messages: &mut Vec<Out<'a>>) {
    match message {
        Message::User(blocks) => messages.push(Out::User { content: user(blocks, handed) }),
        Message::Assistant(reply) => messages.extend(assistant(reply)),
        Message::Results(results) => {
            let mut shown = Words::default();
            messages.extend(results.iter().map(|result| tool_result(result, handed, &mut shown)));
            if !shown.parts.is_empty() {
                messages.push(Out::User { content: shown.into_content() });
            }
        }
    }
}

/// The result of a call is a text: most servers take nothing else there. What the call has to show goes
/// to `shown`, for a message that follows.
fn tool_result<'a>(result: &'a CallResult, handed: &mut Iter<'_, Handed>, shown: &mut Words) -> Out<'a> {
    let mut content = Cow::Borrowed(result.text.as_str());
    for media in &result.media {
        let note = match next(handed) {
            Handed::Bytes(bytes) => {
                let (tool, id) = (&result.tool, &result.provider_id);
                let what = media.describe();
                shown.line(&format!("(Not from the user: `{tool}` brought this, in its call {id}. {what})"));
                shown.show(media, bytes);
                "it is in the message that follows the results"
            }
            Handed::Described(why) => why.words(),
        };
        content.to_mut().push_str(&format!("\n({note})"));
    }
    Out::Tool { tool_call_id: &result.provider_id, content }
}

/// What is handed over of the next image or document.
fn next<'h>(handed: &mut Iter<'h, Handed>) -> &'h Handed {
    handed.next().unwrap_or(&Handed::Described(NotShown::Gone))
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
    let function = CallFunction { name: valid_name(&call.tool.0), arguments: &call.input };
    Call { id: &call.provider_id, r#type: "function", function }
}

/// A model may call a tool by a name that no tool can have; in the history, servers would refuse it
/// in each request from then on.
fn valid_name(name: &str) -> Cow<'_, str> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() {
        Cow::Borrowed("unnamed")
    } else if name.len() <= NAME_CHARS_MAX && name.chars().all(valid) {
        Cow::Borrowed(name)
    } else {
        name.chars().take(NAME_CHARS_MAX).map(|c| if valid(c) { c } else { '_' }).collect()
    }
}

/// Of the name of a function, by the interface's rules.
const NAME_CHARS_MAX: usize = 64;

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

/// The blocks of a user's message.
fn user(blocks: &[Block], handed: &mut Iter<'_, Handed>) -> Content {
    let mut words = Words::default();
    for block in blocks {
        match block {
            Block::Text { text } => words.line(text),
            Block::Link { uri, name } if name.is_empty() || name == uri => words.line(&format!("See {uri}")),
            Block::Link { uri, name } => words.line(&format!("See {name}: {uri}")),
            Block::Resource { uri, text } => words.line(&resource(uri, text)),
            Block::Media { media } => match next(handed) {
                Handed::Bytes(bytes) => {
                    words.line(&format!("({})", media.describe()));
                    words.show(media, bytes);
                }
                Handed::Described(why) => words.line(&format!("({}; {})", media.describe(), why.words())),
            },
        }
    }
    words.into_content()
}

/// A message as it grows: words, each piece on lines of its own, and what is shown between them.
#[derive(Default)]
struct Words {
    parts: Vec<Part>,
    text: String,
}

impl Words {
    fn line(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    fn show(&mut self, media: &Media, bytes: &[u8]) {
        self.end_text();
        let data = format!("data:{};base64,{}", media.kind.mime(), BASE64.encode(bytes));
        self.parts.push(match media.kind {
            MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => {
                Part::ImageUrl { image_url: ImageUrl { url: data } }
            }
            MediaKind::Pdf => Part::File { file: File { filename: file_name(&media.name), file_data: data } },
        });
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text { text: std::mem::take(&mut self.text) });
        }
    }

    fn into_content(mut self) -> Content {
        if self.parts.is_empty() {
            return Content::Text(self.text);
        }
        self.end_text();
        Content::Parts(self.parts)
    }
}

/// The last part of a path or address.
fn file_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().filter(|last| !last.is_empty()).unwrap_or("document.pdf").to_owned()
}

/// A text between fences longer than any run of backticks in it, so that it cannot end itself.
fn resource(uri: &str, text: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let line_feed = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!("The content of {uri}:\n{fence}\n{text}{line_feed}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{CallId, SessionId, Usage};
    use crate::engine::model::ResultKind;
    use expect_test::{Expect, expect};
    use serde_json::json;
    use std::sync::Arc;

    fn request(messages: Vec<Message>) -> Request {
        Request {
            prompt: 0,
            session: SessionId::from("s"),
            system: "Be brief.".into(),
            tools: Arc::new([]),
            messages,
            media: Vec::new(),
        }
    }

    fn user(text: &str) -> Message {
        Message::User(Arc::new([Block::Text { text: text.to_owned() }]))
    }

    fn reply(blocks: Vec<ReplyBlock>) -> Message {
        Message::Assistant(Arc::new(Reply { blocks, usage: Usage::default() }))
    }

    fn text(text: &str) -> ReplyBlock {
        ReplyBlock::Text { text: text.to_owned() }
    }

    fn thought(text: &str, field: Option<&str>) -> ReplyBlock {
        ReplyBlock::Thought { text: text.to_owned(), signature: field.map(str::to_owned) }
    }

    fn a_call(number: usize, input: Value) -> ReplyBlock {
        let id = CallId(format!("c{number}"));
        let call = ToolCall { id, provider_id: format!("call_{number}"), tool: "read".into(), input };
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
            ["read", "", "functions.read now", &"x".repeat(65)].map(|name| valid_name(name).into_owned());
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
        .assert_eq(&match super::user(&blocks, &mut [].iter()) {
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
        let text = String::from_utf8(body("m", &request, UsageWanted::No)).unwrap();
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
            assert_eq!(file_name(name), expected);
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
