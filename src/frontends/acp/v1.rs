//! Engine ↔ ACP v1: what one means in the words of the other. It maps and decides nothing.

mod call;
mod diff;

pub use call::{
    ended, exit, locations, pending, raw_exit, shown_intent, signal_word, started, taken_back, text,
    text_block,
};

use agent_client_protocol_schema::v1 as acp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::error;
use crate::engine::media::MediaKind;
use crate::engine::{
    Block, Choice, ChoiceKind, Given, Level, Mode, ModelName, Stop, TodoItem, TodoStatus, Usage,
};
use crate::limits;
use crate::rpc::Error;
use crate::text::clip;

/// The option that holds the mode.
pub const MODE_OPTION: &str = "mode";

/// The option that holds the model.
pub const MODEL_OPTION: &str = "model";

/// The value of the model option while no model is chosen.
pub const NO_MODEL: &str = "none";

/// A prompt's content. Audio was not advertised and is refused; links that no tool can follow are said to
/// be so, to the model.
pub fn prompt(blocks: Vec<acp::ContentBlock>) -> Result<Vec<Given>, Error> {
    if blocks.is_empty() {
        return Err(error::invalid_params("`prompt` is empty; send at least one block"));
    }
    let bytes: usize = blocks.iter().map(bytes_of_words).sum();
    if bytes > limits::PROMPT_BYTES_MAX {
        return Err(error::invalid_params(&format!(
            "`prompt` has {bytes} bytes, more than the {} that one may have; name files instead of handing over \
             their text",
            limits::PROMPT_BYTES_MAX
        )));
    }
    let mut content = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            acp::ContentBlock::Text(text) => content.push(Given::Block(Block::Text { text: text.text })),
            acp::ContentBlock::ResourceLink(link) => linked(link.uri, link.name, &mut content),
            acp::ContentBlock::Resource(embedded) => embed(embedded.resource, &mut content)?,
            acp::ContentBlock::Image(image) => {
                let name = image.uri.unwrap_or_else(|| "image".into());
                content.push(Given::Bytes { name, bytes: decoded("data", &image.data)? });
            }
            acp::ContentBlock::Audio(_) => return Err(not_advertised("audio")),
            _ => return Err(error::invalid_params("`prompt` holds a block of an unknown type")),
        }
    }
    Ok(content)
}

/// What a block adds to the length of its prompt.
fn bytes_of_words(block: &acp::ContentBlock) -> usize {
    match block {
        acp::ContentBlock::Text(text) => text.text.len(),
        acp::ContentBlock::ResourceLink(link) => link.uri.len() + link.name.len(),
        acp::ContentBlock::Resource(embedded) => match &embedded.resource {
            acp::EmbeddedResourceResource::TextResourceContents(text) => text.uri.len() + text.text.len(),
            acp::EmbeddedResourceResource::BlobResourceContents(blob) => blob.uri.len() + blob.blob.len(),
            _ => 0,
        },
        _ => 0,
    }
}

/// A prompt's block as it is shown when a session is loaded.
pub fn prompt_block(block: &Block) -> Vec<acp::ContentBlock> {
    match block {
        Block::Text { text } => pieces(text).map(acp::ContentBlock::from).collect(),
        Block::Link { uri, name } => {
            vec![acp::ContentBlock::ResourceLink(acp::ResourceLink::new(name.clone(), uri.clone()))]
        }
        Block::Resource { uri, text } => {
            let shown = clip_bytes(text, limits::ACP_TEXT_BYTES_MAX);
            let contents = acp::TextResourceContents::new(shown, uri.clone());
            let contents = acp::EmbeddedResourceResource::TextResourceContents(contents);
            vec![acp::ContentBlock::Resource(acp::EmbeddedResource::new(contents))]
        }
        Block::Media { media } => vec![format!("({})", media.describe()).into()],
        // None of the user's words.
        Block::Around { .. } => Vec::new(),
    }
}

/// The reason in the answer to `session/prompt`, or the error it is answered with.
pub fn stop_reason(stop: &Stop) -> Result<acp::StopReason, Error> {
    match stop {
        Stop::Finished => Ok(acp::StopReason::EndTurn),
        Stop::Cancelled | Stop::Interrupted => Ok(acp::StopReason::Cancelled),
        Stop::StepLimit => Ok(acp::StopReason::MaxTurnRequests),
        Stop::ContextFull => Ok(acp::StopReason::MaxTokens),
        Stop::Refused => Ok(acp::StopReason::Refusal),
        Stop::ModelFailed { kind, message } => Err(error::model(*kind, message)),
    }
}

/// Text cut so that no message becomes too long for a client; the pieces joined are the text.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.floor_char_boundary(limits::ACP_TEXT_BYTES_MAX);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

/// The first `max` bytes of a text, with a word about what is missing.
pub fn clip_bytes(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max);
    format!("{}\n… ({} more bytes)", &text[..end], text.len() - end)
}

/// The plan, whole.
pub fn plan(items: &[TodoItem]) -> acp::Plan {
    let entry = |item: &TodoItem| {
        let status = match item.status {
            TodoStatus::Pending => acp::PlanEntryStatus::Pending,
            TodoStatus::InProgress => acp::PlanEntryStatus::InProgress,
            TodoStatus::Completed => acp::PlanEntryStatus::Completed,
        };
        acp::PlanEntry::new(item.content.clone(), acp::PlanEntryPriority::Medium, status)
    };
    acp::Plan::new(items.iter().map(entry).collect())
}

/// How much of the model's context one step used, and what the session has cost; none where the provider does not
/// count.
pub fn usage(usage: &Usage, size: u64, dollars: Option<f64>) -> Option<acp::UsageUpdate> {
    let used = usage.all();
    let cost = dollars.map(|amount| acp::Cost::new(amount, "USD"));
    (used > 0).then(|| acp::UsageUpdate::new(used, size).cost(cost))
}

/// A notice as such; for clients which know them.
pub fn notice(level: Level, text: &str) -> acp::Notice {
    let severity = match level {
        Level::Info => acp::NoticeSeverity::Info,
        Level::Warning => acp::NoticeSeverity::Warning,
        Level::Error => acp::NoticeSeverity::Error,
    };
    let title = clip::line(text, limits::TITLE_CHARS_MAX);
    let more = (title != text).then(|| text.to_owned());
    acp::Notice::new(severity, title).description(more)
}

/// A notice in words; for clients which know none.
pub fn notice_text(level: Level, text: &str) -> String {
    let word = match level {
        Level::Info => "Note",
        Level::Warning => "Warning",
        Level::Error => "Error",
    };
    format!("\n\n*{word}: {}*\n\n", text.trim())
}

/// The modes, with the one in force.
pub fn modes(current: Mode) -> acp::SessionModeState {
    let offered = Mode::ALL.iter().map(|mode| {
        acp::SessionMode::new(mode.word(), mode_name(*mode)).description(mode.meaning().to_owned())
    });
    acp::SessionModeState::new(current.word(), offered.collect())
}

/// The mode of that id.
pub fn mode(id: &str) -> Result<Mode, Error> {
    Mode::ALL.into_iter().find(|mode| mode.word() == id).ok_or_else(|| {
        let words: Vec<&str> = Mode::ALL.iter().map(|mode| mode.word()).collect();
        error::invalid_params(&format!("there is no mode `{id}`; there are: {}", words.join(", ")))
    })
}

/// All options with their values; the model's is left out where there is nothing to choose.
pub fn options(
    mode: Mode,
    model: Option<&ModelName>,
    offered: &[(ModelName, String)],
) -> Vec<acp::SessionConfigOption> {
    let modes = Mode::ALL.iter().map(|mode| {
        acp::SessionConfigSelectOption::new(mode.word(), mode_name(*mode))
            .description(mode.meaning().to_owned())
    });
    let mut all = vec![
        acp::SessionConfigOption::select(MODE_OPTION, "Mode", mode.word(), modes.collect::<Vec<_>>())
            .description("How much goes through without a question".to_owned())
            .category(acp::SessionConfigOptionCategory::Mode),
    ];
    let current = model.map_or("", |model| model.0.as_str());
    let mut models: Vec<acp::SessionConfigSelectOption> = offered
        .iter()
        .map(|(name, about)| {
            acp::SessionConfigSelectOption::new(name.0.clone(), name.0.clone()).description(about.clone())
        })
        .collect();
    let known = offered.iter().any(|(name, _)| name.0 == current);
    if current.is_empty() && !models.is_empty() {
        models.push(acp::SessionConfigSelectOption::new(NO_MODEL, "No model chosen"));
    } else if !known && !current.is_empty() {
        models.push(acp::SessionConfigSelectOption::new(current.to_owned(), current.to_owned()));
    }
    if !models.is_empty() {
        let value = if current.is_empty() { NO_MODEL } else { current };
        all.push(
            acp::SessionConfigOption::select(MODEL_OPTION, "Model", value.to_owned(), models)
                .category(acp::SessionConfigOptionCategory::Model),
        );
    }
    all
}

/// The options of a question, in its order; ids are unique in the question.
pub fn permission_options(choices: &[Choice]) -> Vec<acp::PermissionOption> {
    let option = |(index, choice): (usize, &Choice)| {
        let kind = match choice.kind {
            ChoiceKind::Once => acp::PermissionOptionKind::AllowOnce,
            ChoiceKind::Always(_) => acp::PermissionOptionKind::AllowAlways,
            ChoiceKind::No => acp::PermissionOptionKind::RejectOnce,
        };
        let name = clip::line(&choice.label, limits::ACP_OPTION_CHARS_MAX);
        acp::PermissionOption::new(option_id(choices, index), name, kind)
    };
    choices.iter().enumerate().map(option).collect()
}

/// The choice of that option id; none for an id that the question does not offer.
pub fn chosen<'a>(choices: &'a [Choice], option: &str) -> Option<&'a Choice> {
    choices.iter().enumerate().find(|(index, _)| option_id(choices, *index) == option).map(|(_, one)| one)
}

/// A word for the kind of choice; a second one of a kind carries its place too.
fn option_id(choices: &[Choice], index: usize) -> String {
    let word = |choice: &Choice| match choice.kind {
        ChoiceKind::Once => "allow-once",
        ChoiceKind::Always(_) => "allow-always",
        ChoiceKind::No => "reject-once",
    };
    let mine = word(&choices[index]);
    if choices[..index].iter().any(|earlier| word(earlier) == mine) {
        return format!("{mine}-{index}");
    }
    mine.to_owned()
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Ask => "Ask",
        Mode::Edit => "Edit",
        Mode::Plan => "Plan",
    }
}

fn not_advertised(what: &str) -> Error {
    error::invalid_params(&format!(
        "`prompt` holds {what} content, which was not advertised; save it as a file and link it"
    ))
}

fn linked(uri: String, name: String, content: &mut Vec<Given>) {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let opaque = !matches!(scheme, "file" | "http" | "https" | "");
    let told = format!(
        "(`{uri}` is a place inside the user's editor that no tool can open. If you need what is there, ask \
         the user to paste it.)"
    );
    content.push(Given::Block(Block::Link { uri, name }));
    if opaque {
        content.push(Given::Block(Block::Text { text: told }));
    }
}

fn decoded(field: &str, base64: &str) -> Result<Vec<u8>, Error> {
    let bytes = BASE64.decode(base64);
    bytes.map_err(|_| error::invalid_params(&format!("`{field}` in `prompt` is not base64")))
}

fn embed(resource: acp::EmbeddedResourceResource, content: &mut Vec<Given>) -> Result<(), Error> {
    match resource {
        acp::EmbeddedResourceResource::TextResourceContents(text) => {
            content.push(Given::Block(Block::Resource { uri: text.uri, text: text.text }));
        }
        acp::EmbeddedResourceResource::BlobResourceContents(blob) => {
            let bytes = decoded("blob", &blob.blob)?;
            if MediaKind::of(&bytes).is_some() {
                content.push(Given::Bytes { name: blob.uri, bytes });
                return Ok(());
            }
            match String::from_utf8(bytes) {
                Ok(text) if !text.contains('\0') => {
                    content.push(Given::Block(Block::Resource { uri: blob.uri, text }));
                }
                Ok(_) | Err(_) => {
                    let kind = blob.mime_type.as_deref().unwrap_or("binary").to_owned();
                    let told = format!("(`{}` was attached as {kind} data, which is not text.)", blob.uri);
                    linked(blob.uri.clone(), blob.uri, content);
                    content.push(Given::Block(Block::Text { text: told }));
                }
            }
        }
        _ => return Err(error::invalid_params("`prompt` holds a resource of an unknown form")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::ErrorKind;

    #[test]
    fn pieces_joined_are_the_text() {
        let text = "aä€😀".repeat(100_000);
        let all: Vec<&str> = pieces(&text).collect();
        assert_eq!(all.concat(), text);
        assert!(all.iter().all(|piece| piece.len() <= limits::ACP_TEXT_BYTES_MAX));
        assert_eq!(pieces("").count(), 0);
    }

    #[test]
    fn a_prompt_has_a_bound_over_all_its_blocks() {
        let half = "a".repeat(limits::PROMPT_BYTES_MAX / 2);
        let text = || acp::ContentBlock::from(half.as_str());
        let contents = acp::TextResourceContents::new(half.clone(), "");
        let resource = acp::EmbeddedResourceResource::TextResourceContents(contents);
        let resource = || acp::ContentBlock::Resource(acp::EmbeddedResource::new(resource.clone()));
        assert!(prompt(vec![text(), resource()]).is_ok());
        let error = prompt(vec![text(), resource(), "b".into()]).unwrap_err().to_string();
        assert!(error.contains("name files instead"), "{error}");
    }

    #[test]
    fn the_model_option_is_there_when_there_is_a_choice() {
        let offered = [(ModelName::from("a"), "about a".to_owned())];
        let values = |model: &str, offered: &[(ModelName, String)]| {
            let all = options(Mode::Ask, Some(&ModelName::from(model)), offered);
            serde_json::to_value(all.get(1)).unwrap()
        };
        assert_eq!(values("", &[]), serde_json::Value::Null, "nothing chosen, nothing to choose");
        let unchosen = values("", &offered);
        assert_eq!(
            (&unchosen["currentValue"], &unchosen["options"][1]["value"]),
            (&"none".into(), &"none".into())
        );
        assert_eq!(values("a", &offered)["options"].as_array().unwrap().len(), 1);
        let other = values("b", &offered);
        assert_eq!((&other["currentValue"], &other["options"][1]["value"]), (&"b".into(), &"b".into()));
    }

    #[test]
    fn notices_have_a_title_of_one_line() {
        let short = notice(Level::Info, "all is well");
        assert_eq!((short.title.as_str(), short.description), ("all is well", None));
        let long = notice(Level::Warning, "first line\nsecond line");
        assert_eq!(
            (long.title.as_str(), long.description.as_deref()),
            ("first line second line", Some("first line\nsecond line"))
        );
    }

    #[test]
    fn every_end_of_a_turn_has_an_answer() {
        assert_eq!(stop_reason(&Stop::Interrupted), Ok(acp::StopReason::Cancelled));
        assert_eq!(stop_reason(&Stop::StepLimit), Ok(acp::StopReason::MaxTurnRequests));
        let failed = |kind| stop_reason(&Stop::ModelFailed { kind, message: "why".into() }).unwrap_err();
        assert_eq!(failed(None).message, "why");
        assert_eq!(failed(None).data, Some(serde_json::json!({ "kind": "model" })));
        let auth = serde_json::json!({ "kind": "model", "failure": "auth" });
        assert_eq!(failed(Some(ErrorKind::Auth)).data, Some(auth));
    }
}
