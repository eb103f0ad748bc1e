//! OpenAI Responses, with nothing left on the server.
//!
//! The rules: <https://platform.openai.com/docs/api-reference/responses/create>,
//! <https://platform.openai.com/docs/guides/function-calling>,
//! <https://platform.openai.com/docs/guides/reasoning>, "Keeping reasoning items in context".

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Found, Ledger, data_url, is_blank, is_plain, list, marked, returned, text, tool, written_object,
};

pub fn complaints(body: &Value, given: &Ledger) -> Vec<String> {
    let mut found = Found::default();
    found.unless(body["model"].is_string() && body["stream"] == true, || "no model, or no stream".into());
    found.unless(body["store"] == false, || "the conversation is left on the server".into());
    let included = list(body, "include").contains(&"reasoning.encrypted_content".into());
    found.unless(included, || "reasoning is not asked for in encrypted form".into());
    found.unless(!is_blank(text(body, "instructions")), || "the instructions are empty".into());
    let mut names = HashSet::new();
    for each in list(body, "tools") {
        found.unless(each["type"] == "function", || "a tool is no function".into());
        tool(&mut found, &mut names, each, &each["parameters"]);
    }
    let items = list(body, "input");
    found.unless(items.first().is_some_and(|item| item["role"] == "user"), || {
        "the first item is not the user's".into()
    });
    found.unless(items.last().is_some_and(|item| !is_models(item)), || "the last item is the model's".into());
    conversation(&mut found, given, items);
    found.0
}

fn conversation(found: &mut Found, given: &Ledger, items: &[Value]) {
    let mut ids = HashSet::new();
    let (mut open, mut marks): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for (at, item) in items.iter().enumerate() {
        if !is_models(item) {
            marks.clear();
        }
        match text(item, "type") {
            "message" => {
                for call in open.drain(..) {
                    found.0.push(format!("no result for `{call}` before the next message"));
                }
                message(found, item);
            }
            "reasoning" => {
                let mark = text(item, "encrypted_content");
                returned(found, given, mark, item);
                marks.push(mark.to_owned());
                let led_on = items.get(at + 1).is_some_and(is_models);
                found.unless(led_on, || "reasoning without the item that it led to".into());
            }
            "function_call" => {
                let id = text(item, "call_id");
                found.unless(is_plain(id, 64), || format!("a call may not be called `{id}`"));
                found.unless(ids.insert(id), || format!("two calls are called `{id}`"));
                found.unless(is_plain(text(item, "name"), 64), || format!("no name of a tool: {item}"));
                written_object(found, text(item, "arguments"));
                marked(found, given, id, &marks);
                open.push(id);
            }
            "function_call_output" => {
                let id = text(item, "call_id");
                let wanted = open.iter().position(|call| *call == id);
                found.unless(wanted.is_some(), || format!("a result for `{id}`, which is not wanted here"));
                wanted.map(|at| open.remove(at));
                output(found, &item["output"]);
            }
            other => found.0.push(format!("there is no item `{other}`")),
        }
    }
    for call in open {
        found.0.push(format!("no result for `{call}` before the end"));
    }
}

fn is_models(item: &Value) -> bool {
    item["role"] == "assistant" || matches!(text(item, "type"), "reasoning" | "function_call")
}

fn message(found: &mut Found, item: &Value) {
    let role = text(item, "role");
    let parts = list(item, "content");
    found.unless(!parts.is_empty(), || format!("a message of the {role} is empty"));
    for part in parts {
        match (role, text(part, "type")) {
            ("user", "input_text") | ("assistant", "output_text") => {
                found.unless(!is_blank(text(part, "text")), || "a text is empty".into());
            }
            ("user", "input_image") => data_url(found, text(part, "image_url")),
            ("user", "input_file") => data_url(found, text(part, "file_data")),
            (role, other) => found.0.push(format!("the {role} says no `{other}`")),
        }
    }
}

fn output(found: &mut Found, output: &Value) {
    match output {
        Value::Array(parts) => {
            found.unless(!parts.is_empty(), || "a result is empty".into());
            for part in parts {
                match text(part, "type") {
                    "input_text" => found.unless(!is_blank(text(part, "text")), || "a text is empty".into()),
                    "input_image" => data_url(found, text(part, "image_url")),
                    "input_file" => data_url(found, text(part, "file_data")),
                    other => found.0.push(format!("a result has no `{other}`")),
                }
            }
        }
        other => {
            found.unless(other.as_str().is_some_and(|text| !is_blank(text)), || "a result is empty".into())
        }
    }
}
