//! UDIF: the trailer, block tables and stored chunks.

use crate::targets::script::Script;
use lionize::block::{Map, ReadAt, bytes};
use lionize::format::udif::{Image, Section, write};
use plist::Value;
use std::sync::LazyLock;

/// An image taken apart: the stored chunks, the block tables and the trailer.
struct Seed {
    fork: Vec<u8>,
    tables: Vec<(String, Vec<u8>)>,
    koly: Vec<u8>,
}

static SEED: LazyLock<Seed> = LazyLock::new(seed);

fn seed() -> Seed {
    let mut disk = Map::new(3 << 19);
    disk.push(0, bytes(b"disk".repeat(3000)), None);
    disk.push(1 << 19, bytes((0..999_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>()), None);
    let sections = [Section::new("disk image", "Apple_HFS", 4096..1 << 20)];
    let mut file = Vec::new();
    write(&disk, &sections, 1, &mut file, &mut |_| {}).expect("memory takes all");
    let koly = file.split_off(file.len() - 512);
    let number = |at: usize| {
        let bytes = koly[at..at + 8].try_into().expect("eight bytes");
        usize::try_from(u64::from_be_bytes(bytes)).expect("a small file")
    };
    let xml = file.split_off(number(216));
    Seed { fork: file, tables: tables(&xml), koly }
}

fn tables(xml: &[u8]) -> Vec<(String, Vec<u8>)> {
    let list = Value::from_reader_xml(xml).expect("our own list");
    let key = |value: &Value, key: &str| value.as_dictionary().and_then(|d| d.get(key)).cloned();
    let blkx = key(&list, "resource-fork").and_then(|fork| key(&fork, "blkx"));
    let entries = blkx.and_then(Value::into_array).expect("our own list");
    let table = |entry: Value| {
        let name = key(&entry, "Name").and_then(Value::into_string).expect("a name");
        (name, key(&entry, "Data").and_then(Value::into_data).expect("data"))
    };
    entries.into_iter().map(table).collect()
}

/// Opens, reads and verifies; nothing else is wanted of hostile images.
fn use_up(data: Vec<u8>) {
    let Ok(image) = Image::open(bytes(data)) else { return };
    // A small file may hold petabytes of zeros: a part of them will do.
    let mut buf = vec![0; 1 << 16];
    for at in (0..image.len()).step_by(buf.len()).take(64) {
        let len = usize::try_from(image.len() - at).unwrap_or(buf.len()).min(buf.len());
        let _ = image.read_at(at, &mut buf[..len]);
    }
    let _ = image.verify(1, &|_| {});
}

/// The first byte: bit 0 takes the rest as a file; else it is a script for the
/// seed, and bits 1 and 2 keep the offset and length of the list right.
pub(super) fn udif(data: &[u8]) {
    let mut script = Script::new(data);
    let how = script.byte();
    if how & 1 == 1 {
        use_up(script.rest().to_vec());
        return;
    }
    let mut joined: Vec<u8> = SEED.koly.clone();
    joined.extend(SEED.tables.iter().flat_map(|(_, table)| table));
    joined.extend(&SEED.fork);
    let whole = 0..joined.len();
    script.edit(&mut joined, std::slice::from_ref(&whole));
    use_up(assemble(&joined, how));
}

fn assemble(joined: &[u8], how: u8) -> Vec<u8> {
    let (koly, mut rest) = joined.split_at(512);
    let mut entries = Vec::new();
    for (name, table) in &SEED.tables {
        let (data, behind) = rest.split_at(table.len());
        rest = behind;
        let mut entry = plist::Dictionary::new();
        entry.insert("Name".into(), Value::String(name.clone()));
        entry.insert("Data".into(), Value::Data(data.to_vec()));
        entries.push(Value::Dictionary(entry));
    }
    let mut fork = plist::Dictionary::new();
    fork.insert("blkx".into(), Value::Array(entries));
    let mut list = plist::Dictionary::new();
    list.insert("resource-fork".into(), Value::Dictionary(fork));
    let mut xml = Vec::new();
    Value::Dictionary(list).to_writer_xml(&mut xml).expect("memory takes all");
    let (mut file, mut koly) = (rest.to_vec(), koly.to_vec());
    if how & 2 == 0 {
        koly[216..224].copy_from_slice(&(file.len() as u64).to_be_bytes());
    }
    if how & 4 == 0 {
        koly[224..232].copy_from_slice(&(xml.len() as u64).to_be_bytes());
    }
    file.extend(xml);
    file.extend(koly);
    file
}
