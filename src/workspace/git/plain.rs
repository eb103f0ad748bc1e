//! Whether git would run other programs in a repository, as its own configuration says.

use super::{Repository, text};
use crate::os::fs;
use crate::path::AbsPath;

/// Sections whose keys name no programs; beside them what is listed in `KEYS`.
const SECTIONS: &[&str] = &[
    "branch",
    "user",
    "init",
    "pull",
    "push",
    "rebase",
    "merge",
    "color",
    "status",
    "extensions",
    "gc",
    "fetch",
    "rerere",
    "advice",
    "index",
    "feature",
    "pack",
    "receive",
    "column",
    "help",
    "maintenance",
];

/// Keys of other sections that name no programs, as `section.key`.
const KEYS: &[&str] = &[
    "core.repositoryformatversion",
    "core.filemode",
    "core.bare",
    "core.logallrefupdates",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.symlinks",
    "core.autocrlf",
    "core.eol",
    "core.safecrlf",
    "core.quotepath",
    "core.untrackedcache",
    "core.preloadindex",
    "core.abbrev",
    "core.longpaths",
    "core.sparsecheckout",
    "core.sparsecheckoutcone",
    "core.compression",
    "core.sharedrepository",
    "core.protecthfs",
    "core.protectntfs",
    "remote.url",
    "remote.fetch",
    "remote.pushurl",
    "remote.push",
    "remote.mirror",
    "remote.prune",
    "remote.tagopt",
    "remote.gh-resolved",
    "remote.promisor",
    "remote.partialclonefilter",
    "submodule.url",
    "submodule.active",
    "submodule.update",
    "diff.algorithm",
    "diff.renames",
    "diff.colormoved",
    "diff.noprefix",
    "diff.mnemonicprefix",
    "diff.context",
    "log.date",
    "log.decorate",
    "log.follow",
    "commit.gpgsign",
    "commit.verbose",
    "tag.sort",
    "lfs.repositoryformatversion",
    "lfs.url",
    "tag.gpgsign",
];

/// Whether the configuration of the repository that holds this folder names no program that git would run, as far
/// as it can be told. Blocks.
pub fn git_is_plain(folder: &AbsPath) -> bool {
    let Some(repository) = Repository::find(folder) else { return false };
    // Git goes into submodules, which have configurations of their own.
    let has_modules =
        repository.common_folder.join("modules").is_ok_and(|path| fs::look_at_link(&path).is_ok());
    if has_modules {
        return false;
    }
    let places = [
        repository.common_folder.join("config"),
        repository.common_folder.join("config.worktree"),
        repository.git_folder.join("config.worktree"),
    ];
    places
        .into_iter()
        .all(|place| place.is_ok_and(|place| text(&place).is_none_or(|config| is_plain(&config))))
}

fn is_plain(config: &str) -> bool {
    let mut section = String::new();
    config.lines().all(|line| {
        let mut line = line.trim();
        if line.ends_with('\\') {
            return false;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let Some((name, rest)) = rest.split_once(']') else { return false };
            let is_end = |letter: char| letter.is_whitespace() || letter == '"' || letter == '.';
            section = name.split(is_end).next().unwrap_or_default().to_ascii_lowercase();
            // What a name in quotes holds may be a `]`; then the rest is no key that is known.
            line = rest.trim();
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            return true;
        }
        let key = line.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        let named = format!("{section}.{key}");
        // A driver of merges has a name and a command.
        let is_driver = section == "merge" && key == "driver";
        !is_driver && (SECTIONS.contains(&section.as_str()) || KEYS.contains(&named.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn each_repository_counts_by_itself() {
        let script = "git init -q; git init -q sub; git -C sub config core.fsmonitor ./x";
        let ground = crate::workspace::testing::Ground::new(script).await;
        assert!(git_is_plain(&ground.root) && !git_is_plain(&ground.path("sub")));
        ground.sh("mkdir -p .git/modules/a").await;
        assert!(!git_is_plain(&ground.root));
    }

    #[test]
    fn what_names_a_program_is_not_plain() {
        let usual = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote \"origin\"]\n\
                     \turl = https://example.com/a.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
                     [branch \"main\"]\n\tremote = origin\n# a note\n[user]\n\tname = A\n";
        assert!(is_plain(usual));
        for more in [
            "[core]\n\tfsmonitor = ./x",
            "[core] fsmonitor = ./x",
            "[CORE]\n\tFSMonitor = ./x",
            "[core]\n\tpager = ./x",
            "[core]\n\thooksPath = x",
            "[diff]\n\texternal = ./x",
            "[diff \"a\"]\n\ttextconv = ./x",
            "[filter \"a\"]\n\tclean = ./x",
            "[merge \"a\"]\n\tdriver = ./x",
            "[include]\n\tpath = ../x",
            "[includeIf \"gitdir:/\"]\n\tpath = ../x",
            "[alias]\n\tstatus = !./x",
            "[gpg]\n\tprogram = ./x",
            "[log]\n\tshowSignature = true",
            "[remote \"a\"]\n\tuploadpack = ./x",
            "[branch \"]\"]\n[core]\n\tfsmonitor = ./x",
            "[user]\n\tname = a \\\n[core]\n",
            "[core",
        ] {
            assert!(!is_plain(&format!("{usual}{more}\n")), "{more}");
        }
    }
}
