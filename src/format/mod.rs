//! Bytes and structures of containers: no paths, no files, no network.

pub mod gpt;
pub mod mbr;
pub mod udif;
