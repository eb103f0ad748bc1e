//! Calls that a small model wrote as text, because its server did not make calls of them.
//!
//! The forms are those that model families are trained on: `<tool_call>{…}</tool_call>` (Hermes, Qwen),
//! `<function=NAME><parameter=NAME>…` (Qwen Coder), `[TOOL_CALLS][…]` (Mistral), an object with `name` and
//! `arguments` or `parameters` alone (Llama). Taken for a call is only what ends the answer, names a tool that was
//! offered, and can be read whole. What stands in a fence among words is shown, and not meant to be done.

use serde_json::{Map, Value};

use super::model::ToolSpec;

/// The calls at the end of a text, and the words before them; none where it does not end in calls of these tools.
pub(super) fn calls<'a>(text: &'a str, tools: &[ToolSpec]) -> Option<(&'a str, Vec<(String, Value)>)> {
    let text = text.trim_end();
    let (words, calls) = tagged(text, tools).or_else(|| listed(text)).or_else(|| alone(text))?;
    let known = !calls.is_empty() && calls.iter().all(|(name, _)| offered(tools, name).is_some());
    known.then_some((words.trim_end(), calls))
}

type Found<'a> = Option<(&'a str, Vec<(String, Value)>)>;

fn offered<'a>(tools: &'a [ToolSpec], name: &str) -> Option<&'a ToolSpec> {
    tools.iter().find(|tool| tool.name.0 == name)
}

/// `<tool_call>…</tool_call>`, several one after another; the last end may be missing.
fn tagged<'a>(text: &'a str, tools: &[ToolSpec]) -> Found<'a> {
    let (open, close) = ("<tool_call>", "</tool_call>");
    let Some(begin) = outside_fences(text, open).next() else { return bare_functions(text, tools) };
    let mut calls = Vec::new();
    for part in text[begin..].split(open).skip(1) {
        let inner = match part.split_once(close) {
            Some((inner, behind)) if behind.trim().is_empty() => inner,
            Some(_) => return None,
            None => part,
        };
        calls.push(object(inner.trim()).or_else(|| function(inner.trim(), tools))?);
    }
    Some((&text[..begin], calls))
}

/// The same without the tags around it.
fn bare_functions<'a>(text: &'a str, tools: &[ToolSpec]) -> Found<'a> {
    let begin = outside_fences(text, "<function=").next()?;
    let parts = text[begin..].split_inclusive("</function>").map(str::trim).filter(|part| !part.is_empty());
    let calls: Option<Vec<_>> = parts.map(|part| function(part, tools)).collect();
    Some((&text[..begin], calls?))
}

/// `<function=read><parameter=file_path>…</parameter></function>`.
fn function(text: &str, tools: &[ToolSpec]) -> Option<(String, Value)> {
    let rest = text.strip_prefix("<function=")?.strip_suffix("</function>")?;
    let (name, mut rest) = rest.split_once('>')?;
    let name = name.trim();
    let properties = offered(tools, name)?.schema.get("properties");
    let mut input = Map::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some((name.to_owned(), Value::Object(input)));
        }
        let (key, behind) = rest.strip_prefix("<parameter=")?.split_once('>')?;
        let (value, behind) = behind.split_once("</parameter>")?;
        // The line ends beside the tags are no part of it.
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        let key = key.trim();
        let schema = properties.and_then(|properties| properties.get(key));
        input.insert(key.to_owned(), typed(value, schema));
        rest = behind;
    }
}

/// What stands between the tags has no type but that which the tool wants: text is text, whatever it looks like.
fn typed(text: &str, schema: Option<&Value>) -> Value {
    let kind = schema.and_then(|schema| schema.get("type"));
    let is = |name: &str| match kind {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        Some(kind) => kind == name,
        None => false,
    };
    let as_text = || Value::String(text.to_owned());
    if kind.is_none() || is("string") {
        return as_text();
    }
    // Models write it as in the language that they know best.
    let lower = text.trim().to_ascii_lowercase();
    match lower.as_str() {
        "true" | "false" if is("boolean") => Value::Bool(lower == "true"),
        _ => serde_json::from_str(text)
            .ok()
            .filter(|read: &Value| !read.is_string() && !read.is_null())
            .unwrap_or_else(as_text),
    }
}

/// `[TOOL_CALLS][{…}, …]`.
fn listed(text: &str) -> Found<'_> {
    let mark = "[TOOL_CALLS]";
    let begin = outside_fences(text, mark).next()?;
    let list: Vec<Value> = serde_json::from_str(text[begin + mark.len()..].trim()).ok()?;
    Some((&text[..begin], list.into_iter().map(named).collect::<Option<_>>()?))
}

/// An object that is all of the answer or its last paragraph; in a fence, where that is all of the answer.
fn alone(text: &str) -> Found<'_> {
    if let Some(fenced) = text.trim_start().strip_prefix("```") {
        let inner = fenced.strip_suffix("```")?;
        let inner = inner.strip_prefix("json").unwrap_or(inner);
        return Some(("", vec![object(inner.trim())?]));
    }
    // Pretty-printed, an inner line may begin so.
    let mut begins: Vec<usize> = outside_fences(text, "{").filter(|at| begins_line(text, *at)).collect();
    let last = begins.pop()?;
    let (begin, call) = match object(&text[last..]) {
        Some(call) => (last, call),
        None => begins.first().and_then(|first| Some((*first, object(&text[*first..])?)))?,
    };
    Some((&text[..begin], vec![call]))
}

fn begins_line(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n'
}

/// Where a mark stands outside of fences.
fn outside_fences<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut fence: Option<&str> = None;
    let mut at = 0;
    let lines = text.split_inclusive('\n').filter_map(move |line| {
        let begin = at;
        at += line.len();
        let (ticks, rest) = fence_of(line.trim());
        match fence {
            None if ticks.len() >= 3 && !rest.contains('`') => fence = Some(ticks),
            None => return Some((begin, line)),
            Some(open) if ticks.starts_with(open) && rest.is_empty() => fence = None,
            Some(_) => {}
        }
        None
    });
    lines.flat_map(move |(begin, line)| line.match_indices(mark).map(move |(at, _)| begin + at))
}

/// The signs of a fence with which a line begins, and what follows them.
fn fence_of(line: &str) -> (&str, &str) {
    let sign = if line.starts_with('~') { '~' } else { '`' };
    line.split_at(line.len() - line.trim_start_matches(sign).len())
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
        let text_of = json!({"type": "string"});
        let file = json!({"file_path": text_of, "limit": {"type": "integer"}});
        let change = json!({"old_string": text_of, "new_string": {"type": ["string", "null"]}, "replace_all": {"type": "boolean"}, "edits": {"type": "array"}});
        let tools = [("read", file), ("edit", change)].map(|(name, properties)| ToolSpec {
            name: name.into(),
            description: String::new(),
            schema: json!({"type": "object", "properties": properties}),
        });
        let found = calls(text, &tools);
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
        check(&format!("```json\n{call}\n```"), Some(("", one)));
        check(&format!("```\n{call}\n```\n"), Some(("", one)));
    }

    #[test]
    fn arguments_between_tags_are_what_the_tool_wants() {
        let given = |key: &str, value: &str| format!("<parameter={key}>\n{value}\n</parameter>");
        let edit = [
            given("old_string", "1"),
            given("new_string", "{\"a\": [true]}\n"),
            given("replace_all", "True"),
            given("edits", "[{\"a\": 1}]"),
            given("note", "12"),
        ];
        let expected = json!({"old_string": "1", "new_string": "{\"a\": [true]}\n", "replace_all": true, "edits": [{"a": 1}], "note": "12"});
        check(&format!("<function=edit>{}</function>", edit.concat()), Some(("", &[("edit", expected)])));
        let read = [given("file_path", "2024"), given("limit", "12")].concat();
        let expected = json!({"file_path": "2024", "limit": 12});
        check(&format!("<function=read>{read}</function>"), Some(("", &[("read", expected)])));
        let words = given("limit", "a few");
        check(
            &format!("<function=read>{words}</function>"),
            Some(("", &[("read", json!({"limit": "a few"}))])),
        );
    }

    #[test]
    fn examples_in_fences_are_no_calls() {
        let call = r#"{"name": "read", "arguments": {"file_path": "a"}}"#;
        let tagged = format!("<tool_call>\n{call}\n</tool_call>");
        let function = "<function=read><parameter=file_path>a</parameter></function>";
        for example in [call, &tagged, function, &format!("[TOOL_CALLS][{call}]")] {
            for fence in ["```", "~~~", "````"] {
                check(&format!("So one would write it:\n{fence}json\n{example}\n{fence}"), None);
                check(&format!("So one would write it:\n\n{fence}\n{example}"), None);
            }
            let shown = format!("As in\n```\n{example}\n```\nI read it.");
            check(&format!("{shown}\n{tagged}"), Some((&shown, &[read("a")])));
            check(&format!("{shown}\n{call}"), Some((&shown, &[read("a")])));
        }
        let code = "```\n{}\n```";
        check(
            &format!("I write.\n<function=edit><parameter=new_string>\n{code}\n</parameter></function>"),
            Some(("I write.", &[("edit", json!({ "new_string": code }))])),
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
