//! A real start: OVMF, a foreign HFS+ reader, and `boot.efi` on our stick.

use crate::support::boot::{Loader, Machine};
use crate::support::guest::Guest;
use crate::support::image::{open, temp, write_sparse};
use crate::support::judge::judge;
use lionize::block::Map;
use lionize::media::{self, Ids, Layout, Media, PartContent, Target};
use lionize::source::sample::{MARKER, boot_program};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A disk of ours around a volume that the Linux driver filled.
fn stick(dir: &Path, guest: &Guest, with_boot: bool) -> Option<PathBuf> {
    let (volume, disk) = (dir.join("volume.img"), dir.join("disk.img"));
    write_sparse(&volume, &Map::new(32 << 20));
    judge("mkfs.hfsplus")?.run([volume.as_os_str()]).ok();
    let mut script = "mount -t hfsplus /dev/vda /mnt && cd /mnt && mkdir -p \
        System/Library/CoreServices && cd System/Library/CoreServices && echo x >x"
        .to_owned();
    if with_boot {
        script += " && cp /job/boot.efi boot.efi && judge bless boot.efi";
    }
    script += " && cd / && umount /mnt";
    guest.run(&script, &[("boot.efi", &boot_program())], &[&volume], Duration::from_secs(120)).ok();
    let media = Media {
        layout: Layout::Standard,
        label: "Driver's".into(),
        efi_files: Vec::new(),
        ids: Ids::derive(b"boot test"),
        date: 0,
        volume: PartContent::verbatim(open(&volume), None),
    };
    let image = media::lay_out(&media, Target { sector: 512, len: None }).unwrap();
    write_sparse(&disk, &image.map);
    Some(disk)
}

/// The harness itself, and a verbatim restore: the volume is not of our making.
#[test]
fn a_restored_volume_starts_and_an_empty_one_does_not() {
    let (Some(refind), Some(grub), Some(guest)) =
        (Machine::new(Loader::Refind), Machine::new(Loader::Grub), Guest::find())
    else {
        return;
    };
    let dir = temp();
    let Some(disk) = stick(dir.path(), &guest, true) else { return };
    assert!(refind.starts(&disk, MARKER), "rEFInd");
    assert!(grub.starts(&disk, MARKER), "GRUB");
    let Some(disk) = stick(dir.path(), &guest, false) else { return };
    assert!(!refind.starts(&disk, MARKER), "rEFInd without boot.efi");
    assert!(!grub.starts(&disk, MARKER), "GRUB without boot.efi");
}
