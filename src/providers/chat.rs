//! An OpenAI-compatible server as a `Model`: one request, its stream, its failures.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::stream::{self, BoxStream};
use tokio::time::timeout;

use super::failure::{Asked, Head, Refusal};
use super::secrets::{Scrubber, Secrets};
use crate::engine::model::{Abilities, Model, ModelError, ModelEvent, Request};
use crate::limits;
use crate::os::http::{Http, Post, Response, Url};

mod calls;
mod chunk;
mod decode;
mod encode;

use decode::{Decoder, Progress};
use encode::UsageWanted;

/// A model on an OpenAI-compatible server.
#[derive(Debug)]
pub struct Chat {
    shared: Arc<Shared>,
    abilities: Abilities,
}

/// Where a chat server is and what it is told about us.
#[derive(Debug)]
pub struct Place {
    /// The base URL, `http` or `https`, to which `chat/completions` is added.
    pub base: Url,
    /// Sent as the bearer of the request, and nowhere else.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Place {
    fn secrets(&self) -> Secrets {
        let in_query: Vec<_> = self.base.query_pairs().collect();
        let named = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let named = named.chain(in_query.iter().map(|(name, value)| (&**name, &**value)));
        let in_address = self.base.password().map(|password| ("password", password));
        Secrets::new(self.key.as_deref(), named.chain(in_address))
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

#[derive(Debug)]
struct Shared {
    http: Arc<Http>,
    url: Url,
    headers: Vec<(String, String)>,
    asked: Arc<Asked>,
    waits: Waits,
    /// The server has refused the wish for token counts.
    refuses_usage: AtomicBool,
}

impl Chat {
    /// The model of that name at that place.
    pub fn new(http: Arc<Http>, place: Place, model: String, waits: Waits) -> Self {
        let secrets = place.secrets();
        let mut headers = place.headers;
        headers.extend(place.key.map(|key| ("authorization".to_owned(), format!("Bearer {key}"))));
        let server = place.base.origin().ascii_serialization();
        let asked = Arc::new(Asked { server, model, secrets });
        let url = endpoint(place.base);
        let refuses_usage = AtomicBool::new(false);
        let shared = Arc::new(Shared { http, url, headers, asked, waits, refuses_usage });
        Self { shared, abilities: Abilities::default() }
    }

    /// The same model, which accepts this beside words.
    pub fn accepting(self, abilities: Abilities) -> Self {
        Self { abilities, ..self }
    }
}

impl Model for Chat {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let exchange = Exchange {
            shared: self.shared.clone(),
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
}

/// The address for requests: the base with `chat/completions`, unless it is there already. A query
/// stays where it is.
fn endpoint(mut base: Url) -> Url {
    if !base.path().trim_end_matches('/').ends_with("/chat/completions")
        && let Ok(mut path) = base.path_segments_mut()
    {
        path.pop_if_empty().extend(["chat", "completions"]);
    }
    base
}

/// One request and its answer.
struct Exchange {
    shared: Arc<Shared>,
    stage: Stage,
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

enum Stage {
    Unsent(Box<Request>),
    Open(Box<Response>, Box<Decoder>),
    Over,
}

impl Exchange {
    async fn next(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        loop {
            if let Some(item) = self.given.pop_front() {
                return Some(item);
            }
            let error = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Over => return None,
                Stage::Unsent(request) => match self.shared.send(&request).await {
                    Ok(response) => {
                        let id_prefix = format!("call_{}", uuid::Uuid::now_v7().simple());
                        let decoder = Decoder::new(self.shared.asked.clone(), id_prefix);
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
                self.scrubber.end(&mut given);
                self.given.push_back(Err(error));
            }
        }
    }

    /// Reads the next bytes, and goes on unless they were the last.
    async fn read(
        &mut self,
        mut response: Box<Response>,
        mut decoder: Box<Decoder>,
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
            Progress::Over => self.shared.http.finish(*response),
            Progress::Open | Progress::Finished => self.stage = Stage::Open(response, decoder),
        }
        Ok(())
    }
}

impl Shared {
    /// Sends the request until the head of a good answer has come: once, or twice when the server
    /// does not know the wish for token counts.
    async fn send(&self, request: &Request) -> Result<Response, ModelError> {
        if !self.refuses_usage.load(Ordering::Relaxed) {
            let mut response = self.post(request, UsageWanted::Yes).await?;
            if response.status() == 200 {
                return Ok(response);
            }
            let body = self.error_body(&mut response).await;
            let of_usage = matches!(response.status(), 400 | 422) && mentions_usage(&body);
            if !of_usage {
                return Err(self.refusal(&response, &body));
            }
            self.refuses_usage.store(true, Ordering::Relaxed);
        }
        let mut response = self.post(request, UsageWanted::No).await?;
        if response.status() == 200 {
            return Ok(response);
        }
        let body = self.error_body(&mut response).await;
        Err(self.refusal(&response, &body))
    }

    async fn post(&self, request: &Request, usage: UsageWanted) -> Result<Response, ModelError> {
        let body = encode::body(&self.asked.model, request, usage);
        let post = Post { url: self.url.clone(), headers: self.headers.clone(), body };
        match timeout(self.waits.head, self.http.post(post)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(failure)) => Err(self.asked.unreached(&failure)),
            Err(_) => Err(self.asked.silent(self.waits.head)),
        }
    }

    /// The body of an error, as far as it comes in time and is not too long.
    async fn error_body(&self, response: &mut Response) -> Vec<u8> {
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

    fn refusal(&self, response: &Response, body: &[u8]) -> ModelError {
        let head = Head {
            retry_after: response.header("retry-after"),
            retry_after_ms: response.header("retry-after-ms"),
            date: response.header("date"),
            location: response.header("location"),
        };
        self.asked.refused(Refusal { status: response.status(), head, body })
    }
}

fn mentions_usage(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("stream_options") || text.contains("include_usage")
}

#[cfg(test)]
mod tests;
