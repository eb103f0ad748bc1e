//! The names of what a session has: prompts, turns, calls, questions, and the numbers of facts.

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// A session; unique over all processes, sorted by time of creation.
    SessionId
);
text_id!(
    /// A prompt; made by the client, so that sending it twice is harmless.
    PromptId
);
text_id!(
    /// A turn, unique in its session: `t1`, `t2`, …
    TurnId
);
text_id!(
    /// A message of the model, unique in its session: turn and step, `t1.1`.
    MessageId
);
text_id!(
    /// A call of a tool, unique in its session: `c1`, `c2`, …
    CallId
);
text_id!(
    /// A question, unique in its session: `q1`, `q2`, …
    QuestionId
);
text_id!(
    /// A way back to an earlier state, unique in its session: `r1`, `r2`, …
    RestoreId
);
text_id!(
    /// Who answers: the name of a client's connection.
    ClientId
);
text_id!(
    /// The name of a tool, which is the name of its file.
    ToolName
);
text_id!(
    /// A model as the user names it: `demo`, `script:FILE`, or the name the server knows.
    ModelName
);

/// The number of a fact in its session: 1, 2, 3 … without holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
