//! Stands by one running command until nothing of it is left: the rules of ending, for the
//! supervisor and for the daemon alike. It blocks its thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::family::{Family, Signal, pauses};
use crate::limits::{COMMAND_KILL_WAIT, COMMAND_STRAGGLER_WAIT, COMMAND_TERM_WAIT};

/// What a keeper hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The shell has ended.
    Ended {
        /// How.
        status: Status,
        /// Whether it is known that nothing else is left.
        rest: Rest,
    },
    /// The command is to end, with a chance to clean up.
    Stop,
    /// Whoever wanted the command is gone.
    Gone,
}

/// How a shell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Status {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// What is known of the other processes of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// There are none.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Linux alone lets a process know"))]
    Nobody,
    /// There may be some.
    Unknown,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// How the shell ended.
    pub(super) status: Status,
    /// Whether it was told to end before that.
    pub(super) end: End,
    /// What had to be ended after the shell's own end.
    pub(super) left_behind: Vec<String>,
}

/// Why a shell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum End {
    /// It had nothing more to do, or something in it went wrong.
    Itself,
    /// It was told to.
    Stopped,
}

/// Waits for the end of the command, and ends it when it is told to. Whatever happens, nothing of
/// the command is left when this returns, as far as it can be found and killed.
///
/// There is no report when nobody wants one any more.
pub(super) fn keep(family: &Family, told: &Receiver<Told>) -> Option<Report> {
    let kept = shell(family, told).and_then(|(status, rest, stopping)| {
        let (end, left_behind) = match (stopping, rest) {
            (None, Rest::Nobody) => (End::Itself, Vec::new()),
            (None, Rest::Unknown) => (End::Itself, stragglers(family, told)?),
            (Some(_), Rest::Nobody) => (End::Stopped, Vec::new()),
            (Some(until), Rest::Unknown) => {
                wait(family, told, until)?;
                family.kill();
                (End::Stopped, Vec::new())
            }
        };
        Some(Report { status, end, left_behind })
    });
    if kept.is_none() {
        family.kill();
    }
    kept
}

/// Until the shell ends. The last part is when the rest must be gone, if it was told to end.
fn shell(family: &Family, told: &Receiver<Told>) -> Option<(Status, Rest, Option<Instant>)> {
    let mut stopping: Option<Instant> = None;
    loop {
        match next(told, stopping) {
            Ok(Told::Ended { status, rest }) => return Some((status, rest, stopping)),
            Ok(Told::Stop) => {
                family.signal(Signal::Term);
                stopping = Some(Instant::now() + COMMAND_TERM_WAIT);
            }
            Ok(Told::Gone) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                family.signal(Signal::Kill);
                stopping = Some(Instant::now() + COMMAND_KILL_WAIT);
            }
        }
    }
}

/// What outlives the shell may end by itself for a while; then it is named and ended.
fn stragglers(family: &Family, told: &Receiver<Told>) -> Option<Vec<String>> {
    if wait(family, told, Instant::now() + COMMAND_STRAGGLER_WAIT)? == Waited::Gone {
        return Some(Vec::new());
    }
    let left_behind = family.described();
    family.signal(Signal::Term);
    wait(family, told, Instant::now() + COMMAND_TERM_WAIT)?;
    family.kill();
    Some(left_behind)
}

#[derive(Debug, PartialEq, Eq)]
enum Waited {
    Gone,
    InVain,
}

/// Waits until all of it is gone, the time is over, or it is told to hurry.
fn wait(family: &Family, told: &Receiver<Told>, until: Instant) -> Option<Waited> {
    for pause in pauses() {
        if family.members().is_empty() {
            return Some(Waited::Gone);
        }
        if Instant::now() >= until {
            break;
        }
        match told.recv_timeout(pause) {
            Ok(Told::Stop) => break,
            Ok(Told::Gone) | Err(RecvTimeoutError::Disconnected) => return None,
            Ok(Told::Ended { .. }) | Err(RecvTimeoutError::Timeout) => {}
        }
    }
    Some(Waited::InVain)
}

fn next(told: &Receiver<Told>, until: Option<Instant>) -> Result<Told, RecvTimeoutError> {
    match until {
        Some(until) => told.recv_timeout(until.saturating_duration_since(Instant::now())),
        None => told.recv().map_err(RecvTimeoutError::from),
    }
}
