//! `quillon models`, `auth` and `doctor` as a user calls them, with a server on loopback in a provider's place.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::json;
use tempfile::TempDir;

use super::program::{quillon, words};

const KEY: &str = "sk-right-key-1";

/// A server with one model, which wants the right key; gives its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut head) = (String::new(), String::new());
            stream.read_line(&mut line).unwrap();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).unwrap();
            let right = head.contains(&format!("authorization: bearer {KEY}\r\n"));
            let path = line.split(' ').nth(1).unwrap_or_default();
            let said =
                json!({"choices": [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": "stop"}]});
            let (status, kind, body) = match path {
                _ if !right => {
                    ("401 No", "application/json", json!({"error": {"message": "bad key"}}).to_string())
                }
                "/v1/models" => {
                    let list = json!({"data": [{"id": "m1", "context_length": 64000}, {"id": "m2"}]});
                    ("200 OK", "application/json", list.to_string())
                }
                "/v1/chat/completions" => {
                    ("200 OK", "text/event-stream", format!("data: {said}\n\ndata: [DONE]\n\n"))
                }
                _ => ("404 Not Found", "text/plain", String::new()),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _gone = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    port
}

/// A user with a provider `work` in the settings.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let settings = json!({"model": "work/m1", "providers": {"work": {
            "base_url": format!("http://127.0.0.1:{}/v1", server()),
            "models": {"m1": {"context_tokens": 128_000, "price": {"input": 1, "output": 2}}},
        }}});
        std::fs::write(home.path().join("quillon.jsonc"), settings.to_string()).unwrap();
        Self(home)
    }

    /// The exit status, and all that was written.
    fn says(&self, arguments: &[&str], typed: &str) -> (i32, String) {
        let mut command = quillon(self.0.path(), self.0.path());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _closed = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let output = child.wait_with_output().unwrap();
        let (said, noted) = words(&output);
        (output.status.code().unwrap(), format!("{said}{noted}"))
    }

    #[track_caller]
    fn check(&self, arguments: &[&str], typed: &str, status: i32, expected: &str) {
        let (was, all) = self.says(arguments, typed);
        assert!(
            was == status && all.contains(expected),
            "{arguments:?}: status {was}, no {expected:?} in\n{all}"
        );
        assert!(!all.contains(KEY), "{all}");
    }
}

#[test]
fn a_key_is_tried_stored_used_and_forgotten() {
    let user = User::new();
    user.check(&["run", "Hi."], "", 1, "no key was sent: store one by `quillon auth login work`");
    user.check(&["auth", "login", "work"], "sk-wrong-key-1\n", 1, "bad key");
    user.check(&["auth", "list"], "", 0, "work             -");
    user.check(&["auth", "login", "work"], &format!("  {KEY} \n"), 0, "the provider takes it");
    user.check(&["auth", "list"], "", 0, "work             stored");
    user.check(&["run", "Hi."], "", 0, "Hello.");
    user.check(&["auth", "logout", "work"], "", 0, "is forgotten");
    user.check(&["auth", "logout", "work"], "", 1, "no key of `work` is stored");
    user.check(&["auth", "login", "work", "--unchecked"], "sk-wrong-key-1\n", 0, "it was not tried");
    user.check(
        &["run", "Hi."],
        "",
        1,
        "is the key right? It was taken from what `quillon auth login work` has stored",
    );
    for typed in ["", "\n", "two words\n"] {
        user.check(&["auth", "login", "work"], typed, 1, "that is no key");
    }
    user.check(
        &["auth", "login", "nobody"],
        "x\n",
        1,
        "no provider `nobody` is known; there are: anthropic,",
    );
}

#[test]
fn models_are_listed_with_what_is_known() {
    let user = User::new();
    user.check(&["models", "work"], "", 1, "bad key");
    user.check(&["models", "nobody"], "", 1, "`providers.nobody.base_url` is not set");
    user.says(&["auth", "login", "work"], KEY);
    let m1 = "work/m1                                      64k tokens, $1 in, $2 out a million  (chosen)\nwork/m2\n";
    user.check(&["models", "work"], "", 0, m1);
    let (status, json) = user.says(&["models", "work", "--json"], "");
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((status, &first["name"], &first["contextTokens"]), (0, &json!("work/m1"), &json!(64000)));
    user.check(&["models", "anthropic", "--offline"], "", 0, "anthropic/claude-opus-4-8 ");
    user.check(&["models", "--offline"], "", 0, "google/gemini-");
}

#[test]
fn doctor_says_what_is_wrong() {
    let user = User::new();
    user.check(&["doctor"], "", 1, "NO    server");
    user.says(&["auth", "login", "work"], KEY);
    user.check(&["doctor"], "", 0, "note  server     it gives the model 64000 tokens, not 128000");
    user.check(&["doctor", "--model", "work/m3"], "", 1, "`m3` is not among them; there are m1, m2");
    user.check(&["doctor", "--model", "demo"], "", 0, "demo, which is not an AI");
    user.check(&["doctor", "--offline"], "", 0, "not asked (--offline)");
    std::fs::write(user.0.path().join("quillon.jsonc"), "{\"model\": \"x\", \"permission\": 7}").unwrap();
    user.check(&["doctor"], "", 1, "NO    settings");
}

#[test]
fn another_model_takes_the_place_of_one_that_cannot_be_reached() {
    let user = User::new();
    user.says(&["auth", "login", "work"], KEY);
    let settings = user.0.path().join("quillon.jsonc");
    let mut fields: serde_json::Value = serde_json::from_slice(&std::fs::read(&settings).unwrap()).unwrap();
    // What fails for good fails at once: no test waits for what may pass.
    let script = "say Half of\nfail quota no money\n";
    std::fs::write(user.0.path().join("script"), script).unwrap();
    user.check(&["run", "--model", "script:script", "Hi."], "", 1, "no money");
    fields["fallback_models"] = json!(["work/m2"]);
    std::fs::write(&settings, fields.to_string()).unwrap();
    let expected = "no money. Going on with `work/m2` in the place of `script:script`.";
    user.check(&["run", "--model", "script:script", "Hi."], "", 0, expected);
    let (_, json) = user.says(&["run", "--json", "--model", "script:script", "Hi."], "");
    let replied = json.lines().find(|line| line.contains("\"type\":\"replied\"")).unwrap();
    assert!(replied.contains("Hello.") && !replied.contains("Half of"), "{replied}");
}

#[test]
fn what_was_used_is_counted_by_model() {
    let user = User::new();
    user.check(&["stats"], "", 0, "no model was asked for anything");
    std::fs::write(
        user.0.path().join("script"),
        "usage 1000 200 500\nsay One.\ndone\nusage 10 2\nsay Two.\ndone\n",
    )
    .unwrap();
    user.says(&["run", "--model", "script:script", "Hi."], "");
    user.says(&["run", "-c", "--model", "script:script", "Hi."], "");
    let row = "script:script                                       2         1010          500          202            -\n";
    user.check(&["stats", "--days", "1", "--here"], "", 0, row);
    user.check(&["stats"], "", 0, "1 sessions, 2 turns");
    let (_, json) = user.says(&["stats", "--json"], "");
    let line: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!((&line["requests"], &line["dollars"]), (&json!(2), &json!(null)));
    // With a price in the settings, of a model of another name.
    let sessions = user.0.path().join("sessions");
    let session =
        std::fs::read_dir(sessions).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let journal = session.unwrap().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap().replace("script:script", "work/m1");
    std::fs::write(&journal, text).unwrap();
    user.check(&["stats"], "", 0, "      $0.0019\n");
    let (_, json) = user.says(&["stats", "--json"], "");
    let line: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    let dollars = line["dollars"].as_f64().unwrap() * 1e6;
    assert_eq!(dollars.round(), 1010.0 + 500.0 + 2.0 * 202.0);
}

/// Each model of the list is tried once in a step, whatever stands twice in it, and one that there is not is named.
#[test]
fn a_list_of_models_comes_to_its_end() {
    let user = User::new();
    for name in ["a", "b"] {
        std::fs::write(user.0.path().join(name), "fail quota no money\n").unwrap();
    }
    let names = ["script:b", "nosuch/q", "script:a", "script:b"];
    let settings = user.0.path().join("quillon.jsonc");
    std::fs::write(&settings, json!({"fallback_models": names}).to_string()).unwrap();
    let (status, told) = user.says(&["run", "--model", "script:a", "Hi."], "");
    assert_eq!(status, 1, "{told}");
    assert_eq!(told.matches("Going on with `script:b`").count(), 1, "{told}");
    assert_eq!(told.matches("Going on with").count(), 1, "{told}");
    assert_eq!(told.matches("`nosuch/q` of `fallback_models` cannot").count(), 1, "{told}");
}
