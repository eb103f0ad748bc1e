//! The flags of ripgrep that a case may have, and what they ask for.

use Takes::{Nothing, Value};

/// Whether a flag has a value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Value,
}

/// What a flag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    // what is wanted
    Files,
    FilesWithMatches,
    FilesWithoutMatch,
    Count,
    CountMatches,
    IncludeZero,
    OnlyMatching,
    Quiet,
    // which files
    Glob,
    IGlob,
    GlobCaseInsensitive,
    Type,
    TypeNot,
    TypeAdd,
    TypeClear,
    Hidden,
    NoIgnore,
    NoIgnoreDot,
    NoIgnoreExclude,
    NoIgnoreFiles,
    NoIgnoreGlobal,
    NoIgnoreParent,
    NoIgnoreVcs,
    NoRequireGit,
    IgnoreFile,
    IgnoreFileCaseInsensitive,
    Unrestricted,
    Follow,
    MaxDepth,
    MaxFilesize,
    // what matches
    Regexp,
    PatternFile,
    FixedStrings,
    WordRegexp,
    LineRegexp,
    IgnoreCase,
    CaseSensitive,
    SmartCase,
    NoUnicode,
    InvertMatch,
    Multiline,
    MultilineDotall,
    Crlf,
    NullData,
    Text,
    Binary,
    Encoding,
    MaxCount,
    Pcre2,
    Engine,
    // what is given
    AfterContext,
    BeforeContext,
    Context,
    Passthru,
    /// Changes how a result is printed, or how fast it comes.
    NoMatter,
}

/// A flag, its names (that of its opposite last) and whether it has a value.
pub(super) struct Spelling {
    pub(super) flag: Flag,
    pub(super) short: Option<char>,
    pub(super) long: &'static str,
    pub(super) opposite: &'static str,
    pub(super) takes: Takes,
}

const fn spelling(
    flag: Flag,
    short: Option<char>,
    long: &'static str,
    opposite: &'static str,
    takes: Takes,
) -> Spelling {
    Spelling { flag, short, long, opposite, takes }
}

pub(super) const FLAGS: &[Spelling] = &[
    spelling(Flag::Files, None, "files", "", Nothing),
    spelling(Flag::FilesWithMatches, Some('l'), "files-with-matches", "", Nothing),
    spelling(Flag::FilesWithoutMatch, None, "files-without-match", "", Nothing),
    spelling(Flag::Count, Some('c'), "count", "", Nothing),
    spelling(Flag::CountMatches, None, "count-matches", "", Nothing),
    spelling(Flag::IncludeZero, None, "include-zero", "no-include-zero", Nothing),
    spelling(Flag::OnlyMatching, Some('o'), "only-matching", "", Nothing),
    spelling(Flag::Quiet, Some('q'), "quiet", "", Nothing),
    spelling(Flag::Glob, Some('g'), "glob", "", Value),
    spelling(Flag::IGlob, None, "iglob", "", Value),
    spelling(Flag::GlobCaseInsensitive, None, "glob-case-insensitive", "no-glob-case-insensitive", Nothing),
    spelling(Flag::Type, Some('t'), "type", "", Value),
    spelling(Flag::TypeNot, Some('T'), "type-not", "", Value),
    spelling(Flag::TypeAdd, None, "type-add", "", Value),
    spelling(Flag::TypeClear, None, "type-clear", "", Value),
    spelling(Flag::Hidden, Some('.'), "hidden", "no-hidden", Nothing),
    spelling(Flag::NoIgnore, None, "no-ignore", "ignore", Nothing),
    spelling(Flag::NoIgnoreDot, None, "no-ignore-dot", "ignore-dot", Nothing),
    spelling(Flag::NoIgnoreExclude, None, "no-ignore-exclude", "ignore-exclude", Nothing),
    spelling(Flag::NoIgnoreFiles, None, "no-ignore-files", "ignore-files", Nothing),
    spelling(Flag::NoIgnoreGlobal, None, "no-ignore-global", "ignore-global", Nothing),
    spelling(Flag::NoIgnoreParent, None, "no-ignore-parent", "ignore-parent", Nothing),
    spelling(Flag::NoIgnoreVcs, None, "no-ignore-vcs", "ignore-vcs", Nothing),
    spelling(Flag::NoRequireGit, None, "no-require-git", "require-git", Nothing),
    spelling(Flag::IgnoreFile, None, "ignore-file", "", Value),
    spelling(
        Flag::IgnoreFileCaseInsensitive,
        None,
        "ignore-file-case-insensitive",
        "no-ignore-file-case-insensitive",
        Nothing,
    ),
    spelling(Flag::Unrestricted, Some('u'), "unrestricted", "", Nothing),
    spelling(Flag::Follow, Some('L'), "follow", "no-follow", Nothing),
    spelling(Flag::MaxDepth, Some('d'), "max-depth", "", Value),
    spelling(Flag::MaxDepth, None, "maxdepth", "", Value),
    spelling(Flag::MaxFilesize, None, "max-filesize", "", Value),
    spelling(Flag::Regexp, Some('e'), "regexp", "", Value),
    spelling(Flag::PatternFile, Some('f'), "file", "", Value),
    spelling(Flag::FixedStrings, Some('F'), "fixed-strings", "no-fixed-strings", Nothing),
    spelling(Flag::WordRegexp, Some('w'), "word-regexp", "", Nothing),
    spelling(Flag::LineRegexp, Some('x'), "line-regexp", "", Nothing),
    spelling(Flag::IgnoreCase, Some('i'), "ignore-case", "", Nothing),
    spelling(Flag::CaseSensitive, Some('s'), "case-sensitive", "", Nothing),
    spelling(Flag::SmartCase, Some('S'), "smart-case", "", Nothing),
    spelling(Flag::NoUnicode, None, "no-unicode", "unicode", Nothing),
    spelling(Flag::InvertMatch, Some('v'), "invert-match", "no-invert-match", Nothing),
    spelling(Flag::Multiline, Some('U'), "multiline", "no-multiline", Nothing),
    spelling(Flag::MultilineDotall, None, "multiline-dotall", "no-multiline-dotall", Nothing),
    spelling(Flag::Crlf, None, "crlf", "no-crlf", Nothing),
    spelling(Flag::NullData, None, "null-data", "", Nothing),
    spelling(Flag::Text, Some('a'), "text", "no-text", Nothing),
    spelling(Flag::Binary, None, "binary", "no-binary", Nothing),
    spelling(Flag::Encoding, Some('E'), "encoding", "no-encoding", Value),
    spelling(Flag::MaxCount, Some('m'), "max-count", "", Value),
    spelling(Flag::Pcre2, Some('P'), "pcre2", "no-pcre2", Nothing),
    spelling(Flag::Engine, None, "engine", "", Value),
    spelling(Flag::AfterContext, Some('A'), "after-context", "", Value),
    spelling(Flag::BeforeContext, Some('B'), "before-context", "", Value),
    spelling(Flag::Context, Some('C'), "context", "", Value),
    spelling(Flag::Passthru, None, "passthru", "", Nothing),
    spelling(Flag::Passthru, None, "passthrough", "", Nothing),
    spelling(Flag::NoMatter, None, "auto-hybrid-regex", "no-auto-hybrid-regex", Nothing),
    spelling(Flag::NoMatter, None, "block-buffered", "no-block-buffered", Nothing),
    spelling(Flag::NoMatter, Some('b'), "byte-offset", "no-byte-offset", Nothing),
    spelling(Flag::NoMatter, None, "color", "", Value),
    spelling(Flag::NoMatter, None, "colors", "", Value),
    spelling(Flag::NoMatter, None, "column", "no-column", Nothing),
    spelling(Flag::NoMatter, None, "context-separator", "no-context-separator", Value),
    spelling(Flag::NoMatter, None, "debug", "", Nothing),
    spelling(Flag::NoMatter, None, "dfa-size-limit", "", Value),
    spelling(Flag::NoMatter, None, "field-context-separator", "", Value),
    spelling(Flag::NoMatter, None, "field-match-separator", "", Value),
    spelling(Flag::NoMatter, None, "heading", "no-heading", Nothing),
    spelling(Flag::NoMatter, None, "json", "no-json", Nothing),
    spelling(Flag::NoMatter, None, "line-buffered", "no-line-buffered", Nothing),
    spelling(Flag::NoMatter, Some('n'), "line-number", "", Nothing),
    spelling(Flag::NoMatter, Some('N'), "no-line-number", "", Nothing),
    spelling(Flag::NoMatter, Some('M'), "max-columns", "", Value),
    spelling(Flag::NoMatter, None, "max-columns-preview", "no-max-columns-preview", Nothing),
    spelling(Flag::NoMatter, None, "mmap", "no-mmap", Nothing),
    spelling(Flag::NoMatter, None, "no-config", "", Nothing),
    spelling(Flag::NoMatter, None, "no-ignore-messages", "ignore-messages", Nothing),
    spelling(Flag::NoMatter, None, "no-messages", "messages", Nothing),
    spelling(Flag::NoMatter, None, "no-pcre2-unicode", "pcre2-unicode", Nothing),
    spelling(Flag::NoMatter, Some('0'), "null", "", Nothing),
    spelling(Flag::NoMatter, None, "one-file-system", "no-one-file-system", Nothing),
    spelling(Flag::NoMatter, None, "path-separator", "", Value),
    spelling(Flag::NoMatter, Some('p'), "pretty", "", Nothing),
    spelling(Flag::NoMatter, None, "regex-size-limit", "", Value),
    spelling(Flag::NoMatter, Some('r'), "replace", "", Value),
    spelling(Flag::NoMatter, None, "sort", "", Value),
    spelling(Flag::NoMatter, None, "sortr", "", Value),
    spelling(Flag::NoMatter, None, "sort-files", "no-sort-files", Nothing),
    spelling(Flag::NoMatter, None, "stats", "no-stats", Nothing),
    spelling(Flag::NoMatter, Some('j'), "threads", "", Value),
    spelling(Flag::NoMatter, None, "trace", "", Nothing),
    spelling(Flag::NoMatter, None, "trim", "no-trim", Nothing),
    spelling(Flag::NoMatter, None, "vimgrep", "", Nothing),
    spelling(Flag::NoMatter, Some('H'), "with-filename", "", Nothing),
    spelling(Flag::NoMatter, Some('I'), "no-filename", "", Nothing),
];

/// A flag as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) flag: Flag,
    /// Empty where the flag has none.
    pub(super) value: String,
    pub(super) side: Side,
}

/// Whether a flag or its opposite was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Flag,
    Opposite,
}

/// What ripgrep makes of arguments: flags, and what stands beside them. None where it would refuse.
pub(super) fn parse(arguments: &[String]) -> Option<(Vec<Given>, Vec<String>)> {
    let (mut given, mut beside) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            beside.extend(rest.cloned());
            break;
        }
        if let Some(long) = argument.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let known = FLAGS.iter().find(|one| one.long == name || one.opposite == name)?;
            let side = if known.long == name { Side::Flag } else { Side::Opposite };
            let value = match (known.takes, side) {
                (Takes::Value, Side::Flag) => value.map(str::to_owned).or_else(|| rest.next().cloned())?,
                (Takes::Nothing, _) | (_, Side::Opposite) => String::new(),
            };
            given.push(Given { flag: known.flag, value, side });
        } else if argument.len() > 1 && argument.starts_with('-') {
            let mut letters = argument[1..].chars();
            while let Some(letter) = letters.next() {
                let known = FLAGS.iter().find(|one| one.short == Some(letter))?;
                let value = match known.takes {
                    Takes::Nothing => String::new(),
                    Takes::Value => {
                        let joined = letters.as_str();
                        letters = "".chars();
                        match joined.strip_prefix('=').unwrap_or(joined) {
                            "" => rest.next().cloned()?,
                            value => value.to_owned(),
                        }
                    }
                };
                given.push(Given { flag: known.flag, value, side: Side::Flag });
            }
        } else {
            beside.push(argument.clone());
        }
    }
    Some((given, beside))
}
