//! Shell commands, read and judged: which programs can run, what they read and write, what cannot be known.
//!
//! Two readings must agree: our own reader, and a grammar. What either does not understand is asked about.

mod assignment;
mod builtin;
mod compound;
mod expansion;
mod find;
mod folder;
mod found;
mod git;
mod guard;
mod harmless;
mod heredoc;
mod lexis;
mod part;
mod program;
mod reader;
mod redirect;
mod script;
mod tree;
mod unpack;
mod uses;
mod word;
mod wrapper;

use crate::limits;
use crate::path::AbsPath;

pub use found::Folder;
use found::{Flow, Found, Input};
pub(super) use git::GLOBAL_VALUES as GIT_VALUES;
pub use part::Part;
use reader::Reader;
pub use uses::{FileUse, How};

/// Where a command starts, and what `~` means.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder it starts in.
    pub cwd: &'a AbsPath,
    /// The user's folder, where it is known.
    pub home: Option<&'a AbsPath>,
}

impl Place<'_> {
    /// The user's folder; where it is not known, one that holds everything.
    fn home_text(&self) -> String {
        self.home.map_or_else(|| "/".to_owned(), AbsPath::to_string)
    }
}

/// What can be known of a command without running it.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Each program that can run.
    pub parts: Vec<Part>,
    /// Each file that it names, and what it does to it.
    pub files: Vec<FileUse>,
    /// What it removes with all that is in it.
    pub removals: Vec<FileUse>,
    /// Why some of it cannot be known, or needs a question in any case; in words for the user.
    pub doubts: Vec<String>,
    /// Files that its redirections read or write.
    pub redirects: Vec<String>,
    /// Who reads it may take it for something else: it holds characters that are not seen, or look like others.
    pub deceives: bool,
    /// Texts that may be run though nothing says so: what is denied in them is denied.
    pub suspects: Vec<String>,
}

/// Reads a command.
pub fn read(text: &str, place: &Place<'_>) -> Reading {
    let mut found = Found::default();
    characters(text, &mut found);
    let deceives = !found.doubts.is_empty();
    let folders = vec![Folder::At(place.cwd.to_string())];
    read_into(text, &folders, &Input::Closed, &mut found, place);
    let parts = part::parts(&mut found, place);
    if found.moved && !found.functions.is_empty() {
        found.doubt("a function may run in another folder than the one in which it is written");
    }
    let mut files = Vec::new();
    let mut redirects = Vec::new();
    for redirect in std::mem::take(&mut found.redirects) {
        redirects.push(redirect.target.text.clone());
        let part = Part {
            source: None,
            words: Vec::new(),
            folders: redirect.folders,
            input: Input::Closed,
            within: None,
            quiet: true,
        };
        let mut uses = uses::Uses { part: &part, found: &mut found, files: Vec::new() };
        uses.file(if redirect.flow == Flow::In { How::Read } else { How::Changed }, &redirect.target);
        files.append(&mut uses.files);
    }
    for part in &parts {
        files.append(&mut uses::uses(part, &mut found));
    }
    if files.len() > limits::SHELL_FILES_MAX {
        files.truncate(limits::SHELL_FILES_MAX);
        found.doubt("it names more files than can be judged");
    }
    let suspects = suspected(&mut found, place);
    let Found { doubts, removals, .. } = found;
    Reading { parts, files, removals, doubts: doubts.into_iter().collect(), deceives, redirects, suspects }
}

/// Characters that are not what they look like.
fn characters(text: &str, found: &mut Found) {
    let invisible = |letter: char| {
        matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    // Taken for a slash, a blank or a sign of the shell by whoever reads the question.
    let alike = |letter: char| {
        letter != ' ' && letter.is_whitespace() && !matches!(letter, '\n' | '\t')
            || matches!(letter, '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff5e}' | '\u{37e}')
    };
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        found.doubt("it holds control characters");
    }
    if text.chars().any(invisible) {
        found.doubt("it holds characters that are not seen");
    }
    if text.chars().any(alike) {
        found.doubt("it holds characters that look like others");
    }
}

/// Reads a text in both ways.
fn read_into(text: &str, folders: &[Folder], input: &Input, found: &mut Found, place: &Place<'_>) {
    let home = place.home_text();
    let (before, doubts) = (found.heads.len(), found.doubts.len());
    Reader {
        text,
        at: 0,
        depth: 0,
        found,
        pending: Vec::new(),
        folders: folders.to_vec(),
        input: input.clone(),
        within: None,
        home: &home,
        loops: Vec::new(),
    }
    .whole();
    if text.len() > limits::SHELL_TEXT_BYTES_MAX {
        found.suspect(text);
        return;
    }
    // The grammar takes long over what is no command; then one opinion is enough to ask.
    if found.doubts.len() > doubts && text.len() > limits::SHELL_BROKEN_BYTES_MAX {
        found.heads.truncate(before);
        found.suspect(text);
        return;
    }
    let opinion = tree::opinion(text);
    let mut ours: Vec<String> = found
        .heads
        .split_off(before)
        .into_iter()
        .filter(|head| !tree::APART.contains(&head.as_str()))
        .collect();
    let mut theirs = opinion.heads;
    ours.sort_unstable();
    theirs.sort_unstable();
    if let Some(doubt) = opinion.doubt {
        found.doubt(doubt);
    }
    if ours != theirs {
        found.doubt("it can be read in two ways");
        opinion.commands.into_iter().for_each(|command| found.suspect(command));
    }
}

/// The commands in the texts that may be run, by their joined words.
fn suspected(found: &mut Found, place: &Place<'_>) -> Vec<String> {
    let texts = std::mem::take(&mut found.suspects);
    let mut said = Vec::new();
    let home = place.home_text();
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        let mut inner = Found { work: found.work, ..Found::default() };
        Reader {
            text,
            at: 0,
            depth: 0,
            found: &mut inner,
            pending: Vec::new(),
            folders: vec![Folder::Unknown],
            input: Input::Closed,
            within: None,
            home: &home,
            loops: Vec::new(),
        }
        .whole();
        found.work = inner.work;
        let commands = inner.commands.iter().filter(|command| !command.words.is_empty());
        said.extend(commands.map(|command| {
            command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        }));
        // Each line, where the text as a whole was not understood.
        said.extend(text.lines().take(limits::SHELL_SUSPECTS_MAX).map(|line| line.trim().to_owned()));
    }
    said
}
