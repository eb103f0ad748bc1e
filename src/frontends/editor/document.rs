//! `Documents`: the files that are open in the editor, with their text as it stands there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ropey::{Rope, RopeSlice};
use tokio::sync::watch;
use tokio::time::Instant;
use tower_lsp::ls_types::{Position, Range, TextDocumentContentChangeEvent};

use crate::engine::Marks;
use crate::frontends::convert::uri;
use crate::limits;
use crate::path::AbsPath;
use crate::workspace;

/// In which units positions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units, which every client knows.
    #[default]
    Utf16,
}

/// An open document as it stands.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its address as the client writes it.
    pub uri: String,
    /// The client's number of this text.
    pub version: i32,
    /// The text.
    pub text: Rope,
    /// Whether the disk had this text when it was last compared: then it holds nothing of the user's,
    /// whatever the disk has by now.
    pub clean: bool,
}

/// All open files.
#[derive(Default)]
pub struct Documents {
    open: Mutex<HashMap<AbsPath, Open>>,
    /// Woken by every change.
    changed: watch::Sender<u64>,
}

struct Open {
    document: Document,
    /// Where its path really leads, once that was asked for.
    real: Option<AbsPath>,
    /// How often it was saved.
    saves: u64,
    /// The text as it was saved last.
    saved: Option<Rope>,
    /// A save that goes on.
    saving: Option<Saving>,
}

/// A save that the client has told of beforehand.
struct Saving {
    text: Rope,
    since: Instant,
    marks: Marks,
}

/// What a client did to a text between telling that it saves and having saved it.
#[derive(Debug, Clone)]
pub struct Formatting {
    /// The file's real path.
    pub path: AbsPath,
    /// The text that was to be saved.
    pub before: Rope,
    /// The text that was saved.
    pub after: Rope,
    /// Which changes of the agent's there were before.
    pub marks: Marks,
}

impl Documents {
    /// A document was opened. Only files count: others are no place to read or write.
    pub fn opened(&self, address: &str, version: i32, text: &str) {
        let Some(path) = uri::path(address) else { return };
        let document =
            Document { uri: address.to_owned(), version, text: Rope::from_str(text), clean: false };
        let open = Open { document, real: None, saves: 0, saved: None, saving: None };
        self.lock().insert(path, open);
        self.wake();
    }

    /// A document changed, in steps of which each counts in the text behind the one before.
    pub fn changed(
        &self,
        address: &str,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) {
        let Some(path) = uri::path(address) else { return };
        if let Some(open) = self.lock().get_mut(&path) {
            for change in changes {
                match change.range {
                    None => open.document.text = Rope::from_str(&change.text),
                    Some(range) => splice(&mut open.document.text, range, &change.text, encoding),
                }
            }
            open.document.version = version;
            open.document.clean = false;
        }
        self.wake();
    }

    /// A document is about to be saved; `marks` tells of a file which changes of the agent's there are.
    pub fn will_save(&self, address: &str, marks: impl FnOnce(&AbsPath) -> Marks) {
        let Some(path) = uri::path(address) else { return };
        let Some(real) = self.lock().get(&path).map(|open| open.real.clone().unwrap_or(path.clone())) else {
            return;
        };
        let (since, marks) = (Instant::now(), marks(&real));
        if let Some(open) = self.lock().get_mut(&path) {
            open.saving = Some(Saving { text: open.document.text.clone(), since, marks });
        }
    }

    /// A document was saved as it stands here: its changes come in order with this. Gives what became of
    /// it since it was to be saved, where that is something.
    pub fn saved(&self, address: &str) -> Option<Formatting> {
        let path = uri::path(address)?;
        let formatting = self.lock().get_mut(&path).and_then(|open| {
            let after = open.document.text.clone();
            open.document.clean = true;
            open.saves += 1;
            open.saved = Some(after.clone());
            let saving = open.saving.take().filter(|saving| saving.since.elapsed() <= limits::SAVE_WAIT)?;
            let path = open.real.clone().unwrap_or(path.clone());
            let Saving { text: before, marks, .. } = saving;
            (before != after).then_some(Formatting { path, before, after, marks })
        });
        self.wake();
        formatting
    }

    /// How often each open file was saved, by its real path. May look at the disk.
    pub fn saves(&self) -> HashMap<AbsPath, u64> {
        self.settle();
        let open = self.lock();
        open.iter().map(|(path, open)| (open.real.as_ref().unwrap_or(path).clone(), open.saves)).collect()
    }

    /// The text with which the file at this real path was saved last. May look at the disk.
    pub fn saved_text(&self, path: &AbsPath) -> Option<Rope> {
        self.settle();
        let open = self.lock();
        let is_it = |(own, open): &(&AbsPath, &Open)| open.real.as_ref().unwrap_or(own) == path;
        open.iter().find(is_it).and_then(|(_, open)| open.saved.clone())
    }

    /// The disk was found to have this text.
    pub fn is_clean(&self, document: &Document) {
        let mut open = self.lock();
        let found = open.values_mut().find(|open| open.document.uri == document.uri);
        if let Some(found) = found.filter(|open| open.document.version == document.version) {
            found.document.clean = true;
        }
    }

    /// A document was closed; what stands in the file counts again.
    pub fn closed(&self, address: &str) {
        let Some(path) = uri::path(address) else { return };
        self.lock().remove(&path);
        self.wake();
    }

    /// The document of the file at this real path. May look at the disk, so it is not for the reader.
    pub fn find(&self, path: &AbsPath) -> Option<Document> {
        if let Some(found) = self.lock().get(path) {
            return Some(found.document.clone());
        }
        self.settle();
        let open = self.lock();
        let found = open.values().find(|document| document.real.as_ref() == Some(path));
        found.map(|found| found.document.clone())
    }

    /// The real paths of all open files. May look at the disk.
    pub fn paths(&self) -> Vec<AbsPath> {
        self.settle();
        let open = self.lock();
        open.iter().map(|(path, document)| document.real.as_ref().unwrap_or(path).clone()).collect()
    }

    /// Follows the links of paths of which that is not known yet; the reader need not wait for it.
    fn settle(&self) {
        let unknown: Vec<AbsPath> = self
            .lock()
            .iter()
            .filter(|(_, open)| open.real.is_none())
            .map(|(path, _)| path.clone())
            .collect();
        for path in unknown {
            let real = workspace::real_path(&path).ok();
            if let Some(open) = self.lock().get_mut(&path) {
                open.real = real;
            }
        }
    }

    /// Tells of changes from here on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn wake(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AbsPath, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The position of a byte of the text, rounded down to a character.
///
/// Lines end at LF, and so at CRLF. By the text of LSP a lone CR ends a line too, but no client counts
/// so: Neovim, Helix and Emacs have it as a character of its line, and who takes it for a line end (VS
/// Code, JetBrains) puts LF or CRLF there when the file is loaded, so that none comes here. A server that
/// counts it changes another line than the one that was shown. The exception is a buffer of Neovim's with
/// `fileformat=mac`, which cannot be told from others; its plugin does not open it here.
pub fn position(text: &Rope, byte: usize, encoding: Encoding) -> Position {
    let at = text.byte_to_char(byte.min(text.len_bytes()));
    let line = text.char_to_line(at);
    let begin = text.line_to_char(line);
    let character = match encoding {
        Encoding::Utf8 => text.char_to_byte(at) - text.char_to_byte(begin),
        Encoding::Utf16 => text.char_to_utf16_cu(at) - text.char_to_utf16_cu(begin),
    };
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: number(line), character: number(character) }
}

fn splice(text: &mut Rope, range: Range, new: &str, encoding: Encoding) {
    let (start, end) = (char_at(text, range.start, encoding), char_at(text, range.end, encoding));
    let (start, end) = (start.min(end), start.max(end));
    text.remove(start..end);
    text.insert(start, new);
}

/// The character at a position; one behind the end of a line or of the text is moved there.
fn char_at(text: &Rope, position: Position, encoding: Encoding) -> usize {
    let line = position.line as usize;
    if line >= text.len_lines() {
        return text.len_chars();
    }
    let (begin, content) = (text.line_to_char(line), without_end(text.line(line)));
    let wanted = position.character as usize;
    let length = match encoding {
        Encoding::Utf8 => content.len_bytes(),
        Encoding::Utf16 => content.len_utf16_cu(),
    };
    // For Neovim the CR of a line that alone has one is text, behind which it may type.
    let behind_cr = wanted == length + 1 && text.get_char(begin + content.len_chars()) == Some('\r');
    let inside = match encoding {
        Encoding::Utf8 => content.byte_to_char(wanted.min(length)),
        Encoding::Utf16 => content.utf16_cu_to_char(wanted.min(length)),
    };
    begin + inside + usize::from(behind_cr)
}

fn without_end(line: RopeSlice<'_>) -> RopeSlice<'_> {
    let is_at = |end: usize, char| end > 0 && line.char(end - 1) == char;
    let mut end = line.len_chars();
    if is_at(end, '\n') {
        end -= 1;
        end -= usize::from(is_at(end, '\r'));
    }
    line.slice(..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(start: (u32, u32), end: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let position = |(line, character)| Position { line, character };
        TextDocumentContentChangeEvent {
            range: Some(Range { start: position(start), end: position(end) }),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[track_caller]
    fn check(text: &str, change: TextDocumentContentChangeEvent, encoding: Encoding, expected: &str) {
        let documents = Documents::default();
        documents.opened("file:///w/a%20b", 1, text);
        documents.changed("file:///w/a%20b", 2, &[change], encoding);
        let found = documents.find(&AbsPath::new("/w/a b").unwrap()).unwrap();
        assert_eq!((found.text.to_string().as_str(), found.version), (expected, 2));
    }

    #[test]
    fn positions_count_in_the_agreed_units() {
        check("aö😀b\nc", change((0, 4), (0, 5), "X"), Encoding::Utf16, "aö😀X\nc");
        check("aö😀b\nc", change((0, 7), (0, 8), "X"), Encoding::Utf8, "aö😀X\nc");
    }

    #[test]
    fn positions_out_of_bounds_are_moved_inside() {
        check("a\r\nb\r\n", change((0, 9), (1, 0), "-"), Encoding::Utf16, "a-b\r\n");
        check("a", change((7, 0), (9, 9), "b"), Encoding::Utf16, "ab");
        check("a\r\nb\r\n", change((0, 2), (0, 2), "\n+\r"), Encoding::Utf16, "a\r\n+\r\nb\r\n");
        check("a\nb\r\n", change((0, 2), (0, 2), "-"), Encoding::Utf8, "a-\nb\r\n");
    }

    #[test]
    fn lines_end_at_lf_and_crlf_only() {
        for other in ["\r", "\r\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("p{other}q\nb\r\nc{other}");
            let behind = (2, 1 + other.chars().count() as u32);
            check(&text, change((2, 0), (2, 1), "C"), Encoding::Utf16, &format!("p{other}q\nb\r\nC{other}"));
            check(&text, change(behind, behind, "d"), Encoding::Utf16, &format!("{text}d"));
            check(&text, change((0, 9), (0, 9), "-"), Encoding::Utf16, &text.replace("q", "q-"));
            let rope = Rope::from_str(&text);
            let place = position(&rope, text.find('b').unwrap(), Encoding::Utf16);
            assert_eq!((place.line, place.character), (1, 0), "{other:?}");
        }
        check("a\r\r\nb", change((0, 2), (0, 2), "-"), Encoding::Utf16, "a\r-\r\nb");
        check("a\r\r\nb", change((0, 3), (0, 3), "-"), Encoding::Utf16, "a\r\r-\nb");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_found_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = workspace::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        let link = real.join("link").unwrap();
        std::os::unix::fs::symlink(real.as_path(), link.as_path()).unwrap();
        let file = real.join("a").unwrap();
        #[allow(clippy::disallowed_methods, reason = "makes the file that is open")]
        std::fs::write(file.as_path(), "x").unwrap();
        let documents = Documents::default();
        documents.opened(&uri::of(&link.join("a").unwrap()).0, 1, "x");
        assert!(documents.find(&file).is_some());
        assert_eq!(documents.paths(), [file]);
    }

    #[test]
    fn a_closed_document_is_gone_and_no_file_never_comes() {
        let documents = Documents::default();
        documents.opened("untitled:1", 1, "x");
        documents.opened("file:///w/a", 1, "x");
        documents.closed("file:///w/a");
        assert_eq!(documents.paths(), []);
    }

    /// What happens to an open document.
    #[derive(Debug, Clone)]
    enum Step {
        /// The user types, or something else changes the text.
        Typed(String),
        /// It is saved, as a text that a formatter makes of it, or as it is.
        Saved(Option<String>),
        /// It is told that it will be saved, and that fails.
        Tried,
        /// It is saved without a word beforehand.
        Suddenly,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            "[ab\n ]{0,4}".prop_map(Step::Typed),
            prop::option::of("[ab\n ]{0,4}").prop_map(Step::Saved),
            Just(Step::Tried),
            Just(Step::Suddenly),
        ]
    }

    proptest! {
        #[test]
        fn nothing_that_was_typed_is_a_formatters(steps in prop::collection::vec(step(), 0..12)) {
            let (documents, address) = (Documents::default(), "file:///w/a");
            documents.opened(address, 0, "");
            let (mut text, mut version, mut tried) = (String::new(), 0, false);
            let mut change = |text: &str| {
                version += 1;
                let whole = TextDocumentContentChangeEvent { range: None, range_length: None, text: text.to_owned() };
                documents.changed(address, version, &[whole], Encoding::Utf8);
            };
            for step in steps {
                match step {
                    Step::Typed(typed) => {
                        text.push_str(&typed);
                        change(&text);
                    }
                    Step::Tried => {
                        documents.will_save(address, |_| Marks::default());
                        tried = true;
                    }
                    Step::Saved(formatted) => {
                        documents.will_save(address, |_| Marks::default());
                        let before = text.clone();
                        if let Some(formatted) = formatted {
                            text = formatted;
                            change(&text);
                        }
                        let found = documents.saved(address).map(|one| (one.before.to_string(), one.after.to_string()));
                        prop_assert_eq!(found, (before != text).then(|| (before, text.clone())));
                        tried = false;
                    }
                    // A save that failed is over with the next change that is not its own; which one that is
                    // nobody knows, so a client tells of every save, and this is one that did not.
                    Step::Suddenly if tried => {}
                    Step::Suddenly => prop_assert!(documents.saved(address).is_none()),
                }
            }
        }

        #[test]
        fn a_position_leads_back(text in "([aö😀\r]{0,3}a?\n?){0,8}", share in 0.0..1.0f64) {
            let rope = Rope::from_str(&text);
            let at = (rope.len_chars() as f64 * share) as usize;
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let place = position(&rope, rope.char_to_byte(at), encoding);
                prop_assert_eq!(char_at(&rope, place, encoding), at);
            }
        }
    }
}
