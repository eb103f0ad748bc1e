//! `Meter`: how full the model's context is, and what the session has cost.

use std::collections::HashMap;
use std::sync::Arc;

use agent_client_protocol_schema::v1 as acp;

use super::super::v1;
use crate::engine::event::Usage;
use crate::engine::journal::Recorded;
use crate::engine::model::Price;
use crate::engine::{Event, ModelName, Recorder, Seq, Setting};
use crate::limits;

/// What is known of a model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known {
    /// How many tokens its context holds.
    pub context: Option<u64>,
    /// What its tokens cost.
    pub price: Option<Price>,
}

/// Says what is known of a model.
pub type KnownModels = Arc<dyn Fn(&ModelName) -> Known + Send + Sync>;

/// The counts of one session, up to a fact.
pub struct Meter {
    models: KnownModels,
    /// To know a model the settings are looked at, so it is asked once for each.
    known: HashMap<ModelName, Known>,
    model: Option<ModelName>,
    cost: Cost,
    upto: Seq,
}

/// What was spent up to now. A part of it would be taken for all.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cost {
    Dollars(f64),
    Unknown,
}

impl Meter {
    /// Nothing was counted.
    pub fn new(models: KnownModels) -> Self {
        Self { models, known: HashMap::new(), model: None, cost: Cost::Dollars(0.0), upto: Seq(0) }
    }

    /// Counts a fact, and those before it which the client was not told. Gives what there is to say: nothing where
    /// the provider does not count, or where it is not known how much fits.
    pub fn fact(&mut self, fact: &Recorded, recorder: &Recorder) -> Option<acp::UsageUpdate> {
        self.catch_up(fact.seq, recorder);
        self.count(fact);
        let Event::Replied { reply, .. } = &*fact.event else { return None };
        let size = self.known(&self.model.clone()?).context?;
        let dollars = match self.cost {
            Cost::Dollars(dollars) => Some(dollars),
            Cost::Unknown => None,
        };
        v1::usage(&reply.usage, size, dollars)
    }

    fn catch_up(&mut self, before: Seq, recorder: &Recorder) {
        while self.upto.0 + 1 < before.0 {
            let facts = recorder.facts(self.upto, limits::FACTS_PER_PAGE_MAX).unwrap_or_default();
            if facts.is_empty() {
                self.cost = Cost::Unknown;
                return;
            }
            facts.iter().take_while(|fact| fact.seq < before).for_each(|fact| self.count(fact));
        }
    }

    fn count(&mut self, fact: &Recorded) {
        self.upto = fact.seq;
        let event = &*fact.event;
        if let Event::Opened { model, .. } | Event::Configured { setting: Setting::Model(model) } = event {
            self.model = Some(model.clone());
        } else if let Some((other, usage)) = event.spent() {
            let model = other.or(self.model.as_ref()).cloned();
            self.spend(model, &usage);
        }
    }

    fn spend(&mut self, model: Option<ModelName>, usage: &Usage) {
        let Cost::Dollars(before) = self.cost else { return };
        self.cost = match model.and_then(|model| self.known(&model).price) {
            Some(price) => Cost::Dollars(before + price.of(usage)),
            None if usage.all() == 0 => return,
            None => Cost::Unknown,
        };
    }

    fn known(&mut self, model: &ModelName) -> Known {
        if let Some(known) = self.known.get(model) {
            return *known;
        }
        let known = (self.models)(model);
        self.known.insert(model.clone(), known);
        known
    }
}
