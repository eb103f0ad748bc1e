//! A person types into a large open file: messages go in as an editor sends them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quillon::engine::Mode;
use quillon::frontends::editor::{self, NoKeys, Options};
use quillon::path::AbsPath;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::session;

/// Opens a file of this text, types so many characters in its middle, and asks for the end, which is
/// answered behind all of them. Gives how long one character took.
pub async fn typed(text: &str, characters: u32, state: &Path) -> Duration {
    let path = AbsPath::new(state.canonicalize().unwrap()).unwrap();
    let options = Options {
        model: None,
        mode: Mode::Ask,
        started: String::new(),
        state_folder: path.clone(),
        log_file: path,
        write_chat: Arc::new(|_, _| Ok(())),
        parent_gone: Arc::new(|_| false),
        notices: Vec::new(),
        keys: Arc::new(NoKeys),
    };
    let (near, far) = tokio::io::duplex(1024 * 1024);
    let (input, output) = tokio::io::split(far);
    let served =
        tokio::spawn(editor::serve(input, output, session::host(session::no_models(), state), options));
    let (output, mut input) = tokio::io::split(near);
    let mut output = BufReader::new(output);
    let uri = "file:///large.rs";
    let begin = [
        request(1, "initialize", json!({"processId": null, "rootUri": null, "capabilities": {}})),
        notification("initialized", json!({})),
        notification(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "rust", "version": 0, "text": text}}),
        ),
    ];
    input.write_all(begin.concat().as_bytes()).await.unwrap();
    while answer(&mut output).await["id"] != 1 {}
    let line = text.lines().count() / 2;
    let typed: Vec<String> = (0..characters)
        .map(|at| {
            let place = json!({"line": line, "character": at});
            let change = json!({"range": {"start": place, "end": place}, "text": "x"});
            let document = json!({"uri": uri, "version": at + 1});
            notification(
                "textDocument/didChange",
                json!({"textDocument": document, "contentChanges": [change]}),
            )
        })
        .collect();
    // Opening the file is done before the clock starts: this is answered behind it.
    input.write_all(request(2, "agent/none", json!({})).as_bytes()).await.unwrap();
    while answer(&mut output).await["id"] != 2 {}
    let start = Instant::now();
    let all = typed.concat() + &request(3, "shutdown", Value::Null);
    let (written, ()) = tokio::join!(input.write_all(all.as_bytes()), async {
        while answer(&mut output).await["id"] != 3 {}
    });
    written.unwrap();
    let took = start.elapsed();
    input.write_all(notification("exit", Value::Null).as_bytes()).await.unwrap();
    served.await.unwrap();
    took / characters
}

fn request(id: u32, method: &str, params: Value) -> String {
    message(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

fn notification(method: &str, params: Value) -> String {
    message(json!({"jsonrpc": "2.0", "method": method, "params": params}))
}

fn message(mut body: Value) -> String {
    if body["params"].is_null() {
        body.as_object_mut().unwrap().remove("params");
    }
    let body = body.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

async fn answer(output: &mut (impl AsyncBufReadExt + Unpin)) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).await.unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap()
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
