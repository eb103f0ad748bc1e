//! Calls that a small model wrote as text, because its server did not make calls of them.
//!
//! The forms are those that model families are trained on: `<tool_call>{…}</tool_call>` (Hermes, Qwen),
//! `<function=NAME><parameter=NAME>…` (Qwen Coder), `[TOOL_CALLS][…]` (Mistral), an object with `name` and
//! `arguments` or `parameters` alone or in a fence (Llama). Taken for a call is only what ends the answer, names a
//! tool that was offered, and can be read whole.

use serde_json::{Map, Value};

/// The calls at the end of a text, and the words before them; none where it does not end in calls. `knows` says
/// whether a tool of that name was offered.
pub(super) fn calls(text: &str, knows: impl Fn(&str) -> bool) -> Option<(&str, Vec<(String, Value)>)> {
    let text = text.trim_end();
    let (words, calls) = tagged(text).or_else(|| listed(text)).or_else(|| alone(text))?;
    let known = !calls.is_empty() && calls.iter().all(|(name, _)| knows(name));
    known.then_some((words.trim_end(), calls))
}

type Found<'a> = Option<(&'a str, Vec<(String, Value)>)>;

/// `<tool_call>…</tool_call>`, several one after another; the last end may be missing.
fn tagged(text: &str) -> Found<'_> {
    let (open, close) = ("<tool_call>", "</tool_call>");
    let Some(begin) = text.find(open) else { return bare_functions(text) };
    let mut calls = Vec::new();
    for part in text[begin..].split(open).skip(1) {
        let inner = match part.split_once(close) {
            Some((inner, behind)) if behind.trim().is_empty() => inner,
            Some(_) => return None,
            None => part,
        };
        calls.push(object(inner.trim()).or_else(|| function(inner.trim()))?);
    }
    Some((&text[..begin], calls))
}

/// The same without the tags around it.
fn bare_functions(text: &str) -> Found<'_> {
    let begin = text.find("<function=")?;
    let parts = text[begin..].split_inclusive("</function>");
    let calls: Option<Vec<_>> = parts.map(str::trim).filter(|part| !part.is_empty()).map(function).collect();
    Some((&text[..begin], calls?))
}

/// `<function=read><parameter=file_path>…</parameter></function>`: what is between is text, or a number or
/// another thing of JSON where it reads as one.
fn function(text: &str) -> Option<(String, Value)> {
    let rest = text.strip_prefix("<function=")?.strip_suffix("</function>")?;
    let (name, mut rest) = rest.split_once('>')?;
    let mut input = Map::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some((name.trim().to_owned(), Value::Object(input)));
        }
        let (key, behind) = rest.strip_prefix("<parameter=")?.split_once('>')?;
        let (value, behind) = behind.split_once("</parameter>")?;
        // The line ends beside the tags are no part of it.
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        let read =
            serde_json::from_str(value).ok().filter(|read: &Value| !read.is_string() && !read.is_null());
        input.insert(key.trim().to_owned(), read.unwrap_or_else(|| Value::String(value.to_owned())));
        rest = behind;
    }
}

/// `[TOOL_CALLS][{…}, …]`.
fn listed(text: &str) -> Found<'_> {
    let (words, list) = text.split_once("[TOOL_CALLS]")?;
    let list: Vec<Value> = serde_json::from_str(list.trim()).ok()?;
    Some((words, list.into_iter().map(named).collect::<Option<_>>()?))
}

/// An object, alone or in a fence, that is all of the answer or its last paragraph.
fn alone(text: &str) -> Found<'_> {
    if let Some(before) = text.strip_suffix("```") {
        let (words, fenced) = before.rsplit_once("```")?;
        let inner = fenced.strip_prefix("json").unwrap_or(fenced);
        return Some((words, vec![object(inner.trim())?]));
    }
    let begin = if text.starts_with('{') { 0 } else { text.rfind("\n{")? + 1 };
    // Pretty-printed, an inner line may begin so.
    match object(&text[begin..]) {
        Some(call) => Some((&text[..begin], vec![call])),
        None => {
            let begin = text.find("\n{")? + 1;
            Some((&text[..begin], vec![object(&text[begin..])?]))
        }
    }
}

fn object(text: &str) -> Option<(String, Value)> {
    named(serde_json::from_str(text).ok()?)
}

/// A call as an object tells it; one with further keys is something else.
fn named(value: Value) -> Option<(String, Value)> {
    let Value::Object(mut fields) = value else { return None };
    fields.remove("type");
    fields.remove("id");
    let name = fields.remove("name")?.as_str()?.to_owned();
    let input = fields.remove("arguments").or_else(|| fields.remove("parameters"))?;
    let input = match input {
        Value::String(text) => serde_json::from_str(&text).ok()?,
        other => other,
    };
    (input.is_object() && fields.is_empty()).then_some((name, input))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &[(&str, Value)])>) {
        let found = calls(text, |name| ["read", "edit"].contains(&name));
        let found = found.as_ref().map(|(words, calls)| {
            let calls = calls.iter().map(|(name, input)| (name.as_str(), input.clone())).collect::<Vec<_>>();
            (*words, calls)
        });
        assert_eq!(found, expected.map(|(words, calls)| (words, calls.to_vec())), "{text}");
    }

    fn read(path: &str) -> (&'static str, Value) {
        ("read", json!({ "file_path": path }))
    }

    #[test]
    fn each_form_is_read() {
        let call = r#"{"name": "read", "arguments": {"file_path": "a"}}"#;
        let one: &[_] = &[read("a")];
        for text in [
            call.to_owned(),
            format!("<tool_call>\n{call}\n</tool_call>"),
            format!("<tool_call>{call}"),
            format!("```json\n{call}\n```"),
            format!("```\n{call}\n```\n"),
            format!("[TOOL_CALLS][{call}]"),
            r#"{"type": "function", "name": "read", "parameters": {"file_path": "a"}}"#.to_owned(),
            r#"{"name": "read", "arguments": "{\"file_path\": \"a\"}"}"#.to_owned(),
            "{\n  \"name\": \"read\",\n  \"arguments\":\n{\n\"file_path\": \"a\"}\n}".to_owned(),
            "<function=read>\n<parameter=file_path>\na\n</parameter>\n</function>".to_owned(),
            "<tool_call>\n<function=read><parameter=file_path>a</parameter></function>\n</tool_call>"
                .to_owned(),
        ] {
            check(&text, Some(("", one)));
            check(&format!("I look.\n\n{text}"), Some(("I look.", one)));
        }
        check(
            &format!(
                "<tool_call>{call}</tool_call>\n<tool_call>{}</tool_call>",
                call.replace("\"a\"", "\"b\"")
            ),
            Some(("", &[read("a"), read("b")])),
        );
        check(
            "<function=edit><parameter=old_string>\n1\n</parameter><parameter=new_string>\n\"x\"\n\n</parameter>\
             <parameter=replace_all>true</parameter></function>",
            Some(("", &[("edit", json!({"old_string": 1, "new_string": "\"x\"\n", "replace_all": true}))])),
        );
    }

    #[test]
    fn what_is_no_call_stays_text() {
        let call = r#"{"name": "read", "arguments": {"file_path": "a"}}"#;
        for text in [
            "No call.",
            r#"{"name": "rm", "arguments": {}}"#,
            r#"{"name": "read", "arguments": ["a"]}"#,
            r#"{"name": "read", "arguments": {}, "version": 1}"#,
            r#"{"name": "read", "arguments": {"#,
            "<tool_call>{\"name\": \"read\"</tool_call>",
            "<function=read><parameter=file_path>a</function>",
            "[TOOL_CALLS]",
            "{}",
            "```json\n{\"a\": 1}\n```",
        ] {
            check(text, None);
        }
        check(&format!("So one would write it:\n```json\n{call}\n```\nand then it is read."), None);
        check(&format!("<tool_call>{call}</tool_call> is how it is done."), None);
        check(&format!("Inline {call}"), None);
    }
}
