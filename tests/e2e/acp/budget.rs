//! The question whether a turn goes on that has used up its budget.

use serde_json::json;

use super::{Machine, calls, chosen};

#[tokio::test]
async fn a_yes_gives_as_much_once_more() {
    let machine = Machine::new();
    let file = machine.write("a.txt", "one\n");
    let folder = machine.file("").join("../home/.config/quillon");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("quillon.jsonc"), r#"{"budget": {"steps": 2}}"#).unwrap();
    let read = |line: u32| {
        let input = json!({ "file_path": file, "offset": line });
        calls("read", &input).lines().take(2).map(|line| format!("{line}\n")).collect::<String>()
    };
    let script: String = (1..=5).map(read).collect();
    let (mut agent, session) = machine.ready(&format!("{script}say end\ndone\n"), json!({})).await;
    let id = agent.client.prompt(&session, "read").await;
    for (option, steps) in [("allow-once", 2), ("reject-once", 4)] {
        let asked = agent.client.asked("session/request_permission").await;
        let said = asked["params"]["toolCall"].to_string();
        assert!(said.contains(&format!("{steps} requests to the model")), "{said}");
        agent.client.answer(&asked, chosen(option)).await;
    }
    assert_eq!(agent.client.answered(id).await.unwrap()["stopReason"], "max_turn_requests");
    agent.leave().await;
}
