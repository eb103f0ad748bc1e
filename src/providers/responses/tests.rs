//! Tests of the Responses format: requests, and answers from a server on loopback.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::super::testing::{ask, hello, lines, place, talk};
use super::super::wishes::Effort;
use super::*;
use crate::engine::event::{ToolName, Usage};
use crate::engine::model::{ErrorKind, Finish, ModelEvent, Offer, Wanted};
use crate::os::http::loopback::{Answer, Loopback, in_time};

const ORIGIN: &str = "responses@here m1";

fn reasoning() -> Value {
    json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"})
}

fn settings(wishes: Wishes, reasoning: Reasoning) -> Settings<'static> {
    Settings { model: "m1", wishes, reasoning }
}

#[track_caller]
fn check(settings: Settings<'_>, request: &Request, expected: Expect) {
    expected.assert_eq(&lines(&encode::body(&settings, ORIGIN, request)));
}

#[test]
fn a_whole_conversation() {
    let search = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
    let talk = talk(ORIGIN, search, &reasoning().to_string());
    check(
        settings(Wishes::default(), Reasoning::Encrypted),
        &talk,
        expect![[r#"
        model: "m1"
        stream: true
        store: false
        include:
          "reasoning.encrypted_content"
        prompt_cache_key: "s1"
        tools:
          {"type":"function","name":"read","description":"Reads a file.","parameters":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}},"strict":false}
        instructions: "Be brief."
        input:
          {"type":"message","role":"user","content":[{"type":"input_text","text":"See\n(file:///w/a.png: a thing, 3 bytes)"},{"type":"input_image","image_url":"data:image/png;base64,YWJj"},{"type":"input_text","text":"(/w/m.pdf: a thing, 3 bytes)"},{"type":"input_file","filename":"m.pdf","file_data":"data:application/pdf;base64,YWJj"},{"type":"input_text","text":"(file:///w/a.png: a thing, 3 bytes; not shown any more: there were too many since; look again if you need it)"}]}
          {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}
          {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]}
          {"type":"web_search_call","id":"ws_1","status":"completed"}
          {"type":"function_call","call_id":"id_1","name":"read","arguments":"{\"file_path\":\"a\"}"}
          {"type":"function_call","call_id":"id_2","name":"no_such_tool","arguments":"{\"arguments_that_were_not_json\":\"{not json\"}"}
          {"type":"function_call","call_id":"id_3","name":"apply_patch","arguments":"{\"input\":\"*** Begin\"}"}
          {"type":"function_call_output","call_id":"id_1","output":[{"type":"input_text","text":"a: a picture"},{"type":"input_image","image_url":"data:image/png;base64,YWJj"}]}
          {"type":"function_call_output","call_id":"id_2","output":"Error: no such tool"}
          {"type":"function_call_output","call_id":"id_3","output":"Patched."}
          {"type":"message","role":"user","content":[{"type":"input_text","text":"A note."}]}
          {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done."}]}
          {"type":"message","role":"user","content":[{"type":"input_text","text":"And then?"}]}
          {"type":"message","role":"user","content":[{"type":"input_text","text":"Go on."}]}"#]],
    );
}

#[test]
fn wishes_and_the_last_step() {
    let last = Request { offer: Offer::NoTools, ..hello() };
    let wishes = Wishes { effort: Some(Effort::High), output_tokens: Some(9000), ..Wishes::default() };
    check(
        settings(wishes, Reasoning::None),
        &last,
        expect![[r#"
        model: "m1"
        stream: true
        store: false
        reasoning: {"effort":"high","summary":"auto"}
        max_output_tokens: 9000
        prompt_cache_key: "s1"
        tool_choice: "none"
        tools:
          {"type":"function","name":"read","description":"Reads a file.","parameters":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}},"strict":false}
        instructions: "Be brief."
        input:
          {"type":"message","role":"user","content":[{"type":"input_text","text":"Hi."}]}"#]],
    );
}

/// What the reference demands of the items: <https://platform.openai.com/docs/api-reference/responses/create>,
/// <https://platform.openai.com/docs/guides/reasoning>, "Keeping reasoning items in context".
#[test]
fn the_rules_of_the_interface() {
    let talk = talk(ORIGIN, json!({"type": "web_search_call", "id": "ws_1"}), &reasoning().to_string());
    let body = encode::body(&settings(Wishes::default(), Reasoning::Encrypted), ORIGIN, &talk);
    let body: Value = serde_json::from_slice(&body).unwrap();
    let items = body["input"].as_array().unwrap();
    let of_kind = |kind: &str| -> Vec<&Value> {
        items.iter().filter(|item| item["type"] == kind).map(|item| &item["call_id"]).collect()
    };
    assert_eq!(of_kind("function_call"), of_kind("function_call_output"));
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item["type"] == "reasoning") {
        assert_eq!(*item, reasoning(), "it goes back as it came");
        assert!(items[at + 1]["role"] != "user", "what it led to follows");
    }
    for item in items.iter().filter(|item| item["type"] == "function_call") {
        let arguments: Value = serde_json::from_str(item["arguments"].as_str().unwrap()).unwrap();
        assert!(arguments.is_object());
    }
}

/// The events of <https://platform.openai.com/docs/api-reference/responses-streaming>, with fields left out that say
/// nothing here.
const CALLING: &str = r#"event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_67c9fdcecf488190","object":"response","status":"in_progress","model":"gpt-5","output":[],"usage":null}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA"}}

event: response.reasoning_summary_part.added
data: {"type":"response.reasoning_summary_part.added","sequence_number":2,"item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}

event: response.reasoning_summary_text.delta
data: {"type":"response.reasoning_summary_text.delta","sequence_number":3,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"I look."}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":4,"output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"I look."}],"encrypted_content":"gAAA"}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":5,"output_index":1,"item":{"type":"function_call","id":"fc_1","status":"in_progress","arguments":"","call_id":"call_tLRz","name":"get_weather"}}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","sequence_number":6,"item_id":"fc_1","output_index":1,"delta":"{\"location\":\"Paris\"}"}

event: response.function_call_arguments.done
data: {"type":"response.function_call_arguments.done","sequence_number":7,"item_id":"fc_1","output_index":1,"arguments":"{\"location\":\"Paris\"}"}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":8,"output_index":1,"item":{"type":"function_call","id":"fc_1","status":"completed","arguments":"{\"location\":\"Paris\"}","call_id":"call_tLRz","name":"get_weather"}}

event: response.completed
data: {"type":"response.completed","sequence_number":9,"response":{"id":"resp_67c9fdcecf488190","object":"response","status":"completed","model":"gpt-5","output":[],"usage":{"input_tokens":291,"input_tokens_details":{"cached_tokens":256},"output_tokens":23,"output_tokens_details":{"reasoning_tokens":8},"total_tokens":314}}}

"#;

fn model(url: &str) -> Served<Responses> {
    let wishes = Wishes::default();
    responses(Arc::new(Http::default()), place(url), "m1".to_owned(), wishes, Waits::default())
}

#[test]
fn a_request_and_its_answer() {
    in_time(async {
        let mut server = Loopback::start(vec![Answer::events(CALLING).cut(50)]).await;
        let (events, error) = ask(&model(&server.url("/v1")), hello()).await;
        let seen = server.request().await;
        assert_eq!(seen.line, "POST /v1/responses HTTP/1.1");
        assert_eq!(seen.header("authorization"), Some("Bearer sesame-1234"));
        let (index, tool) = (0, ToolName("get_weather".to_owned()));
        let whole = json!({"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "I look."}], "encrypted_content": "gAAA"});
        let origin = format!("responses@{} m1", server.url("").trim_end_matches('/')).into();
        let (response, model) = (Some("resp_67c9fdcecf488190".to_owned()), Some("gpt-5".to_owned()));
        let expected = vec![
            ModelEvent::Began { origin, response, model },
            ModelEvent::Thought("I look.".to_owned()),
            ModelEvent::ThoughtSignature(whole.to_string()),
            ModelEvent::CallBegan { index, tool: tool.clone() },
            ModelEvent::CallInput { index, text: "{\"location\":\"Paris\"}".to_owned() },
            ModelEvent::CallReady {
                index,
                call: Wanted::new("call_tLRz".to_owned(), tool, json!({"location": "Paris"})),
            },
            ModelEvent::Usage(Usage { input: 35, cache_read: 256, cache_write: 0, output: 23, reasoning: 8 }),
            ModelEvent::Done(Finish::Complete),
        ];
        assert_eq!((events, error), (expected, None));
    });
}

#[test]
fn a_stream_that_ends_early_has_no_calls_to_run() {
    in_time(async {
        let until = CALLING.find("event: response.completed").unwrap();
        let server = Loopback::start(vec![Answer::events(&CALLING[..until])]).await;
        let (events, error) = ask(&model(&server.url("/v1")), hello()).await;
        assert_eq!(error.unwrap().kind, ErrorKind::Truncated);
        assert!(!events.iter().any(|event| matches!(event, ModelEvent::Done(_))));
    });
}

#[test]
fn a_model_without_reasoning_is_not_asked_for_it_twice() {
    in_time(async {
        let words = json!({"error": {"message": "Encrypted content is not supported with this model.", "type": "invalid_request_error", "param": "include", "code": null}});
        let answers =
            vec![Answer::json(400, &words.to_string()), Answer::events(CALLING), Answer::events(CALLING)];
        let mut server = Loopback::start(answers).await;
        let model = model(&server.url("/v1"));
        for _ in 0..2 {
            assert_eq!(ask(&model, hello()).await.1, None);
        }
        let mut asked = Vec::new();
        for _ in 0..3 {
            let body: Value = serde_json::from_slice(&server.request().await.body).unwrap();
            asked.push(body.get("include").is_some());
        }
        assert_eq!(asked, [true, false, false]);
    });
}
