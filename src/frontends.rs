//! What people and editors see of the engine: one file or folder for each form.

pub mod acp;
pub mod changes;
pub mod convert;
pub mod editor;
pub mod export;
mod room;
pub mod terminal;
mod verdicts;
mod waiting;
