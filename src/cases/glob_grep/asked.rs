//! What ripgrep's flags ask for, in the terms of the `glob` and `grep` tools.

use super::flags::{Flag, Given, Side};
use crate::os::fs;
use crate::path::AbsPath;
use crate::workspace::{
    Alphabet, Binary, Bounds, Case, Context, Decoding, FileGlob, FileKind, Form, GlobPower, GrepQuery,
    Hidden, IgnoreSource, LineEnd, Links, SearchFor, Sense, Span, Zeros,
};

/// What is asked for.
pub(super) struct Asked {
    pub(super) mode: Mode,
    pub(super) query: GrepQuery,
    pub(super) output: Output,
    pub(super) engine: Engine,
    iglobs: Vec<FileGlob>,
    around: [Option<usize>; 3],
    dotall: Side,
}

/// Whether names or texts are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Names,
    Texts,
}

/// Whether a result is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Given,
    /// Only whether there is one.
    Quiet,
}

/// What is to understand the patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Ours,
    /// PCRE2, which ripgrep refuses where it was built without.
    Missing,
}

impl Asked {
    /// ripgrep's own policy, without flags, from the folder `cwd`.
    pub(super) fn of(flags: &[Given], cwd: &AbsPath) -> Result<Self, String> {
        let mut query = GrepQuery::new("");
        query.patterns.clear();
        query.line_end = LineEnd::Lf;
        query.decoding = Decoding::Marked;
        query.max = usize::MAX;
        query.hit_bytes_max = usize::MAX;
        let scope = &mut query.scope;
        scope.power = GlobPower::Overrule;
        scope.base = Some(cwd.clone());
        scope.hidden = Hidden::Skipped;
        // The home folder is empty, so nobody has rules for all repositories.
        scope.obeyed =
            vec![IgnoreSource::Dot, IgnoreSource::Git, IgnoreSource::GitExclude, IgnoreSource::Above];
        scope.depth_max = None;
        scope.entries_max = usize::MAX;
        let mut asked = Self {
            mode: Mode::Texts,
            query,
            output: Output::Given,
            engine: Engine::Ours,
            iglobs: Vec::new(),
            around: [None; 3],
            dotall: Side::Opposite,
        };
        for given in flags {
            asked.output_flag(given);
            asked.scope_flag(given, cwd)?;
            asked.pattern_flag(given, cwd)?;
            asked.context_flag(given)?;
        }
        asked.settle(flags);
        Ok(asked)
    }

    fn output_flag(&mut self, given: &Given) {
        let wanted = match given.flag {
            Flag::Files => return self.mode = Mode::Names,
            Flag::Quiet => return self.output = Output::Quiet,
            Flag::FilesWithMatches => SearchFor::Files,
            Flag::FilesWithoutMatch => SearchFor::FilesWithout,
            Flag::Count => SearchFor::Counts(Zeros::LeftOut),
            Flag::CountMatches => SearchFor::Occurrences(Zeros::LeftOut),
            _ => return,
        };
        self.query.wanted = wanted;
    }

    fn scope_flag(&mut self, given: &Given, cwd: &AbsPath) -> Result<(), String> {
        let scope = &mut self.query.scope;
        let text = given.value.clone();
        let mut obey = |sources: &[IgnoreSource], side: Side| {
            scope.obeyed.retain(|source| !sources.contains(source));
            if side == Side::Flag {
                scope.obeyed.extend(sources);
            }
        };
        let off = if given.side == Side::Flag { Side::Opposite } else { Side::Flag };
        match given.flag {
            Flag::Glob => scope.globs.push(FileGlob { text, case: Case::Sensitive }),
            Flag::IGlob => self.iglobs.push(FileGlob { text, case: Case::Insensitive }),
            Flag::Type => scope.kinds.push(FileKind::Only(text)),
            Flag::TypeNot => scope.kinds.push(FileKind::Not(text)),
            Flag::TypeAdd => scope.kinds.push(FileKind::Define(text)),
            Flag::TypeClear => scope.kinds.push(FileKind::Forget(text)),
            Flag::NoIgnore => obey(
                &[IgnoreSource::Dot, IgnoreSource::Git, IgnoreSource::GitExclude, IgnoreSource::Above],
                off,
            ),
            Flag::NoIgnoreDot => obey(&[IgnoreSource::Dot], off),
            Flag::NoIgnoreExclude => obey(&[IgnoreSource::GitExclude], off),
            Flag::NoIgnoreVcs => obey(&[IgnoreSource::Git, IgnoreSource::GitExclude], off),
            Flag::NoIgnoreParent => obey(&[IgnoreSource::Above], off),
            Flag::NoRequireGit => obey(&[IgnoreSource::GitEverywhere], given.side),
            Flag::Hidden => {
                scope.hidden = if given.side == Side::Flag { Hidden::Shown } else { Hidden::Skipped };
            }
            Flag::IgnoreFile => scope.ignore_files.push(joined(cwd, &text)?),
            Flag::IgnoreFileCaseInsensitive => {
                scope.ignore_case =
                    if given.side == Side::Flag { Case::Insensitive } else { Case::Sensitive };
            }
            Flag::Follow => {
                scope.links = if given.side == Side::Flag { Links::Followed } else { Links::Skipped };
            }
            Flag::MaxDepth => scope.depth_max = Some(number(&text)?),
            Flag::MaxFilesize => scope.file_bytes_max = Some(size(&text)?),
            _ => {}
        }
        Ok(())
    }

    fn pattern_flag(&mut self, given: &Given, cwd: &AbsPath) -> Result<(), String> {
        let query = &mut self.query;
        let on = given.side == Side::Flag;
        match given.flag {
            Flag::Regexp => query.patterns.push(given.value.clone()),
            Flag::PatternFile => {
                let bytes = fs::read(&joined(cwd, &given.value)?).map_err(|error| error.to_string())?;
                let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
                query.patterns.extend(text.lines().map(str::to_owned));
            }
            Flag::FixedStrings => query.form = if on { Form::Literal } else { Form::Regex },
            Flag::WordRegexp => query.bounds = Bounds::Word,
            Flag::LineRegexp => query.bounds = Bounds::Line,
            Flag::IgnoreCase => query.case = Case::Insensitive,
            Flag::CaseSensitive => query.case = Case::Sensitive,
            Flag::SmartCase => query.case = Case::Smart,
            Flag::NoUnicode => query.alphabet = if on { Alphabet::Ascii } else { Alphabet::Unicode },
            Flag::InvertMatch => query.sense = if on { Sense::NotMatching } else { Sense::Matching },
            Flag::Multiline => query.span = if on { Span::Lines } else { Span::Line },
            Flag::MultilineDotall => self.dotall = given.side,
            Flag::Crlf => query.line_end = if on { LineEnd::CrLf } else { LineEnd::Lf },
            Flag::NullData => query.line_end = LineEnd::Nul,
            Flag::Text => query.binary = if on { Binary::Text } else { Binary::Skipped },
            Flag::Binary => query.binary = if on { Binary::Searched } else { Binary::Skipped },
            Flag::Encoding => {
                query.decoding = match given.value.as_str() {
                    "" | "auto" => Decoding::Marked,
                    "none" => Decoding::Raw,
                    name => Decoding::Named(name.to_owned()),
                };
            }
            Flag::MaxCount => query.max_per_file = Some(number(&given.value)?),
            Flag::Pcre2 => self.engine = if on { Engine::Missing } else { Engine::Ours },
            Flag::Engine => {
                self.engine = if given.value == "pcre2" { Engine::Missing } else { Engine::Ours };
            }
            _ => {}
        }
        Ok(())
    }

    fn context_flag(&mut self, given: &Given) -> Result<(), String> {
        let place = match given.flag {
            Flag::BeforeContext => 0,
            Flag::AfterContext => 1,
            Flag::Context => 2,
            Flag::Passthru => {
                self.query.context = Context::Everything;
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.around[place] = Some(number(&given.value)?);
        self.query.context = Context::Lines(0, 0);
        Ok(())
    }

    /// What depends on several flags together.
    fn settle(&mut self, flags: &[Given]) {
        let on = |flag: Flag| {
            flags.iter().rfind(|given| given.flag == flag).is_some_and(|given| given.side == Side::Flag)
        };
        let query = &mut self.query;
        let scope = &mut query.scope;
        if on(Flag::GlobCaseInsensitive) {
            scope.globs.iter_mut().for_each(|glob| glob.case = Case::Insensitive);
        }
        scope.globs.append(&mut self.iglobs);
        if on(Flag::NoIgnoreFiles) {
            scope.ignore_files.clear();
        }
        let unrestricted = flags.iter().filter(|given| given.flag == Flag::Unrestricted).count();
        if unrestricted > 0 {
            scope.obeyed.clear();
        }
        if unrestricted > 1 {
            scope.hidden = Hidden::Shown;
        }
        if unrestricted > 2 {
            query.binary = Binary::Searched;
        }
        if query.line_end == LineEnd::Nul {
            query.binary = Binary::Text;
        }
        if query.span == Span::Lines && self.dotall == Side::Flag {
            query.span = Span::LinesDotAll;
        }
        if query.context != Context::Everything {
            let [before, behind, around] = self.around;
            let lines = |own: Option<usize>| own.or(around).unwrap_or(0);
            query.context = Context::Lines(lines(before), lines(behind));
        }
        let counts = if on(Flag::IncludeZero) { Zeros::Given } else { Zeros::LeftOut };
        query.wanted = match query.wanted {
            SearchFor::Counts(_) if on(Flag::OnlyMatching) => SearchFor::Occurrences(counts),
            SearchFor::Counts(_) => SearchFor::Counts(counts),
            SearchFor::Occurrences(_) if query.sense == Sense::NotMatching => SearchFor::Counts(counts),
            SearchFor::Occurrences(_) => SearchFor::Occurrences(counts),
            other => other,
        };
    }
}

fn joined(cwd: &AbsPath, path: &str) -> Result<AbsPath, String> {
    cwd.join(path).map_err(|error| error.to_string())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

/// A number of bytes, such as `10K`.
fn size(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    number::<u64>(digits)?.checked_mul(factor).ok_or_else(|| format!("`{text}` is too large"))
}
