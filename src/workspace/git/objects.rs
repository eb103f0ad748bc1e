//! Contents out of git's store: one process for all that are wanted, within bounds.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Object, Repository};
use crate::limits;
use crate::os::process::helper::{self, Finish, Helper};
use crate::path::AbsPath;
use crate::workspace::on_blocking_thread;

/// A content that is wanted: what stood in the work tree when git knew its stamp.
#[derive(Debug, Clone)]
pub(in crate::workspace) struct Wish {
    /// The file, as git writes it.
    pub(in crate::workspace) path: String,
    /// Git's content of it.
    pub(in crate::workspace) object: Object,
    /// How long the file was.
    pub(in crate::workspace) len: u64,
}

/// What git has under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A content.
    Blob(Arc<[u8]>),
    /// Something else: a folder, another repository.
    Other,
    /// Nothing.
    Missing,
}

/// Settings of a repository that could start a program, and how they are taken back.
const NEUTRAL: &[&str] = &[
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
];

/// Conversions that a file can have besides those of line ends.
const CONVERSIONS: [&str; 3] = ["filter", "ident", "working-tree-encoding"];

/// Git, as it is asked about one repository.
pub(in crate::workspace) struct Git<'a> {
    pub(in crate::workspace) repository: &'a Repository,
    /// The session's folders: a program that lies in one of them is not git.
    pub(in crate::workspace) roots: &'a [AbsPath],
}

impl Git<'_> {
    /// What stood in the work tree, for each wish; none where that cannot be proven.
    ///
    /// Proven means: git converts the file in no way, or in its line ends only, and the length is
    /// right.
    pub(in crate::workspace) async fn contents(&self, wishes: &[Wish]) -> Vec<Option<Arc<[u8]>>> {
        let names = wishes.iter().map(|wish| wish.object.digits()).collect();
        let answers = self.batch(names, limits::survey::GIT_CONTENTS_BYTES_MAX).await;
        let mut contents: Vec<Option<Arc<[u8]>>> = Vec::with_capacity(wishes.len());
        for (at, wish) in wishes.iter().enumerate() {
            contents.push(match answers.get(at) {
                Some(Answer::Blob(bytes)) => with_len(bytes, wish.len),
                Some(Answer::Other | Answer::Missing) | None => None,
            });
        }
        let found = wishes.iter().zip(&contents).filter(|(_, content)| content.is_some());
        let plain = self.plain(found.map(|(wish, _)| wish.path.as_str()).collect()).await;
        for (wish, content) in wishes.iter().zip(&mut contents) {
            if !plain.contains(&wish.path) {
                *content = None;
            }
        }
        contents
    }

    /// Those of the paths which git converts in nothing but line ends.
    async fn plain(&self, paths: Vec<&str>) -> HashSet<String> {
        if paths.is_empty() {
            return HashSet::new();
        }
        let input: Vec<u8> = paths.iter().flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect();
        let arguments = ["check-attr", "--stdin", "-z"].into_iter().chain(CONVERSIONS);
        let beside = paths.len() * limits::survey::GIT_ATTRIBUTE_BYTES_MAX;
        let max = (input.len() + beside) * CONVERSIONS.len();
        let output = self.ask(arguments, input, max).await.unwrap_or_default();
        let Ok(output) = String::from_utf8(output) else { return HashSet::new() };
        let mut told = output.split('\0');
        let mut plain = HashSet::new();
        for path in paths {
            let mut is_plain = true;
            for name in CONVERSIONS {
                let [of, attribute, value] = [told.next(), told.next(), told.next()];
                is_plain &= of == Some(path)
                    && attribute == Some(name)
                    && matches!(value, Some("unspecified" | "unset"));
            }
            if is_plain {
                plain.insert(path.to_owned());
            }
        }
        plain
    }

    /// What git has under each name, in their order; fewer where it does not get so far.
    pub(super) async fn batch(&self, names: Vec<String>, bytes_max: usize) -> Vec<Answer> {
        if names.is_empty() {
            return Vec::new();
        }
        // A line end cannot be part of a name; asked for as nothing, the others keep their places.
        let lines = names.iter().map(|name| if name.contains('\n') { "" } else { name.as_str() });
        let input = lines.flat_map(|name| [name.as_bytes(), b"\n"].concat()).collect();
        let arguments = ["cat-file", "--batch", "--buffer"].into_iter();
        let output = self.ask(arguments, input, bytes_max).await.unwrap_or_default();
        let mut answers = Vec::with_capacity(names.len());
        let mut rest = output.as_slice();
        for name in &names {
            let Some((answer, behind)) = answer(rest) else { break };
            answers.push(if name.contains('\n') { Answer::Other } else { answer });
            rest = behind;
        }
        answers
    }

    /// What git prints, as far as it gets and as it fits; none where there is no git.
    async fn ask(
        &self,
        arguments: impl Iterator<Item = &'static str>,
        input: Vec<u8>,
        bytes_max: usize,
    ) -> Option<Vec<u8>> {
        let worktree = &self.repository.worktree;
        let except: Vec<AbsPath> = self.roots.iter().chain([worktree]).cloned().collect();
        let program = on_blocking_thread(move || helper::find("git", &except)).await.flatten()?;
        // Where the work tree's own repository has gone, one above it is not meant.
        let ceiling = worktree.parent().map_or_else(String::new, |parent| parent.to_string());
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let helper = Helper {
            program,
            arguments: NEUTRAL.iter().copied().chain(arguments).map(str::to_owned).collect(),
            cwd: worktree.clone(),
            environment: vec![
                variable("GIT_CEILING_DIRECTORIES", &ceiling),
                variable("GIT_NO_LAZY_FETCH", "1"),
                variable("GIT_ALLOW_PROTOCOL", "none"),
                variable("LC_ALL", "C"),
            ],
            input,
            output_bytes_max: bytes_max,
            time_limit: limits::survey::GIT_TIME,
        };
        let helped = helper::run(helper).await.inspect_err(|error| tracing::debug!("git: {error}")).ok()?;
        if helped.finish != Finish::Success {
            tracing::debug!("git in {worktree}: {:?}", helped.finish);
        }
        Some(helped.output)
    }
}

/// The bytes of this length that the work tree has of a content: itself, or with CRLF line ends.
fn with_len(bytes: &Arc<[u8]>, len: u64) -> Option<Arc<[u8]>> {
    if bytes.len() as u64 == len {
        return Some(bytes.clone());
    }
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    // Git leaves a text alone that has a carriage return already, and what is no text.
    if (bytes.len() + lines) as u64 != len || bytes.iter().any(|byte| matches!(byte, b'\r' | 0)) {
        return None;
    }
    let mut converted = Vec::with_capacity(bytes.len() + lines);
    for byte in bytes.iter() {
        if *byte == b'\n' {
            converted.push(b'\r');
        }
        converted.push(*byte);
    }
    Some(converted.into())
}

/// The first answer of what git printed, if it is whole, and what follows it.
fn answer(output: &[u8]) -> Option<(Answer, &[u8])> {
    let end = output.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = (&output[..end], &output[end + 1..]);
    // `<object> <kind> <length>`; else the name as asked, and what is wrong with it.
    let head = String::from_utf8_lossy(head);
    let mut words = head.split(' ');
    let object = words.next().unwrap_or_default();
    let (Some(kind), Some(Ok(len)), None) =
        (words.next(), words.next().map(str::parse::<usize>), words.next())
    else {
        return Some((Answer::Missing, rest));
    };
    if object.is_empty() || !object.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some((Answer::Missing, rest));
    }
    let (content, behind) = rest.split_at_checked(len)?;
    let behind = behind.strip_prefix(b"\n")?;
    Some((if kind == "blob" { Answer::Blob(content.into()) } else { Answer::Other }, behind))
}
