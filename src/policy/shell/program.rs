//! `Program`: what a program does with its arguments, from the table `programs.txt`.

use std::sync::LazyLock;

/// What a program does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// Nothing is known of them.
    Any,
    /// They are words.
    Text,
    /// Files whose names and kinds are told.
    Names,
    /// Files that are read.
    Read,
    /// A pattern, then files that are read.
    Pattern,
    /// Files that are changed.
    Write,
    /// Folders that are made or removed.
    Folders,
    /// Files that are read; the last one is changed.
    Copy,
    /// All are changed.
    Move,
    /// The second one is changed.
    Second,
    /// A value, then files that are changed.
    Set,
}

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Its value is a word.
    Value,
    /// Its value is the pattern.
    Given,
    /// It has no value, and there is no pattern then.
    Alone,
    /// Its value is a file that is read.
    Read,
    /// Its value is a file that is changed.
    Write,
    /// It is asked about.
    Ask,
}

/// One section of the table.
#[derive(Debug)]
pub(super) struct Program {
    names: Vec<&'static str>,
    pub(super) operands: Operands,
    options: Vec<(&'static str, Takes)>,
}

static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(|| read(include_str!("programs.txt")));

impl Program {
    /// The program of that name.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.names.contains(&name))
    }

    /// What an option does, given as it is written without its value: `-o`, `--output`, or the beginning of a
    /// long name.
    pub(super) fn option(&self, written: &str) -> Option<Takes> {
        let exact = self.options.iter().find(|(option, _)| *option == written);
        let long = written.len() > 2 && written.starts_with("--");
        // Of several that it may abbreviate, the one that matters most.
        let begun = self.options.iter().filter(|(option, _)| long && option.starts_with(written));
        let weight = |takes: &Takes| match takes {
            Takes::Value => 0,
            Takes::Given | Takes::Alone => 1,
            Takes::Read => 2,
            Takes::Write => 3,
            Takes::Ask => 4,
        };
        exact.or_else(|| begun.max_by_key(|(_, takes)| weight(takes))).map(|(_, takes)| *takes)
    }

    /// Whether all that it is given are words to it.
    pub(super) fn takes_words_only(&self) -> bool {
        self.operands == Operands::Text && !self.can_do_more()
    }

    /// Whether an option makes it run programs or change files.
    pub(super) fn can_do_more(&self) -> bool {
        self.options.iter().any(|(_, takes)| matches!(takes, Takes::Write | Takes::Ask))
    }

    /// Whether it has options of several letters behind one dash (`go test -run`).
    pub(super) fn has_single_dash(&self, written: &str) -> bool {
        self.options
            .iter()
            .any(|(option, _)| option.len() > 2 && !option.starts_with("--") && (*option == written))
    }
}

fn read(table: &'static str) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[') {
            let head = head.strip_suffix(']').unwrap_or(head);
            let names = head.split(' ').filter(|name| !name.is_empty()).collect();
            programs.push(Program { names, operands: Operands::Any, options: Vec::new() });
        } else if let (Some((key, values)), Some(program)) = (line.split_once(" = "), programs.last_mut()) {
            let takes = match key {
                "operands" => {
                    program.operands = operands(values);
                    continue;
                }
                "given" => Takes::Given,
                "alone" => Takes::Alone,
                "read" => Takes::Read,
                "write" => Takes::Write,
                "ask" => Takes::Ask,
                _ => Takes::Value,
            };
            program.options.extend(values.split(' ').map(|option| (option, takes)));
        }
    }
    programs
}

fn operands(word: &str) -> Operands {
    match word {
        "names" => Operands::Names,
        "read" => Operands::Read,
        "pattern" => Operands::Pattern,
        "write" => Operands::Write,
        "folders" => Operands::Folders,
        "copy" => Operands::Copy,
        "move" => Operands::Move,
        "second" => Operands::Second,
        "set" => Operands::Set,
        "text" => Operands::Text,
        _ => Operands::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        let keys = ["operands", "value", "given", "alone", "read", "write", "ask"];
        let words =
            ["any", "text", "names", "read", "pattern", "write", "folders", "copy", "move", "second", "set"];
        for line in
            include_str!("programs.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if line.starts_with('[') {
                assert!(line.ends_with(']'), "{line}");
                continue;
            }
            let (key, values) = line.split_once(" = ").unwrap();
            assert!(keys.contains(&key), "{line}");
            let known =
                |value: &str| if key == "operands" { words.contains(&value) } else { !value.is_empty() };
            assert!(values.split(' ').all(known), "{line}");
        }
        let mut names: Vec<&str> = PROGRAMS.iter().flat_map(|program| &program.names).copied().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "each name stands once");
    }

    #[test]
    fn long_options_count_abbreviated() {
        let sort = Program::of("sort").unwrap();
        assert_eq!(sort.option("--outp"), Some(Takes::Write));
        assert_eq!(sort.option("--compress"), Some(Takes::Ask));
        assert_eq!(sort.option("-o"), Some(Takes::Write));
        assert_eq!(sort.option("-r"), None);
    }
}
