//! Tests of sessions on disk.

use std::sync::Arc;

use super::*;
use crate::engine::journal::Recorded;
use crate::engine::{Event, Level, Mode, ModelName, Recorder, Seq};
use crate::text::Hash;

fn journals() -> (tempfile::TempDir, AbsPath, DiskJournals) {
    let folder = tempfile::tempdir().unwrap();
    let state = AbsPath::new(folder.path()).unwrap();
    let journals = DiskJournals::new(&state).unwrap();
    (folder, state, journals)
}

fn id(name: &str) -> SessionId {
    SessionId(name.into())
}

fn opened() -> Event {
    let cwd = AbsPath::new("/w").unwrap();
    Event::Opened { roots: vec![cwd.clone()], cwd, model: ModelName("m".into()), mode: Mode::Ask }
}

fn notice(text: &str) -> Event {
    Event::Noticed { level: Level::Info, text: text.into() }
}

fn fact(seq: u64, event: Event) -> Recorded {
    Recorded {
        seq: Seq(seq),
        at: format!("2026-01-01T00:00:{:02}Z", seq % 60).into(),
        event: Arc::new(event),
    }
}

fn held(journals: &DiskJournals, session: &SessionId) -> Box<dyn Journal> {
    match journals.open(session).unwrap() {
        Opened::Held(journal) => journal,
        Opened::Followed { holder, .. } => panic!("held by {holder}"),
    }
}

fn keep(journal: &mut (impl Journal + ?Sized), bytes: &[u8]) -> Hash {
    let hash = Hash::of(bytes);
    journal.keep(&hash, bytes).unwrap();
    hash
}

#[test]
fn facts_outlive_the_journal_and_long_texts_are_blobs() {
    let (_folder, state, journals) = journals();
    let long = "long ".repeat(10_000);
    let facts: Vec<Recorded> = std::iter::once(fact(1, opened()))
        .chain((2..200).map(|seq| {
            fact(seq, notice(&if seq % 50 == 0 { long.clone() } else { format!("{{\"$blob\":{seq}}}") }))
        }))
        .collect();
    let mut journal = journals.create(&id("a")).unwrap();
    facts.iter().for_each(|fact| journal.append(fact).unwrap());
    let kept = keep(&mut *journal, b"bytes");
    journal.settler(None)().unwrap();
    drop(journal);
    let journal = held(&journals, &id("a"));
    for after in [0, 1, 31, 32, 33, 150, 198, 199, 500] {
        let read = journal.read(Seq(after), 7).unwrap();
        let expected: Vec<Recorded> =
            facts.iter().filter(|fact| fact.seq.0 > after).take(7).cloned().collect();
        assert_eq!(read, expected, "after {after}");
    }
    assert_eq!(&*journal.fetch(&kept).unwrap(), b"bytes");
    assert_eq!(kept, Hash::of(b"bytes"));
    let size = fs::look(&state.join("sessions/a/journal.jsonl").unwrap()).unwrap().len;
    assert!(size < 40_000, "{size} bytes: long texts are not in the lines");
}

#[test]
fn what_a_running_session_keeps_is_bounded() {
    let (_folder, state, _journals) = journals();
    let folder = state.join("a").unwrap();
    fs::create_private_new_folder(&folder).unwrap();
    let text = |number: u8| vec![number; 100];
    let Attempt::Held(lock) = lock(&folder).unwrap() else { panic!() };
    let mut journal = DiskJournal::create(folder.clone(), lock).unwrap().keeping_at_most(350);
    let kept: Vec<Hash> = (0..10).map(|number| keep(&mut journal, &text(number))).collect();
    let left = |journal: &DiskJournal| -> Vec<usize> {
        (0..kept.len()).filter(|at| journal.keeps(&kept[*at])).collect()
    };
    assert_eq!(left(&journal), [7, 8, 9]);
    keep(&mut journal, &text(7));
    keep(&mut journal, &text(0));
    assert_eq!(left(&journal), [0, 7, 9], "what is needed again is young");
    assert!(journal.fetch(&kept[8]).is_err() && journal.fetch(&kept[9]).is_ok());
    journal.settler(None)().unwrap();
    drop(journal);
    let Attempt::Held(lock) = super::lock(&folder).unwrap() else { panic!() };
    let mut journal = DiskJournal::open(folder, lock).unwrap().keeping_at_most(150);
    keep(&mut journal, &text(8));
    assert_eq!(left(&journal), [8], "also what was kept before");
}

#[test]
fn any_prefix_of_the_file_opens_with_all_whole_facts() {
    let (_folder, state, journals) = journals();
    let mut journal = journals.create(&id("a")).unwrap();
    for seq in 1..=4 {
        journal.append(&fact(seq, if seq == 1 { opened() } else { notice("x") })).unwrap();
    }
    drop(journal);
    let path = state.join("sessions/a/journal.jsonl").unwrap();
    let whole = fs::read(&path).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in header..=whole.len() {
        fs::replace(&path, &whole[..length], fs::Durability::Process).unwrap();
        let lines = whole[header..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        let mut journal = held(&journals, &id("a"));
        assert_eq!(journal.read(Seq(0), 9).unwrap().len() as u64, lines);
        journal.append(&fact(lines + 1, notice("next"))).unwrap();
        assert_eq!(journal.read(Seq(lines), 9).unwrap(), [fact(lines + 1, notice("next"))]);
    }
}

#[test]
fn one_writes_and_others_follow() {
    let (_folder, _state, journals) = journals();
    let mut journal = journals.create(&id("a")).unwrap();
    journal.append(&fact(1, opened())).unwrap();
    let Opened::Followed { journal: follower, holder } = journals.open(&id("a")).unwrap() else { panic!() };
    assert!(holder.contains(&std::process::id().to_string()), "{holder}");
    assert_eq!(follower.read(Seq(0), 9).unwrap().len(), 1);
    journal.append(&fact(2, notice("more"))).unwrap();
    assert_eq!(follower.read(Seq(1), 9).unwrap(), [fact(2, notice("more"))]);
    assert_eq!(journals.look(&id("a")).unwrap().read(Seq(0), 9).unwrap().len(), 2);
    assert!(matches!(journals.delete(&id("a")), Err(OpenError::Held { .. })));
    drop(journal);
    let looking = journals.look(&id("a")).unwrap();
    assert!(matches!(journals.open(&id("a")).unwrap(), Opened::Held(_)), "who looks does not hold");
    drop(looking);
    journals.delete(&id("a")).unwrap();
    assert!(matches!(journals.open(&id("a")), Err(OpenError::Unknown(_))));
}

#[test]
fn broken_and_newer_journals_are_named() {
    let (_folder, state, journals) = journals();
    let mut journal = journals.create(&id("a")).unwrap();
    journal.append(&fact(1, opened())).unwrap();
    drop(journal);
    let path = state.join("sessions/a/journal.jsonl").unwrap();
    let mut text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    text.push_str("not json\n");
    fs::replace(&path, text.as_bytes(), fs::Durability::Process).unwrap();
    let journal = held(&journals, &id("a"));
    assert_eq!(journal.read(Seq(0), 9).unwrap(), [fact(1, opened())]);
    let error = journal.read(Seq(1), 9).unwrap_err().to_string();
    assert!(error.contains("journal.jsonl, line 3"), "{error}");
    drop(journal);
    let newer = text.replace("\"version\":1", "\"version\":2");
    fs::replace(&path, newer.as_bytes(), fs::Durability::Process).unwrap();
    assert!(matches!(journals.open(&id("a")), Err(OpenError::Newer { version: 2, .. })));
}

/// A session of six facts, the fifth with a long text, after something was done to its files; how many
/// can be read, and what is said of the damage.
#[track_caller]
fn check_damage(damage: impl Fn(&mut Vec<Vec<u8>>, &AbsPath), facts: u64, said: &[&str]) {
    let (_folder, state, journals) = journals();
    let mut journal = journals.create(&id("a")).unwrap();
    for seq in 1..=6 {
        let text = if seq == 5 { "long ".repeat(10_000) } else { format!("notice {seq}") };
        journal.append(&fact(seq, if seq == 1 { opened() } else { notice(&text) })).unwrap();
    }
    drop(journal);
    let path = state.join("sessions/a/journal.jsonl").unwrap();
    let mut lines: Vec<Vec<u8>> =
        fs::read(&path).unwrap().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    damage(&mut lines, &state.join("sessions/a/blobs").unwrap());
    fs::replace(&path, &lines.concat(), fs::Durability::Process).unwrap();
    let recorder = Recorder::salvage(id("a"), journals.look(&id("a")).unwrap(), Arc::new(String::new));
    let read = recorder.facts(Seq(0), 99).unwrap();
    assert_eq!(read.last().map_or(0, |fact| fact.seq.0), facts);
    assert_eq!(read.len() as u64, facts);
    let halted = recorder.halted().unwrap_or_default();
    assert!(said.iter().all(|words| halted.contains(words)), "{halted}");
    assert_eq!(halted.is_empty(), said.is_empty(), "{halted}");
    assert_eq!(fs::read(&path).unwrap(), lines.concat(), "looking changes nothing");
    let listed: Vec<u64> = journals.list().unwrap().iter().map(|info| info.facts).collect();
    assert_eq!(listed, if facts == 0 { vec![] } else { vec![facts] });
}

#[test]
fn a_damaged_journal_is_read_up_to_the_damage() {
    check_damage(|_, _| {}, 6, &[]);
    check_damage(|lines, _| lines[6].truncate(20), 5, &[]);
    check_damage(
        |lines, _| lines[4] = b"garbage\n".to_vec(),
        3,
        &["after its fact 3", "journal.jsonl, line 5"],
    );
    check_damage(|lines, _| lines[4][9] = 0xff, 3, &["line 5"]);
    check_damage(|lines, _| lines[4].fill(0), 3, &["line 5"]);
    check_damage(|lines, _| drop(lines.remove(3)), 2, &["after its fact 2", "number 4 after 2"]);
    check_damage(|lines, _| lines.insert(3, lines[2].clone()), 2, &["number 2 after 2"]);
    check_damage(|lines, _| lines[1] = b"{}\n".to_vec(), 0, &["line 2"]);
    check_damage(|_, blobs| fs::remove_folder_all(blobs).unwrap(), 4, &["line 6", "blobs/"]);
    let rewritten = |_: &mut Vec<Vec<u8>>, blobs: &AbsPath| {
        let blob = blobs.join(&fs::list(blobs, 9).unwrap().entries[0].name).unwrap();
        fs::replace(&blob, b"short", fs::Durability::Process).unwrap();
    };
    check_damage(rewritten, 4, &["line 6", "holds something else"]);
}

#[test]
fn ids_are_names_and_nothing_else() {
    let (_folder, _state, journals) = journals();
    for hostile in ["", "..", "a/b", "a\0", "é", &"a".repeat(65)] {
        assert!(matches!(journals.open(&id(hostile)), Err(OpenError::Unknown(_))), "{hostile:?}");
    }
}

#[test]
fn lists_are_rebuilt() {
    let (_folder, state, journals) = journals();
    assert_eq!(journals.list().unwrap(), []);
    for (name, facts) in [("a", 2), ("b", 3)] {
        let journal = journals.create(&id(name)).unwrap();
        let recorder =
            Recorder::open(id(name), journal, Arc::new(move || format!("2026-01-0{facts}T00:00:00Z")))
                .unwrap();
        recorder.record(opened()).unwrap();
        recorder.record(notice("x")).unwrap();
        recorder.settle().unwrap();
    }
    let names = |infos: Vec<SessionInfo>| infos.into_iter().map(|info| info.id.0).collect::<Vec<_>>();
    assert_eq!(names(journals.list().unwrap()), ["b", "a"]);
    let before = journals.list().unwrap();
    fs::replace(&state.join("sessions/a/meta.json").unwrap(), b"{", fs::Durability::Process).unwrap();
    fs::remove_file(&state.join("sessions/b/meta.json").unwrap()).unwrap();
    assert_eq!(journals.list().unwrap(), before);
}

#[test]
fn a_line_that_was_behind_when_the_program_was_killed_is_made_anew() {
    let (_folder, _state, journals) = journals();
    let recorder =
        Recorder::open(id("a"), journals.create(&id("a")).unwrap(), Arc::new(String::new)).unwrap();
    recorder.record(opened()).unwrap();
    recorder.settle().unwrap();
    assert_eq!(journals.list().unwrap()[0].facts, 1);
    recorder.record(notice("x")).unwrap();
    assert_eq!(journals.list().unwrap()[0].facts, 2, "what was not settled is counted too");
    recorder.record(notice("y")).unwrap();
    assert_eq!(journals.list().unwrap()[0].facts, 3);
}

#[cfg(unix)]
#[test]
#[allow(clippy::disallowed_methods, reason = "a file that cannot be opened")]
fn what_is_kept_is_synced_with_the_facts_and_tried_again() {
    let (_folder, state, journals) = journals();
    let journal = journals.create(&id("a")).unwrap();
    let recorder = Recorder::open(id("a"), journal, Arc::new(String::new)).unwrap();
    recorder.record(opened()).unwrap();
    let kept = recorder.keep(b"bytes").unwrap();
    let blob = state.join(format!("sessions/a/{}/{kept}", quota::FOLDER)).unwrap();
    fs::remove_file(&blob).unwrap();
    std::os::unix::fs::symlink(&blob, &blob).unwrap();
    for _ in 0..2 {
        assert!(recorder.settle().is_err(), "what could not be synced is not forgotten");
    }
    fs::remove_file(&blob).unwrap();
    recorder.settle().unwrap();
    assert_eq!(journals.list().unwrap().len(), 1);
}
