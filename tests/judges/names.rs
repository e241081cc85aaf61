//! Names: folded and ordered as the Linux driver does, decomposed as Unicode 3.2 does.

use crate::support::guest::Guest;
use crate::support::image::{temp, write_sparse};
use crate::support::judge::judge;
use lionize::block::Map;
use lionize::volume::{Case, Name};
use std::fmt::Write;
use std::time::Duration;

/// What a unit that user space names is stored as: these two change places
/// with units that a path cannot hold.
fn stored(unit: u16) -> u16 {
    match unit {
        0x3a => 0x2f,
        0x2400 => 0,
        other => other,
    }
}

/// What `judge units` says when the driver agrees with our comparison.
fn expected() -> String {
    let name = |unit: u16| [0x78, stored(unit)];
    let compare = |a: &u16, b: &u16| Case::Folded.compare(&name(*a), &name(*b));
    let nameable = (1..=u16::MAX).filter(|u| *u != 0x2f && !(0xd800..0xe000).contains(u));
    let (mut held, mut text) = (Vec::<u16>::new(), String::new());
    for unit in nameable {
        match held.binary_search_by(|other| compare(other, &unit)) {
            Ok(_) => writeln!(text, "no {unit:04x} E17").unwrap(),
            Err(at) => held.insert(at, unit),
        }
    }
    for unit in held {
        writeln!(text, "in {unit:04x}").unwrap();
    }
    text
}

/// A file for each unit: which names are the same, and in which order they are.
///
/// The units that user space cannot name here (surrogates) are judged by
/// Apple's checker, on a volume of ours.
#[test]
fn every_unit_folds_and_sorts_as_the_driver_has_it() {
    let (Some(mkfs), Some(guest)) = (judge("mkfs.hfsplus"), Guest::find()) else { return };
    let dir = temp();
    let volume = dir.path().join("units.img");
    write_sparse(&volume, &Map::new(256 << 20));
    mkfs.run([volume.as_os_str()]).ok();
    let script = "mount -t hfsplus -o nodecompose,nls=utf8 /dev/vda /mnt \
        && judge units /mnt && umount /mnt";
    let said = guest.run(script, &[], &[&volume], Duration::from_secs(300)).ok().text();
    let ours = expected();
    let differ = ours.lines().zip(said.lines()).find(|(ours, driver)| ours != driver);
    assert_eq!(differ, None, "ours, and the driver's");
    assert_eq!(ours.lines().count(), said.lines().count());
    assert_eq!(ours.lines().count(), 65_535 - 1 - 2_048);
}

/// Python's own table of Unicode 3.2, whose version macOS froze. (The driver's
/// decomposition is that of TN1150, an older one: it is not asked.)
const SPELL: &str = "
import unicodedata
kept = lambda u: 0x2000 <= u <= 0x2fff or 0xf900 <= u <= 0xfaff
for u in range(0xd800):
    c = chr(u)
    print(c.encode('utf-16-be').hex(), end=' ')
    print((c if kept(u) else unicodedata.ucd_3_2_0.normalize('NFD', c)).encode('utf-16-be').hex())
for u in list(range(0xe000, 0x10000)) + list(range(0x10000, 0x30000, 7)):
    c = chr(u)
    print(c.encode('utf-16-be').hex(), end=' ')
    print((c if kept(u) or 0x2f800 <= u <= 0x2faff
        else unicodedata.ucd_3_2_0.normalize('NFD', c)).encode('utf-16-be').hex())
";

fn units(hex: &str) -> Vec<u16> {
    let digits = |at: usize| u16::from_str_radix(&hex[at..at + 4], 16).unwrap();
    (0..hex.len()).step_by(4).map(digits).collect()
}

#[test]
fn every_character_is_decomposed_by_unicode_3_2() {
    let Some(python) = judge("python3") else { return };
    let said = python.run(["-c", SPELL]).ok().text();
    let mut count = 0;
    for line in said.lines() {
        let (whole, apart) = line.split_once(' ').unwrap();
        let text = String::from_utf16(&units(whole)).unwrap();
        // On the way in `/` and `:` change places, which is not asked here.
        if text != "/" && text != ":" {
            assert_eq!(Name::from_text(&text).units(), units(apart), "{whole}");
        }
        count += 1;
    }
    assert_eq!(count, 0xd800 + 0x2000 + 0x20000_usize.div_ceil(7));
}
