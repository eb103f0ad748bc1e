//! `Console`: the terminal's two outputs and its line input, or the pipes in their place.

use std::io::{BufRead, IsTerminal, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::limits;
use crate::text::clean;

/// Emphasis of a piece of text; without colour where the output is not a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Dim,
    Strong,
    Added,
    Removed,
    Place,
    Warning,
    Error,
}

/// Whether somebody can answer here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Somebody sits at the terminal.
    Terminal,
    /// Nobody can, so questions are answered with no; why, in words.
    Nobody(&'static str),
}

/// What a person reads and types.
pub struct Console {
    words: AutoStream<std::io::Stdout>,
    notes: AutoStream<std::io::Stderr>,
    input: Input,
    /// Whether notes are what was asked for, and go where the words go.
    notes_are_words: bool,
    /// Makes the terminal forget what was typed and not read.
    forget: fn(),
    lines: Option<mpsc::Receiver<String>>,
    /// Why something could not be shown; a reader that went away is no reason.
    failed: Option<String>,
    /// Whether the last character shown ended a line, so that notes begin on their own.
    at_line_start: bool,
}

impl Console {
    /// The process's own standard streams. `forget` makes the terminal forget what was typed and not
    /// read.
    pub fn new(forget: fn()) -> Self {
        let input = match (std::io::stdin().is_terminal(), std::io::stderr().is_terminal()) {
            (true, true) => Input::Terminal,
            (true, false) => Input::Nobody("standard error, on which questions are shown, is not a terminal"),
            (false, _) => Input::Nobody("standard input is not a terminal"),
        };
        Self {
            words: AutoStream::auto(std::io::stdout()),
            notes: AutoStream::auto(std::io::stderr()),
            input,
            notes_are_words: false,
            forget,
            lines: None,
            failed: None,
            at_line_start: true,
        }
    }

    /// The same for who reads what happened: all of it is on standard output, but for errors.
    pub fn to_read_in(forget: fn()) -> Self {
        Self { notes_are_words: true, ..Self::new(forget) }
    }

    /// Whether somebody can answer here.
    pub fn input(&self) -> Input {
        self.input
    }

    /// The model's words, as they come.
    pub fn say(&mut self, text: &str) {
        let clean = clean::for_terminal(text);
        let written = self.words.write_all(clean.as_bytes()).and_then(|()| self.words.flush());
        self.note_failure(written);
        self.moved(&clean);
    }

    /// A line of what was asked for.
    pub fn show(&mut self, tone: Tone, text: &str) {
        let (clean, style) = (clean::for_terminal(text), style(tone));
        let written = writeln!(self.words, "{style}{clean}{style:#}").and_then(|()| self.words.flush());
        self.note_failure(written);
    }

    /// A file, as it is.
    pub fn bytes(&mut self, bytes: &[u8]) {
        // Not by `words`, which takes what looks like colours out.
        let mut output = std::io::stdout().lock();
        let written = output.write_all(bytes).and_then(|()| output.flush());
        self.note_failure(written);
    }

    /// A line of JSON.
    pub fn json(&mut self, line: &str) {
        let written = writeln!(self.words, "{line}").and_then(|()| self.words.flush());
        self.note_failure(written);
    }

    /// A note beside the model's words, on a line of its own.
    pub fn note(&mut self, tone: Tone, text: &str) {
        self.fresh_line();
        self.piece(tone, text);
        self.piece(Tone::Plain, "\n");
    }

    /// Part of a note.
    pub fn piece(&mut self, tone: Tone, text: &str) {
        let (clean, style) = (clean::for_terminal(text), style(tone));
        if self.notes_are_words {
            let written = write!(self.words, "{style}{clean}{style:#}").and_then(|()| self.words.flush());
            self.note_failure(written);
            return self.moved(&clean);
        }
        let _reader_may_be_gone =
            write!(self.notes, "{style}{clean}{style:#}").and_then(|()| self.notes.flush());
        self.moved(&clean);
    }

    /// A hint, in words that matter less.
    pub fn hint(&mut self, text: &str) {
        for line in text.lines() {
            self.note(Tone::Dim, line);
        }
    }

    /// An error.
    pub fn complain(&mut self, text: &str) {
        self.notes_are_words = false;
        self.note(Tone::Error, &format!("quillon: {text}"));
    }

    /// Ends a line that was begun.
    pub fn fresh_line(&mut self) {
        if !self.at_line_start {
            self.say("\n");
        }
    }

    /// Forgets what was typed before a person can have read what stands on the screen by now: nobody
    /// answers within `limits::ANSWER_GUARD`.
    pub async fn forget_typed(&mut self) {
        (self.forget)();
        let until = Instant::now() + limits::ANSWER_GUARD;
        while let Ok(Some(_too_early)) = timeout_at(until, self.lines().recv()).await {}
        (self.forget)();
    }

    /// Why something could not be shown, if so.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// A reader that went away ends the showing, not the work.
    fn note_failure(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.failed.get_or_insert_with(|| format!("failed to write the output: {error}"));
        }
    }

    /// The next line that is typed, without its end; none at the end of input.
    pub async fn line(&mut self) -> Option<String> {
        let line = self.lines().recv().await;
        self.at_line_start = true;
        line
    }

    /// Standard input is read by one thread, from the first question on. It cannot be joined while it
    /// waits for a line; the end of the process ends it.
    fn lines(&mut self) -> &mut mpsc::Receiver<String> {
        self.lines.get_or_insert_with(|| {
            let (sender, lines) = mpsc::channel(limits::TYPED_LINES_MAX);
            std::thread::spawn(move || {
                let mut input = std::io::stdin().lock();
                let mut line = Vec::new();
                while input.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
                    if sender.blocking_send(text).is_err() {
                        return;
                    }
                    line.clear();
                }
            });
            lines
        })
    }

    fn moved(&mut self, text: &str) {
        if let Some(last) = text.chars().last() {
            self.at_line_start = last == '\n';
        }
    }
}

fn style(tone: Tone) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match tone {
        Tone::Plain => Style::new(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
        Tone::Added => colour(AnsiColor::Green),
        Tone::Removed => colour(AnsiColor::Red),
        Tone::Place => colour(AnsiColor::Cyan),
        Tone::Warning => colour(AnsiColor::Yellow),
        Tone::Error => colour(AnsiColor::Red).bold(),
    }
}
