//! A file's stamp: what tells, without reading it, whether it may have changed.

use std::ffi::OsString;
use std::fs::{DirEntry, Metadata};
use std::io;
use std::time::{Duration, SystemTime};

use super::{Identity, Kind, Rest, identity, kind_of};
use crate::path::AbsPath;

/// What the file system says of a file, links not followed.
///
/// Two equal stamps mean the same content, unless the file changed within one tick of the clock
/// around the first of them ([`Stamp::is_fresh`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes.
    pub len: u64,
    /// When its content last changed; programs can set it.
    pub modified: Moment,
    /// When anything of it last changed; programs cannot set it. Known on Unix.
    pub changed: Moment,
    /// Which file it is; known on Unix.
    pub identity: Option<Identity>,
    /// The permission bits; 0 on systems without them.
    pub mode: u32,
}

/// A time of a file: since 1970, with the digits that the file system keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment {
    /// Whole seconds.
    pub seconds: i64,
    /// And so many nanoseconds.
    pub nanoseconds: u32,
}

/// An entry of a folder that has been listed, to be looked at closer.
#[derive(Debug)]
pub struct Standing(DirEntry, Kind);

/// The stamp of what stands at a path; a link is seen as a link.
pub fn stamp(path: &AbsPath) -> io::Result<Stamp> {
    std::fs::symlink_metadata(path).map(|meta| Stamp::of(&meta))
}

/// The entries of a folder in no order, at most `max` of them.
pub fn standing(folder: &AbsPath, max: usize) -> io::Result<(Vec<Standing>, Rest)> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entries.len() == max {
            return Ok((entries, Rest::More));
        }
        // An entry that went away between the two calls is one that is not there.
        let Ok(kind) = entry.file_type() else { continue };
        entries.push(Standing(entry, kind_of(kind)));
    }
    Ok((entries, Rest::Nothing))
}

impl Standing {
    /// Its name, which need not be UTF-8.
    pub fn name(&self) -> OsString {
        self.0.file_name()
    }

    /// What it is; links are not followed.
    pub fn kind(&self) -> Kind {
        self.1
    }

    /// Its stamp; links are not followed.
    pub fn stamp(&self) -> io::Result<Stamp> {
        self.0.metadata().map(|meta| Stamp::of(&meta))
    }
}

impl Stamp {
    /// Whether the file changed so shortly before `now` that a further change may leave the stamp as
    /// it is: file systems know the time by ticks.
    pub fn is_fresh(&self, now: Moment) -> bool {
        let whole_seconds = self.modified.nanoseconds == 0 && self.changed.nanoseconds == 0;
        let tick = if whole_seconds { WHOLE_SECONDS_TICK } else { CLOCK_TICK };
        self.modified.max(self.changed) >= now.before(tick)
    }

    pub(super) fn of(meta: &Metadata) -> Self {
        let kind = kind_of(meta.file_type());
        let (modified, changed) = moments(meta);
        Self { kind, len: meta.len(), modified, changed, identity: identity(meta), mode: mode(meta) }
    }
}

/// A tick of file systems which keep parts of seconds: that of the kernel's clock, at its slowest
/// setting, twice.
const CLOCK_TICK: Duration = Duration::from_millis(20);

/// A tick of file systems which keep whole seconds, or every second one.
const WHOLE_SECONDS_TICK: Duration = Duration::from_secs(2);

impl Moment {
    /// The present moment.
    pub fn now() -> Self {
        Self::of(SystemTime::now())
    }

    fn of(time: SystemTime) -> Self {
        // Before 1970 nothing was written; such a time is a mistake, and equal to itself as such.
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: since.subsec_nanos(),
        }
    }

    fn before(self, span: Duration) -> Self {
        let nanoseconds = i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds);
        let before = nanoseconds - i128::try_from(span.as_nanos()).unwrap_or(0);
        Self {
            seconds: i64::try_from(before.div_euclid(1_000_000_000)).unwrap_or(i64::MIN),
            nanoseconds: u32::try_from(before.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }
}

#[cfg(unix)]
fn moments(meta: &Metadata) -> (Moment, Moment) {
    use std::os::unix::fs::MetadataExt;
    let moment = |seconds, nanoseconds| Moment {
        seconds,
        nanoseconds: u32::try_from(nanoseconds).unwrap_or_default(),
    };
    (moment(meta.mtime(), meta.mtime_nsec()), moment(meta.ctime(), meta.ctime_nsec()))
}

#[cfg(not(unix))]
fn moments(meta: &Metadata) -> (Moment, Moment) {
    (meta.modified().map(Moment::of).unwrap_or_default(), Moment::default())
}

#[cfg(unix)]
fn mode(meta: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt;
    meta.mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_meta: &Metadata) -> u32 {
    0
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::tests::folder;
    use super::*;

    #[test]
    fn a_stamp_shows_what_a_program_hides() {
        let (_held, folder) = folder();
        let path = folder.join("a").unwrap();
        std::fs::write(&path, b"one").unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let set_time = || std::fs::File::open(&path).unwrap().set_modified(old).unwrap();
        set_time();
        let before = stamp(&path).unwrap();
        assert_eq!(stamp(&path).unwrap(), before);
        while Moment::now().before(CLOCK_TICK) <= before.changed {
            std::hint::spin_loop();
        }
        std::fs::write(&path, b"two").unwrap();
        set_time();
        let after = stamp(&path).unwrap();
        assert_eq!(
            (after.len, after.modified, after.identity),
            (before.len, before.modified, before.identity)
        );
        assert_ne!(after.changed, before.changed);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(stamp(&path).unwrap().mode, 0o640);
    }

    #[test]
    fn freshness() {
        let at = |seconds, nanoseconds| Moment { seconds, nanoseconds };
        let check = |changed, now, expected| {
            let stamp =
                Stamp { kind: Kind::File, len: 0, modified: at(0, 0), changed, identity: None, mode: 0 };
            assert_eq!(stamp.is_fresh(now), expected, "{changed:?} {now:?}");
        };
        check(at(9, 990_000_000), at(10, 1), true);
        check(at(9, 970_000_000), at(10, 1), false);
        check(at(11, 5), at(10, 1), true); // a clock that went back
        check(at(8, 0), at(9, 900_000_000), true); // whole seconds
        check(at(7, 0), at(9, 900_000_000), false);
    }

    #[test]
    fn entries_with_their_stamps() {
        let (_held, folder) = folder();
        std::fs::write(folder.join("a").unwrap(), b"xyz").unwrap();
        std::os::unix::fs::symlink("a", folder.join("b").unwrap()).unwrap();
        let (mut entries, rest) = standing(&folder, 9).unwrap();
        entries.sort_by_key(Standing::name);
        let told: Vec<_> = entries.iter().map(|one| (one.name(), one.kind(), one.stamp().unwrap())).collect();
        let stamp_of = |name: &str| stamp(&folder.join(name).unwrap()).unwrap();
        assert_eq!(told, [("a".into(), Kind::File, stamp_of("a")), ("b".into(), Kind::Link, stamp_of("b"))]);
        assert_eq!(rest, Rest::Nothing);
        assert_eq!(standing(&folder, 1).unwrap().1, Rest::More);
    }
}
