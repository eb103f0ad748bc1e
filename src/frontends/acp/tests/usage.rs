//! Row 45: how full the context is, and what was spent.

use serde_json::json;

use super::client::updates;
use super::editor::Editor;
use super::script::{Say, answer};

/// The form: <https://agentclientprotocol.com/protocol/v1/session-usage>.
#[tokio::test]
async fn row_45_what_is_not_known_is_not_told() {
    let says = |text| answer([Say::Text(text), Say::Usage(90, 10)]);
    let mut editor = Editor::ready(["a", "b", "c", "d"].map(says), json!({})).await;
    let session = editor.session().await;
    let mut told = Vec::new();
    for model in ["script", "script", "other", "script"] {
        let params = json!({ "sessionId": session, "configId": "model", "value": model });
        editor.call("session/set_config_option", params).await.unwrap();
        let id = editor.prompt(&session, "go").await;
        let (seen, _) = editor.turn(id).await;
        let usage = updates(&seen).into_iter().find(|update| update["sessionUpdate"] == "usage_update");
        told.push(usage.map(|usage| (usage["size"].clone(), usage.get("cost").cloned())));
    }
    let known = |cost| Some((json!(1_000), cost));
    let dollars = |amount: f64| Some(json!({ "amount": amount, "currency": "USD" }));
    // Of what a model without a price has cost, nobody knows how much it is in all.
    let expected = [known(dollars(0.0011)), known(dollars(0.0022)), None, known(None)];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn row_45_what_was_spent_before_a_client_came_counts() {
    let says = |text| answer([Say::Text(text), Say::Usage(90, 10)]);
    let mut editor = Editor::ready(["a", "b"].map(says), json!({})).await;
    let session = editor.session().await;
    let id = editor.prompt(&session, "go").await;
    editor.turn(id).await.1.unwrap();
    editor.call("session/close", json!({ "sessionId": session })).await.unwrap();
    editor.call("session/resume", json!({ "sessionId": session, "cwd": "/w" })).await.unwrap();
    let id = editor.prompt(&session, "go on").await;
    let (told, _) = editor.turn(id).await;
    let usage = updates(&told).into_iter().find(|update| update["sessionUpdate"] == "usage_update").unwrap();
    assert_eq!(usage["cost"]["amount"], 0.0022);
}
