//! How often a build decodes what it reads.

use lionize::block::{Map, ReadAt, Source, bytes};
use lionize::format::udif::{Image, Section, write};
use lionize::media::pass::{self, Options};
use lionize::volume::hfsplus::{Params, Size, Volume, lay_out};
use lionize::volume::tree::Clash;
use lionize::volume::{Body, Case, Meta, Name, Tree};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const FILES: usize = 300;

/// A volume of files that compress and are not alike.
fn volume(seed: usize) -> Map {
    let mut tree = Tree::new(Name::from_text("Source"), Case::Folded, 1);
    for index in 0..FILES {
        let data: Vec<u8> = (0..60_000)
            .map(|n| u8::try_from((n * n + n / 7 * seed + index) % 31).unwrap())
            .collect();
        let body = Body::File { data: bytes(data), rsrc: None };
        let name = Name::from_text(&format!("{index:03}-{seed}"));
        tree.add(tree.root(), name, Meta::new(Meta::FILE | 0o644, 1), body).unwrap();
    }
    lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, 1)).unwrap().map
}

fn image(volume: &Map) -> Image {
    let mut dmg = Vec::new();
    let sections = Section::whole_disk("Apple_HFS", volume.len());
    write(volume, &sections, 1, &mut dmg, &mut |_| {}).unwrap();
    Image::open(bytes(dmg)).unwrap()
}

fn read_all(map: &Map) {
    let stop = AtomicBool::new(false);
    let options = Options::new(2, &stop, &|_| {});
    pass::run(map, None, &options).unwrap();
}

#[test]
fn two_images_interleaved_file_by_file_are_decoded_once() {
    let images: Vec<_> = [1, 2, 3].map(|seed| image(&volume(seed))).into();
    let trees: Vec<Tree> = images
        .iter()
        .map(|image| Volume::open(Arc::new(image.clone()) as Source).unwrap().tree().unwrap())
        .collect();
    let mut tree = Tree::new(Name::from_text("Both"), Case::Folded, 1);
    let root = tree.root();
    for index in 0..FILES {
        for from in &trees {
            let node = from.children(from.root())[index];
            tree.graft(root, &from.node(node).name.clone(), from, node, Clash::Refuse).unwrap();
        }
    }
    let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, 1)).unwrap();
    read_all(&laid.map);
    for image in &images {
        let decodes = image.decodes();
        assert!(decodes.chunks > 30, "{decodes:?}");
        // Once for its catalog when it was opened, once for its files.
        assert!(decodes.most <= 2, "{decodes:?}");
        assert!(decodes.decodes <= decodes.chunks + 2, "{decodes:?}");
    }
}

/// A disk larger than all caches, whose every block is its own number.
fn large() -> Image {
    let mut disk = Map::new(80 << 20);
    for block in 0..20_u64 {
        let at = block << 22;
        let data: Vec<u8> = (0..1 << 19).flat_map(|n: u64| (at + 8 * n).to_le_bytes()).collect();
        disk.push(at, bytes(data), None);
    }
    image(&disk)
}

#[test]
fn files_interleaved_in_one_image_are_decoded_twice_at_most() {
    let image = large();
    let mut buf = vec![0; 64 << 10];
    // Eight files whose blocks take turns: each is read from end to end.
    for file in 0..8 {
        for at in (file * (64 << 10)..image.len()).step_by(512 << 10) {
            image.read_at(at, &mut buf).unwrap();
            assert_eq!(buf[..8], at.to_le_bytes());
        }
    }
    let decodes = image.decodes();
    assert_eq!(decodes.chunks, 160);
    assert!(decodes.most <= 2, "{decodes:?}");
}
