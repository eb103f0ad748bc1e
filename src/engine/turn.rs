//! The loop of one turn: step, calls, step … until the model asks for no more calls.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::budget::{Budget, Spent};
use super::call;
use super::compaction::{self, Room};
use super::event::{
    Answer, CallId, Event, Level, QuestionId, Reminder, Seq, Stop, Subject, TurnId, Usage, Who,
};
use super::habits;
use super::model::{Model, Offer, Price};
use super::outside;
use super::parts::Parts;
use super::prompt;
use super::question;
use super::recorder::Halted;
use super::repeat::{self, Repeat};
use super::ruling::{self, When};
use super::step::{self, Said};
use crate::limits;

/// One running turn: what its steps and calls share.
pub struct Turn {
    pub(super) id: TurnId,
    pub(super) parts: Arc<Parts>,
    pub(super) cancel: CancellationToken,
    spent: Mutex<Spent>,
    began: Instant,
    budget: Budget,
    /// What was spent when the user last said that it goes on.
    allowed: Mutex<Spent>,
    /// No room can be made any more in this turn.
    cramped: AtomicBool,
}

/// Runs a turn that was started, to its end. The turn closes itself, also when it is cancelled.
pub async fn run(parts: Arc<Parts>, id: TurnId, cancel: CancellationToken) -> Result<(), Halted> {
    let budget = parts.models.budget();
    let turn = Turn {
        id,
        parts,
        cancel,
        spent: Mutex::default(),
        began: Instant::now(),
        budget,
        allowed: Mutex::default(),
        cramped: AtomicBool::new(false),
    };
    turn.parts.files.begin_edits();
    let stop = turn.steps().await;
    turn.parts.files.end_edits().await;
    let stop = stop?;
    let usage = turn.spent.lock().unwrap_or_else(PoisonError::into_inner).usage;
    let sent = turn.parts.outgoing.take();
    turn.record(Event::TurnEnded { turn: turn.id.clone(), stop, usage, sent })?;
    Ok(())
}

impl Turn {
    /// Records a fact.
    pub(super) fn record(&self, event: Event) -> Result<Seq, Halted> {
        self.parts.recorder.record(event)
    }

    /// Adds to what the turn has cost; `price` is that of the model that was asked.
    pub(super) fn spend(&self, usage: Usage, price: Option<Price>) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.usage += usage;
        spent.dollars += price.map_or(0.0, |price| price.of(&usage));
    }

    /// The session's model; the error says what to do.
    pub(super) fn model(&self) -> Result<Arc<dyn Model>, String> {
        match self.parts.recorder.state(|state| state.model().cloned()) {
            Some(name) => self.parts.models.find(&name),
            None => Err("no model is chosen".to_owned()),
        }
    }

    /// Whether it was found that no room can be made in this turn.
    pub(super) fn gave_up_room(&self) -> bool {
        self.cramped.load(Ordering::Relaxed)
    }

    pub(super) fn give_up_room(&self) {
        self.cramped.store(true, Ordering::Relaxed);
    }

    /// Puts a question before the user and waits for the answer, as long as it takes. None: it was
    /// withdrawn, because the turn was cancelled.
    pub(super) async fn ask(
        &self,
        call: Option<&CallId>,
        ask: super::event::Question,
    ) -> Result<Option<(Answer, Who)>, Halted> {
        let recorder = &self.parts.recorder;
        let ((question, waiting), _) = recorder.record_from(|state| {
            let question = QuestionId(format!("q{}", state.questions_asked() + 1));
            let waiting = self.parts.desk.open(&question);
            let asked = Event::Asked { question: question.clone(), call: call.cloned(), ask };
            ((question, waiting), asked)
        })?;
        self.parts.settle_in_the_background();
        let answer = waiting.answer(self.cancel.cancelled()).await;
        let (given, by) = match &answer {
            Some((answer, by)) => (Some(answer.clone()), by.clone()),
            None => (None, Who::Quillon),
        };
        self.record(Event::Answered { question, answer: given, by })?;
        Ok(answer)
    }

    async fn steps(&self) -> Result<Stop, Halted> {
        ruling::refresh(&self.parts, When::Turn).await?;
        // An editor may be asked for files, and not answer.
        let Some(briefed) = self.cancel.run_until_cancelled(prompt::brief(&self.parts)).await else {
            return Ok(Stop::Cancelled);
        };
        briefed?;
        let prompt =
            self.parts.recorder.state(|state| state.said().marks().last().map(|mark| mark.content.clone()));
        if let Some(words) = prompt.as_deref().and_then(compaction::wish) {
            return compaction::on_wish(self, words).await;
        }
        let mut refused = false;
        for number in 1..=limits::STEPS_PER_TURN_MAX {
            if self.cancel.is_cancelled() {
                return Ok(Stop::Cancelled);
            }
            compaction::before_step(self).await?;
            self.remind(number).await?;
            let last = number == limits::STEPS_PER_TURN_MAX;
            let offer = if last { Offer::NoTools } else { Offer::Tools };
            match step::run(self, offer).await? {
                Said::Calls(reply) => {
                    refused = false;
                    call::run_all(self, &reply).await?;
                }
                Said::Enough | Said::Paused if last => return Ok(Stop::StepLimit),
                Said::Paused => {}
                Said::Enough if self.parts.recorder.state(prompt::someone_steers) => {}
                Said::Enough if self.tell_to_check()? => {}
                Said::Enough => return Ok(Stop::Finished),
                Said::TooLong if !refused => {
                    refused = true;
                    match compaction::after_refusal(self).await? {
                        Room::Made => continue,
                        Room::Cancelled => return Ok(Stop::Cancelled),
                        Room::None(why) => {
                            let text = format!("The conversation is too long for the model, and {why}.");
                            self.record(Event::Noticed { level: Level::Warning, text })?;
                            return Ok(Stop::ContextFull);
                        }
                    }
                }
                Said::TooLong => return Ok(Stop::ContextFull),
                Said::Stop(stop) => return Ok(stop),
            }
            if self.cancel.is_cancelled() {
                return Ok(Stop::Cancelled);
            }
            if let Some(stop) = self.mind_repeats().await? {
                return Ok(stop);
            }
            if let Some(stop) = self.mind_budget(number).await? {
                return Ok(stop);
            }
        }
        Ok(Stop::StepLimit)
    }

    /// What the model must hear before this step: prompts that steer, a mode it does not know of, files
    /// that are not what it has seen any more, the last step.
    async fn remind(&self, number: u32) -> Result<(), Halted> {
        for prompt in self.parts.recorder.state(prompt::steering) {
            self.record(Event::Taken { prompt })?;
        }
        let (mode, told) = self.parts.recorder.state(|state| (state.mode(), state.told_mode()));
        if mode != told {
            let text = prompt::mode_note(mode).to_owned();
            self.record(Event::Reminded { about: Reminder::Mode(mode), text })?;
        }
        if let Some(Some(text)) = self.cancel.run_until_cancelled(outside::note(&self.parts)).await {
            self.record(Event::Reminded { about: Reminder::Files, text })?;
        }
        let heeds_notes = self.model().is_ok_and(|model| model.heeds_notes());
        if heeds_notes && self.parts.recorder.state(|state| state.habits().should_plan(state.todo())) {
            let text = habits::PLAN_NOTE.to_owned();
            self.record(Event::Reminded { about: Reminder::Plan, text })?;
        }
        if number == limits::STEPS_PER_TURN_MAX {
            let text = prompt::LAST_STEP_NOTE.to_owned();
            self.record(Event::Reminded { about: Reminder::Steps, text })?;
        }
        Ok(())
    }

    /// Says to a model that is about to end what it should check, once; says whether it did.
    fn tell_to_check(&self) -> Result<bool, Halted> {
        let should = self.parts.recorder.state(|state| state.habits().should_check(state.mode()));
        let says = should && self.model().is_ok_and(|model| model.heeds_notes());
        if says {
            let text = habits::CHECK_NOTE.to_owned();
            self.record(Event::Reminded { about: Reminder::Check, text })?;
        }
        Ok(says)
    }

    /// Three equal rounds with equal results: the model hears it. Five: the user decides.
    async fn mind_repeats(&self) -> Result<Option<Stop>, Halted> {
        match self.parts.recorder.state(|state| repeat::look(state.history())) {
            Repeat::None => Ok(None),
            Repeat::Noted(text) => {
                self.record(Event::Reminded { about: Reminder::Loop, text })?;
                Ok(None)
            }
            Repeat::Stuck(text) => {
                let question = question::about_a_loop(Subject::Loop(text));
                match self.ask(None, question).await? {
                    Some((Answer::Once | Answer::Amended { .. } | Answer::Always(_), _)) => Ok(None),
                    Some((Answer::No { note: Some(note) }, _)) => {
                        let text = format!("You were repeating yourself. The user says: {note}");
                        self.record(Event::Reminded { about: Reminder::Loop, text })?;
                        Ok(None)
                    }
                    Some((Answer::No { note: None }, _)) | None => Ok(Some(Stop::Cancelled)),
                }
            }
        }
    }

    /// The user decides whether a turn goes on that has spent what it may spend unasked.
    async fn mind_budget(&self, steps: u32) -> Result<Option<Stop>, Halted> {
        let spent = Spent {
            steps,
            time: self.began.elapsed(),
            ..*self.spent.lock().unwrap_or_else(PoisonError::into_inner)
        };
        let before = *self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(words) = self.budget.used_up(&spent, &before) else { return Ok(None) };
        let goes_on = || {
            *self.allowed.lock().unwrap_or_else(PoisonError::into_inner) = spent;
            Ok(None)
        };
        match self.ask(None, question::about_a_budget(words)).await? {
            Some((Answer::Once | Answer::Amended { .. } | Answer::Always(_), _)) => goes_on(),
            Some((Answer::No { note: Some(note) }, _)) => {
                let text = format!("The turn has used up its budget. The user says: {note}");
                self.record(Event::Reminded { about: Reminder::Steps, text })?;
                goes_on()
            }
            Some((Answer::No { note: None }, _)) => Ok(Some(Stop::StepLimit)),
            None => Ok(Some(Stop::Cancelled)),
        }
    }
}
