//! The command line: flags and subcommands.

mod auth;
mod demo;
mod doctor;
mod generate;
mod models;
mod permissions;
mod review;
mod run;
mod sent;
mod sessions;
mod stats;
mod undo;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::daemon::{self, Choices};
use crate::policy::Mode;

/// A coding agent that lives in the editor.
#[derive(Debug, Parser)]
#[command(
    name = "quillon",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "Where things are kept, the configuration and the exit statuses: see the manual \
                        (quillon man | man -l -) or README.md.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do one task in the current folder, here in the terminal.
    Run(run::RunArgs),
    /// Serve an editor: LSP with the agent protocol on standard input and output.
    Lsp(ServeArgs),
    /// Serve an editor: the Agent Client Protocol (ACP) on standard input and output.
    Acp(ServeArgs),
    /// Look at what the agent has changed; keep it or undo it.
    Review(review::ReviewArgs),
    /// Go back to before a turn: the files, the conversation, or both.
    Undo(undo::UndoArgs),
    /// List the turns that one can go back to.
    Checkpoints(undo::CheckpointsArgs),
    /// Look at the sessions on this machine.
    Sessions(sessions::SessionsArgs),
    /// List what was sent to model servers in a session: when, where to, how much, and which files.
    Sent(sent::SentArgs),
    /// List the models that there are, with what is known of them.
    Models(models::ModelsArgs),
    /// Store, list and forget the keys of model providers.
    Auth(auth::AuthArgs),
    /// Check the settings, the model, its server and what else is needed; say what to do where something is not right.
    Doctor(doctor::DoctorArgs),
    /// Show how a shell command is read, and why it is allowed, asked or denied.
    Permissions(permissions::PermissionsArgs),
    /// Show how many tokens were used, and what they cost, by model.
    Stats(stats::StatsArgs),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// What can be chosen for the model and the permissions, in every form of use.
#[derive(Debug, Clone, Default, Args)]
struct ChoiceArgs {
    /// The model: `PROVIDER/MODEL`, such as `anthropic/claude-sonnet-5` (`quillon models` lists them), with `#high`
    /// behind it for how much it is to think; any name that the server of QUILLON_BASE_URL knows, where that is
    /// set: all names but those of providers in the settings go there; `demo` (rules, not an AI), `script:FILE`
    /// (plays a file, for tests), or `replay:DIR` (plays what `--record` has kept).
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Keep what model servers are asked and answer, but for keys, in this folder: one file a request.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// How much is done without a question.
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeArg>,
    /// Allow without a question, for this run: `edit`, `bash:cargo test *`, … (may be repeated).
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
}

#[derive(Debug, Default, Args)]
struct ServeArgs {
    #[command(flatten)]
    choices: ChoiceArgs,
    /// Accepted because editors add it; standard input and output are used in any case.
    #[arg(long, hide = true)]
    stdio: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Reads go through, by commands too; edits and all other commands ask.
    Ask,
    /// Edits inside the workspace go through too; commands that do more than read ask.
    Edit,
    /// Reads only.
    Plan,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Ask => Self::Ask,
            ModeArg::Edit => Self::Edit,
            ModeArg::Plan => Self::Plan,
        }
    }
}

impl From<ChoiceArgs> for Choices {
    fn from(args: ChoiceArgs) -> Self {
        Self { model: args.model, mode: args.mode.map(Mode::from), allow: args.allow, record: args.record }
    }
}

/// The exit status of wrong usage, as of the parser of the command line.
const USAGE: u8 = 2;

/// Why nothing was done, in words for the user.
enum Trouble {
    /// The command line or the user's configuration is wrong.
    Usage(String),
    /// Something failed.
    Failed(String),
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// Reads the command line and does what it says; gives the exit status.
pub fn main() -> ExitCode {
    let command = match without_options(std::env::args_os().skip(1)) {
        Some(command) => command,
        None => match Cli::try_parse() {
            Ok(cli) => cli.command,
            Err(error) => {
                let _output_may_be_closed = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        },
    };
    let done: Result<ExitCode, Trouble> = match command {
        Command::Run(args) => run::main(args),
        Command::Lsp(args) => daemon::lsp(args.choices.into()).map_err(Trouble::from),
        Command::Acp(args) => daemon::acp(args.choices.into()).map_err(Trouble::from),
        Command::Review(args) => review::main(&args).map_err(Trouble::from),
        Command::Undo(args) => undo::main(&args).map_err(Trouble::from),
        Command::Checkpoints(args) => undo::checkpoints(&args).map_err(Trouble::from),
        Command::Sessions(args) => sessions::main(args).map_err(Trouble::from),
        Command::Sent(args) => sent::main(args).map_err(Trouble::from),
        Command::Models(args) => models::main(args).map_err(Trouble::from),
        Command::Auth(args) => auth::main(args).map_err(Trouble::from),
        Command::Doctor(args) => doctor::main(&args).map_err(Trouble::from),
        Command::Permissions(args) => permissions::main(args),
        Command::Stats(args) => stats::main(args).map_err(Trouble::from),
        Command::Completions { shell } => {
            generate::completions(&mut Cli::command(), shell).map_err(Trouble::from)
        }
        Command::Man => generate::manual(Cli::command()).map_err(Trouble::from),
    };
    done.unwrap_or_else(|trouble| {
        let (why, status) = match trouble {
            Trouble::Usage(why) => (why, ExitCode::from(USAGE)),
            Trouble::Failed(why) => (why, ExitCode::FAILURE),
        };
        anstream::eprintln!("quillon: {why}");
        status
    })
}

/// What an editor usually starts: one word. The reader of options, with all its subcommands, would stay in
/// the memory of a program that runs as long as the editor does.
fn without_options(mut args: impl Iterator<Item = OsString>) -> Option<Command> {
    let serve: fn(ServeArgs) -> Command = match args.next()?.to_str()? {
        "lsp" => Command::Lsp,
        "acp" => Command::Acp,
        _ => return None,
    };
    args.next().is_none().then(|| serve(ServeArgs::default()))
}

/// Prints on standard output.
fn print(text: &str) -> Result<ExitCode, String> {
    match std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()) {
        // Who reads only the beginning has what they wanted.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("failed to write: {error}"))
        }
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

/// Paths on the command line count from the folder the program was started in.
fn absolute(path: &PathBuf) -> Result<crate::path::AbsPath, String> {
    let here = crate::os::env::current_folder()
        .map_err(|error| format!("failed to find the current folder: {error}"))?;
    here.join(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is started without the reader of options is what it would have read.
    #[test]
    fn a_start_without_options_is_the_same_with_the_reader() {
        for words in
            [&["lsp"][..], &["acp"], &["lsp", "--stdio"], &["acp", "-m", "x"], &["run"], &["man"], &[]]
        {
            let plain = without_options(words.iter().map(OsString::from));
            let read = Cli::try_parse_from(["quillon"].iter().chain(words));
            match plain {
                Some(command) => assert_eq!(format!("{command:?}"), format!("{:?}", read.unwrap().command)),
                None => assert!(words.len() != 1 || !matches!(words[0], "lsp" | "acp"), "{words:?}"),
            }
        }
    }
}
