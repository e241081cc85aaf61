//! Writing to a disk that fails in every way and at every moment.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(target_os = "linux")]
mod asked;
#[cfg(target_os = "linux")]
mod bench;
mod faults;
#[cfg(target_os = "linux")]
mod faulty;
#[cfg(target_os = "linux")]
mod images;
#[cfg(target_os = "linux")]
mod kills;
#[cfg(target_os = "linux")]
mod loops;
mod mock;
#[allow(dead_code)]
#[path = "../support/screen.rs"]
mod screen;
mod work;
