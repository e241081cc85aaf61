use super::*;
use crate::format::{apm, gpt};

/// A head of zeros with some bytes put in.
fn head(puts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut head = vec![0; HEAD];
    for (at, bytes) in puts {
        head[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    head
}

fn format_of(bytes: &[u8]) -> Option<Format> {
    look(&bytes.to_vec()).unwrap().map(|found| found.format)
}

#[test]
fn each_format_by_its_mark() {
    let koly: &[u8] = b"koly\0\0\0\x04\0\0\x02\0";
    let end = HEAD - 512;
    let cases: [(Format, Vec<u8>); 20] = [
        (Format::Udif, head(&[(0, koly)])),
        (Format::Udif, head(&[(end, koly), (1024, b"H+\0\x04")])),
        (Format::Encrypted, head(&[(0, b"encrcdsa")])),
        (Format::Encrypted, head(&[(HEAD - 8, b"cdsaencr")])),
        (Format::SparseImage, head(&[(0, b"sprs")])),
        (Format::HfsPlus, head(&[(1024, b"H+\0\x04"), (510, b"\x55\xaa"), (450, b"\xaf")])),
        (Format::Hfsx, head(&[(1024, b"HX\0\x05")])),
        (Format::Hfs, head(&[(1024, b"BD")])),
        (Format::HfsWrapper, head(&[(1024, b"BD"), (1148, b"H+")])),
        (Format::Apfs, head(&[(32, b"NXSB")])),
        (Format::CoreStorage, head(&[(8, &[1, 0]), (88, b"CS")])),
        (Format::Iso9660, head(&[(32_769, b"CD001")])),
        (Format::Udf, head(&[(32_769, b"BEA01")])),
        (Format::Xar, head(&[(0, b"xar!")])),
        (Format::SevenZip, head(&[(0, b"7z\xbc\xaf\x27\x1c")])),
        (Format::Chunklist, head(&[(0, b"CNKL")])),
        (Format::PlistXml, head(&[(0, b"<?xml")])),
        (Format::SparseBundle, head(&[(0, b"<?xml"), (99, b"com.apple.diskimage.sparsebundle")])),
        (Format::Ntfs, head(&[(3, b"NTFS    "), (510, b"\x55\xaa")])),
        (Format::Tar, head(&[(257, b"ustar")])),
    ];
    for (format, bytes) in cases {
        assert_eq!(format_of(&bytes), Some(format));
    }
    assert_eq!(format_of(&head(&[])), None);
    assert_eq!(format_of(b""), None);
}

#[test]
fn disks_by_their_tables() {
    let tables = gpt::tables(4096, 100, gpt::Guid::ZERO, &[]).unwrap();
    let mut disk = vec![0; 100 * 4096];
    disk[..4096].copy_from_slice(&tables.protective);
    assert_eq!(format_of(&disk), Some(Format::Mbr));
    disk[4096..6 * 4096].copy_from_slice(&tables.primary);
    assert_eq!(format_of(&disk), Some(Format::Gpt));
    disk[..6 * 4096].fill(0);
    disk[95 * 4096..].copy_from_slice(&tables.backup);
    assert_eq!(format_of(&disk), Some(Format::Gpt));
    assert_eq!(format_of(&apm::tables(64, &[]).unwrap()), Some(Format::Apm));
}

#[test]
fn a_fat_is_no_master_boot_record() {
    let mut fat = head(&[(0, b"\xeb\x58\x90MSWIN4.1"), (11, &[0, 2, 1, 32, 0, 2]), (21, &[0xf8])]);
    fat[510..512].copy_from_slice(&[0x55, 0xaa]);
    assert_eq!(format_of(&fat), Some(Format::Fat));
    fat[446 + 4] = 0x0c;
    fat[446 + 12] = 1;
    assert_eq!(format_of(&fat), Some(Format::Fat));
    fat[16] = 3;
    assert_eq!(format_of(&fat), Some(Format::Mbr));
}

#[test]
fn refusals_name_what_was_found() {
    let found = look(&head(&[(32, b"NXSB")])).unwrap().unwrap();
    assert!(found.is_volume() && !found.is_disk());
    assert_eq!(
        found.refuse("").to_string(),
        "this is an APFS container, which is not supported (nx_magic is \"NXSB\")"
    );
    let found = look(&head(&[(0, b"\xfd7zXZ\0")])).unwrap().unwrap();
    assert_eq!(found.value, Value::Hex(0xfd37_7a58_5a00));
}

#[test]
fn short_files_are_nothing() {
    let koly = b"koly\0\0\0\x04\0\0\x02\0".repeat(50);
    for len in 0..koly.len() {
        let _ = format_of(&koly[..len]);
    }
    let fat = [0xeb; 512];
    for len in 0..fat.len() {
        assert_eq!(format_of(&fat[..len]), None);
    }
}
