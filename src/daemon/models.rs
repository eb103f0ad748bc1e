//! `CurrentModels`: the models of the servers that the settings name by now.

use std::sync::{Arc, Mutex, PoisonError};

use super::standing::Standing;
use crate::engine::budget::Budget;
use crate::engine::{Model, ModelName, Models};
use crate::providers::Providers;
use crate::providers::servers::Servers;

/// Makes the models of servers.
type Make = Box<dyn Fn(Servers) -> Providers + Send + Sync>;

/// The models; made anew when other servers are set.
pub(super) struct CurrentModels {
    standing: Arc<Standing>,
    make: Make,
    now: Mutex<(Servers, Arc<Providers>)>,
}

impl CurrentModels {
    /// The models of the servers that are set.
    pub(super) fn new(standing: Arc<Standing>, make: Make) -> Self {
        let servers = standing.user().servers();
        let providers = Arc::new(make(servers.clone()));
        Self { standing, make, now: Mutex::new((servers, providers)) }
    }

    fn now(&self) -> Arc<Providers> {
        let servers = self.standing.user().servers();
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 != servers {
            *now = (servers.clone(), Arc::new((self.make)(servers)));
        }
        now.1.clone()
    }
}

impl Models for CurrentModels {
    fn find(&self, name: &ModelName) -> Result<Arc<dyn Model>, String> {
        self.now().find(name)
    }

    fn default(&self) -> Result<ModelName, String> {
        self.now().default()
    }

    fn fallbacks(&self) -> Vec<ModelName> {
        self.now().fallbacks()
    }

    fn small(&self, beside: &ModelName) -> Option<ModelName> {
        self.now().small(beside)
    }

    fn budget(&self) -> Budget {
        self.standing.user().budget()
    }

    fn offered(&self) -> Vec<(ModelName, String)> {
        self.now().offered()
    }
}
