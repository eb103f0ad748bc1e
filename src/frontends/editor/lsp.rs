//! LSP's own methods: the handshake, and the documents.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tower_lsp::LanguageServer;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CodeActionKind, CodeActionParams, CodeActionResponse, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, ExecuteCommandParams,
    Hover, HoverContents, HoverParams, InitializeParams, InitializeResult, InitializedParams, LSPAny,
    MarkupContent, MarkupKind, WillSaveTextDocumentParams,
};

use super::Editor;
use super::buffers::{compare, view};
use super::commands::Order;
use super::document::Formatting;
use super::spots;
use super::terms::Terms;
use crate::engine::Formatted;

/// Serves LSP's methods for an editor.
pub struct Lsp(pub Arc<Editor>);

impl LanguageServer for Lsp {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let terms = Terms::of(&params).map_err(Error::invalid_params)?;
        let answer = terms.answer();
        if let Some(process) = terms.process {
            self.0.watch_parent(process);
        }
        let _set_once = self.0.terms.set(terms);
        Ok(answer)
    }

    async fn initialized(&self, _params: InitializedParams) {
        self.0.tell_notices().await;
    }

    async fn shutdown(&self) -> Result<()> {
        self.0.shut.store(true, Ordering::Release);
        Ok(())
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let order = Order::of(&params).map_err(Error::invalid_params)?;
        self.0
            .order(order)
            .map(|()| None)
            .map_err(|why| Error { message: why.into(), ..Error::internal_error() })
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        // Ours have no kind: they are not among those that a client asks for by kind, as it does on saving.
        let wants_ours = params.context.only.is_none_or(|only| only.contains(&CodeActionKind::EMPTY));
        let Some(hints) = self.0.hints().filter(|_| wants_ours) else { return Ok(None) };
        let mut actions = hints.actions(params.text_document.uri.as_str(), params.range).await;
        if self.0.terms.get().is_some_and(|terms| !terms.actions) {
            actions = actions.into_iter().filter_map(spots::as_command).collect();
        }
        Ok((!actions.is_empty()).then_some(actions))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let at = params.text_document_position_params;
        let Some(hints) = self.0.hints() else { return Ok(None) };
        let markdown = self.0.terms.get().is_some_and(|terms| terms.markdown);
        let kind = if markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
        let text = hints.before(at.text_document.uri.as_str(), at.position, markdown).await;
        Ok(text.map(|value| Hover {
            contents: HoverContents::Markup(MarkupContent { kind, value }),
            range: None,
        }))
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.0.documents.opened(document.uri.as_str(), document.version, &document.text);
        // What the disk has now tells later, when it has something else, whether the user has typed.
        let documents = self.0.documents.clone();
        let compare = move || compare(&documents, document.uri.as_str());
        let _compared_or_ending = tokio::task::spawn_blocking(compare).await;
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let encoding = self.0.terms.get().map(|terms| terms.encoding).unwrap_or_default();
        let document = params.text_document;
        let changes = &params.content_changes;
        self.0.documents.changed(document.uri.as_str(), document.version, changes, encoding);
    }

    async fn will_save(&self, params: WillSaveTextDocumentParams) {
        // Elsewhere the user may type before the save is done.
        if self.0.terms.get().is_some_and(|terms| terms.saves_in_one_go) {
            let address = params.text_document.uri.as_str();
            self.0.documents.will_save(address, |path| self.0.host.marks(path));
        }
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        if let Some(formatting) = self.0.documents.saved(params.text_document.uri.as_str()) {
            let Formatting { path, before, after, marks } = formatting;
            let formatted = Formatted { path, before: view(&before).into(), after: view(&after).into() };
            self.0.host.formatted(&formatted, &marks);
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.0.documents.closed(params.text_document.uri.as_str());
    }
}
