//! Recorded systems: trees of small files as Linux shows them.

use super::guard::{Ask, judge};
use super::*;
use crate::block::{Source, bytes};
use std::os::unix::fs::symlink;
use std::path::Path;

/// A computer as its `/sys`, `/proc` and `/run` tell it.
struct Computer {
    dir: tempfile::TempDir,
    mounts: String,
    swaps: String,
}

struct Blind;

impl Eyes for Blind {
    fn bytes(&self, _disk: &Disk) -> Option<Source> {
        None
    }
    fn is_held(&self, _disk: &Disk) -> Option<bool> {
        None
    }
}

const USB: &str = "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host4/target4:0:0/4:0:0:0";
const ATA: &str = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";
const NVME: &str = "pci0000:00/0000:01:00.0/nvme/nvme0";

impl Computer {
    fn new() -> Self {
        let swaps = "Filename\tType\tSize\tUsed\tPriority\n".to_owned();
        Self { dir: tempfile::tempdir().unwrap(), mounts: String::new(), swaps }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, to: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(to, path).unwrap();
    }

    /// A disk of `mib` at a place of `/sys/devices`, whose parents have subsystems.
    fn disk(&self, name: &str, place: &str, number: &str, mib: u64) {
        let own = format!("sys/devices/{place}/block/{name}");
        self.put(&format!("{own}/dev"), number);
        self.put(&format!("{own}/size"), &format!("{}\n", mib * 2048));
        self.put(&format!("{own}/ro"), "0\n");
        self.put(&format!("{own}/removable"), "0\n");
        self.put(&format!("{own}/queue/logical_block_size"), "512\n");
        self.put(&format!("{own}/queue/physical_block_size"), "4096\n");
        self.link(&format!("sys/block/{name}"), &format!("../devices/{place}/block/{name}"));
        if !place.contains("virtual") {
            self.link(&format!("{own}/device"), "../..");
        }
    }

    /// Says of a folder of `/sys/devices` which subsystem it belongs to.
    fn subsystem(&self, place: &str, name: &str) {
        self.link(&format!("sys/devices/{place}/subsystem"), &format!("/sys/bus/{name}"));
    }

    fn part(&self, disk: &str, name: &str, index: u32, number: &str) {
        let own = format!("sys/block/{disk}/{name}");
        self.put(&format!("{own}/partition"), &index.to_string());
        self.put(&format!("{own}/dev"), number);
        self.put(&format!("{own}/start"), &(2048 * index).to_string());
        self.put(&format!("{own}/size"), "2048");
    }

    /// A mapped device on top of a part.
    fn mapped(&self, name: &str, number: &str, uuid: &str, title: &str, below: &str) {
        self.disk(name, "virtual", number, 10);
        self.put(&format!("sys/block/{name}/dm/uuid"), uuid);
        self.put(&format!("sys/block/{name}/dm/name"), title);
        self.link(&format!("sys/block/{below}/holders/{name}"), "x");
    }

    fn mount(&mut self, number: &str, source: &str, at: &str) {
        let line = format!("30 1 {number} / {at} rw,relatime shared:1 - ext4 {source} rw\n");
        self.mounts.push_str(&line);
    }

    fn stick(&self) {
        self.disk("sdb", USB, "8:16", 15_000);
        self.subsystem("pci0000:00/0000:00:14.0/usb1/1-2", "usb");
        self.subsystem(USB, "scsi");
        let usb = "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2";
        self.put(&format!("{usb}/idVendor"), "0781\n");
        self.put(&format!("{usb}/serial"), "4C530001\n");
        self.put(&format!("sys/devices/{USB}/vendor"), "SanDisk \n");
        self.put(&format!("sys/devices/{USB}/model"), "Ultra           \n");
        self.put("sys/block/sdb/removable", "1\n");
        self.put("sys/block/sdb/diskseq", "9\n");
        self.part("sdb", "sdb1", 1, "8:17");
    }

    fn system(&self) -> System {
        self.put("proc/self/mountinfo", &self.mounts);
        self.put("proc/swaps", &self.swaps);
        describe(&Root::at(self.dir.path()), &Blind)
    }
}

fn rules(system: &System, name: &str) -> Vec<&'static str> {
    let disk = system.disks.iter().find(|disk| disk.name == name).unwrap();
    let verdict = judge(disk, &system.disks, &Ask::default());
    verdict.reasons.iter().map(|reason| reason.rule.word()).collect()
}

fn disk<'a>(system: &'a System, name: &str) -> &'a Disk {
    system.disks.iter().find(|disk| disk.name == name).unwrap()
}

#[test]
fn a_stick_is_described_and_offered() {
    let mut computer = Computer::new();
    computer.stick();
    computer.mount("8:17", "/dev/sdb1", r"/media/me/My\040Stick");
    let system = computer.system();
    let stick = disk(&system, "sdb");
    assert_eq!((stick.bus, stick.external, stick.removable), (Bus::Usb, true, true));
    assert_eq!(stick.title(), "SanDisk Ultra");
    assert_eq!(stick.id.as_deref(), Some("usb-SanDisk_Ultra_4C530001"));
    assert_eq!((stick.bytes, stick.logical, stick.physical), (15_000 << 20, 512, 4096));
    assert_eq!((stick.number, stick.sequence), ((8, 16), Some(9)));
    assert_eq!(stick.parts[0].start, 1 << 20);
    assert_eq!(stick.uses[0].to_string(), "sdb1 is mounted at /media/me/My Stick");
    let verdict = judge(stick, &system.disks, &Ask::default());
    assert!(verdict.is_offered() && !verdict.is_free());
    assert_eq!(system.disks_of(Path::new("/media/me/My Stick/a.dmg")), ["sdb"]);
    assert_eq!(system.disks_of(Path::new("/dev/sdb1")), ["sdb"]);
    assert!(system.disks_of(Path::new("/elsewhere")).is_empty());
}

#[test]
fn a_port_that_no_one_can_reach_is_inside() {
    let computer = Computer::new();
    computer.stick();
    computer.put("sys/block/sdb/removable", "0\n");
    let usb = "sys/devices/pci0000:00/0000:00:14.0/usb1";
    computer.put(&format!("{usb}/removable"), "fixed\n");
    assert!(disk(&computer.system(), "sdb").external, "the hub is inside, its port is not");
    computer.put(&format!("{usb}/1-2/removable"), "fixed\n");
    assert_eq!(rules(&computer.system(), "sdb"), ["fixed"]);
    // A slot outside of the case, as of Thunderbolt.
    computer.disk("nvme0n1", NVME, "259:0", 1000);
    computer.subsystem(NVME, "nvme");
    assert_eq!(rules(&computer.system(), "nvme0n1"), ["fixed"]);
    computer.put("sys/devices/pci0000:00/0000:01:00.0/removable", "removable\n");
    assert!(rules(&computer.system(), "nvme0n1").is_empty());
}

#[test]
fn udev_knows_names_and_contents_where_it_runs() {
    let computer = Computer::new();
    computer.stick();
    let facts = "E:ID_BUS=usb\nE:ID_SERIAL=SanDisk_Ultra_4C530001-0:0\nE:ID_PART_TABLE_TYPE=gpt\n";
    computer.put("run/udev/data/b8:16", facts);
    let facts = "E:ID_FS_TYPE=vfat\nE:ID_FS_LABEL_ENC=MY\\x20STICK\nE:ID_PART_ENTRY_NUMBER=1\n";
    computer.put("run/udev/data/b8:17", facts);
    let system = computer.system();
    let stick = disk(&system, "sdb");
    assert_eq!(stick.id.as_deref(), Some("usb-SanDisk_Ultra_4C530001-0:0"));
    assert_eq!(stick.contents.what.as_deref(), Some("gpt"));
    let found = &stick.contents.found[0];
    assert_eq!((found.index, found.label.as_deref()), (1, Some("MY STICK")));
}

#[test]
fn the_system_behind_lvm_on_luks_is_found() {
    let mut computer = Computer::new();
    computer.disk("nvme0n1", NVME, "259:0", 500_000);
    computer.subsystem(NVME, "nvme");
    computer.part("nvme0n1", "nvme0n1p3", 3, "259:3");
    computer.mapped("dm-0", "254:0", "CRYPT-LUKS2-abc", "crypt", "nvme0n1/nvme0n1p3");
    computer.mapped("dm-1", "254:1", "LVM-xyz", "vg-root", "dm-0");
    computer.mapped("dm-2", "254:2", "LVM-xyw", "vg-swap", "dm-0");
    computer.mount("254:1", "/dev/mapper/vg-root", "/");
    computer.swaps.push_str("/dev/dm-2 partition 8 0 -2\n");
    let system = computer.system();
    let uses: Vec<_> = disk(&system, "nvme0n1").uses.iter().map(ToString::to_string).collect();
    assert!(uses.contains(&"nvme0n1p3 (dm-0) (dm-1) is mounted at /".to_owned()), "{uses:?}");
    assert!(uses.contains(&"nvme0n1p3 (dm-0) (dm-2) is swap".to_owned()), "{uses:?}");
    let expected = ["system", "swap", "fixed", "large", "luks", "lvm", "lvm"];
    assert_eq!(rules(&system, "nvme0n1"), expected);
    // A file of the system is on that disk.
    assert_eq!(system.disks_of(Path::new("/home/me/a.dmg")), ["dm-0", "dm-1", "nvme0n1"]);
    assert_eq!(disk(&system, "dm-1").kind, Kind::Joined);
}

#[test]
fn readers_loops_and_swap_files() {
    let mut computer = Computer::new();
    computer.stick();
    computer.mount("8:17", "/dev/sdb1", "/media/x");
    // A card reader without a card.
    computer.disk("sdc", "pci0000:00/0000:00:14.0/usb1/1-3", "8:32", 0);
    computer.subsystem("pci0000:00/0000:00:14.0/usb1/1-3", "usb");
    assert_eq!(rules(&computer.system(), "sdc"), ["empty"]);
    // A swap file, and a file that a loop device shows, on a stick.
    computer.swaps.push_str("/media/x/swap file 8 0 -2\n");
    assert_eq!(rules(&computer.system(), "sdb"), ["swap"]);
    computer.swaps.clear();
    computer.disk("loop3", "virtual", "7:3", 10);
    computer.put("sys/block/loop3/loop/backing_file", "/media/x/live.squashfs\n");
    computer.mount("7:3", "/dev/loop3", "/");
    let system = computer.system();
    assert_eq!(rules(&system, "sdb"), ["system", "loop"]);
    assert_eq!(disk(&system, "loop3").id.as_deref(), Some("loop-/media/x/live.squashfs"));
    assert_eq!(disk(&system, "loop3").kind, Kind::Loop);
    // Writing to the loop device is writing to the file.
    assert_eq!(system.disks_of(Path::new("/media/x/live.squashfs")), ["loop3", "sdb"]);
    assert_eq!(system.disks_of(Path::new("/media/x/other")), ["sdb"]);
}

#[test]
fn a_file_system_on_several_disks_holds_them_all() {
    let mut computer = Computer::new();
    computer.disk("sda", ATA, "8:0", 100);
    computer.stick();
    computer.link("sys/fs/btrfs/uuid/devices/sda", "x");
    computer.link("sys/fs/btrfs/uuid/devices/sdb1", "x");
    // The number of a btrfs is of no device, and one disk is named.
    computer.mount("0:40", "/dev/sda", "/data");
    let system = computer.system();
    assert_eq!(disk(&system, "sda").bus, Bus::Ata);
    assert_eq!(rules(&system, "sdb"), ["mounted", "held"]);
    assert_eq!(system.disks_of(Path::new("/data/a.dmg")), ["sda", "sdb"]);
}

#[test]
fn who_has_a_disk_open_is_named() {
    let computer = Computer::new();
    computer.stick();
    computer.put("proc/4242/comm", "qemu-system-x86\n");
    computer.link("proc/4242/fd/9", "/dev/sdb");
    let system = computer.system();
    let uses = &disk(&system, "sdb").uses;
    assert_eq!(uses[0].to_string(), "sdb is open in process 4242 (qemu-system-x86)");
    assert_eq!(rules(&system, "sdb"), ["open"]);
}

/// Sticks, volumes and processes call themselves as they like, and a terminal
/// does what it is told.
#[test]
fn names_do_nothing_to_a_terminal() {
    let mut computer = Computer::new();
    computer.stick();
    computer.put(&format!("sys/devices/{USB}/vendor"), "        \n");
    computer.put(&format!("sys/devices/{USB}/model"), "        \n");
    let usb = "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2";
    computer.put(&format!("{usb}/manufacturer"), "San\u{1b}[2JDisk\n");
    computer.put(&format!("{usb}/product"), "\u{202e}artlU\n");
    computer.put("run/udev/data/b8:16", "E:ID_BUS=usb\nE:ID_SERIAL=a\u{1b}]0;b\n");
    computer.mount("8:17", "/dev/sdb1", "/media/me/a\u{1b}[2J");
    computer.put("proc/4242/comm", "x\u{1b}[8m\n");
    computer.link("proc/4242/fd/9", "/dev/sdb");
    computer.disk("loop3", "virtual", "7:3", 10);
    computer.put("sys/block/loop3/loop/backing_file", "/a\u{1b}[2J\n");
    let system = computer.system();
    let stick = disk(&system, "sdb");
    assert_eq!(stick.vendor.as_deref(), Some("San [2JDisk"));
    let said = [
        vec![stick.title(), stick.id.clone().unwrap()],
        vec![disk(&system, "loop3").id.clone().unwrap()],
        stick.uses.iter().map(ToString::to_string).collect(),
    ]
    .concat();
    assert_eq!(said.len(), 5);
    for text in said {
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn what_is_not_known_counts_against_a_disk() {
    let computer = Computer::new();
    computer.stick();
    std::fs::remove_file(computer.dir.path().join("sys/block/sdb/ro")).unwrap();
    assert_eq!(rules(&computer.system(), "sdb"), ["read-only"]);
    computer.put("sys/block/sdb/ro", "0");
    computer.put("sys/block/sdb/queue/logical_block_size", "many");
    assert_eq!(rules(&computer.system(), "sdb"), ["sector"]);
    computer.put("sys/block/sdb/queue/logical_block_size", "512");
    std::fs::remove_file(computer.dir.path().join("proc/self/mountinfo")).unwrap();
    let blind = describe(&Root::at(computer.dir.path()), &Blind);
    assert_eq!(rules(&blind, "sdb"), ["open"], "what is mounted cannot be known");
    let usb = computer.dir.path().join("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/serial");
    std::fs::write(usb, "000000000000\n").unwrap();
    let system = computer.system();
    assert_eq!((&disk(&system, "sdb").serial, &disk(&system, "sdb").id), (&None, &None));
}

#[test]
fn eyes_see_what_is_on_a_disk_and_that_it_is_held() {
    struct Open;
    impl Eyes for Open {
        fn bytes(&self, _disk: &Disk) -> Option<Source> {
            let mut disk = vec![0; 100 << 10];
            disk[1024..1028].copy_from_slice(b"H+\0\x04");
            Some(bytes(disk))
        }
        fn is_held(&self, _disk: &Disk) -> Option<bool> {
            Some(true)
        }
    }
    let computer = Computer::new();
    computer.stick();
    computer.put("proc/self/mountinfo", "");
    let system = describe(&Root::at(computer.dir.path()), &Open);
    assert_eq!(rules(&system, "sdb"), ["open"]);
    let contents = &disk(&system, "sdb").contents;
    assert_eq!(contents.what.as_deref(), Some("an HFS+ volume"));
}

/// Names that lead around in circles, and files that are no such files.
#[test]
fn odd_trees_end() {
    let computer = Computer::new();
    computer.stick();
    computer.mapped("dm-0", "254:0", "x", "a", "sdb");
    computer.link("sys/block/dm-0/holders/dm-0", "x");
    computer.link("sys/block/dm-0/holders/sdb", "x");
    computer.put("sys/block/md7/size", "18446744073709551615");
    computer.put("sys/block/md7/dev", "9:7");
    let system = computer.system();
    assert_eq!(rules(&system, "sdb").first(), Some(&"held"));
    assert!(system.disks.iter().all(|disk| disk.name != "md7"), "a size that cannot be");
    assert!(describe(&Root::at("/nowhere/at/all"), &Blind).disks.is_empty());
}
