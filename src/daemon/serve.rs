//! The forms in which an editor starts the program: a front end on standard input and output.

use std::process::ExitCode;
use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::{Choices, Daemon};
use crate::engine::ModelName;
use crate::frontends::acp::{self, FolderCheck};
use crate::frontends::editor;
use crate::os::fs::{self, Kind};
use crate::os::{clock, log, processes, signals};
use crate::path::AbsPath;
use crate::rpc;

/// `quillon acp`: serves one client until its input ends. ACP has no `shutdown`, so the end of input
/// is an orderly end.
pub fn acp(choices: Choices) -> Result<ExitCode, String> {
    let daemon = Daemon::new(choices)?;
    daemon.run(async |daemon| {
        let (input, output) = rpc::stdio();
        let options = acp::Options {
            look_at_folder: Arc::new(look_at_folder),
            models: daemon.known_models(),
            model: daemon.choices.model.clone().map(ModelName),
            mode: daemon.mode(),
            notices: daemon.notices().to_vec(),
        };
        let _orderly_in_any_case =
            beside_signals(acp::serve(input, output, daemon.host().clone(), options)).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// `quillon lsp`: serves one editor until it says `exit`, its input ends, or it is gone.
pub fn lsp(choices: Choices) -> Result<ExitCode, String> {
    let daemon = Daemon::new(choices)?;
    daemon.run(async |daemon| {
        let (input, output) = rpc::stdio();
        let state_folder = daemon.state_folder().clone();
        daemon.notices().iter().for_each(|notice| tracing::warn!("{notice}"));
        let log_file = state_folder.join(log::LOG_FILE).map_err(|error| error.to_string())?;
        let options = editor::Options {
            model: daemon.choices.model.clone().map(ModelName),
            mode: daemon.mode(),
            started: clock::now(),
            state_folder,
            log_file,
            write_chat: Arc::new(write_chat),
            parent_gone: Arc::new(processes::is_gone),
            notices: daemon.notices().to_vec(),
            keys: Arc::new(daemon.ring()),
        };
        let ended = beside_signals(editor::serve(input, output, daemon.host().clone(), options)).await?;
        Ok(ended.map_or(ExitCode::SUCCESS, |ended| ExitCode::from(ended.status())))
    })
}

fn write_chat(path: &AbsPath, text: &str) -> std::io::Result<()> {
    path.parent().as_ref().map_or(Ok(()), fs::create_private_folders)?;
    fs::replace_private(path, text.as_bytes(), fs::Durability::Process)
}

/// Serves on one of the runtime's own threads, where the sessions run too: what comes and goes needs
/// no other thread to be woken. None: the program was asked to end.
async fn beside_signals<T: Send + 'static>(
    serving: impl Future<Output = T> + Send + 'static,
) -> Result<Option<T>, String> {
    let mut serving = AbortOnDropHandle::new(tokio::runtime::Handle::current().spawn(serving));
    tokio::select! {
        ended = &mut serving => match ended {
            Ok(ended) => Ok(Some(ended)),
            Err(error) => Err(format!("the connection ended by a fault in Quillon: {error}")),
        },
        () = signals::asked_to_end() => Ok(None),
    }
}

fn look_at_folder(path: &AbsPath) -> FolderCheck {
    match fs::look(path) {
        Ok(look) if look.kind == Kind::Folder => match fs::list(path, 0).and_then(|_| fs::real_path(path)) {
            Ok(real) => FolderCheck::Folder { real },
            Err(error) => FolderCheck::Unreadable(error.to_string()),
        },
        Ok(_) => FolderCheck::NotAFolder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => FolderCheck::Missing,
        Err(error) => FolderCheck::Unreadable(error.to_string()),
    }
}
