//! Keys that an editor hands over: used at once, written down only where that is wished, and told to nobody.

use std::path::Path;

use serde_json::{Value, json};

use super::loopback::{Answer, Loopback};
use super::sent::answer;
use super::wire::Wire;

const KEY: &str = "sesame-4711";

fn says(text: &str) -> Answer {
    answer(text, &[], (0, 0))
}

/// The files below a folder with this text in them.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).contains(text) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

fn source(told: &Value) -> &Value {
    let providers = told["result"]["providers"].as_array().unwrap();
    &providers.iter().find(|one| one["provider"] == "mine").unwrap()["source"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_handed_over_used_stored_and_forgotten() {
    let mut server = Loopback::start(vec![says("One."), says("Two."), says("Three.")]).await;
    let mut wire = Wire::ready("say never\n").await;
    let folder = wire.opened("w").await;
    let settings = json!({"providers": {"mine": {"base_url": server.url("/v1"), "api": "chat"}}});
    let config = wire.folder.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("quillon.jsonc"), settings.to_string()).unwrap();

    assert_eq!(source(&wire.ask("agent/auth/status", json!({})).await), "none");
    let hand = |store: bool| json!({"provider": "mine", "key": format!(" {KEY}\n"), "store": store});
    assert_eq!(source(&wire.ask("agent/auth/set", hand(false)).await), "handed");
    assert_eq!(files_with(wire.folder.path(), KEY), [""; 0]);

    let cwd = format!("file://{}/", folder.display());
    let new = json!({"cwd": cwd, "config": {"model": "mine/m"}});
    let session = wire.ask("agent/session/new", new).await["result"]["session"]["sessionId"].clone();
    wire.ask("agent/session/attach", json!({"sessionId": session})).await;
    let mut turn = 0;
    let mut keys = Vec::new();
    for then in ["set", "clear", ""] {
        turn += 1;
        let content = json!([{"type": "text", "text": "go"}]);
        let prompt = json!({"sessionId": session, "promptId": format!("p{turn}"), "content": content});
        wire.ask("agent/prompt", prompt).await;
        wire.until(|message| message["params"]["event"]["type"] == "turnEnded").await;
        keys.push(server.request().await.header("authorization").unwrap_or_default().to_owned());
        match then {
            "set" => assert_eq!(source(&wire.ask("agent/auth/set", hand(true)).await), "stored"),
            "clear" => {
                assert_eq!(files_with(wire.folder.path(), KEY), ["keys.json"]);
                assert_eq!(source(&wire.ask("agent/auth/clear", json!({"provider": "mine"})).await), "none");
            }
            _ => {}
        }
    }
    assert_eq!(keys, [format!("Bearer {KEY}"), format!("Bearer {KEY}"), String::new()]);
    assert_eq!(files_with(wire.folder.path(), KEY), [""; 0]);
    assert!(wire.seen.iter().all(|message| !message.to_string().contains(KEY)));
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let mut wire = Wire::ready("say never\n").await;
    for (params, word) in [
        (json!({"provider": "nobody", "key": "k"}), "no provider `nobody` is known"),
        (json!({"provider": "anthropic", "key": " "}), "that is no key"),
        (json!({"provider": "anthropic", "key": "a b"}), "that is no key"),
    ] {
        let error = wire.ask("agent/auth/set", params).await["error"].clone();
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
        assert_eq!(error["data"]["kind"], "valueUnknown", "{error}");
    }
    let error = wire.ask("agent/auth/clear", json!({"provider": "anthropic"})).await["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("no key of `anthropic`"), "{error}");
}
