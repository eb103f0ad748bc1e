//! `Served`: a model on a server, whatever its wire format: one request, its stream, its failures.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream};
use tokio::time::timeout;

use super::facts::Facts;
use super::failure::{Asked, Head, Refusal};
use super::frame::{Answer, Decoder, Progress};
use super::line::{Incoming, Line};
use super::secrets::{Scrubber, Secrets};
use crate::engine::model::{Abilities, Model, ModelError, ModelEvent, Price, Request, Window};
use crate::engine::sent::Outgoing;
use crate::limits;
use crate::os::http::{self, Http, Post, Url};

/// What differs between wire formats.
pub trait Format: Send + Sync + 'static {
    /// What reads its answers.
    type Answer: Answer + 'static;
    /// The HTTP request for this request.
    fn post(&self, request: &Request) -> Post;
    /// What reads the answer to a request.
    fn decoder(&self, asked: Arc<Asked>) -> Decoder<Self::Answer>;
    /// Learns from a refusal how this server wants to be asked.
    fn learn(&self, status: u16, body: &[u8]) -> Learned;
}

/// What a refusal taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// The next request is another one: it may be accepted.
    Something,
    /// Nothing; asking again would not help.
    Nothing,
}

/// Where a server is and what it is told about us.
#[derive(Debug)]
pub struct Place {
    /// The base URL, `http` or `https`, to which the format adds its path.
    pub base: Url,
    /// Sent as the format wants it, and nowhere else.
    pub key: Option<String>,
    /// Where it came from, or how one is given: what a user reads whose key is refused.
    pub key_words: String,
    /// The header that carries the key, where it is not the usual one of the format.
    pub key_header: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Place {
    /// The headers of every request: the further ones, and the key as `usual` puts it.
    pub fn headers(&self, usual: impl FnOnce(&str) -> (&'static str, String)) -> Vec<(String, String)> {
        let key = self.key.as_deref().map(|key| match &self.key_header {
            Some(header) => (header.clone(), key.to_owned()),
            None => {
                let (header, value) = usual(key);
                (header.to_owned(), value)
            }
        });
        self.headers.iter().cloned().chain(key).collect()
    }

    /// What nobody is to see of it.
    pub fn secrets(&self) -> Secrets {
        let in_query: Vec<_> = self.base.query_pairs().collect();
        let named = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let named = named.chain(in_query.iter().map(|(name, value)| (&**name, &**value)));
        let in_address = self.base.password().map(|password| ("password", password));
        Secrets::new(self.key.as_deref(), named.chain(in_address))
    }

    /// The server and the model there, for messages.
    pub fn asked(&self, model: String) -> Asked {
        let server = self.base.origin().ascii_serialization();
        Asked { server, model, key_words: self.key_words.clone(), secrets: self.secrets() }
    }
}

/// How long each part of an answer is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// For the head of the answer.
    pub head: Duration,
    /// For the next bytes of a stream.
    pub idle: Duration,
    /// For the rest of a stream whose finish reason has come.
    pub after_finish: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            head: limits::ANSWER_HEAD_WAIT,
            idle: limits::STREAM_IDLE_WAIT,
            after_finish: limits::AFTER_FINISH_WAIT,
        }
    }
}

/// A model on a server.
pub struct Served<F> {
    shared: Arc<Shared<F>>,
    line: Line,
    /// Whether its server is on this machine.
    is_here: bool,
    abilities: Abilities,
    window: Option<Window>,
    price: Option<Price>,
}

struct Shared<F> {
    http: Arc<Http>,
    asked: Arc<Asked>,
    waits: Waits,
    format: F,
}

impl<F: Format> Served<F> {
    /// The model that is asked in this format.
    pub fn new(http: Arc<Http>, asked: Asked, waits: Waits, format: F) -> Self {
        let is_here = Url::parse(&asked.server).is_ok_and(|server| http::is_this_machine(&server));
        let shared = Arc::new(Shared { http, asked: Arc::new(asked), waits, format });
        let (line, abilities) = (Line::default(), Abilities::default());
        Self { shared, line, is_here, abilities, window: None, price: None }
    }

    /// The same model, of which this is known.
    pub fn knowing(self, facts: &Facts) -> Self {
        let abilities = facts.accepts.unwrap_or_default();
        Self { abilities, window: facts.window(), price: facts.price, ..self }
    }

    /// The same model, reached by this way.
    pub fn by(self, line: Line) -> Self {
        Self { line, ..self }
    }

    /// The HTTP request for this request, as it would be sent.
    pub fn post(&self, request: &Request) -> Post {
        self.shared.format.post(request)
    }

    /// The client by which it asks.
    #[cfg(test)]
    pub(crate) fn http(&self) -> &Http {
        &self.shared.http
    }
}

impl<F: Format> Model for Served<F> {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let exchange = Exchange {
            shared: self.shared.clone(),
            line: self.line.clone(),
            outgoing: request.outgoing.clone(),
            stage: Stage::Unsent(Box::new(request)),
            ready: Vec::new(),
            scrubber: Scrubber::default(),
            given: VecDeque::new(),
        };
        Box::pin(stream::unfold(exchange, |mut exchange| async move {
            exchange.next().await.map(|item| (item, exchange))
        }))
    }

    fn abilities(&self) -> Abilities {
        self.abilities
    }

    fn writes_calls(&self) -> bool {
        self.is_here
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn price(&self) -> Option<Price> {
        self.price
    }
}

/// One request and its answer.
struct Exchange<F: Format> {
    shared: Arc<Shared<F>>,
    line: Line,
    /// Where it is noted what went out.
    outgoing: Outgoing,
    stage: Stage<F::Answer>,
    /// Where the decoder puts its events; kept for its memory.
    ready: Vec<ModelEvent>,
    /// Keeps secrets in it from being given out.
    scrubber: Scrubber,
    /// What is to be given out before more is read.
    given: VecDeque<Result<ModelEvent, ModelError>>,
}

/// Takes events as good items.
struct Given<'a>(&'a mut VecDeque<Result<ModelEvent, ModelError>>);

impl Extend<ModelEvent> for Given<'_> {
    fn extend<T: IntoIterator<Item = ModelEvent>>(&mut self, events: T) {
        self.0.extend(events.into_iter().map(Ok));
    }
}

enum Stage<A> {
    Unsent(Box<Request>),
    Open(Box<Incoming>, Box<Decoder<A>>),
    Over,
}

impl<F: Format> Exchange<F> {
    async fn next(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        loop {
            if let Some(item) = self.given.pop_front() {
                return Some(item);
            }
            let error = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Over => return None,
                Stage::Unsent(request) => match self.shared.send(&self.line, &request).await {
                    Ok(response) => {
                        let decoder = self.shared.format.decoder(self.shared.asked.clone());
                        self.stage = Stage::Open(Box::new(response), Box::new(decoder));
                        None
                    }
                    Err(error) => Some(error),
                },
                Stage::Open(response, decoder) => self.read(response, decoder).await.err(),
            };
            let mut given = Given(&mut self.given);
            for event in self.ready.drain(..) {
                self.scrubber.pass(event, &self.shared.asked.secrets, &mut given);
            }
            if let Some(error) = error {
                if self.line.is_real() {
                    self.outgoing.failed(error.kind);
                }
                self.scrubber.end(&mut given);
                self.given.push_back(Err(error));
            }
        }
    }

    /// Reads the next bytes, and goes on unless they were the last.
    async fn read(
        &mut self,
        mut response: Box<Incoming>,
        mut decoder: Box<Decoder<F::Answer>>,
    ) -> Result<(), ModelError> {
        let finished = decoder.progress() == Progress::Finished;
        let waits = self.shared.waits;
        let wait = if finished { waits.after_finish } else { waits.idle };
        match timeout(wait, response.chunk()).await {
            Ok(Ok(Some(bytes))) => decoder.push(bytes.as_ref(), &mut self.ready)?,
            Ok(Ok(None)) => return decoder.end(&mut self.ready),
            // With the finish reason all was said.
            Ok(Err(_)) | Err(_) if finished => return decoder.end(&mut self.ready),
            Ok(Err(failure)) => return Err(self.shared.asked.unreached(&failure)),
            Err(_) => return Err(self.shared.asked.silent(wait)),
        }
        match decoder.progress() {
            // The connection serves for the next request once the last bytes have come.
            Progress::Over => response.finish(&self.shared.http),
            Progress::Nothing | Progress::Open | Progress::Finished => {
                self.stage = Stage::Open(response, decoder);
            }
        }
        Ok(())
    }
}

impl<F: Format> Shared<F> {
    /// Sends the request until the head of a good answer has come: once, or twice when the first refusal
    /// taught how this server wants to be asked.
    async fn send(&self, line: &Line, request: &Request) -> Result<Incoming, ModelError> {
        let mut response = self.post(line, request).await?;
        if response.status() == 200 {
            return Ok(response);
        }
        let mut body = self.error_body(&mut response).await;
        if self.format.learn(response.status(), &body) == Learned::Something {
            if line.is_real() {
                request.outgoing.failed(self.refusal(&response, &body).kind);
            }
            response = self.post(line, request).await?;
            if response.status() == 200 {
                return Ok(response);
            }
            body = self.error_body(&mut response).await;
        }
        Err(self.refusal(&response, &body))
    }

    async fn post(&self, line: &Line, request: &Request) -> Result<Incoming, ModelError> {
        let post = self.format.post(request);
        if line.is_real() {
            request.outgoing.begins(&self.asked.server, post.body.len(), request.wanted);
        }
        match timeout(self.waits.head, line.post(&self.http, post, request.wanted)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(failure)) => Err(self.asked.unreached(&failure)),
            Err(_) => Err(self.asked.silent(self.waits.head)),
        }
    }

    /// The body of an error, as far as it comes in time and is not too long.
    async fn error_body(&self, response: &mut Incoming) -> Vec<u8> {
        let mut body = Vec::new();
        let read = async {
            while body.len() < limits::ERROR_BODY_BYTES_MAX {
                let Ok(Some(bytes)) = response.chunk().await else { return };
                body.extend_from_slice(bytes.as_ref());
            }
        };
        // A body that does not come leaves the status, which is told in any case.
        let _ = timeout(limits::ERROR_BODY_WAIT.min(self.waits.idle), read).await;
        body.truncate(limits::ERROR_BODY_BYTES_MAX);
        body
    }

    fn refusal(&self, response: &Incoming, body: &[u8]) -> ModelError {
        let head = Head {
            retry_after: response.header("retry-after"),
            retry_after_ms: response.header("retry-after-ms"),
            date: response.header("date"),
            location: response.header("location"),
        };
        self.asked.refused(Refusal { status: response.status(), head, body })
    }
}

/// A key as most servers want it.
pub fn bearer(key: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {key}"))
}

/// The base with these segments behind it, after the version, unless it names one.
pub fn versioned_endpoint(base: Url, version: &str, segments: &[&str]) -> Url {
    let path = base.path().trim_end_matches('/');
    let before = path.strip_suffix(&format!("/{}", segments.join("/"))).unwrap_or(path);
    if is_version(before.rsplit('/').next().unwrap_or_default()) {
        endpoint(base, segments)
    } else {
        endpoint(base, &[&[version], segments].concat())
    }
}

/// Whether a part of a path names a version: `v1`, `v1beta`, `v1alpha`.
fn is_version(part: &str) -> bool {
    let number = part.strip_prefix('v').unwrap_or_default();
    number.starts_with(|first: char| first.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The base with these segments behind it, unless it ends in them already. A query stays where it is.
pub fn endpoint(mut base: Url, segments: &[&str]) -> Url {
    let tail = format!("/{}", segments.join("/"));
    if !base.path().trim_end_matches('/').ends_with(&tail)
        && let Ok(mut path) = base.path_segments_mut()
    {
        path.pop_if_empty().extend(segments);
    }
    base
}
