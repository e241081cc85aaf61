//! The directions of imports, as `docs/architecture.md` draws them.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used)]

mod hints;
mod literals;

use std::path::{Path, PathBuf};

/// What each layer may import from, besides itself.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("block", &[]),
    ("format", &["block"]),
    ("volume", &["format", "block"]),
    ("media", &["volume", "format", "block"]),
    ("source", &["volume", "format", "block"]),
    ("device", &["volume", "format", "block"]),
    ("vm", &["device", "volume", "format", "block"]),
    ("recipe", &[]),
    // Steps edit property lists, and leave reading them to the format.
    ("engine", &["recipe", "media", "source", "device", "vm", "volume", "format", "block"]),
    ("report", &["engine"]),
    // `inspect` tells what the formats themselves know, `extract` stores AppleDouble.
    ("cli", &["report", "engine", "recipe", "source", "device", "vm", "volume", "format", "block"]),
];

/// A `crate::` path in a file, and its line.
struct Import {
    line: usize,
    path: String,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// Every `crate::...` outside of comments, wherever it stands.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap();
        for (at, mark) in code.match_indices("crate::") {
            let rest = &code[at + mark.len()..];
            let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':';
            let path = rest.split(ends).next().unwrap().to_owned();
            found.push(Import { line: index + 1, path });
        }
    }
    found
}

/// The layer of a file: the first part of its path below `src`.
fn layer(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&name)).then_some(name)
}

/// What is wrong with a file's imports.
fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap().trim();
        let is_use = code.starts_with("use ") || code.starts_with("pub use ");
        if is_use && (code.contains("::*") || code.contains("prelude")) {
            faults.push(format!("{path}:{}: `{code}` does not say what it imports", index + 1));
        }
    }
    let Some(layer) = layer(path) else { return faults };
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == layer) else {
        faults.push(format!("{path}: the layer `{layer}` is not in the table"));
        return faults;
    };
    for import in imports(text) {
        let to = import.path.split("::").next().unwrap();
        if to != layer && !allowed.contains(&to) && !to.is_empty() {
            let line = import.line;
            faults.push(format!("{path}:{line}: `{layer}` may not import from `{to}`"));
        }
    }
    faults
}

#[test]
fn imports_point_downwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    assert!(found.len() > 50, "only {} files were read", found.len());
    let all = found.iter().flat_map(|path| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let text = std::fs::read_to_string(path).unwrap();
        // Unit tests may use `super::*`, and what they need to make samples.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let is_test = name.ends_with("/tests.rs") || name.contains("/tests/");
        faults(&name, if is_test { "" } else { code })
    });
    let all: Vec<_> = all.collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_wrong_arrow_is_found() {
    let text = "use crate::engine::Plan;\nuse crate::block::ReadAt; // crate::cli\nuse x::*;\n";
    assert_eq!(
        faults("format/udif/image.rs", text),
        [
            "format/udif/image.rs:3: `use x::*;` does not say what it imports",
            "format/udif/image.rs:1: `format` may not import from `engine`",
        ]
    );
    assert_eq!(faults("lib.rs", "use crate::cli::run;"), Vec::<String>::new());
    assert_eq!(faults("shell/mod.rs", ""), ["shell/mod.rs: the layer `shell` is not in the table"]);
    assert_eq!(
        faults("recipe/mod.rs", "fn f() { crate::block::bytes(x) }"),
        ["recipe/mod.rs:1: `recipe` may not import from `block`"]
    );
}
