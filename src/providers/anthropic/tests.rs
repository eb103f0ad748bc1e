//! Tests of the Messages format: requests, and answers from a server on loopback.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::super::packets;
use super::super::testing::{ask, hello, lines, place, talk};
use super::super::wishes::Effort;
use super::*;
use crate::engine::event::Usage;
use crate::engine::model::{ErrorKind, Finish, ModelEvent, Offer, Wanted};
use crate::os::http::loopback::{Answer, Loopback, in_time};

const ORIGIN: &str = "anthropic@here m1";

fn settings(thinking: Thinking) -> Settings<'static> {
    Settings { model: "m1", carrier: Carrier::Direct, output_tokens: 8000, thinking }
}

fn search() -> Value {
    json!({"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {"query": "q"}})
}

#[track_caller]
fn check(settings: Settings<'_>, request: &Request, expected: Expect) {
    expected.assert_eq(&lines(&encode::body(&settings, ORIGIN, request)));
}

#[test]
fn a_whole_conversation() {
    check(
        settings(Thinking::Off),
        &talk(ORIGIN, search(), "signed"),
        expect![[r#"
            model: "m1"
            max_tokens: 8000
            stream: true
            tools:
              {"name":"read","description":"Reads a file.","input_schema":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}},"cache_control":{"type":"ephemeral"}}
            system:
              {"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}
            messages:
              {"role":"user","content":[{"type":"text","text":"See\n(file:///w/a.png: a thing, 3 bytes)"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"YWJj"}},{"type":"text","text":"(/w/m.pdf: a thing, 3 bytes)"},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"YWJj"},"title":"m.pdf"},{"type":"text","text":"(file:///w/a.png: a thing, 3 bytes; not shown any more: there were too many since; look again if you need it)"}]}
              {"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"signed"},{"type":"text","text":"I look."},{"type":"server_tool_use","id":"srv","name":"web_search","input":{"query":"q"}},{"type":"tool_use","id":"id_1","name":"read","input":{"file_path":"a"}},{"type":"tool_use","id":"id_2","name":"no_such_tool","input":{"arguments_that_were_not_json":"{not json"}},{"type":"tool_use","id":"id_3","name":"apply_patch","input":{"input":"*** Begin"}}]}
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"id_1","content":[{"type":"text","text":"a: a picture"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"YWJj"}}]},{"type":"tool_result","tool_use_id":"id_2","content":"Error: no such tool","is_error":true},{"type":"tool_result","tool_use_id":"id_3","content":"Patched."},{"type":"text","text":"A note.","cache_control":{"type":"ephemeral"}}]}
              {"role":"assistant","content":[{"type":"text","text":"Done."}]}
              {"role":"user","content":[{"type":"text","text":"And then?"},{"type":"text","text":"Go on.","cache_control":{"type":"ephemeral"}}]}"#]],
    );
}

#[test]
fn thinking_and_the_last_step() {
    let last = Request { offer: Offer::NoTools, ..hello() };
    check(
        settings(Thinking::Tokens(2048)),
        &last,
        expect![[r#"
        model: "m1"
        max_tokens: 8000
        stream: true
        thinking: {"type":"enabled","budget_tokens":2048}
        tool_choice: {"type":"none"}
        tools:
          {"name":"read","description":"Reads a file.","input_schema":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}},"cache_control":{"type":"ephemeral"}}
        system:
          {"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}
        messages:
          {"role":"user","content":[{"type":"text","text":"Hi.","cache_control":{"type":"ephemeral"}}]}"#]],
    );
    let settings = Settings { carrier: Carrier::Bedrock, ..settings(Thinking::Adaptive(Effort::Low)) };
    check(
        settings,
        &hello(),
        expect![[r#"
        anthropic_version: "bedrock-2023-05-31"
        max_tokens: 8000
        thinking: {"type":"adaptive"}
        output_config: {"effort":"low"}
        tools:
          {"name":"read","description":"Reads a file.","input_schema":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}},"cache_control":{"type":"ephemeral"}}
        system:
          {"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}
        messages:
          {"role":"user","content":[{"type":"text","text":"Hi.","cache_control":{"type":"ephemeral"}}]}"#]],
    );
}

/// What the references demand of every request: <https://docs.claude.com/en/api/messages>,
/// <https://docs.claude.com/en/docs/build-with-claude/prompt-caching>.
#[test]
fn the_rules_of_the_interface() {
    let body = encode::body(&settings(Thinking::Off), ORIGIN, &talk(ORIGIN, search(), "signed"));
    assert_eq!(String::from_utf8_lossy(&body).matches("cache_control").count(), 4);
    let body: Value = serde_json::from_slice(&body).unwrap();
    let messages = body["messages"].as_array().unwrap();
    for (at, message) in messages.iter().enumerate() {
        assert_eq!(message["role"], if at % 2 == 0 { "user" } else { "assistant" }, "the roles take turns");
        let blocks = message["content"].as_array().unwrap();
        assert!(!blocks.is_empty());
        let of_kind = |message: &Value, kind: &str, key: &str| -> Vec<Value> {
            let blocks = message["content"].as_array().unwrap().iter();
            blocks.filter(|block| block["type"] == kind).map(|block| block[key].clone()).collect()
        };
        let calls = of_kind(message, "tool_use", "id");
        if !calls.is_empty() {
            assert_eq!(of_kind(&messages[at + 1], "tool_result", "tool_use_id"), calls);
        }
        for block in blocks.iter().filter(|block| block["type"] == "text") {
            assert!(!block["text"].as_str().unwrap().trim().is_empty());
        }
    }
}

#[test]
fn an_answer_longer_than_the_model_can_give_is_asked_for_again_shorter() {
    let words = "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-haiku-20241022";
    assert_eq!(output_tokens_max(words), Some(8192));
    assert_eq!(output_tokens_max("max_tokens: 1 > 0, which is the maximum"), None);
    assert_eq!(
        output_tokens_max("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        None
    );
    assert_eq!(thinking_tokens(Effort::High), [20_480, 4_096, 1_024]);
}

fn thinking_tokens(effort: Effort) -> [u64; 3] {
    [64_000, 8_192, 1_500].map(|output_tokens| encode::thinking_tokens(effort, output_tokens))
}

/// The stream of <https://docs.claude.com/en/docs/build-with-claude/streaming>, "Streaming request with tool use",
/// shortened, with a thinking block of the same page before it.
const CALLING: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_014p7gG3wDgGV9EUtLvnow3U","type":"message","role":"assistant","model":"claude-opus-4","stop_sequence":null,"usage":{"input_tokens":472,"cache_read_input_tokens":20,"cache_creation_input_tokens":3,"output_tokens":2},"content":[],"stop_reason":null}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me see."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: ping
data: {"type":"ping"}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","name":"get_weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"location\": \"Paris\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn called(origin: Arc<str>) -> Vec<ModelEvent> {
    let (index, tool) = (0, crate::engine::event::ToolName("get_weather".to_owned()));
    let id = "toolu_01T1x1fJ34qAmk2tNTrN7Up6".to_owned();
    let begun = Usage { input: 472, cache_read: 20, cache_write: 3, output: 2, reasoning: 0 };
    let (response, model) = (Some("msg_014p7gG3wDgGV9EUtLvnow3U".into()), Some("claude-opus-4".into()));
    vec![
        ModelEvent::Began { origin, response, model },
        ModelEvent::Usage(begun),
        ModelEvent::Thought("Let me see.".to_owned()),
        ModelEvent::ThoughtSignature("EqQB".to_owned()),
        ModelEvent::CallBegan { index, tool: tool.clone() },
        ModelEvent::CallInput { index, text: "{\"location\": \"Paris\"}".to_owned() },
        ModelEvent::CallReady { index, call: Wanted::new(id, tool, json!({"location": "Paris"})) },
        ModelEvent::Usage(Usage { output: 89, ..begun }),
        ModelEvent::Done(Finish::Complete),
    ]
}

fn model(url: &str, carrier: Carrier, wishes: Wishes) -> Served<Messages> {
    messages(Arc::new(Http::default()), place(url), carrier, "m1".to_owned(), wishes, Waits::default())
}

#[test]
fn a_request_and_its_answer() {
    in_time(async {
        for path in ["/", "/v1", "/v1/messages"] {
            let mut server = Loopback::start(vec![Answer::events(CALLING).cut(50)]).await;
            let model = model(&server.url(path), Carrier::Direct, Wishes::default());
            let (events, error) = ask(&model, hello()).await;
            let seen = server.request().await;
            assert_eq!(seen.line, "POST /v1/messages HTTP/1.1");
            assert_eq!(seen.header("x-api-key"), Some("sesame-1234"));
            assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
            assert_eq!(seen.header("x-team"), Some("blue-team"));
            let origin = format!("anthropic@{} m1", server.url("").trim_end_matches('/'));
            assert_eq!((events, error), (called(origin.into()), None));
        }
    });
}

#[test]
fn a_stream_that_ends_early_has_no_calls_to_run() {
    in_time(async {
        let until = CALLING.find("event: message_stop").unwrap();
        for end in [until, CALLING.find("event: message_delta").unwrap()] {
            let server = Loopback::start(vec![Answer::events(&CALLING[..end])]).await;
            let (events, error) =
                ask(&model(&server.url(""), Carrier::Direct, Wishes::default()), hello()).await;
            assert_eq!(error.unwrap().kind, ErrorKind::Truncated);
            assert!(!events.iter().any(|event| matches!(event, ModelEvent::Done(_))));
        }
    });
}

#[test]
fn a_refusal_teaches_how_to_ask() {
    in_time(async {
        let refused = |words: &str| {
            let error =
                json!({"type": "error", "error": {"type": "invalid_request_error", "message": words}});
            Answer::json(400, &error.to_string())
        };
        let answers = vec![
            refused(
                "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.",
            ),
            Answer::events(CALLING),
            refused("max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for m1"),
            Answer::events(CALLING),
            refused("max_tokens: 8192 > 8192, which is the maximum allowed number of output tokens for m1"),
        ];
        let mut server = Loopback::start(answers).await;
        let wishes = Wishes { effort: Some(Effort::Medium), output_tokens: None, ..Wishes::default() };
        let model = model(&server.url(""), Carrier::Direct, wishes);
        let mut asked = Vec::new();
        for step in 0..3 {
            let (_, error) = ask(&model, hello()).await;
            assert_eq!(error.map(|error| error.kind), (step == 2).then_some(ErrorKind::Invalid));
        }
        for _ in 0..5 {
            let body: Value = serde_json::from_slice(&server.request().await.body).unwrap();
            asked.push((body["max_tokens"].clone(), body["thinking"]["type"].clone()));
        }
        let asked: Vec<String> =
            asked.iter().map(|(tokens, thinking)| format!("{tokens} {thinking}")).collect();
        assert_eq!(
            asked,
            [
                "32000 \"enabled\"",
                "32000 \"adaptive\"",
                "32000 \"adaptive\"",
                "8192 \"adaptive\"",
                "8192 \"adaptive\""
            ]
        );
    });
}

/// The events of a stream in messages, as
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html> has them.
fn carried(events: &str) -> Vec<u8> {
    use base64::Engine as _;
    let data = events.lines().filter_map(|line| line.strip_prefix("data: "));
    data.flat_map(|data| {
        let coded = base64::engine::general_purpose::STANDARD.encode(data);
        let payload = json!({"bytes": coded, "p": "abcdefgh"}).to_string();
        packets::message(&[(":event-type", "chunk"), (":message-type", "event")], payload.as_bytes())
    })
    .collect()
}

fn binary(body: Vec<u8>) -> Answer {
    Answer::of_type(200, "application/vnd.amazon.eventstream", body).cut(31)
}

#[test]
fn the_same_on_bedrock() {
    in_time(async {
        let mut server = Loopback::start(vec![binary(carried(CALLING))]).await;
        let model = model(&server.url(""), Carrier::Bedrock, Wishes::default());
        let (events, error) = ask(&model, hello()).await;
        let seen = server.request().await;
        assert_eq!(seen.line, "POST /model/m1/invoke-with-response-stream HTTP/1.1");
        assert_eq!(seen.header("authorization"), Some("Bearer sesame-1234"));
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!((&body["anthropic_version"], body.get("model")), (&"bedrock-2023-05-31".into(), None));
        let origin = format!("anthropic@{} m1", server.url("").trim_end_matches('/'));
        assert_eq!((events, error), (called(origin.into()), None));
    });
}

#[test]
fn what_fails_on_bedrock() {
    in_time(async {
        let faults = [
            ("throttlingException", "Too many requests, please wait.", ErrorKind::RateLimit),
            (
                "throttlingException",
                "Too many tokens, please wait before trying again.",
                ErrorKind::RateLimit,
            ),
            ("serviceUnavailableException", "Try later.", ErrorKind::Overloaded),
            ("internalServerException", "Oh.", ErrorKind::Server),
            ("modelTimeoutException", "It took too long.", ErrorKind::Timeout),
            ("validationException", "Input is too long for requested model.", ErrorKind::ContextLength),
            ("validationException", "No.", ErrorKind::Invalid),
        ];
        for (fault, words, kind) in faults {
            let head = [(":exception-type", fault), (":message-type", "exception")];
            let mut body = carried(&CALLING[..CALLING.find("event: ping").unwrap()]);
            body.extend(packets::message(&head, json!({"message": words}).to_string().as_bytes()));
            let server = Loopback::start(vec![binary(body)]).await;
            let (_, error) = ask(&model(&server.url(""), Carrier::Bedrock, Wishes::default()), hello()).await;
            let error = error.unwrap();
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.message.contains(words), "{error}");
        }
        let cut = carried(CALLING);
        let server = Loopback::start(vec![binary(cut[..cut.len() - 9].to_vec())]).await;
        let (_, error) = ask(&model(&server.url(""), Carrier::Bedrock, Wishes::default()), hello()).await;
        assert_eq!(error.unwrap().kind, ErrorKind::Truncated);
    });
}
