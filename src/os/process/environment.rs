//! The environment that commands get: built from nothing, with what builds and tests need.
//!
//! What is passed on is listed here by name, because a list of what is secret is never complete.
//! Not on the list, and why:
//!
//! - keys, tokens and passwords, whatever their name; a name that looks like one does not pass by a
//!   pattern either;
//! - `SSH_AUTH_SOCK` and `GPG_AGENT_INFO`: with them a command acts as the user on other machines;
//! - `DISPLAY`, `WAYLAND_DISPLAY`, `DBUS_SESSION_BUS_ADDRESS`: with them it types, looks and asks
//!   the keyring as the user;
//! - `BASH_ENV`, `ENV`, `LD_PRELOAD`, `PROMPT_COMMAND`: they make the shell do what nobody read;
//! - `MAKEFLAGS` and the like of an outer build: they name descriptors which the command does not
//!   have.
//!
//! Proxy addresses pass although a password can be in them: without them nothing can be fetched
//! behind a proxy. A caller can add any variable by name.

use std::collections::BTreeMap;

/// Names that pass, where they are set.
#[rustfmt::skip]
const PASSED: &[&str] = &[
    // The user and the place.
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "HOSTNAME",
    "XDG_CACHE_HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "XDG_DATA_DIRS", "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
    "EMAIL", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_NAME",
    // The network.
    "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
    "SSL_CERT_DIR", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO", "NIX_SSL_CERT_FILE", "DOCKER_HOST",
    // C and C++.
    "AR", "CC", "CPP", "CXX", "LD", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "CPATH",
    "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR", "CMAKE_PREFIX_PATH",
    "CMAKE_GENERATOR", "VCPKG_ROOT", "SDKROOT", "DEVELOPER_DIR", "MACOSX_DEPLOYMENT_TARGET",
    "CCACHE_DIR", "SCCACHE_DIR",
    // Rust.
    "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "CARGO_INCREMENTAL", "CARGO_NET_OFFLINE",
    "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTFLAGS", "RUSTDOCFLAGS",
    "RUST_BACKTRACE", "RUST_LOG", "RUST_TEST_THREADS",
    // Go.
    "CGO_ENABLED", "GOBIN", "GOCACHE", "GOFLAGS", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH",
    "GOPRIVATE", "GOPROXY", "GOROOT", "GOSUMDB", "GOTOOLCHAIN",
    // JavaScript.
    "NODE_ENV", "NODE_OPTIONS", "NODE_PATH", "NVM_BIN", "NVM_DIR", "FNM_DIR", "VOLTA_HOME",
    "PNPM_HOME", "COREPACK_HOME", "BUN_INSTALL", "DENO_DIR",
    // Python.
    "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYENV_ROOT", "PYENV_VERSION", "CONDA_DEFAULT_ENV",
    "CONDA_EXE", "CONDA_PREFIX", "PIPX_HOME", "PIP_CACHE_DIR", "POETRY_HOME", "UV_CACHE_DIR",
    // The Java world.
    "JAVA_HOME", "JDK_HOME", "JAVA_TOOL_OPTIONS", "GRADLE_OPTS", "GRADLE_USER_HOME", "M2_HOME",
    "MAVEN_HOME", "MAVEN_OPTS", "SBT_OPTS", "ANDROID_HOME", "ANDROID_SDK_ROOT", "SDKMAN_DIR",
    // Others.
    "DOTNET_ROOT", "NUGET_PACKAGES", "GEM_HOME", "GEM_PATH", "RBENV_ROOT", "RBENV_VERSION",
    "BUNDLE_PATH", "COMPOSER_HOME", "MIX_HOME", "HEX_HOME", "OPAMROOT", "OPAM_SWITCH_PREFIX",
    "GHCUP_INSTALL_BASE_PREFIX", "STACK_ROOT", "JULIA_DEPOT_PATH", "R_LIBS_USER", "ZIG_GLOBAL_CACHE_DIR",
    "ASDF_DATA_DIR", "ASDF_DIR", "MISE_CACHE_DIR", "MISE_DATA_DIR", "NIX_PATH", "NIX_PROFILES",
    "HOMEBREW_CELLAR", "HOMEBREW_PREFIX", "HOMEBREW_REPOSITORY", "CI",
    // Windows.
    "APPDATA", "ComSpec", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "OS",
    "PATHEXT", "PROCESSOR_ARCHITECTURE", "Path", "ProgramData", "ProgramFiles",
    "ProgramFiles(x86)", "SystemDrive", "SystemRoot", "TEMP", "TMP", "USERNAME", "USERPROFILE",
    "windir",
];

/// Beginnings of names that pass.
const PASSED_BEGINNINGS: &[&str] = &["LC_"];

/// Parts of names that never pass by their beginning alone.
const SECRET_PARTS: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL", "AUTH"];

/// What is always set: no colours and no cursor movements, no pager, no editor, no question. Git
/// gets `true` as editor, so that a merge or rebase takes the text it proposes.
const SET: &[(&str, &str)] = &[
    ("TERM", "dumb"),
    ("PAGER", "cat"),
    ("MANPAGER", "cat"),
    ("GIT_PAGER", "cat"),
    ("GH_PAGER", "cat"),
    ("SYSTEMD_PAGER", "cat"),
    ("AWS_PAGER", ""),
    ("GIT_EDITOR", "true"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GCM_INTERACTIVE", "never"),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("GH_PROMPT_DISABLED", "1"),
    ("PIP_NO_INPUT", "1"),
    ("DEBIAN_FRONTEND", "noninteractive"),
];

/// The environment of a command, made of ours and of what the caller adds by name.
pub(super) fn built(ours: Vec<(String, String)>, added: &[(String, String)]) -> BTreeMap<String, String> {
    let mut built: BTreeMap<String, String> = ours.into_iter().filter(|(name, _)| passes(name)).collect();
    if let Some(path) = built.get_mut("PATH") {
        *path = without_relative(path);
    }
    built.extend(SET.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    built.extend(added.iter().cloned());
    built
}

fn passes(name: &str) -> bool {
    let by_beginning = || {
        let upper = name.to_uppercase();
        PASSED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
            && !SECRET_PARTS.iter().any(|part| upper.contains(part))
    };
    PASSED.contains(&name) || by_beginning()
}

/// A search path without entries that mean the present folder, in which anybody may have put a
/// program called `ls`.
fn without_relative(path: &str) -> String {
    let kept = std::env::split_paths(path).filter(|entry| entry.is_absolute());
    let joined = std::env::join_paths(kept).unwrap_or_default();
    joined.into_string().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_from(ours: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        built(ours.iter().map(own).collect(), &[("MINE_API_KEY".into(), "by name".into())])
    }

    #[test]
    fn what_is_not_listed_does_not_pass() {
        let secrets = [
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "QUILLON_API_KEY",
            "QUILLON_STATE_DIR",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "CARGO_REGISTRY_TOKEN",
            "SSH_AUTH_SOCK",
            "BASH_ENV",
            "LD_PRELOAD",
            "LC_API_TOKEN",
            "LC_auth_sock",
        ];
        let ours: Vec<_> = secrets.iter().map(|name| (*name, "hidden")).collect();
        let built = built_from(&ours);
        assert!(!built.values().any(|value| value == "hidden"), "{built:?}");
        assert_eq!(built["MINE_API_KEY"], "by name");
    }

    #[test]
    fn the_listed_pass_and_the_fixed_win() {
        let built = built_from(&[
            ("HOME", "/h"),
            ("LC_ALL", "C.UTF-8"),
            ("TERM", "xterm"),
            ("PAGER", "less"),
            ("https_proxy", "http://p"),
        ]);
        assert_eq!(built["HOME"], "/h");
        assert_eq!(built["LC_ALL"], "C.UTF-8");
        assert_eq!(built["https_proxy"], "http://p");
        assert_eq!((built["TERM"].as_str(), built["PAGER"].as_str()), ("dumb", "cat"));
    }

    #[test]
    fn no_listed_name_looks_like_a_secret() {
        for name in PASSED {
            let looks = SECRET_PARTS.iter().any(|part| name.contains(part));
            // An author is no authority.
            assert!(!looks || name.starts_with("GIT_AUTHOR_"), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_search_path_has_no_relative_entries() {
        let built = built_from(&[("PATH", ":/usr/bin:.:node_modules/.bin:/bin:")]);
        assert_eq!(built["PATH"], "/usr/bin:/bin");
    }
}
