//! A search in a small tree, without the policy of `glob` and `grep`.

use serde_json::{Map, Value};

pub(super) fn answer(_case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    Err("not answered".into())
}
