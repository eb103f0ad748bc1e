//! `quillon stats`: the tokens of all sessions, and what they cost, by model.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{print, sessions};
use crate::daemon::{Choices, Daemon};
use crate::engine::event::{Event, ModelName, Seq, Setting, Usage};
use crate::engine::model::Price;
use crate::limits;
use crate::os::clock;
use crate::text::{clean, dollars};

/// Of which time, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "A cost is an estimate: the tokens as the providers counted them, by the prices that your settings \
                        or the catalogue have now. What has no known price is not in it."
)]
pub(super) struct StatsArgs {
    /// Only the last days.
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// Only the sessions of the current folder.
    #[arg(long)]
    here: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// What one model was used for.
#[derive(Debug, Default)]
struct Used {
    requests: u64,
    usage: Usage,
    /// In dollars; none where the price is not known.
    cost: Option<f64>,
}

/// Of all that is looked at.
#[derive(Debug, Default)]
struct Totals {
    sessions: u64,
    turns: u64,
    models: BTreeMap<String, Used>,
}

pub(super) fn main(args: StatsArgs) -> Result<ExitCode, String> {
    let daemon = Daemon::new(Choices::default())?;
    daemon.run(async |daemon| {
        let totals = totals(daemon, &args).await?;
        print(&if args.json { as_json(&totals) } else { table(&totals) })
    })
}

async fn totals(daemon: &Daemon, args: &StatsArgs) -> Result<Totals, String> {
    let here = if args.here { Some(daemon.here()?) } else { None };
    let since = args.days.map(clock::days_ago).unwrap_or_default();
    let mut totals = Totals::default();
    let mut prices: BTreeMap<String, Option<Price>> = BTreeMap::new();
    for info in sessions::infos(daemon).await? {
        if info.updated < since || here.as_ref().is_some_and(|here| info.cwd != *here) {
            continue;
        }
        // One that cannot be read is told by `sessions show`.
        let Ok(recorder) = daemon.host().look(&info.id).await else { continue };
        totals.sessions += 1;
        let (mut after, mut model) = (Seq(0), String::new());
        loop {
            let facts = recorder.facts(after, limits::FACTS_PER_PAGE_MAX);
            let facts = facts.map_err(|error| format!("failed to read session {}: {error}", info.id))?;
            let Some(last) = facts.last() else { break };
            after = last.seq;
            for fact in &facts {
                let event = &*fact.event;
                if let Event::Opened { model: first, .. } = event {
                    model.clone_from(&first.0);
                } else if let Event::Configured { setting: Setting::Model(next) } = event {
                    model.clone_from(&next.0);
                }
                if *fact.at < *since {
                    continue;
                }
                totals.turns += u64::from(matches!(event, Event::TurnStarted { .. }));
                if let Some((other, usage)) = event.spent() {
                    let model = other.map_or(&model, |other| &other.0);
                    let price = prices.entry(model.clone()).or_insert_with(|| price(daemon, model));
                    totals.add(model, usage, *price);
                }
            }
        }
    }
    Ok(totals)
}

fn price(daemon: &Daemon, model: &str) -> Option<Price> {
    daemon.found(&ModelName(model.to_owned())).ok()?.facts.price
}

impl Totals {
    fn add(&mut self, model: &str, usage: Usage, price: Option<Price>) {
        let used = self.models.entry(model.to_owned()).or_default();
        used.requests += 1;
        used.usage += usage;
        if let Some(price) = price {
            *used.cost.get_or_insert(0.0) += price.of(&usage);
        }
    }
}

fn table(totals: &Totals) -> String {
    if totals.models.is_empty() {
        return "no model was asked for anything\n".to_owned();
    }
    let mut text = format!("{} sessions, {} turns\n\n", totals.sessions, totals.turns);
    let head = ["requests", "input", "cached", "output", "cost"];
    text.push_str(&format!("{:<40}", "model"));
    head.iter().for_each(|word| text.push_str(&format!("{word:>13}")));
    text.push('\n');
    let mut all = Used::default();
    for (model, used) in &totals.models {
        text.push_str(&row(&clean::for_terminal(model), used));
        all.requests += used.requests;
        all.usage += used.usage;
        if let Some(cost) = used.cost {
            *all.cost.get_or_insert(0.0) += cost;
        }
    }
    if totals.models.len() > 1 {
        text.push_str(&row("all", &all));
    }
    text
}

fn row(name: &str, used: &Used) -> String {
    let Used { requests, usage, cost } = used;
    let input = usage.input + usage.cache_write;
    let cost = cost.map_or("-".to_owned(), dollars);
    format!("{name:<40}{requests:>13}{input:>13}{:>13}{:>13}{cost:>13}\n", usage.cache_read, usage.output)
}

fn as_json(totals: &Totals) -> String {
    let mut text = String::new();
    for (model, Used { requests, usage, cost }) in &totals.models {
        let line = json!({
            "model": model,
            "requests": requests,
            "inputTokens": usage.input,
            "cacheReadTokens": usage.cache_read,
            "cacheWriteTokens": usage.cache_write,
            "outputTokens": usage.output,
            "reasoningTokens": usage.reasoning,
            "dollars": cost,
        });
        text.push_str(&format!("{line}\n"));
    }
    text
}
