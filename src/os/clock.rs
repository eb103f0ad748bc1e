//! The wall clock. Waiting goes by `tokio::time`, which tests can pause; this is for stamps.

use jiff::{Timestamp, ZonedDateTime};

/// The present moment as RFC 3339 in UTC with milliseconds: `2026-03-01T09:30:00.042Z`. Such texts
/// sort by time.
pub fn now() -> String {
    stamp(Timestamp::now())
}

/// The present moment, to compare with the times of files.
pub fn system() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// The date where the user is: `2026-03-01`.
pub fn today() -> String {
    ZonedDateTime::now().date().to_string()
}

/// The moment so many days ago, as [`now`] gives it.
pub fn days_ago(days: u32) -> String {
    let span = jiff::SignedDuration::from_hours(24 * i64::from(days));
    stamp(Timestamp::now().checked_sub(span).unwrap_or(Timestamp::MIN))
}

fn stamp(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_have_one_length_and_three_digits() {
        let check = |nanoseconds, expected| {
            assert_eq!(stamp(Timestamp::from_nanosecond(nanoseconds).unwrap()), expected);
        };
        check(0, "1970-01-01T00:00:00.000Z");
        check(1_772_357_400_042_999_999, "2026-03-01T09:30:00.042Z");
        check(1_772_357_400_999_999_999, "2026-03-01T09:30:00.999Z");
    }

    #[test]
    fn the_clock_goes_and_the_date_is_near() {
        assert!(days_ago(1) < now() && days_ago(2) < days_ago(1) && days_ago(u32::MAX).len() >= 24);
        let (first, second) = (now(), now());
        assert!(first <= second, "{first} {second}");
        assert_eq!((first.len(), today().len()), (24, 10));
    }
}
