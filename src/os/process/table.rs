//! The processes of the machine: who is whose child, in which group, and what it runs.

/// One process which has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
}

/// All processes that can be seen; none where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn rows() -> Vec<Row> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            row(pid, &std::fs::read(format!("/proc/{pid}/stat")).ok()?)
        })
        .collect()
}

/// The command line of a process, as one line; none when it is gone.
#[cfg(target_os = "linux")]
pub(super) fn command_line(pid: u32) -> Option<String> {
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let arguments: Vec<_> = arguments
        .split(|byte| *byte == 0)
        .map(String::from_utf8_lossy)
        .filter(|text| !text.is_empty())
        .collect();
    if !arguments.is_empty() {
        return Some(arguments.join(" "));
    }
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("[{}]", name.trim_end()))
}

/// Whether a process was started with this text, `NAME=value`, in its environment.
#[cfg(target_os = "linux")]
pub(super) fn has_variable(pid: u32, variable: &str) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
}

/// Reads `pid (name) state parent group …`; the name may hold anything. One that has ended and only
/// waits for its parent to hear of it is none.
#[cfg(target_os = "linux")]
fn row(pid: u32, stat: &[u8]) -> Option<Row> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = std::str::from_utf8(&stat[after_name..]).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let row = Row { pid, parent: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? };
    (!matches!(state, "Z" | "X")).then_some(row)
}

/// All processes that can be seen, by the system's `ps`; none where there is none.
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn rows() -> Vec<Row> {
    ps(&["-A", "-o", "pid=,ppid=,pgid=,stat="]).lines().filter_map(ps_row).collect()
}

/// The command line of a process, as one line; none when it is gone.
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn command_line(pid: u32) -> Option<String> {
    let text = ps(&["-p", &pid.to_string(), "-ww", "-o", "command="]);
    let line = text.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Other systems do not show a process's environment to us.
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn has_variable(_pid: u32, _variable: &str) -> bool {
    false
}

#[cfg(unix)]
#[cfg(any(test, not(target_os = "linux")))]
fn ps(arguments: &[&str]) -> String {
    let output = std::process::Command::new("/bin/ps").args(arguments).env("LC_ALL", "C").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

#[cfg(unix)]
#[cfg(any(test, not(target_os = "linux")))]
fn ps_row(line: &str) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace();
    let mut number = || fields.next()?.parse().ok();
    let row = Row { pid: number()?, parent: number()?, group: number()? };
    (!fields.next()?.starts_with('Z')).then_some(row)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    fn ourselves() -> u32 {
        std::process::id()
    }

    #[test]
    fn we_are_in_the_table() {
        let rows = rows();
        let row = rows.iter().find(|row| row.pid == ourselves()).unwrap();
        assert_eq!(row.parent, std::os::unix::process::parent_id());
        assert_eq!(row.group, rustix::process::getpgrp().as_raw_nonzero().get().cast_unsigned());
        assert!(command_line(ourselves()).unwrap().contains("quillon"));
        assert_eq!(command_line(u32::MAX), None);
    }

    #[test]
    fn ps_tells_the_same() {
        let rows = rows();
        let expected = rows.iter().find(|row| row.pid == ourselves());
        let text = ps(&["-A", "-o", "pid=,ppid=,pgid=,stat="]);
        assert_eq!(text.lines().filter_map(ps_row).find(|row| row.pid == ourselves()).as_ref(), expected);
        assert_eq!(ps_row(" 7 1 7 Z+"), None);
    }

    #[test]
    fn a_name_may_hold_anything_and_the_dead_are_not_there() {
        let row_of = |text: &str| row(7, text.as_bytes());
        assert_eq!(row_of("7 (a) b (c) S 3 5 1 0"), Some(Row { pid: 7, parent: 3, group: 5 }));
        assert_eq!(row_of("7 (x) Z 3 5 1 0"), None);
        assert_eq!(row_of("7 x S 3 5"), None);
    }

    #[test]
    fn variables_are_found_whole() {
        assert!(has_variable(ourselves(), &format!("CARGO_PKG_NAME={}", env!("CARGO_PKG_NAME"))));
        assert!(!has_variable(ourselves(), "CARGO_PKG_NAME=quill"));
    }
}
