//! GRUB and its HFS+ module, as one program made here from its modules.
//!
//! Its script looks for the volume, the boot program and what else a start
//! needs, tells each step on the serial line, and digests what it reads, so
//! that its reader is held to ours. Facts: GRUB's manual, "Commands" and
//! "Shell-like scripting".

use crate::vm::failure::{Failure, Result};
use crate::vm::host::Host;
use crate::vm::loader::{DiskFile, PROGRAM, word};
use crate::vm::machine::{End, Run};
use crate::vm::process;
use crate::vm::subject::{Subject, Wanted};
use crate::vm::verdict::Verdict;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const INSTALL: &str = "install it: Debian `apt install grub-common grub-efi-amd64-bin`, Fedora \
    `dnf install grub2-tools-minimal grub2-efi-x64-modules`, Arch `pacman -S grub`; or use \
    `--loader refind`";
/// The modules that the script needs; all are part of the program.
const MODULES: [&str; 20] = [
    "part_gpt",
    "part_apple",
    "part_msdos",
    "hfsplus",
    "hfspluscomp",
    "fat",
    "chain",
    "probe",
    "serial",
    "terminal",
    "boot",
    "normal",
    "test",
    "echo",
    "reboot",
    "hashsum",
    "gcry_sha256",
    "configfile",
    "minicmd",
    "search",
];
/// What the program does before it reads its script.
const EARLY: &str = "serial --unit=0 --speed=115200
terminal_output serial
terminal_input serial
set pager=0
source $cmdpath/grub.cfg
reboot
";
const SCRIPT: &str = "EFI/BOOT/grub.cfg";
const LIMIT: Duration = Duration::from_secs(60);
/// What each of the script's lines begins with.
const SAYS: &str = "@@ lionize:";

/// The program that makes programs, and the folder of modules.
pub(super) fn find(host: &Host) -> Result<[PathBuf; 2]> {
    let maker = host.program(&["grub-mkimage", "grub2-mkimage"]);
    let module = host.lib_file("grub/x86_64-efi/hfsplus.mod");
    let folder = module.and_then(|path| path.parent().map(Path::to_owned));
    let found = maker.zip(folder).map(|(maker, folder)| [maker, folder]);
    found.ok_or_else(|| {
        Failure::missing("GRUB's tools and its modules for UEFI are not installed", INSTALL)
    })
}

pub(super) fn files(
    host: &Host,
    subject: &Subject,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<Vec<DiskFile>> {
    let [maker, modules] = find(host)?;
    let (early, program) = (folder.join("early.cfg"), folder.join("grub.efi"));
    let fail = |error: std::io::Error| Failure::host("GRUB's program cannot be made", &error);
    std::fs::write(&early, EARLY).map_err(fail)?;
    let mut command = Command::new(maker);
    command.args(["-O", "x86_64-efi", "-p", "/EFI/BOOT", "-d", &word(&modules)?]);
    command.args(["-c", &word(&early)?, "-o", &word(&program)?]).args(MODULES);
    process::run(&mut command, folder, LIMIT, stop)?;
    let program = std::fs::read(&program).map_err(fail)?;
    Ok(vec![(PROGRAM.to_owned(), program), (SCRIPT.to_owned(), script(subject).into_bytes())])
}

/// A text as one word of GRUB's script.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// What GRUB is to do.
fn script(subject: &Subject) -> String {
    let boot = quoted(&subject.boot_file);
    let mut out = format!(
        "echo '{SAYS} GRUB runs'
for disk in hd0 hd1 hd2 hd3; do
  for part in '' ,gpt1 ,gpt2 ,gpt3 ,gpt4 ,gpt5 ,apple1 ,apple2 ,apple3 ,apple4 ,msdos1 ,msdos2; do
    if probe --set=fs --fs \"($disk$part)\"; then
      if [ \"$fs\" = hfsplus ]; then
        if [ -z \"$volume\" ]; then set volume=\"$disk$part\"; fi
        if [ -f \"($disk$part)\"{boot} ]; then set volume=\"$disk$part\"; fi
      fi
    fi
  done
done
if [ -z \"$volume\" ]; then echo '{SAYS} no volume'; reboot; fi
echo \"{SAYS} volume $volume\"
set root=\"$volume\"
"
    );
    let boot_file = Wanted {
        what: "boot.efi".into(),
        path: subject.boot_file.clone(),
        sha256: None,
        found: true,
    };
    for (number, wanted) in std::iter::once(&boot_file).chain(&subject.wanted).enumerate() {
        let path = quoted(&wanted.path);
        let _ = writeln!(
            out,
            "if [ ! -f {path} ]; then echo '{SAYS} missing {number}'; reboot; fi
echo '{SAYS} found {number}'"
        );
        if wanted.sha256.is_some() {
            let _ = writeln!(out, "sha256sum {path}\necho '{SAYS} read {number}'");
        }
    }
    out + &format!(
        "echo '{SAYS} starts'\nchainloader {boot}\nboot\necho '{SAYS} refused'\nreboot\n"
    )
}

/// What the script said, line by line, without its mark.
fn said(serial: &str) -> impl Iterator<Item = &str> {
    serial.lines().filter_map(|line| Some(line.split_once(SAYS)?.1.trim()))
}

fn place(serial: &str) -> String {
    let place = match said(serial).last() {
        None if serial.contains("Welcome to GRUB!") => "GRUB, before its script",
        None => "the firmware, before GRUB",
        Some("GRUB runs") => "GRUB, which looks for the volume",
        Some("starts") => "boot.efi, which GRUB started",
        Some(_) => "GRUB, which reads the volume",
    };
    place.to_owned()
}

/// The digest that GRUB printed of a file.
fn digest(serial: &str, number: usize) -> Option<&str> {
    let from = serial.find(&format!("{SAYS} found {number}\n"))?;
    let to = serial.find(&format!("{SAYS} read {number}"))?;
    serial.get(from..to)?.lines().find_map(|line| {
        let digits = line.get(..64)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)
    })
}

/// A file that GRUB's reader reads otherwise than ours.
pub(super) fn different(serial: &str, subject: &Subject) -> Option<Verdict> {
    // Number 0 is the boot program, of which another is started.
    let differs = |(number, wanted): &(usize, &Wanted)| {
        wanted.sha256.as_deref().is_some_and(|sha256| digest(serial, *number) != Some(sha256))
    };
    let (_, wanted) = (1..).zip(&subject.wanted).find(differs)?;
    Some(Verdict::Differs { what: wanted.what.clone(), path: wanted.path.clone() })
}

/// Why the probe did not run.
pub(super) fn explain(run: &Run, subject: &Subject) -> Verdict {
    let last = said(&run.serial).last().unwrap_or_default();
    let missing = last.strip_prefix("missing ").and_then(|number| number.parse::<usize>().ok());
    match (last, missing) {
        ("no volume", _) => Verdict::NoVolume,
        (_, Some(0)) => Verdict::not_found("boot.efi", &subject.boot_file),
        (_, Some(number)) => match subject.wanted.get(number - 1) {
            Some(wanted) => Verdict::not_found(&wanted.what, &wanted.path),
            None => Verdict::Ended(format!("GRUB missed a file of number {number}")),
        },
        ("refused", _) => Verdict::Refused("GRUB cannot load it".to_owned()),
        _ if run.end == End::TimedOut => Verdict::TimedOut(place(&run.serial)),
        _ => Verdict::Ended(format!("{:?} at {}", run.end, place(&run.serial))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        let wanted = |what: &str, path: &str, sha256: Option<&str>| Wanted {
            what: what.into(),
            path: path.into(),
            sha256: sha256.map(str::to_owned),
            found: true,
        };
        Subject {
            boot_file: "/it's/boot.efi".into(),
            wanted: vec![
                wanted("boot plist", "/p", Some(&"a1".repeat(32))),
                wanted("kernel", "/mach_kernel", None),
            ],
            ..Subject::default()
        }
    }

    fn run(serial: &str, end: End) -> Run {
        let (picture, complaint) = (None, String::new());
        Run { end, serial: serial.into(), took: Duration::ZERO, picture, complaint }
    }

    #[test]
    fn the_script_quotes_paths_and_asks_for_all() {
        let script = script(&subject());
        assert!(script.contains("if [ -f \"($disk$part)\"'/it'\\''s/boot.efi' ]; then"));
        assert!(script.contains("sha256sum '/p'\necho '@@ lionize: read 1'\n"));
        assert!(!script.contains("sha256sum '/mach_kernel'"));
        assert!(script.contains("chainloader '/it'\\''s/boot.efi'\nboot\n"));
    }

    #[test]
    fn each_end_has_its_verdict() {
        let subject = subject();
        let verdict = |serial: &str, end: End| explain(&run(serial, end), &subject).to_string();
        let of = |text: &str| verdict(&format!("@@ lionize: {text}\n"), End::Exited(0));
        assert_eq!(of("no volume"), "no HFS+ volume found");
        assert_eq!(of("missing 0"), "boot.efi not found: /it's/boot.efi");
        assert_eq!(of("missing 2"), "kernel not found: /mach_kernel");
        assert_eq!(of("missing 9"), "ended without a start: GRUB missed a file of number 9");
        assert_eq!(of("refused"), "boot.efi cannot be started: GRUB cannot load it");
        assert_eq!(verdict("", End::TimedOut), "timed out at the firmware, before GRUB");
        assert_eq!(
            verdict("x @@ lionize: starts\n", End::TimedOut),
            "timed out at boot.efi, which GRUB started"
        );
        assert_eq!(
            verdict("", End::Exited(1)),
            "ended without a start: Exited(1) at the firmware, before GRUB"
        );
    }

    #[test]
    fn what_grub_reads_is_held_to_what_we_read() {
        let serial = |hex: &str| {
            format!("@@ lionize: found 1\n{}  /p\n@@ lionize: read 1\n", hex.repeat(32))
        };
        assert_eq!(different(&serial("a1"), &subject()), None);
        let differs = different(&serial("a2"), &subject()).unwrap();
        assert_eq!(differs.to_string(), "boot plist differs: the loader reads other bytes in /p");
        assert!(different("", &subject()).is_some());
    }
}
