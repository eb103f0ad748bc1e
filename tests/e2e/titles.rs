//! Titles by a small model: asked for beside the first turn, kept as what they are, and only where one is set.

use std::path::Path;

use serde_json::{Value, json};

use super::loopback::{Answer, Loopback};
use super::program::{quillon, words};
use super::sent::answer;

fn says(text: &str) -> Answer {
    answer(text, &[], (30, 5))
}

/// A call that ends once a file in the state folder matches this, which must not match itself: the call is kept there.
fn waits_for(pattern: &str, state: &Path) -> Answer {
    let command = format!("until grep -rqs '{pattern}' '{}'; do sleep 0.02; done", state.display());
    answer("", &[("bash", json!({"command": command}))], (0, 0))
}

async fn run(work: &Path, state: &Path, arguments: &[&str]) -> String {
    let mut command = quillon(work, state);
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (said, noted) = words(&output);
    assert!(output.status.success(), "{arguments:?}: {said}{noted}");
    said
}

/// The settings: one server for the conversation, another one for titles.
fn settings(state: &Path, large: &Loopback, small: &Loopback) {
    let settings = json!({
        "model": "large/m", "small_model": "small/t",
        "providers": {
            "large": {"base_url": large.url("/v1"), "api": "chat"},
            "small": {"base_url": small.url("/v1"), "api": "chat"},
        },
    });
    std::fs::write(state.join("quillon.jsonc"), settings.to_string()).unwrap();
}

fn lines(said: &str) -> Vec<Value> {
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_model_names_the_session_once() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut small = Loopback::start(vec![says("\"Greeting in the tests\"\n")]).await;
    // The turn ends after the title has come, as one does that has something to do.
    let waits = waits_for("type\":\"title[d]", state.path());
    let large = Loopback::start(vec![waits, says("Done."), says("Again.")]).await;
    settings(state.path(), &large, &small);
    run(
        work.path(),
        state.path(),
        &["run", "--allow", "bash", "--allow", "external_directory", "please look at the greeting"],
    )
    .await;
    run(work.path(), state.path(), &["run", "-c", "and once more"]).await;

    let asked = small.request().await;
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!((&body["model"], body.get("tools")), (&json!("t"), None), "{body}");
    assert!(body["messages"].to_string().contains("please look at the greeting"), "{body}");
    assert_eq!(small.requests().len(), 0, "it is asked once in a session");
    assert!(run(work.path(), state.path(), &["sessions"]).await.contains("Greeting in the tests"));

    let sent = lines(&run(work.path(), state.path(), &["sent", "--json"]).await);
    let titles: Vec<&Value> = sent.iter().filter(|line| line["wanted"] == "title").collect();
    let [title] = titles[..] else { panic!("{sent:?}") };
    assert_eq!(
        (&title["model"], &title["inputTokens"], &title["answered"]),
        (&json!("small/t"), &json!(30), &json!(true))
    );
    assert_eq!(sent.iter().filter(|line| line["wanted"] == "message").count(), 3, "{sent:?}");
    let stats = run(work.path(), state.path(), &["stats", "--json"]).await;
    assert!(stats.contains("small/t") && stats.contains("large/m"), "{stats}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_model_that_fails_leaves_the_first_words() {
    let (state, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let small = Loopback::start(vec![Answer::json(401, r#"{"error": {"message": "no"}}"#)]).await;
    let waits = waits_for("no title[ ]from", state.path());
    let large = Loopback::start(vec![waits, says("Done.")]).await;
    settings(state.path(), &large, &small);
    run(
        work.path(),
        state.path(),
        &["run", "--allow", "bash", "--allow", "external_directory", "please look"],
    )
    .await;
    assert!(run(work.path(), state.path(), &["sessions"]).await.contains("please look"));
    let sent = run(work.path(), state.path(), &["sent"]).await;
    assert!(sent.contains(", for a title, failed: auth"), "{sent}");
}
