//! What the process was started with: environment, folder, program, terminals.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use crate::path::AbsPath;

/// A standard stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// A variable of the environment. An empty one counts as not set, and so does one that is not
/// UTF-8.
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// All variables whose name and value are UTF-8.
pub fn vars() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The folder in which the program was started. Asked for once, by `main`; everywhere else paths
/// are absolute.
pub fn current_folder() -> io::Result<AbsPath> {
    AbsPath::new(std::env::current_dir()?).map_err(io::Error::other)
}

/// The file of this program, which may have been replaced since.
pub fn current_exe() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// The user's home folder.
pub fn home() -> Option<AbsPath> {
    AbsPath::new(etcetera::home_dir().ok()?).ok()
}

/// Whether a person's terminal is on the other side.
pub fn is_terminal(stream: Stream) -> bool {
    match stream {
        Stream::Input => io::stdin().is_terminal(),
        Stream::Output => io::stdout().is_terminal(),
        Stream::Errors => io::stderr().is_terminal(),
    }
}

/// Makes the terminal forget what was typed and not read; nothing where input is no terminal.
pub fn forget_typed() {
    #[cfg(unix)]
    if is_terminal(Stream::Input) {
        // A terminal that is going away has nothing to forget.
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found() {
        // Cargo sets the first; nobody sets the second.
        assert_eq!(var("CARGO_PKG_NAME").as_deref(), Some("quillon"));
        assert_eq!(var("QUILLON_NO_SUCH_VARIABLE"), None);
        assert!(vars().contains(&("CARGO_PKG_NAME".to_owned(), "quillon".to_owned())));
    }

    #[test]
    fn places_are_absolute_and_exist() {
        let folder = current_folder().unwrap();
        assert!(folder.as_path().is_dir());
        assert!(current_exe().unwrap().is_file());
    }
}
