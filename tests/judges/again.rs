//! The same inputs on another day give the same bytes.

use crate::support::image::temp;
use crate::support::judge::{judge, run};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn build(mut command: Command, dir: &Path, threads: &str) -> Vec<u8> {
    std::fs::create_dir(dir).unwrap();
    command.args(["build", "restore", "--quiet", "--threads", threads]);
    command.args(["--input", "image=../installer.dmg", "--output", "made.img"]);
    run(command.current_dir(dir), Duration::from_secs(120)).ok();
    let made = std::fs::read(dir.join("made.img")).unwrap();
    [made, std::fs::read(dir.join("made.img.manifest.json")).unwrap()].concat()
}

#[test]
fn another_day_another_folder_another_number_of_threads() {
    let Some(faketime) = judge("faketime") else { return };
    let dir = temp();
    let dir = dir.path();
    let program = env!("CARGO_BIN_EXE_lionize");
    let mut demo = Command::new(program);
    demo.args(["demo", "--quiet", "--to", "."]).current_dir(dir);
    run(&mut demo, Duration::from_secs(120)).ok();
    std::fs::rename(dir.join("InstallESD.dmg"), dir.join("installer.dmg")).unwrap();

    let today = build(Command::new(program), &dir.join("one"), "1");
    let mut later = faketime.command();
    later.args(["2031-05-06 07:08:09", program]);
    assert!(today == build(later, &dir.join("a folder of another name"), "2"));
}
