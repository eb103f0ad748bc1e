//! A command that runs, seen from the daemon: its output, its report, and the way to stop it.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use futures::future::BoxFuture;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin};
use tokio::sync::oneshot;

use super::family::{Family, Signal, Trace, pauses};
use super::keep::{End, Report, Rest, Status, Told, keep};
use super::order::{Note, Order, STOP};
use super::supervisor::ENTRY;
use crate::limits::{COMMAND_LOOK_PAUSE, COMMAND_STOP_WAIT};

/// A command that runs. Dropping it kills the command with all it started.
pub(super) struct Running {
    /// What it prints.
    pub(super) output: Box<dyn AsyncRead + Send + Unpin>,
    /// Comes when nothing of it is left. It must be polled for `stop` to be heard.
    pub(super) report: BoxFuture<'static, io::Result<Report>>,
    /// Tells it to end, with a chance to clean up.
    pub(super) stop: Option<oneshot::Sender<()>>,
}

/// The signal by which a process ends that can do nothing about it.
const KILLED: i32 = 9;

impl Running {
    /// Starts it under a supervisor, which is `program` started with the hidden argument.
    pub(super) fn supervised(program: &Path, order: &Order, trace: Trace) -> io::Result<Self> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        let mut command = tokio::process::Command::new(program);
        #[cfg(unix)]
        command.arg0(env!("CARGO_PKG_NAME"));
        let mut child = command
            .arg(ENTRY)
            .env_clear()
            .current_dir(std::path::MAIN_SEPARATOR_STR)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(control), Some(output), Some(notes)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the supervisor has no pipes"));
        };
        let (stop, stopped) = oneshot::channel();
        let supervisor = Supervisor { child: Some(child), trace, shell: None };
        let report = supervisor.report(line, control, notes, stopped);
        Ok(Self { output: Box::new(output), report: Box::pin(report), stop: Some(stop) })
    }

    /// Starts it directly, with threads of the daemon as keepers.
    pub(super) fn direct(order: &Order, trace: Trace) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        // The command value holds the writer, and must go before the reader can see an end.
        let mut child = order.command().stdout(writer.try_clone()?).stderr(writer).spawn()?;
        let family = Family { group: child.id(), trace };
        let (tell, told) = mpsc::channel();
        let (sender, report) = oneshot::channel();
        let keeper = Keeper { family: family.clone(), tell: tell.clone(), report };
        std::thread::spawn(move || {
            let ended =
                child.wait().map(|status| Told::Ended { status: status_of(status), rest: Rest::Unknown });
            let _ = tell.send(ended.unwrap_or(Told::Gone));
        });
        std::thread::spawn(move || {
            let _ = sender.send(keep(&family, &told));
        });
        let (stop, stopped) = oneshot::channel();
        let report = Box::pin(keeper.report(stopped));
        Ok(Self { output: output(reader)?, report, stop: Some(stop) })
    }
}

#[cfg(unix)]
fn output(reader: io::PipeReader) -> io::Result<Box<dyn AsyncRead + Send + Unpin>> {
    Ok(Box::new(tokio::net::unix::pipe::Receiver::from_owned_fd(reader.into())?))
}

/// On Windows a read waits on a thread of its own, until the last process that holds the pipe ends.
#[cfg(not(unix))]
fn output(reader: io::PipeReader) -> io::Result<Box<dyn AsyncRead + Send + Unpin>> {
    let handle = std::os::windows::io::OwnedHandle::from(reader);
    Ok(Box::new(tokio::fs::File::from_std(handle.into())))
}

/// A supervisor at work. Dropping it closes the pipe that it watches.
struct Supervisor {
    /// There until it is dropped.
    child: Option<Child>,
    trace: Trace,
    /// The shell, while the supervisor has not said that it is gone.
    shell: Option<u32>,
}

impl Supervisor {
    async fn report(
        mut self,
        order: Vec<u8>,
        mut control: ChildStdin,
        notes: ChildStderr,
        mut stopped: oneshot::Receiver<()>,
    ) -> io::Result<Report> {
        // A supervisor that is not there to read it has said, or shows by its end, why.
        let _ = control.write_all(&order).await;
        let mut notes = BufReader::new(notes).lines();
        let (mut heard, mut stopping) = (false, false);
        let mut wakes = tokio::time::interval(COMMAND_LOOK_PAUSE[1]);
        loop {
            let note = tokio::select! {
                note = notes.next_line() => note.unwrap_or_default(),
                told = &mut stopped, if !heard => {
                    heard = true;
                    if told.is_ok() {
                        stopping = true;
                        let _ = control.write_all(&[STOP]).await;
                    }
                    continue;
                }
                // A command can put its supervisor to sleep at any moment, also after it was told to end.
                _ = wakes.tick(), if stopping => {
                    wake(&self.child);
                    continue;
                }
            };
            let Some(note) = note else { break };
            match serde_json::from_str(&note) {
                Ok(Note::Started(shell)) => self.shell = Some(shell),
                Ok(Note::Failed(failure)) => return Err(failure.into()),
                Ok(Note::Ended(report)) => {
                    self.shell = None;
                    self.ended().await?;
                    return Ok(report);
                }
                Err(_) => return Err(io::Error::other(format!("the supervisor failed: {note}"))),
            }
        }
        self.lost().await
    }

    /// The supervisor ended without a word: the command killed it. What it would have done is done
    /// here.
    async fn lost(&mut self) -> io::Result<Report> {
        let own = self.child.as_ref().and_then(Child::id);
        let status = self.ended().await?;
        // Ended by a signal before it could name the shell: the command was quicker, and has its mark.
        let unnamed = || own.filter(|_| status.code().is_none()).map(|own| self.family_of(own));
        let Some(family) = self.family().or_else(unnamed) else {
            return Err(io::Error::other(format!("the supervisor of the command ended: {status}")));
        };
        self.shell = None;
        let end = move || {
            let left_behind = family.described();
            family.kill();
            left_behind
        };
        let left_behind = tokio::task::spawn_blocking(end).await.map_err(io::Error::other)?;
        Ok(Report { status: Status::Signal(KILLED), end: End::Itself, left_behind })
    }

    async fn ended(&mut self) -> io::Result<ExitStatus> {
        match &mut self.child {
            Some(child) => child.wait().await,
            None => Err(io::Error::other("the supervisor is given up")),
        }
    }

    fn family(&self) -> Option<Family> {
        self.shell.map(|shell| self.family_of(shell))
    }

    fn family_of(&self, group: u32) -> Family {
        Family { group, trace: self.trace.clone() }
    }
}

impl Drop for Supervisor {
    /// A living supervisor sees its pipe close and kills; in place of a dead one we do.
    fn drop(&mut self) {
        let family = self.family();
        let Some(mut child) = self.child.take() else { return };
        match child.try_wait() {
            Ok(Some(_)) => family.iter().for_each(|family| family.signal(Signal::Kill)),
            Ok(None) | Err(_) => {
                std::thread::spawn(move || see_off(child, family.as_ref()));
            }
        }
    }
}

/// Stands by a supervisor whose pipe is closed until it has ended: the command may put it to sleep before
/// it comes to kill.
fn see_off(child: Child, family: Option<&Family>) {
    let until = Instant::now() + COMMAND_STOP_WAIT;
    let mut child = Some(child);
    for pause in pauses() {
        let status = child.as_mut().map(Child::try_wait);
        match status {
            // It has killed the rest before it ended by itself.
            Some(Ok(Some(status))) if status.code().is_some() => return,
            Some(Ok(None)) if Instant::now() < until => wake(&child),
            _ => break,
        }
        std::thread::sleep(pause);
    }
    if let Some(child) = &mut child {
        let _ = child.start_kill();
    }
    if let Some(family) = family {
        family.kill();
    }
}

/// A command may have put its supervisor to sleep.
fn wake(supervisor: &Option<Child>) {
    #[cfg(unix)]
    if let Some(pid) = supervisor.as_ref().and_then(Child::id)
        && let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed())
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::CONT);
    }
    #[cfg(not(unix))]
    let _ = supervisor;
}

/// A keeper on a thread of ours.
struct Keeper {
    family: Family,
    tell: mpsc::Sender<Told>,
    report: oneshot::Receiver<Option<Report>>,
}

impl Keeper {
    async fn report(mut self, mut stopped: oneshot::Receiver<()>) -> io::Result<Report> {
        let mut heard = false;
        loop {
            tokio::select! {
                report = &mut self.report => {
                    let report = report.ok().flatten();
                    return report.ok_or_else(|| io::Error::other("lost sight of the command"));
                }
                told = &mut stopped, if !heard => {
                    heard = true;
                    if told.is_ok() {
                        let _ = self.tell.send(Told::Stop);
                    }
                }
            }
        }
    }
}

impl Drop for Keeper {
    /// Kills at once where the end was not reported; the keeper sees to what starts meanwhile.
    fn drop(&mut self) {
        if self.tell.send(Told::Gone).is_ok() {
            self.family.signal(Signal::Kill);
        }
    }
}

fn status_of(status: ExitStatus) -> Status {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Status::Signal(signal);
    }
    Status::Code(status.code().unwrap_or(KILLED))
}
