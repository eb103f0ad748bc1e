//! Before all else the keeper of a running command; then the command line.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = quillon::os::process::supervisor::main(std::env::args_os()) {
        return code;
    }
    quillon::cli::main()
}
