//! Row 36, images and documents: kept, and shown by their description.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::client::words;
use super::editor::Editor;
use super::script::{Say, answer};

fn end(reason: &str) -> Result<Value, Value> {
    Ok(json!({ "stopReason": reason }))
}

/// A GIF image of one pixel.
const PIXEL: &str = "R0lGODlhAQABAAAAADs=";

#[tokio::test]
async fn row_36_images_and_documents_are_kept_and_shown_by_their_description() {
    let mut editor = Editor::ready([], json!({})).await;
    let session = editor.session().await;
    let picture = "media file:///w/a.gif: GIF image, 1 x 1 pixels, 14 bytes";
    let prompt = json!([
        { "type": "image", "data": PIXEL, "mimeType": "image/png", "uri": "file:///w/a.gif" },
        { "type": "resource", "resource": { "uri": "file:///w/a.gif", "blob": PIXEL } },
        { "type": "image", "data": "AAE=", "mimeType": "image/png" },
        { "type": "resource", "resource": { "uri": "file:///w/b.pdf", "blob": "JVBERi0xLjQK" } },
    ]);
    let ended = editor.call("session/prompt", json!({ "sessionId": session, "prompt": prompt })).await;
    assert_eq!(ended, end("end_turn"));
    let heard = editor.script.heard();
    assert_eq!(heard[..2], [picture, picture]);
    assert!(heard[2].contains("cannot be shown: binary, 2 bytes"), "{heard:?}");
    assert!(heard[3].contains("PDF document; it is damaged"), "{heard:?}");
    editor.call("session/close", json!({ "sessionId": session })).await.unwrap();
    let load = json!({ "sessionId": session, "cwd": "/w", "mcpServers": [] });
    let id = editor.request("session/load", load).await;
    let (told, _) = editor.turn(id).await;
    let shown = words(&told, "user_message_chunk");
    assert!(shown.contains("(file:///w/a.gif: GIF image, 1 x 1 pixels, 14 bytes)"), "{shown}");
}

#[tokio::test]
async fn a_cancel_finds_the_prompt_before_it_whatever_that_hands_over() {
    let mut editor = Editor::ready([answer([Say::Gate("never")])], json!({})).await;
    let session = editor.session().await;
    // Large enough that it is not kept at once.
    let picture = [&b"GIF89a\x01\0\x01\0"[..], &vec![0; 3_000_000], b";"].concat();
    let prompt = json!([{ "type": "image", "data": BASE64.encode(picture), "mimeType": "image/gif" }]);
    let id = editor.request("session/prompt", json!({ "sessionId": session, "prompt": prompt })).await;
    editor.notify("session/cancel", json!({ "sessionId": session })).await;
    assert_eq!(editor.turn(id).await.1, end("cancelled"));
}
