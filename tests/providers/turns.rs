//! What else can happen in a session: another model, a summary, a question that nobody answers, odd endings.

use quillon::engine::event::{RoomFor, Stop};
use quillon::engine::{Activity, Deliver, Event, RestoreOf, RestoredTo};
use serde_json::json;

use super::loopback::Answer;
use super::scene::{Scene, end};
use super::wire::{Said, Wire};

fn read(name: &str) -> serde_json::Value {
    json!({ "file_path": name })
}

#[tokio::test]
async fn a_session_goes_from_each_format_to_each_other_and_back() {
    for first in Wire::ALL {
        for second in Wire::ALL.into_iter().filter(|second| *second != first) {
            if [first, second].iter().all(|wire| matches!(wire, Wire::Anthropic | Wire::Bedrock)) {
                continue; // At one address they are one server, and know each other's marks.
            }
            let mut scene = Scene::new(first).await;
            for (turn, wire) in [first, second, first].into_iter().enumerate() {
                if turn > 0 {
                    scene.switch(wire).await;
                }
                let words = format!("Look {turn}.");
                let step = Said::words(&words).thinking(&format!("Thought {turn}."));
                let again = Said::default().thinking(&format!("More {turn}."));
                scene.says(&[
                    step.calling("read", read("a.txt")).calling("browse", "{".into()),
                    again.calling("read", read("c.png")),
                    Said::words(&format!("Seen {turn}.")).thinking("Hm."),
                ]);
                assert_eq!(scene.turn("Look.").await.stop, Stop::Finished, "{first:?} {second:?}");
                assert_eq!(scene.asked().len(), 3, "{first:?} {second:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_turn_that_goes_on_with_another_model() {
    for (first, second) in
        [(Wire::Chat, Wire::Anthropic), (Wire::Anthropic, Wire::Gemini), (Wire::Gemini, Wire::Responses)]
    {
        let mut scene = Scene::new(first).await;
        let step = scene
            .stream(&Said::words("I look.").thinking("Hm.").calling("bash", json!({"command": "sleep 0"})));
        scene.server.answers([step.answer()]);
        let mut reader = scene.reader();
        scene.prompt("Run it.").await;
        wait_for_question(&mut scene).await;
        let asked = scene.asked();
        assert_eq!(asked.len(), 1);
        scene.switch(second).await;
        scene.says(&[Said::words("So be it.").thinking("No.")]);
        scene.refuse("No.");
        assert_eq!(end(&mut reader).await.stop, Stop::Finished);
        assert_eq!(scene.asked().len(), 1, "{first:?} {second:?}");
    }
}

async fn wait_for_question(scene: &mut Scene) {
    let mut reader = scene.reader();
    while scene.session.activity() != Activity::Waiting {
        reader.next().await.unwrap();
    }
}

#[tokio::test]
async fn cancelled_and_ended_while_a_question_waits() {
    let step = || {
        let said = Said::words("I run it.").thinking("Run it.").calling("read", read("a.txt"));
        said.calling("bash", json!({"command": "sleep 0"})).calling("read", read("b.txt"))
    };
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        scene.says(&[step()]);
        let mut reader = scene.reader();
        scene.prompt("Run it.").await;
        wait_for_question(&mut scene).await;
        scene.session.cancel().await.unwrap();
        assert_eq!(end(&mut reader).await.stop, Stop::Cancelled);
        scene.says(&[step()]);
        scene.prompt("Once more.").await;
        wait_for_question(&mut scene).await;
        let facts = scene.facts();
        scene.crash(&facts).await;
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished, "{wire:?}");
        assert_eq!(scene.asked().len(), 3, "{wire:?}");
    }
}

#[tokio::test]
async fn a_summary_and_what_comes_after_it() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let long = "word ".repeat(3_000);
        scene.says(&[
            Said::words("I look.")
                .thinking("Look.")
                .calling("read", read("a.txt"))
                .calling("read", read("c.png")),
            Said::words(&long).thinking("A long one."),
            Said::words("I look again.").thinking("Look.").calling("read", read("b.txt")),
            Said::words("Short."),
            Said::words("## Goal\nAll of it."),
            Said::words("On.").thinking("On.").calling("glob", json!({"pattern": "*"})),
            Said::words("Done."),
        ]);
        for prompt in ["Talk.", "Go on.", "/compact", "And now?"] {
            assert_eq!(scene.turn(prompt).await.stop, Stop::Finished, "{wire:?}: {prompt}");
        }
        let asked = scene.asked();
        assert_eq!((made(&scene, RoomFor::User), asked.len()), (1, 7), "{wire:?}");
        let last = String::from_utf8(asked.last().unwrap().clone()).unwrap();
        assert!(last.contains("## Goal") && !last.contains("word word"), "{wire:?}: {last}");
    }
}

#[tokio::test]
async fn words_that_come_while_calls_run() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let said =
            Said::words("I run it.").thinking("Run it.").calling("bash", json!({"command": "sleep 0"}));
        scene.says(&[said.calling("read", read("c.png"))]);
        let mut reader = scene.reader();
        scene.prompt("Run it.").await;
        wait_for_question(&mut scene).await;
        scene.prompt_as("Or rather not.", Deliver::Now).await;
        scene.prompt_as("And later this.", Deliver::Next).await;
        scene.refuse("Not now.");
        for _ in 0..2 {
            assert_eq!(end(&mut reader).await.stop, Stop::Finished, "{wire:?}");
        }
        let asked = scene.asked();
        let last = String::from_utf8(asked.last().unwrap().clone()).unwrap();
        let place = |words: &str| last.find(words).unwrap_or_else(|| panic!("{wire:?}: {words}"));
        assert!(
            place("Not now.") < place("Or rather not.") && place("Or rather not.") < place("And later this.")
        );
        assert_eq!(asked.len(), 3, "{wire:?}");
    }
}

#[tokio::test]
async fn a_conversation_that_went_back() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        for turn in 1..=3 {
            let words = format!("Turn {turn}.");
            scene.says(&[
                Said::words(&words).thinking("Hm.").calling("read", read("c.png")),
                Said::words("Yes."),
            ]);
            scene.turn(&words).await;
        }
        let turn = scene.session.state(|state| state.said().marks()[1].turn.clone());
        let before = RestoredTo::Before(turn);
        scene.session.restore(before, RestoreOf::Conversation).await.unwrap().unwrap();
        scene.turn("Another second turn.").await;
        let last = String::from_utf8(scene.asked().pop().unwrap()).unwrap();
        assert!(last.contains("Turn 1.") && !last.contains("Turn 2."), "{wire:?}: {last}");
    }
}

/// How often room was made for this reason.
fn made(scene: &Scene, wanted: RoomFor) -> usize {
    let facts = scene.facts();
    facts.iter().filter(|fact| matches!(&*fact.event, Event::Compacted { why, .. } if *why == wanted)).count()
}

/// How each server says that a request is too long.
fn too_long(wire: Wire) -> Answer {
    let error = match wire {
        Wire::Chat | Wire::Responses => {
            json!({"error": {"message": "This model's maximum context length is 8192 tokens.", "type": "invalid_request_error", "code": "context_length_exceeded"}})
        }
        Wire::Anthropic => {
            json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}})
        }
        Wire::Bedrock => json!({"message": "Input is too long for requested model."}),
        Wire::Gemini => {
            json!({"error": {"code": 400, "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "status": "INVALID_ARGUMENT"}})
        }
    };
    Answer::json(400, &error.to_string())
}

#[tokio::test]
async fn what_is_too_long_is_made_shorter_in_the_same_turn() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let long = "word ".repeat(3_000);
        let look = || Said::words("I look.").thinking("Look.").calling("read", read("c.png"));
        scene.says(&[look(), Said::words(&long).thinking("A long one."), Said::words(&long)]);
        for prompt in ["Talk.", "Go on."] {
            assert_eq!(scene.turn(prompt).await.stop, Stop::Finished, "{wire:?}");
        }
        scene.says(&[look()]);
        scene.server.answers([too_long(wire)]);
        scene.says(&[Said::words("## Goal\nAll of it."), look(), Said::words("Done.")]);
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished, "{wire:?}");
        let asked = scene.asked();
        // Results are left out first, and then there is a summary.
        assert_eq!((made(&scene, RoomFor::Refused), asked.len()), (2, 8), "{wire:?}");
        let last = String::from_utf8(asked.last().unwrap().clone()).unwrap();
        assert!(
            last.contains("And now?") && last.contains("## Goal") && !last.contains("word word"),
            "{wire:?}"
        );
    }
}
