//! The bounds of a look around a command, and of what git is asked.

use std::time::Duration;

/// Bytes of a git index that is read before a command: some 300,000 tracked files; to read a larger
/// one would hold every command up.
pub const GIT_INDEX_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Bytes of git's small files (configuration, heads, lists of what is ignored).
pub const GIT_TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// How long one question to git may take: it reads from the disk alone, and a person waits.
pub const GIT_TIME: Duration = Duration::from_secs(10);

/// Bytes that git is asked for after one command: what a person can review, many times over.
pub const GIT_CONTENTS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of the committed texts of one session's open changes.
pub const COMMITTED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of the name and value of one attribute in git's answer, beside the path.
pub const GIT_ATTRIBUTE_BYTES_MAX: usize = 256;

/// Entries below the roots that are looked at before a command; as many again may be new after it.
/// A large repository fits, at about 2 µs for each.
pub const ENTRIES_MAX: usize = 100_000;

/// How long one look around may take: only a disk that is far away needs more, and a command must
/// not wait for it.
pub const TIME: Duration = Duration::from_secs(2);

/// Threads which look around: they wait for the kernel, and more of them for each other.
pub const THREADS_MAX: usize = 4;

/// Folders from which on it pays to start a thread.
pub const FOLDERS_PER_THREAD: usize = 16;

/// Repositories below the roots whose index is read: submodules, and clones side by side.
pub const REPOSITORIES_MAX: usize = 64;

/// Bytes of a file which a command may change that are held before it; a longer file is no source, and
/// what a command makes of it is known by its sum.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes that are read before a command: those of the files which the session knows, and of changed
/// ones that are not committed. To read them takes some 10 ms.
pub const HELD_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Files that are read before a command, at some 15 µs for each.
pub const HELD_FILES_MAX: usize = 2_000;

/// Bytes of changed files that are held after a command, for the user to review.
pub const FOUND_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Changed files that are told one by one after a command: a rewrite of a whole project fits. The others
/// are counted.
pub const FOUND_MAX: usize = 2_000;

/// Names of those others that are told as examples.
pub const FURTHER_NAMED_MAX: usize = 5;

/// Sums of large files that are remembered: more than a few are no work of an agent's.
pub const SUMS_KEPT_MAX: usize = 64;

/// Bytes of long changed files of which a sum is taken after a command: about a second.
pub const SUMMED_BYTES_MAX: u64 = 256 * 1024 * 1024;
