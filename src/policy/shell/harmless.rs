//! Commands that need no question: they only read, list or tell. Which, says `harmless.txt`.

use std::sync::LazyLock;

use super::Part;

static HARMLESS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let lines =
        include_str!("harmless.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(' ').collect()).collect()
});

impl Part {
    /// Whether it only reads, lists or tells, by its name and first words. What its options can do beside that, and
    /// the files that it names, are told apart from this.
    pub fn is_harmless(&self) -> bool {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        let plain = self.words.iter().take(2).all(|word| !word.unknown);
        plain
            && !self.shows_what_it_finds()
            && HARMLESS
                .iter()
                .any(|known| words.starts_with(known) && (known.len() == 1 || !ends_open(known, &words)))
    }

    /// Whether it shows what stands in files that are not named one by one, secret ones among them.
    fn shows_what_it_finds(&self) -> bool {
        let only_counts =
            ["wc", "md5sum", "sha1sum", "sha256sum", "file", "stat", "ls", "du", "find", "echo", "tree"];
        let unnamed = self.words.iter().skip(1).any(|word| word.pattern || word.listed || word.many);
        let short =
            |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R', 'd']);
        let goes_down = |word: &str| {
            short(word) || word.starts_with("--rec") || word.starts_with("--dir") || word.starts_with("--der")
        };
        let searches = matches!(self.name(), "grep" | "egrep" | "fgrep" | "diff");
        let recursive = searches && self.words.iter().skip(1).any(|word| goes_down(&word.text));
        recursive || unnamed && !only_counts.contains(&self.name())
    }

    /// Whether it is git, which runs what its configuration names.
    pub fn is_git(&self) -> bool {
        self.name() == "git"
    }
}

/// What tells a version tells nothing else: more words would be another command.
fn ends_open(known: &[&str], words: &[&str]) -> bool {
    known.last().is_some_and(|word| word.starts_with('-')) && words.len() > known.len()
}
