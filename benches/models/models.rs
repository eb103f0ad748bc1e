//! What models cost beside their own time: reading answers, making requests, taking a long session up again.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it makes files, and ends where anything fails"
)]

mod streams;

use std::sync::Arc;
use std::time::{Duration, Instant};

use quillon::engine::event::{CallId, MessageId, Outcome, Reply, ReplyBlock, Stop, ToolCall};
use quillon::engine::event::{Mode, PromptId, TurnId, Usage, Who};
use quillon::engine::journal::{MemoryJournal, Opened};
use quillon::engine::model::{CallResult, Message, Request};
use quillon::engine::{Block, Event, Journals, Output, Recorder, Seq, SessionId, Toolbox};
use quillon::os::http::{Http, Post, Url};
use quillon::path::AbsPath;
use quillon::policy::Intent;
use quillon::providers::exchange::{Place, Waits};
use quillon::providers::failure::Asked;
use quillon::providers::frame::{Answer, Decoder};
use quillon::providers::wishes::Wishes;
use quillon::providers::{anthropic, chat, gemini, responses};
use quillon::store::DiskJournals;
use serde_json::json;

use streams::Wire;

/// Runs that are measured; the median counts.
const RUNS: usize = 21;

/// Bytes of the answer that is read in pieces of a few words.
const ANSWER_BYTES: usize = 4 << 20;

/// Bytes that come at once from a socket.
const READ_BYTES: usize = 16 << 10;

/// Facts of the long session.
const FACTS: usize = 50_000;

fn main() {
    let mut missed = 0;
    println!("{:<52}{:>12}{:>12}", "", "Quillon", "to reach");
    for wire in Wire::ALL {
        let words = wire.words(ANSWER_BYTES);
        let spent = median(|| decode(wire, &words, READ_BYTES));
        let per_megabyte = spent.div_f64(words.len() as f64 / f64::from(1 << 20));
        missed += line(&format!("{wire:?}: 1 MB of an answer in small events"), per_megabyte, 10.0);
        let large = wire.large_event(8 << 20);
        let spent = median(|| decode(wire, &large, large.len() / 1024));
        missed += line(&format!("{wire:?}: an event of 8 MB in 1,024 pieces"), spent, 200.0);
    }
    let request = long_request();
    for wire in Wire::ALL {
        let post = poster(wire);
        let mut bytes = 0;
        let spent = median(|| bytes = post(&request).body.len());
        assert!((400_000..800_000).contains(&bytes), "{bytes}");
        missed += line(&format!("{wire:?}: a request of 200 turns, {} kB", bytes / 1000), spent, 3.0);
    }
    missed += long_journal();
    std::process::exit(missed);
}

/// The events of an answer that comes in pieces of so many bytes.
fn decode(wire: Wire, body: &[u8], step: usize) {
    let (server, model, key_words) = ("http://server".to_owned(), "m".to_owned(), String::new());
    let asked = Arc::new(Asked { server, model, key_words, secrets: Default::default() });
    let (origin, made) = (Arc::from("origin"), "made".to_owned());
    match wire {
        Wire::Chat => read(chat::decoder(asked, made), body, step),
        Wire::Responses => read(responses::decoder(asked, origin), body, step),
        Wire::Anthropic => read(anthropic::decoder(asked, origin), body, step),
        Wire::Gemini => read(gemini::decoder(asked, origin, made), body, step),
    }
}

fn read<A: Answer>(mut decoder: Decoder<A>, body: &[u8], step: usize) {
    let mut events = Vec::new();
    let mut seen = 0;
    for piece in body.chunks(step) {
        decoder.push(piece, &mut events).unwrap();
        seen += events.drain(..).count();
    }
    decoder.end(&mut events).unwrap();
    assert!(seen + events.len() > 1);
}

/// What makes the requests of this format.
fn poster(wire: Wire) -> Box<dyn Fn(&Request) -> Post> {
    let base = Url::parse("http://127.0.0.1:1/v1").unwrap();
    let (key, key_words) = (Some("sesame-1234".to_owned()), String::new());
    let place = Place { base, key, key_words, key_header: None, headers: Vec::new() };
    let (http, model) = (Arc::new(Http::default()), "m".to_owned());
    let (wishes, waits) = (Wishes::default(), Waits::default());
    match wire {
        Wire::Chat => {
            let model = chat::chat(http, place, model, wishes, waits);
            Box::new(move |request| model.post(request))
        }
        Wire::Responses => {
            let model = responses::responses(http, place, model, wishes, waits);
            Box::new(move |request| model.post(request))
        }
        Wire::Anthropic => {
            let direct = anthropic::Carrier::Direct;
            let model = anthropic::messages(http, place, direct, model, wishes, waits);
            Box::new(move |request| model.post(request))
        }
        Wire::Gemini => {
            let model = gemini::gemini(http, place, model, wishes, waits);
            Box::new(move |request| model.post(request))
        }
    }
}

/// A conversation of 200 turns, each with a call whose result has 34 lines of code; more than 400 kB.
fn long_request() -> Request {
    let mut messages = Vec::new();
    for turn in 0..200 {
        let prompt =
            Block::Text { text: format!("Turn {turn}: look at the place where \u{201c}x\u{201d} is set.") };
        messages.push(Message::User([prompt].into()));
        let reply = calling(turn);
        let result = Outcome::Done(Output::said(code(34)));
        let results: Vec<CallResult> = reply.calls().map(|call| CallResult::of(call, &result)).collect();
        messages.push(Message::Assistant(Arc::new(reply)));
        messages.push(Message::Results(results.into()));
        messages.push(Message::Assistant(Arc::new(saying())));
    }
    messages.push(Message::User([Block::Text { text: "And now?".to_owned() }].into()));
    Request {
        session: SessionId::from("s1"),
        system: "You are a coding agent. ".repeat(150).into(),
        tools: Toolbox::new(quillon::tools::built_in())
            .specs(None, quillon::engine::event::Profile::Full)
            .clone(),
        offer: Default::default(),
        wanted: Default::default(),
        replies: 400,
        prompt: messages.len() - 1,
        messages,
        outgoing: Default::default(),
        media: Vec::new(),
    }
}

fn code(lines: usize) -> String {
    (0..lines).map(|number| format!("{number}\t    let value = \"{number}\"; // a line of code\n")).collect()
}

fn calling(turn: usize) -> Reply {
    let (id, provider_id) = (CallId(format!("c{}", turn + 1)), format!("call_{turn}"));
    let call =
        ToolCall::new(id, provider_id, "read".into(), json!({"file_path": "src/main.rs", "offset": turn}));
    let words = ReplyBlock::Text { text: "I look at the file first.".to_owned() };
    Reply { blocks: vec![words, ReplyBlock::Call { call }], ..Reply::default() }
}

fn saying() -> Reply {
    let text = "It is set in the third line, and used in two other places. ".repeat(3);
    Reply { blocks: vec![ReplyBlock::Text { text }], ..Reply::default() }
}

/// A session of many facts on the disk, taken up again.
fn long_journal() -> i32 {
    let folder = tempfile::tempdir().unwrap();
    let root = AbsPath::new(folder.path().canonicalize().unwrap()).unwrap();
    let journals = DiskJournals::new(&root).unwrap();
    let session = SessionId::from("s1");
    let clock = || Arc::new(|| "2026-01-01T00:00:00.000Z".to_owned());
    let recorder = Recorder::open(session.clone(), journals.create(&session).unwrap(), clock()).unwrap();
    let opened = Event::Opened { roots: vec![root.clone()], cwd: root, model: "m".into(), mode: Mode::Edit };
    recorder.record(opened).unwrap();
    let mut facts = 1;
    for turn in 0..FACTS.div_ceil(6) {
        for event in turn_of(turn) {
            recorder.record(event).unwrap();
            facts += 1;
        }
    }
    let all = recorder.facts(Seq(0), usize::MAX).unwrap();
    drop(recorder);
    let memory = MemoryJournal::with(all);
    let spent = median(|| drop(Recorder::open(session.clone(), Box::new(memory.clone()), clock()).unwrap()));
    let missed = line(&format!("{facts} facts folded"), spent, 150.0);
    let spent = median(|| {
        let journal = match journals.open(&session).unwrap() {
            Opened::Held(journal) => journal,
            Opened::Followed { holder, .. } => panic!("{holder} holds it"),
        };
        let recorder = Recorder::open(session.clone(), journal, clock()).unwrap();
        assert_eq!(recorder.state(|state| state.seq().0), facts);
    });
    missed + line(&format!("{facts} facts read and folded"), spent, 150.0)
}

fn turn_of(number: usize) -> [Event; 6] {
    let (turn, call) = (TurnId(format!("t{}", number + 1)), CallId(format!("c{}", number + 1)));
    let content = vec![Block::Text { text: format!("Turn {number}: go on.") }];
    let message = |step: usize| MessageId(format!("{turn}.{step}"));
    let (locations, by) = (Vec::new(), Who::Quillon);
    [
        Event::TurnStarted { turn: turn.clone(), prompt: PromptId(format!("p{number}")), content },
        Event::Replied { message: message(1), reply: Arc::new(calling(number)), sent: Vec::new() },
        Event::CallStarted {
            call: call.clone(),
            title: "Read".into(),
            intent: Intent::Nothing,
            locations,
            by,
        },
        Event::CallEnded { call, outcome: Outcome::Done(Output::said(code(3))) },
        Event::Replied { message: message(2), reply: Arc::new(saying()), sent: Vec::new() },
        Event::TurnEnded { turn, stop: Stop::Finished, usage: Usage::default(), sent: Vec::new() },
    ]
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

/// Prints a figure; 1 when it is missed.
fn line(what: &str, spent: Duration, reach: f64) -> i32 {
    let spent = spent.as_secs_f64() * 1000.0;
    println!("{what:<52}{:>12}{:>12}", format!("{spent:.2} ms"), format!("{reach:.0} ms"));
    i32::from(spent > reach)
}
