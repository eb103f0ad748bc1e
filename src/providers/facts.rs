//! `Facts`: what is known of a model: from the catalogue, from the settings, from its server.

use serde::Deserialize;

use super::wishes::Effort;
use crate::engine::model::{Abilities, Price, Rates, Window};

/// What is known; what is not is none.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Facts {
    /// Tokens of a request and its answer together.
    pub context: Option<u64>,
    /// Tokens of a request, where that is less than the context.
    pub input: Option<u64>,
    /// Tokens of an answer.
    pub output: Option<u64>,
    /// What it accepts beside words.
    #[serde(default, deserialize_with = "accepts")]
    pub accepts: Option<Abilities>,
    /// How much it can be told to think; empty where nobody knows.
    #[serde(default, deserialize_with = "efforts")]
    pub efforts: Vec<Effort>,
    /// `tokens` where it is told how many tokens it may think.
    pub thinks_by: Option<String>,
    /// What its tokens cost.
    #[serde(default, deserialize_with = "price")]
    pub price: Option<Price>,
    /// When this was last changed, as a day.
    pub date: Option<String>,
}

impl Facts {
    /// These, and of `others` what these do not have.
    pub fn or(self, others: Self) -> Self {
        Self {
            context: self.context.or(others.context),
            input: self.input.or(others.input),
            output: self.output.or(others.output),
            accepts: self.accepts.or(others.accepts),
            efforts: if self.efforts.is_empty() { others.efforts } else { self.efforts },
            thinks_by: self.thinks_by.or(others.thinks_by),
            price: self.price.or(others.price),
            date: self.date.or(others.date),
        }
    }

    /// How much fits into it.
    pub fn window(&self) -> Option<Window> {
        // A request is what is looked at, so a smaller bound on it counts.
        let context = match (self.context, self.input) {
            (Some(context), Some(input)) => Some(context.min(input.saturating_add(self.output.unwrap_or(0)))),
            (context, input) => context.or(input),
        };
        context.map(|context| Window { context, output: self.output })
    }
}

#[derive(Deserialize)]
struct PriceRow {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    over: Option<OverRow>,
}

#[derive(Deserialize)]
struct OverRow {
    tokens: u64,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

fn price<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Price>, D::Error> {
    Ok(Option::<PriceRow>::deserialize(from)?.map(|row| {
        let PriceRow { input, output, cache_read, cache_write, over } = row;
        let over = over.map(|over| {
            let OverRow { tokens, input, output, cache_read, cache_write } = over;
            (tokens, Rates { input, output, cache_read, cache_write })
        });
        Price { rates: Rates { input, output, cache_read, cache_write }, over }
    }))
}

fn accepts<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Abilities>, D::Error> {
    let words = Option::<Vec<String>>::deserialize(from)?;
    Ok(words.map(|words| {
        let has = |word: &str| words.iter().any(|known| known == word);
        Abilities { images: has("images"), pdf: has("pdf") }
    }))
}

/// A word that is not known here is one for other programs.
fn efforts<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Effort>, D::Error> {
    let words = Option::<Vec<String>>::deserialize(from)?.unwrap_or_default();
    Ok(words.iter().filter_map(|word| Effort::parse(word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Usage;

    fn facts(json: &str) -> Facts {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_not_known_is_not_there() {
        assert_eq!(facts("{}"), Facts::default());
        assert_eq!(facts("{}").window(), None);
        let known = facts(r#"{"context": 10, "accepts": [], "efforts": ["low", "default"]}"#);
        assert_eq!((known.accepts, &known.efforts[..]), (Some(Abilities::default()), &[Effort::Low][..]));
        let both =
            known.or(facts(r#"{"context": 20, "output": 5, "accepts": ["images"], "efforts": ["high"]}"#));
        assert_eq!(
            (both.context, both.output, both.accepts),
            (Some(10), Some(5), Some(Abilities::default()))
        );
    }

    #[test]
    fn the_smaller_bound_of_a_request_counts() {
        let window = |json| facts(json).window().unwrap();
        assert_eq!(window(r#"{"context": 100, "output": 30}"#), Window { context: 100, output: Some(30) });
        assert_eq!(window(r#"{"context": 100, "input": 50, "output": 30}"#).context, 80);
        assert_eq!(window(r#"{"input": 50}"#).context, 50);
    }

    #[test]
    fn what_a_request_costs() {
        let json = r#"{"price": {"input": 2, "output": 10, "cache_read": 0.5,
                                 "over": {"tokens": 1000, "input": 4, "output": 20}}}"#;
        let price = facts(json).price.unwrap();
        let usage = |input, cache_read, cache_write, output| Usage {
            input,
            cache_read,
            cache_write,
            output,
            ..Usage::default()
        };
        let micro = |usage| (price.of(&usage) * 1e6).round();
        assert_eq!(micro(usage(100, 0, 0, 10)), 300.0);
        assert_eq!(micro(usage(100, 100, 100, 10)), 550.0, "the cache is written at the price of input");
        assert_eq!(micro(usage(501, 500, 0, 10)), 2004.0 + 2000.0 + 200.0);
    }
}
