//! Other processes of this machine: whether one is still there.

/// Whether the process of this number is gone. A number can be given to another process later; the
/// one who asks does so every few seconds, and for its own parent.
#[cfg(unix)]
pub fn is_gone(process: u32) -> bool {
    let Some(process) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

/// Whether the process of this number is gone; not known on this system, where the end of input tells.
#[cfg(not(unix))]
pub fn is_gone(_process: u32) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn this_one_is_there() {
        assert!(!is_gone(std::process::id()));
        assert!(is_gone(0x7fff_fff0));
    }
}
