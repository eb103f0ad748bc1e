//! How many tokens a conversation has: what the provider counted, and an estimate of what came since.

use super::event::{Block, ReplyBlock};
use super::media::{Media, MediaKind};
use super::model::{Message, ToolSpec, Window};
use super::state::State;
use crate::limits;

/// What the next request would have, about.
pub fn tokens(state: &State, tools: &[ToolSpec]) -> u64 {
    let told = state.told();
    match state.said().telling().counted() {
        Some((messages, tokens)) => tokens + of_messages(told.get(messages..).unwrap_or_default()),
        None => {
            let briefing = state.briefing().map_or(0, |text| text.len());
            let tools: usize =
                tools.iter().map(|tool| tool.description.len() + tool.schema.to_string().len()).sum();
            of_bytes(briefing + tools) + of_messages(told)
        }
    }
}

/// How many tokens a request may have, so that its answer still fits.
pub fn usable(window: Window) -> u64 {
    let answer = window.output.unwrap_or(limits::ANSWER_TOKENS_MAX).min(limits::ANSWER_TOKENS_MAX);
    // A small window is not given away to an answer that nobody has asked to be so long.
    let reserve = answer.min(window.context / 4) + limits::CONTEXT_RESERVE_TOKENS.min(window.context / 8);
    let share = window.context / 100 * limits::CONTEXT_PERCENT_MAX;
    share.min(window.context - reserve)
}

/// An estimate.
pub fn of_messages(messages: &[Message]) -> u64 {
    messages.iter().map(of_message).sum()
}

/// An estimate.
pub fn of_message(message: &Message) -> u64 {
    let media: u64 = message.media().into_iter().map(of_media).sum();
    let bytes: usize = match message {
        Message::User(blocks) => blocks.iter().map(of_block).sum(),
        Message::Assistant(reply) => reply.blocks.iter().map(of_reply).sum(),
        Message::Results(results) => results.iter().map(|result| result.text.len()).sum(),
    };
    media + of_bytes(bytes)
}

/// An estimate: within a fifth for source code.
pub fn of_bytes(bytes: usize) -> u64 {
    (bytes / limits::BYTES_PER_TOKEN) as u64
}

fn of_block(block: &Block) -> usize {
    match block {
        Block::Text { text } | Block::Around { text, .. } => text.len(),
        Block::Link { uri, name } => uri.len() + name.len(),
        Block::Resource { uri, text } => uri.len() + text.len(),
        Block::Media { .. } => 0,
    }
}

fn of_reply(block: &ReplyBlock) -> usize {
    match block {
        ReplyBlock::Text { text } => text.len(),
        ReplyBlock::Thought { text, signature } => text.len() + signature.as_ref().map_or(0, String::len),
        ReplyBlock::Call { call } => call.tool.0.len() + call.input.to_string().len(),
        ReplyBlock::Opaque { value } => value.to_string().len(),
    }
}

fn of_media(media: &Media) -> u64 {
    match media.kind {
        MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => limits::IMAGE_TOKENS,
        MediaKind::Pdf => limits::PDF_TOKENS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_still_fits() {
        let usable = |context, output| usable(Window { context, output });
        // 85 of 100, where that leaves enough; else what is left beside the answer.
        assert_eq!(usable(1_000_000, Some(64_000)), 850_000);
        assert_eq!(usable(200_000, Some(64_000)), 160_000);
        assert_eq!(usable(128_000, Some(4_000)), 108_800);
        assert_eq!(usable(8_000, None), 5_000);
        assert_eq!(usable(0, Some(10)), 0);
    }
}
