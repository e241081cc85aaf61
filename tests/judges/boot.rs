//! Real starts: OVMF, foreign HFS+ readers, and a probe in place of `boot.efi`.
//!
//! The installer is a shape sample of our own: this proves our chain, and
//! nothing about Apple's files.

use crate::support::image::temp;
use crate::support::judge::{Said, absent, clock, note, run};
use crate::support::schema;
use lionize::source::sample::MARKER;
use lionize::vm::{Accel, Drive, End, Firmware, Host, Loader, Machine, Ports, Wish, choose};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The machines' own limit: the tests' machine may have other work.
const LIMIT: &str = "200";

fn lionize(dir: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    run(command.args(args).current_dir(dir), Duration::from_secs(500))
}

/// Whether QEMU, its firmware and the loaders are here; says what is not.
#[track_caller]
pub(crate) fn ready(loaders: &[Loader]) -> bool {
    let host = Host::here();
    let missing = loaders.iter().filter_map(|loader| loader.find(&host).err());
    let missing = missing.chain(Firmware::find(&host).err()).next();
    if let Some(failure) = &missing {
        absent("a loader under OVMF", &failure.to_string());
    }
    missing.is_none()
}

/// What `vm check --json` says last, and its exit code; a start without KVM.
fn check(dir: &Path, args: &[&str]) -> (i32, Value) {
    let all = ["vm", "check", "--json", "--accel", "tcg", "--keep", "kept", "--limit", LIMIT];
    let said = lionize(dir, &[&all[..], args].concat());
    println!("{args:?}: {}", said.text());
    let lines = String::from_utf8_lossy(&said.out).into_owned();
    schema::events().holds(&lines);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut last = lines.into_iter().next_back().unwrap();
    let tried = if said.code == 0 { last } else { last["partial"].take() };
    for trial in tried["trials"].as_array().unwrap() {
        note(&format!("{} under OVMF", trial["loader"].as_str().unwrap()));
    }
    (said.code, tried)
}

/// The words of all verdicts.
fn verdicts(tried: &Value) -> Vec<(String, String)> {
    let trials = tried["trials"].as_array().unwrap().iter();
    let word = |trial: &'_ Value, key: &str| trial[key].as_str().unwrap().to_owned();
    trials.map(|trial| (word(trial, "loader"), word(trial, "says"))).collect()
}

/// These verdicts, as [`verdicts`] has them.
fn are(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(loader, says)| ((*loader).to_owned(), (*says).to_owned())).collect()
}

/// A recipe that restores the image `image`, with more lines.
fn recipe(dir: &Path, name: &str, lines: &str) {
    let head = format!(
        "schema = 1\nname = \"{name}\"\ntitle = \"A sample\"\nextends = \"restore\"\n{lines}"
    );
    fs::write(dir.join(format!("{name}.toml")), head).unwrap();
}

const IMAGE: [&str; 2] = ["--input", "image=demo/InstallESD.dmg"];
const BOOT: &str = "/System/Library/CoreServices/boot.efi";

#[test]
fn media_start_through_foreign_readers_and_the_verdict_says_why_not() {
    let _clock = clock();
    if !ready(&Loader::ALL) {
        return;
    }
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--quiet", "--to", "demo"]).ok();
    let before = fs::metadata(dir.join("demo/lion-sample.img")).unwrap().modified().unwrap();

    // The image as it is, through both; its results for a CI service, too.
    let (code, tried) = check(dir, &["demo/lion-sample.img", "--junit", "junit.xml"]);
    assert_eq!((code, verdicts(&tried)), (0, are(&[("refind", "boots"), ("grub", "boots")])));
    let wanted = ["/Library/Preferences/SystemConfiguration/com.apple.Boot.plist", "/kernelcache"];
    assert_eq!(tried["wanted"].as_array().unwrap()[..2], wanted);
    let junit = fs::read_to_string(dir.join("junit.xml")).unwrap();
    assert!(junit.contains("tests=\"2\" failures=\"0\""), "{junit}");
    let after = fs::metadata(dir.join("demo/lion-sample.img")).unwrap().modified().unwrap();
    assert_eq!(before, after);

    // A dmg, and each layout of a recipe that was not built.
    for layout in ["single", "bare"] {
        recipe(dir, layout, &format!("[media]\nlayout = \"{layout}\"\n"));
        let file = format!("{layout}.toml");
        let args = [&[&*file, "--loader", "grub"], &IMAGE[..]].concat();
        let (code, tried) = check(dir, &args);
        assert_eq!((code, verdicts(&tried)), (0, are(&[("grub", "boots")])), "{layout}");
    }

    // Negative controls, once for each loader.
    recipe(dir, "no-boot", &format!("[[step]]\nremove = \"{BOOT}\"\n"));
    let (code, tried) = check(dir, &[&["no-boot.toml"], &IMAGE[..]].concat());
    let missing = format!("boot.efi not found: {BOOT}");
    assert_eq!((code, verdicts(&tried)), (6, are(&[("refind", &*missing), ("grub", &*missing)])));

    fs::copy(dir.join("demo/lion-sample.img"), dir.join("bad.img")).unwrap();
    damage_catalog(&dir.join("bad.img"));
    let (code, tried) = check(dir, &["bad.img"]);
    assert_eq!((code, verdicts(&tried)), (6, are(&[("refind", &*missing), ("grub", &*missing)])));
    assert!(tried["notes"][0].as_str().unwrap().contains("catalog B-tree"), "{tried}");

    fs::copy(dir.join("demo/lion-sample.img"), dir.join("typed.img")).unwrap();
    judge_wrong_type(&dir.join("typed.img"), dir);

    recipe(dir, "no-kernel", "[[step]]\nremove = \"/kernelcache\"\n");
    let (code, tried) = check(dir, &[&["no-kernel.toml"], &IMAGE[..]].concat());
    let missing = "kernel not found: /kernelcache";
    assert_eq!((code, verdicts(&tried)), (6, are(&[("refind", missing), ("grub", missing)])));
    let log = fs::read_to_string(dir.join("kept/grub.serial.log")).unwrap();
    assert!(log.contains("@@ lionize: missing 2"), "{log}");
}

/// Overwrites all nodes of the catalog behind its header.
fn damage_catalog(image: &Path) {
    let file = fs::OpenOptions::new().read(true).write(true).open(image).unwrap();
    let word = |at: u64| {
        let mut bytes = [0; 4];
        file.read_exact_at(&mut bytes, at).unwrap();
        u64::from(u32::from_be_bytes(bytes))
    };
    // The standard layout's volume; its header's block size and catalog file.
    let volume = 409_640 * 512;
    let header = volume + 1024;
    let (block, len) = (word(header + 40), word(header + 276));
    let start = volume + word(header + 288) * block;
    file.write_all_at(&vec![0xff; (len - 4096) as usize], start + 4096).unwrap();
}

/// With another type in both copies of the table, and with none.
fn judge_wrong_type(image: &Path, dir: &Path) {
    let Some(sgdisk) = crate::support::judge::judge("sgdisk") else { return };
    sgdisk.run(["-t".as_ref(), "2:8300".as_ref(), image.as_os_str()]).ok();
    let (code, tried) = check(dir, &["typed.img"]);
    let wrong = "wrong partition type: the table says 0FC63DAF-8483-4772-8E79-3D69D8477DE4, \
        not Apple HFS+";
    assert_eq!((code, verdicts(&tried)), (6, are(&[("refind", wrong), ("grub", wrong)])));
    sgdisk.run(["-d".as_ref(), "2".as_ref(), image.as_os_str()]).ok();
    let (code, tried) = check(dir, &["typed.img"]);
    let none = "no HFS+ volume found";
    assert_eq!((code, verdicts(&tried)), (6, are(&[("refind", none), ("grub", none)])));
}

#[test]
fn a_machine_whose_time_is_up_leaves_its_log_and_its_screen() {
    let _clock = clock();
    if !ready(&[Loader::Grub]) {
        return;
    }
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--quiet", "--to", "demo"]).ok();
    let args = ["vm", "check", "demo/lion-sample.img", "--loader", "grub", "--keep", "kept"];
    let said = lionize(dir, &[&args[..], &["--accel", "tcg", "--limit", "1"]].concat());
    assert_eq!(said.code, 6);
    let text = String::from_utf8_lossy(&said.err).into_owned();
    assert!(text.contains("because GRUB: timed out at "), "{text}");
    assert!(dir.join("kept/grub.serial.log").exists(), "{text}");
    let picture = fs::read(dir.join("kept/grub.screen.png")).unwrap();
    assert_eq!(&picture[1..4], b"PNG");
}

#[test]
fn a_kvm_that_cannot_run_guests_is_found_out_in_time() {
    let _clock = clock();
    if !ready(&[]) {
        return;
    }
    let dir = temp();
    let firmware = Firmware::find(&Host::here()).unwrap();
    // A QEMU whose guest hangs, whatever this computer's KVM does.
    let hangs = dir.path().join("hangs");
    fs::write(&hangs, "#!/bin/sh\nexec sleep 60\n").unwrap();
    fs::set_permissions(&hangs, fs::Permissions::from_mode(0o755)).unwrap();
    let stuck = Firmware { qemu: hangs, ..firmware.clone() };
    for (name, firmware, can_run) in
        [("this QEMU", &firmware, true), ("one that hangs", &stuck, false)]
    {
        let start = Instant::now();
        let found = choose(Wish::Auto, firmware, dir.path(), &AtomicBool::new(false));
        let (accel, note) = found.unwrap();
        println!("{name}: {accel:?} after {:?}: {note:?}", start.elapsed());
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(can_run || accel == Accel::Tcg);
        let says = |note: String| note.starts_with("KVM is not used: a trial guest");
        assert!(note.is_none_or(|note| accel == Accel::Tcg && says(note)));
    }
}

/// `[media] efi`: what stands on the stick's own EFI partition starts by itself.
#[test]
fn a_program_in_the_efi_partition_starts_without_a_loader() {
    let _clock = clock();
    if !ready(&[]) {
        return;
    }
    let (Some(mdir), Some(mtype)) =
        (crate::support::judge::judge("mdir"), crate::support::judge::judge("mtype"))
    else {
        return;
    };
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--quiet", "--to", "demo"]).ok();
    // Laid out as OpenCore's own archive is, with our program for its.
    let program = lionize::source::sample::boot_program();
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.join("OpenCore.zip")).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in [("EFI/BOOT/BOOTX64.EFI", &program[..]), ("EFI/OC/config.plist", b"oc")] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    let lines = "[inputs.opencore]\nkind = \"zip\"\nask = \"Which?\"\n\
        [media]\nefi = { from = \"opencore\" }\n";
    recipe(dir, "stick", lines);
    let input = ["--input", "opencore=OpenCore.zip", "--output", "stick.img", "--quiet"];
    lionize(dir, &[&["build", "stick.toml"], &IMAGE[..], &input].concat()).ok();

    // The partition begins at sector 40.
    let at = "stick.img@@20480";
    let listed = mdir.run(["-i", &dir.join(at).display().to_string(), "-/", "-b", "::"]).ok();
    let listed = String::from_utf8(listed.out).unwrap().to_uppercase();
    assert!(listed.contains("::/EFI/BOOT/BOOTX64.EFI"), "{listed}");
    let image = dir.join(at).display().to_string();
    let read = mtype.run(["-i", &image, "::/EFI/OC/config.plist"]).ok();
    assert_eq!(read.out, b"oc");

    let firmware = Firmware::find(&Host::here()).unwrap();
    let stick = Drive::new(dir.join("stick.img").display().to_string(), Ports::Usb);
    let machine = Machine::uefi(&firmware, Accel::Tcg).with(Drive { boot: Some(0), ..stick });
    let life = Duration::from_secs(200);
    note("OVMF, from the stick's EFI partition");
    let run = machine.run(dir, life, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!(run.end, End::Exited(33), "{}", run.serial);
    assert!(run.serial.contains(MARKER), "{}", run.serial);
}
