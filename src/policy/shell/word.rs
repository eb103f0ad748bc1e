//! `Word`: one word of a command, as bash takes it, as far as that can be known without running anything.

/// One word, its quotes and backslashes taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// What it comes to; what is not known stands as it is written.
    pub text: String,
    /// Some of it is known only when it runs: variables, substitutions, arithmetic.
    pub unknown: bool,
    /// It begins with what is not known, so that it can be anything, an option too.
    pub unknown_head: bool,
    /// It holds `*`, `?` or `[` that stand for names.
    pub pattern: bool,
    /// It may become several words: `{a,b}`, or an unquoted variable.
    pub many: bool,
    /// A part of it is quoted or escaped.
    pub quoted: bool,
    /// It stands for a stream from a command: `<(…)`.
    pub stream: bool,
    /// It comes from the names that an earlier command of the pipe writes, or from a search.
    pub listed: bool,
    /// Where the `=` of an assignment stands in the text, if it is written as one.
    pub assigns: Option<usize>,
}

impl Word {
    /// A word without anything special.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Whether its text is all there is to it.
    pub fn is_known(&self) -> bool {
        !(self.unknown || self.pattern || self.many || self.stream || self.listed)
    }

    /// Whether it may be an option: it begins with `-`, or with what is not known.
    pub fn may_be_option(&self) -> bool {
        self.text.starts_with('-') || self.unknown_head || (self.many && self.unknown)
    }

    /// The name of the variable that it assigns, if it is written as an assignment.
    pub fn assigned(&self) -> Option<&str> {
        let name = self.text.get(..self.assigns?)?;
        let name = name.strip_suffix('+').unwrap_or(name);
        Some(name.split('[').next().unwrap_or(name))
    }

    /// The same word with a text of its own: a part of it, such as the value of an option.
    pub fn with_text(&self, text: &str) -> Self {
        Self { text: text.to_owned(), assigns: None, ..self.clone() }
    }
}
