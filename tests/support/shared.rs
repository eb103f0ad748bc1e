//! What a host shares with its sessions in a test: every tool, no rules, no editor's settings.

use std::sync::Arc;

use quillon::engine::journal::Journals;
use quillon::engine::{Models, Ruling, SessionId, Shared, Toolbox};

pub fn shared(journals: Arc<dyn Journals>, models: Arc<dyn Models>) -> Shared {
    Shared {
        journals,
        models,
        toolbox: Arc::new(Toolbox::new(quillon::tools::built_in())),
        rules: Arc::new(|_: &quillon::path::AbsPath| Ruling::default()),
        outside: None,
        turns: Default::default(),
        instructions: None,
        clock: Arc::new(|| "now".to_owned()),
        ids: Arc::new(|| SessionId("s1".into())),
        modes: Arc::new(|_, mode| mode),
        environment: Arc::new(String::new),
        variables: Arc::new(Vec::new),
    }
}
