//! Answers to questions that are over.

use serde_json::json;

use super::{Client, calls, says};
use crate::engine::SessionId;
use crate::limits;

#[tokio::test]
async fn a_late_answer_reads_no_journal() {
    let mut client = Client::begun(vec![calls("bash", json!({"command": "true"})), says("Well.")]).await;
    client.session().await;
    client.prompt("p1").await;
    let question = client.event("asked").await["event"]["question"]["questionId"].clone();
    let answer = json!({"sessionId": "s1", "questionId": question, "choice": "no"});
    assert_eq!(client.ask("agent/answer", answer.clone()).await["result"]["accepted"], true);
    client.event("turnEnded").await;
    // What follows pushes the answer out of memory.
    for number in 0..=limits::RECENT_FACTS_MAX {
        let mode = if number % 2 == 0 { "plan" } else { "edit" };
        let set = json!({"sessionId": "s1", "option": "mode", "value": mode});
        client.ask("agent/config/set", set).await;
    }
    client.journals.journal(&SessionId("s1".into())).break_reading();
    let late = client.ask("agent/answer", answer).await;
    let by = json!({"kind": "user", "name": "test"});
    assert_eq!(late["result"], json!({"accepted": false, "answeredBy": by}), "{late}");
}
