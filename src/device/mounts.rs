//! What is mounted and what is swap, as the kernel lists it.
//!
//! Facts: proc(5), `/proc/pid/mountinfo` and `/proc/swaps`.

use crate::device::root::{Root, plain};
use std::path::{Path, PathBuf};

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The number of its device; 0 as major number where it has none of its own.
    pub number: (u32, u32),
    /// What was mounted, such as `/dev/sdb1`.
    pub source: PathBuf,
    /// Where.
    pub at: PathBuf,
    /// The kind of file system.
    pub kind: String,
}

impl Mount {
    /// Where, as a terminal takes it: a stick's own name may be a part of it.
    #[must_use]
    pub fn shown(&self) -> String {
        plain(&self.at.to_string_lossy())
    }
}

/// All mounts, in the kernel's order: of two at one place the later one counts.
pub(super) fn mounts(root: &Root) -> Vec<Mount> {
    let info = root.text("/proc/self/mountinfo").unwrap_or_default();
    let mut mounts: Vec<Mount> = info.lines().filter_map(parse_info).collect();
    if mounts.is_empty() {
        let text = root.text("/proc/mounts").unwrap_or_default();
        mounts = text.lines().filter_map(parse_mounts).collect();
    }
    mounts
}

/// `36 35 98:0 /root /at rw,noatime shared:1 - ext3 /dev/root rw`
fn parse_info(line: &str) -> Option<Mount> {
    let (before, behind) = line.split_once(" - ")?;
    let mut words = before.split(' ').skip(2);
    let number = device_number(words.next()?)?;
    let at = unescape(words.nth(1)?);
    let mut words = behind.split(' ');
    let kind = words.next()?.to_owned();
    let source = unescape(words.next()?);
    Some(Mount { number, source, at, kind })
}

/// `/dev/sdb1 /at vfat rw 0 0`
fn parse_mounts(line: &str) -> Option<Mount> {
    let mut words = line.split(' ');
    let (source, at) = (unescape(words.next()?), unescape(words.next()?));
    Some(Mount { number: (0, 0), source, at, kind: words.next()?.to_owned() })
}

/// The devices and files that the system swaps to.
pub(super) fn swaps(root: &Root) -> Vec<PathBuf> {
    let text = root.text("/proc/swaps").unwrap_or_default();
    let lines = text.lines().skip(1);
    lines.filter_map(|line| line.split_whitespace().next()).map(unescape).collect()
}

/// `8:16`
pub(super) fn device_number(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The kernel writes white space and `\` as `\` and three octal digits.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..3).filter(|_| *first == b'\\');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[3..] } else { behind };
    }
    path(bytes)
}

#[cfg(unix)]
fn path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The mount that a path lies in: the deepest one, and of those the last.
pub(super) fn mount_of<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.at));
    above.max_by_key(|mount| mount.at.components().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let line = r"36 35 8:17 / /media/me/My\040Stick rw,nosuid shared:1 - vfat /dev/sdb1 rw";
        let mount = parse_info(line).unwrap();
        assert_eq!((mount.number, mount.kind.as_str()), ((8, 17), "vfat"));
        assert_eq!(mount.at, Path::new("/media/me/My Stick"));
        // Optional fields may be missing, or be many.
        let mount = parse_info("21 1 0:21 /@ / rw master:1 propagate_from:2 - btrfs /dev/sda2 rw");
        assert_eq!(mount.unwrap().source, Path::new("/dev/sda2"));
        assert_eq!(parse_info("21 1 0:21 / / rw shared:1"), None);
        let mount = parse_mounts(r"/dev/mapper/a\134b / ext4 rw 0 0").unwrap();
        assert_eq!((mount.source.as_path(), mount.number), (Path::new(r"/dev/mapper/a\b"), (0, 0)));
    }

    #[test]
    fn the_deepest_mount_counts() {
        let mount = |at: &str, minor| Mount {
            number: (8, minor),
            source: PathBuf::new(),
            at: at.into(),
            kind: String::new(),
        };
        let mounts = [mount("/", 1), mount("/home", 2), mount("/home", 3), mount("/homes", 4)];
        let minor = |path: &str| mount_of(&mounts, Path::new(path)).unwrap().number.1;
        assert_eq!((minor("/home/x"), minor("/etc"), minor("/homes")), (3, 1, 4));
    }
}
