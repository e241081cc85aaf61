//! Partition tables that others made, read by us; and ours, read by others.

use crate::support::fshfs;
use crate::support::image::{extract, open, real, temp, write_sparse};
use crate::support::judge::judge;
use crate::support::loops::{Loop, without};
use lionize::block::{Map, read_vec};
use lionize::format::partition::{Kind, Part, partitions};
use lionize::format::{apm, gpt, mbr, udif};
use lionize::media::{Ids, Layout, Media, PartContent, Target, lay_out};
use lionize::source::sample;
use lionize::volume::hfsplus::{Params, Size, Volume, lay_out as volume};
use lionize::volume::{Body, Case, Name, Tree, VPath};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// What a table says of one partition: number, first and last byte, name.
type Line = (u32, u64, u64, String);

fn empty(path: &Path, len: u64) {
    File::create(path).unwrap().set_len(len).unwrap();
}

fn ours(parts: &[Part]) -> Vec<Line> {
    let line = |p: &Part| (p.index, p.range.start, p.range.end - 1, p.name.clone());
    parts.iter().map(line).collect()
}

/// The partitions that mmls sees, numbered as its slots are, from 1.
fn mmls(disk: &Path, kind: &str) -> Option<Vec<Line>> {
    let said = judge("mmls")?.run(["-t".as_ref(), kind.as_ref(), disk.as_os_str()]).ok();
    let text = String::from_utf8(said.out).unwrap();
    let units = text.lines().find_map(|line| line.strip_prefix("Units are in ")).unwrap();
    let unit: u64 = units.split('-').next().unwrap().parse().unwrap();
    Some(text.lines().filter_map(|line| mmls_line(line, unit)).collect())
}

fn mmls_line(line: &str, unit: u64) -> Option<Line> {
    let mut words = line.split_whitespace().skip(1);
    let slot = words.next()?;
    // In a master boot record `table:slot`; tables of extended ones follow.
    let slot: u32 = match slot.split_once(':') {
        Some((table, slot)) => 10 * table.parse::<u32>().ok()? + slot.parse::<u32>().ok()?,
        None => slot.parse().ok()?,
    };
    let (first, last): (u64, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    // Name and type stand behind the length, in a column of ten digits.
    let name = line.get(55..).unwrap_or_default().trim().to_owned();
    Some((slot + 1, first * unit, (last + 1) * unit - 1, name))
}

/// What sgdisk knows of a partition.
fn sgdisk_entry(disk: &Path, index: u32) -> Option<(u64, u64, String, String)> {
    let option = format!("-i{index}");
    let said = judge("sgdisk")?.run([option.as_ref(), disk.as_os_str()]).ok().text();
    let field = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    let number = |name: &str| field(name).parse().unwrap();
    let (kind, id) = (field("Partition GUID code:"), field("Partition unique GUID:"));
    Some((number("First sector:"), number("Last sector:"), kind, id))
}

/// Writes a few bytes over those of a file.
fn damage(path: &Path, at: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&[0xff; 64], at).unwrap();
}

#[test]
fn a_table_of_sgdisk_is_read_from_either_copy() {
    let Some(sgdisk) = judge("sgdisk") else { return };
    let dir = temp();
    let disk = dir.path().join("disk.img");
    empty(&disk, 64 << 20);
    let long = "36 units, which is all that an entry";
    let options = [
        "-a1",
        "-n1:40:4135",
        "-t1:EF00",
        "-c1:EFI System Partition",
        "-n2:4136:20000",
        "-t2:AF00",
        "-c2:Straße 東京 🍏",
        "-n5:20480:+10M",
        "-t5:8300",
        "-n7:60000:60000",
        "-t7:AF05",
        &format!("-c7:{long}"),
        "-A1:set:63",
    ];
    sgdisk.run(options.iter().map(AsRef::as_ref).chain([disk.as_os_str()])).ok();
    let whole = gpt::read(&*open(&disk)).unwrap().unwrap();
    assert_eq!(whole.entries.iter().map(|e| e.index).collect::<Vec<_>>(), [1, 2, 5, 7]);
    for entry in &whole.entries {
        let Some(said) = sgdisk_entry(&disk, entry.index) else { return };
        let known = (entry.first, entry.last, entry.kind.to_string(), entry.id.to_string());
        assert_eq!(known, said);
    }
    assert_eq!(whole.entries[0].attributes, 1 << 63);
    let listed = ours(&partitions(&open(&disk)).unwrap());
    assert_eq!(listed[1].3, "Straße 東京 🍏");
    assert_eq!(listed[3].3, long);
    if let Some(lines) = mmls(&disk, "gpt") {
        assert_eq!(listed, lines);
    }
    for (what, at) in [("the primary header", 512), ("the primary entries", 1024)] {
        damage(&disk, at);
        let backup = gpt::read(&*open(&disk)).unwrap().unwrap();
        assert!(backup.backup, "{what}");
        assert_eq!((&backup.entries, backup.disk), (&whole.entries, whole.disk), "{what}");
        assert_eq!(ours(&partitions(&open(&disk)).unwrap()), listed, "{what}");
        let said = sgdisk.run(["-p".as_ref(), disk.as_os_str()]).text();
        assert!(said.contains("EFI System Partition"), "{said}");
    }
    damage(&disk, (64 << 20) - 512 + 16);
    assert!(partitions(&open(&disk)).is_err(), "both copies are broken");
}

#[test]
fn boot_records_of_parted_and_sfdisk_are_read_with_logical_partitions() {
    let dir = temp();
    let disk = dir.path().join("disk.img");
    if let Some(parted) = judge("parted") {
        empty(&disk, 64 << 20);
        let words = "mklabel msdos mkpart primary hfs+ 1MiB 10MiB mkpart extended 12MiB 60MiB \
                     mkpart logical fat32 13MiB 20MiB mkpart logical ext4 22MiB 40MiB set 1 boot on";
        let args = ["-s", disk.to_str().unwrap()].into_iter().chain(words.split_whitespace());
        parted.run(args).ok();
        let said = parted.run(["-ms", disk.to_str().unwrap(), "unit", "s", "print"]).ok();
        let text = String::from_utf8(said.out).unwrap();
        let lines: Vec<_> = text.lines().filter_map(parted_line).collect();
        // The extended partition is a place for others, no partition of its own.
        let lines: Vec<_> = lines.into_iter().filter(|line| line.0 != 2).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(ours(&partitions(&open(&disk)).unwrap()), lines);
        let found = mbr::read(&*open(&disk), 512).unwrap().unwrap();
        let kinds: Vec<_> = found.iter().map(|p| (p.kind, p.active)).collect();
        assert_eq!(kinds, [(0xaf, true), (0x0c, false), (0x83, false)]);
        agrees_with_mmls(&disk);
    }
    let Some(sfdisk) = judge("sfdisk") else { return };
    empty(&disk, 64 << 20);
    let script = dir.path().join("script");
    std::fs::write(
        &script,
        "label: dos\nstart=2048, size=8192, type=af, bootable\nstart=16384, size=65536, type=5\n\
         start=18432, size=4096, type=b\nstart=24576, size=4096, type=83\nstart=32768, size=1, \
         type=ab\n",
    )
    .unwrap();
    let shell = "exec \"$0\" -q --no-reread \"$1\" < \"$2\"";
    let program = crate::support::judge::find("sfdisk").unwrap();
    let args =
        ["-c".as_ref(), shell.as_ref(), program.as_os_str(), disk.as_os_str(), script.as_os_str()];
    judge("sh").unwrap().run(args).ok();
    let said = sfdisk.run(["-d".as_ref(), disk.as_os_str()]).ok().text();
    let lines: Vec<_> = said.lines().filter_map(sfdisk_line).filter(|line| line.0 != 2).collect();
    assert_eq!(lines.len(), 4, "{said}");
    let parts = partitions(&open(&disk)).unwrap();
    let kind = |p: &Part| match p.kind {
        Kind::Mbr(kind) => kind,
        _ => 0,
    };
    let found: Vec<_> =
        parts.iter().map(|p| (p.index, p.range.start, p.range.end - 1, kind(p))).collect();
    assert_eq!(found, lines);
    agrees_with_mmls(&disk);
}

/// Slots have other numbers there, so the places are compared.
fn agrees_with_mmls(disk: &Path) {
    let Some(lines) = mmls(disk, "dos") else { return };
    let places: Vec<_> = lines.iter().map(|line| (line.1, line.2)).collect();
    for (_, first, last, _) in ours(&partitions(&open(disk)).unwrap()) {
        assert!(places.contains(&(first, last)), "{first}..={last} is not in {lines:?}");
    }
}

/// `1:2048s:20479s:18432s:::boot;`
fn parted_line(line: &str) -> Option<Line> {
    let mut fields = line.split(':');
    let index = fields.next()?.parse().ok()?;
    let mut sector = || fields.next()?.strip_suffix('s')?.parse::<u64>().ok();
    let (first, last) = (sector()?, sector()?);
    Some((index, first * 512, (last + 1) * 512 - 1, String::new()))
}

/// `disk.img5 : start=  18432, size=   4096, type=b`
fn sfdisk_line(line: &str) -> Option<(u32, u64, u64, u8)> {
    let (name, facts) = line.split_once(" : ")?;
    let index = name.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    let fact = |name: &str| {
        let rest = facts.split(',').find_map(|fact| fact.trim().strip_prefix(name))?;
        Some(rest.trim().to_owned())
    };
    let first = fact("start=")?.parse::<u64>().ok()?;
    let size = fact("size=")?.parse::<u64>().ok()?;
    let kind = u8::from_str_radix(&fact("type=")?, 16).ok()?;
    Some((index, first * 512, (first + size) * 512 - 1, kind))
}

#[test]
fn our_apple_maps_are_read_by_mmls_and_7zip() {
    let part = |name, kind, first, count| apm::NewPart { name, kind, first, count };
    let maps: [&[apm::NewPart<'_>]; 3] = [
        &[part("disk image", "Apple_HFS", 64, 1000)],
        &[
            part("Macintosh", "Apple_Driver_ATAPI", 64, 8),
            part("Mac OS X Install ESD", "Apple_HFS", 72, 500),
            part("Extra", "Apple_Free", 572, 3524),
        ],
        &[
            part("one", "Apple_HFS", 64, 1),
            part("two", "Apple_UFS", 65, 1),
            part("a name that is 32 bytes long....", "Apple_HFSX", 70, 9),
        ],
    ];
    for parts in maps {
        let dir = temp();
        let disk = dir.path().join("disk.img");
        empty(&disk, 4096 * 512);
        let tables = apm::tables(4096, parts).unwrap();
        File::options().write(true).open(&disk).unwrap().write_all_at(&tables, 0).unwrap();
        apple_map_agrees(&disk);
    }
}

/// All entries of an Apple map as mmls and 7-Zip list them.
fn apple_map_agrees(disk: &Path) {
    let map = apm::read(&*open(disk)).unwrap().unwrap();
    if let Some(lines) = mmls(disk, "mac") {
        // mmls shows types instead of names, free space and the map among them.
        let lines: Vec<_> = lines.into_iter().map(|line| (line.1, line.2, line.3)).collect();
        for entry in map.entries.iter().filter(|entry| entry.is_used()) {
            let range = entry.range(map.unit);
            let line = (range.start, range.end - 1, entry.kind.clone());
            assert!(lines.contains(&line), "{line:?} is not in {lines:?}");
        }
    }
    let Some(zip) = judge("7zz") else { return };
    let said = zip.run(["l".as_ref(), "-slt".as_ref(), "-tAPM".as_ref(), disk.as_os_str()]).text();
    for entry in map.entries.iter().filter(|entry| entry.is_used()) {
        let range = entry.range(map.unit);
        let (size, offset) = (range.end - range.start, range.start);
        let block =
            said.split("\n\n").find(|block| block.contains(&format!("Offset = {offset}\n")));
        let block = block.unwrap_or_else(|| panic!("no partition at {offset}: {said}"));
        assert!(block.contains(&format!("\nSize = {size}\n")), "{block}");
        assert!(block.contains(&entry.name), "{block}");
    }
}

/// The sample that the demo makes has the map of Apple's installers.
#[test]
fn the_samples_map_is_read_by_mmls_and_7zip() {
    let dir = temp();
    let dmg = dir.path().join("InstallESD.dmg");
    let mut file = File::create(&dmg).unwrap();
    sample::write_installer(&mut file, 2).unwrap();
    let disk = dir.path().join("disk.img");
    write_sparse(&disk, &udif::Image::open(open(&dmg)).unwrap());
    apple_map_agrees(&disk);
}

#[test]
fn tables_of_apples_images_are_listed_as_mmls_lists_them() {
    let Some(real) = real() else { return };
    let mut maps = Vec::new();
    for entry in std::fs::read_dir(real).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "dmg") {
            continue;
        }
        let dir = temp();
        let disk = dir.path().join("disk.img");
        write_sparse(&disk, &udif::Image::open(open(&path)).unwrap());
        let Ok(parts) = partitions(&open(&disk)) else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let kind = match parts[0].kind {
            Kind::Gpt(_) => "gpt",
            Kind::Apm(_) => "mac",
            Kind::Mbr(_) => "dos",
            Kind::Bare => continue,
        };
        if kind == "mac" {
            apple_map_agrees(&disk);
        } else if let Some(lines) = mmls(&disk, kind) {
            let places = |lines: &[Line]| lines.iter().map(|l| (l.1, l.2)).collect::<Vec<_>>();
            assert_eq!(places(&ours(&parts)), places(&lines), "{name}");
        }
        maps.push((name, kind));
    }
    println!("compared: {maps:?}");
    if !maps.iter().any(|(_, kind)| *kind == "mac") {
        println!("not judged: none of these images has an Apple partition map");
    }
}

/// Files for a disc, and the disc that xorriso makes of them.
fn disc(dir: &Path, options: &[&str]) -> Option<std::path::PathBuf> {
    let xorriso = judge("xorriso")?;
    let (from, disc) = (dir.join("files"), dir.join("disc.iso"));
    let services = from.join("System/Library/CoreServices");
    std::fs::create_dir_all(&services).unwrap();
    let boot: Vec<u8> =
        (0..70_000_u64).map(|n| u8::try_from(n % 1021 * n % 251).unwrap()).collect();
    std::fs::write(services.join("boot.efi"), boot).unwrap();
    std::fs::write(from.join("readme.txt"), "hello\n").unwrap();
    std::fs::write(from.join("efi.img"), vec![0; 1 << 20]).unwrap();
    let base = "-as mkisofs -quiet -V HYBRID -hfsplus -hfs-bless-by p /System/Library/CoreServices";
    let args = base.split_whitespace().chain(options.iter().copied());
    let (to, from) = (disc.to_str().unwrap(), from.to_str().unwrap());
    xorriso.run(args.chain(["-o", to, from])).ok();
    Some(disc)
}

#[test]
fn hybrid_discs_of_xorriso_are_read() {
    let efi = ["-e", "efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat", "-isohybrid-apm-hfsplus"];
    let forms: [&[&str]; 4] = [
        &[],
        &["-apm-block-size", "512"],
        &efi,
        &["-e", "efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat", "--protective-msdos-label"],
    ];
    for options in forms {
        let dir = temp();
        let Some(disc) = disc(dir.path(), options) else { return };
        let parts = partitions(&open(&disc)).unwrap();
        let part = parts.iter().find(|part| part.is_hfs_plus());
        let part = part.unwrap_or_else(|| panic!("{options:?}: no HFS+ in {parts:?}"));
        let cut = dir.path().join("cut.hfs");
        extract(&disc, part.range.clone(), &cut);
        disc_files_agree(&cut, dir.path(), options);
    }
}

/// What 7-Zip and libfshfs see in the volume is what we see.
fn disc_files_agree(cut: &Path, dir: &Path, options: &[&str]) {
    let tree = Volume::open(open(cut)).unwrap().tree().unwrap();
    let expected = ["readme.txt", "System/Library/CoreServices/boot.efi", "efi.img"];
    if let Some(zip) = judge("7zz") {
        let to = dir.join("unpacked");
        let option = format!("-o{}", to.display());
        let args =
            ["x".as_ref(), "-y".as_ref(), "-thfs".as_ref(), option.as_ref(), cut.as_os_str()];
        // It warns that the disc ends before its volume's size in some forms.
        let said = zip.run(args).text();
        for path in expected {
            let node = tree.lookup(&VPath::parse(path).unwrap());
            let node = tree.node(node.unwrap_or_else(|| panic!("{options:?}: no {path}")));
            let Body::File { data, .. } = &node.body else { panic!("{path}") };
            let ours = read_vec(&**data, 0, usize::try_from(data.len()).unwrap()).unwrap();
            let theirs = std::fs::read(to.join("HYBRID").join(path));
            let theirs = theirs.or_else(|_| std::fs::read(to.join(path)));
            let theirs = theirs.unwrap_or_else(|_| panic!("{options:?}: {path}: {said}"));
            assert!(ours == theirs, "{options:?}: {path}");
        }
    }
    let Some(listed) = fshfs::list(&[(cut, 0)]) else { return };
    assert_eq!(listed[0].error, None, "{options:?}");
    assert!(listed[0].entries.len() > expected.len(), "{options:?}");
}

fn media(sector: u32) -> Map {
    let tree = Tree::new(Name::from_text("Install"), Case::Folded, 1);
    let params = Params { sector, ..Params::new(Size::Fit { free: 1 << 20 }, 1) };
    let laid = volume(&Arc::new(tree), &params).unwrap();
    let media = Media {
        layout: Layout::Standard,
        label: "Install".into(),
        efi_files: Vec::new(),
        ids: Ids::derive(b"a plan"),
        date: 1_350_000_000,
        volume: PartContent { map: laid.map, headers: laid.headers },
    };
    lay_out(&media, Target { sector, len: None }).unwrap().map
}

/// A disk of 4096-byte sectors as the kernel and its tools see it.
#[test]
fn large_sectors_are_seen_through_a_loop_device() {
    let dir = temp();
    let disk = dir.path().join("disk.img");
    write_sparse(&disk, &media(4096));
    let device = match Loop::new(&disk, 4096) {
        Ok(device) => device,
        Err(why) => return without(&why),
    };
    let path = device.path();
    let parts = partitions(&open(&disk)).unwrap();
    if let Some(sgdisk) = judge("sgdisk") {
        let said = sgdisk.run(["-v".as_ref(), path.as_os_str()]).ok().text();
        assert!(said.contains("No problems found"), "{said}");
        let said = sgdisk.run(["-p".as_ref(), path.as_os_str()]).ok().text();
        assert!(said.contains("4096"), "{said}");
        for part in &parts {
            let (first, last, kind, _) = sgdisk_entry(path, part.index).unwrap();
            assert_eq!((first * 4096, (last + 1) * 4096), (part.range.start, part.range.end));
            let Kind::Gpt(own) = part.kind else { panic!("{:?}", part.kind) };
            assert_eq!(kind, own.to_string());
        }
    }
    if let Some(blkid) = judge("blkid") {
        let said = blkid.run(["-p".as_ref(), path.as_os_str()]).ok().text();
        assert!(said.contains("PTTYPE=\"gpt\""), "{said}");
        let hfs = &parts[1].range;
        let (start, len) = (hfs.start.to_string(), (hfs.end - hfs.start).to_string());
        let args = ["-p", "-O", &start, "-S", &len, path.to_str().unwrap()];
        let said = blkid.run(args).ok().text();
        assert!(said.contains("TYPE=\"hfsplus\"") && said.contains("LABEL=\"Install\""), "{said}");
        let efi = &parts[0].range;
        let (start, len) = (efi.start.to_string(), (efi.end - efi.start).to_string());
        let said = blkid.run(["-p", "-O", &start, "-S", &len, path.to_str().unwrap()]).ok().text();
        assert!(said.contains("TYPE=\"vfat\""), "{said}");
    }
    if let Some(lsblk) = judge("lsblk") {
        let args = ["-b", "-d", "-n", "-o", "LOG-SEC,SIZE", path.to_str().unwrap()];
        let said = lsblk.run(args).ok().text();
        let size = std::fs::metadata(&disk).unwrap().len().to_string();
        assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["4096", &size]);
    }
}
