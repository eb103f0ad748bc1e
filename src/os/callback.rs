//! `Callback`: an address on this machine to which a browser is sent back, once.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::http::Url;
use crate::limits;

/// Waits for the browser at a free port that only this machine reaches.
#[derive(Debug)]
pub struct Callback {
    listener: TcpListener,
    url: Url,
}

impl Callback {
    /// Listens. `path` tells this address from any other that somebody may try; it begins with `/`.
    pub async fn listen(path: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let url = format!("http://localhost:{port}{path}").parse().map_err(io::Error::other)?;
        Ok(Self { listener, url })
    }

    /// Where the browser is to be sent.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for a request to this very address and gives it with its query; `page` is what the user sees in
    /// the browser then. Whatever else comes is turned away.
    pub async fn wait(self, page: &str) -> io::Result<Url> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            // One that says nothing is waited for no longer than one that is cut off.
            let asked = tokio::time::timeout(limits::CALLBACK_READ_WAIT, target(&mut stream)).await;
            let Ok(Some(target)) = asked else { continue };
            let called = self.url.join(&target).ok().filter(|called| called.path() == self.url.path());
            let (status, page) = match called {
                Some(_) => ("200 OK", page),
                None => ("404 Not Found", "There is nothing here."),
            };
            let length = page.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{page}"
            );
            // A browser that goes has brought what it had to bring.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            if let Some(called) = called {
                return Ok(called);
            }
        }
    }
}

/// The target of a GET request whose head comes whole.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        head.extend_from_slice(&piece[..read]);
        if head.len() > limits::CALLBACK_HEAD_BYTES_MAX {
            return None;
        }
    }
    let line = std::str::from_utf8(&head).ok()?.lines().next()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    target.starts_with('/').then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::http::loopback::in_time;
    use super::*;

    async fn send(url: &Url, head: &str) -> String {
        let port = url.port().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap_or_default();
        answer
    }

    #[test]
    fn the_first_right_request_counts() {
        in_time(async {
            let callback = Callback::listen("/done/abc").await.unwrap();
            let url = callback.url().clone();
            let browser = async {
                assert!(send(&url, "GET /other?code=1 HTTP/1.1\r\n\r\n").await.contains("404"));
                assert_eq!(send(&url, "POST /done/abc?code=2 HTTP/1.1\r\n\r\n").await, "");
                assert_eq!(send(&url, &"x".repeat(limits::CALLBACK_HEAD_BYTES_MAX * 2)).await, "");
                assert!(
                    send(&url, "GET /done/abc?code=a%20b HTTP/1.1\r\nhost: x\r\n\r\n")
                        .await
                        .ends_with("Done.")
                );
            };
            let (called, ()) = tokio::join!(callback.wait("Done."), browser);
            let called = called.unwrap();
            let pairs: Vec<_> = called.query_pairs().collect();
            assert_eq!(pairs, [("code".into(), "a b".into())]);
        });
    }
}
