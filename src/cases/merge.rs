//! A three-way merge, as a stale edit is merged.

use serde_json::{Map, Value};

pub(super) fn answer(_case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    Err("not answered".into())
}
