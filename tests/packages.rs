//! What the program is linked with: pinned in `Cargo.lock`, under licences that allow it.

#![allow(clippy::disallowed_methods, reason = "asks cargo which packages there are")]

use std::process::Command;

/// Licences that may be linked into the program.
const LICENCES: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
    "CC0-1.0",
    "Unlicense",
    "0BSD",
    "BSL-1.0",
    "CDLA-Permissive-2.0", // the list of root certificates: data
];

#[test]
fn packages_are_pinned_and_their_licences_permit() {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .output()
        .expect("cargo runs this test");
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(
        told.status.success(),
        "run `cargo fetch` once, and commit Cargo.lock when a manifest has changed:\n{errors}"
    );
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).expect("cargo writes JSON");
    let packages = told["packages"].as_array().expect("cargo lists packages");
    assert!(packages.len() > 2, "cargo lists the packages of every platform");
    let complaints: Vec<String> = packages
        .iter()
        .filter(|package| !permitted(package["license"].as_str().unwrap_or("none")))
        .map(|package| format!("{}: licence {}: use another package", package["name"], package["license"]))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn licence_expressions() {
    for (licence, expected) in [
        ("MIT OR Apache-2.0", true),
        ("Unlicense/MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT OR LGPL-2.1-or-later", true),
        ("GPL-3.0-only", false),
        ("MIT AND GPL-2.0-only", false),
        ("none", false),
    ] {
        assert_eq!(permitted(licence), expected, "{licence}");
    }
}

/// An expression of licence names: one of each `AND` part must be among ours.
fn permitted(expression: &str) -> bool {
    expression.split(" AND ").all(|part| {
        part.replace(['(', ')'], "").replace('/', " OR ").split(" OR ").any(|name| {
            let name = name.trim().split(" WITH ").next().unwrap_or_default();
            LICENCES.contains(&name)
        })
    })
}
