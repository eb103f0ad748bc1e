//! Conversations of before, for a client that knows LSP only: chosen in a dialogue, or read in a document.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Editor;
use super::commands::{Order, SESSIONS};
use super::talk;
use crate::engine::SessionId;
use crate::engine::journal::SessionInfo;
use crate::frontends::convert::uri;
use crate::limits;
use crate::text::clean;

/// LSP's number for a message that informs.
const INFO: u32 = 3;
/// What is chosen to see all.
const ALL: &str = "All of them, as a document";

/// Lets the user choose: what is chosen comes as an order. `present` is the one that goes on already.
pub async fn choose(editor: &Arc<Editor>, present: Option<&SessionId>) -> Result<(), String> {
    let found = list(editor, present).await?;
    let titled: Vec<(String, SessionId)> = found
        .iter()
        .take(limits::SESSIONS_OFFERED_MAX)
        .enumerate()
        .map(|(at, info)| (format!("{}: {}", at + 1, title(info)), info.id.clone()))
        .collect();
    let mut actions: Vec<Value> = titled.iter().map(|(title, _)| json!({ "title": title })).collect();
    actions.push(json!({ "title": ALL }));
    let params = json!({
        "type": INFO, "message": "Which conversation do you want to go on with?", "actions": actions,
    });
    let asking = editor.clone();
    editor.tasks.spawn(editor.over.clone().run_until_cancelled_owned(async move {
        let request = asking.peer.request("window/showMessageRequest", params, limits::DIALOGUE_WAIT);
        let answered: Result<Value, _> = request.await;
        let order = match answered.as_ref().map(|answer| answer["title"].as_str()) {
            Ok(Some(ALL)) | Err(_) => Order::List,
            Ok(Some(chosen)) => match titled.into_iter().find(|(title, _)| title == chosen) {
                Some((_, id)) => Order::Sessions(Some(id)),
                None => return,
            },
            Ok(None) => return,
        };
        if let Err(why) = asking.order(order) {
            tracing::warn!("a conversation is not opened: {why}");
        }
    }));
    Ok(())
}

/// Shows all of them in a document that says how to go on with one.
pub async fn show(editor: &Editor, present: Option<&SessionId>) -> Result<(), String> {
    let mut text = format!(
        "# Conversations\n\nThe command `{SESSIONS}` with an id goes on with that one, `quillon.new` begins \
         another.\n\n"
    );
    for info in list(editor, present).await? {
        let turns = if info.turns == 1 { "1 turn".to_owned() } else { format!("{} turns", info.turns) };
        text.push_str(&format!("- `{}` {} ({turns}, last on {})\n", info.id, title(&info), info.updated));
    }
    let folder = editor.options.state_folder.join("chats").map_err(|error| error.to_string())?;
    let path = folder.join("sessions.md").map_err(|error| error.to_string())?;
    let (write, to) = (editor.options.write_chat.clone(), path.clone());
    let written = tokio::task::spawn_blocking(move || write(&to, &text)).await;
    let written = written.map_err(|_| "the program is ending".to_owned())?;
    written.map_err(|error| format!("failed to write `{path}`: {error}"))?;
    talk::show_document(editor, uri::of(&path).0, format!("Quillon's conversations: {path}"));
    Ok(())
}

/// Those of the client's folder in which something was said, the last one first.
async fn list(editor: &Editor, present: Option<&SessionId>) -> Result<Vec<SessionInfo>, String> {
    let cwd = talk::folder(editor).await?;
    let all = editor.host.list().await.map_err(|error| error.to_string())?;
    let fits = |info: &SessionInfo| info.cwd == cwd && info.turns > 0 && Some(&info.id) != present;
    let mut found: Vec<SessionInfo> = all.into_iter().map(|(info, _)| info).filter(fits).collect();
    found.truncate(limits::LISTED_SESSIONS_MAX);
    if found.is_empty() {
        return Err("there is no other conversation in this folder".to_owned());
    }
    Ok(found)
}

fn title(info: &SessionInfo) -> String {
    clean::one_line(&info.title)
}
