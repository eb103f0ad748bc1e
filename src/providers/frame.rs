//! The frame of an answer, the same in all wire formats: bytes in any cut → events; pure.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::failure::Asked;
use super::packets::{self, NotPackets, Packet};
use super::sse::{self, EventTooLong};
use crate::engine::model::{ModelError, ModelEvent};
use crate::limits;

/// What a wire format makes of the events of one answer with status 200.
pub trait Answer: Send {
    /// Takes the data of one event.
    fn event(&mut self, data: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError>;
    /// Takes a body that is no stream: one JSON text, which may hold the whole answer or an error.
    fn whole(&mut self, value: Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError>;
    /// The body is over, or will not go on: what was said is complete, or broke off.
    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), ModelError>;
    /// How far it is.
    fn progress(&self) -> Progress;
    /// Whether these bytes are the data of a whole event, although no empty line came behind it.
    fn is_whole_event(&self, data: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
    }
}

/// How far an answer is, for those who wait for more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was seen of it.
    Nothing,
    /// There is more to come.
    Open,
    /// All is there but the token counts, perhaps.
    Finished,
    /// It is complete; what comes is of no interest.
    Over,
}

/// Reads one answer with status 200.
#[derive(Debug)]
pub struct Decoder<A> {
    asked: Arc<Asked>,
    body: Body,
    bytes: usize,
    answer: A,
}

/// What kind of body it is; its first bytes tell more than its declared type does.
#[derive(Debug)]
enum Body {
    /// Nothing but white space so far.
    Unknown,
    Events(sse::Parser),
    /// The same events in binary messages, as Amazon sends them.
    Packets(packets::Parser),
    /// Not a stream: one JSON text, or a page. Read at its end.
    Whole(Vec<u8>),
}

impl<A: Answer> Decoder<A> {
    /// For one answer of that server.
    pub fn new(asked: Arc<Asked>, answer: A) -> Self {
        Self { asked, body: Body::Unknown, bytes: 0, answer }
    }

    /// Takes the next bytes; what they tell is put into `out`, also when they end in an error.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        self.bytes += bytes.len();
        if self.bytes > limits::ANSWER_BYTES_MAX {
            return Err(self.asked.not_understood("it does not end"));
        }
        let mut bytes = bytes;
        if matches!(self.body, Body::Unknown) {
            bytes = bytes.trim_ascii_start();
            self.body = Body::by_first_byte(bytes);
        }
        let Self { body, answer, asked, .. } = self;
        match body {
            Body::Unknown => Ok(()),
            Body::Events(parser) => {
                let fed = parser.push(bytes, |data| match data.trim_ascii() {
                    [] => Ok(()),
                    _ if answer.progress() == Progress::Over => Ok(()),
                    _ => answer.event(data, out).map_err(Fault::Model),
                });
                fed.map_err(|fault| match fault {
                    Fault::Model(error) => error,
                    Fault::TooLong => asked.not_understood("one event of it is too long"),
                })
            }
            Body::Packets(parser) => {
                let fed = parser.push(bytes, |packet| {
                    let data = carried(&packet, asked).map_err(Fault::Model)?;
                    match data.trim_ascii() {
                        [] => Ok(()),
                        _ if answer.progress() == Progress::Over => Ok(()),
                        _ => answer.event(&data, out).map_err(Fault::Model),
                    }
                });
                fed.map_err(|fault| match fault {
                    Fault::Model(error) => error,
                    Fault::TooLong => asked.not_understood("it is no stream of events, or one is too long"),
                })
            }
            Body::Whole(all) if all.len() + bytes.len() > limits::EVENT_BYTES_MAX => {
                Err(asked.not_understood("it is too long"))
            }
            Body::Whole(all) => {
                all.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// The body is over, or will not go on.
    pub fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        match std::mem::replace(&mut self.body, Body::Unknown) {
            Body::Unknown | Body::Packets(_) => {}
            Body::Events(parser) => {
                // The last event may lack its empty line; what is not whole was cut off.
                if let Some(data) = parser.finish()
                    && self.answer.progress() != Progress::Over
                    && self.answer.is_whole_event(&data)
                {
                    self.answer.event(&data, out)?;
                }
                if self.answer.progress() == Progress::Nothing && self.bytes > 0 {
                    return Err(self.asked.not_understood("it holds no events"));
                }
            }
            Body::Whole(all) => self.whole(&all, out)?,
        }
        self.answer.end(out)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.answer.progress()
    }

    /// As if so many bytes had been read already.
    #[cfg(test)]
    pub(crate) fn has_read(&mut self, bytes: usize) {
        self.bytes = bytes;
    }

    fn whole(&mut self, body: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        if body.trim_ascii_start().starts_with(b"<") {
            let why = "it is a web page; is the base URL right? For most servers it ends in /v1";
            return Err(self.asked.not_understood(why));
        }
        let value = serde_json::from_slice(body).or_else(|error| {
            if error.is_eof() {
                return Err(self.asked.truncated());
            }
            read_leniently(body, &self.asked)
        })?;
        self.answer.whole(value, out)
    }
}

enum Fault {
    Model(ModelError),
    TooLong,
}

impl From<EventTooLong> for Fault {
    fn from(_: EventTooLong) -> Self {
        Self::TooLong
    }
}

impl From<NotPackets> for Fault {
    fn from(_: NotPackets) -> Self {
        Self::TooLong
    }
}

/// The event in a binary message; an exception there is an error of the server.
fn carried(packet: &Packet<'_>, asked: &Asked) -> Result<Vec<u8>, ModelError> {
    let value: Value = serde_json::from_slice(packet.payload).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if packet.kind != "event" {
        let words = text("message").unwrap_or(packet.words);
        return Err(asked.broke_off(&json!({"message": words, "type": packet.fault})));
    }
    let coded = text("bytes").unwrap_or_default();
    BASE64.decode(coded).map_err(|_| asked.not_understood("an event of it is not in base64"))
}

impl Body {
    fn by_first_byte(bytes: &[u8]) -> Self {
        match bytes.first() {
            None => Self::Unknown,
            // The length of a message, which is never so great that its first byte counts.
            Some(0) => Self::Packets(packets::Parser::default()),
            Some(b'{' | b'[' | b'<') => Self::Whole(Vec::new()),
            Some(_) => Self::Events(sse::Parser::default()),
        }
    }
}

/// Reads the data of an event, without the bytes in it that are not UTF-8, if there are any.
pub fn read<T: serde::de::DeserializeOwned>(data: &[u8], asked: &Asked) -> Result<T, ModelError> {
    serde_json::from_slice(data).or_else(|_| read_leniently(data, asked))
}

fn read_leniently<T: serde::de::DeserializeOwned>(data: &[u8], asked: &Asked) -> Result<T, ModelError> {
    let text = String::from_utf8_lossy(data);
    serde_json::from_str(&text).map_err(|error| {
        let start: String = text.chars().take(200).collect();
        asked.not_understood(&format!("an event of it is not as agreed ({error}): {start}"))
    })
}

/// The arguments of a call as they were written: an object where they are one, also when nothing was
/// written or the JSON was written twice; else the text itself.
pub fn arguments(written: &str) -> Value {
    if written.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    match serde_json::from_str(written) {
        Ok(Value::Null) => Value::Object(serde_json::Map::new()),
        // JSON within JSON: written twice by the server.
        Ok(Value::String(inner)) => match serde_json::from_str(&inner) {
            Ok(object @ Value::Object(_)) => object,
            Ok(_) | Err(_) => Value::String(written.to_owned()),
        },
        Ok(value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => value,
        Err(_) => Value::String(written.to_owned()),
    }
}
