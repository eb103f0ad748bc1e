//! `Chat`: a conversation as a Markdown file, which grows in the editor where it is open, else on the disk.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::document::{Document, Documents, Encoding, position};
use crate::frontends::convert::uri;
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::Peer;

/// Gives a chat's file this text, for this user alone. Blocks.
pub type WriteChat = Arc<dyn Fn(&AbsPath, &str) -> io::Result<()> + Send + Sync>;

/// The heading below which the user writes.
pub const USER: &str = "## You";
/// The heading below which the answer comes.
pub const ANSWER: &str = "## Quillon";

/// A chat's file and what it is to hold.
pub struct Chat {
    /// The file.
    pub path: AbsPath,
    write: WriteChat,
    documents: Arc<Documents>,
    peer: Peer,
    encoding: Encoding,
    text: Mutex<Text>,
    changed: Notify,
}

/// What the file is to hold, and how much of it the editor has.
#[derive(Default)]
struct Text {
    whole: String,
    /// Bytes of it that the editor's buffer was given, or the disk where there is no buffer.
    shown: usize,
    /// The user's words at the end of the buffer that were sent and are replaced by what follows.
    sent: Option<String>,
}

/// A change of the buffer: these bytes of it become the text from there on.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    start: usize,
    end: usize,
    from: usize,
}

impl Chat {
    /// A chat in this file, of which so much has been said.
    pub fn new(
        path: AbsPath,
        write: WriteChat,
        documents: Arc<Documents>,
        peer: Peer,
        (encoding, said): (Encoding, String),
    ) -> Self {
        let text = Mutex::new(Text { shown: said.len(), whole: said, sent: None });
        let changed = Notify::new();
        Self { path, write, documents, peer, encoding, text, changed }
    }

    /// Adds to the end.
    pub fn push(&self, more: &str) {
        self.lock().whole.push_str(more);
        self.changed.notify_one();
    }

    /// Adds so many line feeds that what follows is a paragraph of its own.
    pub fn paragraph(&self) {
        let mut text = self.lock();
        let shown = text.shown;
        end_paragraph(&mut text.whole, shown);
    }

    /// The text below the heading of the user in the editor's buffer; none where it is not open, or
    /// nothing stands there. It is taken for sent: what is added next stands in its place.
    pub async fn take_prompt(&self) -> Option<String> {
        let words = below_the_last_heading(&self.document().await?.text.to_string())?;
        let mut text = self.lock();
        // It may be asked twice before the editor has the answer.
        if text.sent.as_ref() == Some(&words) {
            return None;
        }
        text.sent = Some(words.clone());
        Some(words)
    }

    /// What was taken for sent was not, and stays.
    pub fn keep_prompt(&self) {
        self.lock().sent = None;
    }

    /// Writes until it is over: at once after a pause, then in batches. At the end all is on the disk.
    pub async fn run(self: Arc<Self>, over: CancellationToken) {
        while over.run_until_cancelled(self.changed.notified()).await.is_some() {
            self.flush().await;
            over.run_until_cancelled(tokio::time::sleep(limits::CHAT_BATCH)).await;
        }
        self.save().await;
    }

    /// Brings the text to where the user sees it.
    pub async fn flush(&self) {
        match self.document().await {
            Some(document) => {
                if let Err(why) = self.edit(&document).await {
                    tracing::info!("the editor does not show the chat's end: {why}");
                    self.save().await;
                }
            }
            None => {
                let saved = self.save().await;
                // An editor that opens the file has this much.
                self.lock().shown = saved;
            }
        }
    }

    async fn edit(&self, document: &Document) -> Result<(), String> {
        let buffer = document.text.to_string();
        let (change, new, whole) = {
            let text = self.lock();
            let Some(change) = text.change(&buffer) else { return Ok(()) };
            let new = text.whole[change.from..].to_owned();
            (change, new, text.whole.len())
        };
        let place = |byte| position(&document.text, byte, self.encoding);
        let edit = json!({
            "range": { "start": place(change.start), "end": place(change.end) },
            "newText": new,
        });
        let changes = json!({ document.uri.as_str(): [edit] });
        let params = json!({ "label": "Quillon chat", "edit": { "changes": changes } });
        let mut watch = self.documents.watch();
        let answer = self.peer.request("workspace/applyEdit", &params, limits::EDITOR_APPLY_WAIT).await;
        let answer: Value = answer.map_err(|error| error.to_string())?;
        if answer["applied"] != true {
            return Err(answer["failureReason"].as_str().unwrap_or("it gave no reason").to_owned());
        }
        // Without the change "applied" is not believed; what is added next would be out of place.
        let came = async {
            while self.document().await.is_some_and(|now| now.version == document.version) {
                if watch.changed().await.is_err() {
                    return;
                }
            }
        };
        let came = tokio::time::timeout(limits::EDITOR_CHANGE_WAIT, came).await;
        came.map_err(|_| "it said that it applied an edit, and changed nothing".to_owned())?;
        let mut text = self.lock();
        text.shown = whole;
        text.sent = None;
        Ok(())
    }

    /// Writes the file, and gives how long it is.
    async fn save(&self) -> usize {
        let (path, write, whole) = (self.path.clone(), self.write.clone(), self.lock().whole.clone());
        let length = whole.len();
        match tokio::task::spawn_blocking(move || write(&path, &whole)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("failed to write the chat to `{}`: {error}", self.path),
            Err(_) => tracing::debug!("the program ends before the chat was written"),
        }
        length
    }

    /// The address of the file.
    pub fn uri(&self) -> String {
        uri::of(&self.path).0
    }

    async fn document(&self) -> Option<Document> {
        let (documents, path) = (self.documents.clone(), self.path.clone());
        tokio::task::spawn_blocking(move || documents.find(&path)).await.ok().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Text {
    /// What makes of the buffer what it is to be. What the user has typed stays.
    fn change(&self, buffer: &str) -> Option<Change> {
        let ours = &self.whole[..self.shown];
        let typed = buffer.strip_prefix(ours);
        let change = match (typed, &self.sent) {
            (Some(typed), Some(sent)) if typed.trim() == sent => {
                Change { start: self.shown, end: buffer.len(), from: self.shown }
            }
            // Opened from the disk, where more stood than was shown.
            _ if buffer.starts_with(&self.whole) => return None,
            _ if self.whole.starts_with(buffer) => {
                Change { start: buffer.len(), end: buffer.len(), from: buffer.len() }
            }
            (Some(_), _) => Change { start: self.shown, end: self.shown, from: self.shown },
            (None, _) => Change { start: buffer.len(), end: buffer.len(), from: self.shown },
        };
        (change.from < self.whole.len()).then_some(change)
    }
}

/// Ends a text so that what follows is a paragraph of its own; what stands before `fixed` stays.
pub fn end_paragraph(text: &mut String, fixed: usize) {
    let end = text.trim_end_matches('\n').len().max(fixed);
    text.truncate(end);
    while !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
}

fn below_the_last_heading(text: &str) -> Option<String> {
    let mut below = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.starts_with("## ") {
            below = (line.trim_end() == USER).then_some(at);
        }
    }
    let words = text[below?..].trim();
    (!words.is_empty()).then(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(whole: &str, shown: usize, sent: Option<&str>) -> Text {
        Text { whole: whole.into(), shown, sent: sent.map(str::to_owned) }
    }

    fn applied(text: &Text, buffer: &str) -> String {
        match text.change(buffer) {
            Some(change) => {
                format!("{}{}{}", &buffer[..change.start], &text.whole[change.from..], &buffer[change.end..])
            }
            None => buffer.to_owned(),
        }
    }

    #[test]
    fn what_the_user_types_stays_behind_what_comes() {
        assert_eq!(applied(&text("abcdef", 3, None), "abc"), "abcdef");
        assert_eq!(applied(&text("abcdef", 3, None), "abc typed"), "abcdef typed");
        assert_eq!(applied(&text("abcdef", 3, None), "aXc typed"), "aXc typeddef");
        assert_eq!(applied(&text("abcdef", 3, None), "abcd"), "abcdef");
        assert_eq!(applied(&text("abcdef", 3, None), "abcdef"), "abcdef");
        assert_eq!(applied(&text("abcdef", 0, None), "abc"), "abcdef");
    }

    #[test]
    fn what_was_sent_is_replaced() {
        assert_eq!(applied(&text("abc go\n", 3, Some("go")), "abc\n go \n"), "abc go\n");
        assert_eq!(applied(&text("abc go\n", 3, Some("go")), "abc go more"), "abc go\n go more");
    }

    #[test]
    fn the_prompt_stands_below_the_last_heading() {
        let found = |text| below_the_last_heading(text);
        assert_eq!(found("## You\n\n go on \n").as_deref(), Some("go on"));
        assert_eq!(found("## You\n\nold\n\n## Quillon\n\nwords\n"), None);
        assert_eq!(
            found("## You\nold\n## Quillon\nx\n## You\n### Part\nnew").as_deref(),
            Some("### Part\nnew")
        );
        assert_eq!(found("no heading"), None);
    }
}
