//! `replay:DIR`: a model that plays what was recorded (`record.rs`), through the same wire formats and without any
//! server, in the order in which it was recorded and as fast as it is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::Value;

use super::Api;
use super::record;
use super::reel::{self, Asked, End, Reel};
use crate::engine::Block;
use crate::engine::model::{
    Abilities, ErrorKind, Message, Model, ModelError, ModelEvent, Request, Window, Wish,
};
use crate::limits;
use crate::os::fs;
use crate::os::http::{Failure, FailureKind};
use crate::path::AbsPath;

/// What was recorded in a folder, played from the first request to the last.
#[derive(Debug)]
pub struct Tape {
    folder: AbsPath,
    numbers: Vec<u64>,
    /// How many were played, and the next one, where it was read already.
    state: Mutex<(usize, Option<Arc<Reel>>)>,
}

/// An answer that is played.
#[derive(Debug)]
pub struct Played {
    reel: Arc<Reel>,
    /// The pieces that were given.
    given: usize,
}

/// Makes the model that was asked, which plays this tape.
pub type Make = Box<dyn Fn(Api, &Asked, Arc<Tape>) -> Result<Arc<dyn Model>, String> + Send + Sync>;

/// The model.
pub struct Replay {
    tape: Arc<Tape>,
    make: Make,
    /// By interface, server and name: what a server has taught stays known.
    made: Mutex<HashMap<Key, Arc<dyn Model>>>,
}

type Key = (String, String, String);

impl Tape {
    /// Finds what was recorded; the error says in words for the user what is wrong.
    pub fn load(folder: AbsPath) -> Result<Self, String> {
        let numbers = record::numbers(&folder);
        let numbers = numbers.map_err(|error| format!("the recording {folder} cannot be read: {error}"))?;
        if numbers.is_empty() {
            return Err(format!("nothing was recorded in {folder} (`--record {folder}` does that)"));
        }
        Ok(Self { folder, numbers, state: Mutex::default() })
    }

    /// What the user should hear when all is over; nothing where all was played, or nothing was.
    pub fn unplayed(&self) -> Option<String> {
        let (played, all) = (self.state().0, self.numbers.len());
        (played > 0 && played < all).then(|| {
            format!(
                "only {played} of the {all} requests recorded in {} were made: the session went another way than when \
                 it was recorded",
                self.folder
            )
        })
    }

    /// The next request, which stays the next one.
    fn next(&self) -> Result<Arc<Reel>, String> {
        let mut state = self.state();
        if let (_, Some(reel)) = &*state {
            return Ok(reel.clone());
        }
        let Some(number) = self.numbers.get(state.0) else {
            return Err(format!(
                "{} has {} recorded requests, and here is one more: the session goes another way than when it was \
                 recorded. Give it the same prompts and files, or record it anew",
                self.folder,
                self.numbers.len()
            ));
        };
        let file = record::file(&self.folder, *number);
        let read = fs::read(&file).map_err(|error| error.to_string());
        let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        let reel = text.and_then(|text| Reel::parse(&text));
        let reel = Arc::new(reel.map_err(|why| format!("the recording {file} cannot be played: {why}"))?);
        state.1 = Some(reel.clone());
        Ok(reel)
    }

    /// Plays what came of the next request.
    pub fn play(&self) -> Result<Played, Failure> {
        let reel = self.next().map_err(|detail| Failure { kind: FailureKind::Unsendable, detail })?;
        let mut state = self.state();
        *state = (state.0 + 1, None);
        drop(state);
        match (&reel.head, &reel.end) {
            (Some(_), _) => Ok(Played { reel, given: 0 }),
            (None, end) => Err(failure(end)),
        }
    }

    fn state(&self) -> MutexGuard<'_, (usize, Option<Arc<Reel>>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Played {
    /// The status.
    pub fn status(&self) -> u16 {
        self.reel.head.as_ref().map_or(0, |(status, _)| *status)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, headers) = self.reel.head.as_ref()?;
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The next bytes of the body; none at its end.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(piece) = self.reel.pieces.get(self.given) {
            self.given += 1;
            return Ok(Some(piece.clone()));
        }
        match &self.reel.end {
            End::Whole => Ok(None),
            end => Err(failure(end)),
        }
    }
}

fn failure(end: &End) -> Failure {
    let broken = |detail: &str| Failure { kind: FailureKind::Broken, detail: detail.to_owned() };
    match end {
        End::Failed(kind, detail) => Failure { kind: reel::kind(kind), detail: detail.clone() },
        End::Cut => broken("the answer was too long to be recorded as a whole"),
        End::Whole | End::Left => broken("the recording ends here: nobody had read on"),
    }
}

impl Replay {
    /// Plays this tape.
    pub fn new(tape: Arc<Tape>, make: Make) -> Self {
        Self { tape, make, made: Mutex::default() }
    }

    fn next(&self, request: &Request) -> Result<Arc<dyn Model>, String> {
        let reel = self.tape.next()?;
        let (asked, wanted) = (&reel.asked, request.wanted);
        if wanted == Wish::Message
            && let Some(prompt) = prompt(request)
            && !has(&asked.body, prompt)
        {
            return Err(format!(
                "the session goes another way than when it was recorded in {}: the next answer that was recorded is to \
                 another prompt than `{}`",
                self.tape.folder,
                prompt.chars().take(limits::TITLE_CHARS_MAX).collect::<String>()
            ));
        }
        if asked.wanted != wanted {
            return Err(format!(
                "the session goes another way than when it was recorded in {}: a {} is wanted, and what was recorded \
                 next is the answer to a wish for a {}",
                self.tape.folder,
                words(wanted),
                words(asked.wanted)
            ));
        }
        let api = asked.api().ok_or_else(|| format!("the recording names an interface `{}`", asked.api))?;
        let key = (asked.api.clone(), asked.base_url.clone(), asked.model.clone());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(&key) {
            return Ok(known.clone());
        }
        let model = (self.make)(api, asked, self.tape.clone())?;
        made.insert(key, model.clone());
        Ok(model)
    }
}

/// The words of the prompt that began the running turn.
fn prompt(request: &Request) -> Option<&str> {
    let Some(Message::User(blocks)) = request.messages.get(request.prompt) else { return None };
    blocks.iter().find_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        Block::Link { .. } | Block::Resource { .. } | Block::Media { .. } | Block::Around { .. } => None,
    })
}

/// Fields of bodies that hold nothing of what the user said.
const OTHERS: &[&str] = &["system", "systemInstruction", "instructions", "tools"];

/// Who says what the user does not.
const OTHER_ROLES: &[&str] = &["system", "developer", "assistant", "model", "tool"];

/// Whether the user says this text in a body, on lines of its own; or may say it, where a secret was masked.
fn has(body: &Value, text: &str) -> bool {
    match body {
        Value::String(words) => {
            format!("\n{words}\n").contains(&format!("\n{text}\n"))
                || words.contains(&"*".repeat(limits::SECRET_BYTES_MIN))
        }
        Value::Array(list) => list.iter().any(|one| has(one, text)),
        Value::Object(fields) => {
            let role = fields.get("role").and_then(Value::as_str);
            !role.is_some_and(|role| OTHER_ROLES.contains(&role))
                && fields.iter().any(|(name, value)| !OTHERS.contains(&name.as_str()) && has(value, text))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn words(wanted: Wish) -> &'static str {
    match wanted {
        Wish::Message => "message",
        Wish::Summary => "summary",
        Wish::Title => "title",
    }
}

impl Model for Replay {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        match self.next(&request) {
            Ok(model) => model.stream(request),
            Err(message) => {
                let error = ModelError { kind: ErrorKind::Invalid, message, status: None, retry_after: None };
                stream::iter([Err(error)]).boxed()
            }
        }
    }

    fn abilities(&self) -> Abilities {
        self.tape.next().map(|reel| reel.asked.abilities()).unwrap_or_default()
    }

    fn window(&self) -> Option<Window> {
        self.tape.next().ok()?.asked.window()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::Models;
    use crate::os::fs::Durability;
    use crate::providers::servers::{NothingSet, Servers};
    use crate::providers::testing::{ask, hello};
    use crate::providers::{Providers, Reels};
    use serde_json::json;

    /// A model that plays these lines, one file each; every file begins with a request.
    fn playing(reels: &[&[serde_json::Value]]) -> (tempfile::TempDir, Arc<dyn Model>, Arc<Reels>) {
        let folder = tempfile::tempdir().unwrap();
        let place = AbsPath::new(folder.path()).unwrap();
        for (number, lines) in (1..).zip(reels) {
            let asked = json!({"quillon": reel::VERSION, "at": "", "api": "chat", "model": "m1",
                "base_url": "http://u:**@h:1/v1?key=******", "url": "", "headers": [], "wanted": "message",
                "window": [9000 + number, null], "accepts": [true, false], "body": {"messages": [{"content": "Hi."}]}});
            let text: String =
                std::iter::once(&asked).chain(*lines).map(|line| format!("{line}\n")).collect();
            fs::replace(&record::file(&place, number), text.as_bytes(), Durability::Process).unwrap();
        }
        let (reels, read) = (Arc::new(Reels::default()), Arc::new(|_: &AbsPath| Ok(None)));
        let all =
            Providers::new(Servers::default(), Arc::new(NothingSet), None, None, read).with(reels.clone());
        let model = all.find(&format!("replay:{place}").as_str().into()).unwrap();
        (folder, model, reels)
    }

    #[tokio::test]
    async fn ends_are_played_as_they_were() {
        let answer = json!({"answer": {"status": 200, "headers": [["content-type", "text/event-stream"]]}});
        let refusal = json!({"answer": {"status": 429, "headers": [["retry-after", "7"]]}});
        let chunk = json!({"choices": [{"index": 0, "delta": {"content": "wö"}, "finish_reason": "stop"}]});
        let body = format!("data: {chunk}\n\n").into_bytes();
        let cut = body.iter().position(|byte| !byte.is_ascii()).unwrap() + 1;
        let pieces = [&body[..cut], &body[cut..]].map(|piece| json!(reel::Line::piece(5, piece)));
        assert!(pieces.iter().all(|piece| piece["bytes"].is_array()), "a letter was cut: {pieces:?}");
        let (_folder, model, reels) = playing(&[
            &[json!({"end": [0, {"failed": ["refused", "no"]}]})],
            &[refusal, json!({"end": [1, "whole"]})],
            &[answer.clone(), pieces[0].clone(), json!({"end": [1, "cut"]})],
            &[answer, pieces[0].clone(), pieces[1].clone(), json!({"end": [9, "whole"]})],
        ]);
        assert_eq!(model.window().unwrap().context, 9001);
        assert!(model.abilities().images && !model.abilities().pdf);
        assert_eq!(reels.unplayed(), None, "nothing was asked yet");
        for (kind, words) in [
            (ErrorKind::Network, "nothing answers at http://h:1"),
            (ErrorKind::RateLimit, "429"),
            (ErrorKind::Network, "too long to be recorded"),
        ] {
            let (_, error) = ask(&*model, hello()).await;
            let error = error.unwrap();
            assert!(error.kind == kind && error.message.contains(words), "{error:?}");
        }
        assert!(reels.unplayed().unwrap().contains("only 3 of the 4"));
        let mut other = hello();
        other.messages = vec![Message::User([Block::Text { text: "Hi there".into() }].into())];
        let (_, error) = ask(&*model, other).await;
        assert!(error.unwrap().message.contains("another prompt than `Hi there`"));
        let summary = Request { wanted: Wish::Summary, ..hello() };
        let (_, error) = ask(&*model, summary).await;
        assert!(error.unwrap().message.contains("a summary is wanted"));
        let (events, error) = ask(&*model, hello()).await;
        assert!(events.contains(&ModelEvent::Text("wö".into())) && error.is_none(), "{events:?}");
        assert_eq!((reels.unplayed(), model.window()), (None, None));
    }

    #[test]
    fn a_reel_of_another_version_is_not_played() {
        let told = |text: &str| Reel::parse(text).unwrap_err();
        assert_eq!(told(""), "it is empty");
        assert!(told("{}").starts_with("line 1: missing field"));
        let fields = r#""at": "", "api": "", "model": "", "base_url": "", "url": "", "headers": [], "wanted": "message",
            "window": null, "accepts": [true, true], "body": 0}"#;
        let other = format!("{{\"quillon\": 99, {fields}").replace('\n', " ");
        assert_eq!(told(&other), "it has version 99, and this program plays version 1");
        let (_folder, model, _) = playing(&[&[]]);
        assert_eq!(model.window().unwrap().context, 9001, "only the request was written");
    }

    #[test]
    fn failures_have_words() {
        for kind in [FailureKind::Refused, FailureKind::ConnectTimeout, FailureKind::Unsendable] {
            assert_eq!(reel::kind(reel::word(kind)), kind);
        }
        assert_eq!(reel::kind("other"), FailureKind::Broken);
    }

    #[test]
    fn only_what_the_user_said_is_the_prompt() {
        let body = json!({
            "system": "first", "tools": [{"description": "first"}],
            "messages": [{"role": "system", "content": "first"}, {"role": "user", "content": "the first\nsecond one\n(a file)"}],
        });
        assert!(has(&body, "second one") && has(&body, "the first\nsecond one"));
        assert!(!has(&body, "first") && !has(&body, "second") && !has(&body, "one"));
        assert!(has(&json!({"input": [{"content": "use ******"}]}), "use sesame"), "it was masked");
    }
}
