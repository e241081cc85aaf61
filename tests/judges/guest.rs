//! `lionize vm guest` and `vm run`, as their users have them.

use crate::support::guest::package;
use crate::support::image::temp;
use crate::support::judge::{Said, absent, clock, note, run};
use crate::support::schema;
use lionize::source::Opener;
use lionize::source::sample::{MARKER, boot_program};
use lionize::vm::{Firmware, Host};
use lionize::volume::{Body, VPath};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn lionize(dir: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    run(command.args(args).current_dir(dir), Duration::from_secs(500))
}

/// Where a file's first byte lies in a raw image.
fn place(image: &Path, path: &str) -> u64 {
    let opener = Opener::new();
    let item = opener.enter(&opener.resolve(image).unwrap()).unwrap();
    let tree = item.volume().unwrap().tree().unwrap();
    let id = tree.lookup(&VPath::parse(path).unwrap()).unwrap();
    let Body::File { data, .. } = &tree.node(id).body else { panic!("{path} is no file") };
    data.origin(0).unwrap().offset
}

#[test]
fn the_drivers_guest_agrees_with_the_manifest_until_a_byte_is_changed() {
    let _clock = clock();
    let (Some(package), host) = (package(), Host::here()) else {
        return absent("the Linux driver, in `vm guest`", "there is no kernel's package");
    };
    let has = |names: &[&str]| host.program(names).is_some();
    if !has(&["qemu-system-x86_64"]) || !has(&["busybox", "busybox-static"]) {
        return absent("the Linux driver, in `vm guest`", "QEMU or busybox is not installed");
    }
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--quiet", "--to", "demo"]).ok();
    let image = "demo/lion-sample.img";
    let how = ["--json", "--accel", "tcg", "--limit", "400", "--store", "store"];
    let ask = |more: &[&str]| -> (i32, Value) {
        note("the Linux driver, in `vm guest`");
        let said = lionize(dir, &[&["vm", "guest", image], &how[..], more].concat());
        let lines = String::from_utf8_lossy(&said.out).into_owned();
        println!("{lines}{}", String::from_utf8_lossy(&said.err));
        schema::events().holds(&lines);
        (said.code, serde_json::from_str(lines.lines().last().unwrap()).unwrap())
    };
    // Before a kernel was named there is none.
    let (code, last) = ask(&[]);
    assert_eq!((code, &last["error"]), (3, &"there is no Linux kernel for the guest yet".into()));
    let (code, last) = ask(&["--kernel", package.to_str().unwrap()]);
    assert_eq!((code, &last["result"]), (0, &"compared".into()), "{last}");
    assert!(last["names"].as_u64().unwrap() > 50, "{last}");
    assert_eq!(last["proofs"][2], "they are those of the manifest, by BLAKE3");

    // One byte of a file; the kernel is found where it was kept.
    let at = place(&dir.join(image), "/Packages/BSD.pkg") + 1000;
    let file = fs::OpenOptions::new().read(true).write(true).open(dir.join(image)).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    let (code, last) = ask(&[]);
    assert_eq!(code, 6, "{last}");
    let fault = "/Packages/BSD.pkg: both read other bytes than the manifest has";
    assert_eq!(last["causes"], serde_json::json!([fault]));
}

/// Whether any process of this computer names a folder in its arguments.
fn is_used(dir: &Path) -> bool {
    let name = dir.display().to_string();
    let commands = fs::read_dir("/proc").into_iter().flatten().flatten();
    let qemus = commands.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let mut qemus = qemus.map(|line| String::from_utf8_lossy(&line).into_owned());
    qemus.any(|line| line.contains("qemu-system") && line.contains(&name))
}

#[test]
fn a_machine_runs_until_it_is_interrupted_and_leaves_the_image_alone() {
    let _clock = clock();
    if let Err(failure) = Firmware::find(&Host::here()) {
        return absent("OVMF, in `vm run`", &failure.to_string());
    }
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--quiet", "--to", "demo"]).ok();
    let image = dir.join("demo/lion-sample.img");
    let image = image.to_str().unwrap();
    let printed = lionize(dir, &["vm", "run", image, "--print"]).ok();
    let printed = String::from_utf8(printed.out).unwrap();
    // The sample says that it is of 10.7.5.
    assert!(printed.contains("-cpu Penryn,vendor=GenuineIntel \\\n  -smp 2 \\\n"), "{printed}");

    // A program of ours for OpenCore: it says a line, and spins.
    fs::create_dir_all(dir.join("oc/EFI/BOOT")).unwrap();
    fs::write(dir.join("oc/EFI/BOOT/BOOTX64.EFI"), boot_program()).unwrap();
    let before = fs::metadata(image).unwrap().modified().unwrap();
    let kept = dir.join("kept");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    command.args(["vm", "run", image, "--opencore", "oc", "--display", "none", "--disk", "8"]);
    command.args(["--screenshots", "1", "--limit", "200", "--accel", "tcg", "--keep"]);
    command.arg(&kept).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    note("OVMF, in `vm run`");
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    let says = || fs::read_to_string(kept.join("serial.log")).unwrap_or_default().contains(MARKER);
    while !says() && start.elapsed() < Duration::from_secs(200) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        sleep(Duration::from_millis(100));
    }
    assert!(says() && is_used(dir));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!is_used(dir), "QEMU still runs");
    assert!(kept.join("screen-0001.png").exists());
    assert_eq!(fs::metadata(image).unwrap().modified().unwrap(), before);
}
