//! Whose turn it is at a file: of the writers of this program one at a time, each file for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};

use crate::path::AbsPath;

/// The gates of all files that are being written.
#[derive(Debug, Default)]
pub struct FileGates(Mutex<HashMap<AbsPath, Weak<Gate<()>>>>);

/// It is our turn at some files, until this is dropped.
#[derive(Debug)]
pub struct OurTurn(#[expect(dead_code, reason = "others wait while it is held")] Vec<OwnedMutexGuard<()>>);

impl FileGates {
    /// Waits until nobody else writes these files; others wait until what is given is dropped.
    ///
    /// Whoever holds a turn does not wait for another one, nor for the heads of repositories.
    pub async fn enter<'a>(&self, paths: impl IntoIterator<Item = &'a AbsPath>) -> OurTurn {
        let mut paths: Vec<&AbsPath> = paths.into_iter().collect();
        // In one order for everybody, so that no two wait for each other.
        paths.sort_unstable();
        paths.dedup();
        let mut held = Vec::with_capacity(paths.len());
        for path in paths {
            let gate = self.gate(path);
            held.push(gate.lock_owned().await);
        }
        OurTurn(held)
    }

    /// Our turn at a file, unless somebody writes it.
    pub fn try_enter(&self, path: &AbsPath) -> Option<OurTurn> {
        let held = self.gate(path).try_lock_owned().ok()?;
        Some(OurTurn(vec![held]))
    }

    fn gate(&self, path: &AbsPath) -> Arc<Gate<()>> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(path).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(path.clone(), Arc::downgrade(&gate));
        gate
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn one_at_a_time_for_each_file() {
        let gates = FileGates::default();
        let [a, b, c] = ["/a", "/b", "/c"].map(|path| AbsPath::new(path).unwrap());
        let first = gates.enter([&b, &a, &a]).now_or_never().unwrap();
        assert!(gates.enter([&c]).now_or_never().is_some());
        assert!(gates.enter([&c, &a]).now_or_never().is_none());
        assert!(gates.try_enter(&a).is_none());
        drop(first);
        let second = gates.enter([&c, &a]).now_or_never().unwrap();
        assert!(gates.try_enter(&c).is_none() && gates.try_enter(&b).is_some());
        drop(second);
        drop(gates.enter([&c]).now_or_never().unwrap());
        assert_eq!(gates.0.lock().unwrap().len(), 1, "what nobody writes is forgotten");
    }
}
