//! Edits of files that are open in an editor, which may say no, lie, or be typed in meanwhile.

use super::*;
use crate::text::Hash;

/// Which edits the client can be asked for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Speaks {
    Agent,
    Lsp,
}

pub(super) const TEXT: &str = "öne\ntwo\nthree\nfour\n";

/// A client that has `a.txt` open, with other text than the disk has.
pub(super) struct Editor {
    pub(super) client: Client,
    pub(super) speaks: Speaks,
    pub(super) file: String,
    pub(super) version: i32,
}

impl Editor {
    /// A turn in which the model reads the file and wants `two` to be `2`; the user said yes to it.
    pub(super) async fn asked(speaks: Speaks) -> Self {
        let input = json!({"file_path": "a.txt", "old_string": "two", "new_string": "2"});
        let script = vec![calls("read", json!({"file_path": "a.txt"})), calls("edit", input), says("Done.")];
        let mut client = Client::new(script);
        let agent = json!({"version": 1, "buffers": {"apply": speaks == Speaks::Agent}});
        client.initialize(json!({"experimental": {"agent": agent}})).await;
        let file = client.uri("a.txt");
        #[allow(clippy::disallowed_methods, reason = "makes the file that is open")]
        std::fs::write(client.path("a.txt").as_path(), "on the disk\n").unwrap();
        let document = json!({"uri": file, "languageId": "text", "version": 3, "text": TEXT});
        client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
        client.session().await;
        client.prompt("p1").await;
        let mut editor = Self { client, speaks, file, version: 3 };
        editor.allow().await;
        editor
    }

    /// Says yes to the question, which shows the edit.
    pub(super) async fn allow(&mut self) {
        let asked = self.client.event("asked").await;
        let question = &asked["event"]["question"];
        assert!(
            question["subject"]["files"][0]["diff"].as_str().unwrap().contains("-two\n+2\n"),
            "{question}"
        );
        assert_eq!(question["default"], "no");
        let answer = json!({"sessionId": "s1", "questionId": question["questionId"], "choice": "once"});
        assert_eq!(
            self.client.ask("agent/answer", answer.clone()).await["result"],
            json!({"accepted": true})
        );
        let late = self.client.ask("agent/answer", answer).await;
        let by = json!({"accepted": false, "answeredBy": {"kind": "user", "name": "editor"}});
        assert_eq!(late["result"], by);
    }

    /// The next edit that the editor is asked for.
    pub(super) async fn apply(&mut self) -> Value {
        self.client.until(|message| message.get("method").is_some() && message.get("id").is_some()).await
    }

    pub(super) async fn answers(&mut self, apply: &Value, refusal: Option<&str>) {
        let applied = refusal.is_none();
        let result = match self.speaks {
            Speaks::Agent => json!({"files": [{"uri": self.file, "applied": applied, "error": refusal}]}),
            Speaks::Lsp => json!({"applied": applied, "failureReason": refusal}),
        };
        self.client.send(json!({"jsonrpc": "2.0", "id": apply["id"], "result": result})).await;
    }

    /// The edit is applied, and the editor has this text behind it.
    async fn has(&mut self, apply: &Value, text: &str) {
        let hash = Hash::of(text.as_bytes()).to_string();
        let file = json!({"uri": self.file, "applied": true, "version": self.version + 1, "hash": hash});
        let result = json!({"files": [file]});
        self.client.send(json!({"jsonrpc": "2.0", "id": apply["id"], "result": result})).await;
    }

    /// The text changes: these characters of a line become others.
    pub(super) async fn changes(&mut self, line: u32, characters: std::ops::Range<u32>, text: &str) {
        self.version += 1;
        let place = |character| json!({"line": line, "character": character});
        let range = json!({"start": place(characters.start), "end": place(characters.end)});
        let document = json!({"uri": self.file, "version": self.version});
        let change = json!({"textDocument": document, "contentChanges": [{"range": range, "text": text}]});
        self.client.notify("textDocument/didChange", change).await;
    }

    /// How the edit ended: the outcome, and what was said.
    pub(super) async fn ended(&mut self) -> (String, String) {
        let is_the_end = |message: &Value| {
            message["params"]["event"]["callId"] == "c2" && message["params"]["event"]["type"] == "callEnded"
        };
        let ended = self.client.until(is_the_end).await["params"]["event"].clone();
        let text = ended["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        (ended["outcome"].as_str().unwrap().to_owned(), text)
    }
}

#[tokio::test]
async fn an_edit_of_an_open_file_goes_through_the_editor() {
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        let mut editor = Editor::asked(speaks).await;
        let apply = editor.apply().await;
        if speaks == Speaks::Agent {
            assert_eq!(apply["method"], "agent/buffers/apply");
            let edit = &apply["params"]["edits"][0];
            assert_eq!((&edit["version"], &edit["save"]), (&json!(3), &json!(false)));
            assert_eq!(edit["baseHash"], Hash::of(TEXT.as_bytes()).to_string());
            assert_eq!(edit["edits"][0]["range"]["start"]["line"], 1, "{edit}");
        } else {
            assert_eq!(apply["method"], "workspace/applyEdit");
        }
        editor.answers(&apply, None).await;
        editor.changes(1, 0..3, "2").await;
        let (outcome, text) = editor.ended().await;
        assert!(outcome == "done" && !text.contains("Note"), "{outcome}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_the_editor_refuses_fails() {
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        let mut editor = Editor::asked(speaks).await;
        let apply = editor.apply().await;
        editor.answers(&apply, Some("locked")).await;
        let (outcome, text) = editor.ended().await;
        assert_eq!(outcome, "failed");
        assert!(text.contains("locked") && text.ends_with("all files are as they were"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn applied_is_not_believed_without_the_change() {
    let mut editor = Editor::asked(Speaks::Agent).await;
    let apply = editor.apply().await;
    editor.answers(&apply, None).await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "failed");
    assert!(text.contains("a.txt was changed is not known"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn of_an_editor_that_does_not_answer_nothing_is_claimed() {
    let mut editor = Editor::asked(Speaks::Lsp).await;
    let _unanswered = editor.apply().await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "failed");
    assert!(text.contains("no answer") && text.contains("is not known: read it again"), "{text}");
    assert!(!text.contains("as they were"), "{text}");
}

#[tokio::test]
async fn what_was_typed_just_before_is_waited_for_and_kept() {
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        let mut editor = Editor::asked(speaks).await;
        let apply = editor.apply().await;
        editor.answers(&apply, Some("the buffer was changed since")).await;
        editor.changes(3, 4..4, "teen").await;
        let again = editor.apply().await;
        let edits = match speaks {
            Speaks::Agent => &again["params"]["edits"][0]["edits"],
            Speaks::Lsp => &again["params"]["edit"]["changes"][&editor.file],
        };
        assert_eq!(edits[0]["range"]["start"], json!({"line": 1, "character": 0}), "{again}");
        if speaks == Speaks::Agent {
            assert_eq!(again["params"]["edits"][0]["version"], 4);
        }
        editor.answers(&again, None).await;
        editor.changes(1, 0..3, "2").await;
        let (outcome, text) = editor.ended().await;
        assert_eq!(outcome, "done", "{text}");
        assert!(text.contains("Note: a.txt had changed") && text.contains("-four\n+fourteen"), "{text}");
    }
}

#[tokio::test]
async fn what_was_typed_in_the_same_place_stays_and_the_edit_is_refused_with_it() {
    let mut editor = Editor::asked(Speaks::Agent).await;
    let apply = editor.apply().await;
    editor.answers(&apply, Some("the buffer was changed since")).await;
    editor.changes(1, 3..3, "fold").await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "failed");
    assert!(text.contains("1\töne\n2\ttwofold\n3\tthree\n"), "{text}");
}

#[tokio::test]
async fn what_is_typed_right_after_is_no_fault() {
    // In another place, one notification has both.
    let mut editor = Editor::asked(Speaks::Lsp).await;
    let apply = editor.apply().await;
    editor.answers(&apply, None).await;
    let document = json!({"uri": editor.file, "version": 4});
    let text = json!({"text": TEXT.replace("two", "2").replace("four", "four!")});
    let change = json!({"textDocument": document, "contentChanges": [text]});
    editor.client.notify("textDocument/didChange", change).await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "done", "{text}");

    // In the same place, where the editor says what it had before that.
    let mut editor = Editor::asked(Speaks::Agent).await;
    let apply = editor.apply().await;
    editor.has(&apply, &TEXT.replace("two", "2")).await;
    editor.changes(1, 0..3, "2, or so").await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "done", "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_not_done_where_the_editor_has_another_text_than_it_told_of() {
    let mut editor = Editor::asked(Speaks::Agent).await;
    let apply = editor.apply().await;
    editor.has(&apply, &TEXT.replace("three", "2")).await;
    editor.changes(1, 0..3, "2").await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "failed", "{text}");
    assert!(text.contains("its text is another one") && text.contains("read it again"), "{text}");
}

#[tokio::test]
async fn what_the_editor_formats_as_it_saves_is_no_fault() {
    let mut editor = Editor::asked(Speaks::Agent).await;
    let apply = editor.apply().await;
    editor.has(&apply, &TEXT.replace("two", "2").replace("four", "4")).await;
    editor.changes(1, 0..3, "2").await;
    editor.changes(3, 0..4, "4").await;
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "done", "{text}");
}

#[tokio::test]
async fn an_edit_behind_a_lone_cr_is_asked_for_where_editors_have_that_line() {
    const TEXT: &str = "p\rq\nb\nc\n";
    let input = json!({"file_path": "a.txt", "old_string": "b", "new_string": "B"});
    for speaks in [Speaks::Agent, Speaks::Lsp] {
        let script =
            vec![calls("read", json!({"file_path": "a.txt"})), calls("edit", input.clone()), says("Done.")];
        let mut client = Client::new(script);
        let agent = json!({"version": 1, "buffers": {"apply": speaks == Speaks::Agent}});
        client.initialize(json!({"experimental": {"agent": agent}})).await;
        let file = client.uri("a.txt");
        let document = json!({"uri": file, "languageId": "text", "version": 3, "text": TEXT});
        client.notify("textDocument/didOpen", json!({"textDocument": document})).await;
        put(&client, "a.txt", TEXT);
        client.session().await;
        client.prompt("p1").await;
        let asked = client.event("asked").await;
        let once = json!({"sessionId": "s1", "questionId": asked["event"]["question"]["questionId"], "choice": "once"});
        client.ask("agent/answer", once).await;
        let mut editor = Editor { client, speaks, file, version: 3 };
        let apply = editor.apply().await;
        let edits = match speaks {
            Speaks::Agent => &apply["params"]["edits"][0]["edits"],
            Speaks::Lsp => &apply["params"]["edit"]["changes"][&editor.file],
        };
        assert_eq!(edits[0]["range"]["start"], json!({"line": 1, "character": 0}), "{apply}");
        match speaks {
            Speaks::Agent => editor.has(&apply, &TEXT.replace('b', "B")).await,
            Speaks::Lsp => editor.answers(&apply, None).await,
        }
        editor.changes(1, 0..1, "B").await;
        let (outcome, text) = editor.ended().await;
        assert_eq!(outcome, "done", "{text}");
    }
}

#[tokio::test]
async fn somebody_who_types_without_a_pause_ends_the_tries() {
    let mut editor = Editor::asked(Speaks::Agent).await;
    for _ in 0..=limits::CHANGED_ROUNDS_MAX {
        let apply = editor.apply().await;
        editor.answers(&apply, Some("the buffer was changed since")).await;
        editor.changes(3, 0..0, "x").await;
    }
    let (outcome, text) = editor.ended().await;
    assert_eq!(outcome, "failed");
    assert!(text.contains("went on changing") && text.contains("nothing was written"), "{text}");
}

#[allow(clippy::disallowed_methods, reason = "writes a file as another program does")]
pub(super) fn put(client: &Client, name: &str, text: &str) {
    std::fs::write(client.path(name).as_path(), text).unwrap();
}
