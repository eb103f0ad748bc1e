//! `session/prompt`, held open until the turn ends; cancel; and the settings of a session.

use agent_client_protocol_schema::v1 as acp;

use super::Agent;
use super::command::{Command as SlashCommand, Said};
use super::error;
use super::session::Attached;
use super::settings;
use super::v1;
use crate::engine::{Command, Deliver, SessionId};
use crate::rpc::{self, Error};

impl Agent {
    /// `session/prompt`: handed to a session that is held here before the first wait, answered at the end of the turn
    /// that the prompt began or went into.
    pub(super) async fn prompt(
        &self,
        params: &rpc::Params,
        cancelled: impl Future<Output = ()>,
    ) -> Result<acp::PromptResponse, Error> {
        let request: acp::PromptRequest = params.read()?;
        let attached = self.ours(&SessionId(request.session_id.0.to_string())).await?;
        let given = v1::prompt(request.prompt)?;
        if let Some(command) = SlashCommand::of(&given) {
            return self.slash(&attached, command, cancelled).await;
        }
        let prompt = attached.next_prompt();
        let mut answered = attached.prompts.expect(prompt.clone());
        let (name, session) = (prompt.clone(), &attached.session);
        if let Err(refused) = session.prompt_with(name, given, Deliver::Now).await {
            attached.prompts.forget(&prompt);
            return Err(error::from_refused(&attached.session.id, &refused));
        }
        let answer = tokio::select! {
            biased;
            answer = &mut answered => answer,
            () = cancelled => {
                let withdrawn = attached.session.send(Command::Unqueue { prompt }).await;
                if withdrawn.is_err() {
                    let _nothing_runs_any_more = attached.session.cancel().await;
                }
                answered.await
            }
        };
        // Whoever tells of the session answers all prompts before it ends.
        answer.unwrap_or(Ok(acp::StopReason::Cancelled)).map(acp::PromptResponse::new)
    }

    /// `session/cancel`; harmless for sessions that are not open and turns that are over.
    pub(super) async fn cancel(&self, params: &rpc::Params) {
        let Ok(request) = params.read::<acp::CancelNotification>() else { return };
        let Ok(attached) = self.ours(&SessionId(request.session_id.0.to_string())).await else { return };
        attached.cancelled.notify_waiters();
        if let Err(refused) = attached.session.cancel().await {
            tracing::debug!("nothing was cancelled: {refused}");
        }
    }

    /// `session/set_mode`.
    pub(super) async fn set_mode(&self, params: &rpc::Params) -> Result<acp::SetSessionModeResponse, Error> {
        let request: acp::SetSessionModeRequest = params.read()?;
        let attached = self.ours(&SessionId(request.session_id.0.to_string())).await?;
        settings::set_mode(&attached.session, &request.mode_id.0).await?;
        Ok(acp::SetSessionModeResponse::new())
    }

    /// `session/set_config_option`.
    pub(super) async fn set_option(
        &self,
        params: &rpc::Params,
    ) -> Result<acp::SetSessionConfigOptionResponse, Error> {
        let request: acp::SetSessionConfigOptionRequest = params.read()?;
        let attached = self.ours(&SessionId(request.session_id.0.to_string())).await?;
        let (host, session) = (&self.host, &attached.session);
        settings::set_option(host, session, &request.config_id.0, &request.value).await?;
        Ok(acp::SetSessionConfigOptionResponse::new(settings::options(host, session)))
    }

    async fn slash(
        &self,
        attached: &Attached,
        command: SlashCommand,
        cancelled: impl Future<Output = ()>,
    ) -> Result<acp::PromptResponse, Error> {
        // From here on no cancel is missed: nothing was waited for yet.
        let mut told = Box::pin(attached.cancelled.notified());
        told.as_mut().enable();
        let stopped = async {
            tokio::select! {
                () = told => {}
                () = cancelled => {}
            }
        };
        let words = match command.run(self, attached, stopped).await {
            Said::Words(words) => words,
            Said::Cancelled => return Ok(acp::PromptResponse::new(acp::StopReason::Cancelled)),
        };
        let message = attached.next_prompt();
        for piece in v1::pieces(&words) {
            let chunk = acp::ContentChunk::new(piece.into()).message_id(message.0.as_str());
            let said = acp::SessionUpdate::AgentMessageChunk(chunk);
            if self.client.update(&attached.session.id, said).await.is_err() {
                tracing::debug!("the client has gone");
            }
        }
        Ok(acp::PromptResponse::new(acp::StopReason::EndTurn))
    }
}
