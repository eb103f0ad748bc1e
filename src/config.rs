//! The settings: types, defaults, meaning.
