//! Media of the later layouts, made of shape samples: what readers of other
//! authors find on them. That they start is judged with what recipes claim.
//!
//! The samples are ours: this proves our chain, and nothing about Apple's files.

use crate::real::made_volume;
use crate::support::image::temp;
use crate::support::judge::{Judge, Said, assert_fsck_clean, judge, run};
use lionize::source::sample::Shape;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn lionize(dir: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    run(command.args(args).current_dir(dir), Duration::from_secs(120)).ok()
}

/// Media made by a recipe of a release's sample.
fn media(dir: &Path, release: &str, recipe: &str) -> PathBuf {
    lionize(dir, &["sample", release, "--to", ".", "--quiet"]);
    let app = format!("installer={}", Shape::of(release).unwrap().app());
    let output = format!("{recipe}.img");
    lionize(dir, &["build", recipe, "--quiet", "--input", &app, "--output", &output]);
    dir.join(output)
}

#[test]
fn media_of_each_layout_are_sound() {
    if judge("sgdisk").is_none() || judge("fsck.hfsplus").is_none() {
        return;
    }
    for (release, recipe) in [("10.8", "mountain-lion"), ("10.10", "yosemite"), ("10.12", "sierra")]
    {
        let dir = temp();
        let stick = media(dir.path(), release, recipe);
        assert_fsck_clean(&made_volume(&stick, dir.path()));
    }
}

/// The Sleuth Kit on a volume.
struct Kit<'a> {
    fls: Judge,
    istat: Judge,
    icat: Judge,
    volume: &'a Path,
}

impl Kit<'_> {
    /// The number of a file, by its path.
    fn id(&self, path: &str) -> String {
        let args = ["-f".as_ref(), "hfs".as_ref(), "-rp".as_ref(), self.volume.as_os_str()];
        let listed = String::from_utf8(self.fls.run(args).ok().out).unwrap();
        // Such as `r/r 85:<tab>Packages/ServerEssentials.pkg`.
        let line = listed.lines().find(|line| line.ends_with(&format!("\t{path}")));
        let line = line.unwrap_or_else(|| panic!("no {path}:\n{listed}"));
        line.split_whitespace().nth(1).unwrap().trim_end_matches(':').to_owned()
    }

    fn stat(&self, path: &str) -> String {
        let id = self.id(path);
        self.istat.run(["-f", "hfs", self.volume.to_str().unwrap(), &id]).ok().text()
    }

    fn cat(&self, path: &str) -> Vec<u8> {
        let id = self.id(path);
        self.icat.run(["-f", "hfs", self.volume.to_str().unwrap(), &id]).ok().out
    }
}

#[test]
fn mavericks_that_asks_nothing_has_its_files() {
    let (Some(fls), Some(istat), Some(icat), Some(_), Some(zz)) =
        (judge("fls"), judge("istat"), judge("icat"), judge("sgdisk"), judge("7zz"))
    else {
        return;
    };
    let dir = temp();
    let dir = dir.path();
    let stick = media(dir, "10.9", "mavericks-unattended");
    let volume = made_volume(&stick, dir);
    assert_fsck_clean(&volume);
    let kit = Kit { fls, istat, icat, volume: &volume };
    let script = "private/etc/rc.cdrom.local";
    let stat = kit.stat(script);
    for line in ["Mode:\trrwxr-xr-x", "uid / gid: 0 / 0"] {
        assert!(stat.contains(line), "{line}\n{stat}");
    }
    assert!(kit.cat(script).starts_with(b"#!/bin/sh\n# Lionize:"));
    let packages = "System/Installation/Packages";
    let collection =
        String::from_utf8(kit.cat(&format!("{packages}/OSInstall.collection"))).unwrap();
    assert_eq!(collection.matches("Packages/OSInstall.mpkg<").count(), 2, "{collection}");
    let config = kit.cat(&format!("{packages}/Extras/minstallconfig.xml"));
    assert!(String::from_utf8(config.clone()).unwrap().contains("<string>automated</string>"));
    let pattern = format!("*/{packages}/Extras/minstallconfig.xml");
    let args = ["e", "-so", "-thfs"].map(AsRef::as_ref);
    let said = zz.run(args.into_iter().chain([volume.as_os_str(), pattern.as_ref()])).ok();
    assert!(said.out == config, "7zz reads the same");
}

/// The image that was packed again, as 7-Zip and fsck.hfsplus see it.
#[test]
fn lions_packed_image_is_sound() {
    let (Some(zz), Some(_)) = (judge("7zz"), judge("sgdisk")) else { return };
    let dir = temp();
    let dir = dir.path();
    let stick = media(dir, "10.7", "lion-unattended");
    let volume = made_volume(&stick, dir);
    assert_fsck_clean(&volume);
    let inside = format!("{}/BaseSystem.dmg", stick.display());
    lionize(dir, &["extract", &inside, "--to", "out", "--quiet"]);
    let image = dir.join("out/BaseSystem.dmg");
    let tested = zz.run(["t", image.to_str().unwrap()]).ok().text();
    assert!(tested.contains("Everything is Ok"), "{tested}");
    let args = ["e", "-tdmg", "-oparts"].map(std::ffi::OsStr::new);
    let mut command = zz.command();
    command.args(args).arg(&image).current_dir(dir);
    run(&mut command, Duration::from_secs(60)).ok();
    let part = std::fs::read_dir(dir.join("parts")).unwrap().map(|entry| entry.unwrap().path());
    let part = part.into_iter().find(|path| path.extension().is_some_and(|e| e == "hfs"));
    let part = part.expect("7-Zip finds the volume");
    assert_fsck_clean(&part);
    let pattern = "*/private/etc/rc.cdrom.local".as_ref();
    let args = ["e", "-so", "-thfs"].map(AsRef::as_ref);
    let said = zz.run(args.into_iter().chain([part.as_os_str(), pattern])).ok();
    assert!(said.out.starts_with(b"#!/bin/sh\n# Lionize:"));
}
