//! What the user reads where a message is asked for again.

use crate::limits;

/// What is done now; none where another model is asked at once, which was told.
pub(super) fn words(attempt: u32, wait_ms: u64) -> Option<String> {
    let count = format!("attempt {attempt} of {}", limits::STEP_ATTEMPTS_MAX);
    match (attempt, wait_ms) {
        (..=1, 0) => None,
        (_, 0) => Some(format!("asking again, {count}")),
        (_, _) => Some(format!("waiting {} s, {count}", wait_ms.div_ceil(1_000))),
    }
}

/// The same as a sentence.
pub(super) fn sentence(attempt: u32, wait_ms: u64) -> Option<String> {
    let when = match (attempt, wait_ms) {
        (..=1, 0) => return None,
        (_, 0) => "at once".to_owned(),
        (_, _) => format!("in {} s", wait_ms.div_ceil(1_000)),
    };
    Some(format!("Trying again {when} (attempt {attempt} of {}).", limits::STEP_ATTEMPTS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_is_told_where_nobody_waits() {
        assert_eq!((words(1, 0), sentence(1, 0)), (None, None));
        assert_eq!(sentence(2, 0).as_deref(), Some("Trying again at once (attempt 2 of 5)."));
        assert_eq!(words(2, 0).as_deref(), Some("asking again, attempt 2 of 5"));
        assert_eq!(words(3, 1_200).as_deref(), Some("waiting 2 s, attempt 3 of 5"));
    }
}
