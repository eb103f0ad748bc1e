//! One task a session that tells the client what happens in it.

use quillon_protocol::lifecycle::Empty;
use quillon_protocol::methods::{AgentEvent, SessionsChanged};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::engine::{Event, Seq, Session, Update};
use crate::frontends::convert;
use crate::rpc::{Closed, Peer};

/// What a client is told of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// All that happens: the client is attached.
    Events,
    /// That the list of sessions has changed, and nothing else.
    List,
}

/// LSP's number for a message about an error.
const MESSAGE_ERROR: u32 = 1;

/// Tells what happens behind a fact until the session or the connection is over, or it is stopped.
pub async fn run(session: Session, peer: Peer, after: Seq, shows: Shows, stop: CancellationToken) {
    let mut reader = session.reader(after);
    let told = async {
        while let Some(updates) = reader.next().await {
            for update in updates {
                if tell(&session, &peer, &update, shows).await.is_err() {
                    return;
                }
            }
        }
    };
    stop.run_until_cancelled(told).await;
}

async fn tell(session: &Session, peer: &Peer, update: &Update, shows: Shows) -> Result<(), Closed> {
    if shows == Shows::Events {
        for event in convert::updates(&session.id, session.recorder(), std::slice::from_ref(update)) {
            peer.notify(AgentEvent::NAME, &event).await?;
        }
    }
    match update {
        Update::Fact(fact) if changes_the_list(&fact.event) => {
            peer.notify(SessionsChanged::NAME, Empty {}).await
        }
        Update::Halted(why) => {
            peer.notify("window/showMessage", json!({ "type": MESSAGE_ERROR, "message": why })).await
        }
        Update::Fact(_) | Update::Delta(_) => Ok(()),
    }
}

fn changes_the_list(event: &Event) -> bool {
    match event {
        Event::Opened { .. }
        | Event::TurnStarted { .. }
        | Event::TurnEnded { .. }
        | Event::Asked { .. }
        | Event::Answered { .. }
        | Event::Titled { .. } => true,
        Event::Configured { .. }
        | Event::Queued { .. }
        | Event::Requeued { .. }
        | Event::Taken { .. }
        | Event::Removed { .. }
        | Event::Replied { .. }
        | Event::CallStarted { .. }
        | Event::Touched { .. }
        | Event::Found { .. }
        | Event::Reviewed { .. }
        | Event::Restored { .. }
        | Event::RestoreEnded { .. }
        | Event::Settled { .. }
        | Event::CallEnded { .. }
        | Event::Todo { .. }
        | Event::Noticed { .. }
        | Event::Overlooked { .. }
        | Event::Briefed { .. }
        | Event::Reminded { .. }
        | Event::Compacted { .. } => false,
    }
}
