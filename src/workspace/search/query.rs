//! What is looked for in files, and how.

use crate::limits;
use crate::workspace::Scope;

/// What is looked for, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrepQuery {
    /// What matches where one of them does.
    pub patterns: Vec<String>,
    /// How they are written.
    pub form: Form,
    /// Where a match may begin and end.
    pub bounds: Bounds,
    /// Whether letters in the other case match.
    pub case: Case,
    /// Which letters, digits and blanks there are.
    pub alphabet: Alphabet,
    /// How far a match may reach.
    pub span: Span,
    /// What ends a line.
    pub line_end: LineEnd,
    /// Which lines are given.
    pub sense: Sense,
    /// In which files.
    pub scope: Scope,
    /// What is done with files that hold NUL.
    pub binary: Binary,
    /// How bytes become text.
    pub decoding: Decoding,
    /// What is wanted of the files that match.
    pub wanted: SearchFor,
    /// What is given beside the lines that match.
    pub context: Context,
    /// At most so many matching lines of each file are looked for.
    pub max_per_file: Option<u64>,
    /// At most so many lines, files or counts are given.
    pub max: usize,
    /// At most so many bytes of each hit are given.
    pub hit_bytes_max: usize,
}

/// How a pattern is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a regular expression in Rust's syntax.
    Regex,
    /// As the text itself.
    Literal,
}

/// Where a match may begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// Anywhere.
    Any,
    /// At the bounds of words.
    Word,
    /// At the bounds of lines.
    Line,
}

/// Whether letters in the other case match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// They do not.
    Sensitive,
    /// They do.
    Insensitive,
    /// They do where the pattern has no capital.
    Smart,
}

/// Which letters, digits and blanks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Those of Unicode.
    Unicode,
    /// Those of ASCII; anything else is bytes.
    Ascii,
}

/// How far a match may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// To the end of its line.
    Line,
    /// Over several lines, where the pattern has line ends.
    Lines,
    /// Over several lines, and `.` is a line end too.
    LinesDotAll,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// LF.
    Lf,
    /// LF, or CR and LF.
    CrLf,
    /// NUL.
    Nul,
}

/// Which lines are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Those that match.
    Matching,
    /// Those that do not.
    NotMatching,
}

/// What is done with files that hold NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// They are left out, other than one that is named itself.
    Skipped,
    /// They are searched, each NUL as the end of a line.
    Searched,
    /// They are text like any other.
    Text,
}

/// How bytes become text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoding {
    /// As files are read ([`crate::workspace::file::decode`]): by the mark; UTF-8; or a byte for each
    /// character, where it is no UTF-8 and text all the same.
    AsRead,
    /// By the byte-order mark; UTF-8 where there is none.
    Marked,
    /// They stay bytes.
    Raw,
    /// By this encoding, such as `latin1`.
    Named(String),
}

/// What is wanted of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchFor {
    /// The lines.
    Lines,
    /// The names of files that match.
    Files,
    /// The names of files that do not match.
    FilesWithout,
    /// How many lines match in each.
    Counts(Zeros),
    /// How many matches each has.
    Occurrences(Zeros),
}

/// Whether files without a match are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// They are left out.
    LeftOut,
    /// They are given with a zero.
    Given,
}

/// What is given beside the lines that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// So many lines before and behind.
    Lines(usize, usize),
    /// All other lines.
    Everything,
}

impl GrepQuery {
    /// The lines that match a regular expression.
    pub fn new(pattern: &str) -> Self {
        Self {
            patterns: vec![pattern.to_owned()],
            form: Form::Regex,
            bounds: Bounds::Any,
            case: Case::Sensitive,
            alphabet: Alphabet::Unicode,
            span: Span::Line,
            line_end: LineEnd::CrLf,
            sense: Sense::Matching,
            scope: Scope::default(),
            binary: Binary::Skipped,
            decoding: Decoding::AsRead,
            wanted: SearchFor::Lines,
            context: Context::Lines(0, 0),
            max_per_file: None,
            max: limits::GREP_RESULTS_MAX,
            hit_bytes_max: limits::SEARCH_HIT_BYTES_MAX,
        }
    }
}
