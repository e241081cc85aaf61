//! Loaders that bring an HFS+ reader of their own, on a disk beside the media.

use crate::block::{Content, Map, bytes, read_vec};
use crate::vm::failure::{Failure, Result};
use crate::vm::host::Host;
use crate::vm::machine::Run;
use crate::vm::subject::Subject;
use crate::vm::verdict::Verdict;
use crate::vm::{grub, refind};
use crate::volume::fat;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Where UEFI looks for a program on a disk that it does not know.
pub(super) const PROGRAM: &str = "EFI/BOOT/BOOTX64.EFI";
/// The size of a loader's disk; FAT32 needs as much.
const DISK: u64 = 40 << 20;
const PIECE: u64 = 1 << 20;

/// A file for a loader's disk: its path and bytes.
pub(super) type DiskFile = (String, Vec<u8>);

/// A loader with an HFS+ reader of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loader {
    /// rEFInd and its driver, `hfs_x64.efi`.
    Refind,
    /// GRUB and its module, `hfsplus`.
    Grub,
}

impl Loader {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Refind, Self::Grub];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refind => "rEFInd",
            Self::Grub => "GRUB",
        }
    }

    /// Its name in arguments and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refind => "refind",
            Self::Grub => "grub",
        }
    }

    /// Whether it is on this computer.
    ///
    /// # Errors
    /// [`Failure`], with the package to install.
    pub fn find(self, host: &Host) -> Result<()> {
        match self {
            Self::Refind => refind::find(host).map(drop),
            Self::Grub => grub::find(host).map(drop),
        }
    }

    /// The path of the boot program that it starts.
    pub(super) fn starts(self, subject: &Subject) -> &str {
        match self {
            // It looks at fixed paths only.
            Self::Refind => crate::vm::subject::BOOT_FILE,
            Self::Grub => &subject.boot_file,
        }
    }

    /// The files of its disk.
    pub(super) fn files(
        self,
        host: &Host,
        subject: &Subject,
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<Vec<DiskFile>> {
        match self {
            Self::Refind => refind::files(host),
            Self::Grub => grub::files(host, subject, folder, stop),
        }
    }

    /// Why a run ended otherwise than with the probe.
    pub(super) fn explain(self, run: &Run, log: Option<&str>, subject: &Subject) -> Verdict {
        match self {
            Self::Refind => refind::explain(run, log),
            Self::Grub => grub::explain(run, subject),
        }
    }

    /// The log that it keeps on its own disk, if it keeps one.
    pub(super) fn log(self, disk: &Path) -> Option<String> {
        match self {
            Self::Refind => refind::log(disk),
            Self::Grub => None,
        }
    }
}

/// A path as QEMU and our own files name it.
pub(super) fn word(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let sentence = format!("QEMU cannot be given {}: it is not Unicode text", path.display());
        Failure::missing(sentence, "set TMPDIR to another folder")
    })
}

/// Makes a disk with a FAT volume of some files.
pub(super) fn write_disk(path: &Path, files: Vec<DiskFile>) -> Result<()> {
    let files = files.into_iter().map(|(path, data)| fat::File { path, source: bytes(data) });
    let params = fat::Params {
        len: DISK,
        sector: 512,
        start: 0,
        label: *b"LIONIZE    ",
        serial: 0x4c49_4f4e,
        date: 0,
    };
    let map = fat::lay_out(&params, &files.collect::<Vec<_>>());
    let map = map.map_err(io::Error::other).and_then(|map| write(path, &map));
    map.map_err(|error| Failure::host("the loader's disk cannot be made", &error))
}

fn write(path: &Path, map: &Map) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.set_len(DISK)?;
    let mut at = 0;
    while let Some(run) = map.data(at) {
        file.seek(SeekFrom::Start(run.start))?;
        at = run.start;
        while at < run.end {
            let len = usize::try_from((run.end - at).min(PIECE)).unwrap_or(0);
            file.write_all(&read_vec(map, at, len)?)?;
            at += len as u64;
        }
    }
    Ok(())
}
