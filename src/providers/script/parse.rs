//! The lines of a script → its steps; pure.

use std::time::Duration;

use serde_json::Value;

use super::{Attempt, Beat, Expected, Step};
use crate::engine::event::{ToolName, Usage};
use crate::engine::model::{Abilities, ErrorKind, Finish, ModelError, ModelEvent, Wanted};
use crate::limits;
use crate::path::AbsPath;

/// The kinds of failure by the words for them.
pub const KINDS: [(&str, ErrorKind); 16] = [
    ("network", ErrorKind::Network),
    ("timeout", ErrorKind::Timeout),
    ("truncated", ErrorKind::Truncated),
    ("rate-limit", ErrorKind::RateLimit),
    ("server", ErrorKind::Server),
    ("overloaded", ErrorKind::Overloaded),
    ("quota", ErrorKind::Quota),
    ("auth", ErrorKind::Auth),
    ("permission", ErrorKind::Permission),
    ("not-found", ErrorKind::NotFound),
    ("context-length", ErrorKind::ContextLength),
    ("too-large", ErrorKind::TooLarge),
    ("invalid", ErrorKind::Invalid),
    ("parse", ErrorKind::Parse),
    ("other", ErrorKind::Unknown),
    ("unconfigured", ErrorKind::Unconfigured),
];

/// What a script says.
pub struct Parsed {
    /// What the model accepts beside words.
    pub abilities: Abilities,
    /// How many tokens fit into it.
    pub window: Option<u64>,
    /// What it answers when it is asked for a summary.
    pub summary: Option<String>,
    /// Whether it is told what it may have forgotten.
    pub heeds_notes: bool,
    /// Its answers, each with at least one attempt.
    pub steps: Vec<Step>,
}

/// Reads a script. Files are relative to `folder`; the error begins with the line.
pub fn script(text: &str, folder: &AbsPath) -> Result<Parsed, String> {
    let mut reader = Reader {
        folder,
        abilities: Abilities::default(),
        window: None,
        summary: None,
        heeds_notes: false,
        steps: Vec::new(),
        step: Step::default(),
        open: Open::default(),
    };
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            reader.line(number, line).map_err(|error| format!("line {number}: {error}"))?;
        }
    }
    if let Some(begun) = reader.open.begun {
        return Err(format!("line {begun}: this answer has no end (done, truncate, fail or wait)"));
    }
    reader.end_step();
    let Reader { abilities, window, summary, heeds_notes, steps, .. } = reader;
    Ok(Parsed { abilities, window, summary, heeds_notes, steps })
}

struct Reader<'a> {
    folder: &'a AbsPath,
    abilities: Abilities,
    window: Option<u64>,
    summary: Option<String>,
    heeds_notes: bool,
    steps: Vec<Step>,
    step: Step,
    open: Open,
}

/// The attempt that is being read.
#[derive(Default)]
struct Open {
    /// The line of its first word.
    begun: Option<usize>,
    attempt: Attempt,
    /// Whether it has said something, which stays when it is cancelled.
    has_spoken: bool,
    /// What is to be given when it is done.
    ready: Vec<ModelEvent>,
    retry_after: Option<Duration>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let (word, rest) = split(line);
        if matches!(word, "accepts" | "window" | "summary" | "heeds") {
            if self.open.begun.is_some() || !self.steps.is_empty() {
                return Err(format!("`{word}` stands before all answers"));
            }
            match word {
                "accepts" => self.accept(rest)?,
                "heeds" if rest == "notes" => self.heeds_notes = true,
                "heeds" => return Err("what can be heeded is `notes`".to_owned()),
                "window" => self.window = Some(self::number(rest)?),
                _ => self.summary = Some(text(rest)?),
            }
            return Ok(());
        }
        self.open.begun.get_or_insert(number);
        match word {
            "say" => self.say([text(rest)?]),
            "think" => {
                self.open.has_spoken = true;
                self.give(ModelEvent::Thought(text(rest)?));
            }
            "chunk" => {
                let (size, words) = counted(rest)?;
                let chars: Vec<char> = words.chars().collect();
                self.say(chars.chunks(size).map(String::from_iter));
            }
            "repeat" => {
                let (times, words) = counted(rest)?;
                self.say(std::iter::repeat_n(words, times));
            }
            "call" => {
                let (name, arguments) = split(rest);
                let input = serde_json::from_str(arguments)
                    .map_err(|error| format!("the arguments of `{name}` are not JSON: {error}"))?;
                self.call(name, arguments, input)?;
            }
            "badcall" => {
                let (name, arguments) = split(rest);
                self.call(name, arguments, Value::String(arguments.to_owned()))?;
            }
            "usage" => self.give(ModelEvent::Usage(usage(rest)?)),
            "await" => {
                if rest.is_empty() {
                    return Err("await needs a file".to_owned());
                }
                let path = self.folder.join(text(rest)?).map_err(|error| error.to_string())?;
                self.open.attempt.beats.push(Beat::Await(path));
            }
            "expect" => self.open.attempt.expected.push(Expected { line: number, text: text(rest)? }),
            "retry-after" => self.open.retry_after = Some(Duration::from_millis(self::number(rest)?)),
            "done" => self.done(rest)?,
            "truncate" => self.end_attempt(),
            "fail" => self.fail(rest)?,
            "wait" => self.wait(),
            _ => return Err(format!("`{word}` is not a word of scripts")),
        }
        Ok(())
    }

    fn accept(&mut self, kinds: &str) -> Result<(), String> {
        for kind in kinds.split_whitespace() {
            match kind {
                "images" => self.abilities.images = true,
                "pdf" => self.abilities.pdf = true,
                other => return Err(format!("`{other}` is not accepted by any model: it is images or pdf")),
            }
        }
        Ok(())
    }

    fn give(&mut self, event: ModelEvent) {
        self.open.attempt.beats.push(Beat::Give(event));
    }

    fn say(&mut self, pieces: impl IntoIterator<Item = String>) {
        self.open.has_spoken = true;
        for piece in pieces {
            self.give(ModelEvent::Text(piece));
        }
    }

    fn call(&mut self, name: &str, arguments: &str, input: Value) -> Result<(), String> {
        if name.is_empty() {
            return Err("a call needs the name of a tool".to_owned());
        }
        let index = self.open.ready.len();
        let tool = ToolName(name.to_owned());
        let provider_id = format!("script_{}_{index}", self.steps.len());
        self.give(ModelEvent::CallBegan { index, tool: tool.clone() });
        self.give(ModelEvent::CallInput { index, text: arguments.to_owned() });
        self.open.ready.push(ModelEvent::CallReady { index, call: Wanted::new(provider_id, tool, input) });
        Ok(())
    }

    fn done(&mut self, how: &str) -> Result<(), String> {
        let finish = match how {
            "" => Finish::Complete,
            "length" => Finish::Length,
            "refused" => Finish::Refused,
            "filtered" => Finish::Filtered,
            "paused" => Finish::Paused,
            "malformed" => Finish::MalformedCall,
            _ => return Err(format!("`done {how}` is not known: it is done, done length or done refused")),
        };
        for event in std::mem::take(&mut self.open.ready) {
            self.give(event);
        }
        self.give(ModelEvent::Done(finish));
        self.end_attempt();
        self.end_step();
        Ok(())
    }

    fn fail(&mut self, rest: &str) -> Result<(), String> {
        let (word, message) = split(rest);
        let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == word) else {
            let all = KINDS.map(|(name, _)| name).join(", ");
            return Err(format!("`{word}` is not a kind of failure; these are: {all}"));
        };
        let message = text(message)?;
        let retry_after = self.open.retry_after;
        let error = ModelError { kind: *kind, message, status: None, retry_after };
        self.open.attempt.beats.push(Beat::Fail(error));
        self.end_attempt();
        Ok(())
    }

    fn wait(&mut self) {
        self.open.attempt.beats.push(Beat::Hang);
        let leaves_a_message = self.open.has_spoken;
        self.end_attempt();
        if leaves_a_message {
            self.end_step();
        }
    }

    fn end_attempt(&mut self) {
        self.step.attempts.push(std::mem::take(&mut self.open).attempt);
    }

    fn end_step(&mut self) {
        let step = std::mem::take(&mut self.step);
        if !step.attempts.is_empty() {
            self.steps.push(step);
        }
    }
}

fn split(line: &str) -> (&str, &str) {
    match line.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (line, ""),
    }
}

/// A text as it stands, or as a JSON string.
fn text(rest: &str) -> Result<String, String> {
    if rest.starts_with('"') {
        serde_json::from_str(rest)
            .map_err(|error| format!("the text begins with a quote and is not JSON: {error}"))
    } else {
        Ok(rest.to_owned())
    }
}

/// A number from 1 to `limits::SCRIPT_PIECES_MAX`, and a text.
fn counted(rest: &str) -> Result<(usize, String), String> {
    let (count, words) = split(rest);
    match count.parse() {
        Ok(count @ 1..=limits::SCRIPT_PIECES_MAX) => Ok((count, text(words)?)),
        Ok(_) | Err(_) => Err(format!("`{count}` is not a number from 1 to {}", limits::SCRIPT_PIECES_MAX)),
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("`{word}` is not a number"))
}

fn usage(rest: &str) -> Result<Usage, String> {
    let numbers: Vec<u64> = rest.split_whitespace().map(number).collect::<Result<_, _>>()?;
    match numbers[..] {
        [input, output] => Ok(Usage { input, output, ..Usage::default() }),
        [input, output, cache_read] => Ok(Usage { input, cache_read, output, ..Usage::default() }),
        _ => Err("usage needs two or three numbers: input, output and cached".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let folder = AbsPath::new("/s").unwrap();
        let shown = match script(text, &folder) {
            Ok(parsed) => parsed.steps.iter().map(show).collect::<Vec<_>>().join("\n"),
            Err(error) => error,
        };
        expected.assert_eq(&shown);
    }

    /// Attempts are separated by `or`.
    fn show(step: &Step) -> String {
        let attempts = step.attempts.iter().map(|attempt| {
            let beats = attempt.beats.iter().map(|beat| match beat {
                Beat::Give(event) => format!("{event:?}"),
                Beat::Fail(error) => format!("{:?} {} {:?}", error.kind, error.message, error.retry_after),
                Beat::Await(path) => format!("Await {path}"),
                Beat::Hang => "Hang".to_owned(),
            });
            let expected = attempt.expected.iter().map(|expected| format!("{expected:?}"));
            expected.chain(beats).collect::<Vec<_>>().join(", ")
        });
        attempts.collect::<Vec<_>>().join(" or ")
    }

    #[test]
    fn words_in_pieces() {
        check("# a\n\n  say  a b \ndone", expect![[r#"Text("a b"), Done(Complete)"#]]);
        check(
            "say \" a\\nb \"\nthink hm\ndone length",
            expect![[r#"Text(" a\nb "), Thought("hm"), Done(Length)"#]],
        );
        check(
            "chunk 2 añb c\nrepeat 2 \"x \"\ndone refused",
            expect![[r#"Text("añ"), Text("b "), Text("c"), Text("x "), Text("x "), Done(Refused)"#]],
        );
    }

    #[test]
    fn calls_are_ready_when_the_answer_is_done() {
        check(
            "say a\ndone\ncall read {\"b\": 1, \"a\": 2}\nbadcall edit {x\ndone",
            expect![[r#"
                Text("a"), Done(Complete)
                CallBegan { index: 0, tool: ToolName("read") }, CallInput { index: 0, text: "{\"b\": 1, \"a\": 2}" }, CallBegan { index: 1, tool: ToolName("edit") }, CallInput { index: 1, text: "{x" }, CallReady { index: 0, call: Wanted { provider_id: "script_1_0", tool: ToolName("read"), input: Object {"b": Number(1), "a": Number(2)}, form: Object, signature: None } }, CallReady { index: 1, call: Wanted { provider_id: "script_1_1", tool: ToolName("edit"), input: String("{x"), form: Object, signature: None } }, Done(Complete)"#]],
        );
        check(
            "call read {}\ntruncate\ncall read {}\ndone",
            expect![[
                r#"CallBegan { index: 0, tool: ToolName("read") }, CallInput { index: 0, text: "{}" } or CallBegan { index: 0, tool: ToolName("read") }, CallInput { index: 0, text: "{}" }, CallReady { index: 0, call: Wanted { provider_id: "script_0_0", tool: ToolName("read"), input: Object {}, form: Object, signature: None } }, Done(Complete)"#
            ]],
        );
    }

    #[test]
    fn abilities_stand_before_all_answers() {
        let abilities = |text: &str| script(text, &AbsPath::new("/s").unwrap()).unwrap().abilities;
        assert_eq!(abilities("say a\ndone"), Abilities::default());
        assert_eq!(abilities("accepts images"), Abilities { images: true, pdf: false });
        assert_eq!(
            abilities("accepts pdf\naccepts images\nsay a\ndone"),
            Abilities { images: true, pdf: true }
        );
    }

    #[test]
    fn other_words() {
        check(
            "expect no\nusage 10 2\nusage 10 3 8\nawait go.txt\nawait /abs\ndone",
            expect![[
                r#"Expected { line: 1, text: "no" }, Usage(Usage { input: 10, cache_read: 0, cache_write: 0, output: 2, reasoning: 0 }), Usage(Usage { input: 10, cache_read: 8, cache_write: 0, output: 3, reasoning: 0 }), Await /s/go.txt, Await /abs, Done(Complete)"#
            ]],
        );
        check(
            "retry-after 20\nfail rate-limit slow down\nfail auth \"a\\nb\"\ndone",
            expect![[r#"
            RateLimit slow down Some(20ms) or Auth a
            b None or Done(Complete)"#]],
        );
    }

    #[test]
    fn waiting_ends_a_step_when_something_was_said() {
        check("wait\nsay a\ndone", expect![[r#"Hang or Text("a"), Done(Complete)"#]]);
        check(
            "say a\nwait\nsay b\ndone",
            expect![[r#"
            Text("a"), Hang
            Text("b"), Done(Complete)"#]],
        );
        check(
            "call read {}\nwait\nsay b\ndone",
            expect![[
                r#"CallBegan { index: 0, tool: ToolName("read") }, CallInput { index: 0, text: "{}" }, Hang or Text("b"), Done(Complete)"#
            ]],
        );
    }

    #[test]
    fn errors_name_the_line() {
        check(
            "say a\ndone\nsay b\nsay c\n",
            expect!["line 3: this answer has no end (done, truncate, fail or wait)"],
        );
        check(
            "call read {\ndone",
            expect![
                "line 1: the arguments of `read` are not JSON: EOF while parsing an object at line 1 column 1"
            ],
        );
        check(
            "call",
            expect!["line 1: the arguments of `` are not JSON: EOF while parsing a value at line 1 column 0"],
        );
        check(
            "say \"a",
            expect![
                "line 1: the text begins with a quote and is not JSON: EOF while parsing a string at line 1 column 2"
            ],
        );
        check("chunk 0 a", expect!["line 1: `0` is not a number from 1 to 1000000"]);
        check("repeat x a", expect!["line 1: `x` is not a number from 1 to 1000000"]);
        check("usage 1", expect!["line 1: usage needs two or three numbers: input, output and cached"]);
        check("usage 1 -2", expect!["line 1: `-2` is not a number"]);
        check(
            "done at once",
            expect!["line 1: `done at once` is not known: it is done, done length or done refused"],
        );
        check(
            "\n\nfail badly now",
            expect![
                "line 3: `badly` is not a kind of failure; these are: network, timeout, truncated, rate-limit, server, overloaded, quota, auth, permission, not-found, context-length, too-large, invalid, parse, other, unconfigured"
            ],
        );
        check("retry-after soon", expect!["line 1: `soon` is not a number"]);
        check("await", expect!["line 1: await needs a file"]);
        check("say a\naccepts pdf", expect!["line 2: `accepts` stands before all answers"]);
        check("accepts sound", expect!["line 1: `sound` is not accepted by any model: it is images or pdf"]);
    }
}
