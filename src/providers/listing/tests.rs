//! Lists as the references of their servers show them, from a server on loopback.

use super::*;
use crate::engine::model::ErrorKind;
use crate::os::http::loopback::{Answer, Loopback, in_time};
use crate::providers::servers::{NothingSet, Server, Servers};

fn found(api: &str, base_url: String) -> Found {
    let server = Server {
        api: Some(api.to_owned()),
        base_url: Some(base_url),
        key: Some("sesame-1234".to_owned()),
        ..Server::default()
    };
    let servers = Servers { nameless: Some(server), ..Servers::default() };
    servers.provider(None, &NothingSet).unwrap()
}

/// The lines of what is listed, and of what was asked.
fn listed(api: &str, path: &str, answers: Vec<Answer>) -> (Vec<String>, Vec<String>) {
    in_time(async {
        let count = answers.len();
        let mut server = Loopback::start(answers).await;
        let list = list(&Http::default(), &found(api, server.url(path))).await.unwrap();
        let mut asked = Vec::new();
        for _ in 0..count {
            let request = server.request().await;
            asked.push(request.line.trim_end_matches(" HTTP/1.1").to_owned());
        }
        let line = |model: Listed| {
            let Facts { context, input, output, price, .. } = model.facts;
            let tokens =
                [context, input, output].map(|tokens| tokens.map_or("?".into(), |tokens| tokens.to_string()));
            let price = price.map(|price| format!(" ${}/{}", price.rates.input, price.rates.output));
            let note = model.note.map(|note| format!(" ({note})"));
            format!(
                "{} {}{}{}",
                model.name,
                tokens.join(" "),
                price.unwrap_or_default(),
                note.unwrap_or_default()
            )
        };
        (list.into_iter().map(line).collect(), asked)
    })
}

fn no() -> Answer {
    Answer::json(404, "404 page not found")
}

/// <https://platform.openai.com/docs/api-reference/models/list>,
/// <https://openrouter.ai/docs/api-reference/list-available-models>
#[test]
fn servers_of_openais_kind() {
    let body = r#"{"object": "list", "data": [
        {"id": "z", "object": "model", "created": 1, "owned_by": "o"},
        {"id": "a/b", "name": "A: B", "context_length": 200000, "pricing": {"prompt": "0.000003", "completion": "0.000015"}},
        {"id": "auto", "context_length": 10, "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "embed", "type": "embeddings"}, {"no": "id"}, 7]}"#;
    // The local server is asked what it is.
    let (models, asked) =
        listed("chat", "/api/v1/chat/completions", vec![Answer::json(200, body), no(), no(), no()]);
    assert_eq!(models, ["a/b 200000 ? ? $3/15", "auto 10 ? ?", "z ? ? ?"]);
    assert_eq!(asked, ["GET /api/v1/models", "GET /props", "GET /api/v0/models", "GET /api/ps"]);
}

/// <https://docs.claude.com/en/api/models-list>
#[test]
fn anthropic() {
    let body = r#"{"data": [{"type": "model", "id": "claude-x", "display_name": "Claude X",
                             "max_input_tokens": 200000, "max_tokens": 64000}], "has_more": false}"#;
    let (models, asked) = listed("anthropic", "", vec![Answer::json(200, body), no(), no(), no()]);
    assert_eq!(
        (&models[..], asked[0].as_str()),
        (&["claude-x ? 200000 64000".to_owned()][..], "GET /v1/models?limit=1000")
    );
}

/// <https://ai.google.dev/api/models#method:-models.list>
#[test]
fn gemini() {
    let body = r#"{"models": [{"name": "models/gemini-x", "inputTokenLimit": 1000, "outputTokenLimit": 100,
                               "supportedGenerationMethods": ["generateContent"]},
                              {"name": "models/embedder", "supportedGenerationMethods": ["embedContent"]}]}"#;
    let (models, asked) = listed("gemini", "", vec![Answer::json(200, body), no(), no(), no()]);
    assert_eq!(models, ["gemini-x ? 1000 100"]);
    assert_eq!(asked[0], "GET /v1beta/models?pageSize=1000");
}

/// <https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md>
#[test]
fn llama_cpp_tells_what_fits() {
    let list = Answer::json(200, r#"{"data": [{"id": "m.gguf", "meta": {"n_ctx_train": 131072}}]}"#);
    let props = Answer::json(200, r#"{"default_generation_settings": {"n_ctx": 8192}}"#);
    assert_eq!(listed("chat", "/v1", vec![list, props]).0, ["m.gguf 8192 ? ?"]);
}

/// <https://lmstudio.ai/docs/app/api/endpoints/rest>
#[test]
fn lm_studio_tells_what_is_loaded() {
    let list = Answer::json(200, r#"{"data": [{"id": "m"}, {"id": "n"}]}"#);
    let own = r#"{"data": [{"id": "m", "type": "llm", "max_context_length": 131072, "loaded_context_length": 4096},
                           {"id": "n", "type": "llm", "max_context_length": 32768}]}"#;
    let answers = vec![list, no(), Answer::json(200, own)];
    assert_eq!(listed("chat", "/v1", answers).0, ["m 4096 ? ?", "n 32768 ? ?"]);
}

/// <https://github.com/ollama/ollama/blob/main/docs/api.md>
#[test]
fn ollama_cuts_and_it_is_told() {
    let list = Answer::json(200, r#"{"data": [{"id": "a:8b"}, {"id": "b"}, {"id": "c"}]}"#);
    let loaded =
        r#"{"models": [{"name": "a:8b", "context_length": 4096}, {"name": "c", "context_length": 100}]}"#;
    let shown = |tokens: u64| {
        Answer::json(
            200,
            &format!(r#"{{"model_info": {{"qwen3.context_length": {tokens}, "general.x": 1}}}}"#),
        )
    };
    let answers = vec![list, no(), no(), Answer::json(200, loaded), shown(40960), shown(8192), shown(100)];
    let (models, asked) = listed("chat", "/v1", answers);
    assert_eq!(
        models,
        [
            "a:8b 4096 ? ? (cuts what is longer without a word; it could hold 40960: set OLLAMA_CONTEXT_LENGTH for its server)",
            "b ? ? ? (Ollama gives it OLLAMA_CONTEXT_LENGTH tokens of the 8192 that it could hold, and cuts what is longer without a word)",
            "c 100 ? ?",
        ]
    );
    assert_eq!(asked[4], "POST /api/show");
}

#[test]
fn what_goes_wrong_is_told_as_for_requests() {
    in_time(async {
        for (answer, kind, words) in [
            (
                Answer::json(401, r#"{"error": {"message": "bad key sesame-1234"}}"#),
                ErrorKind::Auth,
                "bad key (hidden)",
            ),
            (Answer::json(200, "<html>"), ErrorKind::Parse, "it is no JSON"),
            (Answer::json(200, "7"), ErrorKind::Parse, "it is no list of models"),
        ] {
            let server = Loopback::start(vec![answer]).await;
            let error = list(&Http::default(), &found("chat", server.url("/v1"))).await.unwrap_err();
            assert!(error.kind == kind && error.message.contains(words), "{error:?}");
        }
        let nobody = found("chat", "http://127.0.0.1:1/v1".into());
        let error = list(&Http::default(), &nobody).await.unwrap_err();
        assert!(error.message.contains("nothing answers at http://127.0.0.1:1"), "{error:?}");
    });
}
