//! Secret files: what stands in them is for programs, and goes to no model before the user was asked.

use super::protected::folded;
use crate::path::AbsPath;

/// The files, each with what it holds. A pattern is a name, in which one `*` stands for any letters;
/// a name in a folder of that name (`a/b`); or everything below a folder of that name (`a/`).
const FILES: &[(&str, &str)] = &[
    (".env", "settings with passwords and keys"),
    (".env.*", "settings with passwords and keys"),
    ("*.env", "settings with passwords and keys"),
    (".envrc", "settings with passwords and keys"),
    ("*.pem", "keys or certificates"),
    ("*.key", "a key"),
    ("*.p12", "keys and certificates"),
    ("*.pfx", "keys and certificates"),
    ("*.jks", "keys and certificates"),
    ("*.keystore", "keys and certificates"),
    ("*.ppk", "a key"),
    ("*.kdbx", "passwords"),
    ("id_rsa", "a key"),
    ("id_dsa", "a key"),
    ("id_ecdsa", "a key"),
    ("id_ecdsa_sk", "a key"),
    ("id_ed25519", "a key"),
    ("id_ed25519_sk", "a key"),
    (".netrc", "passwords"),
    ("_netrc", "passwords"),
    (".pgpass", "passwords"),
    (".my.cnf", "passwords"),
    (".htpasswd", "passwords"),
    (".git-credentials", "passwords"),
    (".npmrc", "the keys of package registries"),
    (".yarnrc.yml", "the keys of package registries"),
    (".pypirc", "the keys of package registries"),
    (".cargo/credentials", "the keys of package registries"),
    (".cargo/credentials.toml", "the keys of package registries"),
    (".gem/credentials", "the keys of package registries"),
    (".dockercfg", "the keys of registries"),
    (".docker/config.json", "the keys of registries"),
    (".aws/credentials", "the keys of a cloud"),
    (".azure/", "the keys of a cloud"),
    ("gcloud/", "the keys of a cloud"),
    ("application_default_credentials.json", "the keys of a cloud"),
    ("credentials.json", "keys"),
    ("client_secret*.json", "keys"),
    ("service-account*.json", "the keys of a cloud"),
    ("service_account*.json", "the keys of a cloud"),
    (".kube/config", "the keys of a cluster"),
    (".vault-token", "a key"),
    ("gh/hosts.yml", "a key"),
    ("*.tfstate", "all that was set up in a cloud, passwords too"),
    (".ssh/", "keys that open this machine and others"),
    (".gnupg/", "keys"),
];

/// Patterns that say what a secret file looks like, and hold none themselves.
const OPEN: &[&str] = &[".example", ".sample", ".template"];

/// What a file holds that makes it a secret one; none where its name does not tell of any.
///
/// Names count at any depth, whatever their case and without characters that are not seen.
pub fn secret(path: &AbsPath) -> Option<&'static str> {
    let mut names: Vec<String> =
        path.as_path().components().map(|name| folded(&name.as_os_str().to_string_lossy())).collect();
    let name = names.pop()?;
    if OPEN.iter().any(|ending| name.ends_with(ending)) {
        return None;
    }
    let fits = |pattern: &str| match pattern.split_once('/') {
        None => is_named(&name, pattern),
        Some((folder, "")) => names.iter().any(|above| above == folder),
        Some((folder, file)) => names.last().is_some_and(|above| above == folder) && is_named(&name, file),
    };
    FILES.iter().find(|(pattern, _)| fits(pattern)).map(|(_, holds)| *holds)
}

/// Whether a file of that name is a secret one, wherever it lies.
pub(super) fn is_name(name: &str) -> bool {
    let name = folded(name);
    let open = OPEN.iter().any(|ending| name.ends_with(ending));
    !open && FILES.iter().any(|(pattern, _)| !pattern.contains('/') && is_named(&name, pattern))
}

/// Whether names that a pattern of a shell stands for are rather secret ones: it says a part of such a name.
pub(super) fn may_be_secret(pattern: &str) -> bool {
    let pattern = folded(pattern);
    let says: String = pattern.chars().filter(|letter| !"*?[]".contains(*letter)).collect();
    // `*` and `*.*` say nothing.
    if says.chars().all(|letter| letter == '.') {
        return false;
    }
    let Ok(glob) = globset::Glob::new(&pattern) else { return true };
    let matcher = glob.compile_matcher();
    let mut names = FILES.iter().filter(|(name, _)| !name.contains('/'));
    names.any(|(name, _)| matcher.is_match(name.replace('*', "x")))
}

fn is_named(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((first, last)) => {
            name.len() >= first.len() + last.len() && name.starts_with(first) && name.ends_with(last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: bool) {
        assert_eq!(secret(&AbsPath::new(path).unwrap()).is_some(), expected, "{path}");
    }

    #[test]
    fn names_tell() {
        for path in [
            "/w/.env",
            "/w/deep/.ENV",
            "/w/.env.local",
            "/w/prod.env",
            "/w/.e\u{200b}nv",
            "/w/.env. ",
            "/w/server.pem",
            "/w/tls/server.KEY",
            "/w/id_ed25519",
            "/w/.npmrc",
            "/h/.aws/credentials",
            "/h/.ssh/config",
            "/h/.config/gcloud/x/y.json",
            "/w/client_secret_1.json",
        ] {
            check(path, true);
        }
    }

    #[test]
    fn what_only_looks_so_is_open() {
        for path in [
            "/w/.env.example",
            "/w/.env.sample",
            "/w/.env.template",
            "/w/env",
            "/w/environment.rs",
            "/w/id_rsa.pub",
            "/w/id_generator.rs",
            "/w/key.rs",
            "/w/credentials",
            "/w/.aws/config",
            "/w/.ssh",
            "/w/config.json",
            "/",
        ] {
            check(path, false);
        }
    }

    #[test]
    fn each_pattern_has_one_star_at_most_and_is_written_folded() {
        for (pattern, _) in FILES {
            assert!(pattern.matches('*').count() <= 1 && pattern.matches('/').count() <= 1, "{pattern}");
            assert_eq!(folded(pattern), *pattern);
        }
    }
}
