//! `Reader`: one subscriber's position in a session; it reads on from there and meets no hole.
//!
//! Progress is read, not queued: a slow reader gets larger pieces later and costs no memory. Before
//! a `Replied` fact the reader has been given all words and thoughts in it, in order.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::event::{Delta, Event, MessageId, Reply, ReplyBlock, Seq};
use super::journal::Recorded;
use super::live::Position;
use super::recorder::{Halted, Hold, Recorder};
use crate::limits;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// A fact.
    Fact(Recorded),
    /// Progress.
    Delta(Delta),
    /// Nothing will follow: the session cannot record any more; why.
    Halted(String),
}

/// A subscriber's place.
pub struct Reader {
    recorder: Arc<Recorder>,
    after: Seq,
    position: Position,
    any: watch::Receiver<u64>,
    urgent: watch::Receiver<u64>,
    /// When progress was last handed out.
    shown: Option<Instant>,
    ended: bool,
}

impl Reader {
    pub(super) fn new(
        recorder: Arc<Recorder>,
        after: Seq,
        any: watch::Receiver<u64>,
        urgent: watch::Receiver<u64>,
    ) -> Self {
        let position = recorder.lock().live.begin();
        Self { recorder, after, position, any, urgent, shown: None, ended: false }
    }

    /// The number of the last fact that was handed out.
    pub fn after(&self) -> Seq {
        self.after
    }

    /// What happened since the last call, at least one thing; waits for it. The first progress
    /// after a pause or a fact comes at once, then pieces are joined for `limits::PROGRESS_JOINED`; a
    /// fact ends the wait. Nothing is lost when the future is dropped.
    ///
    /// None: the session is over and everything was handed out.
    pub async fn next(&mut self) -> Option<Vec<Update>> {
        if self.ended {
            return None;
        }
        loop {
            self.any.mark_unchanged();
            self.urgent.mark_unchanged();
            let updates = self.read();
            if !updates.is_empty() {
                return Some(updates);
            }
            if self.ended {
                return None;
            }
            self.any.changed().await.ok()?;
            if let Some(joined_until) = self.shown.map(|at| at + limits::PROGRESS_JOINED) {
                let wait = tokio::time::timeout_at(joined_until, self.urgent.changed());
                let _more_may_come = wait.await;
            }
        }
    }

    /// What happened since the last call, without waiting.
    pub fn read(&mut self) -> Vec<Update> {
        let recorder = self.recorder.clone();
        let shared = recorder.lock();
        let facts = match shared.facts(self.after, limits::FACTS_PER_PAGE_MAX) {
            Ok(facts) => facts,
            Err(error) => {
                self.ended = true;
                return vec![Update::Halted(format!("failed to read the session: {error}"))];
            }
        };
        if !facts.is_empty() {
            self.shown = None;
        }
        let mut updates = Vec::new();
        for fact in facts {
            self.after = fact.seq;
            match &*fact.event {
                Event::Replied { message, reply, .. } => {
                    let void = shared.live.missed_retry(message, &mut self.position);
                    updates.extend(void.map(Update::Delta));
                    self.rest(message, reply, &mut updates);
                }
                Event::CallEnded { call, .. } => self.position.forget(call),
                _ => {}
            }
            updates.push(Update::Fact(fact));
        }
        if self.after == shared.state.seq() {
            let deltas = shared.live.read(&mut self.position);
            if !deltas.is_empty() {
                self.shown = Some(Instant::now());
            }
            updates.extend(deltas.into_iter().map(Update::Delta));
        }
        drop(shared);
        if updates.is_empty()
            && let Some(why) = recorder.halted()
        {
            self.ended = true;
            match recorder.hold() {
                Hold::Open => updates.push(Update::Halted(why)),
                Hold::GivenUp => {}
            }
        }
        updates
    }

    /// The words and thoughts of a reply which this reader has not been given.
    fn rest(&mut self, message: &MessageId, reply: &Reply, updates: &mut Vec<Update>) {
        let (text_read, thought_read) = self.position.read_of(message);
        let (mut text_at, mut thought_at) = (0, 0);
        for block in &reply.blocks {
            match block {
                ReplyBlock::Text { text } => {
                    if let Some((offset, text)) = unread(text, &mut text_at, text_read) {
                        updates.push(Update::Delta(Delta::Text { message: message.clone(), offset, text }));
                    }
                }
                ReplyBlock::Thought { text, .. } => {
                    if let Some((offset, text)) = unread(text, &mut thought_at, thought_read) {
                        updates.push(Update::Delta(Delta::Thought {
                            message: message.clone(),
                            offset,
                            text,
                        }));
                    }
                }
                ReplyBlock::Call { .. } | ReplyBlock::Opaque { .. } => {}
            }
        }
    }
}

/// The part of `text`, which begins at byte `at` of the whole, that lies behind byte `read`.
fn unread(text: &str, at: &mut usize, read: usize) -> Option<(usize, String)> {
    let begin = *at;
    *at += text.len();
    let skip = read.saturating_sub(begin);
    let piece = text.get(skip..)?;
    (!piece.is_empty()).then(|| (begin + skip, piece.to_owned()))
}

/// A reader of a session that cannot record any more gives its reason at once.
impl From<Halted> for Update {
    fn from(halted: Halted) -> Self {
        Self::Halted(halted.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::{Event, Mode, ModelName, PromptId, SessionId, ToolName, TurnId};
    use super::super::journal::MemoryJournal;
    use super::*;
    use crate::path::AbsPath;

    fn recorder() -> (Arc<Recorder>, MessageId) {
        let clock: super::super::Clock = Arc::new(|| "now".to_owned());
        let recorder =
            Recorder::open(SessionId("s".into()), Box::new(MemoryJournal::default()), clock).unwrap();
        let cwd = AbsPath::new("/w").unwrap();
        let opened =
            Event::Opened { roots: vec![cwd.clone()], cwd, model: ModelName("m".into()), mode: Mode::Ask };
        recorder.record(opened).unwrap();
        let (turn, prompt) = (TurnId("t1".into()), PromptId("p".into()));
        recorder.record(Event::TurnStarted { turn, prompt, content: Vec::new() }).unwrap();
        (recorder, MessageId("t1.1".into()))
    }

    fn replied(recorder: &Recorder, message: &MessageId, text: &str) {
        let blocks = vec![ReplyBlock::Text { text: text.into() }];
        let reply = Arc::new(Reply { blocks, ..Reply::default() });
        recorder.record(Event::Replied { message: message.clone(), reply, sent: Vec::new() }).unwrap();
    }

    fn deltas(reader: &mut Reader) -> Vec<Delta> {
        let updates = reader.read().into_iter();
        updates
            .filter_map(|update| if let Update::Delta(delta) = update { Some(delta) } else { None })
            .collect()
    }

    #[test]
    fn a_reader_that_lags_hears_what_became_void() {
        let (recorder, message) = recorder();
        let mut reader = recorder.reader(Seq(0));
        recorder.show_text(&message, "half");
        reader.read();
        recorder.show_retry(&message, 2, 1_000, "it broke off");
        recorder.show_text(&message, "whole");
        replied(&recorder, &message, "whole");
        let text = Delta::Text { message: message.clone(), offset: 0, text: "whole".into() };
        let why = "it broke off".to_owned();
        assert_eq!(deltas(&mut reader), [Delta::Retrying { message, attempt: 2, wait_ms: 1_000, why }, text]);
    }

    #[test]
    fn a_call_begins_once_and_nothing_is_said_twice() {
        let (recorder, message) = recorder();
        let mut reader = recorder.reader(Seq(0));
        recorder.show_text(&message, "");
        recorder.show_input(&message, 0, &ToolName("read".into()), "");
        let begun =
            Delta::CallInput { message: message.clone(), index: 0, tool: "read".into(), text: String::new() };
        assert_eq!(deltas(&mut reader), [begun]);
        assert_eq!(deltas(&mut reader), []);
        recorder.show_input(&message, 0, &ToolName("read".into()), "{}");
        assert_eq!(deltas(&mut reader).len(), 1);
        assert_eq!(deltas(&mut reader), []);
    }

    #[test]
    fn a_change_by_others_is_told_once_however_late() {
        let (recorder, _) = recorder();
        let path = |name: &str| AbsPath::new(format!("/w/{name}")).unwrap();
        recorder.show_changed(vec![path("old")]);
        let mut reader = recorder.reader(Seq(0));
        for name in ["b", "a", "b"] {
            recorder.show_changed(vec![path(name)]);
        }
        assert_eq!(
            deltas(&mut reader),
            [Delta::Changed { path: path("a") }, Delta::Changed { path: path("b") }]
        );
        assert_eq!(deltas(&mut reader), []);
        recorder.show_changed(vec![path("b")]);
        assert_eq!(deltas(&mut reader), [Delta::Changed { path: path("b") }]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_begins_to_be_shown_at_once_and_is_joined_from_then_on() {
        let (recorder, message) = recorder();
        let mut reader = recorder.reader(Seq(0));
        reader.read();
        let begin = Instant::now();
        let next = MessageId("t1.2".into());
        let shown = async |reader: &mut Reader, message: &MessageId, piece: &str| {
            let (updates, ()) = tokio::join!(reader.next(), async { recorder.show_text(message, piece) });
            assert!(matches!(&updates.unwrap()[..], [Update::Delta(Delta::Text { .. })]));
        };
        shown(&mut reader, &message, "one ").await;
        replied(&recorder, &message, "one ");
        reader.next().await.unwrap();
        shown(&mut reader, &next, "two ").await;
        assert_eq!(begin.elapsed(), std::time::Duration::ZERO, "also shortly after the words before");
        shown(&mut reader, &next, "three").await;
        assert!(begin.elapsed() >= limits::PROGRESS_JOINED);
    }

    #[test]
    fn a_message_is_whole_for_who_comes_late() {
        let (recorder, message) = recorder();
        recorder.show_text(&message, "one ");
        let mut late = recorder.reader(Seq(0));
        let text = |offset, text: &str| Delta::Text { message: message.clone(), offset, text: text.into() };
        assert_eq!(deltas(&mut late), [text(0, "one ")]);
        recorder.show_text(&message, "two");
        replied(&recorder, &message, "one two");
        assert_eq!(deltas(&mut late), [text(4, "two")]);
        assert_eq!(deltas(&mut recorder.reader(Seq(0))), [text(0, "one two")]);
    }
}
