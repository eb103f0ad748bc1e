//! `Wishes`: what the user wants of a model's answers, whatever its wire format.

/// What the user wants; what is none is left to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// How much the model is to think.
    pub effort: Option<Effort>,
    /// How the model is told.
    pub told: Told,
    /// The longest answer, in tokens.
    pub output_tokens: Option<u64>,
}

/// How a model is told how much it is to think, where there are two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Told {
    /// Nobody knows; what most models of the provider take.
    #[default]
    AsUsual,
    /// By a number of tokens.
    Tokens,
    /// By a word.
    Word,
}

/// How much a model is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Not at all.
    None,
    /// Hardly.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// More than that.
    XHigh,
    /// As much as it can.
    Max,
}

impl Effort {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    /// Its word, in the settings and on the wires.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.word() == word)
    }
}
