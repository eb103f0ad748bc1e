//! An editor in memory, with the host behind it and a scripted model.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinHandle;

use super::client::{Client, WAIT};
use super::script::{OneModel, Pretend, Say, Script};
use crate::engine::Ruling;
use crate::engine::journal::MemoryJournals;
use crate::engine::model::{Price, Rates};
use crate::engine::{Command, Host, Journals, Level, Mode, SessionId, Shared, Toolbox};
use crate::frontends::acp::{FolderCheck, Known, Options, serve};
use crate::path::AbsPath;
use crate::rpc::Ended;

const RATES: Rates = Rates { input: 10.0, output: 20.0, cache_read: None, cache_write: None };

/// One client and the host behind it.
pub struct Editor {
    pub host: Arc<Host>,
    pub script: Arc<Script>,
    client: Client,
    served: JoinHandle<Ended>,
}

/// A host whose only model plays this script.
pub fn host(script: Option<&Arc<Script>>) -> Arc<Host> {
    host_with(Arc::new(MemoryJournals::default()), script)
}

/// The same with the sessions of these journals.
pub fn host_with(journals: Arc<dyn Journals>, script: Option<&Arc<Script>>) -> Arc<Host> {
    let count = std::sync::atomic::AtomicU64::new(1);
    Host::new(Shared {
        journals,
        models: Arc::new(OneModel(script.cloned())),
        toolbox: Arc::new(Toolbox::new(Pretend::all(script))),
        rules: Arc::new(|_: &AbsPath| Ruling::default()),
        clock: Arc::new(|| "2026-01-02T03:04:05Z".to_owned()),
        ids: Arc::new(move || {
            SessionId(format!("s{}", count.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
        }),
        modes: Arc::new(|_, mode| mode),
        environment: Arc::new(String::new),
        variables: Arc::new(Vec::new),
        outside: None,
        turns: Default::default(),
        instructions: None,
    })
}

fn options() -> Options {
    let look = Arc::new(|path: &AbsPath| match path.to_string().as_str() {
        "/gone" => FolderCheck::Missing,
        "/file" => FolderCheck::NotAFolder,
        _ => FolderCheck::Folder { real: path.clone() },
    });
    Options {
        look_at_folder: look,
        models: Arc::new(|model| match model.0.as_str() {
            "script" => Known { context: Some(1_000), price: Some(Price { rates: RATES, over: None }) },
            _ => Known::default(),
        }),
        model: None,
        mode: Mode::Ask,
        notices: Vec::new(),
    }
}

impl Editor {
    /// Connected, nothing said yet.
    pub fn connect(host: Arc<Host>, script: Arc<Script>) -> Self {
        Self::connect_by(1 << 20, host, script, options())
    }

    /// The same with so much room between the two.
    pub fn with_pipe(host: Arc<Host>, script: Arc<Script>, bytes: usize) -> Self {
        Self::connect_by(bytes, host, script, options())
    }

    /// The same with something to be said about the start.
    pub fn with_notice(host: Arc<Host>, script: Arc<Script>, notice: &str) -> Self {
        let notices = vec![notice.to_owned()];
        Self::connect_by(1 << 20, host, script, Options { notices, ..options() })
    }

    fn connect_by(bytes: usize, host: Arc<Host>, script: Arc<Script>, options: Options) -> Self {
        let (ours, theirs) = tokio::io::duplex(bytes);
        let (input, output) = tokio::io::split(theirs);
        let (from, to) = tokio::io::split(ours);
        #[allow(clippy::disallowed_methods, reason = "the test is what owns this task")]
        let served = tokio::spawn(serve(input, output, host.clone(), options));
        Self { host, script, client: Client::new(from, to), served }
    }

    /// Connected and through `initialize`, with these capabilities.
    pub async fn ready(steps: impl IntoIterator<Item = Vec<Say>>, capabilities: Value) -> Self {
        let script = Script::new(steps);
        Self::ready_on(host(Some(&script)), script, capabilities).await
    }

    /// The same on a host that is there.
    pub async fn ready_on(host: Arc<Host>, script: Arc<Script>, capabilities: Value) -> Self {
        let mut editor = Self::connect(host, script);
        editor.initialize(capabilities).await;
        editor
    }

    /// A new session in `/w`.
    pub async fn session(&mut self) -> String {
        self.session_in("/w").await
    }

    /// A word to the user from elsewhere in the program.
    pub async fn notice(&self, session: &str, text: &str) {
        let session = self.host.get(&SessionId(session.to_owned())).unwrap();
        session.send(Command::Notice { level: Level::Info, text: text.into() }).await.unwrap();
    }

    /// Ends the input; waits for the end of the connection and gives what it still wrote.
    pub async fn hang_up(&mut self) -> (Vec<Value>, Ended) {
        let last = self.client.hang_up().await;
        let ended = tokio::time::timeout(WAIT, &mut self.served).await.expect("the connection does not end");
        (last, ended.unwrap())
    }
}

impl Deref for Editor {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Editor {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}
