//! UDIF images: Apple's own, and ours as 7zz and apple-dmg read them.

use lionize::block::{FileBytes, ReadAt, read_vec};
use lionize::format::udif::{Check, Image};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of real images, if it is there.
fn real() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places =
        [std::env::var_os("LIONIZE_REAL").map(PathBuf::from), Some(here.join("../shared/real"))];
    let found = places.into_iter().flatten().find(|place| place.is_dir());
    if found.is_none() {
        absent("real samples");
    }
    found
}

/// Says that a judge is missing, which fails where judges are required.
fn absent(what: &str) {
    println!("not judged: no {what}");
    let required = std::env::var_os("LIONIZE_JUDGES").is_some_and(|v| v == "required");
    assert!(!required, "no {what}");
}

fn open(path: &Path) -> Image {
    Image::open(Arc::new(FileBytes::open(path).unwrap())).unwrap()
}

fn sha256(image: &Image) -> String {
    let mut digest = Sha256::new();
    let mut at = 0;
    while at < image.len() {
        let len = (image.len() - at).min(1_000_003);
        digest.update(read_vec(image, at, usize::try_from(len).unwrap()).unwrap());
        at += len;
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Images of Apple's tools by every codec, with the digest of the whole disk
/// that three other readers agree on.
#[test]
fn apples_images_decode_and_verify() {
    let Some(real) = real() else { return };
    let images = [
        ("keramics_hfsplus_adc", "d27324bc2d35"),
        ("keramics_hfsplus_bzip2", "b918c2606696"),
        ("keramics_hfsplus_lzfse", "5f3091e9c569"),
        ("keramics_hfsplus_zlib", "d3fc84894c6a"),
        ("keramics_hfsplus_lzma", "b144d0fedfa6"),
        ("relic_dummy", "86088b375697"),
        ("dfvfs_hfsplus_zlib", "c86d3616818e"),
        ("indygreg_example", ""),
    ];
    for (name, digest) in images {
        let image = open(&real.join(name).with_extension("dmg"));
        let checks = image.verify(2, &|_| ()).unwrap();
        let first = image.decodes();
        assert_eq!((first.decodes, first.most), (first.chunks, 1), "{name}");
        assert!(checks.is_complete(), "{name}: {checks:?}");
        assert_eq!(checks.master, Check::Passed, "{name}");
        let data_fork = if name.starts_with("indygreg") { Check::Passed } else { Check::Absent };
        assert_eq!(checks.data_fork, data_fork, "{name}");
        assert!(sha256(&image).starts_with(digest), "{name}");
        let hfs = image.partitions().iter().filter(|p| p.name == "disk image (Apple_HFS : 4)");
        assert_eq!(hfs.count(), usize::from(!digest.is_empty()), "{name}");
    }
}
