//! `Order`: what a plain LSP client asks for, by a command or by the button of a progress.

use serde_json::Value;
use tower_lsp::ls_types::ExecuteCommandParams;

use super::progress;
use crate::engine::TurnId;

/// The names of all commands.
pub const COMMANDS: [&str; 3] = ["quillon.ask", "quillon.cancel", "quillon.answer"];

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
        for (command, arguments) in [
            ("quillon.ask", vec![json!(" ")]),
            ("quillon.ask", vec![json!(1)]),
            ("quillon.cancel", vec![json!("x")]),
            ("quillon.answer", vec![json!("q1")]),
            ("quillon.other", vec![]),
        ] {
            assert!(order(command, &arguments).is_err(), "{command}");
        }
        assert!(
            COMMANDS.iter().all(|command| !order(command, &[]).is_err_and(|why| why.starts_with("there")))
        );
    }
}
