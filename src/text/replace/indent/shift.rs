//! One way in which indentations differ: what each that was quoted is in the file, and the rule behind it.

use std::cell::OnceCell;

use super::{BLANKS, indentation};

/// How the indentation of a quote became that of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// Each indentation of the quote with that in the file.
    known: Vec<(String, String)>,
    rule: Rule,
}

#[derive(Debug, PartialEq, Eq)]
enum Rule {
    /// The file has this before each line.
    Deeper(String),
    /// The quote has this before each line.
    Shallower(String),
    /// `width` blanks are a tab in the file, which stands `more` blanks deeper.
    Tabs { width: usize, more: isize },
    /// A tab is `width` blanks in the file, which stands `more` blanks deeper.
    Blanks { width: usize, more: isize },
    /// Levels of `from` blanks are levels of `to` blanks in the file.
    Scaled { from: usize, to: usize },
}

/// Widths that a level has in practice.
const LEVELS: [usize; 4] = [2, 3, 4, 8];

/// Widths that a tab may have.
const TABS: std::ops::RangeInclusive<usize> = 2..=8;

impl Shift {
    /// What became of the indentation of `quote`, whose lines these are; none where no one rule says it.
    pub fn between(quote: &str, lines: &str) -> Option<Self> {
        let mut known: Vec<(String, String)> = Vec::new();
        for (quoted, line) in quote.split('\n').zip(lines.split('\n')) {
            let (Some(from), Some(to)) = (indentation(quoted), indentation(line)) else { continue };
            match known.iter().find(|(known, _)| known == from) {
                Some((_, expected)) if expected != to => return None,
                Some(_) => {}
                None if known.len() == KNOWN_MAX => return None,
                None => known.push((from.to_owned(), to.to_owned())),
            }
        }
        let rule =
            moved(&known).or_else(|| tabs(&known)).or_else(|| blanks(&known)).or_else(|| scaled(&known))?;
        Some(Self { known, rule })
    }

    /// The new text indented like the file; none where the rule does not say how.
    pub fn apply(&self, new: &str, steps: &Steps<'_>) -> Option<String> {
        let mut shifted = String::with_capacity(new.len() + new.len() / 4);
        for (number, line) in new.split('\n').enumerate() {
            if number > 0 {
                shifted.push('\n');
            }
            let Some(from) = indentation(line) else { continue };
            let content = &line[from.len()..];
            match self.known.iter().find(|(known, _)| known == from) {
                Some((_, to)) => shifted.push_str(to),
                None => shifted.push_str(&self.unquoted(from, content, steps)?),
            }
            shifted.push_str(content);
        }
        Some(shifted)
    }

    /// The indentation of a line that is indented like none of the quote.
    fn unquoted(&self, from: &str, content: &str, steps: &Steps<'_>) -> Option<String> {
        // A star under the one above it is aligned by one blank beyond its level.
        let odd = from.contains('\t') || from.len() % 2 == 1;
        let (level, aligned) = match from.strip_suffix(' ') {
            Some(level) if odd && content.starts_with('*') => (level, " "),
            Some(_) | None => (from, ""),
        };
        let known = self.known.iter().find(|(known, _)| known == level).map(|(_, to)| to.clone());
        let to = match known {
            Some(to) => to,
            None => {
                let to = self.by_rule(level)?;
                self.trusts(level, steps).then_some(to)?
            }
        };
        let used = |letter: char| self.known.iter().any(|(_, to)| to.contains(letter));
        let unindented = self.known.iter().all(|(_, to)| to.is_empty());
        let fits =
            |letter| used(letter) || (unindented && self.known.iter().any(|(from, _)| from.contains(letter)));
        to.chars().all(fits).then(|| to + aligned)
    }

    fn by_rule(&self, from: &str) -> Option<String> {
        match &self.rule {
            Rule::Deeper(more) => Some(format!("{more}{from}")),
            Rule::Shallower(less) => from.strip_prefix(less.as_str()).map(str::to_owned),
            Rule::Tabs { width, more } => {
                let columns = from.len().checked_add_signed(*more).filter(|_| only(from, ' '))?;
                columns.is_multiple_of(*width).then(|| "\t".repeat(columns / width))
            }
            Rule::Blanks { width, more } => {
                let (tabs, blanks) = tabs_and_blanks(from)?;
                Some(" ".repeat((tabs * width + blanks).checked_add_signed(*more)?))
            }
            Rule::Scaled { from: unit, to } => {
                let scales = only(from, ' ') && from.len().is_multiple_of(*unit);
                scales.then(|| " ".repeat(from.len() / unit * to))
            }
        }
    }

    /// Whether the rule may be taken beyond what was quoted. Two depths say what a level is; one leaves
    /// open whether the quote stands elsewhere or has wider levels, which is then looked for in the file.
    fn trusts(&self, from: &str, steps: &Steps<'_>) -> bool {
        let [(quoted, _)] = self.known.as_slice() else { return true };
        let step = from.len().abs_diff(quoted.len());
        match self.rule {
            Rule::Tabs { width, .. } => step == width || (width == 4 && step.is_multiple_of(4)),
            Rule::Blanks { width, .. } => steps.may_be(width),
            Rule::Deeper(_) | Rule::Shallower(_) | Rule::Scaled { .. } => steps.may_be(step),
        }
    }
}

/// Different indentations in one quote; more are a table, not code.
const KNOWN_MAX: usize = 64;

/// The same blanks more or less before each line.
fn moved(known: &[(String, String)]) -> Option<Rule> {
    let (from, to) = known.first()?;
    if let Some(more) = to.strip_suffix(from.as_str())
        && known.iter().all(|(from, to)| to.strip_prefix(more) == Some(from))
    {
        return Some(Rule::Deeper(more.to_owned()));
    }
    let less = from.strip_suffix(to.as_str())?;
    let all = known.iter().all(|(from, to)| from.strip_prefix(less) == Some(to));
    all.then(|| Rule::Shallower(less.to_owned()))
}

/// Blanks in the quote, tabs in the file.
fn tabs(known: &[(String, String)]) -> Option<Rule> {
    let rows: Vec<(usize, usize, usize)> = known
        .iter()
        .map(|(from, to)| tabs_and_blanks(to).filter(|_| only(from, ' ')).map(|(t, b)| (from.len(), t, b)))
        .collect::<Option<_>>()?;
    let (width, more) = width(&rows)?;
    Some(Rule::Tabs { width, more })
}

/// Tabs in the quote, blanks in the file.
fn blanks(known: &[(String, String)]) -> Option<Rule> {
    let rows: Vec<(usize, usize, usize)> = known
        .iter()
        .map(|(from, to)| tabs_and_blanks(from).filter(|_| only(to, ' ')).map(|(t, b)| (to.len(), t, b)))
        .collect::<Option<_>>()?;
    let (width, less) = width(&rows)?;
    Some(Rule::Blanks { width, more: -less })
}

/// The width of a tab for which `tabs` and `blanks` beside it are always as much deeper than the
/// columns: best not at all; otherwise only where two depths leave one width.
fn width(rows: &[(usize, usize, usize)]) -> Option<(usize, isize)> {
    let tabs = rows.iter().any(|(_, tabs, _)| *tabs > 0);
    let deeper = |width: usize| {
        let all = rows.iter().map(|(columns, tabs, blanks)| {
            isize::try_from(tabs * width + blanks).ok()?.checked_sub(isize::try_from(*columns).ok()?)
        });
        let all: Vec<isize> = all.collect::<Option<_>>()?;
        let first = *all.first()?;
        let levels = first.unsigned_abs().is_multiple_of(width);
        (levels && all.iter().all(|more| *more == first)).then_some((width, first))
    };
    let fits: Vec<(usize, isize)> = TABS.filter_map(deeper).collect();
    let same = fits.iter().find(|(_, more)| *more == 0);
    match (tabs, same, fits.as_slice()) {
        (false, ..) => None,
        (true, Some(same), _) => Some(*same),
        (true, None, [one]) if rows.len() > 1 => Some(*one),
        (true, None, _) => None,
    }
}

/// Levels of another width, from the margin on.
fn scaled(known: &[(String, String)]) -> Option<Rule> {
    if !known.iter().all(|(from, to)| only(from, ' ') && only(to, ' ') && from.is_empty() == to.is_empty()) {
        return None;
    }
    let common = |side: fn(&(String, String)) -> usize| known.iter().map(side).fold(0, greatest_common);
    let (from, to) = (common(|pair| pair.0.len()), common(|pair| pair.1.len()));
    let fits = known.iter().all(|(left, right)| left.len() * to == right.len() * from);
    (fits && LEVELS.contains(&from) && LEVELS.contains(&to)).then_some(Rule::Scaled { from, to })
}

fn greatest_common(left: usize, right: usize) -> usize {
    if right == 0 { left } else { greatest_common(right, left % right) }
}

fn only(indentation: &str, letter: char) -> bool {
    indentation.chars().all(|blank| blank == letter)
}

/// Tabs first, blanks behind them.
fn tabs_and_blanks(indentation: &str) -> Option<(usize, usize)> {
    let blanks = indentation.trim_start_matches('\t');
    only(blanks, ' ').then(|| (indentation.len() - blanks.len(), blanks.len()))
}

/// By how much lines of a text are indented deeper than the line before them; looked for once, when it
/// is asked.
pub(super) struct Steps<'a> {
    text: &'a str,
    found: OnceCell<Vec<usize>>,
}

impl<'a> Steps<'a> {
    pub fn of(text: &'a str) -> Self {
        Self { text, found: OnceCell::new() }
    }

    /// Whether the text has such a step, or none at all.
    fn may_be(&self, step: usize) -> bool {
        let found = self.found.get_or_init(|| steps(self.text));
        found.is_empty() || found.contains(&step)
    }
}

fn steps(text: &str) -> Vec<usize> {
    let mut steps = Vec::new();
    let mut before: Option<usize> = None;
    for line in text.split('\n') {
        let content = line.trim_start_matches(BLANKS);
        if content.is_empty() {
            continue;
        }
        let depth = line.len() - content.len();
        if let Some(step) = before.and_then(|before| depth.checked_sub(before)).filter(|step| *step > 0)
            && !steps.contains(&step)
            && steps.len() < KNOWN_MAX
        {
            steps.push(step);
        }
        before = Some(depth);
    }
    steps
}
