//! What the test binaries share: foreign judges, time limits, temporary files.
//!
//! A judge is a program of other authors. Where one is not installed a test
//! says "not judged by X" and goes on, unless `LIONIZE_JUDGES=required`.

// Each test binary uses its own part of this.
#![allow(dead_code)]

pub(crate) mod fixed;
pub(crate) mod fshfs;
pub(crate) mod guest;
pub(crate) mod image;
pub(crate) mod judge;
pub(crate) mod loops;
pub(crate) mod names;
#[cfg(target_os = "linux")]
pub(crate) mod pty;
pub(crate) mod random;
pub(crate) mod schema;
#[cfg(unix)]
pub(crate) mod sticks;
