//! In which folders a command may run, after others have changed it.

use super::found::Folder;
use super::reader::Reader;
use super::word::Word;
use crate::limits;

impl Reader<'_, '_> {
    /// What a command that changes the folder makes of where the shell may be.
    pub(super) fn moves(&mut self, words: &[Word]) {
        let mut words = words;
        while let [first, rest @ ..] = words
            && (first.text == "command" || first.text == "builtin")
        {
            words = rest;
        }
        let Some(name) = words.first().map(|word| word.text.as_str()) else { return };
        self.found.moved |= matches!(name, "cd" | "popd" | "pushd");
        if name == "popd" || name == "pushd" || name == "dirs" {
            let before = std::mem::replace(&mut self.folders, vec![Folder::Unknown]);
            self.may_also_be_in(&before);
        }
        if name != "cd" {
            return;
        }
        let operands: Vec<&Word> =
            words[1..].iter().filter(|word| !matches!(word.text.as_str(), "--" | "-L")).collect();
        let to = match operands.as_slice() {
            [] => Some(self.home.to_owned()),
            [to] if to.is_known() && !to.text.starts_with('-') => Some(to.text.clone()),
            _ => None,
        };
        let moved = match to {
            None => vec![Folder::Unknown],
            Some(to) => self.folders.iter().map(|folder| folder.at(&to)).collect(),
        };
        self.folders = moved;
    }

    pub(super) fn may_also_be_in(&mut self, others: &[Folder]) {
        for other in others {
            if !self.folders.contains(other) {
                self.folders.push(other.clone());
            }
        }
        if self.folders.len() > limits::SHELL_FOLDERS_MAX {
            self.folders = vec![Folder::Unknown];
        }
    }
}

impl Folder {
    /// The folder that `to` is, as seen from this one.
    pub(super) fn at(&self, to: &str) -> Self {
        match self {
            _ if to.starts_with('/') => Self::At(to.to_owned()),
            Self::At(folder) => Self::At(format!("{}/{to}", folder.trim_end_matches('/'))),
            Self::Unknown => Self::Unknown,
        }
    }
}
