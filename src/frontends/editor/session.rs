//! Sessions for a client: made, listed, attached to, named, deleted, exported, configured.

use quillon_protocol::config::{ConfigCategory, ConfigChoice, ConfigOption, ConfigResult, ConfigSetParams};
use quillon_protocol::error::{ErrorKind, INVALID_PARAMS, REQUEST_FAILED, ResponseError};
use quillon_protocol::lifecycle::Empty;
use quillon_protocol::methods::SessionsChanged;
use quillon_protocol::session::{
    ExportFormat, Session as Shown, SessionAttachParams, SessionAttachResult, SessionExportParams,
    SessionExportResult, SessionId as WireId, SessionListParams, SessionListResult, SessionNewParams,
    SessionNewResult, SessionRenameParams, SessionState,
};

use super::Editor;
use super::error::{host_error, refused};
use super::feed::Shows;
use crate::engine::journal::{Recorded, SessionInfo};
use crate::engine::{
    Activity, Command, Mode, ModelName, NewSession, Recorder, Seq, Session, SessionId, Setting,
};
use crate::frontends::convert::{self, uri};
use crate::frontends::export;
use crate::limits;
use crate::path::AbsPath;
use crate::workspace;

type Answer<T> = Result<T, ResponseError>;

impl Editor {
    pub(super) async fn session_new(&self, params: SessionNewParams) -> Answer<SessionNewResult> {
        let cwd = folder(&params.cwd.0).await?;
        let mut roots = Vec::new();
        for root in &params.roots {
            roots.push(folder(&root.0).await?);
        }
        let (mut model, mut mode) = (self.options.model.clone(), self.options.mode);
        for (option, value) in &params.config {
            match self.setting(option, value)? {
                Setting::Model(name) => model = Some(name),
                Setting::Mode(wanted) => mode = wanted,
            }
        }
        let new = NewSession { cwd, roots, model, mode, buffers: self.buffers.clone() };
        let session = self.host.create(new).await.map_err(host_error)?;
        if let Some(title) = params.title {
            session.send(Command::Rename { title }).await.map_err(refused)?;
        }
        self.feed(&session, Seq(0), Shows::List);
        Ok(SessionNewResult { session: shown(&session) })
    }

    pub(super) async fn session_list(&self, params: SessionListParams) -> Answer<SessionListResult> {
        let all = self.host.list().await.map_err(host_error)?;
        let cwd = params.cwd.as_ref().map(|cwd| uri::path(&cwd.0));
        let query = params.query.unwrap_or_default().to_lowercase();
        let mut fitting: Vec<(SessionInfo, Activity)> = all
            .into_iter()
            .filter(|(info, _)| cwd.as_ref().is_none_or(|cwd| cwd.as_ref() == Some(&info.cwd)))
            .filter(|(info, _)| info.title.to_lowercase().contains(&query))
            .collect();
        if let Some(cursor) = &params.cursor {
            let at = fitting.iter().position(|(info, _)| info.id.0 == *cursor);
            let at = at.ok_or_else(|| invalid("`cursor`: the list has changed; ask without it"))?;
            fitting.drain(..=at);
        }
        let most = params.limit.map_or(limits::LISTED_SESSIONS_MAX, |limit| limit as usize);
        let most = most.clamp(1, limits::LISTED_SESSIONS_MAX);
        let more = fitting.len() > most;
        fitting.truncate(most);
        let next_cursor = fitting.last().filter(|_| more).map(|(info, _)| info.id.0.clone());
        let listed = fitting.into_iter().map(|(info, _)| match self.host.get(&info.id) {
            Some(open) => shown(&open),
            None => convert::at_rest(&info),
        });
        Ok(SessionListResult { sessions: listed.collect(), next_cursor })
    }

    pub(super) async fn attach(&self, params: SessionAttachParams) -> Answer<SessionAttachResult> {
        let session = self.open(&SessionId(params.session_id.0)).await?;
        let after = Seq(params.after.min(session.state(|state| state.seq().0)));
        let facts = facts(session.recorder(), after).await?;
        let last = facts.last().map_or(after, |fact| fact.seq);
        let more = facts.len() == limits::FACTS_PER_PAGE_MAX && last < session.state(|state| state.seq());
        if !more {
            self.feed(&session, last, Shows::Events);
        }
        let read = session.clone();
        let events = beside(move || Ok(convert::facts(&read.id, read.recorder(), &facts))).await?;
        Ok(SessionAttachResult { session: shown(&session), events, more })
    }

    pub(super) async fn detach(&self, id: &WireId) -> Answer<Empty> {
        let session = self.session_to_read(id).await?;
        self.feed(&session, session.state(|state| state.seq()), Shows::List);
        Ok(Empty {})
    }

    pub(super) async fn rename(&self, params: SessionRenameParams) -> Answer<Empty> {
        let session = self.session(&params.session_id).await?;
        session.send(Command::Rename { title: params.title }).await.map_err(refused)?;
        Ok(Empty {})
    }

    pub(super) async fn delete(&self, id: &WireId) -> Answer<Empty> {
        let id = SessionId(id.0.clone());
        self.host.delete(&id).await.map_err(host_error)?;
        self.end_feed(&id);
        // A client that is gone need not hear it.
        let _told = self.peer.notify(SessionsChanged::NAME, Empty {}).await;
        Ok(Empty {})
    }

    pub(super) async fn export(&self, params: SessionExportParams) -> Answer<SessionExportResult> {
        let session = self.session_to_read(&params.session_id).await?;
        let write: fn(&Session) -> std::io::Result<String> = match params.format {
            ExportFormat::Markdown => |session| export::markdown(session.recorder()),
            ExportFormat::Json => |session| export::json(&session.id, session.recorder(), activity(session)),
            ExportFormat::Unknown(word) => return Err(invalid(&format!("`format`: there is no `{word}`"))),
        };
        Ok(SessionExportResult { text: beside(move || write(&session).map_err(unreadable)).await? })
    }

    pub(super) fn options(&self, session: &Session) -> ConfigResult {
        let (model, mode) = session.state(|state| (state.model().cloned(), state.mode()));
        let models = self.host.models().offered().into_iter().map(|(name, line)| ConfigChoice {
            value: name.0.clone(),
            name: name.0,
            description: (!line.is_empty()).then_some(line),
        });
        let modes = Mode::ALL.into_iter().map(|mode| ConfigChoice {
            value: mode.word().to_owned(),
            name: mode.word().to_owned(),
            description: Some(mode.meaning().to_owned()),
        });
        let model = ConfigOption {
            id: "model".to_owned(),
            name: "Model".to_owned(),
            description: "Which model answers, from the next turn on.".to_owned(),
            category: ConfigCategory::Model,
            value: model.map(|model| model.0).unwrap_or_default(),
            choices: models.collect(),
            accepts_other: true,
        };
        let mode = ConfigOption {
            id: "mode".to_owned(),
            name: "Mode".to_owned(),
            description: "How much is done without asking.".to_owned(),
            category: ConfigCategory::Mode,
            value: mode.word().to_owned(),
            choices: modes.collect(),
            accepts_other: false,
        };
        ConfigResult { options: vec![model, mode] }
    }

    pub(super) async fn config_set(&self, params: ConfigSetParams) -> Answer<ConfigResult> {
        let setting = self.setting(&params.option, &params.value)?;
        let session = self.session(&params.session_id).await?;
        session.send(Command::Configure { setting }).await.map_err(refused)?;
        Ok(self.options(&session))
    }

    fn setting(&self, option: &str, value: &str) -> Answer<Setting> {
        let unknown = |why: String| ResponseError::new(ErrorKind::ValueUnknown, why);
        match option {
            "mode" => {
                let mode = convert::mode(value);
                mode.map(Setting::Mode).ok_or_else(|| unknown(format!("there is no mode `{value}`")))
            }
            "model" => {
                let name = ModelName(value.to_owned());
                self.host.models().find(&name).map_err(unknown)?;
                Ok(Setting::Model(name))
            }
            _ => Err(unknown(format!("there is no option `{option}`"))),
        }
    }
}

/// A session that is open in this process.
pub(super) fn shown(session: &Session) -> Shown {
    convert::session(&session.id, session.recorder(), activity(session))
}

fn activity(session: &Session) -> SessionState {
    match (session.holder(), session.activity()) {
        (Some(_), _) => SessionState::Elsewhere,
        (None, Activity::Idle) => SessionState::Idle,
        (None, Activity::Running) => SessionState::Running,
        (None, Activity::Waiting) => SessionState::Waiting,
    }
}

/// Does long work beside the connection, which goes on reading meanwhile.
pub(super) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ResponseError::plain(REQUEST_FAILED, "the request ended by a fault of the program"))?
}

/// A page of facts.
async fn facts(recorder: &std::sync::Arc<Recorder>, after: Seq) -> Answer<Vec<Recorded>> {
    let recorder = recorder.clone();
    beside(move || recorder.facts(after, limits::FACTS_PER_PAGE_MAX).map_err(unreadable)).await
}

fn unreadable(error: std::io::Error) -> ResponseError {
    ResponseError::plain(REQUEST_FAILED, format!("failed to read the session: {error}"))
}

fn invalid(why: &str) -> ResponseError {
    ResponseError::plain(INVALID_PARAMS, format!("invalid parameters: {why}"))
}

/// The real path of a folder that a client names.
async fn folder(address: &str) -> Answer<AbsPath> {
    let path =
        uri::path(address).ok_or_else(|| invalid(&format!("`{address}` is not the address of a folder")))?;
    let looked = tokio::task::spawn_blocking(move || {
        workspace::real_folder(&path).map_err(|error| format!("cannot work in `{path}`: {error}"))
    });
    match looked.await {
        Ok(found) => found.map_err(|why| invalid(&why)),
        Err(_) => Err(ResponseError::plain(REQUEST_FAILED, "the program is ending")),
    }
}
