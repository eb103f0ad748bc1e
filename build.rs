//! How the release is linked on Linux: relocations packed, which takes 0.6 MB off the program and off the memory
//! of each process, because the loader reads them all.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "this is the build, not the program"
)]

use std::env;
use std::process::Command;

/// The first glibc whose loader reads packed relocations (its NEWS for 2.36).
const GLIBC_MIN: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if is_release() && links_for_this_linux() && glibc().is_some_and(|version| version >= GLIBC_MIN) {
        println!("cargo:rustc-link-arg-bin=quillon=-Wl,-z,pack-relative-relocs");
    }
}

fn is_release() -> bool {
    env::var("PROFILE").as_deref() == Ok("release")
}

/// With the toolchain's own linker: what another one understands is not known.
fn links_for_this_linux() -> bool {
    let is = |name: &str, value: &str| env::var(name).as_deref() == Ok(value);
    is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && env::var("HOST") == env::var("TARGET")
        && env::var_os("RUSTC_LINKER").is_none()
        && env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| !flags.contains("link"))
}

/// The version of this system's C library.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
