//! Sessions on disk through the host: opened, given up and removed at the same moment.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/shared.rs"]
mod shared;

use std::sync::Arc;

use quillon::engine::{
    Command, Host, Mode, Model, ModelName, Models, NewSession, Refused, Seq, Session, Shared, Toolbox, Update,
};
use quillon::path::AbsPath;
use quillon::store::DiskJournals;
use quillon::workspace::NoBuffers;
use shared::shared;

/// As often as it takes for two tasks to meet at every point.
const TIMES: usize = 50;

struct NoModels;

impl Models for NoModels {
    fn find(&self, _name: &ModelName) -> Result<Arc<dyn Model>, String> {
        Err("none".into())
    }
    fn default(&self) -> Result<ModelName, String> {
        Err("none".into())
    }
    fn offered(&self) -> Vec<(ModelName, String)> {
        Vec::new()
    }
}

fn host(state: &AbsPath) -> Arc<Host> {
    Host::new(Shared {
        toolbox: Arc::new(Toolbox::new(Vec::new())),
        ..shared(Arc::new(DiskJournals::new(state).unwrap()), Arc::new(NoModels))
    })
}

async fn made(host: &Host, cwd: &AbsPath) -> Session {
    let (roots, model, buffers) = (Vec::new(), None, Arc::new(NoBuffers));
    host.create(NewSession { cwd: cwd.clone(), roots, model, mode: Mode::Ask, buffers }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opened_twice_at_the_same_moment() {
    for _ in 0..TIMES {
        let folder = tempfile::tempdir().unwrap();
        let state = AbsPath::new(folder.path()).unwrap();
        let first = host(&state);
        let id = made(&first, &state).await.id;
        first.close(&id).await;
        let second = host(&state);
        let buffers = || Arc::new(NoBuffers);
        let (one, other) = tokio::join!(second.open(&id, buffers()), second.open(&id, buffers()));
        for session in [one.unwrap(), other.unwrap()] {
            assert_eq!(session.holder(), None);
            session.send(Command::Rename { title: "x".into() }).await.unwrap();
        }
        second.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_whose_holder_is_gone_is_held_by_who_asks_next() {
    let folder = tempfile::tempdir().unwrap();
    let state = AbsPath::new(folder.path()).unwrap();
    let (holder, other) = (host(&state), host(&state));
    let id = made(&holder, &state).await.id;
    let buffers = || Arc::new(NoBuffers);
    let rename = |title: &str| Command::Rename { title: title.into() };
    let followed = other.open(&id, buffers()).await.unwrap();
    let mut reader = followed.reader(followed.state(|state| state.seq()));
    assert_eq!(other.open(&id, buffers()).await.unwrap().holder(), followed.holder());
    assert!(followed.holder().is_some());
    let refused = followed.send(rename("here")).await;
    assert!(matches!(refused, Err(Refused::Busy(_))), "{refused:?}");

    holder.close(&id).await;
    assert_eq!(other.open(&id, buffers()).await.unwrap().holder(), None);
    // Whoever followed it goes on with what they have.
    assert_eq!(followed.holder(), None);
    followed.send(rename("here")).await.unwrap();
    assert!(matches!(reader.next().await.unwrap()[..], [Update::Fact(_)]));
    let third = host(&state);
    assert!(third.open(&id, buffers()).await.unwrap().holder().is_some());
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_while_somebody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let state = AbsPath::new(folder.path()).unwrap();
    let host = host(&state);
    let session = made(&host, &state).await;
    let mut reader = session.reader(Seq(0));
    host.delete(&session.id).await.unwrap();
    while reader.next().await.is_some() {}
    assert!(host.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_at_once() {
    for _ in 0..TIMES {
        let folder = tempfile::tempdir().unwrap();
        let state = AbsPath::new(folder.path()).unwrap();
        let host = host(&state);
        let id = made(&host, &state).await.id;
        host.delete(&id).await.unwrap();
    }
}
