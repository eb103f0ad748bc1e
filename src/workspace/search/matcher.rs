//! A query becomes a compiled pattern and a searcher.

use grep_matcher::LineTerminator;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{Searcher, SearcherBuilder};

use super::{Alphabet, Binary, Bounds, Case, Context, Decoding, Form, GrepQuery, LineEnd, Sense, Span};
use crate::limits;
use crate::workspace::FileError;

/// The pattern of a query.
pub(super) fn of(query: &GrepQuery) -> Result<RegexMatcher, FileError> {
    let mut builder = RegexMatcherBuilder::new();
    builder
        .multi_line(true)
        .octal(false)
        .unicode(query.alphabet == Alphabet::Unicode)
        .fixed_strings(query.form == Form::Literal)
        .size_limit(limits::REGEX_BYTES_MAX)
        .dfa_size_limit(limits::REGEX_CACHE_BYTES_MAX);
    match query.case {
        Case::Sensitive => builder.case_insensitive(false),
        Case::Insensitive => builder.case_insensitive(true),
        Case::Smart => builder.case_smart(true),
    };
    match query.bounds {
        Bounds::Any => {}
        Bounds::Word => {
            builder.word(true);
        }
        Bounds::Line => {
            builder.whole_line(true);
        }
    }
    let crlf = query.line_end == LineEnd::CrLf;
    match (query.span, query.line_end) {
        (Span::Line, LineEnd::Lf) => builder.line_terminator(Some(b'\n')),
        (Span::Line, LineEnd::CrLf) => builder.line_terminator(Some(b'\n')).crlf(true),
        (Span::Line, LineEnd::Nul) => builder.line_terminator(Some(0)),
        // A match over several lines may hold their ends.
        (Span::Lines | Span::LinesDotAll, _) => builder.crlf(crlf).line_terminator(None),
    };
    builder.dot_matches_new_line(query.span == Span::LinesDotAll);
    if query.binary != Binary::Text && query.line_end != LineEnd::Nul {
        builder.ban_byte(Some(0));
    }
    builder
        .build_many(&query.patterns)
        .map_err(|error| FileError::Pattern(format!("the pattern is wrong: {}", told(&error.to_string()))))
}

/// What helps with an error of a pattern.
fn told(error: &str) -> String {
    let hint = if error.contains("look-around") || error.contains("backreferences") {
        "; search for less and look at the lines, or use a command"
    } else if error.contains("literal") && error.contains("not allowed") {
        "; search over several lines (multiline)"
    } else {
        ""
    };
    format!("{error}{hint}")
}

/// What goes through the bytes of a file.
pub(super) fn searcher(query: &GrepQuery) -> Result<Searcher, FileError> {
    let mut builder = SearcherBuilder::new();
    builder
        .line_terminator(match query.line_end {
            LineEnd::Lf => LineTerminator::byte(b'\n'),
            LineEnd::CrLf => LineTerminator::crlf(),
            LineEnd::Nul => LineTerminator::byte(0),
        })
        .line_number(true)
        .invert_match(query.sense == Sense::NotMatching)
        .multi_line(query.span != Span::Line)
        .max_matches(query.max_per_file)
        .heap_limit(Some(limits::SEARCH_HEAP_BYTES_MAX));
    match query.context {
        Context::Lines(before, behind) => builder.before_context(before).after_context(behind),
        Context::Everything => builder.passthru(true),
    };
    match &query.decoding {
        Decoding::AsRead | Decoding::Marked => {}
        Decoding::Raw => {
            builder.bom_sniffing(false);
        }
        Decoding::Named(name) => {
            let encoding = grep_searcher::Encoding::new(name)
                .map_err(|error| FileError::Pattern(format!("the encoding is wrong: {error}")))?;
            builder.encoding(Some(encoding));
        }
    }
    Ok(builder.build())
}
