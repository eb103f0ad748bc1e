//! Recorded answers in, events out; `tests/data/providers/chat.jsonl` holds the answers, each with
//! what it gives, and `UPDATE_EXPECT=1` writes it anew.

use std::sync::OnceLock;

use expect_test::{Expect, expect, expect_file};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::limits;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Case {
    name: String,
    body: String,
    /// What the answer gives, a line each; neighbouring pieces are joined.
    gives: Vec<String>,
}

const CASES: &str = include_str!("../../../../tests/data/providers/chat.jsonl");

fn cases() -> &'static [Case] {
    static CASES_READ: OnceLock<Vec<Case>> = OnceLock::new();
    CASES_READ.get_or_init(|| CASES.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn a_decoder() -> Decoder<Answer> {
    let asked = Asked {
        server: "http://s".to_owned(),
        model: "m".to_owned(),
        key_words: String::new(),
        secrets: Default::default(),
    };
    decoder(Arc::new(asked), "made".to_owned())
}

/// All events of a body that comes in chunks ended by `cuts`, and how it ended.
fn decode(body: &[u8], cuts: &[usize]) -> (Vec<ModelEvent>, Option<ModelError>) {
    let mut decoder = a_decoder();
    let mut out = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([body.len()]) {
        if let Err(error) = decoder.push(&body[from..to], &mut out) {
            return (out, Some(error));
        }
        from = to;
    }
    let error = decoder.end(&mut out).err();
    (out, error)
}

fn lines((events, error): (Vec<ModelEvent>, Option<ModelError>)) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for event in events {
        let (start, text) = match event {
            ModelEvent::Text(text) => ("text: ".to_owned(), text),
            ModelEvent::Thought(text) => ("thought: ".to_owned(), text),
            ModelEvent::ThoughtSignature(text) => ("signature: ".to_owned(), text),
            ModelEvent::CallBegan { index, tool } => (format!("call {index} began: "), tool.0),
            ModelEvent::CallInput { index, text } => (format!("call {index} input: "), text),
            ModelEvent::CallReady { index, call } => (
                format!("call {index} ready: "),
                format!("{} {} {}", call.provider_id, call.tool, call.input)
                    + &call.signature.map(|mark| format!(" {mark}")).unwrap_or_default(),
            ),
            ModelEvent::Began { response, model, .. } => (
                "began: ".to_owned(),
                format!("{} {}", response.unwrap_or_default(), model.unwrap_or_default()),
            ),
            ModelEvent::Refusal(text) => ("refusal: ".to_owned(), text),
            ModelEvent::Opaque(value) => ("opaque: ".to_owned(), value.to_string()),
            ModelEvent::Usage(usage) => ("usage: ".to_owned(), format!("{usage:?}")),
            ModelEvent::Done(finish) => ("done: ".to_owned(), format!("{finish:?}")),
        };
        match lines.last_mut() {
            Some(last) if !start.starts_with("usage") && last.starts_with(&start) => last.push_str(&text),
            _ => lines.push(start + &text),
        }
    }
    lines.extend(error.map(|error| format!("{:?}: {error}", error.kind)));
    lines
}

#[test]
fn the_recorded_answers() {
    let mut all = String::new();
    for case in cases() {
        let gives = lines(decode(case.body.as_bytes(), &[]));
        all += &serde_json::to_string(&Case { gives, ..case.clone() }).unwrap();
        all.push('\n');
    }
    expect_file!["../../../../tests/data/providers/chat.jsonl"].assert_eq(&all);
}

#[test]
fn bytes_one_by_one_give_the_same_events() {
    for case in cases() {
        let each_byte: Vec<usize> = (1..case.body.len()).collect();
        assert_eq!(
            decode(case.body.as_bytes(), &each_byte),
            decode(case.body.as_bytes(), &[]),
            "{}",
            case.name
        );
    }
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        case in prop::sample::select(cases()),
        seeds in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let body = case.body.as_bytes();
        let mut cuts: Vec<usize> = seeds.iter().map(|seed| seed.index(body.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(decode(body, &cuts), decode(body, &[]));
    }

    #[test]
    fn whatever_comes_gives_an_end_or_an_error(
        case in prop::sample::select(cases()),
        at in any::<prop::sample::Index>(),
        junk in prop::collection::vec(any::<u8>(), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut body = case.body.clone().into_bytes();
        let at = at.index(body.len() + 1);
        body.splice(at..at, junk);
        body.truncate(cut.index(body.len() + 1));
        let (events, error) = decode(&body, &[]);
        let ends = events.iter().filter(|event| matches!(event, ModelEvent::Done(_))).count();
        prop_assert_eq!(ends + usize::from(error.is_some()), 1, "{:?} {:?}", events, error);
        // No call is ready that the end does not confirm.
        let ready = events.iter().any(|event| matches!(event, ModelEvent::CallReady { .. }));
        prop_assert!(!ready || error.is_none());
    }
}

#[track_caller]
fn check(body: &[u8], expected: Expect) {
    expected.assert_eq(&lines(decode(body, &[])).join("\n"));
}

#[test]
fn bytes_that_are_not_utf_8() {
    check(
        b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xff\xe6b\"}}]}\n\ndata: [DONE]\n\n",
        expect![[r#"
            text: a��b
            done: Complete"#]],
    );
}

#[test]
fn how_far_it_is() {
    let mut decoder = a_decoder();
    let mut out = Vec::new();
    let mut progress = |body: &str| {
        decoder.push(body.as_bytes(), &mut out).unwrap();
        decoder.progress()
    };
    assert_eq!(progress("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"), Progress::Open);
    assert_eq!(progress("data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"), Progress::Finished);
    assert_eq!(progress("data: [DONE]\n\n"), Progress::Over);
}

#[test]
fn what_does_not_end_is_refused() {
    let piece = b"data: {\"choices\":[]}\n\n";
    let mut decoder = a_decoder();
    decoder.has_read(limits::ANSWER_BYTES_MAX - piece.len());
    assert_eq!(decoder.push(piece, &mut Vec::new()), Ok(()));
    let error = decoder.push(piece, &mut Vec::new()).unwrap_err();
    expect!["the answer of http://s cannot be understood, because it does not end"].assert_eq(&error.message);

    let page = "<".repeat(limits::EVENT_BYTES_MAX + 1);
    check(
        page.as_bytes(),
        expect!["Parse: the answer of http://s cannot be understood, because it is too long"],
    );
    let event = format!("data: {}", "x".repeat(limits::EVENT_BYTES_MAX));
    check(
        event.as_bytes(),
        expect!["Parse: the answer of http://s cannot be understood, because one event of it is too long"],
    );
}

#[test]
fn a_large_event_in_many_chunks_is_read_in_linear_time() {
    let arguments = "x".repeat(8 << 20);
    let body =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{arguments}\"}}}}]}}\n\ndata: [DONE]\n\n");
    let cuts: Vec<usize> = (1..body.len()).step_by(1024).collect();
    let (events, error) = decode(body.as_bytes(), &cuts);
    assert_eq!((events.len(), error), (2, None));
}
