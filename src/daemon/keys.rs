//! `Keys`: the keys of model providers that the user has stored, in a file which only they can read.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::os::env;
use crate::os::fs::{self, Durability};
use crate::path::AbsPath;
use crate::providers::servers::Lookup;

/// The file's name in the state folder.
const FILE: &str = "keys.json";

/// The stored keys, and those that were handed over for this process. Nothing is read before one is asked for.
pub struct Keys {
    file: AbsPath,
    /// By the providers' names; these count before the stored ones.
    handed: Mutex<BTreeMap<String, String>>,
    /// Why they could not be read when somebody last was told.
    told: Mutex<Option<String>>,
}

#[derive(Default, Serialize, Deserialize)]
struct File {
    /// By the providers' names.
    keys: BTreeMap<String, String>,
}

impl Keys {
    /// Those of this state folder.
    pub(super) fn in_folder(state: &AbsPath) -> Result<Self, String> {
        let file = state.join(FILE).map_err(|error| error.to_string())?;
        Ok(Self { file, handed: Mutex::default(), told: Mutex::default() })
    }

    /// The file, whether it exists or not.
    pub fn file(&self) -> &AbsPath {
        &self.file
    }

    /// Takes a key for this process, in the place of the one before.
    pub fn hand(&self, provider: &str, key: &str) {
        self.in_hand().insert(provider.to_owned(), key.to_owned());
    }

    /// The providers whose key was handed over.
    pub fn handed(&self) -> Vec<String> {
        self.in_hand().keys().cloned().collect()
    }

    /// The providers that have a stored one.
    pub fn providers(&self) -> Result<Vec<String>, String> {
        Ok(self.read()?.keys.into_keys().collect())
    }

    /// Stores a key in the place of the one before.
    pub fn store(&self, provider: &str, key: &str) -> Result<(), String> {
        let mut file = self.read()?;
        file.keys.insert(provider.to_owned(), key.to_owned());
        self.write(&file)?;
        self.in_hand().remove(provider);
        Ok(())
    }

    /// Forgets a key; says whether there was one.
    pub fn forget(&self, provider: &str) -> Result<bool, String> {
        let mut file = self.read()?;
        let was_stored = file.keys.remove(provider).is_some();
        if was_stored {
            self.write(&file)?;
        }
        let was_handed = self.in_hand().remove(provider).is_some();
        Ok(was_stored || was_handed)
    }

    fn in_hand(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<File, String> {
        let failed = |why: String| {
            format!("failed to read the stored keys in {}: {why}; repair or remove the file", self.file)
        };
        match fs::read(&self.file) {
            // What stands in it goes into no message.
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| failed("it is damaged".into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(File::default()),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn write(&self, file: &File) -> Result<(), String> {
        let failed = |error: io::Error| format!("failed to write {}: {error}", self.file);
        if let Some(folder) = self.file.parent() {
            fs::create_private_folders(&folder).map_err(failed)?;
        }
        let bytes = serde_json::to_vec_pretty(file).map_err(|error| failed(error.into()))?;
        fs::replace_private(&self.file, &bytes, Durability::Machine).map_err(failed)
    }
}

impl Lookup for Keys {
    fn variable(&self, name: &str) -> Option<String> {
        env::var(name).filter(|value| !value.trim().is_empty())
    }

    fn stored(&self, provider: &str) -> Option<String> {
        if let Some(key) = self.in_hand().get(provider) {
            return Some(key.clone());
        }
        let (key, trouble) = match self.read() {
            Ok(mut file) => (file.keys.remove(provider), None),
            Err(why) => (None, Some(why)),
        };
        // Each model is looked up by itself: the same trouble is told once.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &trouble
            && *told != trouble
        {
            tracing::warn!("{why}");
        }
        *told = trouble;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_stored_replaced_and_forgotten() {
        let held = tempfile::tempdir().unwrap();
        let folder = AbsPath::new(held.path()).unwrap().join("state").unwrap();
        let keys = Keys::in_folder(&folder).unwrap();
        assert_eq!((keys.providers().unwrap(), keys.stored("a")), (Vec::new(), None));
        keys.store("a", "1").unwrap();
        keys.store("b", "2").unwrap();
        keys.store("a", "3").unwrap();
        assert_eq!(keys.stored("a").as_deref(), Some("3"));
        assert!(keys.forget("a").unwrap() && !keys.forget("a").unwrap());
        assert_eq!(keys.providers().unwrap(), ["b"]);
        keys.hand("b", "4");
        assert_eq!((keys.stored("b").as_deref(), keys.handed()), (Some("4"), vec!["b".to_owned()]));
        let later = Keys::in_folder(&folder).unwrap();
        assert_eq!(later.stored("b").as_deref(), Some("2"), "what was handed over is this process's");
        keys.store("b", "5").unwrap();
        assert_eq!((keys.stored("b").as_deref(), keys.handed().len()), (Some("5"), 0));
        keys.hand("c", "6");
        assert!(keys.forget("c").unwrap() && keys.stored("c").is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            #[allow(clippy::disallowed_methods, reason = "the mode of a file")]
            let mode = std::fs::metadata(keys.file().as_path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_told_and_left_alone() {
        let held = tempfile::tempdir().unwrap();
        let folder = AbsPath::new(held.path()).unwrap();
        let keys = Keys::in_folder(&folder).unwrap();
        fs::replace(keys.file(), b"{\"keys\": {\"a\": \"sesame", Durability::Process).unwrap();
        let error = keys.store("b", "2").unwrap_err();
        assert!(error.contains("it is damaged; repair or remove the file") && !error.contains("sesame"));
        assert_eq!(keys.stored("a"), None);
        assert_eq!(fs::read(keys.file()).unwrap(), b"{\"keys\": {\"a\": \"sesame");
    }
}
