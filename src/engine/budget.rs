//! `Budget`: what a turn may spend before the user is asked whether it is to go on.

use std::time::Duration;

use super::usage::Usage;
use crate::text::dollars;

/// What a turn may spend; what is absent has no bound. The user sets it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget {
    /// Requests to the model.
    pub steps: Option<u32>,
    /// Tokens of requests and answers, those from a cache too.
    pub tokens: Option<u64>,
    /// US dollars, as far as the model's price is known.
    pub dollars: Option<f64>,
    /// Time.
    pub time: Option<Duration>,
}

/// What a turn has spent up to now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spent {
    /// Requests to the model.
    pub steps: u32,
    /// Tokens.
    pub usage: Usage,
    /// US dollars.
    pub dollars: f64,
    /// Time.
    pub time: Duration,
}

impl Budget {
    /// What is used up, in words for the user; none where there is room in all of it. What was spent `before` the
    /// user's last yes does not count: each gives the whole once more.
    pub fn used_up(&self, spent: &Spent, before: &Spent) -> Option<String> {
        let mut used = Vec::new();
        if self.steps.is_some_and(|steps| spent.steps.saturating_sub(before.steps) >= steps) {
            used.push(format!("{} requests to the model", spent.steps));
        }
        let tokens = spent.usage.all();
        if self.tokens.is_some_and(|most| tokens.saturating_sub(before.usage.all()) >= most) {
            used.push(format!("{tokens} tokens"));
        }
        if self.dollars.is_some_and(|most| spent.dollars - before.dollars >= most) {
            used.push(dollars(spent.dollars));
        }
        if self.time.is_some_and(|time| spent.time.saturating_sub(before.time) >= time) {
            let seconds = spent.time.as_secs();
            used.push(format!("{} min {} s", seconds / 60, seconds % 60));
        }
        (!used.is_empty()).then(|| format!("This turn has taken {}.", used.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_asks_and_each_yes_gives_as_much_again() {
        let budget = Budget {
            steps: Some(10),
            tokens: Some(1_000),
            dollars: Some(0.5),
            time: Some(Duration::from_secs(60)),
        };
        let usage = |tokens| Usage { input: tokens / 2, cache_read: tokens / 2, ..Usage::default() };
        let spent = |steps, tokens, dollars, seconds| Spent {
            steps,
            usage: usage(tokens),
            dollars,
            time: Duration::from_secs(seconds),
        };
        let nothing = Spent::default();
        assert_eq!(budget.used_up(&spent(9, 998, 0.49, 59), &nothing), None);
        for (spent, words) in [
            (spent(10, 0, 0.0, 0), "10 requests to the model"),
            (spent(0, 1_000, 0.0, 0), "1000 tokens"),
            (spent(0, 0, 0.5, 0), "$0.50"),
            (spent(0, 0, 0.0, 61), "1 min 1 s"),
            (spent(10, 0, 0.51, 0), "10 requests to the model, $0.51"),
        ] {
            assert_eq!(budget.used_up(&spent, &nothing), Some(format!("This turn has taken {words}.")));
            assert_eq!(budget.used_up(&spent, &spent), None, "{words}");
        }
        let before = spent(13, 0, 9.0, 0);
        assert_eq!(budget.used_up(&spent(22, 0, 9.4, 0), &before), None);
        assert_eq!(
            budget.used_up(&spent(23, 0, 9.4, 0), &before).as_deref(),
            Some("This turn has taken 23 requests to the model.")
        );
        let all = spent(u32::MAX, u64::MAX, f64::MAX, 1 << 40);
        assert_eq!(Budget::default().used_up(&all, &nothing), None);
    }
}
