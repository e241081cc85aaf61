//! Machines in QEMU: media tried by readers of other authors.
//!
//! A [`Machine`] is a firmware (OVMF), an accelerator and drives; what it says
//! on its serial line is watched until it ends or its time is up. Drives are
//! our own sources, served read-only (`serve`): nothing that is tried is
//! written to, and nothing is copied.
//!
//! [`check`] starts media through a loader that has an HFS+ reader of its own.
//! It proves that such a reader finds and starts what a Mac would start. It
//! proves nothing of a Mac's own firmware, and nothing of what follows.
//!
//! Not supported: machines other than QEMU's, firmware other than UEFI for
//! x86-64, accelerators other than KVM.

mod accel;
mod check;
mod failure;
mod firmware;
mod grub;
pub mod guest;
mod host;
mod loader;
mod machine;
mod overlay;
mod process;
mod qmp;
mod refind;
pub mod run;
mod serial;
mod serve;
mod subject;
mod verdict;

pub use accel::{Accel, Wish, choose};
pub use check::{Checked, Options, Trial, check};
pub use failure::{Failure, FailureKind, Result};
pub use firmware::Firmware;
pub use host::Host;
pub use loader::Loader;
pub use machine::{Drive, End, Machine, Ports};
pub use overlay::replaced;
pub use serve::Served;
pub use subject::{Subject, Wanted};
pub use verdict::Verdict;
