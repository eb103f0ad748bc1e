//! Logins in the browser that end in a key: OpenRouter's by PKCE, GitHub's by a code on a device.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout};

use crate::limits;
use crate::os::callback::Callback;
use crate::os::http::{Http, Post, Url};

/// A key of OpenRouter's, which its page makes for the user.
/// <https://openrouter.ai/docs/use-cases/oauth-pkce>
///
/// `at` is another place than OpenRouter's own. `show` gives words to the user.
pub async fn openrouter(http: &Http, at: Option<&str>, show: impl Fn(&str)) -> Result<String, String> {
    let place = place(at, "https://openrouter.ai")?;
    let verifier = secret();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let path = format!("/{}", secret());
    let callback = Callback::listen(&path).await;
    let callback = callback.map_err(|error| format!("failed to listen for the browser: {error}"))?;
    let mut page = join(&place, "auth")?;
    page.query_pairs_mut()
        .append_pair("callback_url", callback.url().as_str())
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    show(&format!("Open this page in a browser on this machine, and allow a key for Quillon:\n\n  {page}\n"));
    let done = "Quillon has its key. You can close this page.";
    let called = timeout(limits::LOGIN_WAIT, callback.wait(done)).await.map_err(|_| waited())?;
    let called = called.map_err(|error| format!("failed to listen for the browser: {error}"))?;
    let code = called.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    let code = code.ok_or("the page came back without a code: was it refused there?")?;
    let body = json!({"code": code, "code_verifier": verifier, "code_challenge_method": "S256"});
    let answer: Value = post(http, join(&place, "api/v1/auth/keys")?, &body).await?;
    key(&answer, "key")
}

/// A token of GitHub's, by a code that the user types in at its page.
/// <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow>
///
/// `client` is the id of the OAuth app; `at` is a GitHub Enterprise server; between two looks there is
/// `pause_min` at least.
pub async fn github(
    http: &Http,
    at: Option<&str>,
    client: &str,
    pause_min: Duration,
    show: impl Fn(&str),
) -> Result<String, String> {
    let place = place(at, "https://github.com")?;
    let begun = json!({"client_id": client, "scope": "read:user"});
    let begun: Value = post(http, join(&place, "login/device/code")?, &begun).await?;
    let device = Device::deserialize(&begun).map_err(|_| said(&begun))?;
    let (page, code) = (&device.verification_uri, &device.user_code);
    show(&format!("Open {page} in a browser and type in this code there:\n\n  {code}\n"));
    let wait = Duration::from_secs(device.expires_in).min(limits::LOGIN_WAIT);
    let end = Instant::now() + wait;
    let mut pause = Duration::from_secs(device.interval.unwrap_or(5)).max(pause_min);
    let asked = json!({
        "client_id": client,
        "device_code": device.device_code,
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
    });
    while Instant::now() + pause < end {
        sleep(pause).await;
        let answer: Value = post(http, join(&place, "login/oauth/access_token")?, &asked).await?;
        match answer.get("error").and_then(Value::as_str) {
            None => return key(&answer, "access_token"),
            Some("authorization_pending") => {}
            // From then on five seconds more are wanted.
            Some("slow_down") => pause += Duration::from_secs(5),
            Some(_) => return Err(said(&answer)),
        }
    }
    Err(waited())
}

#[derive(Deserialize)]
struct Device {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: Option<u64>,
}

fn waited() -> String {
    "nobody came back from the browser in time; nothing is stored".to_owned()
}

/// Enough that nobody guesses it: over 200 random bits, in letters that need no escape.
fn secret() -> String {
    (0..3).map(|_| uuid::Uuid::now_v7().simple().to_string()).collect()
}

fn place(at: Option<&str>, usual: &str) -> Result<Url, String> {
    let text = at.unwrap_or(usual);
    let place: Url = text.parse().map_err(|error| format!("`{text}` is no address: {error}"))?;
    if place.scheme() != "https" && !crate::os::http::is_this_machine(&place) {
        return Err(format!("`{text}` must begin with https://: a key comes from there"));
    }
    Ok(place)
}

fn join(place: &Url, path: &str) -> Result<Url, String> {
    place.join(&format!("/{path}")).map_err(|error| error.to_string())
}

async fn post(http: &Http, url: Url, body: &Value) -> Result<Value, String> {
    let server = url.origin().ascii_serialization();
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let asked = async {
        let mut response = http.post(Post { url, headers, body: body.to_string().into_bytes() }).await?;
        let body = response.body(limits::LISTING_BYTES_MAX).await?;
        Ok((response.status(), body))
    };
    let answered = timeout(limits::LISTING_WAIT, asked).await;
    let answered = answered.map_err(|_| format!("{server} does not answer"))?;
    let (status, body) = answered
        .map_err(|failure: crate::os::http::Failure| format!("{server} cannot be reached: {failure}"))?;
    match (status, serde_json::from_slice::<Value>(&body)) {
        (200..300, Ok(answer)) => Ok(answer),
        (200..300, Err(_)) => Err(format!("the answer of {server} is no JSON")),
        (_, Ok(answer)) => Err(format!("{server} answered {status}: {}", said(&answer))),
        (_, Err(_)) => Err(format!("{server} answered {status}")),
    }
}

fn key(answer: &Value, name: &str) -> Result<String, String> {
    let key = answer.get(name).and_then(Value::as_str).filter(|key| !key.is_empty());
    key.map(str::to_owned).ok_or_else(|| said(answer))
}

/// What a login says went wrong; never the whole answer, in which a key may be.
fn said(answer: &Value) -> String {
    let words = ["error_description", "message", "error"].iter().find_map(|name| answer.get(name)?.as_str());
    let words = words.or_else(|| answer.pointer("/error/message")?.as_str());
    words.unwrap_or("the login came back without a key").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::os::http::loopback::{Answer, Loopback, in_time};

    /// Opens the page that is shown as a browser does which the user allowed; gives what the page was asked.
    #[allow(clippy::disallowed_methods, reason = "the task ends with the login that waits for it")]
    fn browser(shown: &str, query: &str) -> Url {
        let page: Url = shown.lines().find_map(|line| line.trim().parse().ok()).unwrap();
        let callback = page.query_pairs().find(|(name, _)| name == "callback_url").unwrap().1.into_owned();
        let callback: Url = format!("{callback}?{query}").parse().unwrap();
        tokio::task::spawn(async move { Http::default().get(callback, &[]).await.unwrap() });
        page
    }

    #[test]
    fn openrouter_gives_a_key_for_a_code() {
        in_time(async {
            let mut server =
                Loopback::start(vec![Answer::json(200, r#"{"key": "sk-or-1", "user_id": null}"#)]).await;
            let page = Mutex::new(None);
            let show = |shown: &str| *page.lock().unwrap() = Some(browser(shown, "code=c1"));
            let key = openrouter(&Http::default(), Some(&server.url("")), show).await.unwrap();
            assert_eq!(key, "sk-or-1");
            let page = page.lock().unwrap().take().unwrap();
            let asked: Value = serde_json::from_slice(&server.request().await.body).unwrap();
            assert_eq!((&asked["code"], &asked["code_challenge_method"]), (&json!("c1"), &json!("S256")));
            let verifier = asked["code_verifier"].as_str().unwrap();
            assert!((43..=128).contains(&verifier.len()), "{verifier}");
            let challenge =
                page.query_pairs().find(|(name, _)| name == "code_challenge").unwrap().1.into_owned();
            assert_eq!(challenge, URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        });
    }

    #[test]
    fn a_refusal_in_the_browser_ends_the_login() {
        in_time(async {
            let server = Loopback::start(Vec::new()).await;
            let show = |shown: &str| drop(browser(shown, "error=denied"));
            let error = openrouter(&Http::default(), Some(&server.url("")), show).await.unwrap_err();
            assert!(error.contains("without a code"), "{error}");
        });
    }

    const SOON: Duration = Duration::from_millis(5);

    fn device(interval: u64) -> Answer {
        let body = json!({"device_code": "d1", "user_code": "AB-12", "verification_uri": "https://x/device",
                          "expires_in": 900, "interval": interval});
        Answer::json(200, &body.to_string())
    }

    #[test]
    fn github_is_asked_until_the_user_has_typed_the_code() {
        in_time(async {
            let pending = || Answer::json(200, r#"{"error": "authorization_pending"}"#);
            let given = Answer::json(200, r#"{"access_token": "gho_1", "token_type": "bearer"}"#);
            let mut server = Loopback::start(vec![device(0), pending(), given]).await;
            let shown = Mutex::new(String::new());
            let show = |words: &str| shown.lock().unwrap().push_str(words);
            let token = github(&Http::default(), Some(&server.url("")), "app", SOON, show).await.unwrap();
            assert_eq!(token, "gho_1");
            assert!(
                shown.lock().unwrap().contains("https://x/device") && shown.lock().unwrap().contains("AB-12")
            );
            let begun = server.request().await;
            assert_eq!(begun.line, "POST /login/device/code HTTP/1.1");
            let polled: Value = serde_json::from_slice(&server.request().await.body).unwrap();
            assert_eq!((&polled["device_code"], &polled["client_id"]), (&json!("d1"), &json!("app")));
        });
    }

    #[test]
    fn github_says_why_not() {
        in_time(async {
            let denied =
                Answer::json(200, r#"{"error": "access_denied", "error_description": "The user said no."}"#);
            let server = Loopback::start(vec![device(0), denied]).await;
            let error =
                github(&Http::default(), Some(&server.url("")), "app", SOON, |_| ()).await.unwrap_err();
            assert_eq!(error, "The user said no.");
            let unknown = Answer::json(404, r#"{"error": "Not Found"}"#);
            let server = Loopback::start(vec![unknown]).await;
            let error =
                github(&Http::default(), Some(&server.url("")), "app", SOON, |_| ()).await.unwrap_err();
            assert!(error.contains("answered 404: Not Found"), "{error}");
        });
        assert!(place(Some("http://example.com"), "").unwrap_err().contains("must begin with https"));
    }
}
