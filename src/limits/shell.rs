//! Bounds of reading shell commands before they are judged.

/// The longest command that is understood. What people and models write has a few hundred bytes; a
/// longer one is asked about. What is allowed must be judged within 20 ms.
pub const SHELL_TEXT_BYTES_MAX: usize = 32 * 1024;

/// Commands inside commands (substitutions, groups, `sh -c`) that are followed. Nobody can follow more
/// by eye, and each level takes some kilobytes of the stack.
pub const SHELL_DEPTH_MAX: usize = 40;

/// Simple commands in one text that are judged.
pub const SHELL_COMMANDS_MAX: usize = 1_000;

/// Bytes that are read in all, texts inside texts each time again: four times the longest text.
pub const SHELL_WORK_BYTES_MAX: usize = 4 * SHELL_TEXT_BYTES_MAX;

/// Wrappers around one command (`env nice timeout …`) that are taken off.
pub const SHELL_WRAPPERS_MAX: usize = 16;

/// Words inside wrappers that are looked at, those of each wrapper again: they are copied each time.
pub const SHELL_WRAPPED_WORDS_MAX: usize = 10_000;

/// Reasons to ask that are kept; the question names the first few.
pub const SHELL_DOUBTS_MAX: usize = 16;

/// Texts that might be run, which are looked at for what is denied.
pub const SHELL_SUSPECTS_MAX: usize = 64;

/// Folders in which one command may run that are told apart (`cd a || cd b`).
pub const SHELL_FOLDERS_MAX: usize = 8;

/// Files that one command names which are judged: each is looked up on the disk.
pub const SHELL_FILES_MAX: usize = 2_000;

/// How often the grammar's parser reports before it is stopped: some hundred times what a usual command
/// takes. It can take seconds for texts that are made to be ambiguous.
pub const SHELL_PARSER_STEPS_MAX: usize = 4_000;

/// Values of a loop's variable that are followed one by one.
pub const SHELL_LOOP_VALUES_MAX: usize = 8;

/// The longest text with doubts about it that the grammar still has its say on. Its time grows with the square of
/// what it cannot read: 4 KiB take a few milliseconds.
pub const SHELL_BROKEN_BYTES_MAX: usize = 4 * 1024;
