//! Lines that stand for code which was left out: `// ... rest unchanged ...`.

use std::collections::HashSet;

/// What begins or ends a comment.
const COMMENTS: &[&str] =
    &["<!--", "-->", "{/*", "*/}", "/*", "*/", "(*", "*)", "{-", "-}", "//", "--", "#", ";", "%"];

/// What begins a comment where a blank follows, and is part of the code where none does.
const COMMENT_WORDS: &[&str] = &["\" ", "REM ", "rem ", "dnl "];

/// Words before the first one that counts.
const FILLERS: &[&str] = &["the", "all", "and", "your", "our", "keep", "with", "of", "in", "this"];

/// Words for what a placeholder stands for.
const THINGS: &[&str] = &[
    "code",
    "file",
    "class",
    "function",
    "functions",
    "method",
    "methods",
    "module",
    "implementation",
    "imports",
    "fields",
    "lines",
    "logic",
    "body",
    "component",
    "properties",
    "props",
    "tests",
    "cases",
    "definitions",
    "declarations",
    "statements",
    "styles",
    "struct",
    "impl",
    "handlers",
    "content",
    "contents",
    "markup",
    "html",
    "template",
    "config",
    "configuration",
    "sections",
    "entries",
    "items",
    "options",
    "values",
];

/// Words which say that something stays as it is.
const STAYS: &[&str] =
    &["unchanged", "omitted", "same", "before", "remains", "stays", "elided", "truncated", "here"];

/// The most words of a placeholder; more are a sentence about something.
const WORDS_MAX: usize = 8;

/// The first line of `new` that stands for code which was left out, and which was not quoted.
pub fn find<'a>(old: &str, new: &'a str) -> Option<&'a str> {
    let shrinks = lines(new) < lines(old);
    let mut found = new.lines().map(str::trim).filter(|line| is_placeholder(line, shrinks)).peekable();
    found.peek()?;
    let quoted: HashSet<&str> = old.lines().map(str::trim).collect();
    found.find(|line| !quoted.contains(line))
}

fn lines(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

/// Dots alone, and few words without dots, stand for code only where the new text is the shorter one.
fn is_placeholder(line: &str, shrinks: bool) -> bool {
    if line == "…" {
        return shrinks;
    }
    let comment = uncommented(line);
    let inner = |open, close| comment.strip_prefix(open)?.strip_suffix(close).map(str::trim);
    let aside = inner('(', ')').or_else(|| inner('[', ']')).unwrap_or(comment);
    let commented = comment.len() < line.len();
    if commented && (is_framed(line) || shrinks && is_all(aside, aside.len() < comment.len())) {
        return true;
    }
    let before = leading_dots(aside);
    // In code, dots that touch a name spread it: `[...rest]`.
    let before = before > 0 && (commented || aside[before..].starts_with(char::is_whitespace));
    let behind = trailing_dots(aside) > 0;
    let bracketed = aside.len() < comment.len() && (before || behind);
    let marked = commented || bracketed || (before && behind);
    if !marked {
        return false;
    }
    let dots = |letter: char| letter == '.' || letter == '…' || letter.is_whitespace();
    let words = aside.trim_matches(dots).to_lowercase();
    if words.is_empty() {
        return commented && before && shrinks;
    }
    let words = counting(&words);
    stands_for_code(&words, before, behind) || (commented && is_brief(&words, aside.len() < comment.len()))
}

/// Words which say without dots that code was left out: `code omitted for brevity`, `[existing code]`.
fn is_brief(words: &[&str], in_brackets: bool) -> bool {
    let thing = words.iter().any(|word| THINGS.contains(word));
    match words {
        [.., "omitted" | "elided" | "truncated" | "removed" | "shortened", "for", "brevity"] => {
            words.len() <= WORDS_MAX
        }
        ["rest" | "existing" | "unchanged" | "remaining", ..] => {
            in_brackets && thing && words.len() <= WORDS_MAX
        }
        _ => false,
    }
}

/// Words which name code that was left out, between signs that are no dots: `--- existing code ---`.
fn is_framed(line: &str) -> bool {
    let frame = |letter: char| ".-=*~".contains(letter);
    let comment = line.trim_start_matches(['/', '#', ';', '%', ' ', '\t']);
    let inner = comment.trim_matches(frame);
    let framed = comment.len() - comment.trim_start_matches(frame).len() >= 2 && !comment.ends_with(inner);
    framed && is_all(inner, false)
}

/// Whether a comment says nothing but that code was left out: `rest of your code here`, `<snip>`.
fn is_all(comment: &str, in_brackets: bool) -> bool {
    let comment = comment.to_lowercase();
    let words = counting(&comment);
    let thing = |word: &str| THINGS.contains(&word);
    match words.as_slice() {
        ["<snip>"] => true,
        ["unchanged"] => in_brackets,
        ["rest" | "existing" | "unchanged" | "remaining", more @ ..] => {
            let more: Vec<&str> = more.iter().copied().filter(|word| !FILLERS.contains(word)).collect();
            match more.as_slice() {
                [one] => thing(one),
                [one, "here"] => thing(one),
                _ => false,
            }
        }
        _ => false,
    }
}

/// The words of a comment from the first one that counts.
fn counting(comment: &str) -> Vec<&str> {
    let words = comment.split(|letter: char| letter.is_whitespace() || ",;:()[]".contains(letter));
    words.filter(|word| !word.is_empty()).skip_while(|word| FILLERS.contains(word)).collect()
}

/// A line without the marks of a comment around it.
fn uncommented(line: &str) -> &str {
    let mut inner = line;
    for word in COMMENT_WORDS {
        inner = inner.strip_prefix(word).unwrap_or(inner).trim();
    }
    loop {
        let length = inner.len();
        for mark in COMMENTS {
            inner = inner.strip_prefix(mark).unwrap_or(inner);
            inner = inner.strip_suffix(mark).unwrap_or(inner).trim();
        }
        if inner.len() == length {
            return inner;
        }
    }
}

/// The bytes of the dots at the head.
fn leading_dots(text: &str) -> usize {
    let dotted = text.starts_with("...") || text.starts_with('…');
    if dotted { text.len() - text.trim_start_matches(['.', '…']).len() } else { 0 }
}

/// The bytes of the dots at the foot.
fn trailing_dots(text: &str) -> usize {
    let dotted = text.ends_with("...") || text.ends_with('…');
    if dotted { text.len() - text.trim_end_matches(['.', '…']).len() } else { 0 }
}

fn stands_for_code(words: &[&str], before: bool, behind: bool) -> bool {
    let names = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let named = words.len() == 1 || names(THINGS) || names(STAYS);
    let stays = ends_in_staying(words);
    if words.len() > WORDS_MAX {
        return false;
    }
    match words {
        ["rest" | "existing" | "unchanged", ..] => {
            ((before || behind) && named) || (stays && words.len() > 1 && names(THINGS))
        }
        ["remaining" | "remainder" | "other" | "previous" | "original" | "same", ..] => {
            (before && named) || (stays && names(THINGS))
        }
        ["snip" | "snipped"] => before,
        [number, "more", ..] => before && names(THINGS) && number.parse::<u32>().is_ok(),
        _ => before && (stays || words.ends_with(&["for", "brevity"])),
    }
}

/// Whether the words end in saying that something stays.
fn ends_in_staying(words: &[&str]) -> bool {
    matches!(
        words,
        [.., "unchanged" | "omitted" | "elided" | "truncated" | "same"] | [.., "as", "before" | "is"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(new: &str, expected: Option<&str>) {
        assert_eq!(find("fn a() {\n    one();\n    two();\n    three();\n}\n", new), expected, "{new}");
    }

    #[test]
    fn stands_for_code() {
        for line in [
            "// ... existing code ...",
            "# ... rest unchanged ...",
            "... rest unchanged ...",
            "// rest of code ...",
            "// ... rest of the function unchanged",
            "(rest of methods ...)",
            "/* … remaining fields … */",
            "<!-- ... rest of file ... -->",
            "{/* ... existing JSX unchanged ... */}",
            "-- ...",
            "# rest of the file remains the same",
            "// ... (unchanged)",
            "//...",
            "// [... other methods ...]",
            "<!-- ... rest of content ... -->",
            "// ... omitted for brevity ...",
            "// code omitted for brevity",
            "// [existing code]",
            "// ... 40 more lines ...",
            "// ... snip ...",
            "// --- existing code ---",
            "// .. existing code ..",
            "# existing code here",
            "// Rest of your code here",
            "// rest of the implementation",
            "\" ... existing code ...",
            "REM ... existing code ...",
            "(* ... rest of the module ... *)",
            "// (unchanged)",
            "// <snip>",
            "…",
        ] {
            check(&format!("fn a() {{\n    {line}\n}}\n"), Some(line));
        }
    }

    #[test]
    fn is_code_or_prose() {
        for line in [
            "def stub(): ...",
            "...",
            "print(\"loading...\")",
            "[...rest]",
            "f(...existing)",
            "...rest,",
            "return value; // rest of methods ...",
            "const note = \"(rest of methods ...)\";",
            "// loading the rest of the items...",
            "// wait ...",
            "# the rest of the arguments are passed on",
            "* Other options...",
            "// unchanged",
            "// existing code paths stay",
            "// --- other methods ---",
            "// rest of the implementation is below",
            "\"... existing code ...\",",
            "// ... 40 more to come ...",
            "// [see the existing one]",
            "// for brevity",
            "(...)",
            "existing(...)",
            "rest(...);",
            "#[derive(...)]",
            "# same as in the other module, see there",
        ] {
            check(&format!("{line}\n"), None);
        }
        check("fn a() {\n    one();\n    // ...\n    two();\n    three();\n    four();\n}\n", None);
        for line in ["// rest of the implementation", "// existing code", "…", "// <snip>"] {
            assert_eq!(find("one();\n", &format!("{line}\none();\n")), None, "{line}");
        }
        assert_eq!(find("// ... existing code ...\na\n", "// ... existing code ...\nb\n"), None);
    }
}
