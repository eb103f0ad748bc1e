//! The folders in which the program keeps what is its own: state, configuration, cache, data.
//!
//! They lie where the system's rules say (on Unix those of XDG, with its variables), in a folder
//! `quillon`. `QUILLON_STATE_DIR` and `QUILLON_CONFIG_DIR` name the first two directly. Nothing is
//! made here.

use std::io;
use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::env;
use crate::path::AbsPath;

/// Sessions and logs: what may be lost with regret, and is not for other machines.
pub fn state() -> io::Result<AbsPath> {
    named("QUILLON_STATE_DIR", |base| base.state_dir().unwrap_or_else(|| base.data_dir()))
}

/// What the user writes.
pub fn config() -> io::Result<AbsPath> {
    named("QUILLON_CONFIG_DIR", |base| base.config_dir())
}

/// What can be made or fetched again.
pub fn cache() -> io::Result<AbsPath> {
    ours(|base| base.cache_dir())
}

/// What the user put in, and may want on another machine.
pub fn data() -> io::Result<AbsPath> {
    ours(|base| base.data_dir())
}

fn named(variable: &str, place: impl FnOnce(&dyn BaseStrategy) -> PathBuf) -> io::Result<AbsPath> {
    match env::var(variable) {
        Some(value) => directly(variable, value),
        None => ours(place),
    }
}

fn directly(variable: &str, value: String) -> io::Result<AbsPath> {
    AbsPath::new(&value).map_err(|error| {
        let text = format!("{variable} must name a folder from the root on: {error}");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

fn ours(place: impl FnOnce(&dyn BaseStrategy) -> PathBuf) -> io::Result<AbsPath> {
    let base = etcetera::choose_base_strategy().map_err(|_| {
        let text = "the home folder is not known; set HOME, or QUILLON_STATE_DIR and QUILLON_CONFIG_DIR";
        io::Error::new(io::ErrorKind::NotFound, text)
    })?;
    AbsPath::new(place(&base).join("quillon")).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_is_taken_as_it_is() {
        assert_eq!(directly("X", "/a/./b".into()).unwrap().to_string(), "/a/b");
        let error = directly("QUILLON_STATE_DIR", "a/b".into()).unwrap_err();
        assert!(error.to_string().starts_with("QUILLON_STATE_DIR must"), "{error}");
    }

    #[test]
    fn ours_is_a_folder_below_the_systems() {
        for folder in [cache().unwrap(), data().unwrap()] {
            assert_eq!(folder.file_name(), "quillon");
        }
        assert_eq!(ours(|_| "/base".into()).unwrap().to_string(), "/base/quillon");
    }
}
