//! rEFInd and its HFS+ driver.
//!
//! It looks for `boot.efi` at fixed paths, whatever is blessed, and reads no
//! other file of a Mac's. What it found it writes to a log on its own disk
//! (since 0.13.1). Facts: `refind.conf-sample`, and what 0.13.2 does.

use crate::vm::failure::{Failure, Result};
use crate::vm::host::Host;
use crate::vm::loader::{DiskFile, PROGRAM};
use crate::vm::machine::{End, Run};
use crate::vm::subject::BOOT_FILE;
use crate::vm::verdict::Verdict;
use crate::volume::fat;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// Where packages put it: Debian and Ubuntu, then Arch.
const PLACES: [&str; 2] = ["refind/refind", "refind"];
const DRIVER: &str = "drivers_x64/hfs_x64.efi";
const INSTALL: &str = "install it: Debian `apt install --no-install-recommends refind`, Arch \
    `pacman -S refind`; or use `--loader grub`";
const LOG: &str = "EFI/BOOT/refind.log";
const MOST_LOG: u64 = 1 << 20;

/// The first entry that is a Mac's is started after a second; no other
/// program of the media is offered, and without any it starts the machine
/// again, which ends it.
const CONFIG: &str = "timeout 1
textonly true
scanfor internal,external,optical
use_nvram false
log_level 1
showtools reboot
dont_scan_files bootx64.efi,OpenCore.efi
default_selection \"macOS from,Mac OS X from\"
";

/// The program and its driver.
pub(super) fn find(host: &Host) -> Result<[PathBuf; 2]> {
    let pair = |place: &&str| {
        let file = |name: &str| host.share(&format!("{place}/{name}"));
        Some([file("refind_x64.efi")?, file(DRIVER)?])
    };
    let found = PLACES.iter().find_map(pair);
    found.ok_or_else(|| Failure::missing("rEFInd and its HFS+ driver are not installed", INSTALL))
}

pub(super) fn files(host: &Host) -> Result<Vec<DiskFile>> {
    let [program, driver] = find(host)?;
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| Failure::host(format!("cannot read {}", path.display()), &error))
    };
    Ok(vec![
        (PROGRAM.to_owned(), read(&program)?),
        (format!("EFI/BOOT/{DRIVER}"), read(&driver)?),
        ("EFI/BOOT/refind.conf".to_owned(), CONFIG.as_bytes().to_vec()),
    ])
}

/// What it wrote down, as text.
pub(super) fn log(disk: &Path) -> Option<String> {
    let read = || -> io::Result<Vec<u8>> {
        let file = OpenOptions::new().read(true).write(true).open(disk)?;
        fat::read_file(file, LOG, MOST_LOG)
    };
    let bytes = read().ok()?;
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    Some(text.trim_start_matches('\u{feff}').replace('\r', ""))
}

fn place(serial: &str) -> String {
    let says = |text: &str| serial.contains(text);
    let place = if says("Booting OS") {
        "boot.efi, which rEFInd started"
    } else if says("rEFInd") {
        "rEFInd's menu"
    } else {
        "the firmware, before rEFInd"
    };
    place.to_owned()
}

/// Why the probe did not run, by the log that it kept or what it showed.
pub(super) fn explain(run: &Run, log: Option<&str>) -> Verdict {
    let shown = ["Boot macOS from", "Boot Mac OS X from"];
    let offered = shown.iter().any(|text| run.serial.contains(text));
    if let Some(log) = log {
        if !log.contains("Launching 'hfs_x64.efi'") {
            return Verdict::NoReader;
        }
        if !log.contains("of type HFS+") {
            return Verdict::NoVolume;
        }
    }
    match &run.end {
        _ if !offered && run.serial.contains("rEFInd") => Verdict::not_found("boot.efi", BOOT_FILE),
        End::TimedOut => Verdict::TimedOut(place(&run.serial)),
        End::Exited(_) if offered => Verdict::Refused("rEFInd did not start it".to_owned()),
        end => Verdict::Ended(format!("{end:?} at {}", place(&run.serial))),
    }
}
