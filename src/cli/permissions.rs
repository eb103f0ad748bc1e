//! `quillon permissions`: how a command is read, and why it is decided so.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ModeArg, Trouble, print};
use crate::daemon::{Choices, Daemon};
use crate::engine::{Ruling, looked};
use crate::policy::command::{self, Judged};
use crate::policy::{self, Action, Ground, Intent, Looked, Mode, Rules, Situation, Verdict};
use crate::text::clean;

/// What to do.
#[derive(Debug, Args)]
pub(super) struct PermissionsArgs {
    #[command(subcommand)]
    action: PermissionsAction,
}

#[derive(Debug, Subcommand)]
enum PermissionsAction {
    /// Show how a shell command is read in this folder, and why it is allowed, asked or denied. It is not run.
    #[command(
        after_help = "Exit status: 0 it is allowed; 3 it is asked; 4 it is denied; 1 failed; 2 wrong usage."
    )]
    Explain(ExplainArgs),
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// In this mode.
    #[arg(long, value_name = "MODE")]
    mode: Option<ModeArg>,
    /// With this rule beside those of the settings: `edit`, `bash:cargo test *`, … (may be repeated).
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// The command, in one word in quotes; several are joined by blanks.
    #[arg(required = true, last = true)]
    command: Vec<String>,
}

/// Exit statuses of `explain`, beside 0 for what is allowed.
const ASKED: u8 = 3;
const DENIED: u8 = 4;

pub(super) fn main(args: PermissionsArgs) -> Result<ExitCode, Trouble> {
    let PermissionsAction::Explain(ExplainArgs { mode, allow, command }) = args.action;
    let choices = Choices { mode: mode.map(Mode::from), allow, ..Choices::default() };
    let daemon = Daemon::new(choices).map_err(Trouble::Usage)?;
    let cwd = daemon.here()?;
    let Ruling { rules, problems, .. } = daemon.ruling(&cwd);
    for problem in problems.iter().map(String::as_str).chain(daemon.broken_rules()) {
        anstream::eprintln!("quillon: {}", clean::for_terminal(problem));
    }
    let text = command.join(" ");
    let looked = looked::look(&text, &cwd, rules.home());
    let (roots, mode) = ([cwd.clone()], daemon.mode_in(&cwd));
    let situation = Situation {
        mode,
        roots: &roots,
        rules: &rules,
        grants: &[],
        linked: &[],
        unreadable: &[],
        named: None,
        command: Some(&looked),
    };
    let intent = Intent::Run { command: text, cwd, time_limit_ms: 0 };
    let (word, why, status) = match policy::decide(&intent, &situation) {
        Verdict::Allow(Ground::Harmless) => ("allowed", "it only reads, inside the folder".to_owned(), 0),
        Verdict::Allow(Ground::Rule(rule)) => ("allowed", format!("by {rule}"), 0),
        Verdict::Allow(Ground::Mode(_) | Ground::Granted(_)) => ("allowed", String::new(), 0),
        Verdict::Ask { reason, .. } => ("asked", reason, ASKED),
        Verdict::Deny { reason } => ("denied", reason, DENIED),
    };
    print(&format!(
        "{}In mode {}: {word}: {}\n",
        shown(&looked, &rules),
        mode.word(),
        clean::for_terminal(&why)
    ))?;
    Ok(ExitCode::from(status))
}

/// The programs, the files and the doubts, line by line.
fn shown(looked: &Looked, rules: &Rules) -> String {
    let mut lines = vec!["Programs that can run:".to_owned()];
    for Judged { part, said, neutral, free } in command::parts(&looked.reading, rules, looked.free()) {
        let said = match said {
            Some((action, rule)) => match action {
                Action::Allow => format!("allowed by {rule}"),
                Action::Ask => format!("asked by {rule}"),
                Action::Deny => format!("denied by {rule}"),
            },
            None if free => "needs no rule: it only reads, lists or tells".to_owned(),
            None => "no rule".to_owned(),
        };
        let note = if neutral { " (changes nothing by itself)" } else { "" };
        lines.push(format!("  {part}    {said}{note}"));
    }
    if !looked.leads.is_empty() {
        lines.push("Files and folders that it names or works in:".to_owned());
        let places = looked.leads.iter().filter(|((_, name), _)| name != ".");
        lines.extend(places.map(|((_, name), path)| format!("  {name}    {path}")));
        let folders = looked.leads.iter().filter(|((_, name), _)| name == ".");
        lines.extend(folders.map(|(_, path)| format!("  .    {path}")));
    }
    if !looked.reading.doubts.is_empty() {
        lines.push("Why it is asked about, whatever the rules say:".to_owned());
        lines.extend(looked.reading.doubts.iter().map(|doubt| format!("  {doubt}")));
    }
    lines.iter().map(|line| format!("{}\n", clean::for_terminal(line))).collect()
}
