//! Shell commands: one at a time is started, watched, read, and ended with all that it started.
//!
//! The shell is a fixed `bash` without start files where there is one, else `/bin/sh`, whatever the
//! user's own shell is: what judges a command and what runs it must speak the same language. It
//! gets a built environment (`environment`), an empty standard input, and one pipe for both its
//! outputs, so that they stay in order.
//!
//! On Unix each command has a supervisor (`supervisor`), which is this program started again: it
//! ends the command also when the daemon is killed, and on Linux finds processes which moved to
//! another session. On other Unix systems those that did so are not found once their parent has
//! ended. In a program that cannot be its own supervisor (a test's), threads stand in for it: then
//! commands can reach the terminal, outlive a killed daemon, and are found by their group and, on
//! Linux, by a variable of their environment.
//!
//! On Windows the shell is `cmd`, a command is ended by `taskkill` without a chance to clean up,
//! what it leaves running is not known and stays, and a killed daemon leaves commands behind.

mod environment;
mod family;
pub mod helper;
mod keep;
mod order;
mod output;
mod running;
pub mod supervisor;
#[cfg(unix)]
mod table;

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use self::family::Trace;
use self::keep::{End, Report, Status};
use self::order::Order;
use self::output::Capture;
use self::running::Running;
use super::{env, fs};
use crate::limits::{COMMAND_DRAIN_WAIT, COMMAND_READ_BYTES, COMMAND_STOP_WAIT};
use crate::path::AbsPath;

pub use output::{Clipped, Log};

/// The variable that every process of a command has in its environment, with a value of its own.
const MARK: &str = "QUILLON_CALL";

/// A command to run.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The text for the shell.
    pub command: String,
    /// The folder it starts in.
    pub cwd: AbsPath,
    /// After this time it is ended.
    pub time_limit: Duration,
    /// Where the whole output is kept when it is too long to be returned; the folder is made.
    pub log: Option<AbsPath>,
    /// Variables beyond the built environment, passed whatever their names.
    pub environment: Vec<(String, String)>,
}

/// How a command ended and what it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// What it printed.
    pub output: Clipped,
    /// How long it took.
    pub took: Duration,
    /// Processes which outlived the shell and were ended, each as its number and command line.
    pub left_behind: Vec<String>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this status; 0 means success.
    Code(i32),
    /// By this signal; [`signal_name`] names it.
    Signal(i32),
    /// It was ended because its time was over.
    TimedOut,
    /// It was ended because it was cancelled.
    Cancelled,
}

/// Who stands by a running command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeper {
    /// This program, started for it, which calls [`supervisor::main`] first.
    Supervisor(PathBuf),
    /// Threads of this process.
    Threads,
}

/// Runs a command to its end.
///
/// `show` gets what it prints as it comes. When `cancel` comes, or the time is over, the command is
/// told to end and after a while killed, and what it printed so far is returned. It also ends when
/// the shell ends although something started by it still runs: that is given a moment, then ended
/// and named. Dropping the future kills everything at once.
///
/// The error is that the command could not be started: the folder is missing, the text is too long
/// or holds a NUL byte, or the system has no room for a process.
pub async fn run(
    shell: Shell,
    cancel: impl Future<Output = ()>,
    show: impl FnMut(&str) + Send,
) -> io::Result<Ended> {
    run_under(&Keeper::usual(), shell, cancel, show).await
}

/// [`run`], with a choice of who stands by.
pub async fn run_under(
    keeper: &Keeper,
    shell: Shell,
    cancel: impl Future<Output = ()>,
    show: impl FnMut(&str) + Send,
) -> io::Result<Ended> {
    let began = Instant::now();
    let mut running = start(keeper, &shell)?;
    let mut capture = Capture::new(shell.log, show);
    let (report, stopped) = follow(&mut running, &mut capture, cancel, shell.time_limit).await?;
    drain(&mut running.output, &mut capture).await;
    let output = capture.finish().await;
    let left_behind = report.as_ref().map(|report| report.left_behind.clone()).unwrap_or_default();
    let exit = match (report, stopped) {
        (Some(Report { end: End::Stopped, .. }) | None, Some(stopped)) => stopped,
        (Some(Report { status: Status::Code(code), .. }), _) => Exit::Code(code),
        (Some(Report { status: Status::Signal(signal), .. }), _) => Exit::Signal(signal),
        (None, None) => return Err(io::Error::other("lost sight of the command")),
    };
    Ok(Ended { exit, output, took: began.elapsed(), left_behind })
}

impl Keeper {
    /// A supervisor where this program can be one, else threads.
    pub fn usual() -> Self {
        if !supervisor::is_able() {
            return Self::Threads;
        }
        // On Linux the running program itself, also when another stands under its name by now.
        let program =
            if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { env::current_exe() };
        program.map_or(Self::Threads, Self::Supervisor)
    }
}

fn start(keeper: &Keeper, shell: &Shell) -> io::Result<Running> {
    if fs::look(&shell.cwd).map(|look| look.kind).ok() != Some(fs::Kind::Folder) {
        let text = format!("the folder {} does not exist", shell.cwd);
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    let mark = uuid::Uuid::now_v7().simple().to_string();
    let trace = Trace::Variable(format!("{MARK}={mark}"));
    let mut added = shell.environment.clone();
    added.push((MARK.to_owned(), mark));
    let (program, arguments) = interpreter(&shell.command);
    let environment = environment::built(env::vars(), &added);
    let order = Order { program, arguments, cwd: shell.cwd.clone(), environment };
    match keeper {
        Keeper::Supervisor(program) => Running::supervised(program, &order, trace),
        Keeper::Threads => Running::direct(&order, trace),
    }
}

/// The shell, by its absolute path, and its arguments.
#[cfg(unix)]
fn interpreter(command: &str) -> (String, Vec<String>) {
    const BASH: [&str; 5] = [
        "/bin/bash",
        "/usr/bin/bash",
        "/usr/local/bin/bash",
        "/opt/homebrew/bin/bash",
        "/run/current-system/sw/bin/bash",
    ];
    let found = BASH.into_iter().find(|path| std::path::Path::new(path).is_file());
    let (program, options) = match found {
        Some(bash) => (bash, ["--noprofile", "--norc", "-c"].as_slice()),
        None => ("/bin/sh", ["-c"].as_slice()),
    };
    (program.to_owned(), options.iter().copied().chain([command]).map(str::to_owned).collect())
}

/// `cmd`, with its line as it is to read it: with `/S` it takes the outer quotes off and nothing
/// else.
#[cfg(not(unix))]
fn interpreter(command: &str) -> (String, Vec<String>) {
    let program = env::var("ComSpec").unwrap_or_else(|| r"C:\Windows\System32\cmd.exe".to_owned());
    (program, vec!["/D".to_owned(), "/S".to_owned(), "/C".to_owned(), format!("\"{command}\"")])
}

/// Reads until the report comes, and passes a cancel or the end of the time on. There is no report
/// when it does not come in time after that. The second part is why the command was told to end.
async fn follow<S: FnMut(&str)>(
    running: &mut Running,
    capture: &mut Capture<S>,
    cancel: impl Future<Output = ()>,
    time_limit: Duration,
) -> io::Result<(Option<Report>, Option<Exit>)> {
    let mut cancel = pin!(cancel);
    let mut time = pin!(sleep(time_limit));
    let mut patience = pin!(sleep(Duration::ZERO));
    let mut stopped = None;
    let mut buffer = vec![0; COMMAND_READ_BYTES];
    let mut open = true;
    loop {
        let stop = tokio::select! {
            // What ends comes first: a command may print faster than we read.
            biased;
            report = &mut running.report => return Ok((Some(report?), stopped)),
            () = &mut patience, if stopped.is_some() => return Ok((None, stopped)),
            () = &mut cancel, if stopped.is_none() => Exit::Cancelled,
            () = &mut time, if stopped.is_none() => Exit::TimedOut,
            read = running.output.read(&mut buffer), if open => {
                match read {
                    Ok(0) | Err(_) => open = false,
                    Ok(len) => capture.take(&buffer[..len]).await,
                }
                continue;
            }
        };
        stopped = Some(stop);
        patience.set(sleep_until(Instant::now() + COMMAND_STOP_WAIT));
        if let Some(stop) = running.stop.take() {
            // Whoever does not hear it has ended.
            let _ = stop.send(());
        }
    }
}

/// Reads what lies in the pipe. Its writers are gone; one that could not be found may hold it open,
/// and is not waited for.
async fn drain<S: FnMut(&str)>(output: &mut (dyn AsyncRead + Send + Unpin), capture: &mut Capture<S>) {
    let until = Instant::now() + COMMAND_DRAIN_WAIT;
    let mut buffer = vec![0; COMMAND_READ_BYTES];
    while Instant::now() < until {
        match timeout_at(until, output.read(&mut buffer)).await {
            Ok(Ok(len)) if len > 0 => capture.take(&buffer[..len]).await,
            Ok(Ok(_) | Err(_)) | Err(_) => return,
        }
    }
}

/// A signal's name, `SIGKILL`, where it has one everybody knows.
#[cfg(unix)]
pub fn signal_name(signal: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    const NAMES: [(Signal, &str); 17] = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
    ];
    NAMES.iter().find(|(known, _)| known.as_raw() == signal).map(|(_, name)| *name)
}

/// A signal's name; Windows has no signals.
#[cfg(not(unix))]
pub fn signal_name(_signal: i32) -> Option<&'static str> {
    None
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(formatter, "ended by signal {signal} ({name})"),
                None => write!(formatter, "ended by signal {signal}"),
            },
            Self::TimedOut => formatter.write_str("ended after its time limit"),
            Self::Cancelled => formatter.write_str("cancelled"),
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::fs::tests::folder;
    use super::*;

    /// `tests/process.rs` runs commands of all kinds, under both keepers; here is one, since a test
    /// that uses this module as a library gets threads.
    #[test]
    fn without_a_supervisor_threads_keep() {
        let (_held, folder) = folder();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shell = Shell {
            command: "pwd; exit 3".into(),
            cwd: folder.clone(),
            time_limit: Duration::from_secs(60),
            log: None,
            environment: Vec::new(),
        };
        assert_eq!(Keeper::usual(), Keeper::Threads);
        let ended = runtime.block_on(run(shell, std::future::pending(), |_| {})).unwrap();
        assert_eq!((ended.exit, ended.left_behind), (Exit::Code(3), Vec::new()));
        assert_eq!(ended.output.head, format!("{}\n", fs::real_path(&folder).unwrap()));
    }

    #[test]
    fn endings_in_words() {
        assert_eq!(Exit::Code(2).to_string(), "exit code 2");
        assert_eq!(Exit::Signal(9).to_string(), "ended by signal 9 (SIGKILL)");
        assert_eq!(Exit::Signal(64).to_string(), "ended by signal 64");
    }
}
