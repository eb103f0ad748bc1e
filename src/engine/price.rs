//! `Price` and `Window`: what a model's tokens cost and how many fit into it.

use super::event::Usage;

/// How many tokens fit into a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Of a request and its answer together.
    pub context: u64,
    /// Of an answer, at most; none where it is not known.
    pub output: Option<u64>,
}

/// What tokens cost, in US dollars for a million of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// As a rule.
    pub rates: Rates,
    /// Of a request whose input is longer than this many tokens.
    pub over: Option<(u64, Rates)>,
}

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Of input that was in no cache.
    pub input: f64,
    /// Of output.
    pub output: f64,
    /// Of input from the cache; as other input, where it is not known.
    pub cache_read: Option<f64>,
    /// Of input into the cache; as other input, where it is not known.
    pub cache_write: Option<f64>,
}

impl Price {
    /// What one request with its answer costs, in dollars.
    pub fn of(&self, usage: &Usage) -> f64 {
        let input = usage.input + usage.cache_read + usage.cache_write;
        let rates = match self.over {
            Some((tokens, rates)) if input > tokens => rates,
            Some(_) | None => self.rates,
        };
        let cost = |tokens: u64, rate: f64| tokens as f64 * rate / 1e6;
        cost(usage.input, rates.input)
            + cost(usage.output, rates.output)
            + cost(usage.cache_read, rates.cache_read.unwrap_or(rates.input))
            + cost(usage.cache_write, rates.cache_write.unwrap_or(rates.input))
    }
}
