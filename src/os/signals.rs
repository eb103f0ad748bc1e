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
