//! Answers test cases, one JSON object a line, with the very code of the tools.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    quillon::cases::main(std::env::args().skip(1).collect())
}
