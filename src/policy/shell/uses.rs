//! What a program does to files: those that its arguments name.

use super::super::protected::protected;
use super::found::{Folder, Found};
use super::part::Part;
use super::program::{Operands, Program, Takes};
use super::word::Word;
use super::{builtin, find, git, guard, script, unpack};
use crate::path::AbsPath;

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Its name and kind are told.
    Told,
    /// It is read.
    Read,
    /// It is a folder that is made or removed.
    Folder,
    /// It is changed.
    Changed,
}

/// A file that a command names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUse {
    /// What happens to it.
    pub how: How,
    /// As it is named.
    pub name: String,
    /// The folders it may count from.
    pub folders: Vec<Folder>,
}

/// Collects what one part does.
pub(super) struct Uses<'a> {
    pub(super) part: &'a Part,
    pub(super) found: &'a mut Found,
    pub(super) files: Vec<FileUse>,
}

/// What a part does to files; what cannot be known is noted among the doubts.
pub(super) fn uses(part: &Part, found: &mut Found) -> Vec<FileUse> {
    let mut uses = Uses { part, found, files: Vec::new() };
    let name = part.name().to_owned();
    uses.program();
    builtin::look(&mut uses, &name);
    guard::look(&mut uses, &name);
    match name.as_str() {
        _ if part.quiet => {}
        "find" => find::look(&mut uses),
        "git" => git::look(&mut uses),
        "sed" | "gsed" => script::sed(&mut uses),
        "awk" | "gawk" | "mawk" | "nawk" => script::awk(&mut uses),
        "tar" | "bsdtar" | "gtar" | "unzip" => unpack::look(&mut uses, &name),
        "dd" => unpack::dd(&mut uses),
        _ => uses.arguments(Program::of(&name), part.words.get(1..).unwrap_or_default()),
    }
    if matches!(name.as_str(), "jq" | "yq") {
        script::jq(&mut uses);
    }
    uses.files
}

/// Where programs of the system are.
const SYSTEM: &[&str] = &[
    "/bin/",
    "/usr/bin/",
    "/usr/local/bin/",
    "/sbin/",
    "/usr/sbin/",
    "/usr/local/sbin/",
    "/opt/homebrew/bin/",
];

impl Uses<'_> {
    /// The program itself, where it is named with its folder.
    fn program(&mut self) {
        let Some(first) = self.part.words.first().filter(|word| word.text.contains('/') && word.is_known())
        else {
            return;
        };
        let in_system = SYSTEM
            .iter()
            .any(|folder| first.text.strip_prefix(folder).is_some_and(|name| !name.contains('/')));
        if !in_system {
            self.file(How::Told, &first.clone());
        }
    }

    /// Notes a file.
    pub(super) fn file(&mut self, how: How, word: &Word) {
        if word.stream || (word.listed && how < How::Folder) {
            return;
        }
        if word.listed || word.unknown || word.many {
            let what = if how < How::Folder { "reads" } else { "changes" };
            self.found.doubt(format!("which file it {what} (`{}`) is known only when it runs", word.text));
            return;
        }
        if word.pattern {
            return self.pattern(how, word);
        }
        if word.text.is_empty() || (word.text == "-" && how < How::Folder) {
            return;
        }
        self.note(how, word.text.clone());
    }

    fn note(&mut self, how: How, name: String) {
        self.files.push(FileUse { how, name, folders: self.part.folders.clone() });
    }

    /// Names that a pattern stands for: none of them may lie elsewhere than the pattern says.
    fn pattern(&mut self, how: How, word: &Word) {
        if how >= How::Folder {
            self.found.doubt(format!("which files it changes (`{}`) is known only when it runs", word.text));
            return;
        }
        let parts: Vec<&str> = word.text.split('/').collect();
        let is_pattern = |part: &str| part.contains(['*', '?', '[']);
        let first = parts.iter().position(|part| is_pattern(part)).unwrap_or(0);
        let odd = |part: &&str| *part == ".." || (is_pattern(part) && part.starts_with(['.', '[']));
        if parts[first..].iter().any(odd) {
            self.found.doubt(format!("which files `{}` stands for is known only when it runs", word.text));
            return;
        }
        let looks_secret = |part: &&str| super::super::secret::may_be_secret(part);
        if how == How::Read && parts[first..].iter().any(looks_secret) {
            self.found.doubt(format!("`{}` may stand for secret files", word.text));
        }
        let folder = parts[..first].join("/");
        if !folder.is_empty() || word.text.starts_with('/') {
            self.note(How::Told, if folder.is_empty() { "/".into() } else { folder });
        }
    }

    /// Anything in an argument that may be a file elsewhere, or a secret one.
    pub(super) fn hidden(&mut self, word: &Word, text: &str) {
        let text = match text.split_once("://") {
            Some((scheme, rest)) if scheme.ends_with("file") => rest,
            Some(_) => return,
            None => text,
        };
        for piece in text.split(['=', '@', ':', ',']) {
            let climbs = piece.split('/').any(|part| part == "..");
            let names = piece.rsplit('/').next().unwrap_or(piece);
            if piece.starts_with('/')
                || climbs
                || piece.starts_with('~')
                || super::super::secret::is_name(names)
            {
                self.file(How::Read, &word.with_text(piece));
            }
        }
    }

    /// Goes through arguments by the table.
    pub(super) fn arguments(&mut self, program: Option<&Program>, words: &[Word]) {
        let mut operands: Vec<&Word> = Vec::new();
        let mut given = false;
        let mut options = true;
        let mut at = 0;
        while at < words.len() {
            let word = &words[at];
            at += 1;
            if options && word.text == "--" && !word.quoted {
                options = false;
            } else if options && word.may_be_option() && word.text != "-" {
                let (used, takes_pattern) = self.option(program, word, words.get(at));
                given |= takes_pattern;
                at += used;
            } else {
                if options
                    && word.pattern
                    && !word
                        .text
                        .starts_with(|letter: char| letter.is_alphanumeric() || "./~_".contains(letter))
                {
                    self.may_become_option(program, word);
                }
                operands.push(word);
            }
        }
        self.operands(program.map_or(Operands::Any, |program| program.operands), &operands, given);
    }

    fn may_become_option(&mut self, program: Option<&Program>, word: &Word) {
        if program.is_some_and(Program::can_do_more) {
            self.found.doubt(format!("`{}` may turn out to be an option", word.text));
        }
    }

    /// One option: how many further words it takes, and whether it gives the pattern.
    fn option(&mut self, program: Option<&Program>, word: &Word, next: Option<&Word>) -> (usize, bool) {
        if word.unknown_head || (word.many && word.unknown) {
            match program {
                Some(program) if program.operands == Operands::Text && !program.can_do_more() => {}
                _ => self.found.doubt(format!("`{}` may turn out to be an option, or any file", word.text)),
            }
            return (0, false);
        }
        let (name, value) = match word.text.split_once('=') {
            Some((name, value))
                if word.text.starts_with("--")
                    || program.is_some_and(|known| known.has_single_dash(name)) =>
            {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ => (word.text.clone(), None),
        };
        let whole = name.starts_with("--") || program.is_some_and(|known| known.has_single_dash(&name));
        if whole {
            let takes = program.and_then(|known| known.option(&name));
            let own = value.map(|value| word.with_text(&value));
            return self.taken(&name, takes, own.as_ref(), next, word);
        }
        let letters: Vec<(usize, char)> = word.text.char_indices().skip(1).collect();
        for (at, letter) in letters {
            let Some(takes) = program.and_then(|known| known.option(&format!("-{letter}"))) else { continue };
            let rest = &word.text[at + letter.len_utf8()..];
            let own = (!rest.is_empty()).then(|| word.with_text(rest));
            return self.taken(&format!("-{letter}"), Some(takes), own.as_ref(), next, word);
        }
        if let Some(at) = word.text.find(['/', '~']).or_else(|| word.text.find("..")) {
            self.hidden(word, &word.text[at..]);
        }
        self.hidden(word, word.text.trim_start_matches('-'));
        (0, false)
    }

    fn taken(
        &mut self,
        name: &str,
        takes: Option<Takes>,
        own: Option<&Word>,
        next: Option<&Word>,
        word: &Word,
    ) -> (usize, bool) {
        let value = own.or(next);
        let used = usize::from(own.is_none() && next.is_some());
        match takes {
            None => {
                if let Some(own) = own {
                    self.hidden(word, &own.text);
                }
                (0, false)
            }
            Some(Takes::Alone) => (0, true),
            Some(Takes::Value) => {
                // Programs that share their options in the table do not share all of them.
                if let (1, Some(next)) = (used, next.filter(|next| next.text.len() > 1)) {
                    self.hidden(next, &next.text);
                }
                (used, false)
            }
            Some(Takes::Given) => (used, true),
            Some(Takes::Read) => {
                value.into_iter().for_each(|value| self.file(How::Read, value));
                (used, true)
            }
            Some(Takes::Write) => {
                value.into_iter().for_each(|value| self.file(How::Changed, value));
                (used, false)
            }
            Some(Takes::Ask) => {
                self.found.doubt(format!(
                    "`{}` with `{name}` can do more than its name says: run programs, or read and write elsewhere",
                    self.part.name()
                ));
                if let Some(value) = value {
                    self.found.suspect(value.text.clone());
                }
                (0, false)
            }
        }
    }

    fn operands(&mut self, kind: Operands, operands: &[&Word], given: bool) {
        let last = operands.len().saturating_sub(1);
        for (at, word) in operands.iter().enumerate() {
            let how = match kind {
                Operands::Text => continue,
                Operands::Any => {
                    if word.unknown && !word.listed && !word.stream {
                        self.found.doubt(format!("`{}` is known only when it runs", word.text));
                    }
                    self.hidden(word, &word.text);
                    continue;
                }
                Operands::Pattern if at == 0 && !given => continue,
                Operands::Set if at == 0 => continue,
                Operands::Names => How::Told,
                Operands::Read | Operands::Pattern => How::Read,
                Operands::Write | Operands::Move | Operands::Set => How::Changed,
                Operands::Folders => How::Folder,
                Operands::Copy if at == last && at > 0 => How::Changed,
                Operands::Second if at == 1 => How::Changed,
                Operands::Copy | Operands::Second => How::Read,
            };
            if matches!(kind, Operands::Copy | Operands::Move) && at == last && at > 0 {
                // If that is a folder, each keeps its name in it, which may be a protected one.
                for source in &operands[..last] {
                    let name = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                    let steers =
                        AbsPath::new(format!("/{name}")).is_ok_and(|path| protected(&path).is_some());
                    if steers && source.is_known() && word.is_known() {
                        self.note(How::Changed, format!("{}/{name}", word.text.trim_end_matches('/')));
                    }
                }
            }
            if kind == Operands::Move && at < last {
                // What a secret file holds would be read by its new name.
                self.file(How::Read, word);
            }
            self.file(how, word);
        }
    }
}
