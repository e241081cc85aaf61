//! Fixes as a POSIX shell script for the Mac that they are for.
//!
//! It uses what that Mac has (PlistBuddy, awk, find, launchctl, serveradmin),
//! quotes everything, logs, can be run again, and keeps originals. The parts
//! that fixes share are in the `.sh` files beside this one; a script holds
//! those that it uses. What differs by who runs it is its begin and its end:
//! somebody, an installer, or the job of the first start.

mod actions;
mod library;
mod lists;
mod render;

use crate::engine::facts::Facts;
use crate::engine::fixes::{self, Wanted};
use crate::engine::problem::Result;

/// What runs a fix at the first start, and later, until it has done its work.
pub(super) const FIRST_BOOT: &str = include_str!("first-boot.sh");

/// The script of some fixes with values for their params, in this order.
///
/// # Errors
/// A [`Problem`](crate::engine::Problem): a param is missing or wrong, or two
/// fixes exclude each other.
pub fn script(wanted: &[Wanted]) -> Result<String> {
    render(wanted, "", "")
}

/// The script that the job of the first start runs, and that anyone may run.
pub(super) fn waiting(wanted: &Wanted, force: bool) -> Result<String> {
    let begin = if force { "set -- --force \"$@\"\n" } else { "" };
    render(std::slice::from_ref(wanted), begin, "")
}

/// The script that an installer runs after it has installed: the volume that it
/// installs to is its third argument.
pub(super) fn postinstall(wanted: &[Wanted], force: bool) -> Result<String> {
    let force = if force { "--force " } else { "" };
    let begin = format!(
        "# An installer runs this: $3 is the volume that it installs to, which has the\n\
         # programs that the installer's own system may lack.\n\
         if [ -z \"${{3:-}}\" ]; then printf 'only an installer runs this\\n' >&2; exit 2; fi\n\
         PATH=$PATH:$3/usr/bin:$3/bin:$3/usr/sbin:$3/sbin\n\
         export PATH\n\
         set -- {force}\"$3\"\n"
    );
    let end = "# That there is nothing to change is no reason for an installation to fail.\n\
               if [ \"$status\" = 3 ]; then exit 0; fi\n";
    render(wanted, &begin, end)
}

/// A script that begins and ends with these lines.
fn render(wanted: &[Wanted], begin: &str, end: &str) -> Result<String> {
    let mut applied = Vec::new();
    let mut functions = String::new();
    let mut calls = String::new();
    for (fix, set) in wanted {
        fixes::conflict(&applied, fix)?;
        applied.push((fix.id.clone(), fix.conflicts.clone()));
        let facts: Facts = fixes::facts(fix, set)?;
        functions += &render::function(fix, &facts)?;
        calls += &format!("{}\n", render::name(fix));
    }
    let ids: Vec<_> = wanted.iter().map(|(fix, _)| fix.id.as_str()).collect();
    let mut text = format!("#!/bin/sh\n# Made by lionize {}: ", env!("CARGO_PKG_VERSION"));
    text += &format!("{}.\n{begin}", ids.join(", "));
    let facts = render::system_facts(&functions);
    text += &library::needed(&format!("{facts}{functions}"));
    text += &format!("\n{facts}{functions}\n{calls}{end}exit \"$status\"\n");
    Ok(text)
}
