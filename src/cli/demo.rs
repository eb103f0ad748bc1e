//! The example that `run --demo` copies, so that it can be tried anywhere and any number of times.

use std::io;

use crate::os::fs;
use crate::path::AbsPath;

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../examples/greeter/Cargo.toml")),
    ("README.md", include_str!("../../examples/greeter/README.md")),
    ("src/main.rs", include_str!("../../examples/greeter/src/main.rs")),
];

/// A fresh copy of the example in the temporary folder.
pub(super) fn copy() -> io::Result<AbsPath> {
    let folder = fs::fresh_folder("quillon-demo")?;
    for (name, text) in FILES {
        let path = folder.join(name).map_err(io::Error::other)?;
        if let Some(parent) = path.parent() {
            fs::create_folders(&parent)?;
        }
        fs::replace(&path, text.as_bytes(), fs::Durability::Process)?;
    }
    Ok(folder)
}
