//! `History`: what was said, what a model is told of it, and the points that one can go back to.

use std::sync::Arc;

use super::event::{Block, Mode, PromptId, RestoreId, RestoreOf, RestoredTo, Seq, Summary, TurnId, Usage};
use super::model::Message;
use super::telling::{Less, Telling};
use crate::limits;
use crate::text::clip;

/// What was said so far.
#[derive(Debug, Default)]
pub struct History {
    messages: Vec<Message>,
    /// What a model is told of them, and what it was not told.
    telling: Telling,
    marks: Vec<Mark>,
    /// What the last way back took away, while nothing was said since.
    cut: Option<Cut>,
    /// The points whose conversation was taken away, and by which way back: files can still go there.
    gone: Vec<(RestoreId, Mark)>,
    /// The mode that the model was told of last.
    told_mode: Mode,
}

/// The state before a turn: a point that one can go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The turn.
    pub turn: TurnId,
    /// The prompt that began it.
    pub prompt: PromptId,
    /// Its words.
    pub content: Vec<Block>,
    /// When it began, RFC 3339.
    pub at: Arc<str>,
    /// The fact that began it.
    pub seq: Seq,
    messages: usize,
    told_mode: Mode,
}

#[derive(Debug)]
struct Cut {
    restore: RestoreId,
    messages: Vec<Message>,
    less: Vec<Less>,
    marks: Vec<Mark>,
    told_mode: Mode,
}

impl History {
    /// All messages.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What a model is told of them.
    pub fn telling(&self) -> &Telling {
        &self.telling
    }

    /// The points that one can go back to, the oldest first.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The points whose conversation was taken away, in the order in which that was done.
    pub fn gone(&self) -> impl Iterator<Item = &Mark> {
        self.gone.iter().map(|(_, mark)| mark)
    }

    /// The mode that the model was told of last.
    pub fn told_mode(&self) -> Mode {
        self.told_mode
    }

    /// Where among the messages the prompt stands that began the last turn.
    pub fn last_prompt(&self) -> usize {
        self.marks.last().map_or(0, |mark| mark.messages)
    }

    pub(super) fn say(&mut self, message: Message) {
        self.cut = None;
        self.telling.say(&message);
        self.messages.push(message);
    }

    /// The provider has counted all that was told up to here.
    pub(super) fn count(&mut self, usage: &Usage) {
        self.telling.count(usage);
    }

    /// Whether what is told may begin at this message, or without results before it.
    pub(super) fn may_tell_less(&self, upto: u64, summary: Option<&Summary>) -> bool {
        let Ok(upto) = usize::try_from(upto) else { return false };
        let torn = summary.is_some() && matches!(self.messages.get(upto), Some(Message::Results(_)));
        upto <= self.messages.len() && !torn
    }

    /// From here on less is told of what stands before this message.
    pub(super) fn tell(&mut self, upto: u64, summary: Option<&Summary>) {
        self.cut = None;
        if summary.is_some() {
            // A note on the mode is among what is not told any more.
            self.told_mode = Mode::default();
        }
        let upto = usize::try_from(upto).unwrap_or(usize::MAX).min(self.messages.len());
        self.telling.tell(upto, summary.cloned(), &self.messages);
    }

    /// The model hears of a mode.
    pub(super) fn tell_mode(&mut self, mode: Mode) {
        self.told_mode = mode;
    }

    /// A turn begins.
    pub(super) fn begin(
        &mut self,
        turn: &TurnId,
        prompt: &PromptId,
        content: &[Block],
        at: &Arc<str>,
        seq: Seq,
    ) {
        self.marks.push(Mark {
            turn: turn.clone(),
            prompt: prompt.clone(),
            content: content.to_vec(),
            at: at.clone(),
            seq,
            messages: self.messages.len(),
            told_mode: self.told_mode,
        });
        self.say(Message::User(content.into()));
    }

    /// The point before this turn.
    pub fn mark(&self, turn: &TurnId) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.turn == *turn)
    }

    /// Whether there is this way back.
    pub(super) fn can_go(&self, to: &RestoredTo, what: RestoreOf) -> bool {
        match (what, to) {
            (RestoreOf::Files, _) => true,
            (_, RestoredTo::Before(turn)) => self.mark(turn).is_some(),
            (_, RestoredTo::Undone(way)) => self.can_undo(way),
            (_, RestoredTo::Without(_) | RestoredTo::Reviewed) => false,
        }
    }

    /// Whether what this way back took away can be brought back.
    pub fn can_undo(&self, restore: &RestoreId) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.restore == *restore)
    }

    pub(super) fn go_back(&mut self, turn: &TurnId, restore: &RestoreId) {
        let Some(at) = self.marks.iter().position(|mark| mark.turn == *turn) else { return };
        let marks = self.marks.split_off(at);
        let messages = self.messages.split_off(marks[0].messages);
        let less = self.telling.go_back(&self.messages);
        let told_mode = std::mem::replace(&mut self.told_mode, marks[0].told_mode);
        self.gone.extend(marks.iter().map(|mark| (restore.clone(), mark.clone())));
        self.cut = Some(Cut { restore: restore.clone(), messages, less, marks, told_mode });
    }

    pub(super) fn undo(&mut self, restore: &RestoreId) {
        if !self.can_undo(restore) {
            return;
        }
        self.gone.retain(|(by, _)| by != restore);
        if let Some(cut) = self.cut.take() {
            self.messages.extend(cut.messages);
            self.telling.undo(cut.less, &self.messages);
            self.marks.extend(cut.marks);
            self.told_mode = cut.told_mode;
        }
    }
}

/// A title from the words of a prompt; none when there are no words.
pub(super) fn first_words(content: &[Block]) -> Option<String> {
    content.iter().find_map(|block| match block {
        Block::Text { text } => {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
            Some(clip::line(line, limits::TITLE_CHARS_MAX))
        }
        Block::Link { .. } | Block::Resource { .. } | Block::Media { .. } | Block::Around { .. } => None,
    })
}
