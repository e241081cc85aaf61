//! A real start: OVMF, a foreign HFS+ reader, and `boot.efi` on the demo's stick.
//!
//! The installer is a shape sample of our own: this proves our chain, and
//! nothing about Apple's files.

use crate::support::boot::{Loader, Machine};
use crate::support::image::temp;
use crate::support::judge::{Said, run};
use lionize::source::sample::MARKER;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The same media without its boot file.
const WITHOUT: &str = r#"
schema = 1
name = "no-boot"
title = "The sample without its boot file"
extends = "restore"

[[step]]
remove = "/System/Library/CoreServices/boot.efi"
"#;

fn lionize(dir: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    run(command.args(args).current_dir(dir), Duration::from_secs(120)).ok()
}

#[test]
fn the_demo_starts_and_without_boot_efi_it_does_not() {
    let (Some(refind), Some(grub)) = (Machine::new(Loader::Refind), Machine::new(Loader::Grub))
    else {
        return;
    };
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--quiet", "--to", "demo"]);
    let stick = dir.join("demo/lion-sample.img");
    assert!(refind.starts(&stick, MARKER), "rEFInd");
    assert!(grub.starts(&stick, MARKER), "GRUB");

    std::fs::write(dir.join("no-boot.toml"), WITHOUT).unwrap();
    let input = "image=demo/InstallESD.dmg";
    lionize(dir, &["build", "no-boot.toml", "--quiet", "--input", input, "--output", "no.img"]);
    let stick = dir.join("no.img");
    assert!(!refind.starts(&stick, MARKER), "rEFInd without boot.efi");
    assert!(!grub.starts(&stick, MARKER), "GRUB without boot.efi");
}
