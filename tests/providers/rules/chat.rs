//! OpenAI Chat Completions, and DeepSeek's rule for thoughts between calls.
//!
//! The rules: <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://platform.openai.com/docs/guides/function-calling>,
//! <https://api-docs.deepseek.com/guides/thinking_mode>.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Found, Ledger, data_url, is_blank, is_plain, list, marked, returned, text, tool, written_object,
};

/// Letters of the id of a call.
const ID_CHARS_MAX: usize = 40;

pub fn complaints(body: &Value, given: &Ledger) -> Vec<String> {
    let mut found = Found::default();
    found.unless(body["model"].is_string() && body["stream"] == true, || "no model, or no stream".into());
    let mut names = HashSet::new();
    for each in list(body, "tools") {
        found.unless(each["type"] == "function", || "a tool is no function".into());
        tool(&mut found, &mut names, &each["function"], &each["function"]["parameters"]);
    }
    let messages = list(body, "messages");
    let mut ids = HashSet::new();
    // The calls that still want their results, and were the last thing that was said.
    let mut open: Vec<String> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = text(message, "role");
        found.unless((role == "system") == (at == 0), || {
            "the system prompt does not stand first, alone".into()
        });
        if role == "tool" {
            let id = text(message, "tool_call_id");
            let wanted = open.iter().position(|call| call == id);
            found.unless(wanted.is_some(), || format!("a result for `{id}`, which is not wanted here"));
            wanted.map(|at| open.remove(at));
            content(&mut found, role, &message["content"]);
            continue;
        }
        for call in open.drain(..) {
            found.0.push(format!("no result for `{call}` before the next message"));
        }
        match role {
            "system" | "user" => content(&mut found, role, &message["content"]),
            "assistant" => open = assistant(&mut found, given, message, &mut ids),
            other => found.0.push(format!("there is no role `{other}`")),
        }
    }
    for call in open {
        found.0.push(format!("no result for `{call}` before the end"));
    }
    let last = messages.last().map_or("", |message| text(message, "role"));
    found.unless(matches!(last, "user" | "tool"), || format!("the last message is the {last}'s"));
    found.0
}

fn assistant(found: &mut Found, given: &Ledger, message: &Value, ids: &mut HashSet<String>) -> Vec<String> {
    let calls = list(message, "tool_calls");
    found
        .unless(message.get("tool_calls").is_none() || !calls.is_empty(), || "an empty list of calls".into());
    match &message["content"] {
        Value::Null => found.unless(!calls.is_empty(), || "an answer without words and calls".into()),
        words => content(found, "assistant", words),
    }
    let open: Vec<String> = calls.iter().map(|call| text(call, "id").to_owned()).collect();
    let thoughts = text(message, "reasoning_content");
    if !thoughts.is_empty() {
        returned(found, given, thoughts, &Value::from(open.clone()));
    }
    for call in calls {
        let (id, function) = (text(call, "id"), &call["function"]);
        let fits = !id.is_empty() && id.len() <= ID_CHARS_MAX;
        found.unless(fits, || format!("a call may not be called `{id}`"));
        found.unless(ids.insert(id.to_owned()), || format!("two calls are called `{id}`"));
        found.unless(call["type"] == "function", || "a call of no function".into());
        found.unless(is_plain(text(function, "name"), 64), || format!("no name of a tool: {call}"));
        written_object(found, text(function, "arguments"));
        marked(found, given, id, &[thoughts.to_owned()]);
    }
    open
}

fn content(found: &mut Found, role: &str, content: &Value) {
    let Value::Array(parts) = content else {
        let worded = content.as_str().is_some_and(|text| !is_blank(text));
        return found.unless(worded, || format!("a message of the {role} is empty"));
    };
    found.unless(!parts.is_empty(), || format!("a message of the {role} is empty"));
    for part in parts {
        match text(part, "type") {
            "text" => found.unless(!is_blank(text(part, "text")), || "a text is empty".into()),
            "image_url" if role == "user" => data_url(found, text(&part["image_url"], "url")),
            "file" if role == "user" => data_url(found, text(&part["file"], "file_data")),
            other => found.0.push(format!("the {role} says no `{other}`")),
        }
    }
}
