//! What the guest found: names, modes, sizes, digests.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What begins each of the script's records; no name of ours has it.
const MARK: char = '\u{1}';

/// What the driver says of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Type and permission bits.
    pub mode: u32,
    /// Owner's number.
    pub owner: u32,
    /// Group's number.
    pub group: u32,
    /// Bytes.
    pub size: u64,
    /// Of a file: SHA-256, hex digits.
    pub sha256: Option<String>,
    /// Of a symbolic link: how `stat` writes its name and where it leads.
    pub link: Option<String>,
}

/// All that the guest found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Whether the driver took the volume; else why not, as the kernel says it.
    pub refused: Option<String>,
    /// What it sees, by path from the root (`/a/b`).
    pub seen: BTreeMap<String, Seen>,
}

/// Reads the guest's disk.
pub(super) fn read(disk: &Path) -> Result<Said, String> {
    let mut bytes = Vec::new();
    let mut file = File::open(disk).map_err(|error| error.to_string())?;
    let mut piece = vec![0; 1 << 20];
    // The text ends where the disk is empty.
    while !bytes.ends_with(&[0]) {
        let got = file.read(&mut piece).map_err(|error| error.to_string())?;
        if got == 0 {
            break;
        }
        bytes.extend(&piece[..got]);
    }
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    parse(&String::from_utf8_lossy(&bytes[..end]))
}

/// Reads the script's records.
fn parse(text: &str) -> Result<Said, String> {
    let mut records = text.split(MARK);
    let first = records.next().unwrap_or_default();
    let mut said = Said::default();
    let mut whole = false;
    for record in records {
        let (kind, rest) = record.split_at(record.len().min(1));
        match kind {
            "S" => drop(stat(&mut said, rest)),
            "L" => drop(link(&mut said, rest)),
            "H" => digests(&mut said, rest),
            "r" => said.refused = Some(first.trim().to_owned()),
            "e" => whole = true,
            _ => {}
        }
    }
    match whole || said.refused.is_some() {
        true => Ok(said),
        false => Err(format!("its text ends early, after {} names", said.seen.len())),
    }
}

/// The path from the root of what `find` calls `./a`.
fn path(name: &str) -> Option<String> {
    let name = name.strip_prefix('.')?;
    Some(if name.is_empty() { "/".to_owned() } else { name.to_owned() })
}

/// ` MODE OWNER GROUP SIZE NAME`
fn stat(said: &mut Said, record: &str) -> Option<()> {
    let record = record.strip_prefix(' ')?.strip_suffix('\n')?;
    let mut words = record.splitn(5, ' ');
    let mode = u32::from_str_radix(words.next()?, 16).ok()?;
    let [owner, group] = [words.next()?, words.next()?].map(|word| word.parse().ok());
    let size = words.next()?.parse().ok()?;
    let seen = Seen { mode, owner: owner?, group: group?, size, ..Seen::default() };
    said.seen.insert(path(words.next()?)?, seen);
    Some(())
}

/// ` './NAME' -> 'TARGET'`
fn link(said: &mut Said, record: &str) -> Option<()> {
    let text = record.strip_prefix(' ')?.strip_suffix('\n')?;
    let (name, target) = text.strip_prefix('\'')?.split_once("' -> '")?;
    let seen = said.seen.get_mut(&path(name)?)?;
    seen.link = Some(target.strip_suffix('\'')?.to_owned());
    Some(())
}

/// Lines of `DIGEST  ./NAME`, where a name may have lines itself.
fn digests(said: &mut Said, text: &str) {
    let mut last: Option<(String, String)> = None;
    let mut keep = |last: Option<(String, String)>| {
        let found = last.and_then(|(digest, name)| Some((digest, path(&name)?)));
        if let Some((digest, path)) = found
            && let Some(seen) = said.seen.get_mut(&path)
        {
            seen.sha256 = Some(digest);
        }
    };
    // Not by `lines`: a name may end with a carriage return.
    let text = text.strip_prefix('\n').unwrap_or(text);
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        match line.split_once("  ") {
            Some((digest, name))
                if digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()) =>
            {
                keep(last.replace((digest.to_owned(), name.to_owned())));
            }
            _ => {
                if let Some((_, name)) = &mut last {
                    *name += "\n";
                    *name += line;
                }
            }
        }
    }
    keep(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_with_all_that_names_may_have() {
        let (a, b) = ("a1".repeat(32), "b2".repeat(32));
        let text = format!(
            "mounted\n\u{1}S 41ed 0 0 10 .\n\u{1}S 8000 0 80 5 ./two words\n\u{1}S 81a4 0 0 1 ./Icon\r\n\u{1}S 81a4 0 0 1 \
             ./two\nlines\n\u{1}S a1ed 501 20 3 ./l\n\u{1}L './l' -> 'x y'\n\u{1}H\n{a}  ./two \
             words\n{a}  ./Icon\r\n{b}  ./two\nlines\n\u{1}end\n"
        );
        let said = parse(&text).unwrap();
        assert_eq!(said.refused, None);
        let seen = |path: &str| said.seen[path].clone();
        assert_eq!((seen("/").mode, seen("/").size), (0o40755, 10));
        assert_eq!((seen("/two words").group, seen("/two words").sha256), (80, Some(a.clone())));
        assert_eq!(seen("/Icon\r").sha256, Some(a));
        assert_eq!(seen("/two\nlines").sha256, Some(b));
        assert_eq!((seen("/l").owner, seen("/l").link), (501, Some("x y".into())));
        assert_eq!(said.seen.len(), 5);
    }

    #[test]
    fn a_text_that_ends_early_is_no_answer() {
        let early = parse("mounted\n\u{1}S 41ed 0 0 10 .\n").unwrap_err();
        assert_eq!(early, "its text ends early, after 1 names");
        let said = parse("hfsplus: bad catalog\n\u{1}refused\n").unwrap();
        assert_eq!(said.refused.as_deref(), Some("hfsplus: bad catalog"));
    }
}
