//! Long conversations: room is made before the model's window is full, or when a server finds it full.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares files and may fail")]

#[path = "support/played.rs"]
mod played;
#[path = "support/player.rs"]
mod player;
#[path = "support/shared.rs"]
mod shared;

use std::sync::Arc;

use serde_json::json;

use quillon::engine::event::{RoomFor, Stop};
use quillon::engine::model::{ErrorKind, Message, Request, Wish};
use quillon::engine::{Block, Command, Recorder, RestoreOf, RestoredTo, Seq, SessionId};

use played::{Scene, end};
use player::Says;

fn read(name: &str) -> Says {
    Says::Call("read", json!({"file_path": name}))
}

fn words(bytes: usize) -> Says {
    Says::Words("word ".repeat(bytes / 5))
}

/// The texts of the users' messages, and a word for each other one.
fn told(request: &Request) -> Vec<String> {
    let line = |message: &Message| match message {
        Message::User(blocks) => match &blocks[0] {
            Block::Text { text } => text.clone(),
            other => panic!("{other:?}"),
        },
        Message::Assistant(reply) if reply.calls().next().is_some() => "(call)".to_owned(),
        Message::Assistant(_) => "(words)".to_owned(),
        Message::Results(results) if results[0].text.contains("not shown any more") => {
            "(left out)".to_owned()
        }
        Message::Results(_) => "(result)".to_owned(),
    };
    let all = request.messages.iter().map(line);
    all.filter(|line| !line.starts_with("The mode is")).collect()
}

/// What servers want of a conversation.
fn check(request: &Request) {
    assert!(matches!(request.messages[0], Message::User(_)), "a user's message comes first");
    for pair in request.messages.windows(2) {
        let calls = match &pair[0] {
            Message::Assistant(reply) => reply.calls().map(|call| call.id.clone()).collect(),
            Message::User(_) | Message::Results(_) => Vec::new(),
        };
        let results: Vec<_> = match &pair[1] {
            Message::Results(results) => results.iter().map(|result| result.call.clone()).collect(),
            Message::User(_) | Message::Assistant(_) => Vec::new(),
        };
        assert_eq!(calls, results, "each call has its result");
    }
}

fn bytes(request: &Request) -> usize {
    format!("{:?}", request.messages).len()
}

#[tokio::test]
async fn old_results_are_left_out_first_and_between_that_requests_only_grow() {
    let mut says: Vec<Says> = (0..12).map(|_| read("big")).collect();
    says.push(Says::Words("Read.".into()));
    let mut scene = Scene::new(Some(20_000), says).await;
    scene.write("big", &"0123456789 abcdefg\n".repeat(450));
    // The same call over and over would be noted.
    scene.player.says.lock().unwrap().iter_mut().enumerate().for_each(|(number, says)| {
        if let Says::Call(_, input) = says {
            input["offset"] = json!(number + 1);
        }
    });
    assert_eq!(scene.turn("Read it all.").await, Stop::Finished);
    let made = scene.made();
    assert!(made.len() >= 2, "{made:?}");
    assert!(made.iter().all(|(why, _, summary)| *why == RoomFor::NextStep && summary.is_none()), "{made:?}");
    let asked = scene.asked();
    assert_eq!(asked.len(), 13);
    asked.iter().for_each(check);
    assert!(asked.iter().all(|request| bytes(request) < 4 * 20_000), "it always fits");
    let grows = |pair: &[Request]| {
        let (before, after) = (format!("{:?}", pair[0].messages), format!("{:?}", pair[1].messages));
        after.starts_with(before.trim_end_matches(']'))
    };
    let cuts = asked.windows(2).filter(|pair| !grows(pair)).count();
    assert_eq!(cuts, made.len(), "nothing but a compaction changes what was sent");
    assert_eq!(
        told(asked.last().unwrap()).last().map(String::as_str),
        Some("(result)"),
        "the last one is shown"
    );
}

#[tokio::test]
async fn a_summary_stands_for_long_talk_and_the_work_goes_on() {
    let plan = json!({"todos": [{"content": "first", "status": "completed"}, {"content": "second", "status": "pending"}]});
    let says = vec![
        Says::Call("todo", plan),
        read("a.txt"),
        Says::Call("edit", json!({"file_path": "a.txt", "old_string": "one", "new_string": "two"})),
        words(30_000),
        words(30_000),
        Says::Words("## Goal\nAll of it.".into()),
        Says::Call("edit", json!({"file_path": "a.txt", "old_string": "two", "new_string": "three"})),
        read("a.txt"),
        Says::Call("edit", json!({"file_path": "a.txt", "old_string": "two", "new_string": "three"})),
        Says::Words("Done.".into()),
    ];
    let mut scene = Scene::new(Some(20_000), says).await;
    scene.write("a.txt", "one\n");
    for words in ["Begin.", "Talk."] {
        assert_eq!(scene.turn(words).await, Stop::Finished);
    }
    assert_eq!(scene.turn("Now the rest.").await, Stop::Finished);
    let [(RoomFor::NextStep, _, Some(summary))] = &scene.made()[..] else { panic!("{:?}", scene.made()) };
    for part in ["## Goal\nAll of it.", "- [x] first\n- [ ] second", "Files that were changed: a.txt"] {
        assert!(summary.contains(part), "{summary}");
    }
    let asked = scene.asked();
    asked.iter().for_each(check);
    let (wish, after) =
        asked.split_at(asked.iter().position(|request| request.wanted == Wish::Summary).unwrap() + 1);
    let wish = told(wish.last().unwrap());
    assert!(wish.last().unwrap().contains("Write a summary") && wish[0] == "Begin.", "{wish:?}");
    assert_eq!(told(&after[0])[1..], ["Now the rest."], "{:?}", told(&after[0]));
    assert_eq!(&told(&after[0])[0], summary);
    let modes = |request: &Request| format!("{:?}", request.messages).matches("The mode is `edit`").count();
    assert_eq!((modes(&after[0]), modes(&after[3])), (1, 1), "the mode is told again");
    // What it had read is not before it any more, so it has to look again.
    let file = std::fs::read_to_string(scene.folder.path().join("a.txt")).unwrap();
    assert_eq!(file, "three\n");
    let results =
        scene.session.state(|state| state.history().iter().rev().take(7).cloned().collect::<Vec<_>>());
    let Message::Results(refused) = &results[5] else { panic!("{results:?}") };
    assert!(refused[0].text.contains("read"), "{}", refused[0].text);
    // The conversation itself is whole.
    assert!(scene.session.state(|state| format!("{:?}", state.history())).contains("word word"));
}

#[tokio::test]
async fn a_refused_request_is_made_shorter_once_and_the_same_turn_goes_on() {
    let says = vec![
        words(4_000),
        words(4_000),
        Says::Fails(ErrorKind::ContextLength),
        Says::Words("Short.".into()),
        Says::Words("It went on.".into()),
    ];
    let mut scene = Scene::new(None, says).await;
    for words in ["One.", "Two."] {
        scene.turn(words).await;
    }
    assert_eq!(scene.turn("Three.").await, Stop::Finished);
    let [(RoomFor::Refused, _, Some(_))] = &scene.made()[..] else { panic!("{:?}", scene.made()) };
    let asked = scene.asked();
    assert_eq!(told(asked.last().unwrap())[1..], ["Three."]);
    // A second refusal right behind it is the end.
    scene
        .player
        .says
        .lock()
        .unwrap()
        .extend([Says::Fails(ErrorKind::ContextLength), Says::Fails(ErrorKind::Quota)]);
    assert_eq!(scene.turn("Four.").await, Stop::ContextFull);
    let notices = scene.notices();
    assert!(notices.last().unwrap().contains("it was summarised just before"), "{notices:?}");
    scene.player.says.lock().unwrap().clear();
    assert_eq!(scene.turn("Five.").await, Stop::Finished, "the session stays usable");
}

#[tokio::test]
async fn what_does_not_fit_even_for_a_summary_is_cut_for_it() {
    let says = vec![
        words(4_000),
        words(4_000),
        Says::Fails(ErrorKind::ContextLength),
        Says::Fails(ErrorKind::ContextLength),
        Says::Words("Short.".into()),
    ];
    let mut scene = Scene::new(None, says).await;
    for words in ["One.", "Two.", "Three."] {
        assert_eq!(scene.turn(words).await, Stop::Finished);
    }
    let asked = scene.asked();
    let wishes: Vec<_> = asked.iter().filter(|request| request.wanted == Wish::Summary).collect();
    assert_eq!(wishes.len(), 2);
    assert!(bytes(wishes[1]) < bytes(wishes[0]) && told(wishes[1])[0].contains("too long to be shown"));
    asked.iter().for_each(check);
    assert_eq!(scene.made().len(), 1);
}

#[tokio::test]
async fn a_summary_that_fails_or_is_no_shorter_is_told_and_the_work_goes_on() {
    for (summary, why) in
        [(Says::Fails(ErrorKind::Quota), "the server says no"), (words(60_000), "not much shorter")]
    {
        let says = vec![words(30_000), words(30_000), summary, Says::Words("On.".into())];
        let mut scene = Scene::new(Some(20_000), says).await;
        for words in ["One.", "Two.", "Three."] {
            assert_eq!(scene.turn(words).await, Stop::Finished);
        }
        assert_eq!(scene.made(), []);
        let notices = scene.notices();
        assert!(notices.len() == 1 && notices[0].contains(why), "{notices:?}");
        assert_eq!(told(scene.asked().last().unwrap()).last().unwrap(), "Three.");
    }
}

#[tokio::test]
async fn the_user_may_wish_for_a_summary_and_go_back_over_it() {
    let says = vec![words(4_000), Says::Words("In short.".into()), Says::Words("Yes.".into())];
    let mut scene = Scene::new(None, says).await;
    assert_eq!(scene.turn(" /compact ").await, Stop::Finished);
    assert!(scene.notices()[0].contains("too little was said"), "{:?}", scene.notices());
    assert_eq!(scene.asked().len(), 0);
    scene.turn("One.").await;
    assert_eq!(scene.turn("/compact keep the names").await, Stop::Finished);
    assert_eq!(scene.made().len(), 1);
    assert!(
        told(scene.asked().last().unwrap())
            .last()
            .unwrap()
            .ends_with("The user says about it: keep the names")
    );
    assert_eq!(scene.asked().len(), 2, "nothing goes on by itself");
    scene.turn("/compacted is another word").await;
    let after = scene.asked().pop().unwrap();
    assert_eq!(told(&after)[1..], ["/compacted is another word"], "{:?}", told(&after));
    assert_eq!(after.replies, 1);

    // The same is told after a restart.
    let facts = scene.session.recorder().facts(Seq(0), 10_000).unwrap();
    let journal = quillon::engine::journal::MemoryJournal::with(facts);
    let opened =
        Recorder::open(SessionId("s1".into()), Box::new(journal), Arc::new(|| "now".to_owned())).unwrap();
    let now = |state: &quillon::engine::State| format!("{:?}", state.told());
    assert_eq!(opened.state(now), scene.session.state(now));

    // Before it all is told again.
    let turn = scene.session.state(|state| state.said().marks()[2].turn.clone());
    scene.session.restore(RestoredTo::Before(turn), RestoreOf::Conversation).await.unwrap().unwrap();
    scene.turn("Two.").await;
    assert_eq!(told(scene.asked().last().unwrap()), [" /compact ", "One.", "(words)", "Two."]);
    drop((scene.host, scene.journals));
}

#[tokio::test]
async fn a_summary_that_knows_of_a_turn_goes_with_it() {
    let says = vec![
        words(4_000),
        words(4_000),
        Says::Fails(ErrorKind::ContextLength),
        Says::Words("They want Three.".into()),
        Says::Words("It went on.".into()),
    ];
    let mut scene = Scene::new(None, says).await;
    for words in ["One.", "Two.", "Three."] {
        assert_eq!(scene.turn(words).await, Stop::Finished);
    }
    // It stands for what was said before the last turn, and was made of that turn too.
    let before = scene.session.state(|state| state.said().marks()[2].clone());
    assert_eq!(scene.made()[0].1, 5);
    scene.session.restore(RestoredTo::Before(before.turn), RestoreOf::Conversation).await.unwrap().unwrap();
    scene.turn("Four.").await;
    assert_eq!(told(scene.asked().last().unwrap()), ["One.", "(words)", "Two.", "(words)", "Four."]);
}

#[tokio::test]
async fn instructions_that_were_left_out_are_told_again() {
    let mut says: Vec<Says> = vec![read("sub/a")];
    says.extend((0..9).map(|_| read("big")));
    says.extend([read("sub/b"), read("sub/a"), Says::Words("Read.".into())]);
    let mut scene = Scene::new(Some(20_000), says).await;
    std::fs::create_dir(scene.folder.path().join("sub")).unwrap();
    scene.write("sub/AGENTS.md", &format!("Tabs, never blanks.\n{}", "And so on.\n".repeat(20)));
    for name in ["sub/a", "sub/b"] {
        scene.write(name, "a\n");
    }
    scene.write("big", &"0123456789 abcdefg\n".repeat(450));
    scene.player.says.lock().unwrap().iter_mut().enumerate().for_each(|(number, says)| {
        if let Says::Call(_, input) = says
            && input["file_path"] == "big"
        {
            input["offset"] = json!(number + 1);
        }
    });
    assert_eq!(scene.turn("Read it all.").await, Stop::Finished);
    assert!(scene.made().iter().all(|(_, _, summary)| summary.is_none()) && !scene.made().is_empty());
    let times = |request: &Request| format!("{:?}", request.messages).matches("Tabs, never blanks").count();
    let asked = scene.asked();
    let told: Vec<usize> = asked.iter().map(times).collect();
    assert_eq!((told[1], told[10]), (1, 0), "they are left out: {told:?}");
    assert_eq!((told[11], told[12]), (1, 1), "and come once, with the next file there: {told:?}");
    // What was told in a turn that is taken back is not known any more either.
    let turn = scene.session.state(|state| state.said().marks()[0].turn.clone());
    scene.session.restore(RestoredTo::Before(turn), RestoreOf::Conversation).await.unwrap().unwrap();
    scene.player.says.lock().unwrap().push_back(read("sub/b"));
    scene.turn("Another way.").await;
    assert_eq!(times(scene.asked().last().unwrap()), 1);
}

#[tokio::test]
async fn a_summary_can_be_cancelled() {
    let mut scene = Scene::new(None, vec![words(4_000), Says::Hangs]).await;
    scene.turn("One.").await;
    let mut reader = scene.session.reader(scene.session.state(|state| state.seq()));
    scene.prompt("/compact").await;
    while scene.asked().len() < 2 {
        tokio::task::yield_now().await;
    }
    scene.session.send(Command::Cancel { turn: None }).await.unwrap();
    assert_eq!(end(&mut reader).await, Stop::Cancelled);
    assert_eq!(scene.made(), []);
    scene.turn("Two.").await;
    assert_eq!(told(scene.asked().last().unwrap()), ["One.", "(words)", "/compact", "Two."]);
}
