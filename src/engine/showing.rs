//! What of the user's files may be shown to a model, beside what a call was granted.

use super::event::{Block, Event, Level};
use super::media::Given;
use super::parts::Parts;
use super::ruling::InForce;
use crate::path::AbsPath;
use crate::policy::Action;
use crate::workspace::{self, Files};

/// Whether what a granted search found in a file may be shown: the file may be read without a question, or
/// nothing speaks against what was granted with its folder. Looks at lists on the disk, so it blocks.
pub(super) fn may_be_found(parts: &Parts, searched: &AbsPath, file: &AbsPath) -> bool {
    let roots = parts.files.roots();
    let inside = roots.iter().any(|root| file.starts_with(root));
    // A search of one secret file alone was asked as what it is.
    let said = match file == searched {
        true => parts.rules.said_of_reading(file, roots),
        false => parts.rules.reading(file, roots),
    };
    let readable = match said {
        Some(Action::Allow) => true,
        Some(Action::Ask | Action::Deny) => false,
        None => inside || file.starts_with(searched),
    };
    readable && parts.files.kept_back(file).is_none()
}

/// Why a model that may write a file is not told what stands there; none where it may be told.
pub(super) fn why_not_told(parts: &Parts, file: &AbsPath) -> Option<String> {
    let roots = parts.files.roots();
    if parts.rules.said_of_reading(file, roots) == Some(Action::Deny) {
        return Some("a rule forbids to read it".into());
    }
    if let Some(why) = parts.files.kept_back(file) {
        return Some(why);
    }
    let unasked = parts.files.views().of(file).is_none() && parts.rules.keeps_secret(file, roots).is_some();
    unasked.then(|| "it is a secret file, which was not read".into())
}

/// What a command names that is kept from models or a secret file, in words for the user. It sees plain words
/// only; what a command makes up as it runs it cannot see.
pub(super) async fn named(parts: &Parts, command: &str, cwd: &AbsPath) -> Option<String> {
    let part_of_a_name = |letter: char| letter.is_alphanumeric() || "._-/+@%~,".contains(letter);
    let words = command.split(|letter| !part_of_a_name(letter)).filter(|word| !word.is_empty());
    let files: Vec<AbsPath> = words.filter_map(|word| cwd.join(word).ok()).collect();
    let (all, roots) = (parts.files.clone(), parts.files.roots().to_vec());
    let rules = parts.rules.clone();
    let look = move || {
        files.into_iter().find_map(|file| {
            let file = workspace::real_path(&file).unwrap_or(file);
            let secret = || rules.keeps_secret(&file, &roots).map(|holds| format!("such files hold {holds}"));
            // Many words look like such names and are none: `process.env`.
            let why = all.kept_back(&file).or_else(secret).filter(|_| !workspace::is_gone(&file))?;
            Some(format!("It names `{file}`, which is not for the model: {why}."))
        })
    };
    parts.tasks.spawn_blocking(look).await.ok().flatten()
}

/// What a client hands over with a prompt, without the text of files that no model may be shown, or none
/// without a question: these are named instead, and the user hears of it.
pub(super) fn handed_over(parts: &Parts, given: Given) -> Given {
    let (place, name) = match &given {
        Given::Block(Block::Resource { uri, .. }) => (uri.clone(), uri.clone()),
        Given::Bytes { name, .. } | Given::Kept { name, .. } => (name.clone(), name.clone()),
        // What the editor shows is looked through file by file when it is put into words.
        Given::Block(
            Block::Text { .. } | Block::Link { .. } | Block::Media { .. } | Block::Around { .. },
        )
        | Given::Around(_) => return given,
    };
    let Some(file) = file_of(parts, &place) else { return given };
    let Some(why) = why_not_given(&parts.files, &parts.rules, &file) else { return given };
    let text =
        format!("{} was not given to the model, only its name: {why}.", file.display_in(parts.files.cwd()));
    if let Err(halted) = parts.recorder.record(Event::Noticed { level: Level::Warning, text }) {
        tracing::warn!("failed to tell of a file that was not given to the model: {halted}");
    }
    Given::Block(Block::Link { uri: place, name })
}

/// Why a file's text does not go to a model without the model's asking to read it; none where it may. Looks at
/// lists on the disk, so it blocks.
pub(super) fn why_not_given(files: &Files, rules: &InForce, file: &AbsPath) -> Option<String> {
    let roots = files.roots();
    if rules.said_of_reading(file, roots) == Some(Action::Deny) {
        return Some("a permission rule forbids to read it".into());
    }
    if let Some(why) = files.kept_back(file) {
        return Some(why);
    }
    let holds = rules.keeps_secret(file, roots)?;
    Some(format!(
        "it is a secret file by its name (such files hold {holds}). The model can ask to read it; a rule \
         for `read` that names this file lets it through"
    ))
}

/// How the address of a file begins.
const FILE: &str = "file://";

/// The file that a client means; none where it means none.
fn file_of(parts: &Parts, place: &str) -> Option<AbsPath> {
    let path = match place.get(..FILE.len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case(FILE) => {
            // What stands behind these signs says where in the file.
            let rest = place[FILE.len()..].split(['#', '?']).next()?;
            format!("{FILE}{}", rest.strip_prefix("localhost").unwrap_or(rest))
        }
        _ if place.starts_with('/') => place.to_owned(),
        _ => return None,
    };
    parts.files.locate(&path).ok().map(|place| place.path)
}
