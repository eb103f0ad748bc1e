//! Reviews and ways back for a client.

use quillon_protocol::error::{ErrorKind, INVALID_PARAMS, REQUEST_FAILED, ResponseError};
use quillon_protocol::event as wire_event;
use quillon_protocol::review as wire;
use quillon_protocol::session::SessionParams;

use super::Editor;
use super::error::refused;
use crate::engine::{
    CallId, Decided, Decision, RestoreError, RestoreId, RestoreOf, RestoredTo, ReviewOf, TurnId, Verdict,
};
use crate::frontends::convert::{self, uri};
use crate::path::AbsPath;
use crate::text::{Hash, Version};

type Answer<T> = Result<T, ResponseError>;

impl Editor {
    pub(super) async fn review_list(&self, params: SessionParams) -> Answer<wire::ReviewListResult> {
        let session = self.session(&params.session_id).await?;
        let reviews = session.reviews().await.map_err(refused)?;
        Ok(wire::ReviewListResult { files: reviews.iter().map(convert::reviewed_file).collect() })
    }

    pub(super) async fn review_file(&self, params: wire::ReviewFileParams) -> Answer<wire::ReviewFileResult> {
        let session = self.session(&params.session_id).await?;
        let review = session.review(&path(&params.uri.0)?).await.map_err(refused)?;
        Ok(match review.filter(crate::engine::Review::is_open) {
            Some(review) => convert::review(&review),
            None => wire::ReviewFileResult { file: None, baseline: None, hunks: Vec::new() },
        })
    }

    pub(super) async fn review_decide(
        &self,
        params: wire::ReviewDecideParams,
    ) -> Answer<wire::ReviewDecideResult> {
        let decisions = params.items.into_iter().map(decision).collect::<Answer<Vec<Decision>>>()?;
        let session = self.session(&params.session_id).await?;
        let decided = session.decide(&decisions).await.map_err(refused)?;
        let items = decided.each.into_iter().map(|decided| match decided {
            Decided::Done => wire::ReviewOutcome { state: wire::ReviewState::Done, error: None },
            Decided::Stale => wire::ReviewOutcome { state: wire::ReviewState::Stale, error: None },
            Decided::Failed(why) => {
                wire::ReviewOutcome { state: wire::ReviewState::Failed, error: Some(why) }
            }
        });
        let restore_id = decided.restore.map(|restore| wire::RestoreId(restore.0));
        Ok(wire::ReviewDecideResult { items: items.collect(), restore_id })
    }

    pub(super) async fn checkpoint_list(&self, params: SessionParams) -> Answer<wire::CheckpointListResult> {
        let session = self.session(&params.session_id).await?;
        let points = session.checkpoints().map_err(refused)?;
        Ok(wire::CheckpointListResult { checkpoints: points.iter().map(convert::checkpoint).collect() })
    }

    pub(super) async fn checkpoint_preview(
        &self,
        params: wire::CheckpointPreviewParams,
    ) -> Answer<wire::CheckpointPreviewResult> {
        let to = target(params.turn_id, params.restore_id, params.call_id)?;
        let session = self.session(&params.session_id).await?;
        let planned = session.preview(&to).await.map_err(refused)?.map_err(no_way)?;
        let files = planned.iter().map(|one| convert::planned(session.recorder(), one)).collect();
        Ok(wire::CheckpointPreviewResult { files })
    }

    pub(super) async fn checkpoint_restore(
        &self,
        params: wire::CheckpointRestoreParams,
    ) -> Answer<wire::CheckpointRestoreResult> {
        let to = target(params.turn_id, params.restore_id, params.call_id)?;
        let what = match (params.files, params.conversation) {
            (true, true) => RestoreOf::Both,
            (true, false) => RestoreOf::Files,
            (false, true) => RestoreOf::Conversation,
            (false, false) => return Err(invalid("one of `files` and `conversation` has to be true")),
        };
        let session = self.session(&params.session_id).await?;
        let restored = session.restore(to, what).await.map_err(refused)?.map_err(no_way)?;
        let left = restored.left.into_iter();
        Ok(wire::CheckpointRestoreResult {
            restore_id: wire::RestoreId(restored.restore.0),
            files: restored.files.iter().map(uri::of).collect(),
            left: left.map(|(path, reason)| wire::RestoreLeft { uri: uri::of(&path), reason }).collect(),
            prompt: restored.prompt.as_deref().map(convert::content),
        })
    }
}

fn decision(item: wire::ReviewItem) -> Answer<Decision> {
    let of = match (item.hunk_id, item.turn_id) {
        (Some(hunk), None) => ReviewOf::Hunk(hunk.0),
        (None, Some(turn)) => ReviewOf::Turn(TurnId(turn.0)),
        (None, None) => ReviewOf::File,
        (Some(_), Some(_)) => return Err(invalid("`hunkId` and `turnId` cannot be given together")),
    };
    let version = match item.version {
        Some(hash) => {
            let hash = Hash::parse(&hash.0).ok_or_else(|| invalid("`version` has to be a SHA-256 sum"))?;
            Some(Version::Text(hash))
        }
        None => None,
    };
    let verdict = match item.decision {
        wire::ReviewDecision::Keep => Verdict::Keep,
        wire::ReviewDecision::Undo => Verdict::Undo,
        wire::ReviewDecision::Unknown(word) => {
            return Err(ResponseError::new(
                ErrorKind::ValueUnknown,
                format!("`decision`: there is no `{word}`"),
            ));
        }
    };
    Ok(Decision { path: path(&item.uri.0)?, version, of, verdict })
}

fn target(
    turn: Option<wire_event::TurnId>,
    restore: Option<wire::RestoreId>,
    call: Option<wire_event::CallId>,
) -> Answer<RestoredTo> {
    match (turn, restore, call) {
        (Some(turn), None, None) => Ok(RestoredTo::Before(TurnId(turn.0))),
        (None, Some(restore), None) => Ok(RestoredTo::Undone(RestoreId(restore.0))),
        (None, None, Some(call)) => Ok(RestoredTo::Without(CallId(call.0))),
        (_, _, _) => Err(invalid("exactly one of `turnId`, `restoreId` and `callId` is needed")),
    }
}

fn no_way(error: RestoreError) -> ResponseError {
    let words = error.to_string();
    match error {
        RestoreError::NoTurn(_)
        | RestoreError::Unsaid(_)
        | RestoreError::NoEdit(_)
        | RestoreError::NoRestore(_) => ResponseError::new(ErrorKind::ValueUnknown, words),
        RestoreError::FilesAlone => invalid("`conversation` does not go with `callId`"),
        RestoreError::SaidSince => ResponseError::new(ErrorKind::Stale, words),
        RestoreError::Running => ResponseError::busy(None, words),
        RestoreError::Halted(_) => ResponseError::plain(REQUEST_FAILED, words),
    }
}

fn path(address: &str) -> Answer<AbsPath> {
    uri::path(address).ok_or_else(|| invalid(&format!("`{address}` is not the address of a file")))
}

fn invalid(why: &str) -> ResponseError {
    ResponseError::plain(INVALID_PARAMS, format!("invalid parameters: {why}"))
}
