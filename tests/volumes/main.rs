//! Volumes as trees and trees as volumes, judged by programs of other authors.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod hfs_damage;
mod hfs_hostile;
mod hfs_kinds;
mod hfs_read;
mod hfs_restore;
mod hfs_scale;
mod hfs_write;
