//! The program in its second role: a supervisor, started for one command, that outlives the daemon
//! just long enough to end what the command started.
//!
//! It reads the order from its standard input, which only the daemon holds the other end of: when
//! that ends, however the daemon came to its end, everything is killed. Its standard output is the
//! command's; its notes go to its standard error. It leads a session of its own, so that commands
//! have no terminal to ask questions on, and on Linux it adopts what loses its parent: whatever a
//! command starts, also in another session, stays below it and is found. A command that kills its
//! supervisor is the daemon's to end.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The hidden first argument that makes the program a supervisor.
pub(super) const ENTRY: &str = "__supervise";

static ABLE: AtomicBool = AtomicBool::new(false);

/// The first thing that `main` calls, with all arguments, before any thread is started: where this
/// process is a supervisor, everything is done when it returns, and the exit status is in it.
/// Otherwise commands get supervisors from here on, which are this program started again.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if arguments.nth(1).is_some_and(|argument| argument == ENTRY) {
        return Some(supervise());
    }
    ABLE.store(cfg!(unix), Ordering::Relaxed);
    None
}

/// Whether this program, started again, can be a supervisor: it calls [`main`].
pub(super) fn is_able() -> bool {
    ABLE.load(Ordering::Relaxed)
}

#[cfg(not(unix))]
fn supervise() -> ExitCode {
    ExitCode::FAILURE
}

#[cfg(unix)]
use unix::supervise;

#[cfg(unix)]
mod unix {
    use std::fs::OpenOptions;
    use std::io::{self, BufRead, Read, Write};
    use std::os::fd::AsFd;
    use std::process::{ExitCode, Stdio};
    use std::sync::mpsc::{Sender, channel};

    use rustix::io::Errno;
    use rustix::process::{Pid, WaitOptions, WaitStatus, setsid, wait};

    use super::super::family::{Family, Trace};
    use super::super::keep::{Rest, Status, Told, keep};
    use super::super::order::{Failure, Note, Order, STOP};

    pub(super) fn supervise() -> ExitCode {
        // A group leader cannot lead a new session; then it is alone in its group already.
        let _ = setsid();
        match keep_one() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tell(&Note::Failed(Failure::from(&error)));
                ExitCode::FAILURE
            }
        }
    }

    fn keep_one() -> io::Result<()> {
        // A command may put us to sleep; whoever would wake us wakes us by its end, too.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::CONT));
        let childless = adopt();
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        let order: Order = serde_json::from_str(&line)?;
        let shell = start(&order)?;
        tell(&Note::Started(shell));
        let family = Family { group: shell, trace: Trace::Ancestor(std::process::id()) };
        let (sender, told) = channel();
        let control = sender.clone();
        std::thread::spawn(move || listen(&control));
        std::thread::spawn(move || reap(shell, childless, &sender));
        if let Some(report) = keep(&family, &told) {
            tell(&Note::Ended(report));
        }
        Ok(())
    }

    /// Asks the kernel to give us the orphans of our descendants. What it means for them that we
    /// have no children left depends on whether it does.
    fn adopt() -> Rest {
        #[cfg(target_os = "linux")]
        if rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok() {
            return Rest::Nobody;
        }
        Rest::Unknown
    }

    /// Starts the shell on our standard output, and lets go of it.
    fn start(order: &Order) -> io::Result<u32> {
        let output = || io::stdout().as_fd().try_clone_to_owned().map(Stdio::from);
        let shell = order.command().stdout(output()?).stderr(output()?).spawn()?;
        let null = OpenOptions::new().write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdout(&null)?;
        Ok(shell.id())
    }

    /// Tells what the daemon says, and that it is gone.
    fn listen(sender: &Sender<Told>) {
        let mut byte = [0];
        while io::stdin().lock().read_exact(&mut byte).is_ok() {
            if byte[0] == STOP && sender.send(Told::Stop).is_err() {
                return;
            }
        }
        let _ = sender.send(Told::Gone);
    }

    /// Takes note of every child's end, and tells that of the shell.
    fn reap(shell: u32, childless: Rest, sender: &Sender<Told>) {
        let shell = i32::try_from(shell).ok().and_then(Pid::from_raw);
        let mut status = None;
        loop {
            let patience = match status {
                None => WaitOptions::empty(),
                // With the shell's end in hand, only those that have ended too are awaited.
                Some(_) => WaitOptions::NOHANG,
            };
            match wait(patience) {
                Ok(Some((pid, ended))) if Some(pid) == shell => status = Some(status_of(ended)),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break finish(status, Rest::Unknown, sender),
                Err(_) => return finish(status, childless, sender),
            }
        }
        while !matches!(wait(WaitOptions::empty()), Err(Errno::CHILD)) {}
    }

    fn finish(status: Option<Status>, rest: Rest, sender: &Sender<Told>) {
        if let Some(status) = status {
            let _ = sender.send(Told::Ended { status, rest });
        }
    }

    fn status_of(ended: WaitStatus) -> Status {
        match (ended.exit_status(), ended.terminating_signal()) {
            (Some(code), _) => Status::Code(code),
            (None, Some(signal)) => Status::Signal(signal),
            (None, None) => Status::Code(ended.as_raw()),
        }
    }

    /// One line, one write; if nobody is there to read it, nobody misses it.
    fn tell(note: &Note) {
        let mut line = serde_json::to_string(note).expect("notes are plain data");
        line.push('\n');
        let _ = io::stderr().write_all(line.as_bytes());
    }
}
