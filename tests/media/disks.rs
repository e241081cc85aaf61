//! Finished disks before the programs of other authors: tables and EFI partition.

use crate::support::image::{extract, temp, write_sparse};
use crate::support::judge::judge;
use lionize::block::{Map, ReadAt, bytes, read_vec};
use lionize::format::gpt::Guid;
use lionize::media::{Ids, Image, Layout, Media, PartContent, Target, lay_out};
use lionize::volume::fat::File;
use lionize::volume::hfsplus::{Params, Size, lay_out as volume};
use lionize::volume::{Case, Name, Tree};
use std::path::Path;
use std::sync::Arc;

const BOOT: &str = "EFI/BOOT/BOOTX64.EFI";
const LONG: &str = "EFI/OC/A rather long name, with dots.and spaces.plist";

fn files() -> Vec<File> {
    let file = |path: &str, len: usize| {
        let data: Vec<u8> = (0..len).map(|n| u8::try_from(n % 251).unwrap()).collect();
        File { path: path.into(), source: bytes(data) }
    };
    vec![file(BOOT, 70_001), file(LONG, 5), file("EFI/OC/Empty", 0)]
}

fn disk(sector: u32, efi_files: Vec<File>) -> Image {
    let tree = Tree::new(Name::from_text("Install"), Case::Folded, 1);
    let params = Params { sector, ..Params::new(Size::Fit { free: 1 << 20 }, 1) };
    let laid = volume(&Arc::new(tree), &params).unwrap();
    let media = Media {
        layout: Layout::Standard,
        label: "Install".into(),
        efi_files,
        ids: Ids::derive(b"a plan"),
        date: 1_350_000_000,
        volume: PartContent { map: laid.map, headers: laid.headers },
    };
    lay_out(&media, Target { sector, len: None }).unwrap()
}

/// Writes the disk and cuts its EFI partition out.
fn written(image: &Image, dir: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (disk, efi) = (dir.join("disk.img"), dir.join("efi.img"));
    write_sparse(&disk, &image.map);
    let part = image.parts.iter().find(|part| part.kind == Guid::EFI_SYSTEM).unwrap();
    extract(&disk, part.range.clone(), &efi);
    (disk, efi)
}

#[test]
fn the_efi_partition_is_sound_for_fsck_and_mtools() {
    for sector in [512, 4096] {
        for efi_files in [Vec::new(), files()] {
            let dir = temp();
            let (_, efi) = written(&disk(sector, efi_files.clone()), dir.path());
            if let Some(fsck) = judge("fsck.fat") {
                let said = fsck.run(["-n".as_ref(), "-v".as_ref(), efi.as_os_str()]).ok().text();
                assert!(said.contains("2 FATs, 32 bit entries"), "{said}");
            }
            let Some(mtype) = judge("mtype") else { continue };
            for file in &efi_files {
                let path = format!("::/{}", file.path);
                let args = ["-i".as_ref(), efi.as_os_str(), path.as_ref()];
                let len = usize::try_from(file.source.len()).unwrap();
                assert_eq!(mtype.run(args).ok().out, read_vec(&*file.source, 0, len).unwrap());
            }
        }
    }
}

#[test]
fn the_partition_table_is_as_disk_utility_makes_it() {
    let dir = temp();
    let (disk, _) = written(&disk(512, Vec::new()), dir.path());
    if let Some(sgdisk) = judge("sgdisk") {
        let said = sgdisk.run(["-v".as_ref(), disk.as_os_str()]).ok().text();
        assert!(said.contains("No problems found"), "{said}");
    }
    let Some(mmls) = judge("mmls") else { return };
    let said = mmls.run([disk.as_os_str()]).ok().text();
    let line = |name: &str| said.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("EFI System Partition").contains("0000000040   0000409639"), "{said}");
    assert!(line("Install").contains("0000409640"), "{said}");
}

/// A disk with sectors of 4096 bytes: the gpt crate, which is told the size.
#[test]
fn the_table_of_large_sectors_is_read_by_another_program() {
    let dir = temp();
    let image = disk(4096, Vec::new());
    let (path, _) = written(&image, dir.path());
    let config = gpt::GptConfig::new().writable(false);
    let config = config.logical_block_size(gpt::disk::LogicalBlockSize::Lb4096);
    let table = config.open(&path).unwrap();
    let parts: Vec<_> = table.partitions().values().filter(|part| part.is_used()).collect();
    let range = |n: usize| parts[n].first_lba * 4096..(parts[n].last_lba + 1) * 4096;
    assert_eq!(parts.len(), 2);
    assert_eq!((range(0), range(1)), (image.parts[0].range.clone(), image.parts[1].range.clone()));
    assert!(table.backup_header().is_ok() && table.primary_header().is_ok());
}

#[test]
fn the_same_media_are_the_same_bytes() {
    let whole = |map: &Map| {
        let head = 300_usize << 20;
        read_vec(map, 0, head.min(usize::try_from(map.len()).unwrap())).unwrap()
    };
    let (one, mut other) = (disk(512, files()), files());
    other.reverse();
    assert!(whole(&one.map) == whole(&disk(512, other).map), "the order of files does not matter");
}
