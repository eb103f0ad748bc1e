//! Long answers in each wire format, their events as large as in the providers' references:
//! <https://platform.openai.com/docs/api-reference/chat-streaming>,
//! <https://platform.openai.com/docs/api-reference/responses-streaming>,
//! <https://docs.claude.com/en/docs/build-with-claude/streaming>,
//! <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>.

use serde_json::{Value, json};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Chat,
    Responses,
    Anthropic,
    Gemini,
}

impl Wire {
    pub const ALL: [Self; 4] = [Self::Chat, Self::Responses, Self::Anthropic, Self::Gemini];

    /// An answer of about so many bytes, a few words an event.
    pub fn words(self, bytes: usize) -> Vec<u8> {
        let piece = self.piece(" a few words\n");
        self.answer(piece.repeat(bytes / piece.len()))
    }

    /// An answer with one event of so many bytes.
    pub fn large_event(self, bytes: usize) -> Vec<u8> {
        self.answer(self.piece(&"word ".repeat(bytes / 5)))
    }

    fn piece(self, text: &str) -> String {
        event(&match self {
            Self::Chat => {
                json!({"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion.chunk", "created": 1741569952, "model": "gpt-5.4", "service_tier": "default", "system_fingerprint": null, "choices": [{"index": 0, "delta": {"content": text}, "logprobs": null, "finish_reason": null}], "usage": null})
            }
            Self::Responses => {
                json!({"type": "response.output_text.delta", "sequence_number": 4, "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text})
            }
            Self::Anthropic => {
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
            }
            Self::Gemini => {
                json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}}], "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 8, "totalTokenCount": 17}, "modelVersion": "gemini-2.5-pro", "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"})
            }
        })
    }

    fn answer(self, pieces: String) -> Vec<u8> {
        let (before, after) = match self {
            Self::Chat => {
                let end = json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
                (String::new(), format!("{}data: [DONE]\n\n", event(&end)))
            }
            Self::Responses => {
                let item = json!({"type": "message", "id": "msg_1", "role": "assistant", "content": []});
                let begun =
                    event(&json!({"type": "response.output_item.added", "output_index": 0, "item": item}));
                let response =
                    json!({"id": "resp_1", "object": "response", "status": "completed", "output": []});
                (begun, event(&json!({"type": "response.completed", "response": response})))
            }
            Self::Anthropic => {
                let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m"});
                let begun = event(&json!({"type": "message_start", "message": message}));
                let text = json!({"type": "text", "text": ""});
                let block = event(&json!({"type": "content_block_start", "index": 0, "content_block": text}));
                (begun + &block, event(&json!({"type": "message_stop"})))
            }
            Self::Gemini => {
                (String::new(), event(&json!({"candidates": [{"index": 0, "finishReason": "STOP"}]})))
            }
        };
        (before + &pieces + &after).into_bytes()
    }
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}
