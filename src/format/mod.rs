//! Bytes and structures of containers: no paths, no files, no network.

pub mod apm;
pub mod appledouble;
pub mod detect;
pub mod gpt;
pub mod mbr;
pub mod partition;
pub mod proplist;
pub mod udif;
