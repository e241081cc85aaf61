//! The guest's first file system: busybox, the modules, and our script.

use crate::vm::failure::{Failure, Result};
use crate::vm::guest::kernel::{Kernel, MODULES};
use crate::vm::host::Host;
use std::path::Path;

const INIT: &[u8] = include_bytes!("init");
const HINT: &str = "install it: Debian `apt install busybox-static`, Fedora `dnf install busybox`, \
    Arch `pacman -S busybox`; or name one with --busybox";
/// Busybox has a MiB or two.
const MOST: usize = 64 << 20;

/// A busybox that needs no libraries.
pub(super) fn busybox(host: &Host, given: Option<&Path>) -> Result<Vec<u8>> {
    let found = given.map(Path::to_owned).or_else(|| host.program(&["busybox", "busybox-static"]));
    let path = found.ok_or_else(|| Failure::missing("busybox is not installed", HINT))?;
    let bytes = std::fs::read(&path);
    let bytes =
        bytes.map_err(|error| Failure::host(format!("cannot read {}", path.display()), &error))?;
    match is_static(&bytes) {
        true if bytes.len() <= MOST => Ok(bytes),
        _ => {
            let sentence = format!("{} is no static program for x86-64", path.display());
            Err(Failure::missing(sentence, HINT))
        }
    }
}

/// Whether an ELF file for x86-64 asks for no interpreter (`PT_INTERP`).
fn is_static(file: &[u8]) -> bool {
    let word = |at: usize| file.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let long = |at: usize| {
        let bytes: [u8; 8] = file.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    // 64-bit, little-endian, for x86-64.
    if file.get(..6) != Some(b"\x7fELF\x02\x01") || word(18) != Some(62) {
        return false;
    }
    let (Some(start), Some(size), Some(count)) = (long(32), word(54), word(56)) else {
        return false;
    };
    let headers = (0..usize::from(count)).map(|n| n.checked_mul(size.into())?.checked_add(start));
    let kinds = headers.map(|at| file.get(at?..)?.get(..4));
    kinds.into_iter().all(|kind| kind.is_some_and(|kind| kind != [3, 0, 0, 0]))
}

/// The whole archive.
pub(super) fn make(busybox: &[u8], kernel: &Kernel) -> Vec<u8> {
    let mut initrd = Initrd::default();
    ["bin", "proc", "dev", "modules", "mnt"].iter().for_each(|folder| initrd.folder(folder));
    initrd.file("init", 0o755, INIT);
    initrd.file("bin/busybox", 0o755, busybox);
    initrd.modules("modules/order", kernel, &MODULES);
    initrd.finish()
}

/// A first file system while it is made: a `newc` cpio archive.
#[derive(Clone, Debug, Default)]
pub struct Initrd(Vec<u8>);

impl Initrd {
    /// Adds a folder.
    pub fn folder(&mut self, name: &str) {
        self.entry(name, 0o040_755, &[]);
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, mode: u32, data: &[u8]) {
        self.entry(name, 0o100_000 | mode, data);
    }

    /// Adds those modules that the kernel has not built in, and a file that
    /// names all in their order.
    pub fn modules(&mut self, order: &str, kernel: &Kernel, names: &[&str]) {
        self.file(order, 0o644, (names.join("\n") + "\n").as_bytes());
        for name in names {
            if let Some(module) = kernel.module(name) {
                self.file(&format!("modules/{name}.ko"), 0o644, &module);
            }
        }
    }

    /// The archive's bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.0
    }

    fn entry(&mut self, name: &str, mode: u32, data: &[u8]) {
        let archive = &mut self.0;
        // Both are small: a name of ours, and a file that was bounded.
        let len = |bytes: usize| u32::try_from(bytes).unwrap_or(0);
        let (size, name_size) = (len(data.len()), len(name.len() + 1));
        let fields = [0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        archive.extend(b"070701");
        for field in fields {
            archive.extend(format!("{field:08x}").bytes());
        }
        archive.extend(name.bytes());
        archive.push(0);
        archive.resize(archive.len().next_multiple_of(4), 0);
        archive.extend(data);
        archive.resize(archive.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and one program header of this type.
    fn elf(machine: u8, kind: u8) -> Vec<u8> {
        let mut file = vec![0; 64 + 56];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (file[18], file[32], file[54], file[56], file[64]) = (machine, 64, 56, 1, kind);
        file
    }

    #[test]
    fn only_static_programs_run_alone() {
        assert!(is_static(&elf(62, 1)));
        assert!(!is_static(&elf(62, 3)), "PT_INTERP");
        assert!(!is_static(&elf(183, 1)), "for ARM");
        let mut short = elf(62, 1);
        short.truncate(65);
        assert!(!is_static(&short));
        short[32..40].fill(0xff);
        assert!(!is_static(&short));
        assert!(!is_static(b"#!/bin/sh"));
    }

    #[test]
    fn a_program_that_cannot_be_used_is_named() {
        let hint = "install it: Debian `apt install busybox-static`, Fedora `dnf install busybox`, \
                    Arch `pacman -S busybox`; or name one with --busybox";
        let failure = busybox(&Host::default(), None).unwrap_err();
        assert_eq!(failure.to_string(), "busybox is not installed");
        assert_eq!(failure.hint.unwrap(), hint);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("busybox");
        std::fs::write(&path, "#!/bin/sh").unwrap();
        let failure = busybox(&Host::default(), Some(&path)).unwrap_err();
        let sentence = format!("{} is no static program for x86-64", path.display());
        assert_eq!((failure.to_string(), failure.hint.as_deref()), (sentence, Some(hint)));
        std::fs::remove_file(&path).unwrap();
        let failure = busybox(&Host::default(), Some(&path)).unwrap_err();
        assert_eq!(failure.sentence, format!("cannot read {}", path.display()));
    }

    #[test]
    fn members_begin_at_words() {
        let mut initrd = Initrd::default();
        initrd.file("ab", 0o644, b"xyz");
        let archive = initrd.0;
        assert_eq!(archive.len(), (110 + 3usize).next_multiple_of(4) + 4);
        assert!(archive.starts_with(b"07070100000000000081a4"));
    }
}
