//! Each rule finds the fault that it is for.

use serde_json::{Value, json};

use super::super::scene::Scene;
use super::super::wire::{Said, Wire};
use super::{Ledger, complaints};

/// A change that makes a right request wrong.
enum Fault {
    /// Another value at a place.
    Set(&'static str, Value),
    /// Nothing at a place: a field, or one of a list.
    Gone(&'static str),
    /// One more in a list, before this place.
    More(&'static str, Value),
    /// What stands at one place, once more before another.
    Again(&'static str, &'static str),
}

use Fault::{Again, Gone, More, Set};

impl Fault {
    fn plant(&self, body: &mut Value) {
        match self {
            Set(place, value) => {
                let (holder, key) = holder(body, place);
                match holder {
                    Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
                    other => other[key] = value.clone(),
                }
            }
            Gone(place) => {
                let (holder, key) = holder(body, place);
                match holder {
                    Value::Array(list) => drop(list.remove(key.parse().unwrap())),
                    other => assert!(other.as_object_mut().unwrap().remove(key).is_some(), "{place}"),
                }
            }
            More(place, value) => {
                let (holder, key) = holder(body, place);
                holder.as_array_mut().unwrap().insert(key.parse().unwrap(), value.clone());
            }
            Again(from, to) => {
                let value = body.pointer(from).unwrap().clone();
                More(to, value).plant(body);
            }
        }
    }
}

/// What holds a place, and its name there.
fn holder<'b, 'p>(body: &'b mut Value, place: &'p str) -> (&'b mut Value, &'p str) {
    let (path, key) = place.rsplit_once('/').unwrap();
    (body.pointer_mut(path).unwrap_or_else(|| panic!("{place}")), key)
}

/// The body of a request with everything in it, and what the server has given out before.
async fn sample(wire: Wire) -> (Value, Ledger) {
    let mut scene = Scene::new(wire).await;
    let read = |name: &str| json!({ "file_path": name });
    let calls = Said::words("I look.").thinking("Two at once.");
    scene.says(&[
        calls.calling("read", read("a.txt")).calling("read", read("c.png")),
        Said::words("Seen.").thinking("All of it."),
    ]);
    scene.turn("Look.").await;
    scene.turn("And?").await;
    let body = scene.asked().pop().unwrap();
    (serde_json::from_slice(&body).unwrap(), scene.given)
}

async fn check(wire: Wire, faults: Vec<(Fault, &str)>) {
    let (right, given) = sample(wire).await;
    for (fault, expected) in faults {
        let mut body = right.clone();
        fault.plant(&mut body);
        let found = complaints(wire, &body, &given);
        assert!(found.iter().any(|one| one.contains(expected)), "{wire:?}: no {expected:?} in {found:#?}");
    }
}

#[tokio::test]
async fn chat() {
    let words = |role: &str| json!({"role": role, "content": "So."});
    let faults = vec![
        (Gone("/model"), "no model"),
        (Set("/stream", false.into()), "no stream"),
        (Gone("/messages/0"), "does not stand first"),
        (More("/messages/2", words("system")), "does not stand first"),
        (More("/messages/2", words("judge")), "no role `judge`"),
        (Set("/messages/1/content", "".into()), "a message of the user is empty"),
        (Set("/messages/1/content", json!([])), "a message of the user is empty"),
        (Set("/messages/3/content", " ".into()), "a message of the assistant is empty"),
        (Set("/messages/4/content", "".into()), "a message of the tool is empty"),
        (Set("/messages/6/content/0/text", "\n".into()), "a text is empty"),
        (Set("/messages/6/content/1/image_url/url", "http://x".into()), "is no data"),
        (Set("/messages/6/content/1/image_url/url", "data:image/tiff;base64,aaaa".into()), "is not taken"),
        (Set("/messages/6/content/1/image_url/url", "data:image/png;base64,".into()), "not in base64"),
        (Gone("/messages/4"), "no result for `call_1_0` before the next message"),
        (Again("/messages/4", "/messages/5"), "a result for `call_1_0`, which is not wanted here"),
        (Set("/messages/4/tool_call_id", "call_9".into()), "a result for `call_9`"),
        (More("/messages/4", words("user")), "no result for `call_1_0` before the next message"),
        (Again("/messages/3", "/messages/9"), "no result for `call_1_0` before the end"),
        (Again("/messages/3", "/messages/9"), "two calls are called `call_1_0`"),
        (Again("/messages/7", "/messages/9"), "the last message is the assistant's"),
        (Set("/messages/3/tool_calls", json!([])), "an empty list of calls"),
        (Set("/messages/7/content", Value::Null), "an answer without words and calls"),
        (Set("/messages/3/tool_calls/0/id", "".into()), "a call may not be called ``"),
        (Set("/messages/3/tool_calls/0/id", "x".repeat(41).into()), "a call may not be called `x"),
        (Set("/messages/3/tool_calls/0/type", "tool".into()), "a call of no function"),
        (Set("/messages/3/tool_calls/0/function/name", "no such".into()), "no name of a tool"),
        (Set("/messages/3/tool_calls/0/function/arguments", "{".into()), "are no object in JSON"),
        (Set("/messages/3/tool_calls/0/function/arguments", "[]".into()), "are no object in JSON"),
        (Gone("/messages/3/reasoning_content"), "the mark `Two at once. (1)` before `call_1_0` is lost"),
        (Set("/messages/3/reasoning_content", "Two at".into()), "was never given"),
        (Gone("/messages/3/tool_calls/1"), "the mark `Two at once. (1)` was changed"),
        (Set("/tools/0/type", "tool".into()), "a tool is no function"),
        (Set("/tools/0/function/name", "".into()), "a tool may not be called ``"),
        (Set("/tools/1/function/name", "read".into()), "the tool `read` is there twice"),
        (Gone("/tools/0/function/description"), "`read` has no description"),
        (Set("/tools/0/function/parameters/type", "array".into()), "the schema of `read`"),
        (Set("/tools/0/function/parameters/properties/limit/type", "int".into()), "the schema of `read`"),
        (Set("/tools/0/function/parameters/required/0", "path".into()), "`read` requires \"path\""),
    ];
    check(Wire::Chat, faults).await;
}

#[tokio::test]
async fn responses() {
    let faults = vec![
        (Gone("/model"), "no model"),
        (Set("/store", true.into()), "left on the server"),
        (Gone("/include"), "not asked for in encrypted form"),
        (Set("/instructions", "".into()), "the instructions are empty"),
        (Gone("/tools/0/parameters/properties"), "the schema of `read`"),
        (Set("/tools/0/type", "custom".into()), "a tool is no function"),
        (Again("/input/3", "/input/0"), "the first item is not the user's"),
        (Again("/input/9", "/input/11"), "the last item is the model's"),
        (Set("/input/0/content", json!([])), "a message of the user is empty"),
        (Set("/input/0/content/0/text", "".into()), "a text is empty"),
        (Set("/input/0/content/0/type", "output_text".into()), "the user says no `output_text`"),
        (Set("/input/3/content/0/type", "input_text".into()), "the assistant says no `input_text`"),
        (Gone("/input/6"), "no result for `call_1_0` before the next message"),
        (Again("/input/6", "/input/8"), "a result for `call_1_0`, which is not wanted here"),
        (Again("/input/0", "/input/6"), "no result for `call_1_0` before the next message"),
        (Again("/input/4", "/input/11"), "no result for `call_1_0` before the end"),
        (Again("/input/4", "/input/5"), "two calls are called `call_1_0`"),
        (Set("/input/4/call_id", "a.b".into()), "a call may not be called `a.b`"),
        (Set("/input/4/name", "a.b".into()), "no name of a tool"),
        (Set("/input/4/arguments", "{".into()), "are no object in JSON"),
        (Set("/input/6/output", "".into()), "a result is empty"),
        (Set("/input/7/output", json!([])), "a result is empty"),
        (Set("/input/7/output/0/text", "".into()), "a text is empty"),
        (Set("/input/7/output/1/image_url", "x".into()), "is no data"),
        (Set("/input/7/output/1/type", "image".into()), "a result has no `image`"),
        (Set("/input/2/encrypted_content", "gAAA".into()), "the mark `gAAA` was never given"),
        (Set("/input/2/summary", json!([])), "the mark `gAAA-1` was changed"),
        (Gone("/input/2"), "the mark `gAAA-1` before `call_1_0` is lost"),
        (Gone("/input/9"), "reasoning without the item that it led to"),
        (Set("/input/0/type", "note".into()), "there is no item `note`"),
    ];
    check(Wire::Responses, faults).await;
}

#[tokio::test]
async fn anthropic() {
    let text = json!({"type": "text", "text": "So."});
    let marked = json!({"type": "text", "text": "So.", "cache_control": {"type": "ephemeral"}});
    let faults = vec![
        (Gone("/model"), "no model"),
        (Gone("/max_tokens"), "no longest answer"),
        (Set("/thinking/budget_tokens", 1000.into()), "1000 tokens for thoughts do not fit"),
        (Set("/max_tokens", 4000.into()), "4000 tokens for thoughts do not fit"),
        (Set("/system/0/text", "".into()), "the system prompt is empty"),
        (Set("/tools/0/input_schema/type", "string".into()), "the schema of `read`"),
        (Gone("/messages/0"), "the first message is not the user's"),
        (Gone("/messages/4"), "the last message is not the user's"),
        (Gone("/messages/3"), "the roles do not take turns"),
        (Set("/messages/0/role", "system".into()), "there is no role `system`"),
        (Set("/messages/0/content", json!([])), "message 0 is empty"),
        (Set("/messages/0/content/0/text", " \n".into()), "a text is empty"),
        (Set("/messages/1/content/1/text", "".into()), "a text is empty"),
        (Gone("/messages/2/content/0"), "no result for `toolu_1_0`"),
        (Again("/messages/2/content/0", "/messages/2/content/1"), "two results for `toolu_1_0`"),
        (Again("/messages/2/content/0", "/messages/4/content/0"), "which was not called before"),
        (More("/messages/2/content/1", text.clone()), "a result stands behind words"),
        (Set("/messages/2/content/0/content", "".into()), "a result is empty"),
        (Set("/messages/2/content/1/content", json!([])), "a result is empty"),
        (Set("/messages/2/content/1/content/1/source/data", "".into()), "not in base64"),
        (Set("/messages/2/content/1/content/1/type", "tool_use".into()), "a user says no `tool_use`"),
        (Again("/messages/1/content/2", "/messages/1/content/3"), "two calls are called `toolu_1_0`"),
        (Set("/messages/1/content/2/id", "a.b".into()), "a call may not be called `a.b`"),
        (Set("/messages/1/content/2/name", "".into()), "no name of a tool"),
        (Set("/messages/1/content/2/input", "{}".into()), "the input of `toolu_1_0` is no object"),
        (Again("/messages/1", "/messages/5"), "nothing follows the call `toolu_1_0`"),
        (Set("/messages/1/content/0/signature", "E".into()), "the mark `E` was never given"),
        (Set("/messages/1/content/0/thinking", "Two".into()), "the mark `EqQB1` was changed"),
        (Gone("/messages/1/content/0"), "the mark `EqQB1` before `toolu_1_0` is lost"),
        (Gone("/messages/3/content/1"), "an answer of thoughts alone"),
        (Set("/messages/1/content/0/cache_control", json!({})), "thoughts are marked for the cache"),
        (More("/messages/0/content/0", marked), "5 marks for the cache"),
        (Set("/messages/3/content/1/type", "image".into()), "a model says no `image`"),
    ];
    check(Wire::Anthropic, faults).await;
    let faults = vec![
        (Gone("/anthropic_version"), "no version is named"),
        (Set("/model", "m1".into()), "told by the address"),
        (Set("/stream", true.into()), "told by the address"),
        (Gone("/messages/2/content/0"), "no result for `toolu_1_0`"),
    ];
    check(Wire::Bedrock, faults).await;
}

#[tokio::test]
async fn gemini() {
    let text = json!({"text": "So."});
    let (declared, schema) =
        ("/tools/0/functionDeclarations/0/name", "/tools/0/functionDeclarations/0/parametersJsonSchema/type");
    let faults = vec![
        (Set("/systemInstruction/parts", json!([])), "the system prompt is empty"),
        (Set(declared, "a b".into()), "a tool may not be called `a b`"),
        (Set(schema, "STRING".into()), "the schema of `read`"),
        (Again("/contents/2", "/contents/0"), "the first content is not the user's"),
        (Gone("/contents/6"), "the last content is not the user's"),
        (Again("/contents/5", "/contents/6"), "an answer does not follow the user's content"),
        (Set("/contents/0/role", "system".into()), "there is no role `system`"),
        (Set("/contents/0/parts", json!([])), "content 0 is empty"),
        (Set("/contents/0/parts/0/text", "".into()), "an empty part"),
        (Set("/contents/4/parts/1/inlineData/data", "".into()), "not in base64"),
        (Gone("/contents/3/parts/0"), "1 results for 2 calls"),
        (Gone("/contents/3"), "0 results for 2 calls"),
        (Again("/contents/3", "/contents/4"), "2 results for 0 calls"),
        (More("/contents/3/parts/1", text), "results beside other parts"),
        (Set("/contents/3/parts/0/functionResponse/name", "glob".into()), "is no result of"),
        (Set("/contents/3/parts/0/functionResponse/id", "x".into()), "is no result of"),
        (Set("/contents/3/parts/0/functionResponse/response", json!({})), "a result is empty"),
        (Gone("/contents/2/parts/1/thoughtSignature"), "is not signed"),
        (Set("/contents/2/parts/1/thoughtSignature", "C".into()), "the mark `C` was never given"),
        (Set("/contents/2/parts/1/functionCall/args/file_path", "b".into()), "the mark `CiQB1` was changed"),
        (Set("/contents/2/parts/1/functionCall/args", "{}".into()), "are no object"),
        (Set("/contents/2/parts/1/functionCall/name", "a.b".into()), "no name of a tool"),
        (Gone("/contents/5/parts/0/thoughtSignature"), "has lost its mark"),
        (Set("/contents/5/parts/0/text", "See".into()), "the mark `CiQB2` was changed"),
        (Set("/contents/2/parts/0/text", "".into()), "an empty part"),
        (Set("/contents/5/parts/0/thought", true.into()), "an answer of thoughts alone"),
        (Again("/contents/2", "/contents/7"), "nothing follows the calls"),
    ];
    check(Wire::Gemini, faults).await;
}
