//! Server-sent events: bytes in, the data of each event out; pure.

use crate::limits;

/// Reads a stream of server-sent events, however its bytes are cut.
///
/// Only `data` fields matter here: names, ids and retry times of events are skipped, as are
/// comments. Each byte is looked at once, so the time is linear in the length of the stream.
#[derive(Debug, Default)]
pub struct Parser {
    /// The line that has begun and not ended.
    line: Vec<u8>,
    /// The data lines of the open event, joined by line feeds.
    data: Option<Vec<u8>>,
    after_carriage_return: bool,
    past_first_line: bool,
}

/// An event is longer than `limits::EVENT_BYTES_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTooLong;

impl Parser {
    /// Takes the next bytes and hands the data of each event that they complete to `event`, until
    /// that fails.
    pub fn push<E: From<EventTooLong>>(
        &mut self,
        mut bytes: &[u8],
        mut event: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_carriage_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) else {
                self.line.extend_from_slice(bytes);
                return self.check_length().map_err(E::from);
            };
            self.after_carriage_return = bytes[end] == b'\r';
            if self.line.is_empty() {
                self.end_of_line(&bytes[..end], &mut event)?;
            } else {
                self.line.extend_from_slice(&bytes[..end]);
                let line = std::mem::take(&mut self.line);
                self.end_of_line(&line, &mut event)?;
            }
            self.check_length()?;
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The stream is over: the data of an event that was not closed by an empty line, if any.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        self.field(&line);
        self.data
    }

    fn end_of_line<E>(
        &mut self,
        line: &[u8],
        event: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if line.is_empty() {
            self.past_first_line = true;
            return match self.data.take() {
                Some(data) => event(&data),
                None => Ok(()),
            };
        }
        self.field(line);
        Ok(())
    }

    fn field(&mut self, mut line: &[u8]) {
        if !std::mem::replace(&mut self.past_first_line, true) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            Some(_) | None => return,
        };
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            None => self.data = Some(value.to_vec()),
        }
    }

    fn check_length(&self) -> Result<(), EventTooLong> {
        let held = self.line.len() + self.data.as_ref().map_or(0, Vec::len);
        if held > limits::EVENT_BYTES_MAX { Err(EventTooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    /// The data of all events; each of `cuts` ends a chunk.
    fn events(stream: &[u8], cuts: &[usize]) -> Result<Vec<String>, EventTooLong> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        let mut from = 0;
        for to in cuts.iter().copied().chain([stream.len()]) {
            parser.push(&stream[from..to], |data| {
                events.push(String::from_utf8_lossy(data).into_owned());
                Ok::<(), EventTooLong>(())
            })?;
            from = to;
        }
        events.extend(parser.finish().map(|data| format!("open: {}", String::from_utf8_lossy(&data))));
        Ok(events)
    }

    #[track_caller]
    fn check(stream: &str, expected: Expect) {
        let whole = events(stream.as_bytes(), &[]).unwrap();
        expected.assert_eq(&format!("{whole:?}"));
        let each_byte: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(events(stream.as_bytes(), &each_byte).unwrap(), whole);
    }

    #[test]
    fn line_ends() {
        check("data: a\n\ndata: b\n\n", expect![[r#"["a", "b"]"#]]);
        check("data: a\r\n\r\ndata: b\r\n\r\n", expect![[r#"["a", "b"]"#]]);
        check("data: a\r\rdata: b\r\r", expect![[r#"["a", "b"]"#]]);
        check("data: a\r\n\ndata: b\n\r", expect![[r#"["a", "b"]"#]]);
    }

    #[test]
    fn several_lines_of_data_are_joined() {
        check("data: a\ndata:b\ndata\ndata:  c\n\n", expect![[r#"["a\nb\n\n c"]"#]]);
    }

    #[test]
    fn everything_else_is_skipped() {
        check(
            ": hello\n\n:\n\nevent: x\nid: 1\nretry: 5\ndatabase: no\ndata: a\n\n\n\n",
            expect![[r#"["a"]"#]],
        );
    }

    #[test]
    fn a_byte_order_mark_only_at_the_start() {
        check("\u{feff}data: a\n\n\u{feff}data: b\n\n", expect![[r#"["a"]"#]]);
        check("\u{feff}\n\ndata: b\n\n", expect![[r#"["b"]"#]]);
    }

    #[test]
    fn what_stands_open_at_the_end_is_told_apart() {
        check("data: a\n\ndata: b", expect![[r#"["a", "open: b"]"#]]);
        check("data: a\n\ndata: b\n", expect![[r#"["a", "open: b"]"#]]);
        check("data: a\n\n: b", expect![[r#"["a"]"#]]);
    }

    #[test]
    fn a_long_event_is_refused_and_a_large_one_is_linear() {
        let mut large = b"data: ".to_vec();
        large.resize(8 * 1024 * 1024, b'x');
        large.extend(b"\n\n");
        let cuts: Vec<usize> = (1..large.len()).step_by(1024).collect();
        assert_eq!(events(&large, &cuts).unwrap().len(), 1);

        let long = vec![b'x'; limits::EVENT_BYTES_MAX + 1];
        assert_eq!(events(&long, &[]), Err(EventTooLong));
        let lines = "data: xxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(limits::EVENT_BYTES_MAX / 24 + 1);
        assert_eq!(events(lines.as_bytes(), &[]), Err(EventTooLong));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["data: ", "data:", "data", "é🎉", "x", ":", "\n", "\r", "\r\n", "event: e"]),
                0..40,
            ),
            seeds in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let stream = pieces.concat();
            let mut cuts: Vec<usize> = seeds.iter().map(|seed| seed.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            prop_assert_eq!(events(stream.as_bytes(), &cuts), events(stream.as_bytes(), &[]));
        }
    }
}
