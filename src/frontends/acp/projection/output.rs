//! `LiveTail`: the last lines of a running command, redrawn often at first and ever more seldom.
//!
//! ACP v1 knows no deltas of a call's content: each picture replaces the one before. A picture is
//! small and the pauses between them grow, so that what is sent stays a fraction of the output.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

/// What is shown of a running command's output.
#[derive(Debug)]
pub struct LiveTail {
    text: String,
    /// When the next picture may be drawn.
    free: Option<Instant>,
    pause: Duration,
    /// Whether something came since the last picture.
    fresh: bool,
    /// Bytes that pictures of this call may still take.
    room: usize,
}

impl Default for LiveTail {
    fn default() -> Self {
        Self {
            text: String::new(),
            free: None,
            pause: limits::PROGRESS_JOINED,
            fresh: false,
            room: limits::ACP_LIVE_BYTES_MAX,
        }
    }
}

impl LiveTail {
    /// Adds output.
    pub fn add(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.fresh = true;
        if self.text.len() > 2 * limits::ACP_LIVE_TAIL_BYTES_MAX {
            self.text.drain(..self.tail_start());
        }
    }

    /// When a picture is due; none while there is nothing to draw.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        (self.fresh && self.room > 0).then(|| self.free.unwrap_or(now))
    }

    /// The picture, if one is due.
    pub fn picture(&mut self, now: Instant) -> Option<&str> {
        if self.due(now)? > now {
            return None;
        }
        self.fresh = false;
        self.free = Some(now + self.pause);
        self.pause = (self.pause * 5 / 4).min(limits::ACP_LIVE_PAUSE_MAX);
        let tail = &self.text[self.tail_start()..];
        self.room = self.room.saturating_sub(tail.len());
        Some(tail)
    }

    /// Where the tail begins: at a line where there is one.
    fn tail_start(&self) -> usize {
        let over = self.text.len().saturating_sub(limits::ACP_LIVE_TAIL_BYTES_MAX);
        if over == 0 {
            return 0;
        }
        let start = self.text.ceil_char_boundary(over);
        match self.text[start..].find('\n') {
            Some(line) if start + line + 1 < self.text.len() => start + line + 1,
            Some(_) | None => start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of a command that prints `line` every millisecond for this long.
    fn watch(line: &str, time: Duration) -> (usize, usize) {
        let (mut tail, start) = (LiveTail::default(), Instant::now());
        let (mut pictures, mut bytes) = (0, 0);
        for millis in 0..u64::try_from(time.as_millis()).unwrap() {
            tail.add(line);
            if let Some(picture) = tail.picture(start + Duration::from_millis(millis)) {
                pictures += 1;
                bytes += picture.len();
            }
        }
        (pictures, bytes)
    }

    #[test]
    fn first_at_once_then_ever_more_seldom() {
        let (in_a_second, _) = watch("line\n", Duration::from_secs(1));
        assert!((5..=30).contains(&in_a_second), "{in_a_second}");
        let (in_a_minute, _) = watch("line\n", Duration::from_secs(60));
        assert!(in_a_minute < 60, "{in_a_minute}");
        let mut tail = LiveTail::default();
        tail.add("a");
        assert_eq!(tail.picture(Instant::now()), Some("a"));
    }

    #[test]
    fn all_pictures_together_are_bounded() {
        let (_, bytes) = watch(&"x".repeat(500), Duration::from_secs(600));
        assert!(bytes <= limits::ACP_LIVE_BYTES_MAX + limits::ACP_LIVE_TAIL_BYTES_MAX, "{bytes}");
    }

    #[test]
    fn the_tail_begins_at_a_line() {
        let mut tail = LiveTail::default();
        for number in 0..10_000 {
            tail.add(&format!("line {number}\n"));
        }
        let picture = tail.picture(Instant::now()).unwrap();
        assert!(picture.starts_with("line ") && picture.ends_with("line 9999\n"), "{picture}");
        assert!(picture.len() <= limits::ACP_LIVE_TAIL_BYTES_MAX);
    }

    #[test]
    fn nothing_fresh_nothing_due() {
        let (mut tail, now) = (LiveTail::default(), Instant::now());
        assert_eq!(tail.due(now), None);
        tail.add("ä");
        assert!(tail.picture(now).is_some());
        assert_eq!(tail.due(now), None);
    }
}
