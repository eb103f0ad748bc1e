//! Prompts, cancels and answers of a client, and the long texts that it asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use quillon_protocol::content::{ContentParams, ContentResult};
use quillon_protocol::error::{ErrorKind, INVALID_PARAMS, REQUEST_FAILED, ResponseError};
use quillon_protocol::lifecycle::Empty;
use quillon_protocol::permission::{AmendedText, AnswerParams, AnswerResult, ChoiceId};
use quillon_protocol::prompt::{
    CancelParams, ContentBlock, PromptParams, PromptResult, PromptState, QueueEditParams, QueueRemoveParams,
};

use super::Editor;
use super::error::refused;
use super::session::beside;
use crate::engine::journal::Recorded;
use crate::engine::media::MediaKind;
use crate::engine::{
    Accepted, AmendedFile, AnswerError, Block, ChoiceKind, ClientId, Command, Event, Given, PromptId,
    Question, QuestionId, Recorder, Seq, Subject, TurnId,
};
use crate::frontends::convert::{self, uri};
use crate::limits;
use crate::path::AbsPath;
use crate::policy::Intent;
use crate::text::Hash;
use crate::workspace;

type Answer<T> = Result<T, ResponseError>;

impl Editor {
    pub(super) async fn prompt(&self, params: PromptParams) -> Answer<PromptResult> {
        let mut given = content(params.content)?;
        given.extend(params.context.map(|context| Given::Around(convert::around(context))));
        let deliver = convert::deliver(&params.deliver)
            .map_err(|word| invalid(&format!("`deliver`: there is no `{word}`")))?;
        let session = self.session(&params.session_id).await?;
        let prompt = PromptId(params.prompt_id.0);
        let (state, position) = match session.prompt_with(prompt, given, deliver).await.map_err(refused)? {
            Accepted::Started => (PromptState::Started, None),
            Accepted::Queued(before) => (PromptState::Queued, u32::try_from(before).ok()),
            Accepted::Steering => (PromptState::Steering, None),
            Accepted::Already | Accepted::Done => (PromptState::Known, None),
        };
        Ok(PromptResult { state, position })
    }

    pub(super) async fn queue_edit(&self, params: QueueEditParams) -> Answer<Empty> {
        let given = content(params.content)?;
        let session = self.session(&params.session_id).await?;
        let mut content = session.attach(given).await.map_err(refused)?;
        let prompt = PromptId(params.prompt_id.0);
        // The words change; what the editor showed then is as it was.
        content.extend(session.state(|state| {
            let waiting = state.queue().iter().filter(|waiting| waiting.prompt == prompt);
            let around = |block: &&Block| matches!(block, Block::Around { .. });
            waiting.flat_map(|waiting| waiting.content.iter().filter(around).cloned()).collect::<Vec<_>>()
        }));
        session.send(Command::Requeue { prompt, content }).await.map_err(refused)?;
        Ok(Empty {})
    }

    pub(super) async fn queue_remove(&self, params: QueueRemoveParams) -> Answer<Empty> {
        let session = self.session(&params.session_id).await?;
        let prompt = PromptId(params.prompt_id.0);
        session.send(Command::Unqueue { prompt }).await.map_err(refused)?;
        Ok(Empty {})
    }

    pub(super) async fn cancel(&self, params: CancelParams) -> Answer<Empty> {
        let session = self.session(&params.session_id).await?;
        let cancelled = match params.turn_id {
            Some(turn) => session.cancel_turn(TurnId(turn.0)).await,
            None => session.cancel().await,
        };
        cancelled.map(|_| Empty {}).map_err(refused)
    }

    pub(super) async fn answer(&self, params: AnswerParams) -> Answer<AnswerResult> {
        let session = self.session(&params.session_id).await?;
        let id = QuestionId(params.question_id.0);
        let Some(ask) = session.state(|state| state.question(&id).map(|open| open.ask.clone())) else {
            let unknown =
                || ResponseError::new(ErrorKind::QuestionUnknown, format!("there is no question `{id}`"));
            let by = session.state(|state| state.answered_by(&id).map(convert::actor)).ok_or_else(unknown)?;
            return Ok(AnswerResult { accepted: false, answered_by: Some(by) });
        };
        let not_offered = || {
            ResponseError::new(
                ErrorKind::ValueUnknown,
                format!("question `{id}` has no choice `{}`", params.choice),
            )
        };
        let files = amended(&ask, &params.choice, params.texts).await?;
        let answer = convert::answer(&ask, &params.choice, params.note, files).ok_or_else(not_offered)?;
        match session.answer(&id, answer, ClientId(self.client_name())) {
            Ok(()) => Ok(AnswerResult { accepted: true, answered_by: None }),
            Err(AnswerError::Closed(_)) => Ok(AnswerResult { accepted: false, answered_by: None }),
            Err(AnswerError::NotOffered(_)) => Err(not_offered()),
            Err(other @ AnswerError::OtherFile(..)) => {
                Err(ResponseError::new(ErrorKind::ValueUnknown, other.to_string()))
            }
            Err(AnswerError::Busy(holder)) => {
                let words = format!("the session is in use by {holder}; answer there");
                Err(ResponseError::busy(Some(holder), words))
            }
        }
    }

    pub(super) async fn content(&self, params: ContentParams) -> Answer<ContentResult> {
        let session = self.session_to_read(&params.session_id).await?;
        if let Some(hash) = Hash::parse(&params.content_id.0) {
            let recorder = session.recorder().clone();
            let bytes = beside(move || Ok(recorder.fetch(&hash).ok())).await?;
            // What else is kept under a hash is for reviews and ways back.
            let bytes = bytes.filter(|bytes| MediaKind::of(bytes).is_some());
            return bytes.map(|bytes| bytes_of(&bytes, &params)).ok_or_else(|| unknown(&params));
        }
        let wanted = params.content_id.0.clone();
        let look = move |fact: &Recorded| match &*fact.event {
            Event::CallEnded { call, outcome } if call.0 == wanted => {
                Some(convert::call_text(outcome).to_owned())
            }
            _ => None,
        };
        let text = beside(move || find(session.recorder(), look)).await?;
        let text = text.ok_or_else(|| unknown(&params))?;
        Ok(piece(&text, params.offset, params.length))
    }
}

fn unknown(params: &ContentParams) -> ResponseError {
    let wanted = &params.content_id.0;
    ResponseError::new(ErrorKind::ContentUnknown, format!("the session keeps no content `{wanted}`"))
}

/// A piece of bytes that are no text.
fn bytes_of(bytes: &[u8], params: &ContentParams) -> ContentResult {
    let most = limits::CONTENT_PIECE_BYTES_MAX;
    let length = params.length.and_then(|length| usize::try_from(length).ok()).unwrap_or(most).clamp(1, most);
    let start = usize::try_from(params.offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = bytes.len().min(start + length);
    ContentResult {
        text: None,
        base64: Some(BASE64.encode(&bytes[start..end])),
        next: (end < bytes.len()).then_some(end as u64),
        size: bytes.len() as u64,
    }
}

/// The user's own texts in the place of proposed ones: of files of the question, and with a yes to this
/// edit. What is not understood must not become a yes to something else.
async fn amended(ask: &Question, choice: &ChoiceId, texts: Vec<AmendedText>) -> Answer<Vec<AmendedFile>> {
    let (once, no) = (convert::choice_id(&ChoiceKind::Once), convert::choice_id(&ChoiceKind::No));
    if texts.is_empty() || *choice == no {
        return Ok(Vec::new());
    }
    if *choice != once {
        return Err(invalid(&format!("`texts` goes with the choice `{once}`")));
    }
    let paths: Vec<AbsPath> = match &ask.subject {
        Subject::Intent(intent @ Intent::Write { .. }) => intent.paths().into_iter().cloned().collect(),
        Subject::Intent(_) | Subject::Loop(_) | Subject::Budget(_) => Vec::new(),
    };
    let mut files = Vec::new();
    for file in texts {
        let path = uri::path(&file.uri.0);
        let path = path.ok_or_else(|| invalid(&format!("`{}` is not the address of a file", file.uri)))?;
        // Links are followed on the disk.
        let real = beside(move || Ok(workspace::real_path(&path).unwrap_or(path))).await?;
        if !paths.contains(&real) {
            return Err(invalid(&format!("`texts`: `{}` is no file of the question", file.uri)));
        }
        files.push(AmendedFile { path: real, text: file.text });
    }
    Ok(files)
}

/// A piece of a text, cut between characters, at least one of them.
fn piece(text: &str, offset: u64, length: Option<u64>) -> ContentResult {
    let most = limits::CONTENT_PIECE_BYTES_MAX;
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(most).min(most);
    let start = text.floor_char_boundary(usize::try_from(offset).unwrap_or(usize::MAX));
    let mut end = text.floor_char_boundary(start.saturating_add(length));
    if end == start {
        end = text.ceil_char_boundary((start + 1).min(text.len()));
    }
    ContentResult {
        text: Some(text[start..end].to_owned()),
        base64: None,
        next: (end < text.len()).then_some(end as u64),
        size: text.len() as u64,
    }
}

/// The first fact of which `look` says something.
fn find<T>(recorder: &Recorder, look: impl Fn(&Recorded) -> Option<T>) -> Answer<Option<T>> {
    let mut after = Seq(0);
    loop {
        let facts = recorder.facts(after, limits::FACTS_PER_PAGE_MAX).map_err(|error| {
            ResponseError::plain(REQUEST_FAILED, format!("failed to read the session: {error}"))
        })?;
        let Some(last) = facts.last() else { return Ok(None) };
        after = last.seq;
        if let Some(found) = facts.iter().find_map(&look) {
            return Ok(Some(found));
        }
    }
}

fn content(blocks: Vec<ContentBlock>) -> Answer<Vec<Given>> {
    let given = convert::prompt_content(blocks).map_err(|why| invalid(&format!("`content`: {why}")))?;
    if given.is_empty() {
        return Err(invalid("`content` is empty"));
    }
    let bytes: usize = given.iter().map(size).sum();
    if bytes > limits::PROMPT_BYTES_MAX {
        let words = format!("the prompt has {bytes} bytes; name files instead of handing over their text");
        return Err(ResponseError::limit(limits::PROMPT_BYTES_MAX as u64, words));
    }
    Ok(given)
}

/// Bytes of the words of a piece. Images and documents have bounds of their own.
fn size(given: &Given) -> usize {
    match given {
        Given::Block(Block::Text { text } | Block::Around { text, .. }) => text.len(),
        Given::Block(Block::Link { uri, name }) => uri.len() + name.len(),
        Given::Block(Block::Resource { uri, text }) => uri.len() + text.len(),
        Given::Block(Block::Media { .. }) => 0,
        Given::Bytes { name, .. } | Given::Kept { name, .. } => name.len(),
        // It is cut to its budget.
        Given::Around(_) => 0,
    }
}

fn invalid(why: &str) -> ResponseError {
    ResponseError::plain(INVALID_PARAMS, format!("invalid parameters: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let text = "aö😀b";
        let (mut all, mut at) = (String::new(), Some(0));
        while let Some(offset) = at {
            let piece = piece(text, offset, Some(2));
            assert_eq!(piece.size, 8);
            all.push_str(&piece.text.unwrap());
            at = piece.next;
        }
        assert_eq!(all, text);
        assert_eq!(piece(text, 99, None).text.as_deref(), Some(""));
    }
}
