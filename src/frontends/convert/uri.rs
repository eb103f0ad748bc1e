//! Paths as `file:` addresses, and back.

use quillon_protocol::document::Uri;

use crate::path::AbsPath;

/// The address of a file or folder, percent-encoded.
pub fn of(path: &AbsPath) -> Uri {
    let text = path.as_path().to_string_lossy();
    let slashed = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    let rooted = if slashed.starts_with('/') { "" } else { "/" };
    let mut uri = format!("file://{rooted}");
    for byte in slashed.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    Uri(uri)
}

/// The path of a `file:` address on this machine; none for any other address.
pub fn path(uri: &str) -> Option<AbsPath> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let decoded = decoded(&rest[..end])?;
    let drive = decoded.as_bytes().get(2) == Some(&b':') && cfg!(windows);
    AbsPath::new(if drive { &decoded[1..] } else { decoded.as_str() }).ok()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_back() {
        for (text, uri) in
            [("/a b/ö#%", "file:///a%20b/%C3%B6%23%25"), ("/", "file:///"), ("/x-1.rs", "file:///x-1.rs")]
        {
            let absolute = AbsPath::new(text).unwrap();
            assert_eq!(of(&absolute).0, uri);
            assert_eq!(path(uri), Some(absolute));
        }
        assert_eq!(path("file:///a/%2e%2e/b"), AbsPath::new("/b").ok());
        assert_eq!(path("file://localhost/a"), AbsPath::new("/a").ok());
        for no in [
            "untitled:Untitled-1",
            "file://host/a",
            "file:///%",
            "file:///%zz",
            "file:///%ff",
            "/a",
            "file:///%00",
        ] {
            assert_eq!(path(no), None, "{no}");
        }
    }
}
