//! The signals by which the system asks the program to end.

/// Comes when the program is asked to end: by SIGTERM, SIGINT or SIGHUP, or by Ctrl-C.
#[cfg(unix)]
pub async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = || -> std::io::Result<_> {
        Ok((
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ))
    };
    match listen() {
        Ok((mut terminate, mut interrupt, mut hangup)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!("failed to listen for signals: {error}");
            std::future::pending().await
        }
    }
}

/// Comes when the program is asked to end, by Ctrl-C.
#[cfg(not(unix))]
pub async fn asked_to_end() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!("failed to listen for signals: {error}");
        std::future::pending::<()>().await;
    }
}

/// The user's Ctrl-C, from now on: the program goes on and is told.
#[cfg(unix)]
pub struct CtrlC(tokio::signal::unix::Signal);

/// The user's Ctrl-C, from now on: the program goes on and is told.
#[cfg(windows)]
pub struct CtrlC(tokio::signal::windows::CtrlC);

impl CtrlC {
    /// Begins to listen, before it returns.
    pub fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
        #[cfg(windows)]
        let signal = tokio::signal::windows::ctrl_c();
        signal.map(Self)
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}
