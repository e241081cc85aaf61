//! Sizes that take a while: run by hand, in release, under `/usr/bin/time -v`.

use crate::hfs_write::{NOW, add, meta, name};
use crate::support::image::{open, temp, write_sparse};
use crate::support::judge::assert_fsck_clean;
use lionize::block::{ReadAt, Source, bytes};
use lionize::volume::hfsplus::check::{Options, check};
use lionize::volume::hfsplus::{Params, Size, lay_out};
use lionize::volume::{Body, Case, Meta, Tree};
use std::sync::Arc;
use std::time::Instant;

/// The most memory this process has had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0) / 1024
}

struct Clock(Instant);

impl Clock {
    fn lap(&mut self, what: &str) {
        println!("{what}: {:.2} s, peak {} MiB", self.0.elapsed().as_secs_f64(), peak());
        self.0 = Instant::now();
    }
}

#[test]
#[ignore = "a million files"]
fn a_million_files() {
    let mut clock = Clock(Instant::now());
    let mut tree = Tree::new(name("Million"), Case::Folded, NOW);
    let root = tree.root();
    // A folder of 100,000, and 1,000 folders of 900.
    let wide = add(&mut tree, root, "wide", Body::Dir(Vec::new()));
    let folders: Vec<_> = (0..1000)
        .map(|number| add(&mut tree, root, &format!("folder {number:04}"), Body::Dir(Vec::new())))
        .collect();
    let data: Source = bytes(vec![0x6c; 700]);
    for number in 0..1_000_000 {
        let dir = if number < 100_000 { wide } else { folders[number % 1000] };
        let body = Body::File { data: data.clone(), rsrc: None };
        let name = name(&format!("file number {number:07}"));
        tree.add(dir, name, meta(Meta::FILE | 0o644), body).unwrap();
    }
    clock.lap("tree");
    let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 64 << 20 }, NOW)).unwrap();
    println!("{} MiB, {} extents", laid.map.len() >> 20, laid.map.extents().len());
    clock.lap("layout");
    let dir = temp();
    let path = dir.path().join("volume.img");
    write_sparse(&path, &laid.map);
    clock.lap("write");
    let source: Source = Arc::new(laid.map.clone());
    drop(laid);
    let report = check(&source, &Options::default()).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!(report.files, 1_000_000);
    clock.lap("check of the map");
    drop(source);
    let file = open(&path);
    assert!(check(&file, &Options::default()).unwrap().is_clean());
    clock.lap("check of the file");
    assert_fsck_clean(&path);
    clock.lap("fsck.hfsplus");
    assert!(peak() < 1024, "{} MiB", peak());
}
