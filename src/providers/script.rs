//! `script:FILE`: a model that plays a script; for tests, and to show an editor without a model.
//!
//! A script is read line by line; empty lines and those that begin with `#` are skipped. A text is
//! the rest of its line, or a JSON string when it begins with a quote (for line feeds and blanks at
//! its ends).
//!
//! | line | what it does |
//! |---|---|
//! | `accepts KIND…` | the model accepts `images`, `pdf`, or both; stands before all answers |
//! | `window N` | N tokens fit into the model; stands before all answers |
//! | `summary TEXT` | what it answers when it is asked for a summary; stands before all answers |
//! | `heeds notes` | it is told what it may have forgotten, as other models are; stands before all answers |
//! | `say TEXT` | words, as one piece |
//! | `think TEXT` | thoughts, as one piece |
//! | `chunk N TEXT` | words in pieces of N characters |
//! | `repeat N TEXT` | the words N times, each time as a piece |
//! | `call NAME JSON` | a call with these arguments |
//! | `badcall NAME TEXT` | a call whose arguments are not JSON |
//! | `usage INPUT OUTPUT [CACHED]` | the tokens so far |
//! | `await FILE` | waits until the file is there (relative to the folder of the script) |
//! | `expect TEXT` | fails unless what came since the model's last message holds the text; an image or document that came is `[KIND, N bytes]` |
//! | `done` | ends the answer; `done length` and `done refused` end it so |
//! | `truncate` | ends the stream without an end |
//! | `fail KIND TEXT` | fails; the kind is one of those of `parse::KINDS` |
//! | `retry-after MS` | before `fail`: the time which the server asks to wait |
//! | `wait` | never ends, until the request is dropped |
//!
//! **Which answer is played** follows from the request alone, so that a program which starts again
//! goes on at the right place: the request in a conversation with N messages of the model gets the
//! N-th step, counted from 0. `done` ends a step. `fail` and `truncate` leave no message behind: what
//! follows them is the next attempt of the same step (attempts are counted in memory, and the last
//! one is repeated). `wait` ends a step when something was said before it, because that stays in the
//! history when the turn is cancelled; else it ends an attempt. After the last step the model says
//! that the script is over.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, BoxStream, StreamExt};

use crate::engine::event::{Block, SessionId};
use crate::engine::media::{Handed, Media, NotShown};
use crate::engine::model::{
    Abilities, ErrorKind, Finish, Message, Model, ModelError, ModelEvent, Request, Window, Wish,
};
use crate::limits;
use crate::path::AbsPath;

mod parse;

/// Reads a whole text file; none when there is no such file. Bounded by the one who gives it.
pub type ReadFile = Arc<dyn Fn(&AbsPath) -> io::Result<Option<String>> + Send + Sync>;

/// A script that is played.
pub struct Script {
    path: AbsPath,
    abilities: Abilities,
    window: Option<u64>,
    summary: Option<String>,
    heeds_notes: bool,
    steps: Vec<Step>,
    read: ReadFile,
    /// For each session the step that was asked for last, and how often.
    attempts: Mutex<HashMap<SessionId, (usize, usize)>>,
}

/// One answer, perhaps after attempts that fail.
#[derive(Debug, Clone, PartialEq, Default)]
struct Step {
    attempts: Vec<Attempt>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Attempt {
    expected: Vec<Expected>,
    beats: Vec<Beat>,
}

/// A text that the request must hold.
#[derive(Debug, Clone, PartialEq)]
struct Expected {
    line: usize,
    text: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Beat {
    Give(ModelEvent),
    Await(AbsPath),
    Fail(ModelError),
    Hang,
}

impl Script {
    /// Reads the script. The error says in words for the user what is wrong, and in which line.
    pub fn load(path: AbsPath, read: ReadFile) -> Result<Self, String> {
        let text = match read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(format!("there is no script at {path}")),
            Err(error) => return Err(format!("the script {path} cannot be read: {error}")),
        };
        let folder = path.parent().unwrap_or_else(|| path.clone());
        let parsed = parse::script(&text, &folder).map_err(|error| format!("{path}, {error}"))?;
        let parse::Parsed { abilities, window, summary, heeds_notes, steps } = parsed;
        Ok(Self {
            path,
            abilities,
            window,
            summary,
            heeds_notes,
            steps,
            read,
            attempts: Mutex::new(HashMap::new()),
        })
    }

    fn beats(&self, request: &Request) -> Vec<Beat> {
        if request.wanted == Wish::Summary {
            let text = self.summary.clone().unwrap_or_else(|| "There is nothing to say.".to_owned());
            return vec![Beat::Give(ModelEvent::Text(text)), Beat::Give(ModelEvent::Done(Finish::Complete))];
        }
        let number = request.replies;
        let Some(step) = self.steps.get(number) else {
            return vec![
                Beat::Give(ModelEvent::Text("The script is over.".to_owned())),
                Beat::Give(ModelEvent::Done(Finish::Complete)),
            ];
        };
        let attempt = self.attempt(&request.session, number).min(step.attempts.len() - 1);
        let attempt = &step.attempts[attempt];
        let given = since_the_last_reply(request);
        match attempt.expected.iter().find(|expected| !given.contains(&expected.text)) {
            Some(missed) => vec![Beat::Fail(self.missed(missed, &given))],
            None => attempt.beats.clone(),
        }
    }

    /// How often this step was asked for before.
    fn attempt(&self, session: &SessionId, step: usize) -> usize {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let last = attempts.entry(session.clone()).or_insert((step, 0));
        if last.0 != step {
            *last = (step, 0);
        }
        last.1 += 1;
        last.1 - 1
    }

    fn missed(&self, expected: &Expected, given: &str) -> ModelError {
        let Expected { line, text } = expected;
        let message = format!("{}, line {line}: expected \u{201c}{text}\u{201d} in: {given}", self.path);
        ModelError { kind: ErrorKind::Invalid, message, status: None, retry_after: None }
    }
}

impl Model for Script {
    fn stream(&self, request: Request) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let beats = VecDeque::from(self.beats(&request));
        let read = self.read.clone();
        stream::unfold((beats, read), |(mut beats, read)| async move {
            loop {
                match beats.pop_front()? {
                    Beat::Give(event) => return Some((Ok(event), (beats, read))),
                    Beat::Fail(error) => return Some((Err(error), (beats, read))),
                    Beat::Hang => std::future::pending::<()>().await,
                    Beat::Await(path) => {
                        while !matches!(read(&path), Ok(Some(_))) {
                            tokio::time::sleep(limits::SCRIPT_POLL_INTERVAL).await;
                        }
                    }
                }
            }
        })
        .boxed()
    }

    fn abilities(&self) -> Abilities {
        self.abilities
    }

    fn heeds_notes(&self) -> bool {
        self.heeds_notes
    }

    fn window(&self) -> Option<Window> {
        self.window.map(|context| Window { context, output: None })
    }
}

/// All texts that came after the model's last message.
fn since_the_last_reply(request: &Request) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut handed = request.media.iter();
    for message in &request.messages {
        match message {
            Message::Assistant(_) => texts.clear(),
            Message::User(blocks) => texts.extend(blocks.iter().map(|block| match block {
                Block::Text { text } | Block::Resource { text, .. } | Block::Around { text, .. } => {
                    text.clone()
                }
                Block::Link { uri, .. } => uri.clone(),
                Block::Media { media } => media.describe(),
            })),
            Message::Results(results) => texts.extend(results.iter().map(|result| result.text.clone())),
        }
        texts.extend(message.media().into_iter().map(|media| shown(media, handed.next())));
    }
    texts.join("\n")
}

/// What came of an image or a document.
fn shown(media: &Media, handed: Option<&Handed>) -> String {
    match handed {
        Some(Handed::Bytes(bytes)) => format!("[{}, {} bytes]", media.kind.mime(), bytes.len()),
        Some(Handed::Described(why)) => format!("({})", why.words()),
        None => format!("({})", NotShown::Gone.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Reply;
    use crate::os::http::loopback::in_time;
    use expect_test::{Expect, expect};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn script(text: &'static str) -> Script {
        let read: ReadFile = Arc::new(move |_| Ok(Some(text.to_owned())));
        Script::load(AbsPath::new("/s/a.txt").unwrap(), read).unwrap()
    }

    /// The answer to a request of that session after so many replies.
    async fn answer(script: &Script, session: &str, replies: usize) -> String {
        let mut messages = vec![Message::User(Arc::new([Block::Text { text: "Go on.".to_owned() }]))];
        for _ in 0..replies {
            messages.push(Message::Assistant(Arc::new(Reply::default())));
        }
        let request = Request {
            session: session.into(),
            system: "".into(),
            tools: Arc::new([]),
            offer: Default::default(),
            wanted: Default::default(),
            replies,
            messages,
            prompt: 0,
            outgoing: Default::default(),
            media: Vec::new(),
        };
        let items: Vec<_> = script.stream(request).collect().await;
        let words = items.into_iter().map(|item| match item {
            Ok(ModelEvent::Text(text)) => text,
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{:?}: {error}", error.kind),
        });
        words.collect::<Vec<_>>().join("|")
    }

    #[track_caller]
    fn check(text: &'static str, asked: &[(&str, usize)], expected: Expect) {
        let script = script(text);
        let answers = in_time(async {
            let mut answers = Vec::new();
            for (session, replies) in asked {
                answers.push(answer(&script, session, *replies).await);
            }
            answers
        });
        expected.assert_eq(&answers.join("\n"));
    }

    #[test]
    fn the_step_follows_from_the_history() {
        check(
            "say one\ndone\n\nsay two\ndone refused\n",
            &[("s", 1), ("s", 0), ("s", 0), ("s", 2), ("s", 7)],
            expect![[r#"
                two|Done(Refused)
                one|Done(Complete)
                one|Done(Complete)
                The script is over.|Done(Complete)
                The script is over.|Done(Complete)"#]],
        );
    }

    #[test]
    fn attempts_are_counted_for_each_session_and_step() {
        check(
            "say a\nfail server oh dear\ntruncate\nsay b\ndone\nfail network gone\n",
            &[("s", 0), ("t", 0), ("s", 0), ("s", 0), ("s", 0), ("s", 1), ("s", 1), ("t", 0), ("s", 0)],
            expect![[r#"
                a|Server: oh dear
                a|Server: oh dear

                b|Done(Complete)
                b|Done(Complete)
                Network: gone
                Network: gone

                a|Server: oh dear"#]],
        );
    }

    #[test]
    fn what_is_expected_must_have_come() {
        check("expect Go\nsay fine\ndone\n", &[("s", 0)], expect!["fine|Done(Complete)"]);
        check(
            "expect Go\nexpect Stop\nsay fine\ndone\n",
            &[("s", 0)],
            expect!["Invalid: /s/a.txt, line 2: expected “Stop” in: Go on."],
        );
        check(
            "say x\ndone\nexpect Go\nsay y\ndone\n",
            &[("s", 1)],
            expect!["Invalid: /s/a.txt, line 3: expected “Go” in: "],
        );
    }

    #[test]
    fn a_file_is_awaited() {
        let polls = Arc::new(AtomicUsize::new(0));
        let seen = polls.clone();
        let read: ReadFile = Arc::new(move |path| match path.file_name().as_str() {
            "a.txt" => Ok(Some("say a\nawait go\nsay b\ndone".to_owned())),
            "go" => Ok(if seen.fetch_add(1, Ordering::Relaxed) < 3 { None } else { Some(String::new()) }),
            other => panic!("{other}"),
        });
        let script = Script::load(AbsPath::new("/s/a.txt").unwrap(), read).unwrap();
        assert_eq!(in_time(answer(&script, "s", 0)), "a|b|Done(Complete)");
        assert_eq!(polls.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn waiting_has_no_end() {
        let script = script("say a\nwait\n");
        in_time(async {
            let request = Request {
                prompt: 0,
                outgoing: Default::default(),
                session: "s".into(),
                system: "".into(),
                tools: Arc::new([]),
                offer: Default::default(),
                wanted: Default::default(),
                replies: 0,
                messages: vec![],
                media: vec![],
            };
            let mut stream = script.stream(request);
            assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("a".to_owned()))));
            assert!(futures::poll!(stream.next()).is_pending());
        });
    }

    #[test]
    fn files_that_cannot_be_played() {
        let load = |read: ReadFile| Script::load(AbsPath::new("/s/a.txt").unwrap(), read).err().unwrap();
        expect!["there is no script at /s/a.txt"].assert_eq(&load(Arc::new(|_| Ok(None))));
        expect!["the script /s/a.txt cannot be read: oh"]
            .assert_eq(&load(Arc::new(|_| Err(io::Error::other("oh")))));
        expect!["/s/a.txt, line 1: `shout` is not a word of scripts"]
            .assert_eq(&load(Arc::new(|_| Ok(Some("shout a".to_owned())))));
    }
}
