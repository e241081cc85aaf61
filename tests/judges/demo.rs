//! The demo's media of Lion Server, as readers of other authors see them.

use crate::real::made_volume;
use crate::support::image::temp;
use crate::support::judge::{judge, run};
use lionize::block::read_vec;
use lionize::source::sample::essentials;
use std::process::Command;
use std::time::Duration;

#[test]
fn the_demos_media_hold_the_package_that_the_server_gave() {
    let (Some(_), Some(zz), Some(fls), Some(icat)) =
        (judge("sgdisk"), judge("7zz"), judge("fls"), judge("icat"))
    else {
        return;
    };
    let dir = temp();
    let dir = dir.path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    command.args(["demo", "--quiet", "--to", "demo"]).current_dir(dir);
    run(&mut command, Duration::from_secs(120)).ok();
    let source = essentials().unwrap();
    let wanted = read_vec(source.as_ref(), 0, source.len() as usize).unwrap();
    let volume = made_volume(&dir.join("demo/lion-sample.img"), dir);

    let path = "Packages/ServerEssentials.pkg";
    let listed = fls.run(["-f".as_ref(), "hfs".as_ref(), "-rp".as_ref(), volume.as_os_str()]).ok();
    let listed = String::from_utf8(listed.out).unwrap();
    // Such as `r/r 85:<tab>Packages/ServerEssentials.pkg`.
    let line = listed.lines().find(|line| line.ends_with(&format!("\t{path}")));
    let line = line.unwrap_or_else(|| panic!("no {path}:\n{listed}"));
    let id = line.split_whitespace().nth(1).unwrap().trim_end_matches(':');
    let args = ["-f".as_ref(), "hfs".as_ref(), volume.as_os_str(), id.as_ref()];
    let found = icat.run(args).ok().out;
    assert!(found == wanted, "icat: {} bytes, and not {}", found.len(), wanted.len());

    let pattern = format!("*/{path}");
    let args = ["e", "-so", "-thfs"].map(AsRef::as_ref);
    let said = zz.run(args.into_iter().chain([volume.as_os_str(), pattern.as_ref()])).ok();
    assert!(said.out == wanted, "7zz: {} bytes, and not {}", said.out.len(), wanted.len());
}
