//! The demo model: rules, no intelligence, and it says so; it calls the real tools.

use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};

use crate::engine::event::{Block, ToolName};
use crate::engine::model::{
    CallResult, Finish, Message, Model, ModelError, ModelEvent, Offer, Request, ResultKind, Wanted,
};

/// The demo model. It keeps nothing: what it does next follows from the history of the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Demo;

/// What it is, in a line.
pub const DESCRIPTION: &str = "demo, not an AI: follows eight simple commands by fixed rules";

const HELP: &str = "I am the demo, not an AI. I follow eight commands, one after another when they are \
joined by `then`:\n- `show FILE`\n- `find TEXT in FOLDER`\n- `list FOLDER`\n- `replace OLD with NEW in FILE`\n\
- `create FILE with TEXT`\n- `append TEXT to FILE`\n- `run COMMAND`\n- `help`\n\
A text may stand in quotes. For anything else, choose a model.";

/// Lines of a file or an output that it repeats.
const LINES_REPEATED_MAX: usize = 40;

/// What it says before the reason for which a task ends.
const STOPPED: &str = "That was not done, so I stop here.";

/// About a word: streams of real models come so.
const PIECE_CHARS: usize = 8;

impl Model for Demo {
    fn heeds_notes(&self) -> bool {
        false
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        stream::iter(answer(&request).into_iter().map(Ok)).boxed()
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Task {
    Show { file: String },
    Find { text: String, folder: String },
    List { folder: String },
    Replace { old: String, new: String, file: String },
    Create { file: String, text: String },
    Append { text: String, file: String },
    Run { command: String },
    Help,
}

/// Why the work on a prompt pauses.
enum Pause {
    Call(&'static str, Value),
    End,
}

/// The work on one prompt, gone through from its start in each step, led by the results so far.
struct Work<'a> {
    results: std::vec::IntoIter<&'a CallResult>,
    /// What is said since the last result.
    words: String,
}

fn answer(request: &Request) -> Vec<ModelEvent> {
    let (tasks, results) = turn(request);
    let mut work = Work { words: String::new(), results: results.into_iter() };
    if work.results.len() == 0 && !tasks.contains(&Task::Help) {
        work.words.push_str("Demo, not an AI.");
    }
    let pause = tasks.iter().try_for_each(|task| work.go_on(task)).err();
    let mut events: Vec<ModelEvent> = pieces(&work.words).map(ModelEvent::Text).collect();
    match pause {
        Some(Pause::Call(tool, input)) if request.offer == Offer::Tools => {
            let provider_id = format!("demo_{}", request.messages.len());
            let (index, tool) = (0, ToolName::from(tool));
            events.push(ModelEvent::CallBegan { index, tool: tool.clone() });
            events.extend(pieces(&input.to_string()).map(|text| ModelEvent::CallInput { index, text }));
            events.push(ModelEvent::CallReady { index, call: Wanted::new(provider_id, tool, input) });
        }
        Some(Pause::Call(..)) => {
            events.push(ModelEvent::Text(" But I may use no tools any more, so I stop here.".to_owned()));
        }
        Some(Pause::End) | None => {}
    }
    events.push(ModelEvent::Done(Finish::Complete));
    events
}

/// The tasks of the running turn's last prompt, and what the calls since then brought.
fn turn(request: &Request) -> (Vec<Task>, Vec<&CallResult>) {
    let turn = request.messages.get(request.prompt..).unwrap_or_default();
    let said = |message: &Message| match message {
        Message::User(blocks) => blocks.iter().find_map(|block| match block {
            Block::Text { text } => tasks(text),
            Block::Link { .. } | Block::Resource { .. } | Block::Media { .. } | Block::Around { .. } => None,
        }),
        Message::Assistant(_) | Message::Results(_) => None,
    };
    let last = turn.iter().enumerate().rev().find_map(|(at, message)| Some((at, said(message)?)));
    let (from, tasks) = last.unwrap_or_else(|| (0, vec![Task::Help]));
    let results = turn[from..].iter().flat_map(|message| match message {
        Message::Results(results) => &results[..],
        Message::User(_) | Message::Assistant(_) => &[],
    });
    (tasks, results.collect())
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).step_by(PIECE_CHARS).map(move |at| chars[at..].iter().take(PIECE_CHARS).collect())
}

impl<'a> Work<'a> {
    fn go_on(&mut self, task: &Task) -> Result<(), Pause> {
        let (tool, input, why, title) = match task {
            Task::Show { file } => ("read", json!({ "file_path": file }), format!("I read {file}."), file),
            Task::List { folder } => ("list", json!({ "path": folder }), format!("I list {folder}."), folder),
            Task::Find { text, folder } => {
                let input = json!({ "pattern": escaped(text), "path": folder, "output_mode": "content" });
                ("grep", input, format!("I look for `{text}` in {folder}."), text)
            }
            Task::Run { command } => {
                let input = json!({ "command": command, "description": format!("Run {command}") });
                ("bash", input, format!("I run `{command}`."), command)
            }
            Task::Replace { old, new, file } => return self.replace(old, new, file),
            Task::Create { file, text } => return self.create(file, text),
            Task::Append { text, file } => return self.append(text, file),
            Task::Help => return self.say(HELP),
        };
        let text = self.done(tool, input, &why)?.trim_end();
        let shown: Vec<&str> = text.lines().take(LINES_REPEATED_MAX).collect();
        let rest = if text.lines().count() > LINES_REPEATED_MAX { "\n…" } else { "" };
        self.say(&format!("{title}:\n```\n{}{rest}\n```\n", shown.join("\n")))
    }

    fn replace(&mut self, old: &str, new: &str, file: &str) -> Result<(), Pause> {
        let text = self.done("read", json!({ "file_path": file }), &format!("I read {file} first."))?;
        let count = content(text).join("\n").matches(old).count();
        if count == 0 {
            return self.end(&format!("`{old}` does not occur in what I read of {file}; I change nothing."));
        }
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let all = count != 1;
        let input = json!({ "file_path": file, "old_string": old, "new_string": new, "replace_all": all });
        self.done("edit", input, &format!("`{old}` occurs {times} in {file}; I replace it."))?;
        self.say(&format!("I replaced `{old}` with `{new}` in {file}, where it occurred {times}."))
    }

    fn create(&mut self, file: &str, text: &str) -> Result<(), Pause> {
        match self.read_if_there(file)? {
            None => self.write(file, text),
            Some(_) => self.end(&format!("{file} is there already; I leave it alone.")),
        }
    }

    fn append(&mut self, text: &str, file: &str) -> Result<(), Pause> {
        let Some(before) = self.read_if_there(file)? else { return self.write(file, text) };
        let (lines, whole) = (content(before), content(before).join("\n"));
        if lines.is_empty() && before.contains("empty") {
            return self.write(file, text);
        }
        // The shortest end of the file which is found there only. The tool tells by which offset it
        // goes on when this is not the end.
        let mut ends = (0..lines.len()).rev().map(|from| lines[from..].join("\n"));
        let is_cut = before.lines().any(|line| numbered(line).is_none() && line.contains("offset"));
        let end = ends.find(|end| !is_cut && whole.matches(end.as_str()).count() == 1);
        let Some(end) = end else {
            return self.end(&format!("I cannot find the end of {file}, so I change nothing."));
        };
        let input = json!({ "file_path": file, "old_string": end, "new_string": format!("{end}\n{text}") });
        self.done("edit", input, &format!("I put the text at the end of {file}."))?;
        self.say(&format!("I appended `{text}` to {file}."))
    }

    fn write(&mut self, file: &str, text: &str) -> Result<(), Pause> {
        let input = json!({ "file_path": file, "content": format!("{text}\n") });
        self.done("write", input, &format!("I write {file}."))?;
        self.say(&format!("I wrote {file}."))
    }

    /// The read tool's answer; none when there is no such file.
    fn read_if_there(&mut self, file: &str) -> Result<Option<&'a str>, Pause> {
        let why = format!("I look whether {file} is there.");
        let result = self.called("read", json!({ "file_path": file }), &why)?;
        let text = result.text.to_lowercase();
        let is_missing =
            ["not found", "no such", "not exist", "no file"].iter().any(|mark| text.contains(mark));
        match result.kind {
            ResultKind::Done => Ok(Some(&result.text)),
            ResultKind::Failed if is_missing => Ok(None),
            ResultKind::Failed => self.end(&format!("{STOPPED} {}", result.text.trim())),
        }
    }

    fn done(&mut self, tool: &'static str, input: Value, why: &str) -> Result<&'a str, Pause> {
        let result = self.called(tool, input, why)?;
        match result.kind {
            ResultKind::Done => Ok(&result.text),
            ResultKind::Failed => self.end(&format!("{STOPPED} {}", result.text.trim())),
        }
    }

    /// The result of the next call; a pause when it has not been made.
    fn called(&mut self, tool: &'static str, input: Value, why: &str) -> Result<&'a CallResult, Pause> {
        let Some(result) = self.results.next() else {
            self.say(why)?;
            return Err(Pause::Call(tool, input));
        };
        self.words.clear();
        Ok(result)
    }

    fn end<T>(&mut self, text: &str) -> Result<T, Pause> {
        self.say(text)?;
        Err(Pause::End)
    }

    fn say(&mut self, text: &str) -> Result<(), Pause> {
        let gap = if self.words.is_empty() || self.words.ends_with('\n') { "" } else { " " };
        self.words += &format!("{gap}{text}");
        Ok(())
    }
}

/// The tasks in a prompt; none when it is not made of commands.
fn tasks(text: &str) -> Option<Vec<Task>> {
    let cut = |at: usize| Some((task(&text[..at])?, tasks(&text[at + " then ".len()..])?));
    match places(text, " then ").into_iter().find_map(cut) {
        Some((first, rest)) => Some([vec![first], rest].concat()),
        None => task(text).map(|task| vec![task]),
    }
}

fn task(text: &str) -> Option<Task> {
    let (verb, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let given = |text: &str| if text.trim().is_empty() { None } else { Some(unquoted(text)) };
    let around =
        |text: &str, word: &str, at: usize| Some((given(&text[..at])?, given(&text[at + word.len()..])?));
    let first = |text: &str, word: &str| around(text, word, *places(text, word).first()?);
    let last = |text: &str, word: &str| around(text, word, *places(text, word).last()?);
    Some(match verb.to_lowercase().as_str() {
        "show" => Task::Show { file: given(rest)? },
        "list" => Task::List { folder: given(rest).unwrap_or_else(|| ".".to_owned()) },
        "run" if !rest.is_empty() => Task::Run { command: rest.trim().to_owned() },
        "help" => Task::Help,
        "find" => last(rest, " in ")
            .or_else(|| Some((given(rest)?, ".".to_owned())))
            .map(|(text, folder)| Task::Find { text, folder })?,
        "replace" => {
            let at = *places(rest, " in ").last()?;
            let (old, new) = first(&rest[..at], " with ")?;
            Task::Replace { old, new, file: given(&rest[at + " in ".len()..])? }
        }
        "create" => first(rest, " with ").map(|(file, text)| Task::Create { file, text })?,
        "append" => last(rest, " to ").map(|(text, file)| Task::Append { text, file })?,
        _ => return None,
    })
}

/// Where a word stands outside of quotes; a quote begins after a blank and ends before one.
fn places(text: &str, word: &str) -> Vec<usize> {
    let (mut places, mut quote, mut before) = (Vec::new(), None, ' ');
    for (at, c) in text.char_indices() {
        let ends = text[at + c.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
        match quote {
            Some(open) if c == open && ends => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') && before.is_whitespace() => quote = Some(c),
            None if text[at..].starts_with(word) => places.push(at),
            None => {}
        }
        before = c;
    }
    places
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = ['"', '\'', '`'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(text).to_owned()
}

/// A pattern that matches just this text.
fn escaped(text: &str) -> String {
    let with_escape = |c| ['\\', c].into_iter().skip(usize::from(!"\\.+*?()|[]{}^$".contains(c)));
    text.chars().flat_map(with_escape).collect()
}

/// The lines of a file, from what the read tool says: they are numbered, its remarks are not.
fn content(read: &str) -> Vec<&str> {
    read.lines().filter_map(numbered).collect()
}

fn numbered(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let mark = [": ", "→", "\t", ":"].iter().find(|mark| rest.starts_with(**mark))?;
    if rest.len() == text.len() { None } else { Some(&rest[mark.len()..]) }
}

#[cfg(test)]
mod tests;
