//! What an editor shows, as the engine knows it.

use quillon_protocol::document::{Range, Uri};
use quillon_protocol::prompt::{ActiveDocument, ContextDiagnostic, EditorContext, SelectedText};

use super::uri;
use crate::engine::{Active, Around, Problem, Selection, Severity};
use crate::limits;
use crate::path::AbsPath;

/// What of a client's context has a file; documents without one are left out.
pub fn around(context: EditorContext) -> Around {
    let EditorContext { active, selection, open, diagnostics } = context;
    let path = |uri: &Uri| -> Option<AbsPath> { uri::path(&uri.0) };
    let active = active.and_then(|ActiveDocument { uri, position, visible }| {
        let visible = visible.as_ref().map(lines);
        Some(Active { path: path(&uri)?, line: position.line.saturating_add(1), visible })
    });
    let selection = selection.and_then(|SelectedText { uri, range, text }| {
        Some(Selection { path: path(&uri)?, lines: lines(&range), text })
    });
    let problem = |ContextDiagnostic { uri, range, severity, message }: ContextDiagnostic| {
        let severity = match severity {
            Some(2) => Severity::Warning,
            Some(3) => Severity::Information,
            Some(4) => Severity::Hint,
            Some(_) | None => Severity::Error,
        };
        Some(Problem { path: path(&uri)?, line: range.start.line.saturating_add(1), severity, message })
    };
    Around {
        active,
        selection: selection.filter(|selection| !selection.text.is_empty()),
        open: open.iter().take(limits::AROUND_ENTRIES_MAX).filter_map(path).collect(),
        problems: diagnostics.into_iter().take(limits::AROUND_ENTRIES_MAX).filter_map(problem).collect(),
    }
}

/// The first and the last line of a range, counted from 1; a line of which nothing is in it does not count.
fn lines(range: &Range) -> (u32, u32) {
    let first = range.start.line.saturating_add(1);
    let last = if range.end.character == 0 { range.end.line } else { range.end.line.saturating_add(1) };
    (first, last.max(first))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_count_from_one_and_documents_without_a_file_are_left_out() {
        let at = |line: u32, character: u32| json!({"line": line, "character": character});
        let context = json!({
            "active": {"uri": "file:///w/a.rs", "position": at(4, 2), "visible": {"start": at(0, 0), "end": at(40, 0)}},
            "selection": {"uri": "file:///w/a.rs", "range": {"start": at(2, 0), "end": at(2, 3)}, "text": "one"},
            "open": ["untitled:1", "file:///w/b%20c"],
            "diagnostics": [
                {"uri": "file:///w/a.rs", "range": {"start": at(9, 0), "end": at(9, 1)}, "message": "bad"},
                {"uri": "git:/x", "range": {"start": at(9, 0), "end": at(9, 1)}, "severity": 2, "message": "bad"},
            ],
        });
        let path = |text: &str| AbsPath::new(text).unwrap();
        let told = around(serde_json::from_value(context).unwrap());
        assert_eq!(told.active, Some(Active { path: path("/w/a.rs"), line: 5, visible: Some((1, 40)) }));
        let selection = told.selection.unwrap();
        assert_eq!((selection.lines, selection.text.as_str()), ((3, 3), "one"));
        assert_eq!(told.open, [path("/w/b c")]);
        let problem =
            Problem { path: path("/w/a.rs"), line: 10, severity: Severity::Error, message: "bad".into() };
        assert_eq!(told.problems, [problem]);
        assert_eq!(around(EditorContext::default()), Around::default());
    }
}
