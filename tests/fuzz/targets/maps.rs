//! Partition tables.

use crate::targets::script::Script;
use lionize::block::{bytes, read_vec};
use lionize::format::{apm, gpt, mbr, partition};
use std::sync::LazyLock;

const SECTORS: u64 = 256;

static GPT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let entry = |index: u32, first, last| gpt::Entry {
        index,
        kind: gpt::Guid::HFS_PLUS,
        id: gpt::Guid::derive(b"seed", "entry"),
        name: "Install".into(),
        first,
        last,
        attributes: 0,
    };
    let entries = [entry(1, 40, 99), entry(2, 100, 200)];
    let disk = gpt::Guid::derive(b"seed", "disk");
    let tables = gpt::tables(512, SECTORS, disk, &entries).expect("a valid table");
    let mut image = tables.protective;
    image.extend(tables.primary);
    image.resize(usize::try_from(tables.backup_at).expect("small"), 0);
    image.extend(tables.backup);
    image
});

static APM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let part = apm::NewPart { name: "disk image", kind: "Apple_HFS", first: 64, count: 100 };
    let mut image = apm::tables(256, &[part]).expect("a valid map");
    image.resize(256 * 512, 0);
    image
});

fn use_up(image: Vec<u8>) {
    let disk = bytes(image);
    let _ = gpt::read(&*disk);
    let _ = apm::read(&*disk);
    let _ = mbr::read(&*disk, 512);
    let _ = mbr::read(&*disk, 4096);
    let Ok(parts) = partition::partitions(&disk) else { return };
    for part in parts {
        if let Ok(part) = part.open(&disk) {
            let len = usize::try_from(part.len()).unwrap_or(usize::MAX).min(512);
            let _ = read_vec(&*part, 0, len);
        }
    }
}

/// Bit 0 of the first byte takes the rest as a disk; bit 1 puts the CRCs right.
pub(super) fn gpt(data: &[u8]) {
    let mut script = Script::new(data);
    let how = script.byte();
    if how & 1 == 1 {
        use_up(script.rest().to_vec());
        return;
    }
    let mut image = GPT.clone();
    let table = 0..34 * 512;
    let backup = image.len() - 33 * 512..image.len();
    script.edit(&mut image, &[table, backup]);
    if how & 2 == 2 {
        sum_up(&mut image, 512);
        let last = image.len() - 512;
        sum_up(&mut image, last);
    }
    use_up(image);
}

/// The CRCs of the header at `at`, and of the entries where it says they are.
fn sum_up(image: &mut [u8], at: usize) {
    let number = |at: usize, len: usize| {
        image[at..at + len].iter().rev().fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
    };
    let (start, count, size) = (number(at + 72, 8), number(at + 80, 4), number(at + 84, 4));
    let range = || {
        let start = usize::try_from(start.checked_mul(512)?).ok()?;
        let len = usize::try_from(count.checked_mul(size)?).ok()?;
        image.get(start..start.checked_add(len)?)
    };
    if let Some(entries) = range() {
        let crc = crc32fast::hash(entries);
        image[at + 88..at + 92].copy_from_slice(&crc.to_le_bytes());
    }
    let len = usize::try_from(u32::from_le_bytes([
        image[at + 12],
        image[at + 13],
        image[at + 14],
        image[at + 15],
    ]));
    image[at + 16..at + 20].fill(0);
    let end = at + len.unwrap_or(92).clamp(20, 512);
    let crc = crc32fast::hash(&image[at..end.min(image.len())]);
    image[at + 16..at + 20].copy_from_slice(&crc.to_le_bytes());
}

/// Bit 0 of the first byte takes the rest as a disk.
pub(super) fn apm(data: &[u8]) {
    let mut script = Script::new(data);
    if script.byte() & 1 == 1 {
        use_up(script.rest().to_vec());
        return;
    }
    let mut image = APM.clone();
    let map = 0..8 * 512;
    script.edit(&mut image, std::slice::from_ref(&map));
    use_up(image);
}
