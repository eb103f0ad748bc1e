//! Streams over real HTTP, however they come, are what the codec alone makes of them.

use futures::StreamExt;
use quillon::engine::model::ModelError;
use quillon::engine::{ModelEvent, ModelName, Models};
use quillon::providers::failure::{Head, Refusal};
use serde_json::{Map, Value};

use super::loopback::{Answer, Loopback};
use super::packing::{gzip, packet};
use super::scene::{hello, models};
use super::wire::{KEY, Said, Wire, asked};

/// An answer of a server, and ways in which it comes.
struct Case {
    name: String,
    wire: Wire,
    status: u16,
    headers: Map<String, Value>,
    body: Vec<u8>,
    cuts: Vec<Vec<usize>>,
}

impl Case {
    fn of(row: &Value) -> Self {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let word = if text("wire").is_empty() { text("provider") } else { text("wire") };
        let wire = match word.trim_start_matches("openai-") {
            "chat" => Wire::Chat,
            "responses" => Wire::Responses,
            "anthropic" => Wire::Anthropic,
            "gemini" => Wire::Gemini,
            other => panic!("there is no format `{other}`"),
        };
        let body = match row["body_base64"].as_str() {
            Some(coded) => base64::Engine::decode(&base64::engine::general_purpose::STANDARD, coded).unwrap(),
            None => text("body").into(),
        };
        let cuts = match row["cuts"].as_array() {
            Some(cuts) => cuts.iter().map(|cut| ends(cut, body.len())).collect(),
            None => vec![Vec::new(), every(1, body.len()), every(7, body.len()), every(64, body.len())],
        };
        let name = [text("id"), text("name")].concat();
        let status = row["status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap());
        let headers = row["headers"].as_object().cloned().unwrap_or_default();
        Self { name, wire, status, headers, body, cuts }
    }

    /// What the codec alone makes of it.
    fn decoded(&self) -> Heard {
        if self.status == 200 {
            return Heard::of(self.wire.decoded(&self.body));
        }
        let header = |name: &str| {
            let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str())
        };
        let head = Head {
            retry_after: header("retry-after"),
            retry_after_ms: header("retry-after-ms"),
            date: header("date"),
            location: header("location"),
        };
        let refusal = Refusal { status: self.status, head, body: &self.body };
        Heard::of((Vec::new(), Some(asked().refused(refusal))))
    }

    fn answer(&self, body: Vec<u8>) -> Answer {
        let kind = if self.body.starts_with(b"{") { "application/json" } else { "text/event-stream" };
        let named = self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        named.fold(Answer::of_type(self.status, kind, body), |answer, (name, value)| {
            answer.header(name, value.as_str().unwrap())
        })
    }

    /// All the ways in which it can come, each with a word for it.
    fn answers(&self) -> Vec<(String, Answer)> {
        let cut = |ends: &Vec<usize>| {
            (format!("in {} chunks", ends.len() + 1), self.answer(self.body.clone()).cut_at(ends.clone()))
        };
        let packed = gzip(&self.body);
        let length = packed.len();
        let gzipped = self.answer(packed).header("content-encoding", "gzip");
        let mut answers: Vec<_> = self.cuts.iter().map(cut).collect();
        answers
            .push(("with its length".to_owned(), self.answer(self.body.clone()).declaring(self.body.len())));
        answers.push(("as gzip".to_owned(), gzipped.clone().cut(5)));
        answers.push(("as gzip with its length".to_owned(), gzipped.declaring(length)));
        answers
    }
}

fn ends(cut: &Value, length: usize) -> Vec<usize> {
    match cut {
        Value::Array(ends) => ends.iter().map(|end| end.as_u64().unwrap() as usize).collect(),
        Value::Object(fields) => every(fields["every"].as_u64().unwrap() as usize, length),
        _ => every(1, length),
    }
}

fn every(step: usize, length: usize) -> Vec<usize> {
    (step..length).step_by(step).collect()
}

/// What came of an answer, with its pieces joined, and without what each answer has of its own.
#[derive(Debug, PartialEq)]
struct Heard {
    events: Vec<ModelEvent>,
    error: Option<(String, Option<u16>, Option<u64>)>,
}

impl Heard {
    fn of((events, error): (Vec<ModelEvent>, Option<ModelError>)) -> Self {
        let mut joined: Vec<ModelEvent> = Vec::new();
        for event in events {
            match (joined.last_mut(), event) {
                (Some(ModelEvent::Text(all)), ModelEvent::Text(text))
                | (Some(ModelEvent::Refusal(all)), ModelEvent::Refusal(text))
                | (Some(ModelEvent::Thought(all)), ModelEvent::Thought(text)) => all.push_str(&text),
                (
                    Some(ModelEvent::CallInput { index, text: all }),
                    ModelEvent::CallInput { index: at, text },
                ) if *index == at => {
                    all.push_str(&text);
                }
                (_, ModelEvent::Began { response, model, .. }) => {
                    joined.push(ModelEvent::Began { origin: "".into(), response, model });
                }
                (_, ModelEvent::CallReady { index, mut call }) => {
                    let is_made = call.provider_id.starts_with("made_") || call.provider_id.len() > 36;
                    if is_made {
                        call.provider_id = "made".to_owned();
                    }
                    joined.push(ModelEvent::CallReady { index, call });
                }
                (_, event) => joined.push(event),
            }
        }
        let error = error.map(|error| {
            let wait = error.retry_after.map(|wait| wait.as_millis() as u64);
            (error.kind.word().to_owned(), error.status, wait)
        });
        Self { events: joined, error }
    }
}

/// What a model at this server is heard to say.
async fn heard(wire: Wire, server: &Loopback) -> Heard {
    let models = models(wire, &server.url(""), KEY);
    let model = models.find(&ModelName(wire.model())).unwrap();
    let mut stream = model.stream(hello());
    let mut events = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(event) => events.push(event),
            Err(error) => return Heard::of((events, Some(error))),
        }
    }
    Heard::of((events, None))
}

async fn check(case: &Case) {
    let expected = case.decoded();
    let server = Loopback::start(Vec::new()).await;
    for (way, answer) in case.answers() {
        // The first refusal may teach how the server wants to be asked.
        server.otherwise(answer);
        assert_eq!(heard(case.wire, &server).await, expected, "{} {:?} {way}", case.name, case.wire);
    }
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn ours_come_out_as_the_codec_reads_them() {
    let rows = rows(include_str!("../data/providers/streams.jsonl"));
    assert!(
        rows.iter().all(|row| row["source"].as_str().is_some_and(|source| source.starts_with("https://")))
    );
    for row in &rows {
        check(&Case::of(row)).await;
    }
}

/// The shared cases, where they are at hand.
#[tokio::test]
async fn the_shared_ones_come_out_as_the_codec_reads_them() {
    let folder = std::env::var_os("QUILLON_CASES").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        std::path::PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(folder.join("sse_cases.jsonl")) else { return };
    for row in &rows(&text) {
        check(&Case::of(row)).await;
    }
}

#[tokio::test]
async fn what_the_scripted_servers_write_is_an_answer_too() {
    let said = Said::words("Words. 🎉").thinking("Hm.");
    let said = said.calling("read", serde_json::json!({"file_path": "ä"}));
    for wire in Wire::ALL {
        let stream = wire.stream(&said, 1);
        let body = stream.body();
        let cuts = vec![Vec::new(), every(1, body.len()), every(7, body.len())];
        let (name, headers) = ("written".to_owned(), Map::new());
        check(&Case { name, wire, status: 200, headers, body, cuts }).await;
    }
}

#[tokio::test]
async fn an_exception_in_a_binary_message_is_an_error_of_the_server() {
    let mut body = Wire::Bedrock.stream(&Said::words("Half of it"), 1).pieces[..4].concat();
    let headers = [(":exception-type", "throttlingException"), (":message-type", "exception")];
    body.extend(packet(&headers, r#"{"message": "Too many tokens, please wait."}"#));
    let cuts = vec![Vec::new(), every(1, body.len())];
    let case =
        Case { name: "throttled".into(), wire: Wire::Bedrock, status: 200, headers: Map::new(), body, cuts };
    check(&case).await;
    assert_eq!(case.decoded().error.unwrap().0, "rateLimit");
}
