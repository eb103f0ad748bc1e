//! The processes of one command, how they are found, and how they are ended.

use std::time::{Duration, Instant};

use crate::limits::{COMMAND_KILL_WAIT, COMMAND_LEFT_CHARS_MAX, COMMAND_LEFT_NAMED_MAX, COMMAND_LOOK_PAUSE};

/// How the processes of one command are known.
///
/// Its group holds all that the shell started, except what moved to another group or session.
/// Those are found as descendants of the supervisor, to which orphans come, or, without one, by a
/// variable that the command was started with (on Linux).
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// The shell's process group, which has the shell's number.
    pub(super) group: u32,
    /// What else is looked for.
    pub(super) trace: Trace,
}

/// How processes outside the group are found.
#[derive(Debug, Clone)]
#[cfg_attr(not(unix), expect(dead_code, reason = "`taskkill` finds them by itself"))]
pub(super) enum Trace {
    /// They descend from this process.
    Ancestor(u32),
    /// They have this text in their environment, `NAME=value`.
    Variable(String),
}

/// How hard a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// It may clean up.
    Term,
    /// It may not.
    Kill,
}

/// What was left of a command, described for people.
pub(super) fn describe(pids: &[u32], command_line: impl Fn(u32) -> Option<String>) -> Vec<String> {
    let mut described: Vec<String> = Vec::new();
    let mut unnamed = 0;
    for pid in pids {
        let Some(line) = command_line(*pid) else { continue };
        if described.len() == COMMAND_LEFT_NAMED_MAX {
            unnamed += 1;
            continue;
        }
        let mut line: String = line.chars().map(|each| if each.is_control() { ' ' } else { each }).collect();
        if let Some((cut, _)) = line.char_indices().nth(COMMAND_LEFT_CHARS_MAX) {
            line.truncate(cut);
            line.push('…');
        }
        described.push(format!("{pid} {line}"));
    }
    if unnamed > 0 {
        described.push(format!("and {unnamed} more"));
    }
    described
}

impl Family {
    /// Kills all of it and waits until it is gone, as long as [`COMMAND_KILL_WAIT`]. What starts
    /// meanwhile is killed too.
    pub(super) fn kill(&self) {
        let until = Instant::now() + COMMAND_KILL_WAIT;
        for pause in pauses() {
            self.signal(Signal::Kill);
            if self.members().is_empty() || Instant::now() >= until {
                return;
            }
            std::thread::sleep(pause);
        }
    }
}

/// The pauses between looks: doubled each time, up to a bound, for ever.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    let [first, longest] = COMMAND_LOOK_PAUSE;
    std::iter::successors(Some(first), move |pause| Some((*pause * 2).min(longest)))
}

#[cfg(unix)]
impl Family {
    /// The processes that have not ended.
    pub(super) fn members(&self) -> Vec<u32> {
        let rows = table::rows();
        let mut members = match &self.trace {
            Trace::Ancestor(ancestor) => descendants(*ancestor, &rows),
            Trace::Variable(variable) => {
                let ours = std::process::id();
                let marked = |row: &&Row| row.pid != ours && table::has_variable(row.pid, variable);
                rows.iter().filter(marked).map(|row| row.pid).collect()
            }
        };
        members.extend(rows.iter().filter(|row| row.group == self.group).map(|row| row.pid));
        members.sort_unstable();
        members.dedup();
        members
    }

    /// What the members are, for people.
    pub(super) fn described(&self) -> Vec<String> {
        describe(&self.members(), table::command_line)
    }

    /// Sends a signal to all of it. The group gets it at once, so that it cannot fork away from it.
    pub(super) fn signal(&self, signal: Signal) {
        let signal = match signal {
            Signal::Term => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        // Whoever is gone by now has what it was to get.
        if let Some(group) = pid_of(self.group) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
        let outside = |pid: &u32| {
            pid_of(*pid).and_then(|pid| rustix::process::getpgid(Some(pid)).ok()) != pid_of(self.group)
        };
        for pid in self.members().into_iter().filter(outside) {
            if let Some(pid) = pid_of(pid) {
                let _ = rustix::process::kill_process(pid, signal);
            }
        }
    }
}

#[cfg(unix)]
use super::table::{self, Row};

/// 0 and 1 are nobody's child; a signal to group 1 would go to everybody.
#[cfg(unix)]
fn pid_of(pid: u32) -> Option<rustix::process::Pid> {
    (pid > 1).then(|| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)).flatten()
}

#[cfg(unix)]
fn descendants(ancestor: u32, rows: &[Row]) -> Vec<u32> {
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = rows.iter().filter(|row| row.parent == parent).map(|row| row.pid);
        let fresh: Vec<u32> = children.filter(|pid| !found.contains(pid)).collect();
        found.extend(fresh);
        next += 1;
    }
    found.split_off(1)
}

/// Windows has no groups of this kind; `taskkill` ends a process with those it started, as far as
/// their parents live. What is left is not known.
#[cfg(not(unix))]
impl Family {
    pub(super) fn members(&self) -> Vec<u32> {
        let _ = &self.trace;
        Vec::new()
    }

    pub(super) fn described(&self) -> Vec<String> {
        describe(&self.members(), |_| None)
    }

    pub(super) fn signal(&self, signal: Signal) {
        let group = self.group.to_string();
        match signal {
            // There is no way to ask a console program without a console of its own.
            Signal::Term | Signal::Kill => {
                let arguments = ["/PID", &group, "/T", "/F"];
                let null = std::process::Stdio::null;
                let _ = std::process::Command::new("taskkill")
                    .args(arguments)
                    .stdin(null())
                    .stdout(null())
                    .stderr(null())
                    .status();
            }
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_of_all_generations_and_nobody_else() {
        let row = |pid, parent| Row { pid, parent, group: 0 };
        let rows = [row(1, 0), row(2, 1), row(9, 3), row(3, 2), row(4, 2), row(5, 1), row(6, 5)];
        let mut found = descendants(2, &rows);
        found.sort_unstable();
        assert_eq!(found, [3, 4, 9]);
        assert_eq!(descendants(9, &rows), [] as [u32; 0]);
        // A table read while processes change places need not be a tree.
        assert_eq!(descendants(7, &[row(8, 7), row(7, 8)]), [8]);
    }

    #[test]
    fn descriptions_are_short_and_few() {
        let line = |pid| match pid {
            3 => None,
            4 => Some("a\nb \u{1b}[1m".into()),
            5 => Some("x".repeat(500)),
            _ => Some(format!("sleep {pid}")),
        };
        let described = describe(&[2, 3, 4, 5], line);
        assert_eq!(described[..2], ["2 sleep 2", "4 a b  [1m"]);
        assert_eq!(described[2].chars().count(), 2 + COMMAND_LEFT_CHARS_MAX + 1);
        let many: Vec<u32> = (100..150).collect();
        let described = describe(&many, line);
        assert_eq!(described.len(), COMMAND_LEFT_NAMED_MAX + 1);
        assert_eq!(described.last().unwrap(), "and 34 more");
    }

    #[test]
    fn nobody_and_everybody_get_no_signal() {
        assert_eq!((pid_of(0), pid_of(1)), (None, None));
        assert!(pid_of(2).is_some() && pid_of(u32::MAX).is_none());
    }
}
