//! The command in-process: what it prints, word for word, and its exit code.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used)]

mod cache;
mod catalog;
mod catalog_net;
mod contract;
mod damage;
mod dates;
mod fetch;
mod files;
mod fixes;
mod hints;
mod inspect;
mod jobs;
mod lines;
mod mac;
mod packages;
mod process;
mod recipes;
mod sample;
#[allow(dead_code)]
#[path = "../support/schema.rs"]
mod schema;
#[allow(dead_code)]
#[path = "../support/screen.rs"]
mod screen;
mod stores;
mod support;
mod testing;
mod usage;
mod wizard;
