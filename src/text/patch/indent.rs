//! Added lines at the indentation of the file, where the patch quotes the file at another one.

use std::collections::HashMap;

/// How the indentation of a patch becomes that of the file.
pub(super) struct Shift<'a> {
    /// Of the lines that both have: the patch's indentation and the file's.
    pairs: HashMap<&'a str, &'a str>,
    rule: Rule<'a>,
}

enum Rule<'a> {
    /// Lines stay as they are.
    None,
    /// This much more.
    In(&'a str),
    /// This much less.
    Out(&'a str),
    /// So many blanks of the patch are a tab of the file.
    Tabs(usize),
    /// A tab of the patch is so many blanks of the file.
    Blanks(usize),
}

impl<'a> Shift<'a> {
    /// What lines which both have tell: each with the patch's text and the file's.
    pub(super) fn of(quoted: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut pairs = HashMap::new();
        let mut agree = true;
        for (patch, file) in quoted.filter(|(patch, _)| !patch.trim().is_empty()) {
            let (patch, file) = (indentation(patch), indentation(file));
            agree &= *pairs.entry(patch).or_insert(file) == file;
        }
        if !agree {
            pairs.retain(|patch, file| patch == file);
        }
        let rule = if agree { rule(&pairs) } else { Rule::None };
        Self { pairs, rule }
    }

    /// The added lines as they are to stand in the file.
    ///
    /// Where none of them has an indentation that the patch quotes and the outermost has one of the
    /// file's, the model has written them as they are to be, and only what it quoted was shifted.
    pub(super) fn put(&self, added: &[&str]) -> Vec<String> {
        let outermost = added
            .iter()
            .filter(|line| !line.trim().is_empty())
            .map(|line| indentation(line))
            .min_by_key(|blanks| blanks.len());
        let is_right = outermost.is_some_and(|blanks| {
            !self.pairs.contains_key(blanks) && self.pairs.values().any(|file| *file == blanks)
        });
        let put = |line: &&str| if is_right { (*line).to_owned() } else { self.line(line) };
        added.iter().map(put).collect()
    }

    fn line(&self, line: &str) -> String {
        let blanks = indentation(line);
        let text = &line[blanks.len()..];
        if text.is_empty() {
            return line.to_owned();
        }
        if let Some(file) = self.pairs.get(blanks) {
            return format!("{file}{text}");
        }
        let blanks = match self.rule {
            Rule::None => blanks.to_owned(),
            Rule::In(more) => format!("{more}{blanks}"),
            Rule::Out(less) => blanks.strip_prefix(less).unwrap_or_default().to_owned(),
            Rule::Tabs(blanks_a_tab) => {
                let width = blanks.len();
                format!("{}{}", "\t".repeat(width / blanks_a_tab), " ".repeat(width % blanks_a_tab))
            }
            Rule::Blanks(blanks_a_tab) => blanks.replace('\t', &" ".repeat(blanks_a_tab)),
        };
        format!("{blanks}{text}")
    }
}

/// The one rule that all pairs follow.
fn rule<'a>(pairs: &HashMap<&'a str, &'a str>) -> Rule<'a> {
    let all = |holds: &dyn Fn(&str, &str) -> bool| pairs.iter().all(|(patch, file)| holds(patch, file));
    let Some((patch, file)) = pairs.iter().max_by_key(|(patch, file)| patch.len().max(file.len())) else {
        return Rule::None;
    };
    if patch == file {
        return Rule::None;
    }
    if let Some(more) = file.strip_suffix(patch)
        && all(&|patch, file| file.strip_prefix(more) == Some(patch))
    {
        return Rule::In(more);
    }
    if let Some(less) = patch.strip_suffix(file)
        && all(&|patch, file| patch.strip_prefix(less) == Some(file))
    {
        return Rule::Out(less);
    }
    let is_of = |text: &str, letter: char| !text.is_empty() && text.chars().all(|one| one == letter);
    let tabs = |tabbed: &str, blank: &str| {
        (is_of(tabbed, '\t') && is_of(blank, ' ') && blank.len().is_multiple_of(tabbed.len()))
            .then(|| blank.len() / tabbed.len())
    };
    if let Some(width) = tabs(file, patch)
        && all(&|patch, file| patch.is_empty() && file.is_empty() || tabs(file, patch) == Some(width))
    {
        return Rule::Tabs(width);
    }
    if let Some(width) = tabs(patch, file)
        && all(&|patch, file| patch.is_empty() && file.is_empty() || tabs(patch, file) == Some(width))
    {
        return Rule::Blanks(width);
    }
    Rule::None
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(quoted: &[(&str, &str)], added: &[&str], expected: &[&str]) {
        assert_eq!(Shift::of(quoted.iter().copied()).put(added), expected);
    }

    #[test]
    fn added_lines_follow_what_was_quoted() {
        check(&[("    a", "\ta")], &["    b", "        c", ""], &["\tb", "\t\tc", ""]);
        check(&[("a", "    a"), ("  b", "      b")], &["a2", "    c"], &["    a2", "        c"]);
        check(&[("        a", "    a")], &["        b", "            c"], &["    b", "        c"]);
        check(&[("\ta", "    a")], &["\tb", "\t\tc"], &["    b", "        c"]);
        check(&[("a ", "a")], &["b", "  c"], &["b", "  c"]);
    }

    #[test]
    fn what_is_right_already_stays() {
        check(&[("foo", "    foo")], &["    bar", "        baz"], &["    bar", "        baz"]);
        check(&[("foo", "    foo")], &["if x:", "    foo"], &["    if x:", "        foo"]);
    }

    #[test]
    fn without_a_rule_nothing_is_guessed() {
        check(&[(" a", "    a"), (" b", "  b")], &[" c"], &[" c"]);
        check(&[(" a", "  a"), ("  b", "b")], &["   c", " d"], &["   c", "  d"]);
    }
}
