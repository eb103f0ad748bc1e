//! `ClientFiles`: the files as the client's editor holds them, by asking it.
//!
//! ACP does not say which files are open. Every text inside the session's folders is asked for; one
//! that the client does not hand out is the disk's. Each request has a deadline, and dies with the
//! turn that waits for it.

use std::io;
use std::sync::OnceLock;

use agent_client_protocol_schema::v1 as acp;
use futures::future::{BoxFuture, join_all};

use super::client::Client;
use super::places::Places;
use crate::engine::SessionId;
use crate::path::AbsPath;
use crate::rpc::RequestError;
use crate::text::{SharedText, Version, endings, ends};
use crate::workspace::{BufferWrite, Buffers, Refusal, Took};

/// What the client's editor holds, for one session.
pub struct ClientFiles {
    client: Client,
    places: Places,
    session: OnceLock<SessionId>,
}

impl ClientFiles {
    /// The files inside these folders. Until the session has its name, all of them are the disk's.
    pub fn new(client: Client, places: Places) -> Self {
        Self { client, places, session: OnceLock::new() }
    }

    /// Names the session that asks.
    pub fn name(&self, session: &SessionId) {
        let _same_session = self.session.set(session.clone());
    }

    /// A file's text in the client; none where it does not hand out one.
    async fn text(&self, path: &AbsPath) -> Option<io::Result<String>> {
        let session = self.session.get()?;
        let path = self.places.inside(path)?;
        let request = acp::ReadTextFileRequest::new(session.0.clone(), path.as_path());
        match self.client.read_text_file(&request).await {
            Ok(response) => Some(Ok(response.content)),
            Err(RequestError::Failed(error)) => {
                tracing::debug!("the client does not hand out {path}: {error}");
                None
            }
            Err(error) => Some(Err(failed(&error))),
        }
    }

    async fn put(&self, write: &BufferWrite) -> Option<Result<Took, Refusal>> {
        let held = match self.text(&write.path).await? {
            Ok(held) => held,
            // Nothing was asked of it yet.
            Err(error) => return Some(Err(Refusal::No(error.to_string()))),
        };
        if Version::of_text(&held) != write.base {
            return Some(Err(Refusal::Stale));
        }
        let (session, path) = (self.session.get()?, self.places.inside(&write.path)?);
        let text = with_line_ends_of(&held, &write.new);
        let changes = text != held;
        let request = acp::WriteTextFileRequest::new(session.0.clone(), path.as_path(), text.clone());
        if let Err(error) = self.client.write_text_file(&request).await {
            return Some(Err(refusal(&error)));
        }
        // Another text than the wanted one is what a formatter made of it; the one before is not.
        match self.text(&write.path).await {
            Some(Ok(now)) if changes && now == held => Some(Err(Refusal::Unknown(
                "the editor said that it wrote the text, and still has the one before".to_owned(),
            ))),
            Some(Ok(now)) => {
                let (now, wanted) = (view(&now), view(&text));
                let formatted = (now != wanted).then(|| SharedText::from(now));
                Some(Ok(Took { formatted, unsaved: None }))
            }
            Some(Err(_)) | None => Some(Ok(Took::default())),
        }
    }
}

impl Buffers for ClientFiles {
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        Box::pin(async move { self.text(path).await.map(|read| read.map(SharedText::from)) })
    }

    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>> {
        Box::pin(join_all(writes.iter().map(|write| self.put(write))))
    }

    fn keeps_form(&self) -> bool {
        false
    }

    /// ACP does not tell which files are open: searches see the disk.
    fn open(&self) -> Vec<AbsPath> {
        Vec::new()
    }
}

fn failed(error: &RequestError) -> io::Error {
    let kind = match error {
        RequestError::Closed => io::ErrorKind::BrokenPipe,
        RequestError::TimedOut(_) => io::ErrorKind::TimedOut,
        RequestError::Failed(_) | RequestError::Unreadable(_) => io::ErrorKind::Other,
    };
    io::Error::new(kind, format!("the editor: {error}"))
}

/// A client that answers with an error has not written; of one that does not answer nobody knows.
fn refusal(error: &RequestError) -> Refusal {
    let why = failed(error).to_string();
    match error {
        RequestError::Failed(_) => Refusal::No(why),
        RequestError::Closed | RequestError::TimedOut(_) | RequestError::Unreadable(_) => {
            Refusal::Unknown(why)
        }
    }
}

/// A text as versions name it.
fn view(text: &str) -> String {
    ends::lf(ends::unmarked(text)).into_owned()
}

/// The new text with the line ends that the editor works with; where one of them has both kinds, the new
/// one was made with the ends of each line.
fn with_line_ends_of(held: &str, new: &SharedText) -> String {
    if endings::is_mixed(held) || new.has_mixed_ends() {
        return new.to_string();
    }
    let plain = new.replace("\r\n", "\n");
    if held.contains("\r\n") { plain.replace('\n', "\r\n") } else { plain }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::{Value, json};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::task::JoinSet;

    use super::*;
    use crate::rpc::{Call, Connection, Dialect, Handler, Params, Peer, Placement, Reply, Settings};
    use crate::text::Splice;

    struct Nothing;

    impl Handler for Nothing {
        fn placement(&self, _method: &str) -> Placement {
            Placement::Unknown
        }

        async fn notification(&self, _peer: &Peer, _method: &str, _params: Params) {}

        async fn request(self: Arc<Self>, _peer: Peer, call: Call) -> Reply {
            Err(crate::rpc::Error::method_not_found(&call.method))
        }
    }

    /// An editor that holds these files, keeps what is written but to `lying`, and refuses to write `locked`.
    async fn hold(stream: tokio::io::DuplexStream, mut files: HashMap<String, String>) {
        let (from, mut to) = tokio::io::split(stream);
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let message: Value = serde_json::from_str(&line).unwrap();
            let path = message["params"]["path"].as_str().unwrap_or_default().to_owned();
            let error = json!({ "code": -32002, "message": "no such file" });
            let said = match (message["method"].as_str().unwrap(), files.get(&path)) {
                ("fs/read_text_file", Some(text)) => json!({ "result": { "content": text } }),
                ("fs/write_text_file", Some(_)) if !path.ends_with("locked") => {
                    if !path.ends_with("lying") {
                        files.insert(path, message["params"]["content"].as_str().unwrap().to_owned());
                    }
                    json!({ "result": null })
                }
                _ => json!({ "error": error }),
            };
            let mut reply = said;
            (reply["jsonrpc"], reply["id"]) = (json!("2.0"), message["id"].clone());
            to.write_all(format!("{reply}\n").as_bytes()).await.unwrap();
        }
    }

    /// The files of an editor that holds `files`, for a session in `/link`, which is `/real`.
    fn editor(files: &[(&str, &str)]) -> (ClientFiles, JoinSet<()>) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let connection = Connection::new(Settings::new(Dialect::ACP));
        let places = Places::new((AbsPath::new("/link").unwrap(), AbsPath::new("/real").unwrap()));
        let client_files = ClientFiles::new(Client::new(connection.peer()), places);
        client_files.name(&SessionId("s".into()));
        let held = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let mut tasks = JoinSet::new();
        let (input, output) = tokio::io::split(ours);
        tasks.spawn(async move {
            connection.serve(input, output, Arc::new(Nothing)).await;
        });
        tasks.spawn(hold(theirs, held));
        (client_files, tasks)
    }

    fn path(text: &str) -> AbsPath {
        AbsPath::new(text).unwrap()
    }

    fn write(file: &str, old: &str, new: &str) -> BufferWrite {
        let splices = vec![Splice { start: 0, end: old.replace("\r\n", "\n").len(), text: new.to_owned() }];
        let (old, new) = (SharedText::from(old), SharedText::from(new));
        BufferWrite { path: path(file), base: Version::of_text(&old), old, splices, new }
    }

    async fn read(files: &ClientFiles, file: &str) -> Option<String> {
        let path = path(file);
        let read = tokio::time::timeout(Duration::from_secs(20), files.read(&path)).await.unwrap();
        read.map(|read| read.unwrap().to_string())
    }

    #[tokio::test]
    async fn row_64_unsaved_text_is_read_under_the_clients_path() {
        let (files, _tasks) = editor(&[("/link/a", "unsaved")]);
        assert_eq!(read(&files, "/real/a").await.as_deref(), Some("unsaved"));
        assert_eq!(read(&files, "/real/missing").await, None, "what the client does not have is the disk's");
        assert_eq!(read(&files, "/elsewhere/a").await, None, "outside the folders nothing is asked");
    }

    #[tokio::test]
    async fn row_64_a_write_keeps_the_editors_line_ends() {
        let both = "a\r\nb\n";
        let held = [("/link/lf", "a\nb\n"), ("/link/crlf", "a\r\nb\r\n"), ("/link/both", both)];
        let (files, _tasks) = editor(&held);
        let writes = [
            write("/real/lf", "a\nb\n", "a\nB\n"),
            write("/real/crlf", "a\nb\n", "a\nB\n"),
            write("/real/both", both, "a\r\nB\n"),
        ];
        let written = files.write(&writes).await;
        assert!(written.iter().all(|done| matches!(done, Some(Ok(_)))), "{written:?}");
        assert_eq!(read(&files, "/real/lf").await.as_deref(), Some("a\nB\n"));
        assert_eq!(read(&files, "/real/crlf").await.as_deref(), Some("a\r\nB\r\n"));
        assert_eq!(read(&files, "/real/both").await.as_deref(), Some("a\r\nB\n"));
    }

    #[tokio::test]
    async fn row_64_what_was_typed_meanwhile_is_not_overwritten() {
        let (files, _tasks) = editor(&[("/link/a", "typed"), ("/link/locked", "x")]);
        let writes = [
            write("/real/a", "before", "after"),
            write("/real/locked", "x", "y"),
            write("/real/new", "", "n"),
        ];
        let written = files.write(&writes).await;
        assert_eq!(written[0], Some(Err(Refusal::Stale)));
        assert!(matches!(written[1], Some(Err(Refusal::No(_)))), "a refused write is no success");
        assert!(written[2].is_none(), "what the client does not have is the disk's");
        assert_eq!(read(&files, "/real/a").await.as_deref(), Some("typed"));
    }

    #[tokio::test]
    async fn row_64_a_write_that_did_not_happen_is_no_success() {
        let (files, _tasks) = editor(&[("/link/lying", "x"), ("/link/a", "x")]);
        let writes =
            [write("/real/lying", "x", "y"), write("/real/lying", "x", "x"), write("/real/a", "x", "y")];
        let written = files.write(&writes).await;
        assert!(matches!(&written[0], Some(Err(Refusal::Unknown(why))) if why.contains("the one before")));
        assert_eq!(written[1..], [Some(Ok(Took::default())), Some(Ok(Took::default()))]);
    }

    #[tokio::test]
    async fn before_the_session_has_its_name_all_is_the_disks() {
        let connection = Connection::new(Settings::new(Dialect::ACP));
        let places = Places::new((path("/w"), path("/w")));
        let files = ClientFiles::new(Client::new(connection.peer()), places);
        assert_eq!(read(&files, "/w/a").await, None);
    }
}
