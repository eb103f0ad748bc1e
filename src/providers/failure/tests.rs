//! Tests of failures: what a server said becomes words for the user.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn asked() -> Asked {
    Asked {
        key_words: "is the key right?".to_owned(),
        server: "http://localhost:11434".to_owned(),
        model: "m1".to_owned(),
        secrets: Secrets::new(Some("sesame-1234"), [("x-team", "x")]),
    }
}

fn show(error: &ModelError) -> String {
    let wait = error.retry_after.map_or(String::new(), |wait| format!(", again in {} ms", wait.as_millis()));
    format!("{:?}{wait}: {}", error.kind, error.message)
}

#[track_caller]
fn check(status: u16, body: &str, expected: Expect) {
    let error = asked().refused(Refusal { status, head: Head::default(), body: body.as_bytes() });
    assert_eq!(error.status, Some(status));
    expected.assert_eq(&show(&error));
}

#[track_caller]
fn check_kind(status: u16, words: &str, expected: ErrorKind) {
    let body = json!({"error": {"message": words}}).to_string();
    let error = asked().refused(Refusal { status, head: Head::default(), body: body.as_bytes() });
    assert_eq!(error.kind, expected, "{words}");
    assert!(error.message.contains(words), "{}", error.message);
}

#[test]
fn keys() {
    check(
        401,
        r#"{"error":{"message":"Incorrect API key provided: sesame-1234"}}"#,
        expect![
            "Auth: http://localhost:11434 answered 401: Incorrect API key provided: (hidden) (is the key right?)"
        ],
    );
    check(
        403,
        "",
        expect!["Permission: http://localhost:11434 answered 403: the account or its key may not use `m1`"],
    );
    check_kind(400, "API key not valid. Please pass a valid API key.", ErrorKind::Auth);
}

#[test]
fn unknown_models_and_addresses() {
    check(
        404,
        r#"{"error":{"message":"model 'm1' not found","type":"not_found_error"}}"#,
        expect![
            "NotFound: http://localhost:11434 answered 404: model 'm1' not found (is `m1` the name of a model there?)"
        ],
    );
    check(
        404,
        "404 page not found",
        expect![
            "NotFound: http://localhost:11434 answered 404: 404 page not found (is the base URL right? For most servers it ends in /v1; the model asked for is `m1`)"
        ],
    );
    check(
        404,
        "<!DOCTYPE html>\n<html><title>Not\n here</title><p>Sorry</html>",
        expect![
            "NotFound: http://localhost:11434 answered 404: a web page, “Not here” (is the base URL right? For most servers it ends in /v1; the model asked for is `m1`)"
        ],
    );
}

#[test]
fn rates_and_quotas() {
    check(
        429,
        r#"{"error":{"message":"Rate limit reached. Please try again in 8.2s. Visit /billing","code":"rate_limit_exceeded"}}"#,
        expect![
            "RateLimit, again in 8200 ms: http://localhost:11434 answered 429: Rate limit reached. Please try again in 8.2s. Visit /billing (too many requests for now)"
        ],
    );
    check(
        429,
        r#"{"error":{"message":"You exceeded your current quota, see your plan and billing details.","code":"insufficient_quota"}}"#,
        expect![
            "Quota: http://localhost:11434 answered 429: You exceeded your current quota, see your plan and billing details. (the quota or the money of the account there is used up)"
        ],
    );
    check(
        429,
        r#"[{"error":{"code":429,"message":"You exceeded your current quota","details":[{"retryDelay":"34s"}]}}]"#,
        expect![
            "RateLimit, again in 34000 ms: http://localhost:11434 answered 429: You exceeded your current quota (too many requests for now)"
        ],
    );
    check(
        402,
        r#"{"error":{"message":"Insufficient credits"}}"#,
        expect![
            "Quota: http://localhost:11434 answered 402: Insufficient credits (the quota or the money of the account there is used up)"
        ],
    );
    check_kind(400, "Your credit balance is too low", ErrorKind::Quota);
}

#[test]
fn headers_are_heeded() {
    let head = Head { retry_after: Some("2"), retry_after_ms: Some("1500"), ..Head::default() };
    let error = asked().refused(Refusal { status: 429, head, body: b"{}" });
    assert_eq!(error.retry_after, Some(Duration::from_millis(1500)));
    let head = Head { location: Some("https://other.example/v1"), ..Head::default() };
    let error = asked().refused(Refusal { status: 308, head, body: b"" });
    expect!["Invalid: http://localhost:11434 answered 308: it sends us to https://other.example/v1; if that is right, make it the base URL"].assert_eq(&show(&error));
}

#[test]
fn servers_that_fail() {
    for status in [409, 500, 502, 503, 520] {
        check_kind(status, "oh dear", ErrorKind::Server);
    }
    for status in [408, 504, 524] {
        check_kind(status, "oh dear", ErrorKind::Timeout);
    }
    check_kind(529, "oh dear", ErrorKind::Overloaded);
    check_kind(503, "The model is overloaded.", ErrorKind::Overloaded);
    check(503, "", expect!["Server: http://localhost:11434 answered 503: it failed, or is overloaded"]);
    check(
        500,
        "\u{1b}[31mworker\r\ndied\u{7}",
        expect!["Server: http://localhost:11434 answered 500: [31mworker died"],
    );
    check(
        413,
        "",
        expect!["TooLarge: http://localhost:11434 answered 413: the request is too large for the server"],
    );
    check(
        422,
        r#"{"detail":[{"loc":["body"],"msg":"Field required"},{"msg":"Extra inputs"}]}"#,
        expect!["Invalid: http://localhost:11434 answered 422: Field required; Extra inputs"],
    );
    check(
        400,
        r#"{"error":"no such field"}"#,
        expect!["Invalid: http://localhost:11434 answered 400: no such field"],
    );
    check(400, r#"{"odd":1}"#, expect![[r#"Invalid: http://localhost:11434 answered 400: {"odd":1}"#]]);
}

#[test]
fn a_request_that_does_not_fit_the_context() {
    check(
        400,
        r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
        expect![
            "ContextLength: http://localhost:11434 answered 400: This model's maximum context length is 8192 tokens. (the conversation no longer fits `m1`: start another session, or choose a model with a larger context)"
        ],
    );
    for words in [
        "Please reduce the length of the messages or completion.",
        "Trying to keep the first 9000 tokens when context the overflows: tokens to keep from the initial prompt is greater than the context length",
        "prompt token count of 140000 exceeds the limit of 128000",
        "the request exceeds the available context size, try increasing it",
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        "Input is too long for requested model.",
        "prompt is too long: 213462 tokens > 200000 maximum",
        "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
        "prompt too long; exceeded max context length by 4 tokens",
        "Your request exceeded model token limit: 262144",
        "invalid params, context window exceeds limit",
    ] {
        check_kind(400, words, ErrorKind::ContextLength);
    }
    check_kind(400, "messages[3].content is missing", ErrorKind::Invalid);
}

#[test]
fn long_words_are_cut() {
    let error =
        asked().refused(Refusal { status: 429, head: Head::default(), body: "é".repeat(5000).as_bytes() });
    assert_eq!(error.message.matches('é').count(), limits::PROVIDER_WORDS_CHARS_MAX);
    let error =
        asked().refused(Refusal { status: 500, head: Head::default(), body: "é".repeat(5000).as_bytes() });
    assert_eq!(error.message.matches('é').count(), limits::PROVIDER_WORDS_CHARS_MAX);
}

#[track_caller]
fn check_within(error: serde_json::Value, expected: Expect) {
    expected.assert_eq(&show(&asked().broke_off(&error)));
}

#[test]
fn errors_within_an_answer() {
    check_within(
        json!({"error": {"message": "Provider returned error", "code": 502}}),
        expect!["Server: http://localhost:11434 broke the answer off: Provider returned error"],
    );
    check_within(
        json!({"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "slow down"}}}),
        expect![
            "RateLimit: http://localhost:11434 broke the answer off: Provider returned error: slow down (too many requests for now)"
        ],
    );
    check_within(
        json!({"error": {"message": "Sorry!", "type": "server_error", "code": null}}),
        expect!["Server: http://localhost:11434 broke the answer off: Sorry!"],
    );
    check_within(
        json!({"error": {"message": "x", "type": "invalid_request_error"}}),
        expect!["Invalid: http://localhost:11434 broke the answer off: x"],
    );
    check_within(
        json!({"error": {"message": "x", "code": "insufficient_quota"}}),
        expect![
            "Quota: http://localhost:11434 broke the answer off: x (the quota or the money of the account there is used up)"
        ],
    );
    check_within(
        json!({"error": {"message": "x", "code": "rate_limit_exceeded"}}),
        expect!["RateLimit: http://localhost:11434 broke the answer off: x (too many requests for now)"],
    );
    check_within(
        json!({"object": "error", "message": "context length", "code": "400"}),
        expect![
            "ContextLength: http://localhost:11434 broke the answer off: context length (the conversation no longer fits `m1`: start another session, or choose a model with a larger context)"
        ],
    );
}

#[test]
fn connections_that_fail() {
    let show_failure =
        |kind| show(&asked().unreached(&Failure { kind, detail: "it is sesame-1234".to_owned() }));
    let all = [
        FailureKind::Refused,
        FailureKind::UnknownHost,
        FailureKind::ConnectTimeout,
        FailureKind::Unreachable,
        FailureKind::Encryption,
        FailureKind::Broken,
        FailureKind::Unsendable,
    ];
    expect![[r#"
        Network: nothing answers at http://localhost:11434: is the server running?
        Network: no machine of the name in http://localhost:11434 is found: is the base URL right, and is the network up?
        Timeout: http://localhost:11434 did not accept a connection within 10 s
        Network: http://localhost:11434 cannot be reached: it is (hidden)
        Invalid: no encrypted connection to http://localhost:11434: it is (hidden); does the base URL begin as the server wants it, with http: or https:, and does this machine trust its certificate?
        Network: the connection to http://localhost:11434 broke: it is (hidden)
        Invalid: the request to http://localhost:11434 cannot be sent: it is (hidden)"#]].assert_eq(&all.map(show_failure).join("\n"));
}
