//! Looking at a command before it is decided about: it is read, and where the names in it lead is looked up.

use super::parts::Parts;
use crate::path::AbsPath;
use crate::policy::command::{self, Looked};
use crate::policy::shell;
use crate::workspace;

/// Reads a command; none where the program is ending.
pub(super) async fn looked(parts: &Parts, text: &str, cwd: &AbsPath) -> Option<Looked> {
    let (text, cwd, home) = (text.to_owned(), cwd.clone(), parts.rules.home());
    // It takes long for long texts, and looks at the disk.
    parts.tasks.spawn_blocking(move || look(&text, &cwd, home.as_ref())).await.ok()
}

/// The same, on this thread.
pub fn look(text: &str, cwd: &AbsPath, home: Option<&AbsPath>) -> Looked {
    let reading = shell::read(text, &shell::Place { cwd, home });
    let leads = command::lookups(&reading)
        .into_iter()
        .filter_map(|(folder, name)| {
            let path = workspace::leads(&folder, &name).ok()?;
            Some(((folder, name), path))
        })
        .collect();
    let git_is_plain = git_is_plain(&reading);
    Looked { reading, leads, git_is_plain }
}

/// Whether git runs nothing else, wherever the command runs it.
fn git_is_plain(reading: &shell::Reading) -> bool {
    let mut folders: Vec<&shell::Folder> =
        reading.parts.iter().filter(|part| part.is_git()).flat_map(|part| &part.folders).collect();
    folders.sort_unstable();
    folders.dedup();
    let is_plain = |folder: &&shell::Folder| match folder {
        shell::Folder::At(folder) => {
            workspace::leads(folder, ".").is_ok_and(|folder| workspace::git_is_plain(&folder))
        }
        shell::Folder::Unknown => false,
    };
    !folders.is_empty() && folders.iter().all(is_plain)
}
