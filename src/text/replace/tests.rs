use super::super::edit::spliced;
use super::*;
