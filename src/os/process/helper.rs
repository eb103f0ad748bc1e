//! A helper program that we use ourselves, without a shell: started, fed, read within bounds, ended.

use std::io;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::time::timeout;

use super::environment;
use crate::limits::COMMAND_READ_BYTES;
use crate::os::env;
use crate::os::fs::Rest;
use crate::path::AbsPath;

/// A program to run.
#[derive(Debug, Clone)]
pub struct Helper {
    /// The program's file.
    pub program: AbsPath,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder it starts in.
    pub cwd: AbsPath,
    /// Variables beyond the environment that commands get.
    pub environment: Vec<(String, String)>,
    /// What it reads.
    pub input: Vec<u8>,
    /// So much of its output is read.
    pub output_bytes_max: usize,
    /// After this time it is ended.
    pub time_limit: Duration,
}

/// What it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helped {
    /// What it printed.
    pub output: Vec<u8>,
    /// How it ended.
    pub finish: Finish,
}

/// How a helper ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// It was ended, because its output or its time was too long.
    Cut,
}

/// The file of a program, found as a shell finds it, but never in one of the folders `except` or
/// below: whoever can write there must not become our helper. Blocks.
pub fn find(name: &str, except: &[AbsPath]) -> Option<AbsPath> {
    let path = env::var("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let candidates = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let mut candidates = candidates.filter_map(|folder| AbsPath::new(folder.join(&file)).ok());
    candidates.find(|candidate| {
        let real = crate::os::fs::real_path(candidate);
        let outside = |path: &AbsPath| !except.iter().any(|folder| path.starts_with(folder));
        real.is_ok_and(|real| outside(&real) && outside(candidate) && is_program(&real))
    })
}

/// Runs a helper to its end. The error is that it cannot be started.
pub async fn run(helper: Helper) -> io::Result<Helped> {
    let mut command = tokio::process::Command::new(helper.program.as_path());
    command
        .args(&helper.arguments)
        .current_dir(&helper.cwd)
        .env_clear()
        .envs(environment::built(env::vars(), &helper.environment))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    #[cfg(windows)]
    {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        command.creation_flags(CREATE_NO_WINDOW);
    }
    let mut child = command.spawn()?;
    let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("the program has no pipes"));
    };
    let feed = async move {
        // Who does not read it has said, by its end, why.
        let _ = input.write_all(&helper.input).await;
    };
    let mut read = Vec::new();
    let work = async {
        let cut = {
            let take = take(&mut output, &mut read, helper.output_bytes_max);
            let (mut feed, mut take, mut fed) = (pin!(feed), pin!(take), false);
            loop {
                tokio::select! {
                    cut = &mut take => break cut,
                    () = &mut feed, if !fed => fed = true,
                }
            }
        };
        match cut {
            Rest::More => Finish::Cut,
            Rest::Nothing if child.wait().await.is_ok_and(|status| status.success()) => Finish::Success,
            Rest::Nothing => Finish::Failure,
        }
    };
    let finish = timeout(helper.time_limit, work).await.unwrap_or(Finish::Cut);
    Ok(Helped { output: read, finish })
}

/// Reads up to `max` bytes, and says whether there are more.
async fn take(output: &mut ChildStdout, read: &mut Vec<u8>, max: usize) -> Rest {
    let mut buffer = vec![0; COMMAND_READ_BYTES];
    while let Ok(len @ 1..) = output.read(&mut buffer).await {
        let room = max - read.len();
        read.extend_from_slice(&buffer[..len.min(room)]);
        if len > room {
            return Rest::More;
        }
    }
    Rest::Nothing
}

#[cfg(unix)]
fn is_program(path: &AbsPath) -> bool {
    let may_run = rustix::fs::access(path.as_path(), rustix::fs::Access::EXEC_OK).is_ok();
    may_run && path.as_path().is_file()
}

#[cfg(not(unix))]
fn is_program(path: &AbsPath) -> bool {
    path.as_path().is_file()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::fs::tests::folder;
    use super::*;

    async fn sh(script: &str, input: &[u8], max: usize, time_limit: Duration) -> Helped {
        let helper = Helper {
            program: find("sh", &[]).unwrap(),
            arguments: vec!["-c".into(), script.into()],
            cwd: AbsPath::new("/").unwrap(),
            environment: vec![("ADDED".into(), "yes".into())],
            input: input.to_vec(),
            output_bytes_max: max,
            time_limit,
        };
        run(helper).await.unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn it_is_fed_and_read() {
        let input = "line\n".repeat(100_000);
        let helped = sh("cat; pwd; echo $ADDED", input.as_bytes(), 1_000_000, LONG).await;
        assert_eq!(helped.output, format!("{input}/\nyes\n").as_bytes());
        assert_eq!(helped.finish, Finish::Success);
        let failed = sh("echo x; exit 3", b"nobody reads this", 9, LONG).await;
        assert_eq!(failed, Helped { output: b"x\n".to_vec(), finish: Finish::Failure });
    }

    #[tokio::test]
    async fn it_is_cut_when_it_is_too_much_or_too_long() {
        let endless = sh("while :; do echo endless; done", b"", 10, LONG).await;
        assert_eq!(endless, Helped { output: b"endless\nen".to_vec(), finish: Finish::Cut });
        // What nobody reads does not hold up the end.
        let input = "x".repeat(1_000_000);
        let deaf = sh("while :; do echo endless; done", input.as_bytes(), 10, LONG).await;
        assert_eq!(deaf.finish, Finish::Cut);
        let silent = sh("read nothing < /dev/zero", b"", 10, Duration::from_millis(50)).await;
        assert_eq!(silent.finish, Finish::Cut);
    }

    #[test]
    fn a_program_of_the_workspace_is_not_taken() {
        let sh = find("sh", &[]).unwrap();
        let (_held, elsewhere) = folder();
        assert_eq!(find("sh", &[elsewhere]), Some(sh.clone()));
        assert_eq!(find("sh", &[AbsPath::new("/").unwrap()]), None);
        assert_eq!(find("no-such-program-anywhere", &[]), None);
    }
}
