//! Files that are kept from models, whichever way they might get there.

use serde_json::json;

use super::loopback::{Answer, Loopback};
use super::program::{quillon, words};
use super::wire::{Wire, notification};

/// An answer of these words in the form of Chat Completions.
fn said(words: &str) -> Answer {
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": words}, "finish_reason": "stop"}]});
    Answer::events(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_with_a_prompt_and_instructions_that_are_kept_back() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, text) in [
        (".quillonignore", "private.txt\nAGENTS.md\n*.gif\n"),
        ("AGENTS.md", "marked-instructions"),
        (".env", "KEY=marked-key"),
        ("token.env", "KEY=named-key"),
        ("private.txt", "marked-private"),
        ("picture.gif", "GIF89a-marked-picture"),
        ("open.txt", "open-text"),
    ] {
        std::fs::write(work.path().join(name), text).unwrap();
    }
    let mut server = Loopback::start(vec![said("Seen.")]).await;
    let mut command = quillon(work.path(), state.path());
    command
        .env("QUILLON_BASE_URL", server.url("/v1"))
        .env("QUILLON_MODEL", "m")
        .env("QUILLON_ACCEPTS", "images");
    command.args(["run", "--allow", "read:token.env", "look"]);
    for file in ["open.txt", ".env", "private.txt", "picture.gif", "token.env"] {
        command.args(["--file", file]);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (said, noted) = words(&output);
    assert!(output.status.success() && said.contains("Seen."), "{said}{noted}");
    let body = String::from_utf8(server.request().await.body).unwrap();
    assert!(body.contains("open-text") && body.contains("named-key"), "{body}");
    assert!(!body.contains("marked") && !body.contains("data:image"), "{body}");
    // They are named: the model may ask for one.
    assert!(body.contains("/.env") && body.contains("/private.txt"), "{body}");
    for told in [
        ".env was not given to the model, only its name: it is a secret file by its name",
        "private.txt was not given to the model, only its name: the line `private.txt` of .quillonignore",
        "picture.gif was not given to the model",
    ] {
        assert!(noted.contains(told), "no {told:?} in\n{noted}");
    }
    assert!(!noted.contains("token.env was not"), "{noted}");
}

#[tokio::test]
async fn the_text_that_an_editor_has_of_such_a_file() {
    let script = "call grep {\"pattern\": \"marked\"}\ndone\ncall read {\"file_path\": \"a.txt\"}\ndone\n\
                  call edit {\"file_path\": \"a.txt\", \"old_string\": \"x\", \"new_string\": \"y\"}\ndone\n\
                  call write {\"file_path\": \"a.txt\", \"content\": \"y\"}\ndone\nsay over.\ndone\n";
    let mut wire = Wire::ready(script).await;
    let folder = wire.opened("w").await;
    std::fs::write(folder.join(".quillonignore"), "a.txt\n").unwrap();
    std::fs::write(folder.join("b.txt"), "unmarked\n").unwrap();
    let uri = format!("file://{}/a.txt", folder.display());
    let changed =
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "marked-by-hand\n"}]});
    wire.send(&notification("textDocument/didChange", changed)).await;
    let session = wire.turn(&folder).await;
    let of_turn = |kind: &'static str| {
        let session = session.clone();
        move |message: &serde_json::Value| {
            message["params"]["sessionId"] == session && message["params"]["event"]["type"] == kind
        }
    };
    wire.until(of_turn("turnEnded")).await;
    let all: Vec<String> = wire.seen.iter().map(ToString::to_string).collect();
    let all = all.join("\n");
    assert!(all.contains("unmarked") && all.contains("1 files left out") && all.contains("over."), "{all}");
    assert!(!all.contains("marked-by-hand"), "{all}");
    let ended: Vec<_> = wire.seen.iter().filter(|message| of_turn("callEnded")(message)).collect();
    let denied = ended.iter().filter(|message| message.to_string().contains("is kept from you"));
    assert_eq!(denied.count(), 3, "{all}");
}

#[tokio::test]
async fn however_the_address_is_written_that_a_client_hands_over() {
    let mut wire = Wire::ready("say seen.\ndone\n").await;
    let folder = wire.opened("w").await;
    std::fs::write(folder.join(".quillonignore"), "a.txt\n").unwrap();
    let made = wire.ask("agent/session/new", json!({ "cwd": format!("file://{}", folder.display()) })).await;
    let session = made["result"]["session"]["sessionId"].as_str().unwrap().to_owned();
    wire.ask("agent/session/attach", json!({ "sessionId": session })).await;
    let path = folder.display();
    let kept = [
        format!("file://{path}/a.txt"),
        format!("FILE://localhost{path}/a.txt#L1:2"),
        format!("file://{path}/%61.txt?symbol=x"),
        format!("{path}/sub/../a.txt"),
        format!("file://{path}/.env"),
    ];
    let open = [format!("file://{path}/b.txt"), "untitled:a.txt".to_owned()];
    let resource = |uri: &String, text: &str| json!({"type": "resource", "uri": uri, "text": text});
    let content: Vec<_> = kept.iter().map(|uri| resource(uri, "marked")).collect();
    let content = [content, open.iter().map(|uri| resource(uri, "to-be-seen")).collect()].concat();
    wire.ask("agent/prompt", json!({"sessionId": session, "promptId": "p1", "content": content})).await;
    let begun = wire.until(|message| message["params"]["event"]["type"] == "turnStarted").await;
    let blocks = begun["params"]["event"]["content"].as_array().unwrap();
    let kinds: Vec<&str> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["link", "link", "link", "link", "link", "resource", "resource"], "{begun}");
    assert!(!begun.to_string().contains("marked"), "{begun}");
}
