//! What threads find, in the order of paths, and never much more than was asked for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{GrepQuery, Grepped, Match, Missed, More, Role, SearchFor, Zeros};
use crate::path::AbsPath;
use crate::workspace::walk::Stop;

/// Collects the results of all threads.
pub(super) struct Results<'a> {
    query: &'a GrepQuery,
    /// Whether what was found in a file may be shown.
    shows: &'a (dyn Fn(&AbsPath) -> bool + Sync),
    found: Mutex<Found>,
    /// Whether something was left out; then files behind the last one need not be searched.
    over: AtomicBool,
    searched: AtomicUsize,
    withheld: AtomicUsize,
}

#[derive(Default)]
struct Found {
    files: BTreeMap<AbsPath, Match>,
    /// How many lines, files or counts they are.
    weight: usize,
    full: bool,
    missed: Missed,
}

impl<'a> Results<'a> {
    pub(super) fn new(query: &'a GrepQuery, shows: &'a (dyn Fn(&AbsPath) -> bool + Sync)) -> Self {
        let (searched, withheld) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { query, shows, found: Mutex::default(), over: AtomicBool::new(false), searched, withheld }
    }

    /// Whether a file with this path can still be among the results.
    pub(super) fn wants(&self, path: &AbsPath) -> bool {
        self.searched.fetch_add(1, Ordering::Relaxed);
        !self.over.load(Ordering::Relaxed)
            || self.found().files.last_key_value().is_none_or(|(last, _)| path < last)
    }

    pub(super) fn add(&self, found: Match, full: More) {
        let wanted = match self.query.wanted {
            SearchFor::FilesWithout => found.count == 0,
            SearchFor::Counts(Zeros::Given) | SearchFor::Occurrences(Zeros::Given) => true,
            SearchFor::Counts(Zeros::LeftOut) | SearchFor::Occurrences(Zeros::LeftOut) | SearchFor::Files => {
                found.count > 0
            }
            // Where all lines are given there are some beside no match.
            SearchFor::Lines => !found.hits.is_empty(),
        };
        if !wanted {
            return;
        }
        if !(self.shows)(&found.path) {
            self.withheld.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut all = self.found();
        all.full |= full == More::Yes;
        all.weight += self.weight(&found);
        all.files.insert(found.path.clone(), found);
        while let Some((_, last)) = all.files.last_key_value() {
            let rest = all.weight - self.weight(last);
            if rest < self.query.max {
                break;
            }
            all.weight = rest;
            all.files.pop_last();
            self.over.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn miss(&self, why: String) {
        self.found().missed.add(why);
    }

    pub(super) fn finish(self, missed: Missed, stop: &Stop) -> Grepped {
        let over = self.over.load(Ordering::Relaxed);
        let max = self.query.max;
        let mut all = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut more = over || all.full || missed.given_up || stop.is_set();
        if all.weight > max && self.query.wanted == SearchFor::Lines {
            let excess = all.weight - max;
            if let Some(mut last) = all.files.last_entry() {
                keep(last.get_mut(), excess);
            }
            more = true;
        }
        let mut together = all.missed;
        together.unreadable += missed.unreadable;
        together.given_up |= missed.given_up;
        together.why = together.why.or(missed.why);
        let files = all.files.into_values().collect();
        let more = if more { More::Yes } else { More::No };
        let (searched, withheld) = (self.searched.into_inner(), self.withheld.into_inner());
        Grepped { files, more, searched, withheld, missed: together }
    }

    fn weight(&self, found: &Match) -> usize {
        if self.query.wanted == SearchFor::Lines { found.count } else { 1 }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the last `excess` matches away, and what stands behind those that stay.
fn keep(found: &mut Match, excess: usize) {
    found.count -= excess;
    let mut matches = found.hits.iter().enumerate().filter(|(_, hit)| hit.role == Role::Match);
    if let Some((first_too_many, _)) = matches.nth(found.count) {
        found.hits.truncate(first_too_many);
    }
}
