//! A client of the protocol over any two streams: it sends what a test says and reads everything that
//! comes back, which must be one line of JSON each, fit the schema and come at its time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};

use super::schema;

/// No test waits longer for a message.
pub const WAIT: Duration = Duration::from_secs(20);

/// One client.
pub struct Client {
    to: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    from: Lines<BufReader<Box<dyn AsyncRead + Send + Unpin>>>,
    last_id: i64,
    /// Which method each request called.
    methods: HashMap<String, String>,
    /// What was read and not asked for yet.
    unread: VecDeque<Value>,
    /// Requests during which a session's words and calls may be shown, and that are not answered.
    telling: HashSet<String>,
    /// Whether others drive a session that this client watches.
    pub watches: bool,
}

impl Client {
    /// A client that has said nothing yet.
    pub fn new(
        from: impl AsyncRead + Send + Unpin + 'static,
        to: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let from: Box<dyn AsyncRead + Send + Unpin> = Box::new(from);
        Self {
            to: Some(Box::new(to)),
            from: BufReader::new(from).lines(),
            last_id: 0,
            methods: HashMap::new(),
            unread: VecDeque::new(),
            telling: HashSet::new(),
            watches: false,
        }
    }

    /// Through `initialize`, with these capabilities.
    pub async fn initialize(&mut self, capabilities: Value) -> Value {
        let params = json!({ "protocolVersion": 1, "clientCapabilities": capabilities });
        self.call("initialize", params).await.unwrap()
    }

    /// A new session in this folder; what is announced after its answer is read.
    pub async fn session_in(&mut self, cwd: &str) -> String {
        let made = self.call("session/new", json!({ "cwd": cwd, "mcpServers": [] })).await.unwrap();
        self.update("available_commands_update").await;
        made["sessionId"].as_str().unwrap().to_owned()
    }

    /// Writes bytes.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.to.as_mut().unwrap().write_all(bytes).await.unwrap();
    }

    /// Sends a message as it is.
    pub async fn send(&mut self, message: Value) {
        if let (Some(id), Some(method)) = (message.get("id"), message["method"].as_str()) {
            self.sent(id, method);
        }
        self.write(format!("{message}\n").as_bytes()).await;
    }

    /// Names what answers to requests that are written as bytes will answer; ids as JSON or words.
    pub fn methods<const N: usize>(&mut self, sent: [(&str, &str); N]) {
        for (id, method) in sent {
            let id = id.parse::<i64>().map_or(json!(id), |number| json!(number));
            self.sent(&id, method);
        }
    }

    fn sent(&mut self, id: &Value, method: &str) {
        self.methods.insert(id.to_string(), method.to_owned());
        if ["session/prompt", "session/load"].contains(&method) {
            self.telling.insert(id.to_string());
        }
    }

    /// Sends a notification.
    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Sends a request; its id.
    pub async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        id
    }

    /// Sends a prompt of one text; its id.
    pub async fn prompt(&mut self, session: &str, text: &str) -> i64 {
        let prompt = json!([{ "type": "text", "text": text }]);
        self.request("session/prompt", json!({ "sessionId": session, "prompt": prompt })).await
    }

    /// Answers a request of the agent.
    pub async fn answer(&mut self, request: &Value, result: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })).await;
    }

    /// Sends a request and waits for its answer; what came before it stays unread.
    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.request(method, params).await;
        self.answered(id).await
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        match self.unread.pop_front() {
            Some(message) => message,
            None => self.read().await.expect("the agent has ended"),
        }
    }

    /// The answer to a request; what came before it stays unread.
    pub async fn answered(&mut self, id: i64) -> Result<Value, Value> {
        let (_, answer) = self.until_answered(id).await;
        answer
    }

    /// The answer to a request, and all that came before it, which is read by this.
    pub async fn turn(&mut self, id: i64) -> (Vec<Value>, Result<Value, Value>) {
        let (before, answer) = self.until_answered(id).await;
        let before: Vec<Value> = self.unread.drain(..before).collect();
        (before, answer)
    }

    /// The next request of the agent; what came before it stays unread.
    pub async fn asked(&mut self, method: &str) -> Value {
        self.take(|message| message["method"] == method && message.get("id").is_some()).await
    }

    /// The next update of that kind; what came before it stays unread.
    pub async fn update(&mut self, kind: &str) -> Value {
        let message = self.take(|message| message["params"]["update"]["sessionUpdate"] == kind).await;
        message["params"]["update"].clone()
    }

    /// The next notification of that method; what came before it stays unread.
    pub async fn told(&mut self, method: &str) -> Value {
        self.take(|message| message["method"] == method && message.get("id").is_none()).await
    }

    /// Forgets what is unread, up to what the answer to a request shows to have been sent.
    pub async fn settle(&mut self) {
        let _error = self.call("session/list", json!({})).await;
        self.unread.clear();
    }

    /// Ends the input and gives all that is still written.
    pub async fn hang_up(&mut self) -> Vec<Value> {
        self.to.take().unwrap().shutdown().await.unwrap();
        self.rest().await
    }

    /// All that is still written, to the end.
    pub async fn rest(&mut self) -> Vec<Value> {
        let mut last: Vec<Value> = self.unread.drain(..).collect();
        while let Some(message) = self.read().await {
            last.push(message);
        }
        last
    }

    async fn take(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&is) {
            return self.unread.remove(at).unwrap();
        }
        loop {
            let message = self.read().await.expect("the agent has ended");
            if is(&message) {
                return message;
            }
            self.unread.push_back(message);
        }
    }

    /// How many messages were read before the answer; they stay unread.
    async fn until_answered(&mut self, id: i64) -> (usize, Result<Value, Value>) {
        let is = |message: &Value| message["id"] == id && message.get("method").is_none();
        let at = self.unread.iter().position(is);
        let (before, message) = match at {
            Some(at) => (at, self.unread.remove(at).unwrap()),
            None => loop {
                let message = self.read().await.expect("the agent has ended");
                if is(&message) {
                    break (self.unread.len(), message);
                }
                self.unread.push_back(message);
            },
        };
        match message.get("error") {
            Some(error) => (before, Err(error.clone())),
            None => (before, Ok(message["result"].clone())),
        }
    }

    /// Reads a message, which must be one line of JSON that fits the schema.
    async fn read(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(WAIT, self.from.next_line()).await;
        let line = line.expect("no message came in time").unwrap()?;
        assert!(line.len() < 1 << 20, "a line of {} bytes", line.len());
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if let Some(schema) = schema::official() {
            let answers = self.methods.get(&message["id"].to_string());
            let faults = schema.faults(&message, answers.map(String::as_str));
            assert!(faults.is_empty(), "{faults:?} in {message}");
        }
        self.check_time(&message);
        Some(message)
    }

    /// Row 52: outside turns and replays only the state of a session is told.
    fn check_time(&mut self, message: &Value) {
        if message.get("method").is_none() {
            self.telling.remove(&message["id"].to_string());
        }
        let Some(kind) = message["params"]["update"]["sessionUpdate"].as_str() else { return };
        let at_any_time = [
            "available_commands_update",
            "current_mode_update",
            "config_option_update",
            "session_info_update",
            "notice",
        ];
        let in_time = !self.telling.is_empty() || self.watches || at_any_time.contains(&kind);
        assert!(in_time, "outside of every turn: {message}");
    }
}

/// The updates among these messages, each by its kind.
pub fn updates(messages: &[Value]) -> Vec<&Value> {
    messages.iter().map(|message| &message["params"]["update"]).filter(|update| !update.is_null()).collect()
}

/// The kinds of these updates, in order.
pub fn kinds(messages: &[Value]) -> Vec<&str> {
    updates(messages).into_iter().map(|update| update["sessionUpdate"].as_str().unwrap()).collect()
}

/// All words of one kind of chunk among these messages.
pub fn words(messages: &[Value], kind: &str) -> String {
    let chunks = updates(messages).into_iter().filter(|update| update["sessionUpdate"] == kind);
    chunks.map(|update| update["content"]["text"].as_str().unwrap_or_default()).collect()
}
