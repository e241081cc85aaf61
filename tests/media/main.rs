//! Media, from sources to bytes.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

#[path = "../support/mod.rs"]
mod support;

mod decodes;
mod disks;
