//! `Stop`: why a turn ended, and its form in the journal.

use serde::{Deserialize, Serialize};

use super::model::ErrorKind;

/// Why a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub enum Stop {
    /// The model had nothing more to do.
    Finished,
    /// The user cancelled it.
    Cancelled,
    /// `limits::STEPS_PER_TURN_MAX` requests were made.
    StepLimit,
    /// The model's answer was cut at its longest, or the context is full.
    ContextFull,
    /// The provider refused to answer.
    Refused,
    /// The model could not be reached or failed.
    ModelFailed {
        /// What kind of failure it was; none where the one who wrote the journal knew no kinds, or another one.
        kind: Option<ErrorKind>,
        /// What failed and what to do, in words for the user.
        message: String,
    },
    /// The program ended first.
    Interrupted,
}

/// The fields of `TurnEnded` that say why. The kind stands beside the reason, so that readers and
/// writers that know of no kinds agree with those that do.
#[derive(Serialize, Deserialize)]
struct Kept {
    stop: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Reason {
    Finished,
    Cancelled,
    StepLimit,
    ContextFull,
    Refused,
    ModelFailed(String),
    Interrupted,
}

impl From<Kept> for Stop {
    fn from(kept: Kept) -> Self {
        match kept.stop {
            Reason::Finished => Self::Finished,
            Reason::Cancelled => Self::Cancelled,
            Reason::StepLimit => Self::StepLimit,
            Reason::ContextFull => Self::ContextFull,
            Reason::Refused => Self::Refused,
            Reason::ModelFailed(message) => {
                Self::ModelFailed { kind: kept.failure.as_deref().and_then(ErrorKind::parse), message }
            }
            Reason::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Stop> for Kept {
    fn from(stop: Stop) -> Self {
        let mut failure = None;
        let stop = match stop {
            Stop::Finished => Reason::Finished,
            Stop::Cancelled => Reason::Cancelled,
            Stop::StepLimit => Reason::StepLimit,
            Stop::ContextFull => Reason::ContextFull,
            Stop::Refused => Reason::Refused,
            Stop::ModelFailed { kind, message } => {
                failure = kind.map(|kind| kind.word().to_owned());
                Reason::ModelFailed(message)
            }
            Stop::Interrupted => Reason::Interrupted,
        };
        Self { stop, failure }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::event::{Event, Usage};
    use super::*;

    fn ended(stop: Stop) -> Event {
        Event::TurnEnded { turn: "t1".into(), stop, usage: Usage::default(), sent: Vec::new() }
    }

    fn failed(kind: Option<ErrorKind>) -> Stop {
        Stop::ModelFailed { kind, message: "no answer".into() }
    }

    #[track_caller]
    fn check_read(stop: Value, failure: Value, expected: Stop) {
        let usage = json!({"input": 1, "cacheRead": 0, "output": 2});
        let mut line = json!({"type": "turnEnded", "turn": "t1", "stop": stop, "usage": usage});
        if !failure.is_null() {
            line["failure"] = failure;
        }
        let Event::TurnEnded { stop, usage, .. } = serde_json::from_value(line).unwrap() else { panic!() };
        assert_eq!((stop, usage), (expected, Usage { input: 1, output: 2, ..Usage::default() }));
    }

    #[test]
    fn what_was_written_before_there_were_kinds_is_read() {
        check_read(json!("finished"), Value::Null, Stop::Finished);
        check_read(json!("stepLimit"), Value::Null, Stop::StepLimit);
        check_read(json!({"modelFailed": "no answer"}), Value::Null, failed(None));
    }

    #[test]
    fn a_kind_of_a_later_version_is_passed_over() {
        check_read(json!({"modelFailed": "no answer"}), json!("melted"), failed(None));
        check_read(json!({"modelFailed": "no answer"}), json!("auth"), failed(Some(ErrorKind::Auth)));
        check_read(json!("finished"), json!("auth"), Stop::Finished);
    }

    #[test]
    fn who_knows_of_no_kinds_finds_the_reason_where_it_was() {
        let written = serde_json::to_value(ended(failed(Some(ErrorKind::RateLimit)))).unwrap();
        assert_eq!(
            (&written["stop"], &written["failure"]),
            (&json!({"modelFailed": "no answer"}), &json!("rateLimit"))
        );
        let written = serde_json::to_value(ended(Stop::Cancelled)).unwrap();
        assert_eq!((&written["stop"], written.get("failure")), (&json!("cancelled"), None));
    }

    #[test]
    fn every_stop_comes_back() {
        let plain = [
            Stop::Finished,
            Stop::Cancelled,
            Stop::StepLimit,
            Stop::ContextFull,
            Stop::Refused,
            Stop::Interrupted,
            failed(None),
        ];
        for stop in plain.into_iter().chain(ErrorKind::ALL.map(|kind| failed(Some(kind)))) {
            let event = ended(stop);
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }
}
