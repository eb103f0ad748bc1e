//! A patch over a small tree, as `apply_patch` applies it.

use serde_json::{Map, Value};

pub(super) fn answer(_case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    Err("not answered".into())
}
