//! Editors that answer falsely, too often or never, and such as close a file during its edit.

use super::edits::{Editor, Speaks, TEXT, put};
use super::*;

/// How an edit ends whose editor answers this, after another text has come (or none), and says no more.
async fn ended_after(speaks: Speaks, changed: Option<&str>, answer: Option<Value>) -> (String, String) {
    let mut editor = Editor::asked(speaks).await;
    let apply = editor.apply().await;
    if let Some(text) = changed {
        let document = json!({"uri": editor.file, "version": 4});
        let change = json!({"textDocument": document, "contentChanges": [{"text": text}]});
        editor.client.notify("textDocument/didChange", change).await;
    }
    if let Some(mut answer) = answer {
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = apply["id"].clone();
        editor.client.send(answer).await;
    }
    editor.ended().await
}

#[tokio::test(start_paused = true)]
async fn an_editor_that_answers_falsely_is_found_out() {
    let wanted = TEXT.replace("two", "2");
    let not_known = "is not known: read it again";
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        let says = |applied: bool| match speaks {
            Speaks::Agent => Some(json!({"result": {"files": [{"uri": "x", "applied": applied}]}})),
            Speaks::Lsp => Some(json!({"result": {"applied": applied}})),
        };
        let check = async |changed: Option<&str>, answer: Option<Value>, outcome: &str, told: &str| {
            let ended = ended_after(speaks, changed, answer.clone()).await;
            assert_eq!(ended.0, outcome, "{changed:?} {answer:?}: {}", ended.1);
            assert!(ended.1.contains(told), "{changed:?} {answer:?}: {}", ended.1);
        };
        // It says that it did it, and did something else, or nothing.
        check(None, says(true), "failed", not_known).await;
        check(Some(&TEXT.replace("two", "II")), says(true), "failed", not_known).await;
        check(Some(""), says(true), "failed", not_known).await;
        // It says that it did not, and did.
        check(Some(&wanted), says(false), "done", "had made this very change").await;
        // It did it, and never answers, or nothing that can be read.
        check(Some(&wanted), None, "failed", not_known).await;
        // What cannot be read is no consent: as if it had not answered, or had said no.
        let outcome = if speaks == Speaks::Agent { "failed" } else { "done" };
        check(Some(&wanted), Some(json!({"result": 17})), outcome, "").await;
        check(None, Some(json!({"result": null})), "failed", "").await;
        check(None, Some(json!({"error": {"code": 1, "message": "no way"}})), "failed", "no way").await;
    }
    // An answer about other files, or none, says nothing of this one.
    let none = Some(json!({"result": {"files": []}}));
    let (outcome, told) = ended_after(Speaks::Agent, Some(&wanted), none).await;
    assert!(outcome == "failed" && told.contains(not_known), "{told}");
}

#[tokio::test]
async fn a_second_answer_counts_for_nothing() {
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        let mut editor = Editor::asked(speaks).await;
        let apply = editor.apply().await;
        editor.answers(&apply, None).await;
        editor.answers(&apply, Some("on second thoughts, no")).await;
        editor.answers(&apply, None).await;
        editor.changes(1, 0..3, "2").await;
        let (outcome, text) = editor.ended().await;
        assert_eq!(outcome, "done", "{text}");
        editor.client.event("turnEnded").await;
    }
}

#[tokio::test]
async fn a_buffer_that_is_closed_while_it_is_edited_gives_way_to_the_disk() {
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        // It is saved and closed before the editor does anything: the edit is made on the disk.
        let mut editor = Editor::asked(speaks).await;
        let apply = editor.apply().await;
        put(&editor.client, "a.txt", TEXT);
        let document = json!({"textDocument": {"uri": editor.file}});
        editor.client.notify("textDocument/didClose", document).await;
        editor.answers(&apply, Some("it is not open")).await;
        let (outcome, text) = editor.ended().await;
        assert_eq!(outcome, "done", "{text}");
        assert_eq!(on_disk(&editor), TEXT.replace("two", "2"));

        // What was typed was thrown away: the edit is refused, and the disk stays.
        let mut editor = Editor::asked(speaks).await;
        let apply = editor.apply().await;
        let document = json!({"textDocument": {"uri": editor.file}});
        editor.client.notify("textDocument/didClose", document).await;
        editor.answers(&apply, Some("it is not open")).await;
        let (outcome, text) = editor.ended().await;
        assert_eq!(outcome, "failed", "{text}");
        assert!(text.contains("nothing was written"), "{text}");
        assert_eq!(on_disk(&editor), "on the disk\n");
    }
}

#[allow(clippy::disallowed_methods, reason = "looks at the file")]
fn on_disk(editor: &Editor) -> String {
    std::fs::read_to_string(editor.client.path("a.txt").as_path()).unwrap()
}
