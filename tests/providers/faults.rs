//! Servers that fail in every way: a clear error of its kind, tried again where that helps, and a session that
//! goes on.

use std::time::Duration;

use futures::StreamExt;
use quillon::engine::event::Stop;
use quillon::engine::model::ErrorKind;
use quillon::engine::{ModelName, Models};
use quillon::limits;

use super::loopback::{Answer, Loopback};
use super::packing::gzip;
use super::scene::{Scene, end, hello, models, pass, settle};
use super::wire::{KEY, Said, Wire};

/// What is to come of a fault.
enum Expected {
    /// It is asked for again after so many milliseconds; why, in part.
    Again(u64, &'static str),
    /// The turn ends with this kind; the message, in part.
    Ends(ErrorKind, &'static str),
}

use Expected::{Again, Ends};

/// One turn with the fault, and one after it.
async fn check(scene: &mut Scene, name: &str, fault: Answer, expected: &Expected) {
    let wire = scene.wire;
    scene.server.answers([fault]);
    match expected {
        Again(wait, words) => {
            scene.says(&[Said::words("At last.").thinking("Again.")]);
            let went = scene.turn("Try.").await;
            assert_eq!(went.stop, Stop::Finished, "{wire:?}, {name}: {:?}", went.retries);
            let [(waited, why)] = &went.retries[..] else { panic!("{wire:?}, {name}: {:?}", went.retries) };
            assert!(waited == wait && why.contains(words), "{wire:?}, {name}: {waited} {why}");
        }
        Ends(kind, words) => {
            let went = scene.turn("Try.").await;
            let Stop::ModelFailed { kind: Some(was), message } = &went.stop else {
                panic!("{name}: {went:?}")
            };
            assert!(was == kind && message.contains(words), "{wire:?}, {name}: {was:?} {message}");
            assert_eq!(went.retries, [], "{wire:?}, {name}");
        }
    }
    scene.says(&[Said::words("Yes.").thinking("Still here.")]);
    let went = scene.turn("Are you there?").await;
    assert_eq!((went.stop, went.retries), (Stop::Finished, Vec::new()), "{wire:?} after {name}");
    scene.asked();
}

#[tokio::test]
async fn connections_that_break_and_lengths_that_are_wrong() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let stream = wire.stream(&Said::words("Some words.").thinking("Some thoughts."), 99);
        let whole = stream.body();
        let (half, length) = (stream.ends()[2], whole.len());
        let first = || stream.answer();
        let empty = || Answer::of_type(200, "text/event-stream", "");
        let cut = Answer::of_type(200, "text/event-stream", &whole[..half]);
        let mut packed = gzip(&whole);
        packed.truncate(half);
        let packed = Answer::of_type(200, "text/event-stream", packed).header("content-encoding", "gzip");
        let faults = [
            ("reset before the body", first().reset_after(0), Again(1_000, "broke")),
            ("reset in the body", first().reset_after(half), Again(1_000, "broke")),
            ("closed in a chunk", first().broken_off_after(half), Again(1_000, "broke")),
            ("longer than declared", first().declaring(half), Again(1_000, "ended before it was complete")),
            ("ended too early", cut, Again(1_000, "ended before it was complete")),
            ("gzip that breaks off", packed, Again(1_000, "broke")),
            ("nothing", empty(), Again(1_000, "ended before it was complete")),
            ("no HTTP", Answer::raw("good day\r\n\r\n"), Again(1_000, "broke")),
        ];
        for (name, fault, expected) in faults {
            check(&mut scene, name, fault, &expected).await;
        }
        // With all that was said, what is missing of the length is of no interest.
        scene.given.add(&stream.due);
        scene.server.answers([stream.answer().declaring(length + 5)]);
        let went = scene.turn("Try.").await;
        assert_eq!((went.stop, went.retries), (Stop::Finished, Vec::new()), "{wire:?}");
        scene.says(&[Said::words("Yes.")]);
        assert_eq!(scene.turn("Are you there?").await.stop, Stop::Finished, "{wire:?}");
        scene.asked();
    }
}

#[tokio::test]
async fn silence_ends_at_its_limit() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let stream = wire.stream(&Said::words("Some words.").thinking("Some thoughts."), 99);
        let all = stream.pieces.len();
        let faults = [
            ("no head", Answer::silent(), limits::ANSWER_HEAD_WAIT),
            ("no body", stream.stalled_after(0), limits::STREAM_IDLE_WAIT),
            ("half an answer", stream.stalled_after(all / 2), limits::STREAM_IDLE_WAIT),
        ];
        for (name, fault, limit) in faults {
            scene.server.answers([fault]);
            scene.says(&[Said::words("At last.")]);
            let mut reader = scene.reader();
            scene.prompt("Try.").await;
            scene.server.stalled().await;
            settle().await;
            pass(limit - Duration::from_secs(1)).await;
            settle().await;
            assert!(scene.server.seen() < 2, "{wire:?}, {name}: it is not asked for again before");
            pass(Duration::from_secs(1)).await;
            let went = end(&mut reader).await;
            let [(_, why)] = &went.retries[..] else { panic!("{wire:?}, {name}: {:?}", went.retries) };
            assert!(why.contains("has sent nothing for"), "{wire:?}, {name}: {why}");
            assert_eq!(went.stop, Stop::Finished, "{wire:?}, {name}");
            scene.server.left().await;
            assert_eq!(scene.asked().len(), 2, "{wire:?}, {name}");
        }
    }
}

#[tokio::test]
async fn a_server_that_never_gets_well_is_given_up() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let done = scene.stream(&Said::words("Well again."));
        scene.server.otherwise(Answer::json(503, r#"{"error": {"message": "later"}}"#));
        let went = scene.turn("Try.").await;
        let Stop::ModelFailed { message, .. } = &went.stop else { panic!("{went:?}") };
        assert!(message.contains("later") && message.ends_with("(tried 5 times)"), "{message}");
        let waits: Vec<u64> = went.retries.iter().map(|(wait, _)| *wait).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
        scene.server.otherwise(done.answer());
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished, "{wire:?}");
        // The same request each time.
        let asked = scene.asked();
        assert_eq!(asked.len(), 6);
        assert!(asked[..5].iter().all(|body| *body == asked[0]), "{wire:?}");
    }
}

#[tokio::test]
async fn nobody_is_there() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let closed = scene.leave_server().await;
        let went = scene.turn("Try.").await;
        let Stop::ModelFailed { kind: Some(ErrorKind::Network), message } = &went.stop else {
            panic!("{went:?}")
        };
        assert!(
            message.contains(&format!("nothing answers at {closed}: is the server running?")),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_large_event_and_bytes_that_are_no_text() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let large = "x".repeat(8 << 20);
        let stream = scene.stream(&Said::words(&large));
        let step = stream.body().len() / 1024;
        scene.server.answers([stream.answer().cut(step)]);
        assert_eq!(scene.turn("Talk.").await.stop, Stop::Finished, "{wire:?}");
        assert_eq!(scene.last_words().len(), 8 << 20, "{wire:?}");
        if wire == Wire::Bedrock {
            continue; // There the events are in base64, behind a check sum.
        }
        let mut body = scene.stream(&Said::words("caf#, two")).body();
        body.iter_mut().filter(|byte| **byte == b'#').for_each(|byte| *byte = 0xe9);
        scene.server.answers([Answer::events(body)]);
        assert_eq!(scene.turn("Talk.").await.stop, Stop::Finished, "{wire:?}");
        assert_eq!(scene.last_words(), "caf\u{fffd}, two", "{wire:?}");
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let page = "<!doctype html>\n<html><head><title>Sign in</title></head></html>";
        let json = |status: u16, words: &str| {
            Answer::json(status, &serde_json::json!({"error": {"message": words, "type": "x"}}).to_string())
        };
        let html = |status| Answer::of_type(status, "text/html", page);
        let faults = [
            ("a page", html(200), Ends(ErrorKind::Parse, "web page; is the base URL right?")),
            ("a page, 404", html(404), Ends(ErrorKind::NotFound, "is the base URL right?")),
            ("a page, 502", html(502), Again(1_000, "Sign in")),
            (
                "gzip that is none",
                Answer::events("data: x\n\n").header("content-encoding", "gzip"),
                Again(1_000, "broke"),
            ),
            (
                "words",
                Answer::of_type(200, "text/plain", "good day"),
                Ends(ErrorKind::Parse, "holds no events"),
            ),
            ("a wrong key", json(401, "bad key"), Ends(ErrorKind::Auth, "bad key (is the key right?")),
            (
                "a wrong address",
                json(404, "no route"),
                Ends(ErrorKind::NotFound, "no route (is the base URL right?"),
            ),
            (
                "no such model",
                json(404, "no model m1"),
                Ends(ErrorKind::NotFound, "is `m1` the name of a model there?"),
            ),
            ("too many", json(429, "slow down").header("retry-after", "7"), Again(7_000, "slow down")),
            (
                "too many, for long",
                json(429, "slow down").header("retry-after", "900"),
                Ends(
                    ErrorKind::RateLimit,
                    "slow down (too many requests for now); the server asks to wait 15 min",
                ),
            ),
            ("no money", json(402, "pay"), Ends(ErrorKind::Quota, "pay (the quota or the money")),
            ("forbidden", json(403, "not you"), Ends(ErrorKind::Permission, "may not use `m1`")),
            ("too large", json(413, "too big"), Ends(ErrorKind::TooLarge, "too big")),
            ("a fault there", json(500, "oh no"), Again(1_000, "oh no")),
            ("overloaded", json(529, "Overloaded"), Again(1_000, "Overloaded")),
            (
                "a redirect",
                Answer::json(307, "").header("location", "http://127.0.0.1:1/"),
                Ends(ErrorKind::Invalid, "127.0.0.1:1"),
            ),
        ];
        for (name, fault, expected) in faults {
            check(&mut scene, name, fault, &expected).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_encrypt() {
    for wire in Wire::ALL {
        let server = Loopback::start(Vec::new()).await;
        let models = models(wire, &server.url("").replace("http:", "https:"), KEY);
        let model = models.find(&ModelName(wire.model())).unwrap();
        let Some(Err(error)) = model.stream(hello()).next().await else { panic!("it should fail") };
        assert_eq!(error.kind, ErrorKind::Invalid, "{wire:?}");
        assert!(error.message.starts_with("no encrypted connection to https://127.0.0.1:"), "{error}");
    }
}
