//! The process's own standard input and output as the two streams of a connection.
//!
//! A pipe or socket, which is what editors give, is waited for by the runtime itself: a message
//! costs a fifth of the time that tokio's threads for standard streams take. Its flags belong to
//! whoever else holds it, so a pipe is opened anew for us alone. A socket cannot be; the ones that
//! editors make for a child are held by the child alone. All else (terminals, files, pipes where
//! they cannot be opened again) is left to tokio's threads.

use tokio::io::{AsyncRead, AsyncWrite};

/// Where messages come from.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;
/// Where messages go.
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Standard input and output, to be used by one connection and nobody else. To be called inside the
/// runtime.
///
/// A read that tokio's threads have begun cannot be ended: whoever used a terminal or file must not
/// wait for the runtime's end, but leave the process.
pub fn stdio() -> (Input, Output) {
    #[cfg(unix)]
    let (input, output) = (unix::input(&std::io::stdin()), unix::output(&std::io::stdout()));
    #[cfg(not(unix))]
    let (input, output) = (None, None);
    (
        input.unwrap_or_else(|| Box::new(tokio::io::stdin())),
        output.unwrap_or_else(|| Box::new(tokio::io::stdout())),
    )
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd, AsRawFd};
    use std::os::unix::fs::FileTypeExt;

    use tokio::net::UnixStream;
    use tokio::net::unix::pipe;

    use super::{Input, Output};

    pub(super) fn input(fd: &(impl AsFd + AsRawFd)) -> Option<Input> {
        match kind(fd).ok()? {
            Kind::Pipe => Some(Box::new(pipe::OpenOptions::new().open_receiver(path(fd)).ok()?)),
            Kind::Socket => Some(Box::new(socket(fd).ok()?)),
            Kind::Other => None,
        }
    }

    pub(super) fn output(fd: &(impl AsFd + AsRawFd)) -> Option<Output> {
        match kind(fd).ok()? {
            Kind::Pipe => Some(Box::new(pipe::OpenOptions::new().open_sender(path(fd)).ok()?)),
            Kind::Socket => Some(Box::new(socket(fd).ok()?)),
            Kind::Other => None,
        }
    }

    enum Kind {
        Pipe,
        Socket,
        Other,
    }

    fn kind(fd: &impl AsFd) -> io::Result<Kind> {
        let kind = File::from(fd.as_fd().try_clone_to_owned()?).metadata()?.file_type();
        Ok(if kind.is_fifo() {
            Kind::Pipe
        } else if kind.is_socket() {
            Kind::Socket
        } else {
            Kind::Other
        })
    }

    /// Where Linux has an open file by its number. Opening it is opening the pipe again, with flags
    /// of its own.
    fn path(fd: &impl AsRawFd) -> String {
        format!("/proc/self/fd/{}", fd.as_raw_fd())
    }

    fn socket(fd: &impl AsFd) -> io::Result<UnixStream> {
        let socket = std::os::unix::net::UnixStream::from(fd.as_fd().try_clone_to_owned()?);
        socket.set_nonblocking(true)?;
        UnixStream::from_std(socket)
    }

    #[cfg(test)]
    mod tests {
        use std::io::{Read, Write};
        use std::time::Duration;

        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        use tokio::time::timeout;

        use super::*;

        const WITHIN: Duration = Duration::from_secs(60);

        /// Reads what the other end wrote, also what it writes later, and sees its end.
        async fn check_input(mut input: Input, mut other: impl Write) {
            other.write_all(b"ab").unwrap();
            let mut bytes = [0; 2];
            timeout(WITHIN, input.read_exact(&mut bytes)).await.unwrap().unwrap();
            assert_eq!(&bytes, b"ab");
            let later = async {
                tokio::task::yield_now().await;
                other.write_all(b"cd").unwrap();
                drop(other);
            };
            let mut rest = Vec::new();
            let (read, ()) =
                timeout(WITHIN, async { tokio::join!(input.read_to_end(&mut rest), later) }).await.unwrap();
            read.unwrap();
            assert_eq!(rest, b"cd");
        }

        /// Writes more than fits, while the other end reads; fails when it has gone.
        async fn check_output(mut output: Output, mut other: impl Read + Send + 'static) {
            let sent = vec![b'x'; 1 << 20];
            let (count, read) = (
                sent.len(),
                tokio::task::spawn_blocking(move || {
                    let mut all = vec![0; 1 << 20];
                    other.read_exact(&mut all).unwrap();
                    all.len()
                }),
            );
            timeout(WITHIN, output.write_all(&sent)).await.unwrap().unwrap();
            assert_eq!(timeout(WITHIN, read).await.unwrap().unwrap(), count);
            assert!(timeout(WITHIN, output.write_all(&sent)).await.unwrap().is_err());
        }

        /// Whether an open file has the flag that makes reads and writes fail instead of waiting.
        #[cfg(target_os = "linux")]
        #[allow(clippy::disallowed_methods, reason = "a look at the flags of an open file")]
        fn never_waits(fd: &impl AsRawFd) -> bool {
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).unwrap();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
            u32::from_str_radix(flags.trim(), 8).unwrap() & 0o4000 != 0
        }

        #[cfg(target_os = "linux")]
        #[tokio::test]
        async fn pipes_keep_their_flags() {
            let (ours, other) = io::pipe().unwrap();
            let stream = input(&ours).unwrap();
            assert!(!never_waits(&ours));
            check_input(stream, other).await;

            let (other, ours) = io::pipe().unwrap();
            let stream = output(&ours).unwrap();
            assert!(!never_waits(&ours));
            drop(ours);
            check_output(stream, other).await;
        }

        #[tokio::test]
        async fn sockets() {
            let (ours, other) = std::os::unix::net::UnixStream::pair().unwrap();
            let stream = input(&ours).unwrap();
            #[cfg(target_os = "linux")]
            assert!(never_waits(&ours));
            drop(ours);
            check_input(stream, other).await;
            let (ours, other) = std::os::unix::net::UnixStream::pair().unwrap();
            let stream = output(&ours).unwrap();
            drop(ours);
            check_output(stream, other).await;
        }

        #[tokio::test]
        async fn files_are_left_to_threads() {
            let file = tempfile::tempfile().unwrap();
            assert!(input(&file).is_none());
            assert!(output(&file).is_none());
        }
    }
}
