//! Pieces of prompts, in both directions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use quillon_protocol::content::ContentId;
use quillon_protocol::document::Uri;
use quillon_protocol::prompt::{
    self as wire, ContentBlock, EditorBlock, LinkBlock, MediaBlock, ResourceBlock, TextBlock,
};

use crate::engine::{Block, Deliver, Given};
use crate::text::Hash;

/// The blocks as the protocol has them.
pub fn content(blocks: &[Block]) -> Vec<ContentBlock> {
    blocks.iter().map(block).collect()
}

/// A block as the protocol has it.
pub fn block(block: &Block) -> ContentBlock {
    match block {
        Block::Text { text } => ContentBlock::Text(TextBlock { text: text.clone() }),
        Block::Link { uri, name } => {
            ContentBlock::Link(LinkBlock { uri: Uri(uri.clone()), name: name.clone() })
        }
        Block::Resource { uri, text } => {
            ContentBlock::Resource(ResourceBlock { uri: Uri(uri.clone()), text: text.clone() })
        }
        Block::Around { text, .. } => ContentBlock::Editor(EditorBlock { text: text.clone() }),
        Block::Media { media } => ContentBlock::Media(MediaBlock {
            name: media.name.clone(),
            data: None,
            content_id: Some(ContentId(media.hash.to_string())),
            description: Some(media.describe()),
        }),
    }
}

/// A client's blocks for the engine; the error says what is wrong with one.
pub fn prompt_content(blocks: Vec<ContentBlock>) -> Result<Vec<Given>, String> {
    let known = blocks.into_iter().map(|block| match block {
        ContentBlock::Text(TextBlock { text }) => Ok(Given::Block(Block::Text { text })),
        ContentBlock::Link(LinkBlock { uri, name }) => Ok(Given::Block(Block::Link { uri: uri.0, name })),
        ContentBlock::Resource(ResourceBlock { uri, text }) => {
            Ok(Given::Block(Block::Resource { uri: uri.0, text }))
        }
        ContentBlock::Media(MediaBlock { name, data: Some(data), .. }) => {
            let bytes = BASE64.decode(data).map_err(|_| format!("`data` of `{name}` is not base64"))?;
            Ok(Given::Bytes { name, bytes })
        }
        ContentBlock::Media(MediaBlock { name, data: None, content_id, .. }) => {
            let hash = content_id.as_ref().and_then(|id| Hash::parse(&id.0));
            let hash =
                hash.ok_or_else(|| format!("`{name}` has neither `data` nor a `contentId` of media"))?;
            Ok(Given::Kept { name, hash })
        }
        ContentBlock::Editor(_) => {
            Err("a block of type `editor` is the daemon's to make; give `context`".to_owned())
        }
        ContentBlock::Unknown(value) => {
            Err(format!("there is no block of type `{}`", value["type"].as_str().unwrap_or_default()))
        }
    });
    known.collect()
}

/// When a prompt is to reach the model; the error is a word that is not known here.
pub fn deliver(deliver: &wire::Deliver) -> Result<Deliver, String> {
    match deliver {
        wire::Deliver::Next => Ok(Deliver::Next),
        wire::Deliver::Now => Ok(Deliver::Now),
        wire::Deliver::Interrupt => Ok(Deliver::Interrupt),
        wire::Deliver::Unknown(word) => Err(word.clone()),
    }
}

/// The same towards the client.
pub(super) fn delivery(deliver: Deliver) -> wire::Deliver {
    match deliver {
        Deliver::Next => wire::Deliver::Next,
        Deliver::Now => wire::Deliver::Now,
        Deliver::Interrupt => wire::Deliver::Interrupt,
    }
}
