//! Slash commands, for clients which draw neither modes nor options: `/mode` and `/model`.

use agent_client_protocol_schema::v1 as acp;

use super::settings;
use crate::engine::{Block, Host, Mode, Session};

/// A command in the place of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Shows the mode, or sets it.
    Mode(Option<String>),
    /// Shows the model, or sets it.
    Model(Option<String>),
}

/// The commands as they are announced.
pub fn announced() -> acp::AvailableCommandsUpdate {
    let hint =
        |text: &str| acp::AvailableCommandInput::Unstructured(acp::UnstructuredCommandInput::new(text));
    let words: Vec<&str> = Mode::ALL.iter().map(|mode| mode.word()).collect();
    acp::AvailableCommandsUpdate::new(vec![
        acp::AvailableCommand::new("mode", "Show or set how much goes through without a question")
            .input(hint(&words.join(" | "))),
        acp::AvailableCommand::new("model", "Show or choose the model").input(hint("name of a model")),
    ])
}

impl Command {
    /// The command that a prompt is; none for a prompt to the model, also one that begins with a
    /// slash and another word.
    pub fn of(content: &[Block]) -> Option<Self> {
        let [Block::Text { text }] = content else { return None };
        let mut words = text.split_whitespace();
        let (name, argument) = (words.next()?, words.next().map(str::to_owned));
        if words.next().is_some() {
            return None;
        }
        match name {
            "/mode" => Some(Self::Mode(argument)),
            "/model" => Some(Self::Model(argument)),
            _ => None,
        }
    }

    /// Does it, and says in words what is so then.
    pub async fn run(self, host: &Host, session: &Session) -> String {
        match self {
            Self::Mode(None) => {
                let mode = session.state(|state| state.mode());
                let words: Vec<&str> = Mode::ALL.iter().map(|mode| mode.word()).collect();
                format!("The mode is `{}`: {}. There are: {}.", mode.word(), mode.meaning(), words.join(", "))
            }
            Self::Mode(Some(word)) => match settings::set_mode(session, &word).await {
                Ok(mode) => format!("The mode is `{}`: {}.", mode.word(), mode.meaning()),
                Err(error) => error.message,
            },
            Self::Model(None) => {
                let model = session.state(|state| state.model().cloned());
                let model = model.filter(|model| !model.0.is_empty());
                let model = model
                    .map_or("No model is chosen.".to_owned(), |model| format!("The model is `{model}`."));
                let offered = host.models().offered();
                let names: Vec<&str> = offered.iter().map(|(name, _)| name.0.as_str()).collect();
                if names.is_empty() { model } else { format!("{model} There are: {}.", names.join(", ")) }
            }
            Self::Model(Some(name)) => match settings::set_model(host, session, &name).await {
                Ok(()) => format!("The model is `{name}`, from the next request on."),
                Err(error) => error.message,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Command>) {
        assert_eq!(Command::of(&[Block::Text { text: text.into() }]), expected, "{text}");
    }

    #[test]
    fn only_whole_commands_are_commands() {
        check("/mode", Some(Command::Mode(None)));
        check(" /mode plan\n", Some(Command::Mode(Some("plan".into()))));
        check("/model a/b:c", Some(Command::Model(Some("a/b:c".into()))));
        check("/mode plan this refactoring", None);
        check("/models", None);
        check("what does /mode do?", None);
        check("", None);
    }
}
