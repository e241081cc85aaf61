//! Formats judged by real files and by other programs.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

#[path = "../support/mod.rs"]
mod support;

mod trust;
mod udif;
mod udif_variants;
mod xar;
