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

/// Prints the manual page, subcommands and theirs included.
pub(super) fn manual(command: clap::Command) -> Result<ExitCode, String> {
    let mut text = Vec::new();
    for page in pages(command, "quillon".to_owned()) {
        let page = clap_mangen::Man::new(page);
        page.render(&mut text).map_err(|error| format!("failed to make the manual page: {error}"))?;
    }
    print(&text)
}

/// A command and those below it, each under its whole name.
fn pages(command: clap::Command, name: String) -> Vec<clap::Command> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    let below: Vec<_> =
        below.flat_map(|below| pages(below.clone(), format!("{name} {}", below.get_name()))).collect();
    let page = command.display_name(name.clone()).bin_name(name);
    std::iter::once(page).chain(below).collect()
}

fn print(text: &[u8]) -> Result<ExitCode, String> {
    std::io::stdout().write_all(text).map_err(|error| format!("failed to write: {error}"))?;
    Ok(ExitCode::SUCCESS)
}
