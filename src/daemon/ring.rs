//! `Ring`: the providers that want a key, where each key comes from, and keys that are handed over.

use std::collections::HashSet;
use std::sync::Arc;

use super::Keys;
use super::standing::Standing;
use crate::frontends::editor::{KeyOf, KeyRing, Until, Whence};
use crate::limits;
use crate::providers::catalogue;
use crate::providers::servers::{Lookup, Servers};

/// The keys, with the settings that say which providers there are.
pub struct Ring {
    pub(super) keys: Arc<Keys>,
    pub(super) standing: Arc<Standing>,
}

impl Ring {
    /// What is wrong with a name, if no provider has it: a key for it would never be used.
    pub fn known(&self, provider: &str) -> Result<(), String> {
        let servers = self.servers();
        if servers.named.iter().any(|(name, _)| name == provider) || catalogue::provider(provider).is_some() {
            return Ok(());
        }
        let names: Vec<String> =
            catalogue::presets().filter(|preset| !preset.local).map(|preset| preset.id).collect();
        Err(format!(
            "no provider `{provider}` is known; there are: {}, and those of `providers` in quillon.jsonc",
            names.join(", ")
        ))
    }

    /// What is wrong with a text as a key, if something is.
    pub fn sound(key: &str) -> Result<(), String> {
        match key.is_empty()
            || key.len() > limits::KEY_BYTES_MAX
            || key.contains(|sign: char| sign.is_whitespace() || sign.is_control())
        {
            true => {
                Err("that is no key: it is empty, far too long, or has blanks in it. Nothing is stored"
                    .into())
            }
            false => Ok(()),
        }
    }

    fn servers(&self) -> Servers {
        self.standing.user().servers()
    }
}

impl KeyRing for Ring {
    fn providers(&self) -> Result<Vec<KeyOf>, String> {
        let (keys, servers) = (&self.keys, self.servers());
        let (stored, handed) = (keys.providers()?, keys.handed());
        let named = servers.named.iter().map(|(name, _)| name.clone());
        let presets = catalogue::presets().filter(|preset| !preset.local).map(|preset| preset.id);
        let mut seen = HashSet::new();
        let mut names: Vec<String> =
            named.chain(presets).chain(handed.iter().chain(&stored).cloned()).collect();
        names.retain(|name| seen.insert(name.clone()));
        let of = |name: String| {
            let preset = catalogue::provider(&name);
            let usual =
                preset.iter().flat_map(|preset| &preset.keys).find(|key| keys.variable(key).is_some());
            let is_set = servers.named.iter().any(|(known, server)| *known == name && server.key.is_some());
            let from = match usual {
                _ if is_set => Whence::Settings,
                _ if handed.contains(&name) => Whence::Handed,
                _ if stored.contains(&name) => Whence::Stored,
                Some(variable) => Whence::Variable(variable.clone()),
                None => Whence::Nowhere,
            };
            KeyOf { provider: name, from, docs: preset.map(|preset| preset.docs) }
        };
        Ok(names.into_iter().map(of).collect())
    }

    fn take(&self, provider: &str, key: &str, until: Until) -> Result<(), String> {
        self.known(provider)?;
        Self::sound(key)?;
        match until {
            Until::TheEnd => {
                self.keys.hand(provider, key);
                Ok(())
            }
            Until::Forgotten => self.keys.store(provider, key),
        }
    }

    fn forget(&self, provider: &str) -> Result<(), String> {
        match self.keys.forget(provider)? {
            true => Ok(()),
            false => Err(format!("no key of `{provider}` is stored")),
        }
    }
}
