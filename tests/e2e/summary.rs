//! A summary that was cut or held back stands for nothing: the conversation stays as it was.

use serde_json::json;

use super::program::{quillon, words};
use super::run::{delta, finish, server};

#[test]
fn what_is_no_whole_summary_is_not_taken() {
    for end in ["length", "content_filter"] {
        let (work, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let long = "a long story ".repeat(2_000);
        let (port, asked) = server(vec![
            vec![delta(json!({ "content": long })), finish("stop")],
            vec![delta(json!({ "content": "I cannot" })), finish(end)],
            vec![delta(json!({ "content": "On." })), finish("stop")],
        ]);
        let mut told = String::new();
        for arguments in [&["run", "Talk."][..], &["run", "-c", "/compact"], &["run", "-c", "And now?"]] {
            let mut command = quillon(work.path(), state.path());
            command.env("QUILLON_BASE_URL", format!("http://127.0.0.1:{port}/v1")).env("QUILLON_MODEL", "m");
            let (said, noted) = words(&command.args(arguments).output().unwrap());
            told.push_str(&format!("{said}{noted}"));
        }
        assert!(told.contains("The conversation stays as it is: no summary could be made"), "{end}: {told}");
        let last = asked.try_iter().last().unwrap().json().to_string();
        assert!(last.contains("a long story") && !last.contains("I cannot"), "{end}");
    }
}
