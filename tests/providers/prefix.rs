//! Each request begins as the one before it: thirty turns with a restart, another mode and the first one again.

use quillon::engine::Mode;
use quillon::engine::event::Stop;
use serde_json::{Value, json};

use super::scene::Scene;
use super::wire::{Said, Wire};

/// Blocks before a mark that the cache looks back over:
/// <https://docs.claude.com/en/docs/build-with-claude/prompt-caching>.
const LOOK_BACK_BLOCKS: usize = 20;

/// What the model says in a turn.
fn says(turn: usize) -> Vec<Said> {
    let line = |at: usize| json!({"file_path": "big.txt", "offset": at, "limit": 3});
    let step = Said::words(&format!("Step of turn {turn}.")).thinking(&format!("Thought {turn}."));
    let step = match turn % 5 {
        0 => step.calling("read", json!({"file_path": "c.png"})),
        1 => step.calling("read", line(10 * turn + 1)),
        2 => (0..6).fold(step, |step, more| step.calling("read", line(10 * turn + 1 + more))),
        3 => Said::default()
            .calling("read", line(10 * turn + 1))
            .calling("grep", json!({"pattern": format!("of i{turn}")})),
        _ => return vec![step],
    };
    vec![step, Said::words(&format!("End of turn {turn}.")).thinking(&format!("Last thought {turn}."))]
}

/// A body without what may move in it.
fn bare(body: &[u8]) -> String {
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.replace(r#","cache_control":{"type":"ephemeral"}"#, "")
}

/// How much of a body, up to the end of what was said, is the beginning of the next.
fn ratio(body: &[u8], next: &[u8]) -> f64 {
    let (body, next) = (bare(body), bare(next));
    let said = body.trim_end_matches(['}', ']']);
    let same = said.bytes().zip(next.bytes()).take_while(|(left, right)| left == right).count();
    same as f64 / said.len() as f64
}

/// The blocks of the conversation that are marked for the cache.
fn marks(body: &[u8]) -> Vec<usize> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let messages = body["messages"].as_array().into_iter().flatten();
    let blocks = messages.flat_map(|message| message["content"].as_array().cloned().unwrap_or_default());
    let marked = blocks.enumerate().filter(|(_, block)| block.get("cache_control").is_some());
    marked.map(|(at, _)| at).collect()
}

#[tokio::test]
async fn thirty_turns_only_grow() {
    for wire in Wire::ALL {
        let mut scene = Scene::new(wire).await;
        let mut bodies = Vec::new();
        for turn in 1..=30 {
            match turn {
                11 | 21 => {
                    let facts = scene.facts();
                    scene.crash(&facts).await;
                }
                8 => scene.write("big.txt", &"another line of it\n".repeat(400)),
                15 => scene.mode(Mode::Plan).await,
                18 => scene.mode(Mode::Edit).await,
                _ => {}
            }
            scene.says(&says(turn));
            assert_eq!(scene.turn(&format!("Turn {turn}.")).await.stop, Stop::Finished, "{wire:?}");
            bodies.extend(scene.asked());
        }
        assert!(bodies.len() >= 54, "{wire:?}: {}", bodies.len());
        let last = bare(bodies.last().unwrap());
        for words in
            ["mode is `plan`", "mode is `edit`", "Turn 1.", "Turn 30.", "another line of it", "iVBORw0KGgo"]
        {
            assert!(last.contains(words), "{wire:?}: {words}");
        }
        for (at, pair) in bodies.windows(2).enumerate() {
            let ratio = ratio(&pair[0], &pair[1]);
            assert!(ratio == 1.0, "{wire:?}: request {} has {ratio} of the one before", at + 1);
            if matches!(wire, Wire::Anthropic | Wire::Bedrock) {
                let (kept, marked) = (*marks(&pair[0]).last().unwrap(), marks(&pair[1]));
                let found = marked.iter().any(|mark| (kept..kept + LOOK_BACK_BLOCKS).contains(mark));
                assert!(
                    found,
                    "{wire:?}: what request {at} kept up to block {kept} is not found by {marked:?}"
                );
            }
        }
    }
}

/// What the measure finds.
#[test]
fn a_change_at_the_beginning_is_seen() {
    let body = |words: &str| {
        json!({"tools": [], "messages": [{"content": [{"type": "text", "text": words}]}]}).to_string()
    };
    assert_eq!(ratio(body("One.").as_bytes(), body("One.").as_bytes()), 1.0);
    assert!(ratio(body("One.").as_bytes(), body("Two.").as_bytes()) < 1.0);
    let marked =
        r#"{"messages":[{"content":[{"type":"text","text":"One.","cache_control":{"type":"ephemeral"}}]}]}"#;
    let grown = r#"{"messages":[{"content":[{"type":"text","text":"One."},{"type":"text","text":"Two.","cache_control":{"type":"ephemeral"}}]}]}"#;
    assert_eq!(ratio(marked.as_bytes(), grown.as_bytes()), 1.0);
    assert_eq!((marks(marked.as_bytes()), marks(grown.as_bytes())), (vec![0], vec![1]));
}
