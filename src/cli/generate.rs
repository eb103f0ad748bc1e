//! `quillon completions` and `quillon man`: made from the flags themselves.

use std::io::Write;
use std::process::ExitCode;

/// Prints the completions for a shell.
pub(super) fn completions(
    command: &mut clap::Command,
    shell: clap_complete::Shell,
) -> Result<ExitCode, String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, command, "quillon", &mut text);
    print(&text)
}

/// Prints the manual page, subcommands included.
pub(super) fn manual(command: clap::Command) -> Result<ExitCode, String> {
    let mut text = Vec::new();
    let mut pages = vec![command.clone().display_name("quillon")];
    pages.extend(command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(|sub| {
        let name = format!("quillon {}", sub.get_name());
        sub.clone().display_name(name.clone()).bin_name(name)
    }));
    for page in pages {
        let page = clap_mangen::Man::new(page);
        page.render(&mut text).map_err(|error| format!("failed to make the manual page: {error}"))?;
    }
    print(&text)
}

fn print(text: &[u8]) -> Result<ExitCode, String> {
    std::io::stdout().write_all(text).map_err(|error| format!("failed to write: {error}"))?;
    Ok(ExitCode::SUCCESS)
}
