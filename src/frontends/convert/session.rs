//! A session as the protocol has it.

use quillon_protocol::lifecycle::Timestamp;
use quillon_protocol::session::{Session, SessionId as WireId, SessionState};

use super::uri;
use crate::engine::journal::SessionInfo;
use crate::engine::{Recorder, SessionId};

/// A session whose facts are at hand.
pub fn session(id: &SessionId, recorder: &Recorder, state: SessionState) -> Session {
    recorder.state(|now| Session {
        session_id: WireId(id.0.clone()),
        title: titled(now.title()),
        cwd: now.cwd().map_or_else(|| "file:///".into(), uri::of),
        roots: now.roots().iter().map(uri::of).collect(),
        state,
        created_at: Timestamp(now.created().to_string()),
        changed_at: Timestamp(now.updated().to_string()),
        last_seq: now.seq().0,
    })
}

/// A session that is not open here, by its line in the list.
pub fn at_rest(info: &SessionInfo) -> Session {
    Session {
        session_id: WireId(info.id.0.clone()),
        title: titled(&info.title),
        cwd: uri::of(&info.cwd),
        roots: vec![uri::of(&info.cwd)],
        state: SessionState::Idle,
        created_at: Timestamp(info.created.clone()),
        changed_at: Timestamp(info.updated.clone()),
        last_seq: info.facts,
    }
}

fn titled(title: &str) -> Option<String> {
    (!title.is_empty()).then(|| title.to_owned())
}
