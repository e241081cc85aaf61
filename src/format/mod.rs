//! Bytes and structures of containers: no paths, no files, no network.

pub mod apm;
pub mod appledouble;
pub mod archive;
pub mod bom;
pub mod certificate;
pub mod chunklist;
pub mod cms;
pub mod cpio;
pub mod deb;
mod der;
pub mod detect;
pub mod distribution;
pub mod efi_program;
mod element;
pub mod gpt;
pub mod mbr;
pub mod partition;
pub mod pbzx;
pub mod pkginfo;
pub mod proplist;
pub mod scexe;
pub mod stream;
pub mod tarball;
pub mod udif;
pub mod xar;
mod xml;
mod zstd;
