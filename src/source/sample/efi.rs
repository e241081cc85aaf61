//! The sample's boot program: it only says that it runs.

use crate::format::efi_program::efi_program;

/// What the program prints when it runs.
pub const MARKER: &str = "@@ Lionize shape sample: boot.efi runs";

/// The program as a file's bytes.
#[must_use]
pub fn boot_program() -> Vec<u8> {
    efi_program(MARKER)
}
