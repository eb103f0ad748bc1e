//! Tests of the chat model against a server on loopback.

use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;

use super::super::wishes::Effort;
use super::*;
use crate::engine::event::{Block, SessionId};
use crate::engine::model::{ErrorKind, Finish, Message, Model as _, ModelError, ModelEvent};
use crate::os::http::loopback::{Answer, Loopback, in_time};

const HELLO: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n\
                     data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                     data: [DONE]\n\n";

fn request() -> Request {
    let text = Block::Text { text: "Hi.".to_owned() };
    Request {
        session: SessionId::from("s"),
        system: "Be brief.".into(),
        tools: Arc::new([]),
        offer: Default::default(),
        wanted: Default::default(),
        replies: 0,
        messages: vec![Message::User(Arc::new([text]))],
        media: Vec::new(),
        prompt: 0,
        outgoing: Default::default(),
    }
}

fn chat(url: &str, waits: Waits) -> Chat {
    let place = Place {
        base: Url::parse(url).unwrap(),
        key: Some("sesame-1234".to_owned()),
        key_words: "is the key right?".to_owned(),
        key_header: None,
        headers: vec![("x-team".to_owned(), "blue-team".to_owned())],
    };
    super::chat(Arc::new(Http::default()), place, "m1".to_owned(), Wishes::default(), waits)
}

fn short() -> Waits {
    Waits {
        head: Duration::from_millis(60),
        idle: Duration::from_millis(60),
        after_finish: Duration::from_millis(20),
    }
}

async fn all(chat: &Chat) -> (Vec<ModelEvent>, Option<ModelError>) {
    let mut events = Vec::new();
    let mut stream = chat.stream(request());
    while let Some(item) = stream.next().await {
        match item {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "nothing comes after an error");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

fn hello() -> Vec<ModelEvent> {
    vec![ModelEvent::Text("Hello".to_owned()), ModelEvent::Done(Finish::Complete)]
}

#[test]
fn a_request_and_its_answer_in_any_chunks() {
    in_time(async {
        let answers = [usize::MAX, 40, 7, 1].map(|cut| Answer::events(HELLO).cut(cut)).to_vec();
        let count = answers.len();
        let mut server = Loopback::start(answers).await;
        let chat = chat(&server.url("/v1?version=2"), Waits::default());
        for _ in 0..count {
            assert_eq!(all(&chat).await, (hello(), None));
            let seen = server.request().await;
            assert_eq!(seen.line, "POST /v1/chat/completions?version=2 HTTP/1.1");
            assert_eq!(seen.header("authorization"), Some("Bearer sesame-1234"));
            assert_eq!(seen.header("x-team"), Some("blue-team"));
            let body: Value = serde_json::from_slice(&seen.body).unwrap();
            assert_eq!((&body["model"], &body["messages"][1]["content"]), (&"m1".into(), &"Hi.".into()));
        }
    });
}

#[test]
fn the_connection_is_kept_after_the_last_event() {
    in_time(async {
        let slow_end = Answer::events(HELLO).cut(HELLO.len());
        let mut server = Loopback::start(vec![slow_end.clone(), slow_end]).await;
        let chat = chat(&server.url("/v1"), Waits::default());
        assert_eq!(all(&chat).await, (hello(), None));
        chat.http().finished().await;
        assert_eq!(all(&chat).await, (hello(), None));
        assert_eq!((server.request().await.connection, server.request().await.connection), (1, 1));
    });
}

#[test]
fn the_first_words_come_before_the_rest() {
    in_time(async {
        let server = Loopback::start(vec![Answer::events(HELLO).stalled_after(60)]).await;
        let chat = chat(&server.url("/v1"), Waits::default());
        let mut stream = chat.stream(request());
        assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("Hello".to_owned()))));
    });
}

#[test]
fn dropping_the_stream_closes_the_connection() {
    in_time(async {
        let mut server = Loopback::start(vec![Answer::silent(), Answer::events(HELLO)]).await;
        let chat = chat(&server.url("/v1"), Waits::default());
        let mut stream = chat.stream(request());
        {
            let next = stream.next();
            tokio::select! {
                _ = next => panic!("nothing can come"),
                seen = server.request() => assert_eq!(seen.connection, 1),
            }
        }
        drop(stream);
        server.left().await;
        assert_eq!(all(&chat).await, (hello(), None));
    });
}

#[track_caller]
fn check_failure(answer: Answer, events: usize, kind: ErrorKind, words: &str) {
    in_time(async {
        let server = Loopback::start(vec![answer]).await;
        let chat = chat(&server.url("/v1"), short());
        let (seen, error) = all(&chat).await;
        let error = error.expect("it should fail");
        assert_eq!((seen.len(), error.kind), (events, kind), "{seen:?} {error}");
        assert!(error.message.contains(words), "{error}");
        assert!(!error.message.contains("sesame"), "{error}");
        assert!(error.message.contains(server.url("").as_str()), "{error}");
    });
}

#[test]
fn answers_that_stop() {
    check_failure(Answer::silent(), 0, ErrorKind::Timeout, "has sent nothing");
    check_failure(Answer::events(HELLO).stalled_after(0), 0, ErrorKind::Timeout, "has sent nothing");
    check_failure(Answer::events(HELLO).stalled_after(60), 1, ErrorKind::Timeout, "has sent nothing");
    check_failure(Answer::events(HELLO).broken_off_after(60), 1, ErrorKind::Network, "broke");
    check_failure(Answer::events(&HELLO[..60]), 1, ErrorKind::Truncated, "before it was complete");
}

#[test]
fn an_answer_whose_finish_reason_came_is_complete() {
    in_time(async {
        let end = HELLO.find("data: [DONE]").unwrap();
        let answers =
            vec![Answer::events(HELLO).stalled_after(end), Answer::events(HELLO).broken_off_after(end)];
        let server = Loopback::start(answers).await;
        let chat = chat(&server.url("/v1"), short());
        assert_eq!(all(&chat).await, (hello(), None));
        assert_eq!(all(&chat).await, (hello(), None));
    });
}

#[test]
fn refusals() {
    let unknown = r#"{"error":{"message":"model 'm1' not found for sesame-1234"}}"#;
    check_failure(Answer::json(404, unknown), 0, ErrorKind::NotFound, "is `m1` the name of a model there?");
    check_failure(Answer::json(401, ""), 0, ErrorKind::Auth, "is the key right?");
    check_failure(
        Answer::json(500, "not all of it").stalled_after(3),
        0,
        ErrorKind::Server,
        "answered 500: not",
    );
    check_failure(Answer::json(500, &"x".repeat(1 << 20)), 0, ErrorKind::Server, "xxx");
    check_failure(Answer::of_type(200, "text/html", "<html>Hi</html>"), 0, ErrorKind::Parse, "web page");
    let elsewhere = Answer::json(302, "").header("location", "http://elsewhere.example/");
    check_failure(elsewhere, 0, ErrorKind::Invalid, "http://elsewhere.example/");
}

#[test]
fn a_key_that_comes_back_is_not_handed_on() {
    let answer = "data: {\"choices\":[{\"delta\":{\"reasoning\":\"They sent sesame-\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{\"reasoning\":\"1234.\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{\"content\":\"Bearer ses\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{\"content\":\"ame-1234 for the blue-team\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":\
                  {\"name\":\"bash\",\"arguments\":\"{\\\"command\\\":\\\"echo sesame-1234\\\"}\"}}]}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    in_time(async {
        let server = Loopback::start(vec![Answer::events(answer).cut(9)]).await;
        let (events, error) = all(&chat(&server.url("/v1"), Waits::default())).await;
        let shown = format!("{events:?}");
        assert!(error.is_none() && !shown.contains("sesame") && !shown.contains("1234"), "{shown}");
        assert!(shown.contains("for the blue-team"), "{shown}");
    });
    let encoded = "c2VzYW1lLTEyMzQ=";
    let error = format!("{{\"error\": \"wrong: {encoded}, Bearer sesame-1234\"}}");
    in_time(async {
        let server = Loopback::start(vec![Answer::json(401, &error)]).await;
        let (_, error) = all(&chat(&server.url("/v1"), Waits::default())).await;
        let shown = error.unwrap().to_string();
        assert!(shown.contains("Bearer (hidden)") && !shown.contains("c2VzYW1l"), "{shown}");
    });
}

#[test]
fn waits_that_are_asked_for() {
    in_time(async {
        let busy = Answer::json(429, "{}").header("retry-after", "7");
        let server = Loopback::start(vec![busy]).await;
        let (_, error) = all(&chat(&server.url("/v1"), short())).await;
        let error = error.unwrap();
        assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimit, Some(Duration::from_secs(7))));
    });
}

#[test]
fn nobody_there() {
    in_time(async {
        let url = Loopback::start(vec![]).await.close().await;
        let (_, error) = all(&chat(&url, short())).await;
        let server = url.trim_end_matches('/');
        let expected = format!("nothing answers at {server}: is the server running?");
        assert_eq!(error.map(|error| (error.kind, error.message)), Some((ErrorKind::Network, expected)));
    });
}

#[test]
fn a_server_that_knows_no_token_counts_is_asked_without() {
    in_time(async {
        let refused = Answer::json(422, r#"{"detail":"extra field stream_options"}"#);
        let answers = vec![refused, Answer::events(HELLO), Answer::events(HELLO)];
        let mut server = Loopback::start(answers).await;
        let chat = chat(&server.url("/v1"), Waits::default());
        assert_eq!(all(&chat).await, (hello(), None));
        assert_eq!(all(&chat).await, (hello(), None));
        let mut wished = Vec::new();
        for _ in 0..3 {
            let body: Value = serde_json::from_slice(&server.request().await.body).unwrap();
            wished.push(body.get("stream_options").is_some());
        }
        assert_eq!(wished, [true, false, false]);
    });
}

#[test]
fn the_address_for_requests() {
    for (base, expected) in [
        ("http://h:1", "http://h:1/chat/completions"),
        ("http://h/v1/", "http://h/v1/chat/completions"),
        ("http://h/v1?a=b", "http://h/v1/chat/completions?a=b"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
    ] {
        assert_eq!(
            exchange::endpoint(Url::parse(base).unwrap(), &["chat", "completions"]).as_str(),
            expected
        );
    }
}

/// The refusal in OpenAI's words: <https://platform.openai.com/docs/api-reference/chat/create>, `max_tokens`.
#[test]
fn what_the_user_wants_is_told_by_the_name_that_the_model_knows() {
    in_time(async {
        let refused = Answer::json(
            400,
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#,
        );
        let mut server = Loopback::start(vec![refused, Answer::events(HELLO), Answer::events(HELLO)]).await;
        let place = Place {
            base: Url::parse(&server.url("/v1")).unwrap(),
            key: None,
            key_words: "is the key right?".to_owned(),
            key_header: None,
            headers: Vec::new(),
        };
        let wishes = Wishes { effort: Some(Effort::Low), output_tokens: Some(900), ..Wishes::default() };
        let http = Arc::new(Http::default());
        let chat = super::chat(http, place, "m1".to_owned(), wishes, Waits::default());
        for _ in 0..2 {
            assert_eq!(all(&chat).await, (hello(), None));
        }
        for (old, new) in [(900.into(), Value::Null), (Value::Null, 900.into()), (Value::Null, 900.into())] {
            let body: Value = serde_json::from_slice(&server.request().await.body).unwrap();
            assert_eq!((&body["max_tokens"], &body["max_completion_tokens"]), (&old, &new));
            assert_eq!(body["reasoning_effort"], "low");
        }
    });
}
