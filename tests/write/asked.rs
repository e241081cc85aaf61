//! What is asked before a disk is erased, and what is mounted.

use crate::bench::{Bench, alone, words};
use crate::screen::Pty;
use crate::support::image::temp;
use crate::support::judge::{Said, absent, judge, run};
use crate::support::pty::{Talk, talk};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

impl Bench {
    /// Erases the disk, with somebody at the terminal who answers so.
    fn asked(&self, answer: &str) -> Talk {
        let erase = ["erase", self.device(), "--allow-fixed"];
        talk(&self.command(&erase), "to erase this disk:", answer)
    }

    /// Fills the first bytes with something that is to be lost, or not.
    fn mark(&self) {
        use std::os::unix::fs::FileExt;
        let file = fs::File::options().write(true).open(self.file()).unwrap();
        file.write_all_at(b"somebody's data", 4096).unwrap();
    }

    fn is_marked(&self) -> bool {
        let mut head = fs::read(self.file()).unwrap();
        head.truncate(8192);
        head[4096..].starts_with(b"somebody's data")
    }
}

/// On a terminal the disk's own name has to be typed, and nothing else will do.
#[test]
fn only_the_disks_name_confirms() {
    let _one = alone();
    let Some(bench) = Bench::of(512, 64 << 20) else { return };
    let name = Path::new(bench.device()).file_name().unwrap().to_str().unwrap();
    bench.mark();
    for answer in ["", "y", "yes", bench.device(), &name.to_uppercase(), "loop"] {
        let talk = bench.asked(answer);
        assert_eq!(talk.code, 2, "{answer:?}: {}", talk.text);
        let why = format!("{} was not confirmed: nothing was written", bench.device());
        assert!(talk.text.contains(&why), "{answer:?}: {}", talk.text);
        assert!(bench.is_marked(), "{answer:?}");
    }
    let talk = bench.asked(name);
    assert_eq!(talk.code, 0, "{}", talk.text);
    let lost = format!("Everything on this disk will be lost:\n  {}:", bench.device());
    assert!(talk.text.contains(&lost), "{}", talk.text);
    assert!(talk.text.contains(&format!("Type {name} to erase this disk:")), "{}", talk.text);
    assert!(!bench.is_marked());
}

/// The wizard offers the disk, says that all on it is lost, and asks for its name;
/// another name, or Ctrl-C, leaves the disk as it was.
#[test]
fn the_wizard_writes_to_the_disk_whose_name_is_typed() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let name = Path::new(bench.device()).file_name().unwrap().to_str().unwrap();
    let input = format!("installer={}", bench.installer.display());
    let mac = ["--for", "ShapeSample1,1", "--allow-fixed"];
    let args = [&["wizard", "--recipe", "lion", "-i", &input], &mac[..]].concat();
    let answered = |answer: &str| {
        let mut pty = Pty::of(&bench.command(&args));
        pty.asks("Which fixes, for 10.7.5?").types("\r");
        pty.asks("Where does it go?").picks(&format!("{}:", bench.device()));
        pty.sees(&format!("EVERYTHING ON {} IS LOST", bench.device())).asks("Shall it begin?");
        pty.results().picks("Begin").prints(&format!("Type {name} to erase this disk: "));
        (pty.types(answer).ends(), pty)
    };
    bench.mark();
    for (answer, code) in [("loop\r", 2), ("\r", 2), ("\u{3}", 130)] {
        let (ended, pty) = answered(answer);
        assert_eq!(ended, code, "{answer:?}: {}", pty.text());
        assert!(bench.is_marked(), "{answer:?}");
    }
    let (ended, pty) = answered(&format!("{name}\r"));
    assert_eq!(ended, 0, "{}", pty.text());
    assert!(pty.printed.contains("What to do next:") && !bench.is_marked(), "{}", pty.printed);
    bench.lionize(&["verify", "-q", bench.device()]).ok();
}

/// What was listed may be another disk when it is to be written to.
#[test]
fn the_wizard_writes_to_no_disk_but_the_one_that_was_chosen() {
    let _one = alone();
    let (Some(bench), Some(losetup)) = (Bench::new(512), judge("losetup")) else { return };
    let input = format!("installer={}", bench.installer.display());
    let mac = ["--for", "ShapeSample1,1", "--allow-fixed"];
    let args = [&["wizard", "--recipe", "lion", "-i", &input], &mac[..]].concat();
    bench.mark();
    let mut pty = Pty::of(&bench.command(&args));
    pty.asks("Which fixes, for 10.7.5?").types("\r").asks("Where does it go?");
    // Enter alone loses nothing.
    pty.sees("> An image file").picks(&format!("{}:", bench.device()));
    pty.asks("Shall it begin?");
    let file = fs::File::options().write(true).open(bench.file()).unwrap();
    file.set_len(file.metadata().unwrap().len() + (1 << 20)).unwrap();
    losetup.run(["-c", bench.device()]).ok();
    pty.picks("Begin");
    pty.sees(&format!("{} is not the disk that was chosen", bench.device()));
    pty.asks("Where does it go?").types("\u{3}");
    assert_eq!(pty.ends(), 130, "{}", pty.text());
    assert!(bench.is_marked());
}

/// Nobody unmounts a volume of a disk that is built in, whatever is typed.
#[test]
fn a_mounted_disk_that_is_built_in_is_refused() {
    let _one = alone();
    let (Some(bench), Some(mkfs)) = (Bench::of(512, 64 << 20), judge("mkfs.ext4")) else { return };
    mkfs.run(["-q", bench.device()]).ok();
    let at = temp();
    let said = mounted(bench.device(), at.path());
    if said.code != 0 {
        return absent("a mounted loop device", &said.text());
    }
    fs::write(at.path().join("file"), "kept").unwrap();
    let said = bench.allowed(&words(&["erase", bench.device()]));
    assert_eq!(said.code, 5, "{}", said.text());
    let why = format!("is mounted at {}", at.path().display());
    assert!(said.text().contains(&why), "{}", said.text());
    let talk = bench.asked("x");
    assert!(talk.code == 5 && !talk.text.contains("Type"), "{}", talk.text);
    assert_eq!(fs::read(at.path().join("file")).unwrap(), b"kept");

    // What is in use is not unmounted; what is not, is.
    let open = fs::File::open(at.path().join("file")).unwrap();
    let busy = lionize::device::unmount(at.path()).unwrap_err();
    assert_eq!(busy.kind(), std::io::ErrorKind::ResourceBusy);
    drop(open);
    lionize::device::unmount(at.path()).unwrap();
    assert!(!at.path().join("file").exists());
    bench.allowed(&words(&["erase", "-q", bench.device()])).ok();
}

fn mounted(device: &str, at: &Path) -> Said {
    run(Command::new("mount").arg(device).arg(at), Duration::from_secs(20))
}
