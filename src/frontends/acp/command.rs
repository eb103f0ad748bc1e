//! Slash commands, for clients which draw neither modes and options nor reviews and ways back.

use agent_client_protocol_schema::v1 as acp;

use super::session::Attached;
use super::{Agent, settings, undo, verdicts};
use crate::engine::{Block, Given, Host, Mode, Refused, Session, Verdict};
use crate::frontends::{changes, export};

/// A command in the place of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Shows the mode, or sets it.
    Mode(Option<String>),
    /// Shows the model, or sets it.
    Model(Option<String>),
    /// Lists what is to be looked at.
    Review,
    /// Keeps what is to be looked at: of this file, of these hunks of it, or all.
    Keep(Option<String>),
    /// Lists the points that one can go back to.
    Checkpoints,
    /// Goes back: to before this turn, this way back or the last edit, or to before the last turn; or undoes
    /// what is to be looked at of this file, or of these hunks of it.
    Undo(Option<String>),
}

/// What a command has to say.
#[derive(Debug)]
pub enum Said {
    /// These words.
    Words(String),
    /// Nothing: the client cancelled it.
    Cancelled,
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
        acp::AvailableCommand::new("compact", "Summarise the conversation, so that there is room for more")
            .input(hint("what the summary must keep")),
        acp::AvailableCommand::new("review", "List what was changed and not looked at yet"),
        acp::AvailableCommand::new("keep", "Keep what was changed: it was looked at")
            .input(hint("file, or file and number of a hunk; without it all")),
        acp::AvailableCommand::new("checkpoints", "List the turns that files can go back to"),
        acp::AvailableCommand::new("undo", "Take changes back: of a turn (asks first), a file or a hunk")
            .input(hint("number of a turn, `edit` for the last edit, file, or file and number of a hunk")),
    ])
}

impl Command {
    /// The command that a prompt is; none for a prompt to the model, also one that begins with a
    /// slash and another word.
    pub fn of(content: &[Given]) -> Option<Self> {
        let text = match content {
            [Given::Block(Block::Text { text })] => text.trim(),
            // A file that the user has picked, and perhaps a hunk of it.
            [Given::Block(Block::Text { text }), Given::Block(Block::Link { uri, .. }), rest @ ..] => {
                let hunks = match rest {
                    [] => "",
                    [Given::Block(Block::Text { text })] => text.trim(),
                    _ => return None,
                };
                let of = verdicts::is_hunks(hunks)
                    .then(|| Some(format!("{uri} {hunks}").trim_end().to_owned()))?;
                return match text.trim() {
                    "/keep" => Some(Self::Keep(of)),
                    "/undo" => Some(Self::Undo(of)),
                    _ => None,
                };
            }
            _ => return None,
        };
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let one_word = rest.as_ref().is_none_or(|rest| !rest.contains(char::is_whitespace));
        match (name, rest) {
            // The name of a file may have blanks in it.
            ("/keep", rest) if rest.as_ref().is_none_or(|rest| !rest.contains('\n')) => {
                Some(Self::Keep(rest))
            }
            ("/mode", rest) if one_word => Some(Self::Mode(rest)),
            ("/model", rest) if one_word => Some(Self::Model(rest)),
            ("/undo", rest) if one_word || rest.as_deref().is_some_and(verdicts::is_file_and_hunks) => {
                Some(Self::Undo(rest))
            }
            ("/review", None) => Some(Self::Review),
            ("/checkpoints", None) => Some(Self::Checkpoints),
            _ => None,
        }
    }

    /// Does it, and says in words what is so then. `stopped` resolves when the client cancels it.
    pub(super) async fn run(
        self,
        agent: &Agent,
        attached: &Attached,
        stopped: impl Future<Output = ()>,
    ) -> Said {
        let (host, session) = (&*agent.host, &attached.session);
        Said::Words(match self {
            Self::Mode(mode) => said_mode(session, mode).await,
            Self::Model(model) => said_model(host, session, model).await,
            Self::Review => review(session).await.unwrap_or_else(|refused| refused.to_string()),
            Self::Keep(of) => verdicts::say(attached, Verdict::Keep, of.as_deref()).await,
            Self::Checkpoints => checkpoints(session).unwrap_or_else(|refused| refused.to_string()),
            Self::Undo(Some(of)) if !undo::is_point(&of) => {
                verdicts::say(attached, Verdict::Undo, Some(&of)).await
            }
            Self::Undo(wanted) => return undo::undo(agent, attached, wanted.as_deref(), stopped).await,
        })
    }
}

async fn said_mode(session: &Session, wanted: Option<String>) -> String {
    match wanted {
        None => {
            let mode = session.state(|state| state.mode());
            let words: Vec<&str> = Mode::ALL.iter().map(|mode| mode.word()).collect();
            format!("The mode is `{}`: {}. There are: {}.", mode.word(), mode.meaning(), words.join(", "))
        }
        Some(word) => match settings::set_mode(session, &word).await {
            Ok(mode) => format!("The mode is `{}`: {}.", mode.word(), mode.meaning()),
            Err(error) => error.message,
        },
    }
}

async fn said_model(host: &Host, session: &Session, wanted: Option<String>) -> String {
    match wanted {
        None => {
            let model = session.state(|state| state.model().cloned());
            let model = model.filter(|model| !model.0.is_empty());
            let model =
                model.map_or("No model is chosen.".to_owned(), |model| format!("The model is `{model}`."));
            let offered = host.models().offered();
            let names: Vec<&str> = offered.iter().map(|(name, _)| name.0.as_str()).collect();
            if names.is_empty() { model } else { format!("{model} There are: {}.", names.join(", ")) }
        }
        Some(name) => match settings::set_model(host, session, &name).await {
            Ok(()) => format!("The model is `{name}`, from the next request on."),
            Err(error) => error.message,
        },
    }
}

async fn review(session: &Session) -> Result<String, Refused> {
    let reviews = session.reviews().await?;
    if reviews.is_empty() {
        return Ok("There is nothing to look at.".to_owned());
    }
    let mut list = String::new();
    for review in &reviews {
        list.push_str(&format!("{}: {}\n", changes::name(session, &review.path), changes::about(review)));
        for (index, hunk) in review.hunks.iter().enumerate() {
            list.push_str(&format!("  {}  {}\n", index + 1, changes::hunk(review, hunk)));
        }
    }
    let more = "`/keep` keeps all of it, `/keep FILE` what is in one file, `/keep FILE N` one hunk of it; \
                `/undo FILE` and `/undo FILE N` undo it. `/undo` takes the changes of the last turn back.";
    Ok(format!("{}\n{more}", export::fenced("text", &list)))
}

fn checkpoints(session: &Session) -> Result<String, Refused> {
    let points = session.checkpoints()?;
    if points.is_empty() {
        return Ok("There is no turn to go back to.".to_owned());
    }
    let list: String = points.iter().map(|point| changes::point(point) + "\n").collect();
    let list = export::fenced("text", &list);
    Ok(format!("{list}\n`/undo N` takes the changes back to before turn N; it asks first."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Command>) {
        assert_eq!(Command::of(&[Given::Block(Block::Text { text: text.into() })]), expected, "{text}");
    }

    #[test]
    fn only_whole_commands_are_commands() {
        check("/mode", Some(Command::Mode(None)));
        check(" /mode plan\n", Some(Command::Mode(Some("plan".into()))));
        check("/model a/b:c", Some(Command::Model(Some("a/b:c".into()))));
        check("/mode plan this refactoring", None);
        check("/review", Some(Command::Review));
        check("/review the code in src", None);
        check("/keep", Some(Command::Keep(None)));
        check("/keep my file.txt ", Some(Command::Keep(Some("my file.txt".into()))));
        check("/keep this\nand go on", None);
        check("/checkpoints", Some(Command::Checkpoints));
        check("/undo", Some(Command::Undo(None)));
        check("/undo 2", Some(Command::Undo(Some("2".into()))));
        check("/undo src/a.rs 2", Some(Command::Undo(Some("src/a.rs 2".into()))));
        check("/undo the last change", None);
        check("/models", None);
        check("what does /mode do?", None);
        check("", None);
    }
}
