//! The judges themselves: a judge that finds nothing wrong with anything is none.

use crate::support::image::{temp, write_sparse};
use crate::support::judge::{assert_fsck_clean, fsck_complaint, judge};
use lionize::block::{Map, bytes};

#[test]
fn apples_checker_tells_good_from_bad() {
    let (Some(mkfs), Some(_)) = (judge("mkfs.hfsplus"), judge("fsck.hfsplus")) else { return };
    let dir = temp();
    let volume = dir.path().join("v.img");
    write_sparse(&volume, &Map::new(8 << 20));
    mkfs.run([volume.as_os_str()]).ok();
    assert_fsck_clean(&volume);

    let mut bad = std::fs::read(&volume).unwrap();
    bad[1024 + 48..1024 + 52].fill(0); // freeBlocks
    let mut map = Map::new(8 << 20);
    map.push(0, bytes(bad), None);
    write_sparse(&volume, &map);
    assert!(fsck_complaint(&volume).is_some());
}
