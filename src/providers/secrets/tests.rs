//! Tests of keeping keys out of what a server says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::engine::model::{Finish, Wanted};

const KEY: &str = "sk-Marked+Key/42\"ü";

fn secrets() -> Secrets {
    Secrets::new(
        Some(KEY),
        [("x-team", "blue-team"), ("X-Api-Key", "other-key-7"), ("Authorization", "Basic dXNlcjpwYXNz")],
    )
}

/// What the events of an answer show and keep, joined by kind: words, thoughts, and calls.
fn scrubbed(events: impl IntoIterator<Item = ModelEvent>, secrets: &Secrets) -> [String; 3] {
    let (mut scrubber, mut out) = (Scrubber::default(), Vec::new());
    for event in events {
        scrubber.pass(event, secrets, &mut out);
    }
    scrubber.end(&mut out);
    let mut all = <[String; 3]>::default();
    for event in out {
        match event {
            ModelEvent::Text(text) => all[0] += &text,
            ModelEvent::Thought(text) => all[1] += &text,
            ModelEvent::CallBegan { tool, .. } => all[2] += &format!("{tool}\n"),
            ModelEvent::CallInput { index, text } => all[2] += &format!("{index}: {text}\n"),
            ModelEvent::CallReady { call, .. } => {
                all[2] += &format!("{} {} {}\n", call.provider_id, call.tool, call.input);
            }
            ModelEvent::Refusal(text) => all[0] += &text,
            ModelEvent::Began { .. }
            | ModelEvent::ThoughtSignature(_)
            | ModelEvent::Opaque(_)
            | ModelEvent::Usage(_)
            | ModelEvent::Done(_) => {}
        }
    }
    all
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(secrets().hidden_in_error(text), expected);
}

/// In an answer, by words of `step` characters.
#[track_caller]
fn check_answer(text: &str, expected: &str) {
    for step in [1, 2, 3, 7, 1000] {
        let characters: Vec<char> = text.chars().collect();
        let pieces = characters.chunks(step).map(|piece| ModelEvent::Text(piece.iter().collect()));
        assert_eq!(scrubbed(pieces, &secrets())[0], expected, "in pieces of {step}");
    }
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn in_errors_everything_that_was_sent() {
    check_error(&format!("not `{KEY}`"), "not `(hidden)`");
    check_error(
        &format!("Bearer {KEY} and blue-team and other-key-7"),
        "Bearer (hidden) and (hidden) and (hidden)",
    );
    check_error("Basic dXNlcjpwYXNz", "Basic (hidden)");
    check_error("https://h/?key=sk-Marked%2BKey%2F42%22%C3%BC&x", "https://h/?key=(hidden)&x");
    check_error(&json!({ "key": KEY }).to_string(), r#"{"key":"(hidden)"}"#);
    check_error("nothing of it", "nothing of it");
}

#[test]
fn in_base64_wherever_it_begins() {
    for around in ["", "u:", "us:", "use:", "user:"] {
        let shown = secrets().hidden_in_error(&base64(&format!("{around}{KEY}{around}")));
        assert!(shown.contains(HIDDEN) && shown.len() < HIDDEN.len() + 16, "{around}: {shown}");
    }
}

#[test]
fn in_answers_only_what_lets_somebody_in() {
    check_answer(&format!("Your key is {KEY}, is it not?"), "Your key is (hidden), is it not?");
    check_answer(&format!("{KEY}{KEY}"), "(hidden)(hidden)");
    check_answer("blue-team has other-key-7", "blue-team has (hidden)");
    check_answer("sk-Marked is a beginning, sk-", "sk-Marked is a beginning, sk-");
    check_answer("sk-sk-Marked+Key/42\"ü", "sk-(hidden)");
    check_answer("", "");
}

#[test]
fn more_than_half_of_a_key_is_hidden_too_when_an_answer_ends_in_it() {
    check_answer("It is sk-Marked+Key/4", "It is (hidden)");
}

#[test]
fn placeholders_stay_in_answers() {
    for key in ["ollama", "lm-studio", "sk-no-key-required", "EMPTY", "localai", "anything"] {
        let secrets = Secrets::new(Some(key), []);
        let text = format!("set the key to {key} in the settings");
        assert_eq!(scrubbed([ModelEvent::Text(text.clone())], &secrets)[0], text);
    }
    for key in ["sk-marked-key", "sesame-1234", "token-abc123", "abcdefghijklmnopqrst"] {
        let secrets = Secrets::new(Some(key), []);
        assert_eq!(scrubbed([ModelEvent::Text(key.into())], &secrets)[0], HIDDEN);
    }
}

fn ready(input: Value) -> ModelEvent {
    ModelEvent::CallReady { index: 0, call: Wanted::new("call_1".into(), "write".into(), input) }
}

#[test]
fn a_call_with_a_key_in_it_is_not_made() {
    for input in [
        json!({"content": format!("KEY={KEY}\n")}),
        json!({"edits": [{KEY: 1}]}),
        json!(format!("{{\"content\": {KEY}")),
    ] {
        let [_, _, calls] = scrubbed([ready(input)], &secrets());
        assert_eq!(calls, format!("call_1 write {}\n", Value::from(REFUSED)));
    }
    let [_, _, calls] = scrubbed([ready(json!({"content": "blue-team"}))], &secrets());
    assert_eq!(calls, "call_1 write {\"content\":\"blue-team\"}\n");
}

#[test]
fn nor_is_the_key_shown_while_the_call_comes() {
    let quoted = json!({ "content": KEY }).to_string();
    let pieces: Vec<String> = quoted.chars().map(String::from).collect();
    let events = pieces.into_iter().map(|text| ModelEvent::CallInput { index: 2, text });
    let [_, _, calls] = scrubbed(events, &secrets());
    let shown: String = calls.lines().filter_map(|line| line.strip_prefix("2: ")).collect();
    assert_eq!(shown, r#"{"content":"(hidden)"}"#);
}

#[test]
fn ids_and_names_hold_no_key() {
    let call = Wanted::new(format!("c-{KEY}"), KEY.into(), json!({}));
    let event = ModelEvent::CallReady { index: 0, call };
    assert_eq!(scrubbed([event], &secrets())[2], "c-(hidden) (hidden) {}\n");
}

#[test]
fn what_is_held_comes_before_what_follows() {
    let (mut scrubber, mut out) = (Scrubber::default(), Vec::new());
    let events = [
        ModelEvent::Thought("hm sk-".into()),
        ModelEvent::ThoughtSignature("reasoning".into()),
        ModelEvent::Text("well sk-".into()),
        ModelEvent::Done(Finish::Complete),
    ];
    for event in events {
        scrubber.pass(event, &secrets(), &mut out);
    }
    let expected = [
        ModelEvent::Thought("hm ".into()),
        ModelEvent::Thought("sk-".into()),
        ModelEvent::ThoughtSignature("reasoning".into()),
        ModelEvent::Text("well ".into()),
        ModelEvent::Text("sk-".into()),
        ModelEvent::Done(Finish::Complete),
    ];
    assert_eq!(out, expected);
}

#[test]
fn secrets_are_not_shown() {
    let secrets = Secrets::new(Some("sesame-1234"), []);
    assert!(!format!("{secrets:?}").contains("sesame"), "{secrets:?}");
}

proptest! {
    /// However an answer is cut, what is shown is what would be shown of the whole.
    #[test]
    fn cuts_change_nothing(
        parts in prop::collection::vec(prop_oneof![Just(KEY.to_owned()), "[MaüKsk+-]{0,6}", Just("sk-Marked+".to_owned())], 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let text = parts.concat() + ".";
        let characters: Vec<char> = text.chars().collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(characters.len())).collect();
        cuts.extend([0, characters.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| ModelEvent::Text(characters[pair[0]..pair[1]].iter().collect()));
        let [shown, ..] = scrubbed(pieces, &secrets());
        prop_assert_eq!(shown, text.replace(KEY, HIDDEN));
    }
}
