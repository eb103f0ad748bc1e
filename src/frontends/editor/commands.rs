//! `Order`: what a plain LSP client asks for, by a command or by the button of a progress.

use serde_json::Value;
use tower_lsp::ls_types::ExecuteCommandParams;

use super::progress;
use crate::engine::{SessionId, TurnId, Verdict};

/// The names of all commands.
pub const COMMANDS: [&str; 6] =
    ["quillon.ask", "quillon.cancel", "quillon.answer", REVIEW, "quillon.new", SESSIONS];
/// The command that keeps changes or takes them back.
pub const REVIEW: &str = "quillon.review";
/// The command that goes on with a conversation of before.
pub const SESSIONS: &str = "quillon.sessions";
/// In the third argument of `REVIEW`: all changes of the file.
pub const FILE: &str = "file";
/// In the same place: all changes of all files.
pub const ALL: &str = "all";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// Send this prompt; without a text the one that stands below the chat's last heading.
    Ask(Option<String>),
    /// End what runs; with a turn, only if it is that one.
    Cancel(Option<TurnId>),
    /// Answer a question.
    Answer {
        /// Its id, as the chat names it.
        question: String,
        /// One of its choices.
        choice: String,
        /// Words for the model, with a no.
        note: Option<String>,
    },
    /// Keep changes or take them back.
    Review(Wanted),
    /// Begin another conversation.
    New,
    /// Go on with the conversation of this id; without one the user chooses.
    Sessions(Option<SessionId>),
    /// List the conversations in a document.
    List,
}

/// What the user wants to become of changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What becomes of them.
    pub verdict: Verdict,
    /// Of which.
    pub of: Of,
    /// The mark of what the user has seen; without it whatever is there.
    pub seen: Option<String>,
}

/// Which changes.
#[derive(Debug, PartialEq, Eq)]
pub enum Of {
    /// All that there are.
    All,
    /// Those of the file with this address.
    File(String),
    /// The hunk of this file with this id.
    Hunk(String, String),
}

impl Wanted {
    /// Reads arguments: a verdict, the file's address, which changes, the mark of what was seen.
    fn of(texts: &[&str]) -> Option<Self> {
        let (verdict, rest) = texts.split_first()?;
        let verdict = match *verdict {
            "keep" => Verdict::Keep,
            "undo" => Verdict::Undo,
            _ => return None,
        };
        let (of, rest) = match rest {
            [] => (Of::All, rest),
            [uri] => (Of::File((*uri).to_owned()), &rest[1..]),
            [_, ALL, rest @ ..] => (Of::All, rest),
            [uri, FILE, rest @ ..] => (Of::File((*uri).to_owned()), rest),
            [uri, hunk, rest @ ..] => (Of::Hunk((*uri).to_owned(), (*hunk).to_owned()), rest),
        };
        match rest {
            [] => Some(Self { verdict, of, seen: None }),
            [seen] => Some(Self { verdict, of, seen: Some((*seen).to_owned()) }),
            _ => None,
        }
    }
}

impl Order {
    /// Reads a command; the error says what it takes.
    pub fn of(params: &ExecuteCommandParams) -> Result<Self, String> {
        let texts: Option<Vec<&str>> = params.arguments.iter().map(Value::as_str).collect();
        let texts = texts.ok_or_else(|| format!("`{}` takes texts as arguments", params.command))?;
        match (params.command.as_str(), texts.as_slice()) {
            ("quillon.ask", []) => Ok(Self::Ask(None)),
            ("quillon.ask", [text]) if !text.trim().is_empty() => Ok(Self::Ask(Some((*text).to_owned()))),
            ("quillon.ask", _) => {
                Err("`quillon.ask` takes one text that is not empty, or nothing".to_owned())
            }
            ("quillon.cancel", []) => Ok(Self::Cancel(None)),
            ("quillon.cancel", _) => Err("`quillon.cancel` takes no argument".to_owned()),
            ("quillon.answer", [question, choice]) => Ok(Self::answer(question, choice, None)),
            ("quillon.answer", [question, choice, note]) => Ok(Self::answer(question, choice, Some(note))),
            ("quillon.answer", _) => {
                Err("`quillon.answer` takes a question's id, a choice and perhaps a reason".to_owned())
            }
            (REVIEW, texts) => Wanted::of(texts).map(Self::Review).ok_or_else(|| {
                "`quillon.review` takes `keep` or `undo`, alone for all changes, then perhaps a file's \
                 address, then perhaps a hunk's id, `file` or `all`"
                    .to_owned()
            }),
            ("quillon.new", []) => Ok(Self::New),
            ("quillon.new", _) => Err("`quillon.new` takes no argument".to_owned()),
            (SESSIONS, []) => Ok(Self::Sessions(None)),
            (SESSIONS, [id]) if !id.trim().is_empty() => {
                Ok(Self::Sessions(Some(SessionId(id.trim().to_owned()))))
            }
            (SESSIONS, _) => Err("`quillon.sessions` takes a session's id, or nothing".to_owned()),
            (other, _) => Err(format!("there is no command `{other}`")),
        }
    }

    /// Reads the params of `window/workDoneProgress/cancel`; none where that progress is not ours.
    pub fn of_progress(params: &Value) -> Option<Self> {
        progress::turn_of(params.get("token")?.as_str()?).map(|turn| Self::Cancel(Some(turn)))
    }

    fn answer(question: &str, choice: &str, note: Option<&str>) -> Self {
        Self::Answer { question: question.into(), choice: choice.into(), note: note.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(command: &str, arguments: &[Value]) -> Result<Order, String> {
        let arguments = arguments.to_vec();
        Order::of(&ExecuteCommandParams { command: command.into(), arguments, ..Default::default() })
    }

    #[test]
    fn commands_are_read_strictly() {
        assert_eq!(order("quillon.ask", &[]), Ok(Order::Ask(None)));
        assert_eq!(order("quillon.ask", &[json!("go")]), Ok(Order::Ask(Some("go".into()))));
        let answer = order("quillon.answer", &[json!("q1"), json!("no"), json!("why")]);
        assert_eq!(answer, Ok(Order::answer("q1", "no", Some("why"))));
        let wanted = |verdict, of, seen: Option<&str>| {
            Ok(Order::Review(Wanted { verdict, of, seen: seen.map(str::to_owned) }))
        };
        let (file, hunk) = (|| Of::File("file:///a".into()), Of::Hunk("file:///a".into(), "h".into()));
        for (arguments, expected) in [
            (json!(["keep"]), wanted(Verdict::Keep, Of::All, None)),
            (json!(["undo", "file:///a"]), wanted(Verdict::Undo, file(), None)),
            (json!(["undo", "file:///a", "file", "s"]), wanted(Verdict::Undo, file(), Some("s"))),
            (json!(["keep", "file:///a", "all", "s"]), wanted(Verdict::Keep, Of::All, Some("s"))),
            (json!(["undo", "file:///a", "h"]), wanted(Verdict::Undo, hunk, None)),
        ] {
            assert_eq!(order("quillon.review", arguments.as_array().unwrap()), expected);
        }
        for (command, arguments) in [
            ("quillon.ask", vec![json!(" ")]),
            ("quillon.ask", vec![json!(1)]),
            ("quillon.cancel", vec![json!("x")]),
            ("quillon.answer", vec![json!("q1")]),
            ("quillon.review", vec![]),
            ("quillon.review", vec![json!("drop")]),
            ("quillon.review", vec![json!("undo"), json!("file:///a"), json!("h"), json!("s"), json!("x")]),
            ("quillon.new", vec![json!("x")]),
            ("quillon.sessions", vec![json!(" ")]),
            ("quillon.other", vec![]),
        ] {
            assert!(order(command, &arguments).is_err(), "{command}");
        }
        assert!(
            COMMANDS.iter().all(|command| !order(command, &[]).is_err_and(|why| why.starts_with("there")))
        );
    }
}
