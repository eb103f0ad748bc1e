//! Which lines belong to the class or function that a line begins: those which are indented below it.

/// One past the last line of the block that this line heads.
///
/// A line of its own indentation that begins with a bracket (`}`, `) -> T {`) goes on with it.
pub(super) fn end_of_block(lines: &[&str], head: usize) -> usize {
    let outer = width(lines[head]);
    let ends = |line: &&str| {
        let text = line.trim_start();
        let goes_on = width(line) == outer && text.starts_with([')', ']', '}', '{']);
        !text.is_empty() && width(line) <= outer && !goes_on
    };
    let rest = &lines[head + 1..];
    head + 1 + rest.iter().position(ends).unwrap_or(rest.len())
}

/// How far a line is indented; a tab counts as four.
fn width(line: &str) -> usize {
    line.chars()
        .take_while(|letter| letter.is_whitespace())
        .map(|letter| if letter == '\t' { 4 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, head: usize, expected: usize) {
        assert_eq!(end_of_block(&text.split('\n').collect::<Vec<_>>(), head), expected);
    }

    #[test]
    fn blocks_by_indentation() {
        check("class A:\n    x\n\n    y\nclass B:\n    x", 0, 4);
        check("class A:\n    x\n\n    y\nclass B:\n    x", 4, 6);
        check("fn a(\n  b: u8,\n) -> u8 {\n  b\n}\n\nfn b() {\n}", 0, 6);
        check("# A\nx\n# B\nx", 0, 1);
        check("\tf {\n\t\tx\n\t}\n}", 0, 3);
    }
}
