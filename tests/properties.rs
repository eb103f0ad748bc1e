//! What must hold in every session, whatever model, tools and user do and whenever they do it.
//!
//! Random scenarios on the real engine under a virtual clock: replies that hang, fail or break off,
//! tools that hang or fail, answers, refusals, cancels and stops at random moments.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail")]

#[path = "support/fakes.rs"]
mod fakes;
#[path = "support/shared.rs"]
mod shared;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use quillon::engine::journal::{MemoryJournal, MemoryJournals, Recorded};
use quillon::engine::model::{ErrorKind, Message, ResultKind};
use quillon::engine::tool::{Effect, Tool};
use quillon::engine::{
    Answer, Block, ChoiceKind, Command, Deliver, Delta, Event, Host, Mode, ModelName, NewSession, PromptId,
    Recorder, Seq, Session, SessionId, Setting, Shared, State, Toolbox, Update,
};
use quillon::path::AbsPath;
use quillon::workspace::NoBuffers;
use shared::shared;

use fakes::{FakeTool, Kind, RandomModel, Says};

/// What the user does, after so many milliseconds.
#[derive(Debug, Clone)]
enum Does {
    Prompts(Deliver),
    Answers(How),
    Cancels,
    Switches(Mode),
    TakesBack,
    Waits,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Once,
    Always,
    No,
}

#[derive(Debug, Clone)]
struct Scenario {
    model: Vec<Says>,
    user: Vec<(u64, Does)>,
    /// After so many facts the disk is full.
    room: Option<usize>,
    /// Milliseconds that the reader lets pass before it reads on.
    lag: u64,
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let kind = prop_oneof![
        4 => Just(Kind::Looks),
        4 => Just(Kind::Acts),
        1 => Just(Kind::ActsAndHangs),
        1 => Just(Kind::Fails),
        1 => Just(Kind::LooksAndHangs),
        1 => Just(Kind::Unknown),
        1 => Just(Kind::NotJson),
        1 => Just(Kind::NeedsMore),
    ];
    let calls = prop::collection::vec(kind, 1..4);
    let error = prop_oneof![Just(ErrorKind::Network), Just(ErrorKind::Auth), Just(ErrorKind::ContextLength)];
    let says = prop_oneof![
        3 => prop::collection::vec("[a-zäß ]{0,9}", 0..4).prop_map(Says::Words),
        5 => calls.clone().prop_map(Says::Calls),
        1 => calls.prop_map(Says::CallsThenBreaksOff),
        1 => "[a-z]{0,5}".prop_map(Says::HangsAfter),
        1 => error.prop_map(Says::Fails),
        1 => "[a-z]{0,5}".prop_map(Says::TooLong),
    ];
    let does = prop_oneof![
        4 => prop_oneof![Just(Deliver::Next), Just(Deliver::Now), Just(Deliver::Interrupt)].prop_map(Does::Prompts),
        6 => prop_oneof![Just(How::Once), Just(How::Always), Just(How::No)].prop_map(Does::Answers),
        1 => Just(Does::Cancels),
        1 => prop_oneof![Just(Mode::Ask), Just(Mode::Edit), Just(Mode::Plan)].prop_map(Does::Switches),
        1 => Just(Does::TakesBack),
        1 => Just(Does::Waits),
    ];
    (
        prop::collection::vec(says, 1..8),
        prop::collection::vec((prop_oneof![Just(0), 1..40u64, Just(5_000)], does), 1..12),
        prop_oneof![6 => Just(None), 1 => (1..12usize).prop_map(Some)],
        prop_oneof![Just(0), 1..50u64, Just(20_000)],
    )
        .prop_map(|(model, user, room, lag)| Scenario { model, user, room, lag })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn everything_that_opens_closes(scenario in scenarios()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let facts = runtime.block_on(play(&scenario));
        check_recovery(&facts);
    }
}

/// Plays a scenario to its end; gives its facts, after checking what can be checked on the way.
async fn play(scenario: &Scenario) -> Vec<Recorded> {
    let folder = tempfile::tempdir().unwrap();
    let (journals, id) = (Arc::new(MemoryJournals::default()), SessionId("s".into()));
    let host = host(scenario, &journals);
    let new = NewSession {
        cwd: AbsPath::new(folder.path()).unwrap(),
        roots: Vec::new(),
        model: Some(ModelName("m".into())),
        mode: Mode::Ask,
        buffers: Arc::new(NoBuffers),
    };
    let session = host.create(new).await.unwrap();
    if let Some(room) = scenario.room {
        journals.journal(&id).full_after(room);
    }
    let mut reader = session.reader(Seq(0));
    let lag = Duration::from_millis(scenario.lag);
    let watched = tokio::task::LocalSet::new();
    let seen = watched
        .run_until(async {
            let watching = tokio::task::spawn_local(async move {
                let mut seen = Vec::new();
                while let Some(updates) = reader.next().await {
                    seen.extend(updates);
                    tokio::time::sleep(lag).await;
                    let ended = seen.iter().any(|update| matches!(update, Update::Halted(_)));
                    let closed = seen.iter().rev().any(is_last);
                    if ended || closed {
                        break;
                    }
                }
                seen
            });
            for (number, (delay, does)) in scenario.user.iter().enumerate() {
                tokio::time::sleep(Duration::from_millis(*delay)).await;
                act(&session, number, does).await;
            }
            // The user leaves: whatever still runs is cancelled and must close by itself.
            let _halted = session.cancel().await;
            let resting = async {
                while session.state(|state| state.turn().is_some()) && session.recorder().halted().is_none() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), resting)
                .await
                .expect("a cancelled turn closes itself");
            let last = Command::Rename { title: LAST.into() };
            let _halted = session.send(last).await;
            tokio::time::timeout(Duration::from_secs(3_600), watching)
                .await
                .expect("the reader comes to the end")
                .unwrap()
        })
        .await;
    host.shutdown().await;
    if let Some(why) = session.recorder().halted() {
        let full = why.contains("failed to write the session's journal");
        assert!(full && scenario.room.is_some(), "halted: {why}");
    } else {
        check_closed(&session);
        check_shown(&seen);
        check_history(&session);
    }
    journals.journal(&id).facts()
}

const LAST: &str = "the last fact";

fn is_last(update: &Update) -> bool {
    matches!(update, Update::Fact(fact) if matches!(&*fact.event, Event::Titled { title, .. } if title == LAST))
}

async fn act(session: &Session, number: usize, does: &Does) {
    match does {
        Does::Prompts(deliver) => {
            let content = vec![Block::Text { text: format!("prompt {number}") }];
            let _halted = session.prompt(PromptId(format!("p{number}")), content, *deliver).await;
        }
        Does::Answers(how) => {
            let Some(open) = session.state(|state| state.questions().first().cloned()) else { return };
            let answer = open.ask.choices.iter().find_map(|choice| match (how, &choice.kind) {
                (How::Once, ChoiceKind::Once) => Some(Answer::Once),
                (How::Always, ChoiceKind::Always(grant)) => Some(Answer::Always(grant.clone())),
                (How::No, ChoiceKind::No) => Some(Answer::No { note: Some("no".into()) }),
                _ => None,
            });
            if let Some(answer) = answer {
                // An answer may be on its way already; whichever was first, no further one counts.
                let _on_its_way = session.answer(&open.id, answer.clone(), "user".into());
                assert!(session.answer(&open.id, answer, "late".into()).is_err(), "the first answer wins");
            }
        }
        Does::Cancels => drop(session.cancel().await),
        Does::Switches(mode) => {
            drop(session.send(Command::Configure { setting: Setting::Mode(*mode) }).await)
        }
        Does::TakesBack => {
            let waiting = session.state(|state| state.queue().front().map(|waiting| waiting.prompt.clone()));
            if let Some(prompt) = waiting {
                drop(session.send(Command::Unqueue { prompt }).await);
            }
        }
        Does::Waits => {}
    }
}

/// Nothing is open once nothing runs.
fn check_closed(session: &Session) {
    session.state(|state| {
        assert!(state.turn().is_none());
        assert!(state.open_calls().is_empty());
        assert!(state.questions().is_empty());
        assert!(state.queue().is_empty());
        assert!(state.closing().is_empty());
    });
}

/// What a reader was shown of a message, pieces joined, is the message.
fn check_shown(seen: &[Update]) {
    let mut shown: HashMap<String, String> = HashMap::new();
    let mut expected = Seq(1);
    for update in seen {
        match update {
            Update::Delta(Delta::Text { message, offset, text }) => {
                let all = shown.entry(message.0.clone()).or_default();
                assert_eq!(all.len(), *offset, "a hole in what is shown");
                all.push_str(text);
            }
            Update::Delta(Delta::Retrying { message, .. }) => drop(shown.remove(&message.0)),
            Update::Fact(fact) => {
                assert_eq!(fact.seq, expected, "a hole in the facts");
                expected = expected.next();
                if let Event::Replied { message, reply, .. } = &*fact.event {
                    assert_eq!(shown.remove(&message.0).unwrap_or_default(), reply.text());
                }
            }
            Update::Delta(_) | Update::Halted(_) => {}
        }
    }
}

/// Each call has one result, in the order of the calls, right behind its reply.
fn check_history(session: &Session) {
    let history = session.state(|state| state.history().to_vec());
    for pair in history.windows(2) {
        if let Message::Assistant(reply) = &pair[0] {
            let calls: Vec<_> = reply.calls().map(|call| call.id.clone()).collect();
            match &pair[1] {
                Message::Results(results) => {
                    assert_eq!(results.iter().map(|one| one.call.clone()).collect::<Vec<_>>(), calls);
                }
                Message::User(_) | Message::Assistant(_) => {
                    assert!(calls.is_empty(), "calls without results")
                }
            }
        }
    }
}

/// After any prefix of the facts, as after a crash there, the session opens and is closed.
fn check_recovery(facts: &[Recorded]) {
    for length in 1..=facts.len() {
        let journal = MemoryJournal::with(facts[..length].to_vec());
        let clock: quillon::engine::Clock = Arc::new(|| "later".to_owned());
        let recorder = Recorder::open(SessionId("s".into()), Box::new(journal.clone()), clock).unwrap();
        assert!(recorder.state(|state| state.closing().is_empty()));
        let mut folded = State::default();
        for fact in journal.facts() {
            folded.apply(fact.seq, &fact.at, &fact.event).unwrap();
        }
        assert_eq!(folded.seq(), recorder.state(State::seq));
        for result in recorder.state(|state| state.history().to_vec()) {
            if let Message::Results(results) = result {
                assert!(results.iter().all(|one| one.kind == ResultKind::Done || !one.text.is_empty()));
            }
        }
    }
}

fn host(scenario: &Scenario, journals: &Arc<MemoryJournals>) -> Arc<Host> {
    let model = Arc::new(RandomModel { steps: Mutex::new(scenario.model.clone()) });
    let tools: Vec<Arc<dyn Tool>> =
        vec![Arc::new(FakeTool::new("look", Effect::Reads)), Arc::new(FakeTool::new("act", Effect::Acts))];
    Host::new(Shared {
        toolbox: Arc::new(Toolbox::new(tools)),
        ids: Arc::new(|| SessionId("s".into())),
        ..shared(journals.clone(), model)
    })
}
