//! The client at the other end: what it is told and asked, method by method.

use agent_client_protocol_schema::v1 as acp;

use crate::engine::SessionId;
use crate::limits;
use crate::rpc::{Closed, Peer, RequestError};

/// A handle on the client; cheap to clone.
#[derive(Clone)]
pub struct Client {
    peer: Peer,
}

impl Client {
    /// The client behind this connection.
    pub fn new(peer: Peer) -> Self {
        Self { peer }
    }

    /// Shows an update. Waits while the client reads slowly.
    pub async fn update(&self, session: &SessionId, update: acp::SessionUpdate) -> Result<(), Closed> {
        let shown = acp::SessionNotification::new(session.0.clone(), update);
        self.peer.notify(acp::CLIENT_METHOD_NAMES.session_update, &shown).await
    }

    /// Puts a question before the user, who may take their time.
    pub async fn request_permission(
        &self,
        request: &acp::RequestPermissionRequest,
    ) -> Result<acp::RequestPermissionResponse, RequestError> {
        let method = acp::CLIENT_METHOD_NAMES.session_request_permission;
        self.peer.request(method, request, limits::ACP_USER_WAIT_MAX).await
    }

    /// A file's text as the editor holds it.
    pub async fn read_text_file(
        &self,
        request: &acp::ReadTextFileRequest,
    ) -> Result<acp::ReadTextFileResponse, RequestError> {
        let method = acp::CLIENT_METHOD_NAMES.fs_read_text_file;
        self.peer.request(method, request, limits::ACP_FILE_WAIT_MAX).await
    }

    /// Puts a text into a file as the editor holds it.
    pub async fn write_text_file(&self, request: &acp::WriteTextFileRequest) -> Result<(), RequestError> {
        let method = acp::CLIENT_METHOD_NAMES.fs_write_text_file;
        // The specification has `{}` here; clients also send null.
        let done: Option<acp::WriteTextFileResponse> =
            self.peer.request(method, request, limits::ACP_FILE_WAIT_MAX).await?;
        drop(done);
        Ok(())
    }
}
