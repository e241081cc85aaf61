//! The script `rc.cdrom.local` of unattended media, as a recipe writes it, run
//! under two shells with stand-ins for diskutil, PlistBuddy and sleep. The lists
//! of disks were written by hand, after diskutil(8) and what people's Macs print:
//! none of this was judged by Apple's diskutil.

use crate::fixes::harness::stand_ins;
use crate::judge::{self, find, judge};
use crate::later::{path, sample};
use crate::make::{plan, request};
use lionize::engine::{BuildOptions, Silent, Stop, Verify, build};
use lionize::source::{Opener, contents};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

const GIB: u64 = 1 << 30;
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n";

/// The script as built media have it.
fn script() -> &'static [u8] {
    static SCRIPT: OnceLock<Vec<u8>> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let esd = sample(dir.path(), "10.9");
        let output = dir.path().join("out.img");
        let plan = plan(&request("mavericks-unattended", &[("installer", &esd)])).unwrap();
        let options = BuildOptions { output: output.clone(), verify: Verify::Quick, threads: 1 };
        build(&plan, &options, &mut Silent, &Stop::new()).unwrap();
        let opener = Opener::new();
        let volume = opener.enter(&opener.open(&output).unwrap()).unwrap().volume().unwrap();
        let tree = volume.tree().unwrap();
        let id = tree.lookup(&path("/private/etc/rc.cdrom.local")).unwrap();
        let source = contents(&tree, id).unwrap();
        let len = usize::try_from(source.len()).unwrap();
        lionize::block::read_vec(source.as_ref(), 0, len).unwrap()
    })
}

/// A disk as `diskutil info -plist` tells of it.
#[derive(Clone)]
struct Disk {
    id: &'static str,
    facts: Vec<(&'static str, String)>,
    slices: u32,
    /// What it begins with; it cannot be read when there is nothing.
    begins: Vec<u8>,
}

/// A blank disk that is built in.
fn blank(id: &'static str) -> Disk {
    let text = |text: &str| format!("<string>{text}</string>");
    let facts = vec![
        ("BusProtocol", text("SATA")),
        ("Content", text("")),
        ("DeviceIdentifier", text(id)),
        ("Internal", "<true/>".into()),
        ("TotalSize", format!("<integer>{}</integer>", 64 * GIB)),
        ("VirtualOrPhysical", text("Physical")),
        ("WholeDisk", "<true/>".into()),
        ("WritableMedia", "<true/>".into()),
    ];
    Disk { id, facts, slices: 0, begins: vec![0; 1 << 20] }
}

/// The stick that the Mac started from.
fn media() -> Disk {
    let disk = blank("disk9").with("BusProtocol", "<string>USB</string>");
    let disk = disk.with("Internal", "<false/>");
    Disk { slices: 2, ..disk.with("Content", "<string>GUID_partition_scheme</string>") }
}

impl Disk {
    fn with(mut self, key: &'static str, value: &str) -> Self {
        self.facts.retain(|(known, _)| *known != key);
        self.facts.push((key, value.to_owned()));
        self
    }

    fn without(mut self, key: &str) -> Self {
        self.facts.retain(|(known, _)| *known != key);
        self
    }

    fn size(self, bytes: u64) -> Self {
        self.with("TotalSize", &format!("<integer>{bytes}</integer>"))
    }

    /// With a byte that is not zero at a place.
    fn byte(mut self, at: usize) -> Self {
        self.begins[at] = 0xee;
        self
    }

    fn unreadable(self) -> Self {
        Self { begins: Vec::new(), ..self }
    }

    fn slices(self, slices: u32) -> Self {
        Self { slices, ..self }
    }
}

/// What diskutil tells.
#[derive(Clone)]
struct Mac {
    disks: Vec<Disk>,
    /// What is so after five seconds.
    later: Option<Vec<Disk>>,
    /// Files in place of those that follow from the disks.
    other: Vec<(&'static str, Option<&'static str>)>,
}

fn mac(disks: &[Disk]) -> Mac {
    Mac { disks: disks.to_vec(), later: None, other: Vec::new() }
}

impl Mac {
    fn later(self, disks: &[Disk]) -> Self {
        Self { later: Some(disks.to_vec()), ..self }
    }

    /// Another file in the place of one; none at all when there is no text.
    fn but(mut self, name: &'static str, text: Option<&'static str>) -> Self {
        self.other.push((name, text));
        self
    }
}

fn write_lists(dir: &Path, disks: &[Disk]) {
    fs::create_dir_all(dir).unwrap();
    let string = |text: &str| format!("<string>{text}</string>");
    let (mut all, mut wholes) = (String::new(), String::new());
    for disk in disks {
        wholes += &string(disk.id);
        all += &string(disk.id);
        (1..=disk.slices).for_each(|slice| all += &string(&format!("{}s{slice}", disk.id)));
        let facts = disk.facts.iter().map(|(key, value)| format!("<key>{key}</key>{value}\n"));
        let text = format!("{HEAD}{}</dict></plist>\n", facts.collect::<String>());
        fs::write(dir.join(format!("{}.plist", disk.id)), text).unwrap();
    }
    let text = format!(
        "{HEAD}<key>AllDisks</key><array>{all}</array>\n\
         <key>WholeDisks</key><array>{wholes}</array></dict></plist>\n"
    );
    fs::write(dir.join("list.plist"), text).unwrap();
    let root = "<key>ParentWholeDisk</key><string>disk9</string>";
    fs::write(dir.join("root.plist"), format!("{HEAD}{root}</dict></plist>\n")).unwrap();
}

/// What the script did.
#[derive(Debug)]
struct Done {
    erased: String,
    waits: bool,
    log: String,
}

/// Where the stand-ins of an installer's environment are.
fn installer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/installer")
}

fn run(shell: &[&str], mac: &Mac) -> Done {
    let dir = tempfile::tempdir().unwrap();
    let (disks, root) = (dir.path().join("disks"), dir.path().join("root"));
    write_lists(&disks, &mac.disks);
    if let Some(later) = &mac.later {
        write_lists(&disks.join("later"), later);
    }
    for (name, text) in &mac.other {
        match text {
            Some(text) => fs::write(disks.join(name), text).unwrap(),
            None => fs::remove_file(disks.join(name)).unwrap(),
        }
    }
    for folder in ["var/tmp", "dev", "Volumes"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for disk in mac.disks.iter().chain(mac.later.iter().flatten()) {
        if !disk.begins.is_empty() {
            fs::write(root.join(format!("dev/r{}", disk.id)), &disk.begins).unwrap();
        }
    }
    let script_file = dir.path().join("rc.cdrom.local");
    fs::write(&script_file, script()).unwrap();
    let search = format!("{}:{}:/usr/bin:/bin", installer().display(), stand_ins().display());
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(&script_file).env_clear();
    command.env("PATH", search).env("DISKS", &disks).env("LIONIZE_ROOT", &root);
    let said = judge::run(&mut command, Duration::from_secs(120));
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let waits = !read(disks.join("waits")).is_empty();
    assert_eq!(said.code == 0, !waits, "{}", said.text());
    assert!(read(root.join("dev/console")).starts_with("lionize: "), "the console is told");
    let log = read(root.join("var/tmp/lionize.log"));
    Done { erased: read(disks.join("erased")), waits, log }
}

const ERASED: &str = "eraseDisk jhfs+ Macintosh HD GPTFormat disk0\n";

/// Those that lead to an erased disk.
fn taken() -> Vec<(&'static str, Mac)> {
    vec![
        ("one blank disk", mac(&[blank("disk0"), media()])),
        (
            "a virtual one, beside a disk in use",
            mac(&[
                blank("disk0")
                    .with("Internal", "<false/>")
                    .with("VirtualOrPhysical", "<string>Virtual</string>"),
                blank("disk1").with("Content", "<string>GUID_partition_scheme</string>").slices(2),
                media(),
            ]),
        ),
        ("one that appears later", mac(&[media()]).later(&[blank("disk0"), media()])),
        ("exactly 16 GiB", mac(&[blank("disk0").size(16 * GIB), media()])),
    ]
}

/// All others, with what the log says.
fn refused() -> Vec<(&'static str, Mac, &'static str)> {
    let text = |text: &str| format!("<string>{text}</string>");
    let one = |disk: Disk| mac(&[disk, media()]);
    let hfs = text("Apple_HFS");
    let nothing = "no disk to install on: ";
    vec![
        ("none", mac(&[media()]), nothing),
        (
            "two",
            mac(&[blank("disk0"), blank("disk1"), media()]),
            "more than one disk is blank: disk0 disk1",
        ),
        (
            "a second one later",
            one(blank("disk0")).later(&[blank("disk0"), blank("disk1"), media()]),
            "more than one disk is blank: disk0 disk1",
        ),
        ("partitions", one(blank("disk0").slices(1)), "disk0 has partitions"),
        (
            "an empty scheme",
            one(blank("disk0").with("Content", &text("FDisk_partition_scheme"))),
            "disk0 holds FDisk_partition_scheme",
        ),
        ("a volume without partitions", one(blank("disk0").with("Content", &hfs)), "Apple_HFS"),
        // A file system, an encrypted disk, a pool, without a table.
        ("its first byte", one(blank("disk0").byte(0)), "disk0 holds something"),
        ("a superblock", one(blank("disk0").byte(1080)), "disk0 holds something"),
        ("something later", one(blank("disk0").byte((1 << 20) - 1)), "disk0 holds something"),
        ("not to be read", one(blank("disk0").unreadable()), "disk0 cannot be read"),
        ("its name", one(blank("disk0").with("VolumeName", &text("Data"))), "holds a volume"),
        ("too small", one(blank("disk0").size(16 * GIB - 512)), "less than 16 GiB"),
        ("read-only", one(blank("disk0").with("WritableMedia", "<false/>")), "be written to"),
        ("outside", one(blank("disk0").with("Internal", "<false/>")), "disk0 is not built in"),
        (
            "a RAM disk",
            one(blank("disk0").with("BusProtocol", &text("Disk Image"))),
            "disk0 is a disk image",
        ),
        (
            "only the media, blank as it says",
            mac(&[blank("disk9")]),
            "disk9 is what this Mac started from",
        ),
        ("not whole", one(blank("disk0").with("WholeDisk", "<false/>")), "is no whole disk"),
        ("unsaid", one(blank("disk0").without("Internal")), "tell enough of disk0"),
        ("no number", one(blank("disk0").with("TotalSize", &text("64 GB"))), "tell enough"),
        ("another's", one(blank("disk0").with("DeviceIdentifier", &text("disk1"))), "enough"),
        (
            "not in its own list",
            one(blank("disk0")).but(
                "list.plist",
                Some(
                    "<plist version=\"1.0\"><dict><key>AllDisks</key><array/><key>WholeDisks</key>\
                     <array><string>disk0</string></array></dict></plist>",
                ),
            ),
            "disk0 has partitions",
        ),
        ("no list", one(blank("disk0")).but("list.plist", None), "does not list the disks"),
        ("no sense", one(blank("disk0")).but("list.plist", Some("hello")), "is not one that is"),
        (
            "odd names",
            one(blank("disk0")).but(
                "list.plist",
                Some(
                    "<plist version=\"1.0\"><dict><key>AllDisks</key><array><string>disk0</string>\
                     </array><key>WholeDisks</key><array><string>disk0; rm</string></array></dict>\
                     </plist>",
                ),
            ),
            "is not one that is understood",
        ),
        ("no root", one(blank("disk0")).but("root.plist", None), "what this Mac started from"),
        ("no info", one(blank("disk0")).but("disk0.plist", None), "tell enough of disk0"),
    ]
}

/// The shells that take the place of a Mac's `sh`.
fn shells() -> Vec<Vec<&'static str>> {
    let all = [vec!["dash"], vec!["bash", "--posix"]];
    all.into_iter().filter(|shell| judge(shell[0]).is_some()).collect()
}

#[test]
fn the_one_blank_disk_is_erased() {
    if find("python3").is_none() {
        return judge::absent("a script", "python3 is not installed, which PlistBuddy's is");
    }
    for shell in shells() {
        for (what, mac) in taken() {
            let done = run(&shell, &mac);
            assert_eq!(done.erased, ERASED, "{shell:?}, {what}: {done:?}");
            assert!(!done.waits, "{shell:?}, {what}: {done:?}");
        }
    }
}

#[test]
fn in_every_other_case_nothing_is_erased_and_it_waits() {
    if find("python3").is_none() {
        return judge::absent("a script", "python3 is not installed, which PlistBuddy's is");
    }
    let all = refused();
    for shell in shells() {
        std::thread::scope(|scope| {
            for half in all.chunks(all.len().div_ceil(2)) {
                let shell = &shell;
                scope.spawn(move || {
                    for (what, mac, why) in half {
                        let done = run(shell, mac);
                        assert_eq!(done.erased, "", "{shell:?}, {what}: {done:?}");
                        assert!(done.waits, "{shell:?}, {what}: {done:?}");
                        assert!(done.log.contains(why), "{shell:?}, {what}: {done:?}");
                        assert!(done.log.contains("nothing was erased"), "{what}: {done:?}");
                    }
                });
            }
        });
    }
}

#[test]
fn a_disk_that_cannot_be_erased_is_told() {
    if find("python3").is_none() {
        return judge::absent("a script", "python3 is not installed, which PlistBuddy's is");
    }
    for shell in shells() {
        let mac = mac(&[blank("disk0"), media()]).but("cannot-erase", Some(""));
        let done = run(&shell, &mac);
        assert_eq!((done.erased.as_str(), done.waits), (ERASED, true), "{done:?}");
        assert!(done.log.contains("disk0 could not be erased"), "{done:?}");
    }
}

#[test]
fn shellcheck_finds_nothing_in_the_script() {
    let Some(shellcheck) = judge("shellcheck") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rc.cdrom.local");
    fs::write(&file, script()).unwrap();
    shellcheck.run(["-s".as_ref(), "sh".as_ref(), file.as_os_str()]).ok();
}
