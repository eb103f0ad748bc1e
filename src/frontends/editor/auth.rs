//! `agent/auth/*`: keys that an editor hands over. They go in, and never come out.

use std::sync::Arc;

use quillon_protocol::auth::{AuthClearParams, AuthProvider, AuthResult, AuthSetParams, AuthSource, Secret};
use quillon_protocol::error::{ErrorKind, ResponseError};

use super::Editor;
use super::session::beside;

/// The keys of model providers. All of it reads or writes a file, so it blocks.
pub trait KeyRing: Send + Sync {
    /// The providers, each with where its key comes from. The error is for the user.
    fn providers(&self) -> Result<Vec<KeyOf>, String>;
    /// Takes a key, for this process alone or for later ones too. The error is for the user and has no key in it.
    fn take(&self, provider: &str, key: &str, until: Until) -> Result<(), String>;
    /// Forgets the key that was taken for a provider; the error is for the user.
    fn forget(&self, provider: &str) -> Result<(), String>;
}

/// Where nothing wants a key.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeys;

impl KeyRing for NoKeys {
    fn providers(&self) -> Result<Vec<KeyOf>, String> {
        Ok(Vec::new())
    }

    fn take(&self, _provider: &str, _key: &str, _until: Until) -> Result<(), String> {
        Err("nothing wants a key here".into())
    }

    fn forget(&self, _provider: &str) -> Result<(), String> {
        Err("there is no key here".into())
    }
}

/// How long a key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until the process ends.
    TheEnd,
    /// Until it is forgotten.
    Forgotten,
}

/// Where the key of a provider comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOf {
    /// The provider.
    pub provider: String,
    /// Whence.
    pub from: Whence,
    /// Where the provider's documentation is.
    pub docs: Option<String>,
}

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whence {
    /// The variable that the settings name.
    Settings,
    /// It was handed over, for this process.
    Handed,
    /// It is stored.
    Stored,
    /// This usual variable of the environment.
    Variable(String),
    /// There is none.
    Nowhere,
}

type Answer<T> = Result<T, ResponseError>;

impl Editor {
    pub(super) async fn auth_status(&self) -> Answer<AuthResult> {
        self.with_keys(|_| Ok(())).await
    }

    pub(super) async fn auth_set(&self, params: AuthSetParams) -> Answer<AuthResult> {
        let until = if params.store { Until::Forgotten } else { Until::TheEnd };
        let AuthSetParams { provider, key: Secret(key), .. } = params;
        self.with_keys(move |keys| keys.take(&provider, key.trim(), until)).await
    }

    pub(super) async fn auth_clear(&self, params: AuthClearParams) -> Answer<AuthResult> {
        self.with_keys(move |keys| keys.forget(&params.provider)).await
    }

    async fn with_keys(
        &self,
        change: impl FnOnce(&dyn KeyRing) -> Result<(), String> + Send + 'static,
    ) -> Answer<AuthResult> {
        let keys: Arc<dyn KeyRing> = self.options.keys.clone();
        let refused = |why: String| ResponseError::new(ErrorKind::ValueUnknown, why);
        beside(move || {
            // Where the stored ones cannot be read, the answer would be an error, and the key taken.
            keys.providers().map_err(refused)?;
            change(&*keys).map_err(refused)?;
            let providers = keys.providers().map_err(refused)?.into_iter().map(wire).collect();
            Ok(AuthResult { providers })
        })
        .await
    }
}

fn wire(key: KeyOf) -> AuthProvider {
    let (source, variable) = match key.from {
        Whence::Settings => (AuthSource::Settings, None),
        Whence::Handed => (AuthSource::Handed, None),
        Whence::Stored => (AuthSource::Stored, None),
        Whence::Variable(variable) => (AuthSource::Variable, Some(variable)),
        Whence::Nowhere => (AuthSource::None, None),
    };
    AuthProvider { provider: key.provider, source, variable, docs: key.docs }
}
