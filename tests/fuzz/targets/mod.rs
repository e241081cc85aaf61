//! One function a parser, for any bytes: they may fail, but not panic, hang or
//! take memory without bound.
//!
//! Plain bytes would stop at the first magic or checksum. So most inputs are
//! scripts: the first byte picks a seed that our own writers made, the rest
//! edits its structures, and checksums are put right again where the script
//! asks for it. `fuzz/` runs these under libFuzzer, `main.rs` beside this
//! folder runs a bounded number of made-up scripts in every test run.

mod archives;
mod catalogs;
mod hfsplus;
mod images;
mod maps;
mod script;
mod signed;
mod words;

/// A parser's name and its function.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const TARGETS: [Target; 19] = [
    ("appledouble", archives::appledouble),
    ("bom", archives::bom),
    ("cpio", archives::cpio),
    ("folders", archives::folders),
    ("pbzx", archives::pbzx),
    ("scexe", archives::scexe),
    ("udif", images::udif),
    ("gpt", maps::gpt),
    ("apm", maps::apm),
    ("hfsplus", hfsplus::reader),
    ("check", hfsplus::checker),
    ("journal", hfsplus::journal),
    ("plist", words::plist),
    ("recipe", words::recipe),
    ("xar", signed::xar),
    ("distribution", signed::distribution),
    ("chunklist", signed::chunklist),
    ("cms", signed::cms),
    ("catalog", catalogs::catalog),
];

/// Runs the target of this name.
pub(crate) fn run(name: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(other, _)| *other == name);
    found.expect("a target of this name").1(data);
}
