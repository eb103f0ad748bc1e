//! Pieces of prompts, in both directions.

use quillon_protocol::document::Uri;
use quillon_protocol::prompt::{self as wire, ContentBlock, LinkBlock, ResourceBlock, TextBlock};

use crate::engine::{Block, Deliver};

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
    }
}

/// A client's blocks for the engine; the error names a type that is not known here.
pub fn prompt_content(blocks: Vec<ContentBlock>) -> Result<Vec<Block>, String> {
    let known = blocks.into_iter().map(|block| match block {
        ContentBlock::Text(TextBlock { text }) => Ok(Block::Text { text }),
        ContentBlock::Link(LinkBlock { uri, name }) => Ok(Block::Link { uri: uri.0, name }),
        ContentBlock::Resource(ResourceBlock { uri, text }) => Ok(Block::Resource { uri: uri.0, text }),
        ContentBlock::Unknown(value) => Err(value["type"].as_str().unwrap_or_default().to_owned()),
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
