//! Lionize makes bootable Mac installer media on any computer.
//!
//! Steps edit a tree in memory whose file contents are lazy sources; one
//! writer lays it out and is the only code that touches a disk.
//!
//! ```text
//! L7 cli      arguments -> engine -> words and exit codes
//! L6 report   events -> lines, a live view, JSON
//! L5 engine   facts, plan, steps, run
//! L4 recipe   pure data: recipes, their mistakes by line and column
//! L3 media    partitions, blessing, one image from trees; verification
//!    source   containers as folders, installers and their facts
//!    device   real disks: which there are, which may be written to
//!    vm       machines in QEMU: media tried by readers of other authors
//! L2 volume   file systems as trees: HFS+, FAT
//! L1 format   bytes <-> structures: UDIF, GPT, APM, MBR
//! L0 block    random-access bytes and the one error type
//! ```
//!
//! A layer imports only what `tests/layers` allows it to.

pub mod block;
pub mod cli;
pub mod device;
pub mod engine;
pub mod format;
pub mod media;
pub mod recipe;
pub mod report;
pub mod source;
pub mod vm;
pub mod volume;
