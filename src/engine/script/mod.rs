//! Fixes as a POSIX shell script for the Mac that they are for.
//!
//! It uses what that Mac has (PlistBuddy, awk, find, launchctl, serveradmin),
//! quotes everything, logs, can be run again, and keeps originals. The parts
//! that fixes share are in the `.sh` files beside this one; a script holds
//! those that it uses.

mod actions;
mod library;
mod lists;
mod render;

use crate::engine::facts::Facts;
use crate::engine::fixes;
use crate::engine::problem::Result;
use crate::recipe::Fix;

/// The script of some fixes with values for their params, in this order.
///
/// # Errors
/// A [`Problem`](crate::engine::Problem): a param is missing or wrong, or two
/// fixes exclude each other.
pub fn script(wanted: &[(Fix, Vec<(String, String)>)]) -> Result<String> {
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
    text += &format!("{}.\n", ids.join(", "));
    let facts = render::system_facts(&functions);
    text += &library::needed(&format!("{facts}{functions}"));
    text += &format!("\n{facts}{functions}\n{calls}exit \"$status\"\n");
    Ok(text)
}
