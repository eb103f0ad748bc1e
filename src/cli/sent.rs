//! `quillon sent`: the requests that went out to model servers in a session, and what was in them.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{print, sessions};
use crate::daemon::{Choices, Daemon};
use crate::engine::Seq;
use crate::engine::ledger::{Came, Entry, Ledger};
use crate::engine::model::Wish;
use crate::limits;
use crate::text::clean;

/// Of which session, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "A file is named at the first request that had its text, or a part of it. What a command printed is \
                        in the next request, whatever files that came from. Tokens are as the provider counted them. \
                        Requests that ran while Quillon was killed are not listed; the demo and scripts send nothing."
)]
pub(super) struct SentArgs {
    /// The session: its id, or a beginning of it that fits no other; without it the last one of this folder.
    session: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: SentArgs) -> Result<ExitCode, String> {
    let daemon = Daemon::new(Choices::default())?;
    daemon.run(async |daemon| {
        let ledger = ledger(daemon, args.session.as_deref()).await?;
        let form = if args.json { as_json } else { as_text };
        let text: String = ledger.entries().iter().map(form).collect();
        match (text.is_empty(), args.json) {
            (true, false) => print("nothing was sent to any model server\n"),
            (true, true) | (false, _) => print(&text),
        }
    })
}

async fn ledger(daemon: &Daemon, session: Option<&str>) -> Result<Ledger, String> {
    let (id, recorder) = sessions::look_or_last(daemon, session).await?;
    let (mut ledger, mut after) = (Ledger::default(), Seq(0));
    loop {
        let facts = recorder.facts(after, limits::FACTS_PER_PAGE_MAX);
        let facts = facts.map_err(|error| format!("failed to read session {id}: {error}"))?;
        let Some(last) = facts.last() else { return Ok(ledger) };
        after = last.seq;
        facts.iter().for_each(|fact| ledger.push(fact));
    }
}

fn as_text(entry: &Entry) -> String {
    let Entry { at, model, host, bytes, wanted, came, usage, files, commands } = entry;
    let tokens = usage.map_or_else(String::new, |usage| {
        let input = usage.input + usage.cache_read + usage.cache_write;
        let cached =
            if usage.cache_read > 0 { format!(" ({} cached)", usage.cache_read) } else { String::new() };
        format!(", {input} tokens{cached}, {} back", usage.output)
    });
    let purpose = match wanted {
        Wish::Message => "",
        Wish::Summary => ", for a summary",
        Wish::Title => ", for a title",
    };
    let came = match came {
        Came::Answer => String::new(),
        Came::Nothing => ", no answer".to_owned(),
        Came::Failure(kind) => format!(", failed: {kind}"),
    };
    let mut text = format!("{at}  {}  {host}  {bytes} bytes{tokens}{purpose}{came}\n", model.0);
    files.iter().for_each(|file| text.push_str(&format!("    {file}\n")));
    commands.iter().for_each(|command| {
        text.push_str(&format!("    what was printed by: {}\n", clean::one_line(command)));
    });
    clean::for_terminal(&text).into_owned()
}

fn as_json(entry: &Entry) -> String {
    let Entry { at, model, host, bytes, wanted, came, usage, files, commands } = entry;
    let failed = match came {
        Came::Failure(kind) => Some(kind),
        Came::Answer | Came::Nothing => None,
    };
    let line = json!({
        "at": at,
        "model": model,
        "host": host,
        "bytes": bytes,
        "wanted": wanted,
        "answered": *came == Came::Answer,
        "failed": failed,
        "inputTokens": usage.map(|usage| usage.input),
        "cacheReadTokens": usage.map(|usage| usage.cache_read),
        "cacheWriteTokens": usage.map(|usage| usage.cache_write),
        "outputTokens": usage.map(|usage| usage.output),
        "files": files,
        "commands": commands,
    });
    format!("{line}\n")
}
