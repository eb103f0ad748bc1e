//! Answers to questions that are over; images in prompts.

use serde_json::json;

use super::{Client, calls, says};
use crate::engine::SessionId;
use crate::limits;

/// A GIF image of one pixel.
const PIXEL: &str = "R0lGODlhAQABAAAAADs=";

#[tokio::test]
async fn a_late_answer_reads_no_journal() {
    let mut client = Client::begun(vec![calls("bash", json!({"command": "sleep 0"})), says("Well.")]).await;
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

#[tokio::test]
async fn an_image_is_told_by_its_name_and_can_be_given_again() {
    let mut client = Client::begun(vec![says("Seen."), says("Again.")]).await;
    client.session().await;
    let prompt = |id: &str, content| json!({"sessionId": "s1", "promptId": id, "content": [content]});
    let given = json!({"type": "media", "name": "a.gif", "data": PIXEL});
    assert_eq!(client.ask("agent/prompt", prompt("p1", given)).await["result"]["state"], "started");
    let told = client.event("turnStarted").await["event"]["content"][0].clone();
    assert_eq!(
        (&told["type"], &told["name"], &told["description"], &told["data"]),
        (&json!("media"), &json!("a.gif"), &json!("a.gif: GIF image, 1 x 1 pixels, 14 bytes"), &json!(null))
    );
    let wanted = json!({"sessionId": "s1", "contentId": told["contentId"], "length": 6});
    let piece = client.ask("agent/content", wanted).await["result"].clone();
    assert_eq!(piece, json!({"base64": "R0lGODlh", "next": 6, "size": 14}));
    client.event("turnEnded").await;
    assert_eq!(client.ask("agent/prompt", prompt("p2", told.clone())).await["result"]["state"], "started");
    assert_eq!(client.event("turnStarted").await["event"]["content"][0], told);
    client.event("turnEnded").await;
    for (block, word) in [
        (json!({"type": "media", "name": "b"}), "neither `data` nor"),
        (json!({"type": "media", "name": "b", "data": "%"}), "not base64"),
        (json!({"type": "smell"}), "no block of type `smell`"),
    ] {
        let error = client.ask("agent/prompt", prompt("p3", block)).await["error"].clone();
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
    }
    let unknown = json!({"sessionId": "s1", "contentId": "0".repeat(64)});
    assert_eq!(client.ask("agent/content", unknown).await["error"]["data"]["kind"], "contentUnknown");
}
