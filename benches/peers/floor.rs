//! A trivial ACP relay on the standard library: the floor of latency and memory, and no agent.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

fn raw<'a>(s: &'a str, key: &str) -> Option<&'a str> {
    // the still-escaped string value after "key":"
    let pat = format!("\"{}\":\"", key);
    let at = s.find(&pat)? + pat.len();
    let b = s.as_bytes();
    let mut i = at;
    while i < b.len() && b[i] != b'"' {
        if b[i] == b'\\' {
            i += 1
        }
        i += 1
    }
    Some(&s[at..i])
}
fn id(s: &str) -> &str {
    let at = s.find("\"id\":").unwrap() + 5;
    let end = s[at..].find(|c| c == ',' || c == '}').unwrap() + at;
    &s[at..end]
}
fn out(s: &str) {
    let mut o = std::io::stdout().lock();
    o.write_all(s.as_bytes()).unwrap();
    o.flush().unwrap();
}
fn esc(s: &str) -> String {
    let mut o = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '"' => o.push_str("\\\""),
            '\\' => o.push_str("\\\\"),
            '\n' => o.push_str("\\n"),
            c => o.push(c),
        }
    }
    o
}
const TOOLS: &str = r#"[{"type":"function","function":{"name":"read_file","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}},{"type":"function","function":{"name":"write_file","parameters":{"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},"required":["path","content"]}}}]"#;

struct Session {
    history: String,
    stream: Option<TcpStream>,
    cancel: Arc<AtomicBool>,
}

fn turn(sid: &str, rid: &str, text: &str, ses: Arc<Mutex<Session>>) {
    let port = std::env::var("FLOOR_PORT").unwrap();
    let (mut hist, cancel) = {
        let s = ses.lock().unwrap();
        s.cancel.store(false, Ordering::SeqCst);
        (s.history.clone(), s.cancel.clone())
    };
    if !hist.is_empty() {
        hist.push(',')
    }
    hist.push_str(&format!(r#"{{"role":"user","content":"{}"}}"#, text));
    let mut stop = "end_turn";
    'turn: loop {
        let body = format!(r#"{{"model":"m","stream":true,"tools":{},"messages":[{}]}}"#, TOOLS, hist);
        let req = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
            body.len(),
            body
        );
        let tcp = {
            let mut s = ses.lock().unwrap();
            if s.stream.is_none() {
                let t = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
                t.set_nodelay(true).unwrap();
                s.stream = Some(t)
            }
            s.stream.as_ref().unwrap().try_clone().unwrap()
        };
        (&tcp).write_all(req.as_bytes()).unwrap();
        let mut r = BufReader::with_capacity(65536, &tcp);
        let (mut line, mut reply, mut calls, mut results) =
            (String::new(), String::new(), String::new(), String::new());
        loop {
            line.clear();
            if r.read_line(&mut line).unwrap_or(0) == 0 {
                break;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut chunk = Vec::new();
        let mut ok = false;
        loop {
            line.clear();
            if r.read_line(&mut line).unwrap_or(0) == 0 {
                break;
            }
            let n = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            chunk.resize(n + 2, 0);
            if r.read_exact(&mut chunk).is_err() {
                break;
            }
            if n == 0 {
                ok = true;
                break;
            }
            for l in std::str::from_utf8(&chunk[..n]).unwrap().lines() {
                let Some(d) = l.strip_prefix("data: ") else { continue };
                if let Some(a) = raw(d, "arguments") {
                    let (cid, name) = (raw(d, "id").unwrap_or(""), raw(d, "name").unwrap_or(""));
                    let cid2 = d
                        .rfind("\"id\":\"")
                        .map(|i| {
                            let e = d[i + 6..].find('"').unwrap();
                            &d[i + 6..i + 6 + e]
                        })
                        .unwrap_or(cid);
                    let un = a.replace("\\\"", "\"");
                    let path = un
                        .find("\"path\": \"")
                        .map(|i| {
                            let e = un[i + 9..].find('"').unwrap();
                            un[i + 9..i + 9 + e].to_string()
                        })
                        .unwrap_or_default();
                    out(&format!(
                        "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"sessionId\":\"{}\",\"update\":{{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"{}\",\"title\":\"{}\",\"kind\":\"read\",\"status\":\"in_progress\"}}}}}}\n",
                        sid, cid2, name
                    ));
                    let res = if name == "write_file" {
                        std::fs::write(&path, "hello\n").map(|_| "ok".into()).unwrap_or("error".into())
                    } else {
                        std::fs::read_to_string(&path).unwrap_or("error".into())
                    };
                    out(&format!(
                        "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"sessionId\":\"{}\",\"update\":{{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"{}\",\"status\":\"completed\"}}}}}}\n",
                        sid, cid2
                    ));
                    if !calls.is_empty() {
                        calls.push(',')
                    }
                    calls.push_str(&format!(
                        r#"{{"id":"{}","type":"function","function":{{"name":"{}","arguments":"{}"}}}}"#,
                        cid2, name, a
                    ));
                    results.push_str(&format!(
                        r#",{{"role":"tool","tool_call_id":"{}","content":"{}"}}"#,
                        cid2,
                        esc(&res)
                    ));
                } else if let Some(t) = raw(d, "content") {
                    if t.is_empty() {
                        continue;
                    }
                    reply.push_str(t);
                    out(&format!(
                        "{{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{{\"sessionId\":\"{}\",\"update\":{{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{{\"type\":\"text\",\"text\":\"{}\"}}}}}}}}\n",
                        sid, t
                    ));
                }
            }
        }
        if cancel.load(Ordering::SeqCst) {
            stop = "cancelled"
        }
        if !ok || stop == "cancelled" {
            ses.lock().unwrap().stream = None;
            break 'turn;
        }
        if calls.is_empty() {
            hist.push_str(&format!(r#",{{"role":"assistant","content":"{}"}}"#, reply));
            break;
        }
        hist.push_str(&format!(
            r#",{{"role":"assistant","content":null,"tool_calls":[{}]}}{}"#,
            calls, results
        ));
    }
    ses.lock().unwrap().history = hist;
    out(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"stopReason\":\"{}\"}}}}\n", rid, stop));
}

fn main() {
    let mut sessions: HashMap<String, Arc<Mutex<Session>>> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let l = line.unwrap();
        match raw(&l, "method").unwrap_or("") {
            "initialize" => out(&format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"protocolVersion\":1,\"agentCapabilities\":{{}},\"agentInfo\":{{\"name\":\"floor\",\"version\":\"0\"}},\"authMethods\":[]}}}}\n",
                id(&l)
            )),
            "session/new" => {
                let s = format!("s{}", sessions.len());
                sessions.insert(
                    s.clone(),
                    Arc::new(Mutex::new(Session {
                        history: String::new(),
                        stream: None,
                        cancel: Default::default(),
                    })),
                );
                out(&format!(
                    "{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"sessionId\":\"{}\"}}}}\n",
                    id(&l),
                    s
                ));
            }
            "session/prompt" => {
                let (sid, rid, text) = (
                    raw(&l, "sessionId").unwrap().to_string(),
                    id(&l).to_string(),
                    raw(&l, "text").unwrap().to_string(),
                );
                let ses = sessions[&sid].clone();
                std::thread::spawn(move || turn(&sid, &rid, &text, ses));
            }
            "session/cancel" => {
                let s = sessions[raw(&l, "sessionId").unwrap()].lock().unwrap();
                s.cancel.store(true, Ordering::SeqCst);
                if let Some(t) = &s.stream {
                    let _ = t.shutdown(Shutdown::Both);
                }
            }
            _ => {}
        }
    }
}
