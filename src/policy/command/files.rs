//! Judging the files that a command names, and the folders in which it runs.

use super::Site;
use crate::path::AbsPath;
use crate::policy::protected::{self, protected};
use crate::policy::rules::{Action, Rules};
use crate::policy::shell::{FileUse, Folder, How, Reading};
use crate::policy::{Intent, Mode};
use crate::text::{Change, Edit, Version};

/// What has to be looked up on the disk: names, each seen from a folder.
pub fn lookups(reading: &Reading) -> Vec<(String, String)> {
    let files = reading.files.iter().chain(&reading.removals);
    let named = files.flat_map(|file| file.folders.iter().flat_map(|folder| pairs(folder, &file.name)));
    let places =
        reading.parts.iter().flat_map(|part| part.folders.iter().flat_map(|folder| pairs(folder, ".")));
    let mut all: Vec<(String, String)> = named.chain(places).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A name as seen from a folder. Where the way to the folder goes up again, a shell takes it by its text and others
/// by what is there: both count.
fn pairs(folder: &Folder, name: &str) -> Vec<(String, String)> {
    match folder {
        _ if name.starts_with('/') => vec![("/".to_owned(), name.to_owned())],
        Folder::Unknown => Vec::new(),
        Folder::At(folder) => {
            let mut pairs = vec![(folder.clone(), name.to_owned())];
            if folder.split('/').any(|part| part == "..")
                && let Ok(by_text) = AbsPath::new(folder)
            {
                pairs.push((by_text.to_string(), name.to_owned()));
            }
            pairs
        }
    }
}

/// What may be done about one file.
pub(super) enum Verdict {
    Fine,
    /// It is asked as any edit is.
    AskAsEdit(AbsPath),
    Ask(String),
    AskEachTime(String),
    Deny(String),
}

impl Verdict {
    fn weight(&self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::AskAsEdit(_) => 1,
            Self::Ask(_) => 2,
            Self::AskEachTime(_) => 3,
            Self::Deny(_) => 4,
        }
    }
}

/// Judging the files of a command.
pub(super) struct FileRules<'a> {
    pub(super) rules: &'a Rules,
    pub(super) site: &'a Site<'a>,
    pub(super) reading: &'a Reading,
}

impl FileRules<'_> {
    pub(super) fn judge(&self, file: &FileUse) -> Verdict {
        if is_stream(&file.name) {
            return Verdict::Fine;
        }
        let mut worst = Verdict::Fine;
        for path in self.paths(file) {
            let verdict = match path {
                Some(path) => self.judge_path(file.how, &path),
                None => Verdict::Ask(format!("Where `{}` leads cannot be told before it runs.", file.name)),
            };
            if verdict.weight() > worst.weight() {
                worst = verdict;
            }
        }
        worst
    }

    /// Where a file may lie.
    fn paths(&self, file: &FileUse) -> Vec<Option<AbsPath>> {
        let pairs = file.folders.iter().map(|folder| pairs(folder, &file.name));
        let lead = |pairs: Vec<(String, String)>| match pairs.is_empty() {
            true => vec![None],
            false => pairs.iter().map(|(folder, name)| (self.site.leads)(folder, name)).collect(),
        };
        pairs.flat_map(lead).collect()
    }

    fn judge_path(&self, how: How, path: &AbsPath) -> Verdict {
        let roots = self.site.roots;
        let intent = match how {
            How::Told => Intent::List { path: path.clone() },
            How::Read => Intent::Read { path: path.clone() },
            How::Folder | How::Changed => {
                let change = Change::Whole(String::new());
                Intent::Write { edits: vec![Edit { path: path.clone(), base: Version::Absent, change }] }
            }
        };
        let said = self.rules.judge(&intent, roots);
        if let Some((Action::Deny, rule)) = said {
            return Verdict::Deny(rule);
        }
        if let Some(reason) = device(path) {
            return Verdict::Ask(reason);
        }
        let inside = roots.iter().any(|root| path.starts_with(root));
        if !inside && !self.rules.allows_outside(path, roots) {
            return Verdict::Ask(format!("`{path}` is outside the workspace."));
        }
        match how {
            How::Told => {}
            How::Read => {
                if let Some(holds) = self.rules.keeps_secret(path, roots) {
                    return Verdict::Ask(format!(
                        "`{path}` is a secret file by its name: such files hold {holds}."
                    ));
                }
            }
            How::Folder | How::Changed => {
                let own = self.rules.owns(path).then_some("Quillon keeps its sessions or settings there");
                if let Some(why) = own.or_else(|| protected(path)) {
                    return Verdict::AskEachTime(format!("`{path}` is protected: {why}."));
                }
            }
        }
        match (said, how, self.site.mode) {
            (Some((Action::Ask, rule)), How::Read | How::Folder | How::Changed, _) => {
                Verdict::Ask(format!("The permission rule `{rule}` wants `{path}` to be asked."))
            }
            (None, How::Changed, Mode::Edit) if !protected::steers(path) => Verdict::Fine,
            (None, How::Changed, _) => Verdict::AskAsEdit(path.clone()),
            (Some(_) | None, How::Told | How::Read | How::Folder | How::Changed, _) => Verdict::Fine,
        }
    }

    /// Folders that nobody means to remove.
    pub(super) fn removals(&self) -> Vec<String> {
        let kept = |path: &AbsPath| {
            let above = self.site.roots.iter().chain(self.site.home).any(|root| root.starts_with(path));
            above || path.file_name() == ".git"
        };
        let of = |file: &FileUse| {
            let found = self.paths(file).into_iter().flatten().find(|path| kept(path));
            found.map(|path| format!("It removes `{path}` with all that is in it."))
        };
        self.reading.removals.iter().filter_map(of).collect()
    }

    /// Programs that run elsewhere than in the workspace.
    pub(super) fn places(&self) -> Vec<String> {
        let outside = |folder: &Folder| {
            let pairs = pairs(folder, ".");
            if pairs.is_empty() {
                return Some("In which folder it runs is known only when it runs.".to_owned());
            }
            pairs.iter().find_map(|(folder, name)| match (self.site.leads)(folder, name) {
                Some(path) => {
                    let inside = self.site.roots.iter().any(|root| path.starts_with(root));
                    (!inside && !self.rules.allows_outside(&path, self.site.roots))
                        .then(|| format!("It runs in `{path}`, which is outside the workspace."))
                }
                None => Some(format!("Where `{folder}` leads cannot be told.")),
            })
        };
        let mut reasons: Vec<String> = Vec::new();
        for part in self.reading.parts.iter().filter(|part| !part.is_neutral()) {
            for reason in part.folders.iter().filter_map(outside) {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        reasons
    }
}

/// Files that stand for a command's own input and output, and for nothing.
fn is_stream(name: &str) -> bool {
    matches!(
        name,
        "/dev/null"
            | "/dev/stdin"
            | "/dev/stdout"
            | "/dev/stderr"
            | "/dev/fd/0"
            | "/dev/fd/1"
            | "/dev/fd/2"
            | "/dev/tty"
    )
}

/// Why a device or what the system tells of programs is asked about.
fn device(path: &AbsPath) -> Option<String> {
    let text = path.to_string();
    ["/dev/", "/proc/", "/sys/"]
        .iter()
        .any(|folder| text.starts_with(folder))
        .then(|| format!("`{path}` is no file but a part of the system."))
}
