//! Conversations of a client that knows LSP only: another one begins, and one of before goes on.

use super::*;

impl Client {
    /// Asks, and waits for the answer in the chat that is shown.
    async fn talks(&mut self, words: &str, answer: &str) -> String {
        self.command("ask", json!([words])).await;
        self.chat_with(&format!("{words}\n\n## Quillon\n\n{answer}\n\n## You\n\n")).await
    }

    /// The next document that the editor is to show.
    async fn shown(&mut self) -> String {
        let shown = self.heard("window/showDocument").await;
        self.reply(&shown, json!({"success": true})).await;
        shown["params"]["uri"].as_str().unwrap().to_owned()
    }

    async fn said(&mut self) -> String {
        self.heard("window/showMessage").await["params"]["message"].as_str().unwrap().to_owned()
    }
}

fn chat_of(session: &str) -> String {
    format!("file:///state/chats/{session}.md")
}

#[tokio::test]
async fn another_conversation_begins_and_the_first_goes_on_where_it_was_left() {
    let mut client = Client::plain(vec![says("One."), says("Two."), says("Three.")]).await;
    let first = client.talks("first", "One.").await;
    assert_eq!(client.shown().await, chat_of("s1"));
    client.command("new", json!([])).await;
    assert_eq!(client.shown().await, chat_of("s2"));
    // A conversation in which nothing was said is new enough.
    client.command("new", json!([])).await;
    assert_eq!(client.shown().await, chat_of("s2"));
    let second = client.talks("second", "Two.").await;
    assert!(!second.contains("first"), "{second}");

    client.command("sessions", json!([])).await;
    let asked = client.heard("window/showMessageRequest").await;
    let actions = asked["params"]["actions"].clone();
    assert_eq!(actions, json!([{"title": "1: first"}, {"title": "All of them, as a document"}]));
    client.reply(&asked, actions[0].clone()).await;
    assert_eq!(client.shown().await, chat_of("s1"));
    let third = client.talks("third", "Three.").await;
    assert_eq!(third, format!("{first}third\n\n## Quillon\n\nThree.\n\n## You\n\n"));
    let host_knows = client.journals.journal(&SessionId("s1".into())).facts();
    let prompts =
        host_knows.iter().filter(|fact| matches!(&*fact.event, crate::engine::Event::TurnStarted { .. }));
    assert_eq!(prompts.count(), 2);
}

#[tokio::test]
async fn a_conversation_comes_back_as_it_stood_in_the_chat() {
    let write = calls("write", json!({"file_path": "b.txt", "content": "new\n"}));
    let mut client = Client::plain(vec![write, says("Done."), says("More.")]).await;
    client.command("ask", json!(["go"])).await;
    client.shown().await;
    let question = client.heard("window/showMessageRequest").await;
    client.reply(&question, json!({"title": "Allow once"})).await;
    let chat = client.chat_with("Done.\n\n## You\n\n").await;
    client.command("new", json!([])).await;
    client.shown().await;
    client.command("sessions", json!(["s1"])).await;
    client.shown().await;
    assert_eq!(
        client.talks("more", "More.").await,
        format!("{chat}more\n\n## Quillon\n\nMore.\n\n## You\n\n")
    );
    // What was to be looked at in it still is.
    let hints = client
        .until(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["diagnostics"].as_array().is_some_and(|hints| !hints.is_empty())
        })
        .await;
    assert!(hints["params"]["uri"].as_str().unwrap().ends_with("b.txt"), "{hints}");
}

#[tokio::test]
async fn a_client_without_dialogues_gets_a_document() {
    let mut client = Client::plain(vec![says("One.")]).await;
    client.command("sessions", json!([])).await;
    assert_eq!(client.said().await, "there is no other conversation in this folder");
    client.talks("first\nwords", "One.").await;
    client.shown().await;
    client.command("new", json!([])).await;
    client.shown().await;
    client.command("sessions", json!([])).await;
    let asked = client.heard("window/showMessageRequest").await;
    let unknown = json!({"code": -32601, "message": "unknown"});
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "error": unknown})).await;
    assert_eq!(client.shown().await, "file:///state/chats/sessions.md");
    let list = client.list.borrow().clone();
    assert!(list.contains("\n- `s1` first"), "{list}");
    // Who looks away has chosen nothing.
    client.command("sessions", json!([])).await;
    let asked = client.heard("window/showMessageRequest").await;
    client.reply(&asked, Value::Null).await;
    client.command("sessions", json!(["s9"])).await;
    assert_eq!(client.said().await, "there is no session `s9`");
}

#[tokio::test]
async fn a_turn_is_not_left_alone() {
    let mut client = Client::plain(Vec::new()).await;
    client.command("ask", json!(["go"])).await;
    client.chat_with("## Quillon").await;
    for (command, arguments) in [("new", json!([])), ("sessions", json!(["s2"]))] {
        client.command(command, arguments).await;
        assert!(client.said().await.starts_with("a turn is running"), "{command}");
    }
    client.command("cancel", json!([])).await;
    client.chat_with("## Quillon\n\n## You\n\n").await;
    client.command("new", json!([])).await;
    client.until(|message| message["params"]["uri"] == chat_of("s2")).await;
}
