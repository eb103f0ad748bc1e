//! `quillon run`: one task in the terminal, with the configured model or the demo.

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::{ChoiceArgs, Trouble, absolute, demo, sessions};
use crate::daemon::{Choices, Daemon};
use crate::engine::media::MediaKind;
use crate::engine::{Block, Given, ModelName, NewSession, Seq, Session};
use crate::frontends::terminal::{self, Console, Ending, Format, Input};
use crate::limits;
use crate::os::{env, fs};
use crate::path::AbsPath;
use crate::policy::Layer;
use crate::workspace::NoBuffers;
use clap::Args;

/// What to do, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but something was not allowed \
                        because nobody could be asked; 4 stopped early (a limit, a full context, a refusal, a loop); \
                        130 cancelled."
)]
pub(super) struct RunArgs {
    /// The task, in words.
    prompt: Vec<String>,
    #[command(flatten)]
    choices: ChoiceArgs,
    /// Try it: in a copy of a small example, with a demo model that needs no key and no network.
    #[arg(long, conflicts_with = "model")]
    demo: bool,
    /// Give a file to the model together with the task (may be repeated).
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Go on with the last session of this folder.
    #[arg(short, long = "continue", conflicts_with_all = ["session", "demo"])]
    continued: bool,
    /// Go on with this session: its id, or a beginning of it that fits no other.
    #[arg(short, long, value_name = "ID", conflicts_with = "demo")]
    session: Option<String>,
    /// Stay for further prompts after the first; needs a terminal.
    #[arg(short, long)]
    interactive: bool,
    /// Print the events, one JSON object a line, instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: RunArgs) -> Result<ExitCode, Trouble> {
    let mut choices: Choices = args.choices.clone().into();
    let wrong = |error| Trouble::Usage(format!("--allow: {error}"));
    Layer::from_flags(&choices.allow).map_err(wrong)?;
    let folder = if args.demo {
        choices.model = Some("demo".into());
        let copied =
            demo::copy().map_err(|error| Trouble::Failed(format!("failed to copy the example: {error}")));
        Some(copied?)
    } else {
        None
    };
    if args.interactive
        && let Input::Nobody(why) = Console::new(env::forget_typed).input()
    {
        return Err(Trouble::Usage(format!("`-i` needs a terminal, and {why}; leave it out")));
    }
    let daemon = Daemon::new(choices)?;
    if let Some(why) = daemon.broken_rules() {
        return Err(Trouble::Usage(format!("{why}; nothing is done until they can be")));
    }
    daemon.run(async |daemon| {
        let ending = converse(daemon, &args, folder.as_ref()).await?;
        Ok(ExitCode::from(ending.status()))
    })
}

async fn converse(daemon: &Daemon, args: &RunArgs, example: Option<&AbsPath>) -> Result<Ending, Trouble> {
    let mut console = Console::new(env::forget_typed);
    let format = if args.json { Format::Json } else { Format::Text };
    // Before all that may fail by what they tell of.
    for notice in daemon.notices() {
        console.complain(notice);
    }
    let first = content(args, &mut console).await?;
    let session = session(daemon, args, example).await?;
    let begun = session.state(|state| state.seq());
    if let (Some(folder), Format::Text) = (example, format) {
        console.hint(&format!("a copy of the example is in {folder}; the model is a demo, not an AI"));
    }
    let (mut interrupts, _counting) = daemon.interrupts()?;
    let mut ending = Ending::Finished;
    let mut next = first;
    loop {
        if let Some(given) = next.take() {
            ending = terminal::prompt(&session, given, &mut console, format, &mut interrupts).await;
        }
        if !args.interactive || console.input() != Input::Terminal {
            break;
        }
        match terminal::further(&mut console, &mut interrupts).await {
            Some(words) => next = Some(vec![Given::Block(Block::Text { text: words })]),
            None => break,
        }
    }
    if format == Format::Text {
        close(&session, begun, &mut console, example);
    }
    match (console.failed(), daemon.unplayed()) {
        (Some(why), _) => Err(Trouble::Failed(why.to_owned())),
        (None, Some(why)) if ending == Ending::Finished => Err(Trouble::Failed(why)),
        (None, _) => Ok(ending),
    }
}

/// The session to go on with, or a new one.
async fn session(daemon: &Daemon, args: &RunArgs, example: Option<&AbsPath>) -> Result<Session, Trouble> {
    let id = match (&args.session, args.continued) {
        (Some(beginning), _) => Some(sessions::find(daemon, beginning).await?),
        (None, true) => {
            let (here, last) = (daemon.here()?, sessions::last_here(daemon).await?);
            Some(last.ok_or_else(|| format!("there is no session to continue in {here}"))?)
        }
        (None, false) => None,
    };
    let Some(id) = id else { return fresh(daemon, example).await };
    let session = match daemon.host().open(&id, Arc::new(NoBuffers)).await {
        Ok(session) => session,
        Err(error) if args.continued => {
            return Err(sessions::instead(daemon, &id, &error.to_string()).await?.into());
        }
        Err(error) => {
            let words = format!(
                "session {id} cannot be continued: {error}\n`quillon sessions show {id}` shows what can be read of it"
            );
            return Err(words.into());
        }
    };
    if let Some(holder) = session.holder() {
        return Err(format!("session {id} is in use by {holder}; end it there, or start a new one").into());
    }
    daemon.apply_choices(&session).await?;
    Ok(session)
}

async fn fresh(daemon: &Daemon, example: Option<&AbsPath>) -> Result<Session, Trouble> {
    let cwd = match example {
        Some(folder) => folder.clone(),
        None => daemon.here()?,
    };
    let (model, mode) = (daemon.model()?, daemon.mode());
    let new = NewSession {
        cwd,
        roots: Vec::new(),
        model: Some(ModelName(model)),
        mode,
        buffers: Arc::new(NoBuffers),
    };
    let created = daemon.host().create(new).await;
    created
        .map_err(|error| Trouble::Failed(format!("{error} (the state folder is {})", daemon.state_folder())))
}

/// The first prompt: the words, what is piped in, and the files. None when `-i` will ask for it.
async fn content(args: &RunArgs, console: &mut Console) -> Result<Option<Vec<Given>>, Trouble> {
    let mut content = Vec::new();
    let words = args.prompt.join(" ");
    if !words.trim().is_empty() {
        content.push(Given::Block(Block::Text { text: words }));
    }
    if !io::stdin().is_terminal() {
        let text = text_of(piped(console).await?, "standard input")?;
        match (text.trim().is_empty(), content.is_empty()) {
            (true, _) => {}
            (false, true) => content.push(Given::Block(Block::Text { text })),
            (false, false) => {
                content.push(Given::Block(Block::Resource { uri: "standard input".into(), text }));
            }
        }
    }
    for file in &args.file {
        content.push(attached(&absolute(file)?)?);
    }
    match (content.is_empty(), args.interactive, console.input()) {
        (false, _, _) => Ok(Some(content)),
        (true, true, Input::Terminal) => Ok(None),
        (true, true, Input::Nobody(why)) => {
            Err(Trouble::Usage(format!("`-i` needs a terminal, and {why}; give the task in words")))
        }
        (true, false, _) => {
            let words = "there is nothing to do: give the task in words, or `-i` for a conversation";
            Err(Trouble::Usage(words.into()))
        }
    }
}

/// A file that is given with the task: its text, or what it is beside text.
fn attached(path: &AbsPath) -> Result<Given, Trouble> {
    let read = |most: u64| {
        let read = fs::read_up_to(path, most);
        read.map(|read| read.bytes).map_err(|error| format!("failed to read {path}: {error}"))
    };
    let bytes = read(limits::ATTACHED_BYTES_MAX + 1)?;
    if MediaKind::of(&bytes).is_none() {
        let (uri, text) = (format!("file://{path}"), text_of(bytes, &path.to_string())?);
        return Ok(Given::Block(Block::Resource { uri, text }));
    }
    let bytes = read(limits::MEDIA_GIVEN_BYTES_MAX + 1)?;
    if bytes.len() as u64 > limits::MEDIA_GIVEN_BYTES_MAX {
        return Err(format!("{path} is larger than {} MiB", limits::MEDIA_GIVEN_BYTES_MAX >> 20).into());
    }
    Ok(Given::Bytes { name: path.to_string(), bytes })
}

/// All of standard input. Whoever left it open by mistake is told what is waited for.
async fn piped(console: &mut Console) -> Result<Vec<u8>, String> {
    let mut reading = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        io::stdin().lock().take(limits::ATTACHED_BYTES_MAX + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let read = match tokio::time::timeout(limits::INPUT_NOTE_WAIT, &mut reading).await {
        Ok(read) => read,
        Err(_) => {
            console.hint(
                "waiting for the end of standard input, which is given to the model with the task \
                 (`< /dev/null` where there is nothing to give)",
            );
            reading.await
        }
    };
    let read = read.map_err(|_| "the program is ending".to_owned())?;
    read.map_err(|error| format!("failed to read standard input: {error}"))
}

fn text_of(bytes: Vec<u8>, name: &str) -> Result<String, String> {
    if bytes.len() as u64 > limits::ATTACHED_BYTES_MAX {
        let limit = limits::ATTACHED_BYTES_MAX / 1024;
        return Err(format!(
            "{name} is larger than {limit} KiB; name the file in the task instead, it is read in parts"
        ));
    }
    String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8 text"))
}

/// What was changed, and how to go on.
fn close(session: &Session, begun: Seq, console: &mut Console, example: Option<&AbsPath>) {
    let changed = terminal::summary(session, begun, console);
    if let Some(folder) = example {
        let copy = if changed > 0 { "changed copy" } else { "copy" };
        console.hint(&format!(
            "This was the demo model, not an AI. The {copy} is in {folder}.\n\
             With a real model: set QUILLON_BASE_URL and QUILLON_MODEL (a local server such as Ollama: \
             http://localhost:11434/v1), then `quillon run \"your task\"` in your project.\n\
             In an editor: README.md tells how for Neovim, Helix, Zed and others."
        ));
    } else {
        console.hint("go on with `quillon run -c \"…\"`");
        if changed > 0 {
            console.hint("look at the changes with `quillon review`, take them back with `quillon undo`");
        }
    }
}
