//! Tests of the Gemini format: requests, and answers from a server on loopback.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::super::testing::{ask, hello, lines, place, talk};
use super::super::wishes::Effort;
use super::*;
use crate::engine::event::Usage;
use crate::engine::model::{ErrorKind, Finish, ModelEvent, Offer};
use crate::os::http::loopback::{Answer, Loopback, in_time};

const ORIGIN: &str = "gemini@here m1";

#[track_caller]
fn check(wishes: Wishes, request: &Request, expected: Expect) {
    expected.assert_eq(&lines(&encode::body(wishes, ORIGIN, request)));
}

#[test]
fn a_whole_conversation() {
    let talk = talk(ORIGIN, json!({"thoughtSignature": "of words"}), "signed");
    check(
        Wishes::default(),
        &talk,
        expect![[r#"
        systemInstruction: {"parts":[{"text":"Be brief."}]}
        tools:
          {"functionDeclarations":[{"name":"read","description":"Reads a file.","parametersJsonSchema":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}}}]}
        contents:
          {"role":"user","parts":[{"text":"See\n(file:///w/a.png: a thing, 3 bytes)"},{"inlineData":{"mimeType":"image/png","data":"YWJj"}},{"text":"(/w/m.pdf: a thing, 3 bytes)"},{"inlineData":{"mimeType":"application/pdf","data":"YWJj"}},{"text":"(file:///w/a.png: a thing, 3 bytes; not shown any more: there were too many since; look again if you need it)"}]}
          {"role":"model","parts":[{"text":"Hm.","thought":true,"thoughtSignature":"signed"},{"text":"I look.","thoughtSignature":"of words"},{"functionCall":{"name":"read","args":{"file_path":"a"},"id":"id_1"},"thoughtSignature":"mark"},{"functionCall":{"name":"no_such_tool","args":{"arguments_that_were_not_json":"{not json"},"id":"id_2"}},{"functionCall":{"name":"apply_patch","args":{"input":"*** Begin"},"id":"id_3"}}]}
          {"role":"user","parts":[{"functionResponse":{"name":"read","response":{"output":"a: a picture\n(it is in the message that follows the results)"},"id":"id_1"}},{"functionResponse":{"name":"no_such_tool","response":{"error":"Error: no such tool"},"id":"id_2"}},{"functionResponse":{"name":"apply_patch","response":{"output":"Patched."},"id":"id_3"}}]}
          {"role":"user","parts":[{"text":"(Not from the user: `read` brought this, in its call id_1. file:///w/a.png: a thing, 3 bytes)"},{"inlineData":{"mimeType":"image/png","data":"YWJj"}}]}
          {"role":"user","parts":[{"text":"A note."}]}
          {"role":"model","parts":[{"text":"Done."}]}
          {"role":"user","parts":[{"text":"And then?"}]}
          {"role":"user","parts":[{"text":"Go on."}]}"#]],
    );
}

#[test]
fn the_calls_of_another_model_are_marked_as_such() {
    let talk = talk("chat@elsewhere m2", json!({"type": "opaque"}), "signed");
    let body: Value = serde_json::from_slice(&encode::body(Wishes::default(), ORIGIN, &talk)).unwrap();
    let calls: Vec<&Value> = body["contents"][1]["parts"].as_array().unwrap().iter().skip(1).collect();
    let marks: Vec<Option<&str>> = calls.iter().map(|part| part["thoughtSignature"].as_str()).collect();
    assert_eq!(marks, [Some("skip_thought_signature_validator"), None, None]);
}

#[test]
fn wishes_and_the_last_step() {
    let last = Request { offer: Offer::NoTools, ..hello() };
    check(
        Wishes { effort: Some(Effort::High), output_tokens: Some(9000), ..Wishes::default() },
        &last,
        expect![[r#"
        systemInstruction: {"parts":[{"text":"Be brief."}]}
        toolConfig: {"functionCallingConfig":{"mode":"NONE"}}
        tools:
          {"functionDeclarations":[{"name":"read","description":"Reads a file.","parametersJsonSchema":{"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"}}}}]}
        generationConfig: {"maxOutputTokens":9000,"thinkingConfig":{"includeThoughts":true,"thinkingBudget":24576}}
        contents:
          {"role":"user","parts":[{"text":"Hi."}]}"#]],
    );
}

/// The form of <https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse> and, for the signature,
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>.
const CALLING: &str = r#"data: {"candidates":[{"content":{"parts":[{"text":"I look.","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":100,"totalTokenCount":100},"modelVersion":"gemini-3","responseId":"r1"}

data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_weather","args":{"location":"Paris"}},"thoughtSignature":"sigA"},{"functionCall":{"name":"get_weather","args":{"location":"London"},"id":"own"}}],"role":"model"},"index":0}],"modelVersion":"gemini-3","responseId":"r1"}

data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":7,"thoughtsTokenCount":5,"totalTokenCount":112},"modelVersion":"gemini-3","responseId":"r1"}

"#;

fn model(url: &str) -> Served<Gemini> {
    let wishes = Wishes::default();
    gemini(Arc::new(Http::default()), place(url), "m1".to_owned(), wishes, Waits::default())
}

#[test]
fn a_request_and_its_answer() {
    in_time(async {
        for (path, version) in [("", "v1beta"), ("/v1beta/", "v1beta"), ("/v1beta", "v1beta"), ("/v1", "v1")]
        {
            let mut server = Loopback::start(vec![Answer::events(CALLING).cut(50)]).await;
            let (events, error) = ask(&model(&server.url(path)), hello()).await;
            let seen = server.request().await;
            let expected = format!("POST /{version}/models/m1:streamGenerateContent?alt=sse HTTP/1.1");
            assert_eq!(seen.line, expected);
            assert_eq!(seen.header("x-goog-api-key"), Some("sesame-1234"));
            assert_eq!(error, None);
            let calls: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    ModelEvent::CallReady { call, .. } => Some(call),
                    _ => None,
                })
                .collect();
            assert!(calls[0].provider_id.starts_with(encode::MADE) && calls[1].provider_id == "own");
            assert_eq!(calls[0].signature.as_deref(), Some("sigA"));
            assert_eq!(
                (&calls[0].input, &calls[1].input["location"]),
                (&json!({"location": "Paris"}), &"London".into())
            );
            let used = Usage { input: 40, cache_read: 60, cache_write: 0, output: 12, reasoning: 5 };
            assert!(events.contains(&ModelEvent::Usage(used)), "{events:?}");
            assert_eq!(events.last(), Some(&ModelEvent::Done(Finish::Complete)));
        }
    });
}

#[test]
fn a_stream_that_ends_early_has_no_calls_to_run() {
    in_time(async {
        let until = CALLING.find("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}]").unwrap();
        let server = Loopback::start(vec![Answer::events(&CALLING[..until])]).await;
        let (events, error) = ask(&model(&server.url("")), hello()).await;
        assert_eq!(error.unwrap().kind, ErrorKind::Truncated);
        assert!(!events.iter().any(|event| matches!(event, ModelEvent::Done(_))));
    });
}

#[test]
fn a_key_that_is_wrong_comes_as_a_bad_request() {
    in_time(async {
        let words = json!([{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}]);
        let server = Loopback::start(vec![Answer::json(400, &words.to_string())]).await;
        let (_, error) = ask(&model(&server.url("")), hello()).await;
        assert_eq!(error.unwrap().kind, ErrorKind::Auth);
    });
}
