//! For tests: a temporary folder in which scripts run, with git as nobody has configured it.

use std::time::Duration;

use super::*;
use crate::os::process::helper::{self, Finish, Helper};

/// A folder that goes when this is dropped.
pub(super) struct Ground {
    _held: tempfile::TempDir,
    pub(super) root: AbsPath,
}

impl Ground {
    /// An empty folder, in which this script ran.
    pub(super) async fn new(script: &str) -> Self {
        let held = tempfile::tempdir().unwrap();
        let root = fs::real_path(&AbsPath::new(held.path()).unwrap()).unwrap();
        let ground = Self { _held: held, root };
        ground.sh(script).await;
        ground
    }

    /// Runs a script in the folder, which must succeed, and gives what it prints.
    pub(super) async fn sh(&self, script: &str) -> Vec<u8> {
        let variables = [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
            ("GIT_ALLOW_PROTOCOL", "file"),
        ];
        let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let helper = Helper {
            program: helper::find("sh", &[]).unwrap(),
            arguments: vec!["-ec".into(), script.into()],
            cwd: self.root.clone(),
            environment: variables.iter().map(variable).collect(),
            input: Vec::new(),
            output_bytes_max: 64 * 1024 * 1024,
            time_limit: Duration::from_secs(60),
        };
        let helped = helper::run(helper).await.unwrap();
        assert_eq!(helped.finish, Finish::Success, "{script}\n{}", String::from_utf8_lossy(&helped.output));
        helped.output
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> AbsPath {
        self.root.join(name).unwrap()
    }

    /// The files of a session in the folder.
    pub(super) fn files(&self) -> Files {
        Files::new(self.root.clone(), vec![self.root.clone()], Arc::new(NoBuffers))
    }
}
