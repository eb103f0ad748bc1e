//! Every example is what it says: it parses and is written back the same, or it is refused.

#![allow(clippy::disallowed_methods, reason = "reads the examples")]

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use quillon_protocol::document::BuffersApplyParams;
use quillon_protocol::error::{ErrorKind, ResponseError};
use quillon_protocol::event::{Event, SessionEvent};
use quillon_protocol::lifecycle::{ClientAgent, MINOR, ServerAgent, VERSION, features};
use quillon_protocol::methods::*;
use quillon_protocol::session::SessionAttachResult;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An example of one method: messages that are right, and messages that are refused.
struct Example {
    file: String,
    method: String,
    good: Vec<Case>,
    bad: Vec<Case>,
}

/// A message, and its answer where it has one.
struct Case {
    what: String,
    message: Value,
    answer: Option<Value>,
}

#[test]
fn every_method_has_an_example() {
    let shown: BTreeSet<String> = examples().into_iter().map(|example| example.method).collect();
    let mut known: BTreeSet<String> = METHODS.iter().map(|method| method.name.to_owned()).collect();
    known.insert("initialize".to_owned());
    assert_eq!(shown, known);
}

#[test]
fn a_file_has_the_name_of_its_method() {
    for example in examples() {
        let name = example.method.strip_prefix("agent/").unwrap_or(&example.method).replace('/', "-");
        assert_eq!(example.file, format!("{name}.json"));
    }
}

#[test]
fn good_examples_parse_and_are_written_back_the_same() {
    for (example, case, params) in params_of(|example| &example.good) {
        assert_eq!(through(&example.method, Half::Params, params), Ok(params.clone()), "{}", case.what);
        let Some(answer) = &case.answer else { continue };
        assert_eq!(answer["id"], case.message["id"], "{}", case.what);
        let (half, value) = half_of(answer);
        assert_eq!(through(&example.method, half, value), Ok(value.clone()), "{}", case.what);
    }
}

#[test]
fn good_examples_are_valid_by_the_schema() {
    for (example, case, params) in params_of(|example| &example.good) {
        let Some(row) = row(&example.method) else { continue };
        assert_eq!(complaints(row.params, params), Vec::<String>::new(), "{}", case.what);
        let Some(answer) = &case.answer else { continue };
        let (half, value) = half_of(answer);
        let name = if half == Half::Error { "ResponseError" } else { row.result.expect("it is answered") };
        assert_eq!(complaints(name, value), Vec::<String>::new(), "{}", case.what);
    }
}

#[test]
fn bad_examples_are_refused_by_type_and_schema() {
    for (example, case, params) in params_of(|example| &example.bad) {
        let refused = through(&example.method, Half::Params, params);
        assert!(refused.is_err(), "{}: {refused:?}", case.what);
        if let Some(row) = row(&example.method) {
            assert_ne!(complaints(row.params, params), Vec::<String>::new(), "{}", case.what);
        }
        if let Some(answer) = &case.answer {
            let error = ClientRequest::parse(&example.method, params.clone()).expect_err(&case.what);
            assert_eq!(serde_json::to_value(error).unwrap(), answer["error"], "{}", case.what);
        }
    }
}

#[test]
fn errors_have_the_number_of_their_kind() {
    let mut seen = BTreeSet::new();
    for (_, case, _) in params_of(|example| &example.good) {
        let Some(error) = case.answer.as_ref().and_then(|answer| answer.get("error")) else { continue };
        let error: ResponseError = serde_json::from_value(error.clone()).unwrap();
        let kind = error.data.expect("our errors have data").kind;
        assert_eq!(error.code, kind.code(), "{}", case.what);
        seen.insert(kind.as_str().to_owned());
    }
    let known: BTreeSet<String> = ErrorKind::WORDS.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(seen, known, "each kind of error has an example");
}

#[test]
fn every_type_of_event_has_an_example() {
    let events = events();
    for known in Event::TYPES {
        assert!(events.iter().any(|event| event.event.type_name() == *known), "no example of {known}");
    }
    assert!(events.iter().any(|event| matches!(event.event, Event::Unknown(_))));
}

#[test]
fn facts_are_numbered_and_progress_is_not() {
    let mut last = 0;
    for event in events() {
        let name = event.event.type_name().to_owned();
        let Some(seq) = event.seq else {
            assert_eq!((event.at, event.summary), (None, None), "{name}");
            assert!(event.event.is_progress() || matches!(event.event, Event::Unknown(_)), "{name}");
            continue;
        };
        assert_eq!(seq, last + 1, "{name}");
        assert!(event.at.is_some(), "{name}");
        assert!(event.summary.is_some_and(|summary| !summary.contains('\n')), "{name}");
        assert!(!event.event.is_progress(), "{name}");
        last = seq;
    }
}

#[test]
fn the_story_of_the_events_closes_what_it_opens() {
    let mut open = BTreeSet::new();
    for SessionEvent { turn_id, event, .. } in events() {
        let turn = turn_id.map_or_else(String::new, |turn| turn.to_string());
        if let Event::TurnStarted(body) = &event {
            // It begins with a prompt that waited, or with a fresh one.
            open.remove(&format!("prompt {}", body.prompt_id));
        }
        let (opened, closed) = brackets(&turn, &event);
        opened.into_iter().for_each(|name| assert!(open.insert(name.clone()), "{name} is opened twice"));
        closed.into_iter().for_each(|name| assert!(open.remove(&name), "{name} is not open"));
    }
    assert_eq!(open, BTreeSet::new());
}

#[test]
fn initialize_announces_what_the_table_has() {
    for (_, case, _) in params_of(|example| &example.good).iter().filter(|(e, ..)| e.method == "initialize") {
        let answer = case.answer.as_ref().expect("initialize is answered");
        let agent: ServerAgent =
            serde_json::from_value(answer["result"]["capabilities"]["experimental"]["agent"].clone())
                .unwrap();
        let announced = (VERSION, MINOR, owned(features()));
        assert_eq!((agent.version, agent.minor, agent.features), announced, "{}", case.what);
    }
}

#[test]
fn an_export_for_programs_is_what_attach_answers() {
    let exports = params_of(|example| &example.good);
    let json = exports.iter().find(|(_, _, params)| params["format"] == "json").expect("there is one");
    let text = json.1.answer.as_ref().unwrap()["result"]["text"].as_str().unwrap();
    let export: SessionAttachResult = serde_json::from_str(text).unwrap();
    assert_eq!(export.events.len() as u64, export.session.last_seq);
}

#[test]
fn edits_of_a_buffer_are_sorted_and_apart() {
    for (_, case, params) in
        params_of(|example| &example.good).iter().filter(|(e, ..)| e.method == BuffersApply::NAME)
    {
        let params: BuffersApplyParams = serde_json::from_value((*params).clone()).unwrap();
        for edit in params.edits {
            let place = |at: quillon_protocol::document::Position| (at.line, at.character);
            assert!(
                edit.edits.windows(2).all(|pair| place(pair[0].range.end) <= place(pair[1].range.start)),
                "{}",
                case.what
            );
        }
    }
}

/// What an event opens, and what it closes.
fn brackets(turn: &str, event: &Event) -> (Vec<String>, Vec<String>) {
    let one = |kind: &str, id: &dyn std::fmt::Display| vec![format!("{kind} {id}")];
    match event {
        Event::PromptQueued(body) => (one("prompt", &body.prompt_id), vec![]),
        Event::PromptTaken(body) => (vec![], one("prompt", &body.prompt_id)),
        Event::PromptRemoved(body) => (vec![], one("prompt", &body.prompt_id)),
        Event::TurnStarted(_) => (one("turn", &turn), vec![]),
        Event::TurnEnded(_) => (vec![], one("turn", &turn)),
        Event::Asked(body) => (one("question", &body.question.question_id), vec![]),
        Event::Answered(body) => (vec![], one("question", &body.question_id)),
        Event::Replied(body) => {
            use quillon_protocol::event::ReplyBlock;
            let calls = body.blocks.iter().filter_map(|block| match block {
                ReplyBlock::Call(call) => Some(format!("call {}", call.call_id)),
                _ => None,
            });
            (calls.collect(), vec![])
        }
        Event::CallEnded(body) => (vec![], one("call", &body.call_id)),
        _ => (vec![], vec![]),
    }
}

/// Which part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Params,
    Result,
    Error,
}

/// The value, read into the type of the method's half and written again.
fn through(method: &str, half: Half, value: &Value) -> Result<Value, String> {
    if half == Half::Error {
        return again::<ResponseError>(value);
    }
    let halves = match method {
        "initialize" => [agent_of_client(value), agent_of_server(value)],
        AgentEvent::NAME => [again::<<AgentEvent as Notification>::Params>(value), Err("no answer".into())],
        SessionsChanged::NAME => {
            [again::<<SessionsChanged as Notification>::Params>(value), Err("no answer".into())]
        }
        SessionNew::NAME => both::<SessionNew>(value),
        SessionList::NAME => both::<SessionList>(value),
        SessionAttach::NAME => both::<SessionAttach>(value),
        SessionDetach::NAME => both::<SessionDetach>(value),
        SessionRename::NAME => both::<SessionRename>(value),
        SessionDelete::NAME => both::<SessionDelete>(value),
        SessionExport::NAME => both::<SessionExport>(value),
        Prompt::NAME => both::<Prompt>(value),
        QueueEdit::NAME => both::<QueueEdit>(value),
        QueueRemove::NAME => both::<QueueRemove>(value),
        Cancel::NAME => both::<Cancel>(value),
        Answer::NAME => both::<Answer>(value),
        ConfigGet::NAME => both::<ConfigGet>(value),
        ConfigSet::NAME => both::<ConfigSet>(value),
        Content::NAME => both::<Content>(value),
        ReviewList::NAME => both::<ReviewList>(value),
        ReviewFile::NAME => both::<ReviewFile>(value),
        ReviewDecide::NAME => both::<ReviewDecide>(value),
        CheckpointList::NAME => both::<CheckpointList>(value),
        CheckpointPreview::NAME => both::<CheckpointPreview>(value),
        CheckpointRestore::NAME => both::<CheckpointRestore>(value),
        AuthStatus::NAME => both::<AuthStatus>(value),
        AuthSet::NAME => both::<AuthSet>(value),
        AuthClear::NAME => both::<AuthClear>(value),
        Status::NAME => both::<Status>(value),
        BuffersApply::NAME => both::<BuffersApply>(value),
        BuffersSave::NAME => both::<BuffersSave>(value),
        other => panic!("{other}: name its types here"),
    };
    let [params, result] = halves;
    if half == Half::Params { params } else { result }
}

fn both<R: Request>(value: &Value) -> [Result<Value, String>; 2] {
    [again::<R::Params>(value), again::<R::Result>(value)]
}

fn again<T: Serialize + DeserializeOwned>(value: &Value) -> Result<Value, String> {
    if value.is_array() {
        return Err("params are by name".to_owned());
    }
    let typed: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(typed).expect("what was read can be written"))
}

/// `params` of `initialize`, with our part read and written again.
fn agent_of_client(params: &Value) -> Result<Value, String> {
    let agent = ClientAgent::in_initialize(params).ok_or("a plain client")?.map_err(|e| e.to_string())?;
    let mut again = params.clone();
    let place = ["/capabilities/experimental/agent", "/initializationOptions/agent"]
        .into_iter()
        .find(|place| params.pointer(place).is_some())
        .expect("it was found");
    *again.pointer_mut(place).expect("it was found") =
        serde_json::to_value(agent).expect("what was read can be written");
    Ok(again)
}

/// The result of `initialize`, with our part read and written again.
fn agent_of_server(result: &Value) -> Result<Value, String> {
    let mut written = result.clone();
    let agent = written.pointer_mut("/capabilities/experimental/agent").ok_or("no agent")?;
    *agent = again::<ServerAgent>(agent)?;
    Ok(written)
}

fn half_of(answer: &Value) -> (Half, &Value) {
    match answer.get("result") {
        Some(result) => (Half::Result, result),
        None => (Half::Error, &answer["error"]),
    }
}

/// What the published schema says against a value of this type.
fn complaints(name: &str, value: &Value) -> Vec<String> {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, Validator>>> = LazyLock::new(Mutex::default);
    let mut validators = VALIDATORS.lock().expect("no other test panicked in here");
    let validator = validators.entry(name.to_owned()).or_insert_with(|| validator(name));
    validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect()
}

fn validator(name: &str) -> Validator {
    let mut schema = quillon_protocol::generate::schema::document();
    assert!(schema["$defs"].get(name).is_some(), "{name} is not in schema.json");
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    jsonschema::validator_for(&schema).expect("schema.json is a schema")
}

fn row(method: &str) -> Option<&'static Method> {
    METHODS.iter().find(|row| row.name == method)
}

fn events() -> Vec<SessionEvent> {
    let ours =
        examples().into_iter().find(|example| example.method == AgentEvent::NAME).expect("there is one");
    let events = ours.good.into_iter().map(|case| serde_json::from_value(case.message["params"].clone()));
    events.collect::<Result<_, _>>().expect("another test says which does not parse")
}

/// All cases of one side, with their params. Each is a whole message of JSON-RPC.
fn params_of(side: fn(&Example) -> &Vec<Case>) -> Vec<(&'static Example, &'static Case, &'static Value)> {
    static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(examples);
    let cases =
        EXAMPLES.iter().flat_map(move |example| side(example).iter().map(move |case| (example, case)));
    let with_params = |(example, case): (&'static Example, &'static Case)| {
        assert_eq!(case.message["jsonrpc"], "2.0", "{}", case.what);
        assert_eq!(case.message["method"], *example.method, "{}", case.what);
        (example, case, &case.message["params"])
    };
    let all: Vec<_> = cases.map(with_params).collect();
    assert!(!all.is_empty());
    all
}

fn examples() -> Vec<Example> {
    let entries = std::fs::read_dir(folder().join("examples")).expect("there are examples");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    files.iter().map(|file| example(file)).collect()
}

fn example(file: &Path) -> Example {
    let value: Value =
        serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cases = |side: &str| -> Vec<Case> {
        let cases = value.get(side).and_then(Value::as_array).into_iter().flatten();
        cases.map(case).collect()
    };
    Example {
        file: file.file_name().expect("a file has a name").to_string_lossy().into_owned(),
        method: value["method"].as_str().expect("an example names its method").to_owned(),
        good: cases("good"),
        bad: cases("bad"),
    }
}

fn case(value: &Value) -> Case {
    let what = value["what"].as_str().expect("a case says what it shows").to_owned();
    match value["messages"].as_array().expect("a case has messages").as_slice() {
        [message] => Case { what, message: message.clone(), answer: None },
        [message, answer] => Case { what, message: message.clone(), answer: Some(answer.clone()) },
        _ => panic!("{what}: a message and its answer"),
    }
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
