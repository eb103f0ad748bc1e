//! What is known of model providers and their models without asking anybody: one data file.
//!
//! Each of its lines is a JSON object: a provider, or a model of one by `PROVIDER/MODEL`. It is read line by
//! line when somebody asks for one of them, and nothing of it stays in memory.

use serde::Deserialize;

use super::facts::Facts;

const LINES: &str = include_str!("catalogue.jsonl");

/// A provider whose place is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Preset {
    /// Its name in front of its models': `anthropic`.
    #[serde(rename = "provider")]
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The word for how it is spoken to.
    pub api: String,
    /// Where it is; `{NAME}` in it stands for a variable of the environment.
    pub base_url: String,
    /// The variables that usually hold its key; the first that is set counts.
    pub keys: Vec<String>,
    /// The header that carries the key, where it is not the usual one of the interface.
    pub key_header: Option<String>,
    /// It runs on this machine and wants no key.
    #[serde(default)]
    pub local: bool,
    /// Where it describes itself.
    pub docs: String,
}

/// The provider of this name.
pub fn provider(id: &str) -> Option<Preset> {
    presets().find(|preset| preset.id == id)
}

/// All providers.
pub fn presets() -> impl Iterator<Item = Preset> {
    LINES.lines().filter(|line| line.starts_with("{\"provider\"")).filter_map(read)
}

/// What is known of a model of this provider.
pub fn model(provider: &str, model: &str) -> Option<Facts> {
    models(provider).find(|(name, _)| name == model).map(|(_, facts)| facts)
}

/// The models of this provider, by their names there.
pub fn models(provider: &str) -> impl Iterator<Item = (String, Facts)> {
    let begin = format!("{{\"model\": \"{provider}/");
    LINES.lines().filter(move |line| line.starts_with(&begin)).filter_map(|line| {
        let row: Row = read(line)?;
        let name = row.model.split_once('/')?.1.to_owned();
        Some((name, row.facts))
    })
}

#[derive(Deserialize)]
struct Row {
    model: String,
    #[serde(flatten)]
    facts: Facts,
}

/// The tests read every line.
fn read<T: for<'a> Deserialize<'a>>(line: &str) -> Option<T> {
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Api, wishes::Effort};
    use super::*;
    use crate::engine::model::Rates;

    #[track_caller]
    fn parsed<T: for<'a> Deserialize<'a>>(number: usize, line: &str) -> T {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("line {number}: {error}"))
    }

    #[test]
    fn every_line_is_read() {
        let (mut providers, mut rows) = (0, 0);
        for (number, line) in LINES.lines().enumerate().skip(1) {
            if line.starts_with("{\"provider\"") {
                let preset: Preset = parsed(number + 1, line);
                assert!(Api::ALL.iter().any(|api| api.word() == preset.api), "{line}");
                assert!(preset.docs.starts_with("https://"), "{line}");
                assert!(preset.local != preset.base_url.starts_with("https://"), "{line}");
                assert_eq!(provider(&preset.id), Some(preset));
                providers += 1;
            } else {
                let row: Row = parsed(number + 1, line);
                let (of, name) = row.model.split_once('/').unwrap();
                assert!(provider(of).is_some(), "{line}");
                assert_eq!(model(of, name), Some(row.facts.clone()));
                assert!(row.facts.date.is_some(), "{line}: without a date");
                let larger = |tokens: Option<u64>| tokens > row.facts.context;
                assert!(!larger(row.facts.input) && !larger(row.facts.output), "{line}");
                rows += 1;
            }
        }
        assert_eq!((providers, rows), (presets().count(), LINES.lines().count() - 1 - providers));
    }

    #[test]
    fn a_model_is_found_with_what_is_known_of_it() {
        let facts = model("anthropic", "claude-opus-4-8").unwrap();
        assert_eq!((facts.context, facts.output), (Some(1_000_000), Some(128_000)));
        assert!(facts.efforts.contains(&Effort::Max));
        let rates = Rates { input: 5.0, output: 25.0, cache_read: Some(0.5), cache_write: Some(6.25) };
        assert_eq!(facts.price.unwrap().rates, rates);
        let tiers = model("openai", "gpt-5.4").unwrap().price.unwrap().over.unwrap();
        assert_eq!((tiers.0, tiers.1.output), (272_000, 22.5));
        assert_eq!(model("anthropic", "claude-opus"), None);
        assert_eq!(model("openai", "claude-opus-4-8"), None);
        assert_eq!(provider("none"), None);
    }
}
