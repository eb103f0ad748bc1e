//! Whole sessions on each format: tools, thoughts, images, cancelled and broken off anywhere.

use quillon::engine::Event;
use quillon::engine::event::Stop;
use serde_json::{Value, json};

use super::scene::{Scene, end, settle};
use super::wire::{Said, Wire};

/// Ten turns, each with what is asked and what the model says to it.
fn script() -> Vec<(&'static str, Vec<Said>)> {
    let read = |name: &str| json!({ "file_path": name });
    let words = Said::words;
    let edit = json!({"file_path": "a.txt", "old_string": "two", "new_string": "zwei"});
    let plan = json!({"todos": [{"content": "first", "status": "in_progress"}]});
    vec![
        (
            "Look around.",
            vec![
                words("I look.")
                    .thinking("What is here?")
                    .calling("read", read("a.txt"))
                    .calling("glob", json!({"pattern": "*"})),
                words("Four files.").thinking("That was all."),
            ],
        ),
        (
            "What is in the picture?",
            vec![Said::default().thinking("An image.").calling("read", read("c.png")), words("A pixel.")],
        ),
        (
            "Change a word.",
            vec![
                Said::default().thinking("Change it.").calling("edit", edit),
                words("Checking.").calling("read", read("a.txt")),
                words("Changed."),
            ],
        ),
        (
            "Do something odd.",
            vec![
                words("Odd.")
                    .thinking("Well.")
                    .calling("browse", json!({"url": "x"}))
                    .calling("read", Value::from("{\"file_path\": "))
                    .calling("read", read("nowhere.txt")),
                words("None of that went well.").thinking("Three errors."),
            ],
        ),
        ("Only talk.", vec![words("We talk.").thinking("No tool.")]),
        (
            "Read all.",
            vec![
                Said::default()
                    .calling("read", read("a.txt"))
                    .calling("read", read("b.txt"))
                    .calling("read", read("c.png"))
                    .calling("grep", json!({"pattern": "line"})),
                words("Read.").thinking("Long."),
            ],
        ),
        ("Say nothing.", vec![Said::default().thinking("They want silence.")]),
        ("Say nothing at all.", vec![Said::default()]),
        ("Plan.", vec![words("A plan.").thinking("Steps.").calling("todo", plan), words("Planned.")]),
        ("Good bye.", vec![words("Good bye. 👋").thinking("The end — ü.")]),
    ]
}

async fn played(wire: Wire) -> Scene {
    let mut scene = Scene::new(wire).await;
    for (prompt, says) in script() {
        scene.says(&says);
        let went = scene.turn(prompt).await;
        assert_eq!((went.stop, went.retries), (Stop::Finished, Vec::new()), "{wire:?}: {prompt}");
        let asked = scene.asked();
        assert!(asked.len() >= says.len(), "{wire:?}: {prompt}: {}", asked.len());
    }
    scene
}

#[tokio::test]
async fn ten_turns_keep_every_rule() {
    for wire in Wire::ALL {
        let mut scene = played(wire).await;
        assert_eq!(scene.file("a.txt"), "one\nzwei\n");
        scene.says(&[Said::words("Yes.")]);
        scene.turn("Once more?").await;
        let last = scene.asked().pop().unwrap();
        let last = String::from_utf8(last).unwrap();
        // What came of it all is told: the picture, twice, and the thoughts of before as their format has it.
        assert_eq!(last.matches("iVBORw0KGgo").count(), 2, "{wire:?}: {last}");
        assert!(last.contains("👋") && last.contains("arguments_that_were_not_json"), "{wire:?}: {last}");
        assert!(scene.given.marks.len() >= 4, "{wire:?}: {:?}", scene.given.marks);
    }
}

/// An answer with everything in it.
fn everything() -> Said {
    let read = |name: &str| json!({ "file_path": name });
    let said = Said::words("I read both.").thinking("Both at once.");
    said.calling("read", read("a.txt")).calling("read", read("b.txt"))
}

fn calls_begun(scene: &Scene) -> usize {
    scene.facts().iter().filter(|fact| matches!(&*fact.event, Event::CallStarted { .. })).count()
}

#[tokio::test]
async fn cancelled_at_every_event() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let pieces = wire.stream(&everything(), 0).pieces.len();
        for piece in 0..pieces {
            let answer = scene.stream(&everything()).stalled_after(piece);
            scene.server.answers([answer]);
            let mut reader = scene.reader();
            scene.prompt("Read both.").await;
            scene.server.stalled().await;
            settle().await;
            scene.session.cancel().await.unwrap();
            let went = end(&mut reader).await;
            assert_eq!(went.stop, Stop::Cancelled, "{wire:?} {piece}");
            scene.server.left().await;
            scene.asked();
        }
        assert_eq!(calls_begun(&scene), 0, "{wire:?}: nothing of what broke off is done");
        scene.says(&[everything(), Said::words("Both.")]);
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished, "{wire:?}");
        assert_eq!((scene.asked().len(), calls_begun(&scene)), (2, 2), "{wire:?}");
    }
}

#[tokio::test]
async fn ended_at_every_event() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let pieces = wire.stream(&everything(), 0).pieces.len();
        for piece in 0..pieces {
            let answer = scene.stream(&everything()).stalled_after(piece);
            scene.server.answers([answer]);
            scene.prompt("Read both.").await;
            scene.server.stalled().await;
            settle().await;
            let facts = scene.facts();
            scene.crash(&facts).await;
            scene.asked();
        }
        assert_eq!(calls_begun(&scene), 0, "{wire:?}");
        scene.says(&[everything(), Said::words("Both.")]);
        assert_eq!(scene.turn("And now?").await.stop, Stop::Finished, "{wire:?}");
        assert_eq!((scene.asked().len(), calls_begun(&scene)), (2, 2), "{wire:?}");
    }
}

#[tokio::test]
async fn ended_after_every_fact_of_ten_turns() {
    for wire in Wire::ALL {
        let mut scene = played(wire).await;
        let facts = scene.facts();
        assert!(facts.len() > 60, "{wire:?}: {}", facts.len());
        for end in 1..=facts.len() {
            scene.crash(&facts[..end]).await;
            scene.says(&[Said::words("On.").thinking("Again.").calling("glob", json!({"pattern": "*"}))]);
            assert_eq!(scene.turn("Go on.").await.stop, Stop::Finished, "{wire:?} after {end} facts");
            assert!(scene.asked().len() >= 2, "{wire:?} after {end} facts");
        }
    }
}
