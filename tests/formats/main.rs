//! Formats judged by real files and by other programs.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used)]

mod udif;
