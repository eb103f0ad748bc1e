//! `--record` keeps what servers answer, and `--model replay:` plays it.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::loopback::{Answer, Loopback};
use super::program::{quillon, words};

const KEY: &str = "sk-marked-key-123";

fn events(chunks: &[Value]) -> Answer {
    let body: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    Answer::events(format!("{body}data: [DONE]\n\n"))
}

/// A refusal that teaches, a busy moment, an edit, words in which a letter is cut in two and the key stands, a break,
/// all of it, and an answer to the note that it should look again.
async fn server() -> Loopback {
    let edit = json!({"file_path": "a.txt", "old_string": "one", "new_string": "two"}).to_string();
    let call = |arguments: &str| json!({"index": 0, "id": "id1", "function": {"name": "edit", "arguments": arguments}});
    let delta = |delta: Value, reason: Value| json!({"model": "m1", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let (first, second) = edit.split_at(9);
    let words = format!("Wörds, and {KEY}.");
    Loopback::start(vec![
        Answer::json(400, &json!({"error": {"message": format!("no stream_options, {KEY}")}}).to_string()),
        Answer::json(503, r#"{"error": {"message": "busy"}}"#).header("retry-after-ms", "1"),
        events(&[
            delta(json!({"content": "I change it.", "tool_calls": [call(first)]}), Value::Null),
            delta(
                json!({"tool_calls": [{"index": 0, "function": {"arguments": second}}]}),
                json!("tool_calls"),
            ),
            json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}),
        ]),
        events(&[delta(json!({"content": words.clone()}), Value::Null)]).broken_off_after(70),
        events(&[delta(json!({"content": words}), json!("stop"))]).cut(3),
        events(&[delta(json!({"content": "It is right."}), json!("stop"))]),
    ])
    .await
}

/// A folder with one file, and the program there.
struct Place {
    work: TempDir,
    state: TempDir,
}

impl Place {
    fn new() -> Self {
        let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(work.path().join("a.txt"), "one\n").unwrap();
        Self { work, state }
    }

    /// Its status, what it said and what it noted.
    async fn says(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = quillon(self.work.path(), self.state.path());
        command.args(arguments).env("QUILLON_API_KEY", KEY);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let (said, noted) = words(&output);
        (output.status.code(), said, noted)
    }

    /// All that happened in its session, without what differs each time.
    async fn transcript(&self) -> Vec<Value> {
        let id = self.says(&["sessions", "list", "--json"]).await.1;
        let id = serde_json::from_str::<Value>(id.lines().next().unwrap()).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let told = self.says(&["sessions", "show", &id, "--json"]).await.1;
        let told = told.replace(&self.work.path().canonicalize().unwrap().display().to_string(), "/w");
        let events = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone());
        // The first fact names the model, which is another one.
        events.filter(|event| event["type"] != "opened" && event["type"] != "briefed").collect()
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A recorded session: where it was made, and the folder of what was recorded.
async fn recorded() -> (Place, std::path::PathBuf) {
    let (place, server) = (Place::new(), server().await);
    let settings = json!({"model": "m1", "provider": {
        "base_url": server.url("/v1?secret=marked-secret"),
        "headers": {"x-api-token": "marked-token", "x-team": "marked-team"},
    }});
    std::fs::write(place.state.path().join("quillon.jsonc"), settings.to_string()).unwrap();
    let folder = place.state.path().join("reels");
    let record = ["run", "--record", folder.to_str().unwrap(), "--mode", "edit", "change it"];
    let (status, said, noted) = place.says(&record).await;
    assert_eq!(status, Some(0), "{said}{noted}");
    (place, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_plays_to_the_same_transcript() {
    let (first, folder) = recorded().await;
    let replay = format!("replay:{}", folder.display());
    let second = Place::new();
    let (status, said, noted) =
        second.says(&["run", "--model", &replay, "--mode", "edit", "change it"]).await;
    assert!(status == Some(0) && said.contains("Wörds"), "{said}{noted}");
    assert_eq!(std::fs::read_to_string(second.work.path().join("a.txt")).unwrap(), "two\n");
    let text = |events: Vec<Value>| serde_json::to_string_pretty(&events).unwrap();
    // The key is hidden in both, by other signs.
    let expected = text(first.transcript().await).replace("(hidden)", &"*".repeat(KEY.len()));
    assert_eq!(text(second.transcript().await), expected);
    assert_eq!(second.says(&["sent"]).await.1, "nothing was sent to any model server\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_a_request_for_nobody_else_and_without_keys() {
    let (_place, folder) = recorded().await;
    let files = files(&folder);
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["0001.jsonl", "0002.jsonl", "0003.jsonl", "0004.jsonl", "0005.jsonl", "0006.jsonl"]);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("marked"), "{text}");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["api"], &lines[0]["model"]), (&json!("chat"), &json!("m1")));
        assert!(lines[0]["body"]["messages"].is_array() && lines[1]["answer"]["status"].is_u64(), "{text}");
        assert!(lines.last().unwrap()["end"].is_array(), "{text}");
    }
    #[cfg(unix)]
    for (path, mode) in files.iter().map(|file| (file.as_path(), 0o600)).chain([(folder.as_path(), 0o700)]) {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{path:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_requests_is_an_error() {
    let (_place, folder) = recorded().await;
    let replay = format!("replay:{}", folder.display());
    let play = async |prompt: &[&str]| {
        let place = Place::new();
        place.says(&[&["run", "--model", &replay, "--mode", "edit"], prompt].concat()).await
    };
    // A prompt of which nothing is asked of a model.
    let first = std::fs::read_to_string(folder.join("0003.jsonl")).unwrap();
    std::fs::write(folder.join("0003.jsonl"), first.replace("tool_calls", "no_calls")).unwrap();
    let (status, _, noted) = play(&["change it"]).await;
    assert!(status == Some(1) && noted.contains("only 3 of the 6 requests recorded in"), "{noted}");
    std::fs::write(folder.join("0003.jsonl"), &first).unwrap();
    std::fs::remove_file(folder.join("0006.jsonl")).unwrap();
    let (status, _, noted) = play(&["change it"]).await;
    assert!(status == Some(1) && noted.contains("has 5 recorded requests, and here is one more"), "{noted}");
    std::fs::write(folder.join("0001.jsonl"), "{}\n").unwrap();
    let (status, _, noted) = play(&["change it"]).await;
    assert!(status == Some(1) && noted.contains("0001.jsonl cannot be played: line 1"), "{noted}");
    let empty = tempfile::tempdir().unwrap();
    let (status, _, noted) = Place::new()
        .says(&["run", "--model", &format!("replay:{}", empty.path().display()), "change it"])
        .await;
    assert!(status == Some(1) && noted.contains("nothing was recorded in"), "{noted}");
}
