//! Images and documents of a conversation: what is kept of them, and which go to the model.
//!
//! The facts have what each one is and the hash of its bytes; the bytes are kept beside the journal. A
//! request says of each one whether it is handed over, and why not. That follows from the history and
//! from the model alone, as long as the bytes are kept, so the same history gives the same request.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::around::{self, Around};
use super::event::Block;
use super::model::{Abilities, Message};
use super::parts::Parts;
use crate::limits;
use crate::path::AbsPath;
use crate::text::{Hash, clip};
pub use crate::workspace::MediaKind;
use crate::workspace::{Pages, Pick, Unfit};

/// An image or a document of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What people call it: a path, or what the client says.
    pub name: String,
    /// Its kind.
    pub kind: MediaKind,
    /// The hash of its bytes, under which they are kept.
    pub hash: Hash,
    /// How many bytes it has.
    pub len: u64,
    /// What it is: its format, and its pixels or pages.
    pub about: String,
}

impl Media {
    /// What it is, for people, and for models that do not accept it.
    pub fn describe(&self) -> String {
        format!("{}: {}, {} bytes", self.name, self.about, self.len)
    }
}

/// What is handed over of an image or a document in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// Nothing but its description.
    Described(NotShown),
}

/// Why an image or a document is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShown {
    /// The model is not known to accept it.
    NotAccepted,
    /// The conversation has many, and this one is old.
    Old,
    /// Its bytes are not kept any more.
    Gone,
}

impl NotShown {
    /// In words for the model.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotAccepted => {
                "not shown: you are not known to accept this kind. The user can allow it: `accepts` of the `provider` \
                 in quillon.jsonc, or QUILLON_ACCEPTS"
            }
            Self::Old => "not shown any more: there were too many since; look again if you need it",
            Self::Gone => "not shown any more: its bytes are no longer kept; look again if you need it",
        }
    }
}

/// A piece of a prompt as a client gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is complete.
    Block(Block),
    /// Bytes that are to be kept.
    Bytes {
        /// What people call it.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// An image or a document that the session has kept, given once more.
    Kept {
        /// What people call it.
        name: String,
        /// The hash of its bytes.
        hash: Hash,
    },
    /// What the editor shows.
    Around(Around),
}

/// An image or a document that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub media: Media,
    /// The pages to go on with, where none were named and not all could be taken.
    pub next: Option<Pages>,
}

/// Keeps what of these bytes can be handed to a model.
pub(super) async fn keep(
    parts: &Parts,
    name: String,
    bytes: Vec<u8>,
    pages: Option<Pages>,
) -> io::Result<Result<Kept, Unfit>> {
    let recorder = parts.recorder.clone();
    let work = move || {
        let pick = match Pick::of(bytes, pages) {
            Ok(pick) => pick,
            Err(unfit) => return Ok(Err(unfit)),
        };
        let Pick { kind, bytes, about, next } = pick;
        let (hash, len) = (recorder.keep(&bytes)?, bytes.len() as u64);
        let name = clip::line(&name, limits::MEDIA_NAME_CHARS_MAX);
        Ok(Ok(Kept { media: Media { name, kind, hash, len, about }, next }))
    };
    let kept = parts.tasks.spawn_blocking(work).await;
    kept.unwrap_or_else(|_| Err(io::Error::other("the program is ending")))
}

/// What a client gives as a piece of a prompt; what cannot be handed over is described. None where nothing of it
/// is for the model.
pub(super) async fn attach(parts: &Parts, given: Given) -> Option<Block> {
    match given {
        Given::Around(around) => around::told(parts, around).await,
        Given::Block(_) | Given::Bytes { .. } | Given::Kept { .. } => Some(attached(parts, given).await),
    }
}

async fn attached(parts: &Parts, given: Given) -> Block {
    let (name, bytes) = match given {
        Given::Block(block) => return block,
        Given::Around(_) => return Block::Around { text: String::new(), file: None },
        Given::Bytes { name, bytes } => (name, bytes),
        Given::Kept { name, hash } => match parts.recorder.fetch(&hash) {
            Ok(bytes) => (name, bytes.to_vec()),
            Err(_) => {
                let why = NotShown::Gone.words();
                return Block::Text { text: format!("(`{name}` was attached; {why})") };
            }
        },
    };
    let len = bytes.len();
    let why = match keep(parts, name.clone(), bytes, None).await {
        Ok(Ok(kept)) => return Block::Media { media: kept.media },
        Ok(Err(Unfit::Other(what))) => format!("{what}, {len} bytes; models take images and PDF documents"),
        Ok(Err(Unfit::Refused { about, why })) => format!("{about}; {why}"),
        Ok(Err(Unfit::Pages(why))) => why,
        Err(error) => format!("it could not be kept: {error}"),
    };
    Block::Text { text: format!("(`{name}` was attached and cannot be shown: {why})") }
}

/// What of the images and documents of a history goes to a model of these abilities.
pub(super) async fn handed(parts: &Parts, messages: &[Message], abilities: Abilities) -> Vec<Handed> {
    let all: Vec<&Media> = messages.iter().flat_map(Message::media).collect();
    let chosen = choose(&all, abilities);
    let hashes: Vec<Hash> = all.iter().map(|media| media.hash).collect();
    if !chosen.contains(&Choice::Sent) {
        return chosen.into_iter().map(Choice::described).collect();
    }
    let recorder = parts.recorder.clone();
    let fetch = move || -> Vec<Handed> {
        let fetched = chosen.into_iter().zip(&hashes).map(|(choice, hash)| match choice {
            Choice::Sent => recorder.fetch(hash).map_or(Handed::Described(NotShown::Gone), Handed::Bytes),
            Choice::Left(why) => Handed::Described(why),
        });
        fetched.collect()
    };
    let gone = || all.iter().map(|_| Handed::Described(NotShown::Gone)).collect();
    parts.tasks.spawn_blocking(fetch).await.unwrap_or_else(|_ending| gone())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Sent,
    Left(NotShown),
}

impl Choice {
    fn described(self) -> Handed {
        match self {
            Self::Sent => Handed::Described(NotShown::Gone),
            Self::Left(why) => Handed::Described(why),
        }
    }
}

/// Which are sent. When there are too many, the oldest go until half of the room is free: so the next
/// requests begin as this one does, where one more each time would change the beginning of each.
fn choose(all: &[&Media], abilities: Abilities) -> Vec<Choice> {
    let mut choices = vec![Choice::Left(NotShown::NotAccepted); all.len()];
    let (mut sent, mut bytes) = (VecDeque::new(), 0);
    for (at, media) in all.iter().enumerate().filter(|(_, media)| abilities.accept(media.kind)) {
        choices[at] = Choice::Sent;
        sent.push_back(at);
        bytes += media.len;
        if sent.len() <= limits::MEDIA_PER_REQUEST_MAX && bytes <= limits::MEDIA_PER_REQUEST_BYTES_MAX {
            continue;
        }
        while sent.len() > 1
            && (sent.len() > limits::MEDIA_PER_REQUEST_MAX / 2
                || bytes > limits::MEDIA_PER_REQUEST_BYTES_MAX / 2)
        {
            let Some(oldest) = sent.pop_front() else { break };
            choices[oldest] = Choice::Left(NotShown::Old);
            bytes -= all[oldest].len;
        }
    }
    choices
}

/// A piece of a prompt as the journal has it. An image or a document is a resource whose text describes
/// it, so that a program which knows none reads its description; what the editor showed is one, too.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum BlockForm {
    Text {
        text: String,
    },
    Link {
        uri: String,
        name: String,
    },
    Resource {
        uri: String,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media: Option<Media>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        around: bool,
    },
}

impl From<Block> for BlockForm {
    fn from(block: Block) -> Self {
        match block {
            Block::Text { text } => Self::Text { text },
            Block::Link { uri, name } => Self::Link { uri, name },
            Block::Resource { uri, text } => Self::Resource { uri, text, media: None, around: false },
            Block::Around { text, file } => {
                let uri = file.map_or_else(|| "the editor".into(), |file| file.to_string());
                Self::Resource { uri, text, media: None, around: true }
            }
            Block::Media { media } => {
                let text = format!("({})", media.describe());
                Self::Resource { uri: media.name.clone(), text, media: Some(media), around: false }
            }
        }
    }
}

impl From<BlockForm> for Block {
    fn from(form: BlockForm) -> Self {
        match form {
            BlockForm::Text { text } => Self::Text { text },
            BlockForm::Link { uri, name } => Self::Link { uri, name },
            BlockForm::Resource { media: Some(media), .. } => Self::Media { media },
            BlockForm::Resource { uri, text, around: true, .. } => {
                Self::Around { text, file: AbsPath::new(uri).ok() }
            }
            BlockForm::Resource { uri, text, media: None, around: false } => Self::Resource { uri, text },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BOTH: Abilities = Abilities { images: true, pdf: true };

    fn media(kind: MediaKind, len: u64) -> Media {
        let hash = Hash::of(b"x");
        Media { name: "a".into(), kind, hash, len, about: "PNG image, 1 x 1 pixels".into() }
    }

    /// `s` for sent, `o` for old, `-` for not accepted.
    fn chosen(all: &[Media], abilities: Abilities) -> String {
        let all: Vec<&Media> = all.iter().collect();
        let letters = choose(&all, abilities).into_iter().map(|choice| match choice {
            Choice::Sent => 's',
            Choice::Left(NotShown::Old) => 'o',
            Choice::Left(NotShown::NotAccepted | NotShown::Gone) => '-',
        });
        letters.collect()
    }

    #[test]
    fn what_is_accepted_is_sent() {
        let all = [media(MediaKind::Png, 1), media(MediaKind::Pdf, 1), media(MediaKind::Webp, 1)];
        assert_eq!(chosen(&all, BOTH), "sss");
        assert_eq!(chosen(&all, Abilities { images: true, pdf: false }), "s-s");
        assert_eq!(chosen(&all, Abilities { images: false, pdf: true }), "-s-");
        assert_eq!(chosen(&all, Abilities::default()), "---");
    }

    #[test]
    fn the_oldest_go_in_blocks() {
        let small = |count: usize| vec![media(MediaKind::Png, 1); count];
        let most = limits::MEDIA_PER_REQUEST_MAX;
        assert_eq!(chosen(&small(most), BOTH), "s".repeat(most));
        let over = chosen(&small(most + 1), BOTH);
        assert_eq!(over, "o".repeat(most / 2 + 1) + &"s".repeat(most / 2));
        for more in 2..most / 2 {
            let next = chosen(&small(most + more), BOTH);
            assert!(next.starts_with(&over), "the beginning stays: {next}");
        }
        let large = vec![media(MediaKind::Pdf, limits::MEDIA_PER_REQUEST_BYTES_MAX / 2 - 1); 3];
        assert_eq!(chosen(&large, BOTH), "oos");
    }

    #[test]
    fn an_older_program_reads_the_description() {
        let block = Block::Media { media: media(MediaKind::Png, 7) };
        let form = serde_json::to_value(&block).unwrap();
        assert_eq!(
            (&form["type"], &form["uri"], &form["text"]),
            (&json!("resource"), &json!("a"), &json!("(a: PNG image, 1 x 1 pixels, 7 bytes)"))
        );
        assert_eq!(form["media"]["kind"], "image/png");
        assert_eq!(serde_json::from_value::<Block>(form).unwrap(), block);
        let old = json!({"type": "resource", "uri": "file:///a", "text": "b"});
        let block = Block::Resource { uri: "file:///a".into(), text: "b".into() };
        assert_eq!(serde_json::from_value::<Block>(old.clone()).unwrap(), block);
        assert_eq!(serde_json::to_value(&block).unwrap(), old);
    }
}
