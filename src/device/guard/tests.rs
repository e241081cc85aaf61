use super::*;
use crate::device::contents::Contents;
use crate::device::disk::Slice;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// All that the guard looks at.
#[derive(Clone)]
struct Situation {
    disk: Disk,
    others: Vec<Disk>,
    ask: Ask,
}

/// A stick as most are.
pub(crate) fn stick() -> Disk {
    Disk {
        name: "sdb".into(),
        path: "/dev/sdb".into(),
        number: (8, 16),
        sequence: Some(7),
        kind: Kind::Disk,
        bus: Bus::Usb,
        external: true,
        removable: true,
        read_only: false,
        hidden: false,
        vendor: Some("SanDisk".into()),
        model: Some("Ultra".into()),
        serial: Some("4C530001".into()),
        id: Some("usb-SanDisk_Ultra_4C530001".into()),
        bytes: 16_008_609_792,
        logical: 512,
        physical: 512,
        parts: vec![Slice { name: "sdb1".into(), number: (8, 17), start: 1 << 20, bytes: 1 << 30 }],
        uses: Vec::new(),
        contents: Contents::default(),
    }
}

fn second() -> Disk {
    Disk {
        name: "sdc".into(),
        path: "/dev/sdc".into(),
        serial: Some("4C530002".into()),
        id: Some("usb-SanDisk_Ultra_4C530002".into()),
        ..stick()
    }
}

fn good() -> Situation {
    let ask = Ask { bytes: 8_000_000_000, ..Ask::default() };
    Situation { disk: stick(), others: vec![second()], ask }
}

fn named(serial: Option<&str>, id: Option<&str>) -> Option<Named> {
    Some(Named { serial: serial.map(Into::into), id: id.map(Into::into) })
}

fn mounted(at: &str) -> How {
    let (source, kind) = (PathBuf::from("/dev/sdb1"), "vfat".into());
    How::Mounted(Mount { number: (8, 17), source, at: at.into(), kind })
}

fn by(how: How) -> Vec<Use> {
    vec![Use { part: "sdb1".into(), through: Vec::new(), how }]
}

fn over(through: &[&str], how: How) -> Use {
    let through = through.iter().map(|name| (*name).to_owned()).collect();
    Use { part: "sdb1".into(), through, how }
}

/// What stands behind a LUKS volume with logical volumes, one of them `/`.
fn lvm_on_luks(root: &str) -> Vec<Use> {
    vec![
        over(&[], How::Luks("crypt".into())),
        over(&["dm-0"], How::Lvm("vg-root".into())),
        over(&["dm-0", "dm-1"], mounted(root)),
    ]
}

/// A change of a disk, and how it is told.
type Change = (fn(&mut Disk), &'static str);

/// Names of the fields that differ.
fn differ(a: &Situation, b: &Situation) -> Vec<&'static str> {
    let (x, y, p, q) = (&a.disk, &b.disk, &a.ask, &b.ask);
    let all = [
        ("name", x.name != y.name),
        ("kind", x.kind != y.kind),
        ("bus", x.bus != y.bus),
        ("external", x.external != y.external),
        ("removable", x.removable != y.removable),
        ("read_only", x.read_only != y.read_only),
        ("hidden", x.hidden != y.hidden),
        ("serial", x.serial != y.serial),
        ("id", x.id != y.id),
        ("bytes", x.bytes != y.bytes),
        ("logical", x.logical != y.logical),
        ("physical", x.physical != y.physical),
        ("uses", x.uses != y.uses),
        ("others", a.others != b.others),
        ("wanted", p.bytes != q.bytes),
        ("sector", p.sector != q.sector),
        ("fixed", p.fixed != q.fixed),
        ("large", p.large != q.large),
        ("inputs", p.inputs != q.inputs),
        ("headless", p.headless != q.headless),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn words(s: &Situation) -> (Vec<&'static str>, usize) {
    let mut all = vec![s.disk.clone()];
    all.extend(s.others.iter().cloned());
    let verdict = judge(&s.disk, &all, &s.ask);
    (verdict.reasons.iter().map(|reason| reason.rule.word()).collect(), verdict.unmount.len())
}

/// Two situations: what both have, the one field that is different in the
/// second, what is said of the first and of the second. `+` counts unmounts.
struct Pair(&'static str, fn(&mut Situation), fn(&mut Situation), &'static str, &'static str);

fn as_is(_: &mut Situation) {}

fn built_in(s: &mut Situation) {
    (s.disk.bus, s.disk.external, s.disk.removable) = (Bus::Ata, false, false);
}

const PAIRS: &[Pair] = &[
    Pair(
        "the system's root",
        |s| s.disk.uses = by(mounted("/media/me/x")),
        |s| s.disk.uses = by(mounted("/")),
        "+1",
        "system",
    ),
    Pair(
        "the system's /boot",
        |s| s.disk.uses = by(mounted("/mnt")),
        |s| s.disk.uses = by(mounted("/boot/efi")),
        "+1",
        "system",
    ),
    Pair(
        "someone's home",
        |s| s.disk.uses = by(mounted("/run/media/me/homes")),
        |s| s.disk.uses = by(mounted("/home")),
        "+1",
        "system",
    ),
    Pair(
        "a live system's own stick",
        as_is,
        |s| s.disk.uses = by(mounted("/run/live/medium")),
        "",
        "system",
    ),
    Pair(
        "a live system of another kind",
        as_is,
        |s| s.disk.uses = by(mounted("/cdrom")),
        "",
        "system",
    ),
    Pair(
        "the system disk behind LVM on LUKS",
        |s| s.disk.uses = lvm_on_luks("/media/x"),
        |s| s.disk.uses = lvm_on_luks("/"),
        "mounted luks lvm",
        "system luks lvm",
    ),
    Pair(
        "the same, with everything allowed",
        |s| {
            s.disk.uses = lvm_on_luks("/");
            s.ask.large = true;
        },
        |s| s.ask.fixed = true,
        "system luks lvm",
        "system luks lvm",
    ),
    Pair(
        "the system disk of a computer, fixed allowed",
        |s| {
            built_in(s);
            s.ask.fixed = true;
        },
        |s| s.disk.uses = by(mounted("/")),
        "",
        "system",
    ),
    Pair("swap on a partition", as_is, |s| s.disk.uses = by(How::Swap), "", "swap"),
    Pair(
        "swap in a logical volume",
        |s| s.disk.uses = vec![over(&[], How::Lvm("vg-x".into()))],
        |s| s.disk.uses = vec![over(&[], How::Lvm("vg-x".into())), over(&["dm-0"], How::Swap)],
        "lvm",
        "swap lvm",
    ),
    Pair(
        "an input on this disk",
        |s| s.ask.inputs = vec![Input { name: "a.dmg".into(), disks: vec!["sda".into()] }],
        |s| s.ask.inputs = vec![Input { name: "a.dmg".into(), disks: vec!["sdb".into()] }],
        "",
        "input",
    ),
    Pair(
        "an input on several disks",
        |s| s.ask.inputs = vec![Input { name: "a.dmg".into(), disks: vec![] }],
        |s| {
            s.ask.inputs =
                vec![Input { name: "a.dmg".into(), disks: vec!["sda".into(), "sdb".into()] }]
        },
        "",
        "input",
    ),
    Pair(
        "an input, and the stick is mounted",
        |s| s.disk.uses = by(mounted("/media/x")),
        |s| s.ask.inputs = vec![Input { name: "/media/x/a".into(), disks: vec!["sdb".into()] }],
        "+1",
        "input+1",
    ),
    Pair("an optical drive", as_is, |s| s.disk.kind = Kind::Optical, "", "not-a-disk"),
    Pair("a floppy", as_is, |s| s.disk.kind = Kind::Floppy, "", "not-a-disk"),
    Pair("memory", as_is, |s| s.disk.kind = Kind::Memory, "", "not-a-disk"),
    Pair("a RAID itself", as_is, |s| s.disk.kind = Kind::Joined, "", "not-a-disk"),
    Pair("a network's disk", as_is, |s| s.disk.kind = Kind::Network, "", "not-a-disk"),
    Pair("an eMMC's boot area", as_is, |s| s.disk.kind = Kind::Board, "", "not-a-disk"),
    Pair("one path of several", as_is, |s| s.disk.hidden = true, "", "hidden"),
    Pair("a card reader without a card", as_is, |s| s.disk.bytes = 0, "", "empty"),
    Pair("a card with its switch set", as_is, |s| s.disk.read_only = true, "", "read-only"),
    Pair("sectors of 4096 bytes", as_is, |s| s.disk.logical = 4096, "", ""),
    Pair("sectors of 520 bytes", as_is, |s| s.disk.logical = 520, "", "sector"),
    Pair("sectors that are not known", as_is, |s| s.disk.logical = 0, "", "sector"),
    Pair(
        "half a sector at the end",
        |s| s.disk.bytes = 16_008_613_888,
        |s| s.disk.bytes = 16_008_613_889,
        "",
        "sector",
    ),
    Pair(
        "an image of other sectors",
        |s| s.ask.sector = Some(512),
        |s| s.disk.logical = 4096,
        "",
        "sector",
    ),
    Pair(
        "a built-in disk",
        |s| {
            built_in(s);
            s.disk.external = true;
        },
        |s| s.disk.external = false,
        "",
        "fixed",
    ),
    Pair("a built-in disk that is allowed", built_in, |s| s.ask.fixed = true, "fixed", ""),
    Pair(
        "an NVMe disk that says it is removable",
        |s| {
            built_in(s);
            s.disk.removable = true;
            s.disk.bus = Bus::Scsi;
        },
        |s| s.disk.bus = Bus::Nvme,
        "",
        "fixed",
    ),
    Pair(
        "an eMMC",
        |s| {
            built_in(s);
            s.disk.bus = Bus::Sd;
            s.disk.removable = true;
        },
        |s| s.disk.bus = Bus::Mmc,
        "",
        "fixed",
    ),
    Pair("a USB disk that says its medium stays", as_is, |s| s.disk.removable = false, "", ""),
    Pair(
        "a USB disk soldered in",
        |s| s.disk.removable = false,
        |s| s.disk.external = false,
        "",
        "fixed",
    ),
    Pair(
        "a card reader built in by USB",
        |s| s.disk.external = false,
        |s| s.disk.removable = false,
        "",
        "fixed",
    ),
    Pair("a loop device", built_in, |s| s.disk.kind = Kind::Loop, "fixed", "fixed"),
    Pair(
        "a loop device that is allowed",
        |s| {
            built_in(s);
            s.disk.kind = Kind::Loop;
        },
        |s| s.ask.fixed = true,
        "fixed",
        "",
    ),
    Pair(
        "256 GB and one sector",
        |s| s.disk.bytes = LARGE,
        |s| s.disk.bytes = LARGE + 512,
        "",
        "large",
    ),
    Pair(
        "a 512e disk of 8 TB on USB",
        |s| s.disk.physical = 4096,
        |s| s.disk.bytes = 8_001_563_222_016,
        "",
        "large",
    ),
    Pair(
        "the same, allowed",
        |s| {
            s.disk.bytes = 8_001_563_222_016;
            s.disk.physical = 4096;
        },
        |s| s.ask.large = true,
        "large",
        "",
    ),
    Pair(
        "allowing large allows nothing built in",
        |s| {
            built_in(s);
            s.disk.bytes = LARGE * 2;
        },
        |s| s.ask.large = true,
        "fixed large",
        "fixed",
    ),
    Pair(
        "one byte too small",
        |s| s.ask.bytes = 16_008_609_792,
        |s| s.ask.bytes = 16_008_609_793,
        "",
        "small",
    ),
    Pair(
        "mounted where sticks are",
        as_is,
        |s| s.disk.uses = by(mounted("/media/me/STICK")),
        "",
        "+1",
    ),
    Pair(
        "mounted elsewhere",
        |s| s.disk.uses = by(mounted("/media/data")),
        |s| s.disk.uses = by(mounted("/data")),
        "+1",
        "mounted",
    ),
    Pair(
        "mounted twice",
        |s| s.disk.uses = by(mounted("/mnt/a")),
        |s| s.disk.uses = [by(mounted("/mnt/a")), by(mounted("/data"))].concat(),
        "+1",
        "mounted+1",
    ),
    Pair(
        "a built-in disk's volume is not unmounted",
        |s| {
            s.disk.uses = by(mounted("/media/x"));
            s.ask.fixed = true;
            s.disk.removable = false;
        },
        |s| s.disk.external = false,
        "+1",
        "mounted",
    ),
    Pair(
        "a name that only begins alike",
        |s| s.disk.uses = by(mounted("/mnt")),
        |s| s.disk.uses = by(mounted("/mntx")),
        "+1",
        "mounted",
    ),
    Pair(
        "mounted through a mapping",
        |s| s.disk.uses = vec![over(&[], mounted("/mnt"))],
        |s| s.disk.uses = vec![over(&["dm-3"], mounted("/mnt"))],
        "+1",
        "mounted",
    ),
    Pair(
        "an open encrypted stick",
        as_is,
        |s| s.disk.uses = by(How::Luks("luks-1".into())),
        "",
        "luks",
    ),
    Pair("a volume group's disk", as_is, |s| s.disk.uses = by(How::Lvm("vg-lv".into())), "", "lvm"),
    Pair("a RAID's disk", as_is, |s| s.disk.uses = by(How::Raid("md0".into())), "", "raid"),
    Pair(
        "shown by a loop device",
        as_is,
        |s| s.disk.uses = by(How::Loop("loop3".into())),
        "",
        "loop",
    ),
    Pair(
        "one path of a mapping",
        as_is,
        |s| s.disk.uses = by(How::Mapped("mpatha".into())),
        "",
        "held",
    ),
    Pair(
        "one disk of a btrfs",
        as_is,
        |s| s.disk.uses = by(How::Member("uuid".into())),
        "",
        "held",
    ),
    Pair("a bcache's disk", as_is, |s| s.disk.uses = by(How::Held("bcache0".into())), "", "held"),
    Pair(
        "open in a virtual machine",
        as_is,
        |s| s.disk.uses = by(How::Open(42, "qemu".into())),
        "",
        "open",
    ),
    Pair("held by who knows whom", as_is, |s| s.disk.uses = by(How::Busy), "", "open"),
    Pair(
        "nobody at the terminal, nothing said",
        as_is,
        |s| s.ask.headless = named(None, None),
        "",
        "unnamed",
    ),
    Pair(
        "the right serial number",
        |s| s.ask.headless = named(None, None),
        |s| s.ask.headless = named(Some("4C530001"), None),
        "unnamed",
        "",
    ),
    Pair(
        "another serial number",
        |s| s.ask.headless = named(Some("4C530001"), None),
        |s| s.ask.headless = named(Some("4C530003"), None),
        "",
        "serial",
    ),
    Pair(
        "two sticks of one model, the other one's",
        |s| s.ask.headless = named(Some("4C530001"), None),
        |s| s.ask.headless = named(Some("4C530002"), None),
        "",
        "serial twin",
    ),
    Pair(
        "a stick without a serial number",
        |s| s.ask.headless = named(Some("4C530001"), None),
        |s| s.disk.serial = None,
        "",
        "serial",
    ),
    Pair(
        "the right id",
        |s| s.ask.headless = named(None, None),
        |s| s.ask.headless = named(None, Some("usb-SanDisk_Ultra_4C530001")),
        "unnamed",
        "",
    ),
    Pair(
        "another id",
        |s| s.ask.headless = named(None, Some("usb-SanDisk_Ultra_4C530001")),
        |s| s.disk.id = Some("usb-Other_4C530001".into()),
        "",
        "id",
    ),
    Pair(
        "a stick without an id",
        |s| s.ask.headless = named(None, Some("usb-SanDisk_Ultra_4C530001")),
        |s| s.disk.id = None,
        "",
        "id",
    ),
    Pair(
        "the right serial number with another id",
        |s| s.ask.headless = named(Some("4C530001"), None),
        |s| s.ask.headless = named(Some("4C530001"), Some("usb-x")),
        "",
        "id",
    ),
    Pair(
        "two sticks with one serial number",
        |s| s.ask.headless = named(Some("4C530001"), None),
        |s| s.others[0].serial = Some("4C530001".into()),
        "",
        "twin",
    ),
    Pair(
        "two of them, told apart by their ids",
        |s| {
            s.others[0].serial = Some("4C530001".into());
            s.ask.headless = named(Some("4C530001"), None);
        },
        |s| s.ask.headless = named(Some("4C530001"), Some("usb-SanDisk_Ultra_4C530001")),
        "twin",
        "",
    ),
    Pair(
        "two with one serial number, and somebody at the terminal",
        as_is,
        |s| s.others[0].serial = Some("4C530001".into()),
        "",
        "",
    ),
];

/// `a b+2` as words and a number.
fn said(text: &'static str) -> (Vec<&'static str>, usize) {
    let (rules, unmount) = text.split_once('+').unwrap_or((text, "0"));
    (rules.split_whitespace().collect(), unmount.parse().unwrap())
}

#[test]
fn pairs_that_differ_in_one_field() {
    let mut seen = BTreeSet::new();
    for Pair(what, both, change, first, then) in PAIRS {
        let mut before = good();
        both(&mut before);
        let mut after = before.clone();
        change(&mut after);
        let fields = differ(&before, &after);
        assert_eq!(fields.len(), 1, "{what}: {fields:?} differ");
        assert_eq!(words(&before), said(first), "{what}, before");
        assert_eq!(words(&after), said(then), "{what}, after");
        seen.extend(words(&before).0);
        seen.extend(words(&after).0);
    }
    let all: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.word()).collect();
    assert_eq!(seen, all, "every rule has a row");
    assert!(2 * PAIRS.len() >= 60, "{} rows", 2 * PAIRS.len());
}

#[test]
fn what_is_mounted_inside_of_another_is_unmounted_first() {
    let mut s = good();
    s.disk.uses =
        ["/mnt", "/mnt/a/b", "/mnt/a"].into_iter().flat_map(|at| by(mounted(at))).collect();
    let verdict = judge(&s.disk, &s.others, &s.ask);
    let order: Vec<_> = verdict.unmount.iter().map(Mount::shown).collect();
    assert_eq!(order, ["/mnt/a/b", "/mnt/a", "/mnt"]);
}

#[test]
fn a_disk_that_was_swapped_is_another_one() {
    let before = stick();
    assert_eq!(before.difference(&before.clone()), None);
    let changes: [Change; 8] = [
        (|d| d.number = (8, 32), "its number was 8:16 and is now 8:32"),
        (|d| d.serial = None, "its serial number was 4C530001 and is now not known"),
        (|d| d.bytes -= 512, "its size was 16008609792 and is now 16008609280"),
        (|d| d.sequence = Some(8), "its sequence number was 7 and is now 8"),
        (|d| d.model = Some("Other".into()), "its model was Ultra and is now Other"),
        (|d| d.vendor = None, "its vendor was SanDisk and is now not known"),
        (|d| d.logical = 4096, "its sector size was 512 and is now 4096"),
        (|d| d.id = None, "its id was usb-SanDisk_Ultra_4C530001 and is now not known"),
    ];
    for (change, words) in changes {
        let mut now = before.clone();
        change(&mut now);
        assert_eq!(before.difference(&now).unwrap().to_string(), words);
    }
    // What is on it, and what is done with it, may change.
    let mut now = before.clone();
    (now.contents.looked, now.uses) = (true, by(How::Busy));
    assert_eq!(before.difference(&now), None);
}

#[test]
fn reasons_are_sentences() {
    let mut situation = good();
    situation.disk.uses = lvm_on_luks("/");
    situation.disk.bytes = 1 << 30;
    let verdict = judge(&situation.disk, &[], &situation.ask);
    let whys: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
    let expected = [
        "sdb1 (dm-0) (dm-1) is mounted at /",
        "it has 1073741824 bytes, and 8000000000 are needed",
        "sdb1 is open as the encrypted volume crypt",
        "sdb1 (dm-0) is a part of the logical volume vg-root",
    ];
    assert_eq!(whys, expected);
}

/// What is said of a situation, and what helps, for the only rule it breaks.
fn told(change: impl FnOnce(&mut Situation)) -> (Rule, String) {
    let mut situation = good();
    change(&mut situation);
    let mut all = vec![situation.disk.clone()];
    all.extend(situation.others.iter().cloned());
    let verdict = judge(&situation.disk, &all, &situation.ask);
    let [reason] = &verdict.reasons[..] else { panic!("{:?}", verdict.reasons) };
    let hint = reason.rule.hint().map(|hint| format!("; hint: {hint}"));
    (reason.rule, format!("{reason}{}", hint.unwrap_or_default()))
}

fn breaks(rule: Rule, s: &mut Situation) {
    match rule {
        Rule::System => s.disk.uses = by(mounted("/")),
        Rule::Swap => s.disk.uses = by(How::Swap),
        Rule::Input => {
            s.ask.inputs = vec![Input { name: "a.dmg".into(), disks: vec!["sdb".into()] }];
        }
        Rule::NotADisk => s.disk.kind = Kind::Optical,
        Rule::Hidden => s.disk.hidden = true,
        Rule::Empty => s.disk.bytes = 0,
        Rule::ReadOnly => s.disk.read_only = true,
        Rule::Sector => s.disk.logical = 520,
        Rule::Fixed => built_in(s),
        Rule::Large => s.disk.bytes = 512_000_000_000,
        Rule::Small => s.ask.bytes = 20_000_000_000,
        Rule::Mounted => s.disk.uses = by(mounted("/data")),
        Rule::Luks => s.disk.uses = by(How::Luks("crypt".into())),
        Rule::Lvm => s.disk.uses = by(How::Lvm("vg-root".into())),
        Rule::Raid => s.disk.uses = by(How::Raid("md0".into())),
        Rule::Loop => s.disk.uses = by(How::Loop("loop3".into())),
        Rule::Held => s.disk.uses = by(How::Held("bcache0".into())),
        Rule::Open => s.disk.uses = by(How::Open(99, "dd".into())),
        Rule::Unnamed => s.ask.headless = named(None, None),
        Rule::Serial => s.ask.headless = named(Some("0"), None),
        Rule::Id => s.ask.headless = named(None, Some("usb-0")),
        Rule::Twin => {
            s.others[0].serial = s.disk.serial.clone();
            s.ask.headless = named(Some("4C530001"), None);
        }
    }
}

#[test]
fn every_rule_has_its_sentence_and_what_helps() {
    for rule in Rule::ALL {
        let (broken, text) = told(|situation| breaks(rule, situation));
        let expected = match rule {
            Rule::System => "sdb1 is mounted at /",
            Rule::Swap => "sdb1 is swap",
            Rule::Input => "it holds a.dmg, which is read; hint: copy what is read to another disk",
            Rule::NotADisk => "it is an optical drive",
            Rule::Hidden => "the system hides it as a part of another disk",
            Rule::Empty => "there is no medium in it; hint: put a card or stick in",
            Rule::ReadOnly => "it is read-only; hint: look for a small switch on the card or stick",
            Rule::Sector => "its sectors of 520 bytes are not supported",
            Rule::Fixed => {
                "it is neither removable nor external (ATA); \
                 hint: if this really is the disk to erase, add --allow-fixed"
            }
            Rule::Large => {
                "it has 512000000000 bytes, more than 256000000000; \
                 hint: if this really is the disk to erase, add --allow-large"
            }
            Rule::Small => {
                "it has 16008609792 bytes, and 20000000000 are needed; hint: take a larger disk"
            }
            Rule::Mounted => "sdb1 is mounted at /data; hint: unmount it first",
            Rule::Luks => {
                "sdb1 is open as the encrypted volume crypt; hint: take it out of use first"
            }
            Rule::Lvm => {
                "sdb1 is a part of the logical volume vg-root; hint: take it out of use first"
            }
            Rule::Raid => "sdb1 is a part of the RAID md0; hint: take it out of use first",
            Rule::Loop => "sdb1 is shown by the loop device loop3; hint: take it out of use first",
            Rule::Held => "sdb1 is a part of bcache0; hint: take it out of use first",
            Rule::Open => "sdb1 is open in process 99 (dd); hint: close what uses it first",
            Rule::Unnamed => {
                "neither its serial number nor its id was given; \
                 hint: give --device-serial or --device-id, as `lionize devices` prints them"
            }
            Rule::Serial => {
                "its serial number is 4C530001, not 0; \
                 hint: run `lionize devices` and look which disk is meant"
            }
            Rule::Id => {
                "its id is usb-SanDisk_Ultra_4C530001, not usb-0; \
                 hint: run `lionize devices` and look which disk is meant"
            }
            Rule::Twin => "/dev/sdc is called the same; hint: unplug one of the two",
        };
        assert_eq!((broken, text.as_str()), (rule, expected));
    }
}

#[test]
fn the_other_sentences_of_a_rule() {
    let kinds = [Kind::Floppy, Kind::Memory, Kind::Joined, Kind::Network, Kind::Board];
    let kinds = kinds.map(|kind| told(|s| s.disk.kind = kind).1);
    let expected = [
        "it is a floppy drive",
        "it is memory",
        "it is made of other disks",
        "it is on another computer",
        "it is a part of the computer's board",
    ];
    assert_eq!(kinds, expected);
    let help = "hint: take it out of use first";
    let rows = [
        (
            told(|s| s.disk.uses = by(How::Mapped("mpatha".into()))),
            format!("sdb1 is a part of the mapped device mpatha; {help}"),
        ),
        (
            told(|s| s.disk.uses = by(How::Member("btrfs".into()))),
            format!("sdb1 is a part of the mounted file system btrfs; {help}"),
        ),
        (
            told(|s| s.disk.uses = by(How::Busy)),
            "sdb1 is held by something that is not known; hint: close what uses it first".into(),
        ),
        (told(|s| s.disk.bytes += 1), "its 16008609793 bytes are not whole sectors of 512".into()),
        (
            told(|s| {
                s.disk.logical = 4096;
                s.ask.sector = Some(512);
            }),
            "its sectors have 4096 bytes, and the image's 512".into(),
        ),
        (
            told(|s| {
                s.disk.serial = None;
                s.ask.headless = named(Some("0"), None);
            }),
            "its serial number is not known; \
             hint: run `lionize devices` and look which disk is meant"
                .into(),
        ),
    ];
    for ((_, said), text) in rows {
        assert_eq!(said, text);
    }
}

#[test]
fn disks_and_buses_have_names() {
    assert_eq!(stick().title(), "SanDisk Ultra");
    let nameless = Disk { vendor: None, model: None, ..stick() };
    assert_eq!(nameless.title(), "a disk without a name");
    use Bus::{Ata, FireWire, Mmc, Nvme, Other, Scsi, Sd, Usb, Virtio};
    for bus in [Usb, FireWire, Sd, Mmc, Nvme, Ata, Scsi, Virtio, Other] {
        let expected = match bus {
            Usb => "USB",
            FireWire => "FireWire",
            Sd => "SD",
            Mmc => "eMMC",
            Nvme => "NVMe",
            Ata => "ATA",
            Scsi => "SCSI",
            Virtio => "virtio",
            Other => "no known bus",
        };
        assert_eq!(bus.to_string(), expected);
    }
}
