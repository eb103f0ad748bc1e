//! `Terms`: what `initialize` agreed on.

use quillon_protocol::lifecycle::{ClientAgent, Limits, MINOR, ServerAgent, VERSION, features};
use serde_json::{Value, json};
use tower_lsp::ls_types::{
    CodeActionProviderCapability, ExecuteCommandOptions, HoverProviderCapability, InitializeParams,
    InitializeResult, MarkupKind, PositionEncodingKind, SaveOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};

use super::commands::COMMANDS;
use super::document::Encoding;
use crate::limits;

/// What was agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// In which units positions count.
    pub encoding: Encoding,
    /// How edits of open files come to the client.
    pub applies: Applies,
    /// Whether the client saves open files when it is asked to, by `agent/buffers/save`.
    pub saves: bool,
    /// Whether nobody can type in the client from when it tells that it saves until it has saved.
    pub saves_in_one_go: bool,
    /// The client that speaks the protocol, by name; none for a plain LSP client.
    pub agent: Option<String>,
    /// The address of the folder the client works in.
    pub folder: Option<String>,
    /// Whether the client opens a file when it is asked to.
    pub shows_documents: bool,
    /// Whether the client shows progress that it did not ask for.
    pub progress: bool,
    /// Whether the client knows code actions that are more than a command.
    pub actions: bool,
    /// Whether the client draws Markdown beside the cursor.
    pub markdown: bool,
    /// The editor's process.
    pub process: Option<u32>,
}

/// How edits of open files come to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Applies {
    /// By `agent/buffers/apply`.
    Agent,
    /// By `workspace/applyEdit`, bound to versions.
    Documents,
    /// The same, though the client does not announce it, and looks at versions above 0 only.
    Neovim,
    /// By `workspace/applyEdit`, as every client knows it.
    #[default]
    Changes,
}

impl Terms {
    /// What a client can; the error says what is wrong with how it names the protocol.
    pub fn of(params: &InitializeParams) -> Result<Self, String> {
        let said = json!({
            "capabilities": { "experimental": params.capabilities.experimental },
            "initializationOptions": params.initialization_options,
        });
        let agent =
            ClientAgent::in_initialize(&said).transpose().map_err(|error| format!("`agent`: {error}"))?;
        let offered =
            params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        let utf8 = offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8));
        let workspace = params.capabilities.workspace.as_ref();
        let versioned = workspace
            .and_then(|workspace| workspace.workspace_edit.as_ref())
            .and_then(|edit| edit.document_changes)
            .unwrap_or(false);
        let window = params.capabilities.window.as_ref();
        let texts = params.capabilities.text_document.as_ref();
        let formats = texts.and_then(|texts| texts.hover.as_ref()?.content_format.as_ref());
        let info = params.client_info.as_ref().map(|info| info.name.clone());
        Ok(Self {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            applies: match (&agent, versioned, info.as_deref()) {
                (Some(agent), _, _) if agent.buffers.apply => Applies::Agent,
                (_, _, Some("Neovim")) => Applies::Neovim,
                (_, true, _) => Applies::Documents,
                (_, false, _) => Applies::Changes,
            },
            saves: agent.as_ref().is_some_and(|agent| agent.buffers.save),
            saves_in_one_go: info.as_deref() == Some("Neovim"),
            agent: agent.map(|agent| {
                agent.client.map(|client| client.name).or(info).unwrap_or_else(|| "editor".to_owned())
            }),
            folder: folder(params),
            shows_documents: window
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|show| show.support),
            progress: window.and_then(|window| window.work_done_progress).unwrap_or(false),
            actions: texts
                .and_then(|texts| texts.code_action.as_ref())
                .is_some_and(|actions| actions.code_action_literal_support.is_some()),
            markdown: formats.is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            process: params.process_id,
        })
    }

    /// The answer to `initialize`.
    pub fn answer(&self) -> InitializeResult {
        let sync = TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            will_save: self.saves_in_one_go.then_some(true),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        };
        let is_plain = self.agent.is_none();
        InitializeResult {
            capabilities: ServerCapabilities {
                position_encoding: Some(match self.encoding {
                    Encoding::Utf8 => PositionEncodingKind::UTF8,
                    Encoding::Utf16 => PositionEncodingKind::UTF16,
                }),
                text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
                // A client that speaks the protocol has its own commands, and may take ours for its own.
                execute_command_provider: is_plain.then(|| ExecuteCommandOptions {
                    commands: COMMANDS.map(str::to_owned).to_vec(),
                    ..ExecuteCommandOptions::default()
                }),
                code_action_provider: is_plain.then_some(CodeActionProviderCapability::Simple(true)),
                hover_provider: is_plain.then_some(HoverProviderCapability::Simple(true)),
                experimental: self.agent.as_ref().map(|_| announced()),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: "quillon".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..InitializeResult::default()
        }
    }
}

/// The first folder of the workspace, else the root as older clients name it.
fn folder(params: &InitializeParams) -> Option<String> {
    let first = params.workspace_folders.as_ref().and_then(|folders| folders.first());
    #[allow(deprecated, reason = "older clients know nothing else")]
    let root = params.root_uri.as_ref();
    first.map(|folder| &folder.uri).or(root).map(|uri| uri.as_str().to_owned())
}

fn announced() -> Value {
    json!({ "agent": ServerAgent {
        version: VERSION,
        minor: MINOR,
        features: features().into_iter().map(str::to_owned).collect(),
        limits: Limits {
            attach_events: limits::FACTS_PER_PAGE_MAX as u64,
            list_sessions: limits::LISTED_SESSIONS_MAX as u64,
            prompt_bytes: limits::PROMPT_BYTES_MAX as u64,
            queued_prompts: limits::WAITING_PROMPTS_MAX as u64,
            content_bytes: limits::CONTENT_PIECE_BYTES_MAX as u64,
            output_bytes: limits::OUTPUT_TAIL_BYTES_MAX as u64,
            message_bytes: limits::RPC_MESSAGE_BYTES_MAX as u64,
        },
    }})
}
