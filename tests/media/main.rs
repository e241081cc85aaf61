//! Media, from sources to bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod decodes;
