//! What programs of other authors say of what we read and write.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

#[path = "../support/mod.rs"]
mod support;

mod again;
mod boot;
mod catalogs;
mod contract;
mod demo;
mod driver;
mod guest;
mod later;
mod made_packages;
mod maps;
mod names;
mod packages;
mod real;
mod recipes;
mod setup;
mod trees;
#[cfg(target_os = "linux")]
mod usb;
