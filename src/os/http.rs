//! HTTP requests: clients built when first needed, limits on every wait, failures told apart.

#![allow(clippy::disallowed_methods, reason = "the one place where HTTP clients are made")]

use std::error::Error as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{self, HeaderName, HeaderValue};
use reqwest::redirect;
use tokio::task::JoinSet;

use crate::limits;

pub use reqwest::Url;

/// Sends requests. Making one costs nothing; each kind of client is built by the first request that
/// needs it and keeps its connections for the next.
///
/// Redirects are answers like any other: nobody is sent a request, or a key in it, whom the caller
/// did not name.
#[derive(Debug)]
pub struct Http {
    connect_wait: Duration,
    /// What connections to others go through, where it is not what the environment names.
    proxy: Option<Url>,
    /// Plain connections to this machine: no certificates, no proxy.
    local: OnceLock<Built>,
    /// Plain connections to others: no certificates.
    plain: OnceLock<Built>,
    /// Encrypted connections, judged by the system's certificates.
    secure: OnceLock<Built>,
    /// Answers of which only the end is waited for.
    finishing: Mutex<JoinSet<()>>,
}

type Built = Result<reqwest::Client, Failure>;

/// A request with a body of JSON.
#[derive(Debug)]
pub struct Post {
    /// `http` or `https`.
    pub url: Url,
    /// Further headers; their values are treated as secrets.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer whose head has come.
#[derive(Debug)]
pub struct Response(reqwest::Response);

/// Why there is no answer, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What the system says, in a line; without the address.
    pub detail: String,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The machine is there and nothing listens at that port.
    Refused,
    /// No machine of that name is known.
    UnknownHost,
    /// The connection was not made in time.
    ConnectTimeout,
    /// The connection could not be made for another reason.
    Unreachable,
    /// The other side's certificate or encryption is not accepted.
    Encryption,
    /// The connection broke, or what came is not HTTP.
    Broken,
    /// The request itself cannot be sent (a header with a line feed, for example).
    Unsendable,
}

impl Default for Http {
    fn default() -> Self {
        Self::with_connect_wait(limits::CONNECT_WAIT)
    }
}

impl Http {
    /// With another limit on the time to open a connection.
    pub fn with_connect_wait(connect_wait: Duration) -> Self {
        Self {
            connect_wait,
            proxy: None,
            local: OnceLock::new(),
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            finishing: Mutex::new(JoinSet::new()),
        }
    }

    /// Through this proxy, `http` or `https`, to all machines but this one.
    pub fn through(proxy: Url) -> Self {
        Self { proxy: Some(proxy), ..Self::default() }
    }

    /// Sends a request and waits, without a limit, for the head of the answer. Dropping the future
    /// ends the request.
    pub async fn post(&self, post: Post) -> Result<Response, Failure> {
        let request = self.client(&post.url)?.post(post.url);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(post.body);
        send(request, &post.headers).await
    }

    /// Asks for what is at an address, as [`Http::post`] sends.
    pub async fn get(&self, url: Url, headers: &[(String, String)]) -> Result<Response, Failure> {
        send(self.client(&url)?.get(url), headers).await
    }

    /// Reads what little is left of an answer whose meaning is complete, aside: a connection serves
    /// for the next request only when its last answer was read to the end.
    pub fn finish(&self, mut response: Response) {
        let mut finishing = self.finishing.lock().unwrap_or_else(PoisonError::into_inner);
        while finishing.try_join_next().is_some() {}
        finishing.spawn(async move {
            let read_on = async { while let Ok(Some(_)) = response.chunk().await {} };
            // A server that does not end its answer loses its connection.
            let _ = tokio::time::timeout(limits::ANSWER_END_WAIT, read_on).await;
        });
    }

    /// Waits until no answer is being finished.
    #[cfg(test)]
    pub(crate) async fn finished(&self) {
        let mut finishing = std::mem::take(&mut *self.finishing.lock().expect("no panic"));
        while finishing.join_next().await.is_some() {}
    }

    fn client(&self, url: &Url) -> Result<reqwest::Client, Failure> {
        let (place, trust) = match (url.scheme(), is_this_machine(url)) {
            ("https", _) => (&self.secure, Trust::SystemCertificates),
            (_, true) => (&self.local, Trust::NothingAndNoProxy),
            (_, false) => (&self.plain, Trust::Nothing),
        };
        place.get_or_init(|| build(trust, self.connect_wait, self.proxy.as_ref())).clone()
    }
}

async fn send(
    mut request: reqwest::RequestBuilder,
    headers: &[(String, String)],
) -> Result<Response, Failure> {
    for (name, value) in headers {
        request = request.header(header_name(name)?, header_value(name, value)?);
    }
    request.send().await.map(Response).map_err(Failure::of)
}

impl Response {
    /// The status, for example 200.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// The value of a header; none when it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// The body, or the first `max` bytes of it.
    pub async fn body(&mut self, max: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(bytes) = self.chunk().await?
            && body.len() < max
        {
            body.extend_from_slice(bytes.as_ref());
        }
        body.truncate(max);
        Ok(body)
    }

    /// The next bytes of the body as they come, decompressed; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        self.0.chunk().await.map_err(Failure::of)
    }
}

#[derive(Clone, Copy)]
enum Trust {
    SystemCertificates,
    Nothing,
    NothingAndNoProxy,
}

fn build(trust: Trust, connect_wait: Duration, proxy: Option<&Url>) -> Built {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("quillon/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect_wait)
        .http2_keep_alive_interval(limits::HTTP2_PING_INTERVAL);
    if let Some(proxy) = proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(Failure::of)?);
    }
    builder = match trust {
        Trust::SystemCertificates => {
            // Fails only when one is installed already, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
            builder
        }
        Trust::Nothing => builder.tls_backend_preconfigured(trusting_nobody()?),
        Trust::NothingAndNoProxy => builder.tls_backend_preconfigured(trusting_nobody()?).no_proxy(),
    };
    builder.build().map_err(Failure::of)
}

/// For clients which never encrypt: loading the system's certificates costs 7 ms and 1.6 MB.
fn trusting_nobody() -> Result<rustls::ClientConfig, Failure> {
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure { kind: FailureKind::Encryption, detail: error.to_string() })?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// Whether the host of an address is this machine itself.
pub fn is_this_machine(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn header_name(name: &str) -> Result<HeaderName, Failure> {
    HeaderName::try_from(name).map_err(|_| Failure {
        kind: FailureKind::Unsendable,
        detail: format!("`{name}` is not the name of a header"),
    })
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::try_from(value).map_err(|_| Failure {
        kind: FailureKind::Unsendable,
        detail: format!(
            "the value of the header `{name}` holds a line feed or a character that is not ASCII"
        ),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Failure {
    fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = kind(&error);
        Self { kind, detail: last_cause(&error) }
    }
}

fn kind(error: &reqwest::Error) -> FailureKind {
    if error.is_builder() {
        return FailureKind::Unsendable;
    }
    if error.is_dns() {
        return FailureKind::UnknownHost;
    }
    let mut socket_timed_out = false;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if speaks_of_encryption(inner) {
            return FailureKind::Encryption;
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            if io.kind() == std::io::ErrorKind::ConnectionRefused {
                return FailureKind::Refused;
            }
            socket_timed_out |= io.kind() == std::io::ErrorKind::TimedOut;
        }
        cause = inner.source();
    }
    // The client has one time limit, the one on connecting; sockets have their own.
    if error.is_timeout() && (error.is_connect() || !socket_timed_out) {
        FailureKind::ConnectTimeout
    } else if error.is_connect() {
        FailureKind::Unreachable
    } else {
        FailureKind::Broken
    }
}

/// Errors of the encryption hide within errors of the socket, which do not name them as a source.
fn speaks_of_encryption(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| speaks_of_encryption(inner))
}

/// The innermost cause: the outer ones only say that sending failed.
fn last_cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

#[cfg(test)]
#[path = "../../tests/support/loopback.rs"]
pub(crate) mod loopback;

#[cfg(test)]
mod tests {
    use super::loopback::{Answer, Loopback, in_time};
    use super::*;

    fn post(url: &str) -> Post {
        Post {
            url: Url::parse(url).unwrap(),
            headers: vec![("authorization".to_owned(), "Bearer sesame".to_owned())],
            body: b"{}".to_vec(),
        }
    }

    async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        while let Some(bytes) = response.chunk().await? {
            all.extend_from_slice(bytes.as_ref());
        }
        Ok(all)
    }

    #[track_caller]
    fn kind_of(result: Result<Response, Failure>) -> FailureKind {
        result.expect_err("it should fail").kind
    }

    #[test]
    fn only_the_client_that_is_needed_is_built_and_connections_are_kept() {
        in_time(async {
            let http = Http::default();
            let mut server = Loopback::start(vec![Answer::json(200, "one"), Answer::json(200, "two")]).await;
            assert!(http.local.get().is_none(), "nothing is built before the first request");
            for expected in ["one", "two"] {
                let response = http.post(post(&server.url("/x?y=1"))).await.unwrap();
                assert_eq!(
                    (response.status(), response.header("content-type")),
                    (200, Some("application/json"))
                );
                assert_eq!(body(response).await.unwrap(), expected.as_bytes());
                let seen = server.request().await;
                assert_eq!((seen.connection, seen.line.as_str()), (1, "POST /x?y=1 HTTP/1.1"));
                assert_eq!(seen.header("authorization"), Some("Bearer sesame"));
                assert_eq!(seen.header("content-type"), Some("application/json"));
                assert_eq!(seen.body, b"{}");
            }
            assert!(http.local.get().is_some());
            assert!(http.plain.get().is_none() && http.secure.get().is_none());
        });
    }

    #[test]
    fn a_redirect_is_not_followed() {
        in_time(async {
            let mut elsewhere = Loopback::start(vec![Answer::json(200, "caught")]).await;
            let redirect = Answer::json(307, "").header("location", &elsewhere.url("/"));
            let server = Loopback::start(vec![redirect]).await;
            let response = Http::default().post(post(&server.url("/"))).await.unwrap();
            assert_eq!(response.status(), 307);
            assert_eq!(elsewhere.seen(), 0);
        });
    }

    #[test]
    fn failures_are_told_apart() {
        in_time(async {
            let http = Http::default();
            let closed = Loopback::start(vec![]).await.close().await;
            assert_eq!(kind_of(http.post(post(&closed)).await), FailureKind::Refused);

            let server = Loopback::start(vec![Answer::raw("good day\r\n\r\n")]).await;
            assert_eq!(kind_of(http.post(post(&server.url("/"))).await), FailureKind::Broken);

            let server = Loopback::start(vec![Answer::json(200, "half of it").broken_off_after(4)]).await;
            let response = http.post(post(&server.url("/"))).await.unwrap();
            assert_eq!(body(response).await.unwrap_err().kind, FailureKind::Broken);

            let mut odd = post(&server.url("/"));
            odd.headers[0].1.push('\n');
            let failure = http.post(odd).await.expect_err("it should fail");
            assert_eq!(failure.kind, FailureKind::Unsendable);
            assert!(!failure.detail.contains("sesame"), "{failure}");
        });
    }

    #[test]
    fn a_server_that_does_not_encrypt_is_not_taken_for_one_that_does() {
        in_time(async {
            let server = Loopback::start(vec![Answer::raw("HTTP/1.1 200 OK\r\n\r\n")]).await;
            let http = Http::default();
            let url = server.url("/").replace("http:", "https:");
            assert_eq!(kind_of(http.post(post(&url)).await), FailureKind::Encryption);
            assert!(http.secure.get().is_some() && http.local.get().is_none());
        });
    }

    #[test]
    fn opening_a_connection_has_a_limit() {
        in_time(async {
            let http = Http::with_connect_wait(Duration::from_millis(30));
            let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("https://{}/", silent.local_addr().unwrap());
            assert_eq!(kind_of(http.post(post(&url)).await), FailureKind::ConnectTimeout);
        });
    }

    #[test]
    fn this_machine_has_several_names() {
        for url in ["http://localhost:1", "http://a.localhost", "http://127.0.0.2/x", "http://[::1]:8080"] {
            assert!(is_this_machine(&Url::parse(url).unwrap()), "{url}");
        }
        for url in ["http://localhost.example", "http://10.0.0.1", "http://[2001:db8::1]/"] {
            assert!(!is_this_machine(&Url::parse(url).unwrap()), "{url}");
        }
    }
}
