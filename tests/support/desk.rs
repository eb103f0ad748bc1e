//! Two people at their editors, and the files that they and two agents change: what must stand where.
//!
//! Everything that people do is done here, and put down beside the real disk. What an agent changes must
//! be exactly the one replacement that it was asked for, in the text as it was at that moment.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use futures::future::BoxFuture;
use quillon::path::AbsPath;
use quillon::text::{SharedText, Version, ends};
use quillon::workspace::{BufferWrite, Buffers, Refusal, Took};

/// The files there are at first.
pub const FILES: [&str; 2] = ["a", "b"];

/// What a person does, or something outside of all editors.
#[derive(Debug, Clone)]
pub enum Does {
    /// Types in an open file; the place is a share of its length.
    Types(usize, usize, f64, &'static str),
    /// Takes out some characters of an open file.
    Removes(usize, usize, f64, usize),
    /// The editor tells what was typed; until then it is known to it alone.
    Tells(usize, usize),
    /// Saves an open file, unless the disk has another text than the editor knows.
    Saves(usize, usize),
    /// A formatter goes over an open file.
    Formats(usize, usize),
    /// Reads an open file again that has no unsaved changes.
    Reloads(usize, usize),
    Opens(usize, usize),
    /// Closes a file; what was not saved is given up.
    Closes(usize, usize),
    /// Another program changes the file on the disk.
    Another(usize),
}

/// What an agent was asked to change.
#[derive(Debug, Clone)]
pub struct Task {
    pub file: usize,
    pub old: String,
    pub new: String,
    /// Whether it was done.
    pub done: bool,
}

struct Buffer {
    text: String,
    /// What the editor has told of it.
    told: String,
    /// What it knows of the disk.
    saved: String,
}

pub struct Desk {
    folder: PathBuf,
    disk: Vec<String>,
    editors: [HashMap<usize, Buffer>; 2],
    pub tasks: [Option<Task>; 2],
    /// What happens whenever an agent comes to an editor.
    between: Vec<Option<Does>>,
    count: usize,
}

impl Desk {
    pub fn new(folder: PathBuf, between: Vec<Option<Does>>) -> Self {
        let plain: String = (0..9).map(|line| format!("k{line}=v0;\n")).collect();
        let disk = vec![plain.clone(), format!("\u{feff}{}", plain.replace('\n', "\r\n"))];
        for (name, text) in FILES.iter().zip(&disk) {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let editors = [HashMap::new(), HashMap::new()];
        Self { folder, disk, editors, tasks: [None, None], between, count: 0 }
    }

    /// Gives an agent a task: the key's value becomes one that was never there.
    pub fn asks(&mut self, agent: usize, file: usize, key: usize) -> Task {
        self.look_at_the_disk();
        self.count += 1;
        let text = match self.editors[agent].get(&file) {
            Some(buffer) => &buffer.told,
            None => &self.disk[file],
        };
        let begin = format!("k{key}=");
        let value = text.split(&begin).nth(1).and_then(|rest| rest.split(';').next()).unwrap_or("gone");
        let old = format!("{begin}{value};");
        let task = Task { file, old, new: format!("{begin}v{};", self.count), done: false };
        self.tasks[agent] = Some(task.clone());
        task
    }

    /// The call of an agent ended: it did all of its task, or nothing.
    pub fn ended(&mut self, agent: usize, done: bool, said: &str) {
        self.look_at_the_disk();
        let task = self.tasks[agent].take().unwrap();
        assert_eq!(task.done, done, "{task:?} ended with: {said}");
    }

    /// Whatever differs on the disk was done by an agent whose task that is.
    pub fn look_at_the_disk(&mut self) {
        for (file, name) in FILES.iter().enumerate() {
            let stands = std::fs::read_to_string(self.folder.join(name)).unwrap();
            if stands == self.disk[file] {
                continue;
            }
            let task = self.tasks.iter_mut().flatten().find(|task| {
                !task.done && task.file == file && replaced(&self.disk[file], task).as_ref() == Some(&stands)
            });
            let task = task.unwrap_or_else(|| panic!("on the disk {:?} became {stands:?}", self.disk[file]));
            task.done = true;
            self.disk[file] = stands;
        }
    }

    pub fn happens(&mut self, does: &Does) {
        self.look_at_the_disk();
        self.count += 1;
        match *does {
            Does::Opens(who, file) => {
                let text = self.disk[file].clone();
                let buffer = Buffer { told: text.clone(), saved: text.clone(), text };
                self.editors[who].entry(file).or_insert(buffer);
            }
            Does::Closes(who, file) => drop(self.editors[who].remove(&file)),
            Does::Another(file) => {
                let text = format!("{}other {}\n", self.disk[file], self.count);
                self.put(file, text);
            }
            Does::Types(who, file, share, text) => {
                let text = text.replace('#', &self.count.to_string());
                self.in_buffer(who, file, |buffer| {
                    let at = place(&buffer.text, share);
                    buffer.text.insert_str(at, &text);
                });
            }
            Does::Removes(who, file, share, length) => self.in_buffer(who, file, |buffer| {
                let at = place(&buffer.text, share);
                let end = buffer.text[at..].char_indices().nth(length).map_or(at, |(end, _)| at + end);
                buffer.text.replace_range(at..end, "");
            }),
            Does::Formats(who, file) => self.in_buffer(who, file, |buffer| {
                buffer.text = buffer.text.replace(" \n", "\n").replace("  ", " ").replace(";k", ";\nk");
            }),
            Does::Tells(who, file) => {
                self.in_buffer(who, file, |buffer| buffer.told.clone_from(&buffer.text))
            }
            Does::Saves(who, file) => {
                let disk = &self.disk[file];
                let buffer = self.editors[who].get_mut(&file).filter(|buffer| buffer.saved == *disk);
                if let Some(buffer) = buffer {
                    buffer.saved.clone_from(&buffer.text);
                    let text = buffer.text.clone();
                    self.put(file, text);
                }
            }
            Does::Reloads(who, file) => {
                let disk = self.disk[file].clone();
                self.in_buffer(who, file, |buffer| {
                    if buffer.text == buffer.saved {
                        *buffer = Buffer { text: disk.clone(), told: disk.clone(), saved: disk };
                    }
                });
            }
        }
    }

    fn in_buffer(&mut self, who: usize, file: usize, change: impl FnOnce(&mut Buffer)) {
        if let Some(buffer) = self.editors[who].get_mut(&file) {
            change(buffer);
        }
    }

    fn put(&mut self, file: usize, text: String) {
        std::fs::write(self.folder.join(FILES[file]), &text).unwrap();
        self.disk[file] = text;
    }

    fn comes(&mut self) {
        if let Some(Some(does)) = self.between.pop() {
            self.happens(&does);
        }
    }

    fn file(&self, path: &AbsPath) -> Option<usize> {
        FILES.iter().position(|name| path.file_name() == *name)
    }

    fn apply(&mut self, who: usize, write: &BufferWrite) -> Option<Result<Took, Refusal>> {
        let file = self.file(&write.path)?;
        let buffer = self.editors[who].get_mut(&file)?;
        if buffer.text != buffer.told || Version::of_text(&buffer.text) != write.base {
            // What was typed is told behind the refusal.
            buffer.told.clone_from(&buffer.text);
            return Some(Err(Refusal::Stale));
        }
        let text = ends::splice(&buffer.text, &write.splices);
        assert_eq!(text, *write.new);
        let task = self.tasks[who].as_mut().expect("somebody asked for it");
        assert_eq!(Some(&text), replaced(&buffer.text, task).as_ref(), "{task:?}");
        assert!(!task.done, "{task:?} is done twice");
        task.done = true;
        let saves = buffer.text == self.disk[file] && buffer.text == buffer.saved;
        (buffer.text, buffer.told) = (text.clone(), text.clone());
        if saves {
            buffer.saved.clone_from(&text);
            self.put(file, text);
        }
        Some(Ok(Took::default()))
    }
}

/// The text with the task done; none where it cannot be.
fn replaced(text: &str, task: &Task) -> Option<String> {
    let once = text.matches(&task.old).count() == 1;
    once.then(|| text.replacen(&task.old, &task.new, 1))
}

fn place(text: &str, share: f64) -> usize {
    let count = text.chars().count();
    let at = (count as f64 * share) as usize;
    text.char_indices().nth(at).map_or(text.len(), |(at, _)| at)
}

/// The editor of one of the two.
pub struct Editor {
    pub desk: Arc<Mutex<Desk>>,
    pub who: usize,
}

impl Editor {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }
}

impl Buffers for Editor {
    fn read<'a>(&'a self, path: &'a AbsPath) -> BoxFuture<'a, Option<io::Result<SharedText>>> {
        let mut desk = self.lock();
        desk.comes();
        let buffer = desk.file(path).and_then(|file| desk.editors[self.who].get(&file));
        let text = buffer.map(|buffer| Ok(buffer.told.as_str().into()));
        Box::pin(async move { text })
    }

    fn write<'a>(&'a self, writes: &'a [BufferWrite]) -> BoxFuture<'a, Vec<Option<Result<Took, Refusal>>>> {
        let mut desk = self.lock();
        desk.comes();
        desk.look_at_the_disk();
        let answers = writes.iter().map(|write| desk.apply(self.who, write)).collect();
        desk.comes();
        Box::pin(async move { answers })
    }

    fn open(&self) -> Vec<AbsPath> {
        Vec::new()
    }
}
