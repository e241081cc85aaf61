//! Which paths a FAT volume can hold.

use crate::volume::fat::{Error, File};
use std::collections::BTreeMap;

/// Deeper than any boot loader, and short enough for every firmware.
const DEEPEST: usize = 32;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Folder,
    File,
}

/// Checks all paths and lists the folders they need, parents first.
pub(super) fn check(files: &[File]) -> Result<Vec<String>, Error> {
    let mut seen: BTreeMap<String, (Kind, &str)> = BTreeMap::new();
    let mut note = |kind, path| {
        let known = seen.entry(fold(path)).or_insert((kind, path));
        let fine = kind == Kind::Folder && *known == (Kind::Folder, path);
        fine || std::ptr::eq(known.1, path)
    };
    for file in files {
        check_names(&file.path)?;
        let ends = file.path.match_indices('/').map(|(at, _)| at);
        let folders = ends.map(|at| (Kind::Folder, &file.path[..at]));
        for (kind, path) in folders.chain([(Kind::File, file.path.as_str())]) {
            if !note(kind, path) {
                return Err(Error::Twice(path.to_owned()));
            }
        }
    }
    let folders = seen.into_values().filter(|(kind, _)| *kind == Kind::Folder);
    let mut folders: Vec<String> = folders.map(|(_, path)| path.to_owned()).collect();
    folders.sort();
    Ok(folders)
}

fn fold(path: &str) -> String {
    path.chars().flat_map(char::to_uppercase).collect()
}

fn check_names(path: &str) -> Result<(), Error> {
    let wrong = |rule| Err(Error::Name { path: path.to_owned(), rule });
    if path.split('/').count() > DEEPEST {
        return wrong("more than 32 folders deep");
    }
    for name in path.split('/') {
        let units = name.encode_utf16().count();
        if name.is_empty() || name == "." || name == ".." {
            return wrong("it has an empty, `.` or `..` name");
        }
        if units > 255 {
            return wrong("a name has more than 255 UTF-16 units");
        }
        if name.ends_with(['.', ' ']) {
            return wrong("a name ends with a dot or a space");
        }
        if name.chars().any(|c| c < ' ' || c == '\u{7f}' || "\"*:<>?\\|".contains(c)) {
            return wrong("a name has a character that FAT does not have");
        }
        if units != name.chars().count() {
            return wrong("a name has a character beyond U+FFFF");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;

    fn checked(paths: &[&str]) -> Result<Vec<String>, String> {
        let file = |path: &&str| File { path: (*path).into(), source: bytes(*b"x") };
        let files: Vec<_> = paths.iter().map(file).collect();
        check(&files).map_err(|e| e.to_string())
    }

    #[test]
    fn folders_come_before_what_is_in_them() {
        let folders = checked(&["EFI/OC/Drivers/a.efi", "EFI/BOOT/BOOTx64.efi", "EFI/OC/b"]);
        assert_eq!(folders.unwrap(), ["EFI", "EFI/BOOT", "EFI/OC", "EFI/OC/Drivers"]);
    }

    #[test]
    fn doubles_are_found_without_regard_to_case() {
        let twice = |path: &str| Err(format!("`{path}` is there twice (case does not count)"));
        assert_eq!(checked(&["EFI/a", "EFI/A"]), twice("EFI/A"));
        assert_eq!(checked(&["EFI/a", "EFI/a"]), twice("EFI/a"));
        assert_eq!(checked(&["EFI/a", "efi/b"]), twice("efi"));
        assert_eq!(checked(&["EFI/a", "EFI"]), twice("EFI"));
        assert_eq!(checked(&["EFI", "EFI/a"]), twice("EFI"));
    }

    #[test]
    fn names_that_fat_cannot_hold() {
        let (empty, end) =
            ("it has an empty, `.` or `..` name", "a name ends with a dot or a space");
        let other = "a name has a character that FAT does not have";
        let (long, deep) = ("x".repeat(256), ["x"; 33].join("/"));
        for (path, rule) in [
            ("", empty),
            ("/a", empty),
            ("a/", empty),
            ("a//b", empty),
            ("../a", empty),
            ("a/.", empty),
            ("a.", end),
            ("a ", end),
            ("a?", other),
            ("a\\b", other),
            ("\u{1f981}", "a name has a character beyond U+FFFF"),
            (&long, "a name has more than 255 UTF-16 units"),
            (&deep, "more than 32 folders deep"),
        ] {
            let expected = format!("`{path}` cannot be stored: {rule}");
            assert_eq!(checked(&[path]), Err(expected));
        }
        assert!(checked(&["EFI/OC/Kexts/Lilu.kext/Contents/Info.plist", "日本"]).is_ok());
    }
}
