//! How long a server asks us to wait, from headers, error objects and words.

use std::time::Duration;

use serde_json::Value;

use super::Head;
use crate::limits;

/// What the headers say: `retry-after-ms`, else `retry-after` in seconds or as a date, which is
/// compared with the answer's own date, so that a wrong clock on this side does no harm.
pub fn in_head(head: Head<'_>) -> Option<Duration> {
    if let Some(millis) = head.retry_after_ms.and_then(|text| text.trim().parse::<f64>().ok()) {
        return bounded(millis / 1000.0);
    }
    let text = head.retry_after?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return bounded(seconds);
    }
    let (then, now) = (date(text)?, date(head.date?)?);
    // A date that has passed means at once.
    Some(Duration::from_secs(u64::try_from(then - now).unwrap_or(0)).min(limits::RETRY_AFTER_MAX))
}

/// What an error object says: the `retryDelay` of a detail, else its words.
pub fn in_error(error: &Value, words: &str) -> Option<Duration> {
    let details = error.get("details").and_then(Value::as_array);
    let delay = details
        .and_then(|details| details.iter().find_map(|detail| detail.get("retryDelay")?.as_str()))
        .and_then(span);
    delay.or_else(|| in_words(words))
}

/// For example `Please try again in 1m8.2s.`
fn in_words(words: &str) -> Option<Duration> {
    let lower = words.to_lowercase();
    let after = ["try again in ", "retry in ", "retry after "]
        .iter()
        .find_map(|lead| lower.split_once(lead).map(|(_, rest)| rest))?;
    span(after)
}

/// Numbers with units at the start of a text: `8.2s`, `500ms`, `1m2s`, `20 seconds`.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = None;
    loop {
        rest = rest.trim_start();
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let Ok(number) = rest[..number_end].trim_end_matches('.').parse::<f64>() else { break };
        rest = rest[number_end..].trim_start();
        let unit_end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..unit_end] {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => break,
        };
        seconds = Some(seconds.unwrap_or(0.0) + number * unit);
        rest = &rest[unit_end..];
    }
    bounded(seconds?)
}

/// Seconds since 1970 of a date in the form of HTTP: `Wed, 21 Oct 2026 07:28:00 GMT`.
fn date(text: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp().as_second())
}

/// None for what is not a time to wait; at most `limits::RETRY_AFTER_MAX`.
fn bounded(seconds: f64) -> Option<Duration> {
    // Rounded, because 8.2 s has no exact form in binary.
    let seconds = (seconds * 1000.0).round() / 1000.0;
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Some(
        Duration::try_from_secs_f64(seconds)
            .map_or(limits::RETRY_AFTER_MAX, |wait| wait.min(limits::RETRY_AFTER_MAX)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_head(
        retry_after: &str,
        retry_after_ms: Option<&str>,
        date: Option<&str>,
        expected_ms: Option<u64>,
    ) {
        let head = Head { retry_after: Some(retry_after), retry_after_ms, date, location: None };
        assert_eq!(in_head(head), expected_ms.map(Duration::from_millis));
    }

    #[track_caller]
    fn check_words(words: &str, expected_ms: Option<u64>) {
        assert_eq!(in_words(words), expected_ms.map(Duration::from_millis));
    }

    #[test]
    fn headers() {
        check_head("2", None, None, Some(2000));
        check_head(" 0.5 ", None, None, Some(500));
        check_head("2", Some("1500"), None, Some(1500));
        check_head("-1", None, None, None);
        check_head("inf", None, None, Some(86_400_000));
        check_head("nan", None, None, None);
        check_head("soon", None, None, None);
        assert_eq!(in_head(Head::default()), None);
    }

    #[test]
    fn dates_are_compared_with_the_date_of_the_answer() {
        let then = "Wed, 21 Oct 2026 07:28:30 GMT";
        check_head(then, None, Some("Wed, 21 Oct 2026 07:28:00 GMT"), Some(30_000));
        check_head(then, None, Some("Wed, 21 Oct 2026 07:29:00 GMT"), Some(0));
        check_head(then, None, None, None);
    }

    #[test]
    fn words() {
        check_words("Limit 3. Please try again in 8.2s. Visit", Some(8200));
        check_words("try again in 1m2.5s", Some(62_500));
        check_words("Please retry in 20 seconds.", Some(20_000));
        check_words("Retry after 300ms", Some(300));
        check_words("try again in 2h0m", Some(7_200_000));
        check_words("try again in a while", None);
        check_words("nothing", None);
    }

    #[test]
    fn details() {
        let error = serde_json::json!({"details": [{"x": 1}, {"retryDelay": "34s"}]});
        assert_eq!(in_error(&error, "try again in 1s"), Some(Duration::from_secs(34)));
    }
}
