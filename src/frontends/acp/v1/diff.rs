//! A file's change as ACP's diff: whole texts, or the changed region of a large file.

use agent_client_protocol_schema::v1 as acp;

use super::call::text;
use crate::engine::preview::FileChange;
use crate::limits;

/// The change of one file. A text too large for one message is cut to the region that changes, with
/// some lines around it; a region which is still too large, and what is not text, is told in words.
pub fn content(change: &FileChange) -> Vec<acp::ToolCallContent> {
    let (old, new) = (change.old.as_deref(), change.new.as_deref().unwrap_or_default());
    if old.is_some_and(|text| text.contains('\0')) || new.contains('\0') {
        return vec![text(&format!("`{}` holds bytes that are not text; {}", change.path, sizes(old, new)))];
    }
    if old.map_or(0, str::len) + new.len() <= limits::ACP_DIFF_BYTES_MAX {
        return vec![whole(change, old, new)];
    }
    let region = Region::of(old.unwrap_or_default(), new);
    if region.old.len() + region.new.len() <= limits::ACP_DIFF_BYTES_MAX {
        let note = format!("`{}` from line {}; the rest stays as it is", change.path, region.line + 1);
        return vec![whole(change, old.map(|_| region.old), region.new), text(&note)];
    }
    vec![text(&format!("The change of `{}` is too large to be shown: {}", change.path, sizes(old, new)))]
}

fn whole(change: &FileChange, old: Option<&str>, new: &str) -> acp::ToolCallContent {
    acp::Diff::new(change.path.as_path(), new).old_text(old.map(str::to_owned)).into()
}

fn sizes(old: Option<&str>, new: &str) -> String {
    match old {
        Some(old) => format!("{} bytes before, {} after", old.len(), new.len()),
        None => format!("a file of {} bytes", new.len()),
    }
}

/// The lines in which two texts differ, with some equal ones around them.
struct Region<'a> {
    /// The first line of the region, counted from 0.
    line: usize,
    old: &'a str,
    new: &'a str,
}

impl<'a> Region<'a> {
    fn of(old: &'a str, new: &'a str) -> Self {
        let (old_lines, new_lines) = (lines(old), lines(new));
        let shorter = old_lines.len().min(new_lines.len());
        let same = |(left, right): &(&&str, &&str)| left == right;
        let head = old_lines.iter().zip(&new_lines).take_while(same).count();
        let tail = old_lines.iter().rev().zip(new_lines.iter().rev()).take_while(same).count();
        let tail = tail.min(shorter - head);
        let first = head.saturating_sub(limits::DIFF_CONTEXT_LINES);
        let after = tail.saturating_sub(limits::DIFF_CONTEXT_LINES);
        Self {
            line: first,
            old: inner(old, &old_lines, first, after),
            new: inner(new, &new_lines, first, after),
        }
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The text without its first and last lines.
fn inner<'a>(text: &'a str, lines: &[&str], first: usize, last: usize) -> &'a str {
    let before: usize = lines[..first].iter().map(|line| line.len()).sum();
    let after: usize = lines[lines.len() - last..].iter().map(|line| line.len()).sum();
    &text[before..text.len() - after]
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::path::AbsPath;

    fn shown(old: Option<&str>, new: Option<&str>) -> Value {
        let path = AbsPath::new("/w/a").unwrap();
        let change = FileChange { path, old: old.map(Into::into), new: new.map(Into::into) };
        serde_json::to_value(content(&change)).unwrap()
    }

    #[test]
    fn row_54_new_changed_and_removed_files_whole() {
        let diff = |fields: Value| {
            let mut diff = json!({ "type": "diff", "path": "/w/a" });
            fields.as_object().unwrap().iter().for_each(|(key, value)| diff[key] = value.clone());
            json!([diff])
        };
        assert_eq!(shown(None, Some("one")), diff(json!({ "newText": "one" })));
        assert_eq!(shown(Some("one"), Some("two\n")), diff(json!({ "oldText": "one", "newText": "two\n" })));
        assert_eq!(shown(Some("one"), None), diff(json!({ "oldText": "one", "newText": "" })));
        assert_eq!(shown(Some(""), Some("x")), diff(json!({ "oldText": "", "newText": "x" })));
    }

    #[test]
    fn row_54_a_large_file_is_shown_where_it_changes() {
        let line = |number: usize| format!("line {number}\n");
        let old: String = (0..100_000).map(line).collect();
        let new = old.replacen("line 50000\n", "line fifty\nand more\n", 1);
        let shown = shown(Some(&old), Some(&new));
        let around = |middle: &str| {
            format!("line 49997\nline 49998\nline 49999\n{middle}line 50001\nline 50002\nline 50003\n")
        };
        assert_eq!(shown[0]["oldText"], around("line 50000\n"));
        assert_eq!(shown[0]["newText"], around("line fifty\nand more\n"));
        assert!(shown[1]["content"]["text"].as_str().unwrap().contains("from line 49998"), "{}", shown[1]);
    }

    #[test]
    fn row_54_regions_at_the_ends_and_equal_texts() {
        let body = "same\n".repeat(200_000);
        let appended = shown(Some(&body), Some(&format!("{body}last")));
        assert_eq!(appended[0]["newText"], "same\nsame\nsame\nlast");
        let prepended = shown(Some(&body), Some(&format!("first\n{body}")));
        assert_eq!(prepended[0]["newText"], "first\nsame\nsame\nsame\n");
        let cut = shown(Some(&body), Some(&body[5..]));
        assert_eq!(cut[0]["oldText"], "same\nsame\nsame\nsame\n");
        assert_eq!(shown(Some(&body), Some(&body))[0]["newText"], "same\nsame\nsame\n");
    }

    #[test]
    fn row_54_what_cannot_be_drawn_is_told() {
        let told = |old: Option<&str>, new: &str| {
            shown(old, Some(new))[0]["content"]["text"].as_str().unwrap().to_owned()
        };
        assert!(told(Some("a\0b"), "text").contains("not text; 3 bytes before, 4 after"));
        let (old, new) = ("a".repeat(600_000), "b".repeat(700_000));
        assert!(told(Some(&old), &new).contains("too large to be shown: 600000 bytes before, 700000 after"));
    }
}
