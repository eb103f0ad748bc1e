//! The roots, and the files as the agent sees them: the user's unsaved text first, then the disk.

pub mod buffers;
mod bytes;
pub mod encoding;
pub mod file;
pub mod git;
mod late;
pub mod media;
pub mod never;
pub mod outside;
pub mod page;
pub mod part;
mod pdf;
pub mod pick;
mod recent;
pub mod root;
pub mod scope;
pub mod search;
pub mod survey;
#[cfg(test)]
mod testing;
pub mod turns;
pub mod views;
pub mod walk;
pub mod write;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

pub use buffers::{BufferWrite, Buffers, NoBuffers, Refusal, Took};
pub use bytes::{Around, Thing};
pub use encoding::Encoding;
pub use file::{Bom, Content, FileBytes, Source, TextFile};
pub use git::plain::git_is_plain;
pub use git::{Committed, Head, Repository};
pub use media::MediaKind;
pub use never::NeverRead;
pub use outside::{Lookout, News, Outside};
pub use page::{Behind, Count, Page, PageLine, PageQuery};
pub use part::Part;
pub use pdf::Pages;
pub use pick::{Pick, Unfit};
pub use root::{Place, Side};
pub use scope::{FileGlob, FileKind, GlobPower, Hidden, IgnoreSource, Links, Scope};
pub use search::{
    Alphabet, Binary, Bounds, Case, Context, Decoding, Form, GrepQuery, Grepped, Hit, LineEnd, Match, More,
    Role, SearchFor, Sense, Span, Zeros,
};
pub use survey::{Before, Changes, Deed, Found, Lack, Reach, Stand};
pub use turns::Turns;
pub use views::{Shown, View, Views};
pub use walk::{GlobQuery, Globbed, Missed, Order};
pub use write::{WriteError, Written, fits_encoding};

pub use crate::os::fs::{Entry, Kind, Listing, Rest};

use late::Late;
use recent::{Known, Recent};

use crate::limits;
use crate::os::fs::{self, Compared};
use crate::path::{AbsPath, PathError};
use crate::text::{Edit, SharedText};

/// The files of one session; cheap to clone.
#[derive(Clone)]
pub struct Files {
    cwd: AbsPath,
    roots: Arc<[AbsPath]>,
    buffers: Arc<dyn Buffers>,
    views: Arc<Views>,
    recent: Arc<Recent>,
    late: Arc<Late>,
    withholds: Withholds,
    never: Arc<NeverRead>,
    sums: Arc<bytes::Sums>,
    turns: Turns,
}

/// Says of a file in the workspace whether reading it has to be asked for, or is forbidden.
pub type Withholds = Arc<dyn Fn(&AbsPath) -> bool + Send + Sync>;

/// Why a file cannot be had, in words for the model.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The path is no path.
    #[error("{0}")]
    Path(#[from] PathError),
    /// Nothing is there.
    #[error("{path} does not exist{similar}")]
    NotFound {
        /// Where nothing is.
        path: AbsPath,
        /// Names like it, as a sentence; empty where there are none.
        similar: String,
    },
    /// The path leads elsewhere than when it was looked at.
    #[error("{0} leads somewhere else than when it was planned; try again")]
    Moved(AbsPath),
    /// The journal and editors name files in UTF-8.
    #[error("{written} leads to {path}, a name that is not UTF-8; use a command for that file")]
    NoUtf8 {
        /// The path as it was written.
        written: String,
        /// Where it leads.
        path: AbsPath,
    },
    /// It is larger than what is held at once.
    #[error(
        "{path} has {len} bytes, more than the {max} that are held at once; read it in parts or search it with grep, \
         and change it with a command",
        max = limits::TEXT_BYTES_MAX
    )]
    TooLarge {
        /// The file.
        path: AbsPath,
        /// How many bytes it has.
        len: u64,
    },
    /// It is not text.
    #[error("{path} is not text ({kind})")]
    NotText {
        /// The file.
        path: AbsPath,
        /// What it is.
        kind: String,
    },
    /// Nothing would bring back what only an editor has.
    #[error("the editor has changes of {0} that are not saved; they have to be saved or dropped there first")]
    Unsaved(AbsPath),
    /// A pattern is wrong.
    #[error("{0}")]
    Pattern(String),
    /// The editor or the disk failed.
    #[error("failed to read {path}: {error}")]
    Io {
        /// The file.
        path: AbsPath,
        /// Why.
        error: io::Error,
    },
}

impl Files {
    /// The files below these roots. Follows the roots' links; blocks for as long as that takes.
    pub fn new(cwd: AbsPath, roots: Vec<AbsPath>, buffers: Arc<dyn Buffers>) -> Self {
        let real = |path: AbsPath| fs::real_path(&path).unwrap_or(path);
        let roots = roots.into_iter().map(real).collect();
        let (views, recent, late, sums) = <(_, _, _, _)>::default();
        let (withholds, never): (Withholds, _) = (Arc::new(|_| false), Arc::default());
        let (cwd, turns) = (real(cwd), Turns::default());
        Self { cwd, roots, buffers, views, recent, late, withholds, never, sums, turns }
    }

    /// The same files, into which other programs of ours write as well.
    pub fn taking_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    /// The same files, of which some may not be read freely.
    pub fn withholding(self, withholds: Withholds) -> Self {
        Self { withholds, ..self }
    }

    /// Where relative paths count from.
    pub fn cwd(&self) -> &AbsPath {
        &self.cwd
    }

    /// The workspace's folders, as real paths.
    pub fn roots(&self) -> &[AbsPath] {
        &self.roots
    }

    /// What the model has seen of each file.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// The lists of files that no model may be shown.
    pub fn never(&self) -> &NeverRead {
        &self.never
    }

    /// Why no model may be shown this file; none where it may. Blocks, for a look at a few small files.
    pub fn kept_back(&self, path: &AbsPath) -> Option<String> {
        self.never.why(path, &self.roots)
    }

    /// Where a written path leads: links are followed as far as things exist.
    pub fn locate(&self, written: &str) -> Result<Place, FileError> {
        let place = root::locate(written, &self.cwd, &self.roots)?;
        let side = match place.side {
            Side::Inside if self.kept_back(&place.path).is_some() => Side::Never,
            Side::Inside if (self.withholds)(&place.path) => Side::Withheld,
            side => side,
        };
        Ok(Place { side, ..place })
    }

    /// What stands at a place, the user's unsaved text first.
    pub async fn read(&self, path: &AbsPath) -> Result<Content, FileError> {
        match self.in_editor(path).await? {
            Some(text) => Ok(Content::Text(TextFile::of_buffer(&text))),
            None => Ok(self.saved(path).await?.0),
        }
    }

    /// The text that an editor has of a file; none where it has none. Nor where it has the disk's text and may
    /// write it otherwise than it stands there: such a file is the disk's, byte for byte.
    async fn in_editor(&self, path: &AbsPath) -> Result<Option<SharedText>, FileError> {
        let Some(text) = self.buffers.read(path).await else { return Ok(None) };
        let text = text.map_err(|error| FileError::Io { path: path.clone(), error })?;
        if self.buffers.keeps_form() {
            return Ok(Some(text));
        }
        match self.saved(path).await {
            Ok((Content::Text(file), bytes)) if file.has_form() && file::has(&bytes, &text) => Ok(None),
            Ok(_) | Err(_) => Ok(Some(text)),
        }
    }

    /// The encoding of a file on the disk which an editor would not keep; none where nothing is at stake.
    pub(super) async fn encoding_at_stake(&self, path: &AbsPath) -> Option<&'static str> {
        if self.buffers.keeps_form() {
            return None;
        }
        match self.saved(path).await {
            Ok((Content::Text(file), _)) if file.encoding != Encoding::Utf8 => Some(file.encoding.name()),
            Ok(_) | Err(_) => None,
        }
    }

    /// Whether this text, which an editor handed out that does not say what of it is unsaved, is a part of what
    /// the disk has: it may have kept the rest back, and would write the part over the whole.
    pub(super) async fn is_a_part(&self, path: &AbsPath, text: &SharedText) -> bool {
        if self.buffers.keeps_form() {
            return false;
        }
        match self.saved(path).await {
            Ok((Content::Text(file), _)) => {
                let (whole, part) = (file.text.lf(), text.lf());
                part.len() < whole.len() && whole.contains(&*part)
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// The disk's encoding of a file, where an editor has opened it in another one and shows signs for bytes that
    /// it could not read: it would save these signs.
    pub(super) async fn misread(&self, path: &AbsPath, text: &SharedText) -> Option<&'static str> {
        if !text.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        match self.saved(path).await {
            Ok((Content::Text(file), _)) if file.encoding != Encoding::Utf8 => {
                (!file.text.contains(char::REPLACEMENT_CHARACTER)).then(|| file.encoding.name())
            }
            Ok(_) | Err(_) => None,
        }
    }

    /// Some lines of a file that is larger than what is held at once.
    pub async fn part(&self, path: &AbsPath, query: &PageQuery) -> Result<Part, FileError> {
        let (path, query) = (path.clone(), *query);
        blocking(move || {
            root::still_there(&path)?;
            part::read(&path, &query).map_err(|error| failed(&path, error))
        })
        .await
    }

    /// What stands at a place with its bytes, both of the same moment; of an unsaved text its own.
    pub async fn with_bytes(&self, path: &AbsPath) -> Result<(Content, FileBytes), FileError> {
        match self.in_editor(path).await? {
            Some(text) => Ok((Content::Text(TextFile::of_buffer(&text)), FileBytes::OfText(text))),
            None => self.saved(path).await,
        }
    }

    /// What is to go from the disk, with its bytes there. A file with unsaved changes cannot go; of an
    /// open one the text is the editor's, which its readers know.
    pub async fn going(&self, path: &AbsPath) -> Result<(Content, FileBytes), FileError> {
        let on_disk = self.saved(path).await;
        let Some(text) = self.buffers.read(path).await else { return on_disk };
        let text = text.map_err(|error| FileError::Io { path: path.clone(), error })?;
        match on_disk {
            Ok((_, bytes)) if file::has(&bytes, &text) => {
                Ok((Content::Text(TextFile::of_buffer(&text)), bytes))
            }
            Ok(_) | Err(_) => Err(FileError::Unsaved(path.clone())),
        }
    }

    /// What the disk has at a place with its bytes, whatever an editor holds.
    async fn saved(&self, path: &AbsPath) -> Result<(Content, FileBytes), FileError> {
        let (path, recent) = (path.clone(), self.recent.clone());
        blocking(move || {
            root::still_there(&path)?;
            let known = recent.of(&path);
            let had = known.as_ref().map_or(&[][..], |known| &known.bytes);
            match (held(&path, had)?, known) {
                (Compared::Same, Some(Known { file, bytes, .. })) => Ok((Content::Text(file), bytes)),
                (Compared::Same, None) => Ok(file::decode_with_bytes(Vec::new())),
                (Compared::Other(read), _) => {
                    let (content, bytes) = file::decode_with_bytes(read.bytes);
                    if let Content::Text(file) = &content {
                        recent.note(Known { path, file: file.clone(), bytes: bytes.clone() });
                    }
                    Ok((content, bytes))
                }
            }
        })
        .await
    }

    /// From here on large texts are held, so that an edit of one does not decode and hash it several times.
    pub fn begin_edits(&self) {
        self.recent.begin();
    }

    /// Lets go of them: nothing is edited for a while. Brings back what others wrote meanwhile.
    pub async fn end_edits(&self) {
        self.bring_back_late().await;
        self.recent.end();
    }

    /// The entries of a folder.
    pub async fn list(&self, path: &AbsPath) -> Result<Listing, FileError> {
        // `read` asks this of every file first; to look takes less than to change threads.
        if fs::look(path).is_ok_and(|look| look.kind == Kind::File) {
            return Err(failed(path, io::ErrorKind::NotADirectory.into()));
        }
        let path = path.clone();
        blocking(move || {
            root::still_there(&path)?;
            fs::list(&path, limits::LISTED_ENTRIES_MAX).map_err(|error| failed(&path, error))
        })
        .await
    }

    /// The files below a folder whose path matches, in the order asked for.
    pub async fn glob(&self, root: &AbsPath, query: &GlobQuery) -> Result<Globbed, FileError> {
        let open = self.open_below(root);
        let (root, query) = (root.clone(), query.clone());
        let stop = walk::Stop::default();
        let _stops_when_dropped = stop.guard();
        blocking(move || {
            root::still_there(&root)?;
            walk::glob(&root, &query, open, &stop)
        })
        .await
    }

    /// The lines below a folder (or in a file) that match, the user's unsaved text included.
    /// Files in which something was found and which `shows` says no to are left out.
    pub async fn grep(
        &self,
        root: &AbsPath,
        query: &GrepQuery,
        shows: impl Fn(&AbsPath) -> bool + Send + Sync + 'static,
    ) -> Result<Grepped, FileError> {
        let mut unsaved: HashMap<AbsPath, SharedText> = HashMap::new();
        for path in self.open_below(root) {
            if let Some(Ok(text)) = self.buffers.read(&path).await {
                unsaved.insert(path, text);
            }
        }
        let (root, query) = (root.clone(), query.clone());
        let stop = walk::Stop::default();
        let _stops_when_dropped = stop.guard();
        blocking(move || {
            root::still_there(&root)?;
            search::grep(&root, &query, &unsaved, &shows, &stop)
        })
        .await
    }

    /// Those of these files that have a further name (a hard link): a change of them is one there too.
    pub async fn with_further_names(&self, paths: Vec<AbsPath>) -> Vec<AbsPath> {
        let has_more =
            |path: &AbsPath| fs::look(path).is_ok_and(|look| look.kind == Kind::File && look.names > 1);
        let looked = on_blocking_thread(move || paths.into_iter().filter(has_more).collect());
        looked.await.unwrap_or_default()
    }

    /// Makes the edits, all or none; none where a file is not the one that its edit was made from.
    pub async fn write(&self, edits: &[Edit]) -> Result<Vec<Written>, WriteError> {
        self.write_known(edits, edits.iter().map(|_| None).collect()).await
    }

    /// The same, where the texts after the edits are known: with LF line ends and without byte-order mark.
    pub async fn write_known(
        &self,
        edits: &[Edit],
        after: Vec<Option<SharedText>>,
    ) -> Result<Vec<Written>, WriteError> {
        write::write(self, edits, after).await
    }

    /// Whether the disk has nothing at a path, whatever an editor holds.
    pub async fn is_gone(&self, path: &AbsPath) -> bool {
        let path = path.clone();
        on_blocking_thread(move || is_gone(&path)).await.unwrap_or(false)
    }

    /// The permission bits that the disk has for a file; none where nobody can say.
    pub async fn mode(&self, path: &AbsPath) -> Option<u32> {
        let path = path.clone();
        on_blocking_thread(move || fs::stamp(&path).ok().map(|stamp| stamp.mode)).await.flatten()
    }

    /// Gives a file other permission bits.
    pub async fn set_mode(&self, path: &AbsPath, mode: u32) -> Result<(), FileError> {
        let path = path.clone();
        blocking(move || {
            root::still_there(&path)?;
            fs::set_mode(&path, mode).map_err(|error| failed(&path, error))
        })
        .await
    }

    fn open_below(&self, root: &AbsPath) -> Vec<AbsPath> {
        self.buffers.open().into_iter().filter(|path| path.starts_with(root)).collect()
    }

    /// Brings what other programs wrote into files while these were replaced to where they look for it.
    pub async fn bring_back_late(&self) {
        let late = self.late.clone();
        if late.is_empty() {
            return;
        }
        let settle = move || {
            late.settle();
            Ok(())
        };
        if let Err(error) = blocking(settle).await {
            tracing::warn!(%error, "files that were replaced could not be looked at again");
        }
    }

    fn recent(&self) -> &Arc<Recent> {
        &self.recent
    }

    pub(crate) fn buffers(&self) -> &Arc<dyn Buffers> {
        &self.buffers
    }
}

/// Where a path leads: links are followed as far as things exist. Blocks.
pub fn real_path(path: &AbsPath) -> io::Result<AbsPath> {
    root::resolve(path)
}

/// Where a name leads as the system takes it, seen from a folder (an absolute path that need not be normal). An
/// error where a link on the way leads to nothing or in a circle. Blocks.
pub fn leads(folder: &str, name: &str) -> io::Result<AbsPath> {
    root::leads(folder, name)
}

/// The real path of a folder that exists. Blocks.
pub fn real_folder(path: &AbsPath) -> io::Result<AbsPath> {
    let real = fs::real_path(path)?;
    match fs::look(&real)?.kind {
        Kind::Folder => Ok(real),
        Kind::File | Kind::Link | Kind::Other => {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a folder"))
        }
    }
}

/// What the disk has of a file, whatever an editor holds. Blocks.
pub fn on_disk(path: &AbsPath) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// Whether nothing is at a path. Blocks, for a look at the folder only.
pub fn is_gone(path: &AbsPath) -> bool {
    fs::look(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether the disk has this text of an editor's. Blocks.
pub fn is_on_disk(path: &AbsPath, text: &str) -> io::Result<bool> {
    Ok(file::has(&fs::read_up_to(path, limits::TEXT_BYTES_MAX)?.bytes, text))
}

/// The files below a folder by their paths, as [`Files::glob`] finds them where no editor is. Blocks.
pub fn glob_on_disk(root: &AbsPath, query: &GlobQuery) -> Result<Globbed, FileError> {
    walk::glob(root, query, Vec::new(), &walk::Stop::default())
}

/// What matches below a folder, as [`Files::grep`] finds it where no editor is. Blocks.
pub fn grep_on_disk(root: &AbsPath, query: &GrepQuery) -> Result<Grepped, FileError> {
    search::grep(root, query, &HashMap::new(), &|_| true, &walk::Stop::default())
}

/// Runs work that blocks on a thread for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let ending = || Err(FileError::Pattern("the program is ending".into()));
    on_blocking_thread(work).await.unwrap_or_else(ending)
}

/// Runs work that blocks on a thread for it; gives nothing when the program is ending.
async fn on_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Some(done),
        Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
        Err(_) => None,
    }
}

/// The bytes of a file that is small enough to be held, unless they are those that it `had`.
fn held(path: &AbsPath, had: &[u8]) -> Result<Compared, FileError> {
    match fs::compare(path, had, limits::TEXT_BYTES_MAX).map_err(|error| failed(path, error))? {
        Compared::Other(read) if read.whole_len > limits::TEXT_BYTES_MAX => {
            Err(FileError::TooLarge { path: path.clone(), len: read.whole_len })
        }
        compared => Ok(compared),
    }
}

fn failed(path: &AbsPath, error: io::Error) -> FileError {
    if error.kind() == io::ErrorKind::NotFound {
        return FileError::NotFound { path: path.clone(), similar: root::similar(path) };
    }
    FileError::Io { path: path.clone(), error }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Version;

    fn files() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(folder.path()).unwrap()).unwrap();
        (folder, Files::new(root.clone(), vec![root], Arc::new(NoBuffers)))
    }

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "hides a change")]
    async fn a_large_text_that_is_remembered_is_never_taken_for_another() {
        let (_folder, files) = files();
        let path = files.cwd().join("a").unwrap();
        let mut text = "line\n".repeat(limits::RECENT_TEXT_BYTES_MIN / 5 + 1);
        let hour = std::time::SystemTime::UNIX_EPOCH;
        let put = |text: &str| {
            std::fs::write(&path, text).unwrap();
            std::fs::File::open(&path).unwrap().set_modified(hour).unwrap();
        };
        let texts = async || {
            let (Content::Text(file), bytes) = files.with_bytes(&path).await.unwrap() else { panic!() };
            assert_eq!((&*bytes, file.version), (file.text.as_bytes(), Version::of_text(&file.text)));
            file.text
        };
        put(&text);
        files.begin_edits();
        let first = texts().await;
        assert_eq!(&*first, text);
        assert_eq!(texts().await.as_ptr(), first.as_ptr(), "it is held once");
        // As long as before, and as old.
        let last = text.len() - 2;
        text.replace_range(last..=last, "X");
        put(&text);
        assert_eq!(&*texts().await, text);
        let splices = vec![crate::text::Splice { start: 0, end: 4, text: "head".into() }];
        let change = crate::text::Change::Splices(splices);
        let edit = Edit { path: path.clone(), base: Version::of_text(&text), change };
        files.write(&[edit]).await.unwrap();
        text.replace_range(..4, "head");
        let written = texts().await;
        assert_eq!(&*written, text);
        put("short");
        assert_eq!(&*texts().await, "short");
        put(&text);
        files.end_edits().await;
        assert_ne!(texts().await.as_ptr(), written.as_ptr());
    }

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "makes a pipe and a huge file")]
    async fn what_cannot_be_read_is_told_and_nothing_hangs() {
        let (_folder, files) = files();
        let at = |name: &str| files.cwd().join(name).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe").as_path()).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket").as_path()).unwrap();
        std::os::unix::fs::symlink("gone", at("link")).unwrap();
        let huge = std::fs::File::create(at("huge")).unwrap();
        huge.set_len(limits::TEXT_BYTES_MAX + 1).unwrap();
        for (name, expected) in [
            ("pipe", "not a regular file but a pipe"),
            ("socket", "not a regular file but a pipe, socket or device"),
            ("link", "the link leads to nothing"),
            ("none", "does not exist"),
            (".", "is a folder, not a file"),
            ("huge", "more than the"),
            ("huge/below", "Not a directory"),
        ] {
            let error = files.read(&at(name)).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
        let error = files.grep(&at("pipe"), &GrepQuery::new("x"), |_| true).await.unwrap_err().to_string();
        assert!(error.contains("pipe, socket or device"), "{error}");
        let found = files.grep(files.cwd(), &GrepQuery::new("x"), |_| true).await.unwrap();
        assert_eq!((found.files.len(), found.searched, found.missed), (0, 1, Missed::default()));
    }
}
