//! Searches in the text of files, the user's unsaved text in the place of the disk's.

mod hits;
mod matcher;
mod query;
mod results;
mod watched;

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;

use grep_regex::RegexMatcher;
use grep_searcher::{BinaryDetection, Searcher};

pub use hits::{Hit, Role};
pub use query::{
    Alphabet, Binary, Bounds, Case, Context, Decoding, Form, GrepQuery, LineEnd, SearchFor, Sense, Span,
    Zeros,
};

use super::FileError;
use super::encoding::{Decoded, Encoding};
use super::file::{self, Content};
use super::walk::{self, Missed, Named, Stop};
use crate::limits;
use crate::os::fs;
use crate::path::AbsPath;
use crate::text::SharedText;
use hits::Collect;
use results::Results;
use watched::Watched;

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The file.
    pub path: AbsPath,
    /// How many lines or matches there are.
    pub count: usize,
    /// The lines, where they were wanted.
    pub hits: Vec<Hit>,
    /// Where the first NUL was seen, in a binary file.
    pub binary: Option<u64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grepped {
    /// By file, in the order of their paths.
    pub files: Vec<Match>,
    /// Whether there is more than was asked for.
    pub more: More,
    /// How many files were looked at.
    pub searched: usize,
    /// In how many files something was found that may not be shown.
    pub withheld: usize,
    /// What could not be looked at.
    pub missed: Missed,
}

/// Whether a result is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// It is.
    No,
    /// There is more.
    Yes,
}

/// Searches the files below a folder, or the one file; `unsaved` stands in the place of the disk.
pub(super) fn grep(
    root: &AbsPath,
    query: &GrepQuery,
    unsaved: &HashMap<AbsPath, SharedText>,
    shows: &(dyn Fn(&AbsPath) -> bool + Sync),
    stop: &Stop,
) -> Result<Grepped, FileError> {
    let (matcher, searcher) = (matcher::of(query)?, matcher::searcher(query)?);
    let results = Results::new(query, shows);
    let in_editor = walk::only_in_editor(unsaved.keys().cloned().collect());
    let in_editor = query.scope.would_find(root, in_editor)?;
    let visitor = || {
        let mut search = Search { query, matcher: &matcher, searcher: searcher.clone() };
        let results = &results;
        move |path: AbsPath, named: Named| {
            if results.wants(&path) {
                search.file(path, named, unsaved, results);
            }
            ControlFlow::Continue(())
        }
    };
    let missed = if in_editor.contains(root) {
        Missed::default()
    } else {
        walk::each(root, &query.scope, stop, visitor)?
    };
    let mut visit = visitor();
    for path in in_editor {
        let named = if path == *root { Named::Itself } else { Named::Below };
        let _ = visit(path, named);
    }
    drop(visit);
    Ok(results.finish(missed, stop))
}

/// What one thread searches with.
struct Search<'a> {
    query: &'a GrepQuery,
    matcher: &'a RegexMatcher,
    searcher: Searcher,
}

impl<'a> Search<'a> {
    fn file(
        &mut self,
        path: AbsPath,
        named: Named,
        unsaved: &HashMap<AbsPath, SharedText>,
        results: &Results<'_>,
    ) {
        let detection = match (self.query.binary, named) {
            (Binary::Text, _) => BinaryDetection::none(),
            (Binary::Searched, _) | (Binary::Skipped, Named::Itself) => BinaryDetection::convert(0),
            (Binary::Skipped, Named::Below) => BinaryDetection::quit(0),
        };
        self.searcher.set_binary_detection(detection);
        let mut sink = Collect::new(self.query, self.matcher);
        let searched = match (unsaved.get(&path), named) {
            (Some(text), _) => self.searcher.search_slice(self.matcher, text.as_bytes(), &mut sink),
            (None, Named::Below) => self.streamed(&path, &mut sink),
            // In memory the lines of a binary file stay whole.
            (None, Named::Itself) => match fs::read_up_to(&path, limits::SEARCH_HEAP_BYTES_MAX as u64) {
                Ok(read) if read.whole_len == read.bytes.len() as u64 => self.held(read.bytes, &mut sink),
                Ok(_) => self.streamed(&path, &mut sink),
                Err(error) => Err(error),
            },
        };
        match searched {
            Ok(()) => {}
            // A file that went away has nothing to say.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                results.miss(format!("{path}: {error}"));
                if sink.hits.is_empty() {
                    return;
                }
            }
        }
        // Counts of a part say less than nothing.
        let squashed = self.query.wanted != SearchFor::Lines
            && sink.binary.is_some()
            && self.searcher.binary_detection().quit_byte().is_some();
        if !squashed {
            let full = if sink.full { More::Yes } else { More::No };
            let found = Match { path, count: sink.count, hits: sink.hits, binary: sink.binary };
            results.add(found, full);
        }
    }

    /// Goes through a file as it comes from the disk. One that is no UTF-8 is looked at once more.
    fn streamed(&mut self, path: &AbsPath, sink: &mut Collect<'a>) -> io::Result<()> {
        let file = fs::open(path)?;
        if self.query.decoding != Decoding::AsRead {
            return self.searcher.search_file(self.matcher, &file, sink);
        }
        let mut watched = Watched::new(&file);
        self.searcher.search_reader(self.matcher, &mut watched, &mut *sink)?;
        if !watched.is_foreign() || sink.binary.is_some() {
            return Ok(());
        }
        let read = fs::read_up_to(path, limits::TEXT_BYTES_MAX)?;
        if read.whole_len == read.bytes.len() as u64 {
            return match foreign(read.bytes) {
                Some(text) => self.anew(text.as_bytes(), sink),
                None => Ok(()),
            };
        }
        // Of a file that is not held its beginning tells.
        let first = &read.bytes[..read.bytes.len().min(limits::READ_CHUNK_BYTES)];
        match Encoding::of(first) {
            Some(Encoding::Windows1252) => {
                *sink = Collect::new(self.query, self.matcher);
                let decoded = Decoded::new(fs::open(path)?, Encoding::Windows1252);
                self.searcher.search_reader(self.matcher, decoded, sink)
            }
            Some(Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be) | None => Ok(()),
        }
    }

    /// Goes through a file that is held.
    fn held(&mut self, bytes: Vec<u8>, sink: &mut Collect<'a>) -> io::Result<()> {
        if self.query.decoding == Decoding::AsRead
            && str::from_utf8(&bytes).is_err()
            && let Some(text) = foreign(bytes.clone())
        {
            return self.anew(text.as_bytes(), sink);
        }
        self.searcher.search_slice(self.matcher, &bytes, sink)
    }

    fn anew(&mut self, bytes: &[u8], sink: &mut Collect<'a>) -> io::Result<()> {
        *sink = Collect::new(self.query, self.matcher);
        self.searcher.search_slice(self.matcher, bytes, sink)
    }
}

/// The text of bytes that are neither UTF-8 nor marked, as it is read; none where they are no text.
fn foreign(bytes: Vec<u8>) -> Option<SharedText> {
    match file::decode(bytes) {
        Content::Text(file) if file.encoding == Encoding::Windows1252 => Some(file.text),
        Content::Text(_) | Content::Binary { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::fs;
    use crate::workspace::scope::{FileKind, Scope};

    fn query(pattern: &str) -> GrepQuery {
        GrepQuery { max: 100, ..GrepQuery::new(pattern) }
    }

    fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, AbsPath) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        for (name, bytes) in files {
            let path = root.join(name).unwrap();
            fs::create_folders(&path.parent().unwrap()).unwrap();
            fs::replace(&path, bytes, fs::Durability::Process).unwrap();
        }
        (folder, root)
    }

    fn found(root: &AbsPath, query: &GrepQuery, unsaved: &[(&str, &str)]) -> (String, More) {
        let unsaved =
            unsaved.iter().map(|(name, text)| (root.join(name).unwrap(), SharedText::from(*text))).collect();
        let found = grep(root, query, &unsaved, &|_| true, &Stop::default()).unwrap();
        assert_eq!(found.missed, Missed::default());
        let files = found.files.iter().map(|file| {
            let lines = file.hits.iter().flat_map(|hit| hit.lines(limits::SEARCH_LINE_CHARS_MAX));
            let lines: Vec<String> = lines.map(|(number, text)| format!("{number}:{text}")).collect();
            format!("{} {} {}", file.path.display_in(root), file.count, lines.join(","))
        });
        (files.collect::<Vec<_>>().join("; "), found.more)
    }

    #[test]
    fn disk_and_unsaved_text() {
        let (_folder, root) = folder(&[
            ("a.txt", b"one\ntwo\none\n"),
            ("b.rs", b"one\n"),
            ("c.bin", b"one\0"),
            (".git/x", b"one"),
        ]);
        let unsaved = [("b.rs", "three\n"), ("d/new.rs", "three")];
        let check = |query: &GrepQuery, expected: &str| {
            assert_eq!(found(&root, query, &unsaved).0, expected);
        };
        check(&query("one"), "a.txt 2 1:one,3:one");
        check(&query("^one$"), "a.txt 2 1:one,3:one");
        check(&query("three"), "b.rs 1 1:three; d/new.rs 1 1:three");
        check(&GrepQuery { wanted: SearchFor::Counts(Zeros::LeftOut), ..query("o") }, "a.txt 3 ");
        check(&GrepQuery { wanted: SearchFor::FilesWithout, ..query("h") }, "a.txt 0 ");
        check(&GrepQuery { context: Context::Lines(1, 0), ..query("two") }, "a.txt 1 1:one,2:two");
        check(&GrepQuery { case: Case::Insensitive, max: 1, ..query("THREE") }, "b.rs 1 1:three");
        check(&GrepQuery { scope: Scope::of_glob("d/*.rs", &root), ..query("e") }, "d/new.rs 1 1:three");
        let rust = Scope { kinds: vec![FileKind::Only("rust".into())], ..Scope::default() };
        check(&GrepQuery { scope: rust, max: 1, ..query("e") }, "b.rs 1 1:three");
        check(&GrepQuery { span: Span::LinesDotAll, ..query("one.two") }, "a.txt 1 1:one,2:two");
        check(&GrepQuery { bounds: Bounds::Word, ..query("n") }, "");
        check(
            &GrepQuery { sense: Sense::NotMatching, scope: Scope::of_glob("*.txt", &root), ..query("one") },
            "a.txt 1 2:two",
        );
        for wrong in ["(", "a(?!b)", "a\nb"] {
            let error = grep(&root, &query(wrong), &HashMap::new(), &|_| true, &Stop::default()).unwrap_err();
            assert!(error.to_string().starts_with("the pattern is wrong"), "{error}");
        }
    }

    #[test]
    fn what_may_not_be_shown_is_counted_and_takes_no_room() {
        let (_folder, root) = folder(&[("a", b"one\n"), ("b", b"one\n"), ("c", b"two\n")]);
        let (unsaved, shows) = (HashMap::new(), |path: &AbsPath| path.file_name() == "b");
        let one = GrepQuery { max: 1, ..query("one") };
        let found = grep(&root, &one, &unsaved, &shows, &Stop::default()).unwrap();
        let names: Vec<String> = found.files.iter().map(|file| file.path.file_name()).collect();
        assert_eq!((names, found.withheld, found.more), (vec!["b".to_owned()], 1, More::No));
    }

    #[test]
    fn encodings_line_ends_and_binary_files() {
        let utf16: Vec<u8> = "\u{feff}caf\u{e9}\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (_folder, root) = folder(&[
            ("a", &utf16),
            ("b", b"\xef\xbb\xbfcaf\xc3\xa9\r\n"),
            ("c", "x\0\ncaf\u{e9}\0".as_bytes()),
            ("d", b"a\ncaf\xe9\r\n\x80\n"),
            ("e", b"\xe9\x01 caf\xe9\n"),
        ]);
        let all = "a 1 1:café; b 1 1:café; d 1 2:café";
        assert_eq!(found(&root, &query("^café$"), &[]).0, all);
        let lines = GrepQuery { span: Span::LinesDotAll, ..query("café.{1,2}€") };
        assert_eq!(found(&root, &lines, &[]).0, "d 1 2:café,3:€");
        let one = root.join("d").unwrap();
        assert_eq!(found(&one, &query("€"), &[]).0, ". 1 3:€");
        let marked = GrepQuery { decoding: Decoding::Marked, ..query("^café$") };
        assert_eq!(found(&root, &marked, &[]).0, "a 1 1:café; b 1 1:café");
        let binary = root.join("c").unwrap();
        let found = grep(&binary, &query("caf"), &HashMap::new(), &|_| true, &Stop::default()).unwrap();
        assert_eq!((found.files[0].count, found.files[0].binary), (1, Some(1)));
    }

    #[test]
    fn the_first_files_by_path_are_given_whoever_finds_them() {
        let files: Vec<(String, String)> =
            (0..200).map(|number| (format!("{number:03}"), "hit\nno\nhit\n".to_owned())).collect();
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let (_folder, root) = folder(&files);
        let lines = GrepQuery { max: 3, context: Context::Lines(1, 1), ..query("hit") };
        let expected = "000 2 1:hit,2:no,3:hit; 001 1 1:hit,2:no";
        assert_eq!(found(&root, &lines, &[]), (expected.into(), More::Yes));
        let one = GrepQuery { max: 1, ..query("hit") };
        assert_eq!(found(&root, &one, &[]), ("000 1 1:hit".into(), More::Yes));
        let all = GrepQuery { max: 400, ..query("hit") };
        assert_eq!(found(&root, &all, &[]).1, More::No);
        let names = GrepQuery { max: 2, wanted: SearchFor::Files, ..query("hit") };
        assert_eq!(found(&root, &names, &[]), ("000 1 ; 001 1 ".into(), More::Yes));
    }

    #[test]
    fn long_lines_are_shown_around_their_first_match() {
        let long = format!("{}needle{}\n", "é".repeat(30_000), "x".repeat(30_000));
        let (_folder, root) = folder(&[("a", long.as_bytes())]);
        let (text, _) = found(&root, &query("needle"), &[]);
        assert!(text.starts_with("a 1 1:…é") && text.ends_with("x…") && text.contains("éneedlex"), "{text}");
        assert_eq!(text.chars().count(), limits::SEARCH_LINE_CHARS_MAX + "a 1 1:……".chars().count());
    }
}
