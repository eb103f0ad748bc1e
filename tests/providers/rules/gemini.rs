//! Gemini's generateContent.
//!
//! The rules: <https://ai.google.dev/api/generate-content>, <https://ai.google.dev/gemini-api/docs/function-calling>,
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>.

use std::collections::HashSet;

use serde_json::Value;

use super::{Found, Ledger, is_blank, is_plain, list, media, returned, text, tool};

/// Stands for the signature of a call that another model made.
const FOREIGN: &str = "skip_thought_signature_validator";

pub fn complaints(body: &Value, given: &Ledger) -> Vec<String> {
    let mut found = Found::default();
    let system = list(&body["systemInstruction"], "parts");
    let worded = !system.is_empty() && system.iter().all(|part| !is_blank(text(part, "text")));
    found.unless(worded, || "the system prompt is empty".into());
    let mut names = HashSet::new();
    for each in list(body, "tools").iter().flat_map(|tools| list(tools, "functionDeclarations")) {
        tool(&mut found, &mut names, each, &each["parametersJsonSchema"]);
    }
    let contents = list(body, "contents");
    found.unless(contents.first().is_some_and(|content| content["role"] == "user"), || {
        "the first content is not the user's".into()
    });
    found.unless(contents.last().is_some_and(|content| content["role"] == "user"), || {
        "the last content is not the user's".into()
    });
    for (at, content) in contents.iter().enumerate() {
        let (role, parts) = (text(content, "role"), list(content, "parts"));
        found.unless(!parts.is_empty(), || format!("content {at} is empty"));
        let before = at.checked_sub(1).map(|before| &contents[before]);
        match role {
            "user" => user(&mut found, before, parts),
            "model" => {
                found.unless(before.is_some_and(|before| before["role"] == "user"), || {
                    "an answer does not follow the user's content".into()
                });
                model(&mut found, given, contents.get(at + 1), parts);
            }
            other => found.0.push(format!("there is no role `{other}`")),
        }
    }
    found.0
}

fn of_kind<'a>(content: Option<&'a Value>, kind: &str) -> Vec<&'a Value> {
    let parts = content.map_or(&[][..], |content| list(content, "parts"));
    parts.iter().filter_map(|part| part.get(kind)).collect()
}

/// As many results as calls right before, in their order, and nothing between or beside them.
fn user(found: &mut Found, before: Option<&Value>, parts: &[Value]) {
    let calls = of_kind(before, "functionCall");
    let results: Vec<&Value> = parts.iter().filter_map(|part| part.get("functionResponse")).collect();
    found.unless(calls.len() == results.len(), || {
        format!("{} results for {} calls", results.len(), calls.len())
    });
    found.unless(results.is_empty() || results.len() == parts.len(), || "results beside other parts".into());
    for (call, result) in calls.iter().zip(&results) {
        let same = call["name"] == result["name"] && call.get("id") == result.get("id");
        found.unless(same, || format!("{result} is no result of {call}"));
        found.unless(result["response"].as_object().is_some_and(|fields| !fields.is_empty()), || {
            "a result is empty".into()
        });
    }
    for part in parts.iter().filter(|part| part.get("functionResponse").is_none()) {
        match part.get("inlineData") {
            Some(data) => media(found, text(data, "mimeType"), text(data, "data")),
            None => found.unless(!is_blank(text(part, "text")), || format!("an empty part {part}")),
        }
    }
}

/// The first call of an answer is signed; signatures stand at the parts that they were given for.
fn model(found: &mut Found, given: &Ledger, next: Option<&Value>, parts: &[Value]) {
    let mut calls = 0;
    let mut said = false;
    for part in parts {
        let mark = part.get("thoughtSignature").and_then(Value::as_str);
        let mut bound = part.clone();
        bound.as_object_mut().map(|fields| fields.remove("thoughtSignature"));
        match mark {
            Some(FOREIGN) => {}
            Some(mark) => returned(found, given, mark, &bound),
            // A call that is not the first of its answer has none.
            None if part.get("functionCall").is_some() => {}
            None => found.unless(given.marks.values().all(|known| *known != bound), || {
                format!("{part} has lost its mark")
            }),
        }
        if let Some(call) = part.get("functionCall") {
            calls += 1;
            found.unless(calls > 1 || mark.is_some(), || format!("the first call {call} is not signed"));
            found.unless(is_plain(text(call, "name"), 64), || format!("no name of a tool: {call}"));
            found.unless(call["args"].is_object(), || format!("the arguments of {call} are no object"));
        } else {
            let worded = !is_blank(text(part, "text")) || mark.is_some();
            found.unless(worded, || format!("an empty part {part}"));
        }
        said |= part["thought"] != true;
    }
    found.unless(said, || "an answer of thoughts alone".into());
    found.unless(calls == 0 || next.is_some(), || "nothing follows the calls".into());
}
