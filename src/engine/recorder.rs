//! `Recorder`: the one door: a fact is folded, journalled and shown, in that order, under one lock.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::event::{CallId, Event, MessageId, Seq, SessionId, ToolName};
use super::journal::{GivenUp, Journal, Recorded, SessionInfo};
use super::live::Live;
use super::reader::Reader;
use super::state::State;
use crate::limits;
use crate::path::AbsPath;
use crate::text::Hash;

/// Gives the time of a fact, as RFC 3339 in UTC.
pub type Clock = Arc<dyn Fn() -> String + Send + Sync>;

/// A session's facts, its state and its open step; shared by its task and its readers.
pub struct Recorder {
    session: SessionId,
    shared: Mutex<Shared>,
    /// Held while the journal is brought to the disk.
    settling: Mutex<()>,
    clock: Clock,
    /// Counts what can be read; woken for every delta.
    any: watch::Sender<u64>,
    /// Counts what must be read at once: facts, and much text.
    urgent: watch::Sender<u64>,
}

/// What the lock guards.
pub(super) struct Shared {
    pub(super) state: State,
    pub(super) journal: Box<dyn Journal>,
    /// The last facts, so that readers at the end need no disk.
    pub(super) recent: VecDeque<Recorded>,
    pub(super) live: Live,
    halted: Option<String>,
    hold: Hold,
    /// Whether something was appended since the last sync.
    dirty: bool,
}

/// Whether the session is still open here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It is.
    Open,
    /// It was closed in order; its readers come to their end without a word.
    GivenUp,
}

/// The session cannot record any more, so it does nothing any more; why, in words for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Halted(pub String);

impl Recorder {
    /// Opens a journal: folds its facts, and closes what is open as interrupted.
    pub fn open(session: SessionId, journal: Box<dyn Journal>, clock: Clock) -> Result<Arc<Self>, Halted> {
        let recorder = Self::follow(session, journal, clock)?;
        recorder.close_as_interrupted()?;
        Ok(recorder)
    }

    /// Opens a journal which another process writes: folds its facts and appends nothing.
    pub fn follow(session: SessionId, journal: Box<dyn Journal>, clock: Clock) -> Result<Arc<Self>, Halted> {
        let recorder = Self::unread(session, journal, clock);
        recorder.catch_up()?;
        Ok(Arc::new(recorder))
    }

    /// Goes on with the journal of a session which another process held: from here on it is written, what
    /// is open is closed as interrupted, and the readers hear of all that.
    pub fn take_over(&self, journal: Box<dyn Journal>) -> Result<(), Halted> {
        let followed = std::mem::replace(&mut self.lock().journal, journal);
        let taken = self.catch_up().and_then(|_| self.close_as_interrupted());
        if taken.is_err() {
            // Without the one that holds it, the session is free for others again.
            self.lock().journal = followed;
        }
        taken
    }

    fn close_as_interrupted(&self) -> Result<(), Halted> {
        let closing = self.state(State::closing);
        closing.into_iter().try_for_each(|event| self.record(event).map(drop))
    }

    /// Opens a journal to look at: folds what can be read of it, and appends nothing. Where that is not
    /// all, it is halted, and its readers hear why after the last fact before the damage.
    pub fn salvage(session: SessionId, journal: Box<dyn Journal>, clock: Clock) -> Arc<Self> {
        let recorder = Self::unread(session, journal, clock);
        if let Err(Halted(why)) = recorder.catch_up() {
            let mut shared = recorder.lock();
            let last = shared.state.seq().0;
            let damaged = format!("session {} is damaged after its fact {last}: {why}", recorder.session);
            shared.halted.get_or_insert(damaged);
        }
        Arc::new(recorder)
    }

    fn unread(session: SessionId, journal: Box<dyn Journal>, clock: Clock) -> Self {
        let shared = Shared {
            state: State::default(),
            journal,
            recent: VecDeque::new(),
            live: Live::default(),
            halted: None,
            hold: Hold::Open,
            dirty: false,
        };
        Self {
            session,
            shared: Mutex::new(shared),
            settling: Mutex::new(()),
            clock,
            any: watch::Sender::new(0),
            urgent: watch::Sender::new(0),
        }
    }

    /// Folds what another process has appended since; says whether there was anything.
    pub fn catch_up(&self) -> Result<bool, Halted> {
        let mut shared = self.lock();
        let mut found = false;
        loop {
            let after = shared.state.seq();
            let page = shared.journal.read(after, limits::FACTS_PER_PAGE_MAX);
            let page = page.map_err(|error| Halted(format!("failed to read the session: {error}")))?;
            if page.is_empty() {
                break;
            }
            found = true;
            for fact in page {
                let folded = shared.state.apply(fact.seq, &fact.at, &fact.event);
                folded.map_err(|error| Halted(format!("failed to read the session: {error}")))?;
                shared.remember(fact);
            }
        }
        drop(shared);
        if found {
            self.wake_now();
        }
        Ok(found)
    }

    /// Records a fact: folds it, appends it, wakes the readers. After the first failure the session
    /// is halted and nothing is recorded any more.
    pub fn record(&self, event: Event) -> Result<Seq, Halted> {
        self.record_from(|_| ((), event)).map(|((), seq)| seq)
    }

    /// Records a fact that is made from the state, with nothing in between; gives what `make` gave
    /// beside it.
    pub fn record_from<T>(&self, make: impl FnOnce(&State) -> (T, Event)) -> Result<(T, Seq), Halted> {
        let shared = self.lock();
        shared.may_record()?;
        let (beside, event) = make(&shared.state);
        self.append(shared, event).map(|seq| (beside, seq))
    }

    /// Records a fact if the state is so that there is one.
    pub fn record_if(&self, make: impl FnOnce(&State) -> Option<Event>) -> Result<Option<Seq>, Halted> {
        let shared = self.lock();
        shared.may_record()?;
        make(&shared.state).map(|event| self.append(shared, event)).transpose()
    }

    fn append(&self, mut shared: MutexGuard<'_, Shared>, event: Event) -> Result<Seq, Halted> {
        let seq = shared.state.seq().next();
        let fact = Recorded { seq, at: (self.clock)().into(), event: Arc::new(event) };
        if let Err(impossible) = shared.state.apply(seq, &fact.at, &fact.event) {
            debug_assert!(false, "{impossible}");
            return Err(
                self.halted_by(shared, format!("a fault in Quillon ended this session: {impossible}"))
            );
        }
        if let Err(error) = shared.journal.append(&fact) {
            return Err(self.halted_by(shared, format!("failed to write the session's journal: {error}")));
        }
        shared.dirty = true;
        shared.live.close(&fact.event);
        shared.remember(fact);
        drop(shared);
        self.wake_now();
        Ok(seq)
    }

    /// Ends the session's recording, for a reason that the user will read.
    pub fn halt(&self, why: String) {
        self.lock().halt(why);
        self.wake_now();
    }

    /// Gives the journal up: from here on the session can be opened anew or removed, although
    /// readers may still hold this one. They get what is in memory, then their end.
    pub fn give_up(&self) {
        let mut shared = self.lock();
        shared.halted.get_or_insert_with(|| "the session is closed".to_owned());
        shared.hold = Hold::GivenUp;
        shared.journal = Box::new(GivenUp);
        drop(shared);
        self.wake_now();
    }

    /// Whether the session is still open here.
    pub(super) fn hold(&self) -> Hold {
        self.lock().hold
    }

    /// Halts, and wakes the readers, which have to hear of it.
    fn halted_by(&self, mut shared: MutexGuard<'_, Shared>, why: String) -> Halted {
        let halted = shared.halt(why);
        drop(shared);
        self.wake_now();
        halted
    }

    /// Why nothing is recorded any more, if so.
    pub fn halted(&self) -> Option<String> {
        self.lock().halted.clone()
    }

    /// Shows a piece of the model's words.
    pub fn show_text(&self, message: &MessageId, text: &str) {
        self.show(|live| live.text(message, text));
    }

    /// Shows a piece of the model's thoughts.
    pub fn show_thought(&self, message: &MessageId, text: &str) {
        self.show(|live| live.thought(message, text));
    }

    /// Shows a piece of a call's input.
    pub fn show_input(&self, message: &MessageId, index: usize, tool: &ToolName, text: &str) {
        self.show(|live| live.input(message, index, tool, text));
    }

    /// Shows what a running command prints.
    pub fn show_output(&self, call: &CallId, text: &str) {
        self.show(|live| live.output(call, text));
    }

    /// Voids what was shown of this message.
    pub fn show_retry(&self, message: &MessageId, attempt: u32, wait_ms: u64, why: &str) {
        self.lock().live.retry(message, attempt, wait_ms, why);
        self.wake_now();
    }

    /// Shows that others changed these files.
    pub fn show_changed(&self, paths: Vec<AbsPath>) {
        self.lock().live.changed(paths);
        self.wake_now();
    }

    /// Wakes for every fact, and from time to time.
    pub(super) fn wakes(&self) -> watch::Receiver<u64> {
        self.urgent.subscribe()
    }

    /// Looks at the state.
    pub fn state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock().state)
    }

    /// The facts after `after`, at most `max` of them.
    pub fn facts(&self, after: Seq, max: usize) -> io::Result<Vec<Recorded>> {
        self.lock().facts(after, max)
    }

    /// Keeps bytes under their hash.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<Hash> {
        let hash = Hash::of(bytes);
        self.keep_as(&hash, bytes)?;
        Ok(hash)
    }

    /// Keeps bytes under their hash, where that is known.
    pub fn keep_as(&self, hash: &Hash, bytes: &[u8]) -> io::Result<()> {
        let mut shared = self.lock();
        shared.dirty = true;
        shared.journal.keep(hash, bytes)
    }

    /// Bytes kept before.
    pub fn fetch(&self, hash: &Hash) -> io::Result<Arc<[u8]>> {
        self.lock().journal.fetch(hash)
    }

    /// Whether these bytes are still kept.
    pub fn keeps(&self, hash: &Hash) -> bool {
        self.lock().journal.keeps(hash)
    }

    /// Where output too long for the model is kept, for it to read.
    pub fn log_path(&self, name: &str) -> Option<AbsPath> {
        self.lock().journal.log_path(name)
    }

    /// Makes all facts so far outlive the end of the machine, and writes the session's line for
    /// lists; what others began to settle is done as well when it returns. Blocks its thread for some
    /// milliseconds.
    pub fn settle(&self) -> io::Result<()> {
        let _one_after_another = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shared = self.lock();
        if !shared.dirty {
            return Ok(());
        }
        shared.dirty = false;
        let settle = shared.journal.settler(shared.info(&self.session));
        drop(shared);
        settle().inspect_err(|_| self.lock().dirty = true)
    }

    /// The session's line for lists; none before it is opened.
    pub fn info(&self) -> Option<SessionInfo> {
        self.lock().info(&self.session)
    }

    /// A reader of all that happens after this fact.
    pub fn reader(self: &Arc<Self>, after: Seq) -> Reader {
        Reader::new(self.clone(), after, self.any.subscribe(), self.urgent.subscribe())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, add: impl FnOnce(&mut Live) -> usize) {
        let shown = add(&mut self.lock().live);
        self.any.send_modify(|count| *count += 1);
        if shown >= limits::PROGRESS_JOINED_BYTES_MAX {
            self.lock().live.flushed();
            self.urgent.send_modify(|count| *count += 1);
        }
    }

    fn wake_now(&self) {
        self.any.send_modify(|count| *count += 1);
        self.urgent.send_modify(|count| *count += 1);
    }
}

impl Shared {
    pub(super) fn facts(&self, after: Seq, max: usize) -> io::Result<Vec<Recorded>> {
        match self.recent.front() {
            Some(first) if first.seq <= after.next() => {
                let skip = usize::try_from(after.next().0 - first.seq.0).unwrap_or(usize::MAX);
                Ok(self.recent.iter().skip(skip).take(max).cloned().collect())
            }
            // What follows a fact that cannot be, or comes from another process since, is not folded.
            Some(_) => self.journal.read(after, max).map(|mut facts| {
                facts.retain(|fact| fact.seq <= self.state.seq());
                facts
            }),
            None => Ok(Vec::new()),
        }
    }

    fn remember(&mut self, fact: Recorded) {
        if self.recent.len() >= limits::RECENT_FACTS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(fact);
    }

    fn may_record(&self) -> Result<(), Halted> {
        match &self.halted {
            Some(why) => Err(Halted(why.clone())),
            None => Ok(()),
        }
    }

    fn halt(&mut self, why: String) -> Halted {
        tracing::error!("{why}");
        self.halted.get_or_insert_with(|| why.clone());
        Halted(why)
    }

    fn info(&self, session: &SessionId) -> Option<SessionInfo> {
        let state = &self.state;
        Some(SessionInfo {
            id: session.clone(),
            title: state.title().to_owned(),
            cwd: state.cwd()?.clone(),
            created: state.created().to_string(),
            updated: state.updated().to_string(),
            turns: state.turns(),
            facts: state.seq().0,
        })
    }
}
