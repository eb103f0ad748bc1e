//! `Attributes`: what a file has beside its bytes, mode, owner and group, for the file that takes its place.
//!
//! On Linux these are the access list, the attributes of users (`user.*`) and the label of SELinux; on
//! macOS all extended attributes, but not the access list, which is none there. Other attributes belong
//! to the old bytes (`security.capability`) or to the system; other systems have none.

use std::fs::File;
use std::path::Path;

/// The attributes of a file that may go on with another.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(Vec<(Vec<u8>, Vec<u8>)>);

/// What became of the old file's access list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessList {
    /// The new file has it too; or both have none.
    AsBefore,
    /// The new file has none, and the old one had.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android", target_vendor = "apple")),
        allow(dead_code, reason = "elsewhere nobody looks for one")
    )]
    Lost,
}

impl Attributes {
    /// Those of what stands at a path, links followed; none where they cannot be read.
    pub(super) fn of(path: &Path) -> Self {
        Self(system::read(path))
    }

    /// Gives them to a file, as far as this user and its file system allow.
    pub(super) fn give(&self, file: &File) -> AccessList {
        system::write(file, &self.0)
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod system {
    use std::fs::File;
    use std::path::Path;

    use rustix::buffer::spare_capacity;
    use rustix::fs::{XattrFlags, fremovexattr, fsetxattr, getxattr, listxattr};

    use super::AccessList;
    use crate::limits::ATTRIBUTE_BYTES_MAX;

    /// The access list, as Linux names it.
    const ACCESS_LIST: &[u8] = b"system.posix_acl_access";

    pub(super) fn read(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut names = Vec::with_capacity(ATTRIBUTE_BYTES_MAX);
        // Most files have none, and this call says so.
        if listxattr(path, spare_capacity(&mut names)).is_err() {
            return Vec::new();
        }
        let named = names.split(|byte| *byte == 0).filter(|name| !name.is_empty() && goes_on(name));
        named
            .filter_map(|name| {
                let mut value = Vec::with_capacity(ATTRIBUTE_BYTES_MAX);
                getxattr(path, name, spare_capacity(&mut value)).ok()?;
                Some((name.to_vec(), value))
            })
            .collect()
    }

    pub(super) fn write(file: &File, attributes: &[(Vec<u8>, Vec<u8>)]) -> AccessList {
        let mut list = AccessList::AsBefore;
        for (name, value) in attributes {
            let given = fsetxattr(file, name.as_slice(), value, XattrFlags::empty());
            if name == ACCESS_LIST && given.is_err() {
                list = AccessList::Lost;
            }
        }
        // A folder may give each new file a list, which lets in who was kept out before.
        if !attributes.iter().any(|(name, _)| name == ACCESS_LIST) {
            let _had_none = fremovexattr(file, ACCESS_LIST);
        }
        list
    }

    fn goes_on(name: &[u8]) -> bool {
        cfg!(target_vendor = "apple")
            || name.starts_with(b"user.")
            || matches!(name, ACCESS_LIST | b"security.selinux")
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod system {
    use std::fs::File;
    use std::path::Path;

    use super::AccessList;

    pub(super) fn read(_path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
        Vec::new()
    }

    pub(super) fn write(_file: &File, _attributes: &[(Vec<u8>, Vec<u8>)]) -> AccessList {
        AccessList::AsBefore
    }
}
