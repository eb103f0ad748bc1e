//! One replacement in one file, as `edit` makes it.

use serde_json::{Map, Value};

pub(super) fn answer(_case: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    Err("not answered".into())
}
