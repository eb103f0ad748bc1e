//! `/review`, `/keep`, `/checkpoints` and `/undo`, on files of a real folder.

#![allow(clippy::disallowed_methods, reason = "makes and looks at the files of the test")]

use serde_json::{Value, json};

use super::client::{updates, words};
use super::editor::Editor;
use super::script::{Say, answer};

/// An editor whose agent has changed two files, one in each of two turns.
struct Place {
    editor: Editor,
    session: String,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new(last: impl IntoIterator<Item = Vec<Say>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().canonicalize().unwrap();
        std::fs::write(cwd.join("a.txt"), "one\ntwo\n").unwrap();
        std::fs::write(cwd.join("b c.txt"), "old\n").unwrap();
        let write = |name: &str, base: &str, content: &str| {
            let input = json!({ "path": cwd.join(name), "base": base, "content": content });
            answer([Say::Call("write", input)])
        };
        let end = || answer([Say::Text("end")]);
        let steps =
            vec![write("a.txt", "one\ntwo\n", "one\n2\n"), end(), write("b c.txt", "old\n", "new\n"), end()];
        let mut editor = Editor::ready(steps.into_iter().chain(last), json!({})).await;
        let session = editor.session_in(&cwd.display().to_string()).await;
        let set = json!({ "sessionId": session, "modeId": "edit" });
        editor.call("session/set_mode", set).await.unwrap();
        let mut place = Self { editor, session, folder };
        for words in ["Change a", "Change b"] {
            assert_eq!(place.say(words).await, "end");
        }
        place
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().canonicalize().unwrap().join(name).display().to_string()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Gives a prompt; the words of the answer.
    async fn say(&mut self, prompt: &str) -> String {
        let id = self.editor.prompt(&self.session, prompt).await;
        let (told, answer) = self.editor.turn(id).await;
        assert_eq!(answer, Ok(json!({ "stopReason": "end_turn" })), "{prompt}");
        words(&told, "agent_message_chunk")
    }

    /// Gives a prompt that asks; the question, and the prompt's id.
    async fn asks(&mut self, prompt: &str) -> (Value, i64) {
        let id = self.editor.prompt(&self.session, prompt).await;
        (self.editor.asked("session/request_permission").await, id)
    }

    /// Answers a question; the words that follow, how the call ended, and the answer to the prompt.
    async fn answers(&mut self, asked: &Value, outcome: Value, id: i64) -> (String, String, Value) {
        self.editor.answer(asked, json!({ "outcome": outcome })).await;
        let (told, answer) = self.editor.turn(id).await;
        let call = &asked["params"]["toolCall"]["toolCallId"];
        let last = updates(&told).into_iter().rfind(|update| update["toolCallId"] == *call).unwrap();
        let status = last["status"].as_str().unwrap().to_owned();
        (words(&told, "agent_message_chunk"), status, answer.unwrap()["stopReason"].clone())
    }
}

fn chosen(option: &str) -> Value {
    json!({ "outcome": "selected", "optionId": option })
}

#[tokio::test]
async fn changes_are_listed_and_kept() {
    let mut place = Place::new([]).await;
    let listed = place.say("/review").await;
    let list = "a.txt: modified (+1 −1), 1 hunk\n  1  line 2 (+1 −1): 2\nb c.txt: modified (+1 −1), 1 hunk\n";
    assert!(listed.contains(list), "{listed}");
    assert_eq!(place.say("/keep none.txt").await, "There is nothing to look at in `none.txt`.");
    assert_eq!(place.say("/keep b c.txt").await, "Kept: `b c.txt`");
    assert!(!place.say("/review").await.contains("b c.txt"));
    assert_eq!(place.say("/keep").await, "Kept: `a.txt`");
    assert_eq!(place.say("/review").await, "There is nothing to look at.");
    assert_eq!((place.text("a.txt").as_str(), place.text("b c.txt").as_str()), ("one\n2\n", "new\n"));
}

#[tokio::test]
async fn single_files_and_hunks_are_kept_and_undone() {
    let mut place = Place::new([answer([Say::Text("end")])]).await;
    std::fs::write(place.path("a.txt"), "one\n2\nmine\n").unwrap();
    assert_eq!(place.say("/undo a.txt 2").await, "`a.txt` has no hunk `2` (any more); look again: `/review`");
    assert!(place.say("/undo c.txt").await.contains("nothing to look at in a file of that name"));
    assert_eq!(place.say("/undo a.txt 1").await, "Undone: hunk 1 of `a.txt`\n\n`/undo r1` takes this back.");
    assert_eq!(place.text("a.txt"), "one\ntwo\nmine\n", "what the user wrote beside it stays");
    let (asked, id) = place.asks("/undo r1").await;
    place.answers(&asked, chosen("allow-once"), id).await;
    assert_eq!(place.say("/keep ./a.txt 1").await, "Kept: hunk 1 of `a.txt`");
    assert_eq!(place.text("a.txt"), "one\n2\nmine\n");
    assert_eq!(place.say("/undo b c.txt 1").await, "end", "no command, but words for the model");
    let uri = format!("file://{}", place.path("b%20c.txt"));
    let link = json!({ "type": "resource_link", "uri": uri, "name": "b c.txt" });
    let prompt = json!([{ "type": "text", "text": "/undo " }, link, { "type": "text", "text": " 1" }]);
    let prompt = json!({ "sessionId": place.session, "prompt": prompt });
    let id = place.editor.request("session/prompt", prompt).await;
    let (told, _) = place.editor.turn(id).await;
    let said = words(&told, "agent_message_chunk");
    assert!(said.starts_with("Undone: hunk 1 of `b c.txt`"), "{said}");
    assert_eq!(place.text("b c.txt"), "old\n");
}

#[tokio::test]
async fn a_file_that_was_picked_is_kept() {
    let mut place = Place::new([]).await;
    let uri = format!("file://{}", place.path("b%20c.txt"));
    let link = json!({ "type": "resource_link", "uri": uri, "name": "b c.txt" });
    let prompt = json!([{ "type": "text", "text": "/keep " }, link]);
    let prompt = json!({ "sessionId": place.session, "prompt": prompt });
    let id = place.editor.request("session/prompt", prompt).await;
    let (told, _) = place.editor.turn(id).await;
    assert_eq!(words(&told, "agent_message_chunk"), "Kept: `b c.txt`");
}

#[tokio::test]
async fn the_last_turn_goes_back_on_a_yes_and_comes_back() {
    let mut place = Place::new([]).await;
    let listed = place.say("/checkpoints").await;
    assert!(
        listed.contains("    1 file  Change a\n  2  ") && listed.contains("    1 file  Change b\n"),
        "{listed}"
    );
    let (asked, id) = place.asks("/undo").await;
    let call = &asked["params"]["toolCall"];
    assert_eq!(call["title"], "Files back to before turn 2: Change b");
    let diff =
        json!({ "type": "diff", "path": place.path("b c.txt"), "oldText": "new\n", "newText": "old\n" });
    assert_eq!(call["content"], json!([diff]));
    assert_eq!(call["locations"], json!([{ "path": place.path("b c.txt") }]));
    let options = asked["params"]["options"].as_array().unwrap();
    let kinds: Vec<&Value> = options.iter().map(|option| &option["kind"]).collect();
    assert_eq!(kinds, ["allow_once", "reject_once"]);
    assert_eq!(place.text("b c.txt"), "new\n");
    let (said, status, _) = place.answers(&asked, chosen("allow-once"), id).await;
    assert_eq!(
        (said.as_str(), status.as_str()),
        ("Went back: `b c.txt`\n\n`/undo r1` takes this back.", "completed")
    );
    assert_eq!(place.text("b c.txt"), "old\n");
    // Once more: the turn before.
    let (asked, id) = place.asks("/undo").await;
    assert_eq!(asked["params"]["toolCall"]["title"], "Files back to before turn 1: Change a");
    place.answers(&asked, chosen("reject-once"), id).await;
    let (asked, id) = place.asks("/undo r1").await;
    place.answers(&asked, chosen("allow-once"), id).await;
    assert_eq!(place.text("b c.txt"), "new\n");
}

#[tokio::test]
async fn what_the_user_typed_stays_and_is_said_before() {
    let mut place = Place::new([]).await;
    std::fs::write(place.path("a.txt"), "zero\none\n2!\n").unwrap();
    let (asked, id) = place.asks("/undo 1").await;
    let content = &asked["params"]["toolCall"]["content"];
    assert_eq!(content[0]["path"], place.path("b c.txt"), "{content}");
    assert!(
        content[1]["content"]["text"].as_str().unwrap().contains("you have changed lines of it"),
        "{content}"
    );
    let (said, ..) = place.answers(&asked, chosen("allow-once"), id).await;
    assert!(said.contains("Went back: `b c.txt`") && said.contains("`a.txt`: you have changed"), "{said}");
    assert_eq!(place.text("a.txt"), "zero\none\n2!\n");
}

#[tokio::test]
async fn every_other_answer_changes_nothing() {
    for (outcome, reason) in [
        (chosen("reject-once"), "end_turn"),
        (chosen("allow-always"), "end_turn"),
        (chosen(""), "end_turn"),
        (json!({ "outcome": "cancelled" }), "cancelled"),
    ] {
        let mut place = Place::new([]).await;
        let (asked, id) = place.asks("/undo").await;
        let (_, status, stop) = place.answers(&asked, outcome.clone(), id).await;
        assert_eq!((status.as_str(), stop), ("failed", json!(reason)), "{outcome}");
        assert_eq!(place.text("b c.txt"), "new\n");
    }
}

#[tokio::test]
async fn a_client_that_cancels_without_an_answer_is_answered() {
    let mut place = Place::new([]).await;
    let (_, id) = place.asks("/undo").await;
    place.editor.notify("session/cancel", json!({ "sessionId": place.session })).await;
    assert_eq!(place.editor.answered(id).await, Ok(json!({ "stopReason": "cancelled" })));
    assert_eq!(place.text("b c.txt"), "new\n");
}

#[tokio::test]
async fn files_that_change_while_the_question_stands_stay() {
    let mut place = Place::new([]).await;
    let (asked, id) = place.asks("/undo").await;
    std::fs::write(place.path("b c.txt"), "new\nmine\n").unwrap();
    let (said, status, _) = place.answers(&asked, chosen("allow-once"), id).await;
    assert!(said.starts_with("The files have changed") && status == "failed", "{said}");
    assert_eq!(place.text("b c.txt"), "new\nmine\n");
}

#[tokio::test]
async fn wrong_turns_and_running_ones_are_told() {
    let mut place = Place::new([answer([Say::Text("begun"), Say::Gate("never")])]).await;
    assert_eq!(place.say("/undo 9").await, "There is no turn `9`; `/checkpoints` lists them.");
    assert_eq!(place.say("/undo r9").await, "there is no restore `r9`");
    let running = place.editor.prompt(&place.session, "wait").await;
    place.editor.update("agent_message_chunk").await;
    let id = place.editor.prompt(&place.session, "/undo").await;
    place.editor.answered(id).await.unwrap();
    let said = place.editor.update("agent_message_chunk").await;
    assert_eq!(said["content"]["text"], "A turn is running; stop it first.");
    place.editor.notify("session/cancel", json!({ "sessionId": place.session })).await;
    place.editor.answered(running).await.unwrap();
    assert_eq!(place.text("b c.txt"), "new\n");
}
