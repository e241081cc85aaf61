//! What is on the media, as our own reader sees it: what a loader must find,
//! and where the probe goes.
//!
//! Facts: boot.efi takes its kernel from `com.apple.Boot.plist` beside it or in
//! `SystemConfiguration` (boot.efi's strings; `bless(8)`): `Kernel Cache`, and in
//! `Kernel Flags` the disk images `container-dmg` and `root-dmg`. Without
//! `Kernel Cache` it looks at places that depend on the release.

use crate::block::{Result, Source, read_vec, slice};
use crate::format::efi_program::efi_program;
use crate::format::gpt::Guid;
use crate::format::partition::{Kind, Part, partitions};
use crate::format::proplist;
use crate::vm::overlay::{Located, replaced};
use crate::vm::verdict::Verdict;
use crate::volume::hfsplus::{Entry, Journal, Volume};
use crate::volume::{Body, NodeId, Tree, VPath};
use sha2::{Digest, Sha256};

/// Where loaders look for a Mac's boot program.
pub(super) const BOOT_FILE: &str = "/System/Library/CoreServices/boot.efi";
/// What the probe says.
pub(super) const PROBE: &str = "@@ lionize: the probe runs";
const PLIST: &str = "com.apple.Boot.plist";
const SYSTEM_PLIST: &str = "/Library/Preferences/SystemConfiguration/com.apple.Boot.plist";
/// Kernels that boot.efi finds by itself: from 10.4 to 10.6, 10.7 to 10.9,
/// 10.10 to 10.15, and later.
const KERNELS: [&str; 4] = [
    "/System/Library/KernelCollections/BootKernelExtensions.kc",
    "/System/Library/PrelinkedKernels/prelinkedkernel",
    "/System/Library/Caches/com.apple.kext.caches/Startup/kernelcache",
    "/mach_kernel",
];
/// Parts of a path that none of Apple's has.
const MOST_PATH: usize = 1024;
/// A boot plist is a few lines.
const MOST_PLIST: u64 = 1 << 20;
/// A file that a loader digests, at most: GRUB takes a second for some MiB.
const MOST_DIGESTED: u64 = 32 << 20;
/// A probe is placed sector by sector, since files lie in pieces.
const SECTOR: u64 = 512;

/// A file that must be there besides the boot program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Such as `kernel`.
    pub what: String,
    /// Its path.
    pub path: String,
    /// Its digest, where a loader is to read it whole.
    pub sha256: Option<String>,
    /// Whether our own reader finds it: not all loaders look for it.
    pub found: bool,
}

/// What is on the media.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The volume's name, when there is one that can be read.
    pub label: Option<String>,
    /// The path of the boot program: the blessed one, or where loaders look.
    pub boot_file: String,
    /// What else must be there.
    pub wanted: Vec<Wanted>,
    /// What is wrong already, whatever a loader would say.
    pub fault: Option<Verdict>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Where on the disk the probe goes.
    pub(super) patches: Vec<(u64, Vec<u8>)>,
}

impl Subject {
    /// Looks at a disk.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn look(disk: &Source) -> Result<Self> {
        let located = Located::new(disk);
        let whole: Source = located.clone();
        let mut subject = Self { boot_file: BOOT_FILE.to_owned(), ..Self::default() };
        let parts = match partitions(&whole) {
            Err(error @ crate::block::Error::Io(_)) => return Err(error),
            parts => parts.unwrap_or_default(),
        };
        let mut volumes = parts.iter().filter(|part| part.is_hfs_plus());
        let Some(part) = volumes.next() else {
            subject.notes.push("our own reader finds no HFS+ volume either".to_owned());
            return Ok(subject);
        };
        subject.fault = wrong_type(part);
        let bytes = slice(&whole, part.range.start, part.range.end - part.range.start)?;
        // A loader's reader knows no journal.
        let opened = Volume::open_with(bytes, Journal::Ignore)
            .and_then(|volume| Ok((volume.label()?.to_string(), volume.tree()?, volume)));
        match opened {
            Ok((label, tree, volume)) => {
                subject.label = Some(label);
                subject.read(&volume, &tree, &located)?;
            }
            Err(error @ crate::block::Error::Io(_)) => return Err(error),
            Err(error) => subject.notes.push(format!("our own reader says: {error}")),
        }
        Ok(subject)
    }

    /// The disk with the probe in place of the boot program.
    #[must_use]
    pub fn with_probe(&self, disk: &Source) -> Source {
        replaced(disk, self.patches.clone())
    }

    fn read(&mut self, volume: &Volume, tree: &Tree, located: &Located) -> Result<()> {
        if let Some(path) = blessed(tree) {
            self.boot_file = path;
        }
        self.place_probe(volume, located)?;
        self.want(volume)
    }

    /// Puts the probe over the first bytes of each boot program.
    fn place_probe(&mut self, volume: &Volume, located: &Located) -> Result<()> {
        let probe = efi_program(PROBE);
        let mut paths = vec![self.boot_file.clone(), BOOT_FILE.to_owned()];
        paths.dedup();
        for path in paths {
            let Some((data, _)) = find(volume, &path)?.and_then(|entry| entry.forks) else {
                continue;
            };
            if data.len() < probe.len() as u64 {
                let why = format!("{path} has {} bytes, fewer than a program", data.len());
                self.fault.get_or_insert(Verdict::Refused(why));
                continue;
            }
            for (at, piece) in (0..).step_by(512).zip(probe.chunks(512)) {
                debug_assert_eq!(at % SECTOR, 0);
                match located.place(&data, at) {
                    Some(place) => self.patches.push((place, piece.to_vec())),
                    None => {
                        let why = format!("{path} cannot be found on the disk itself");
                        self.fault.get_or_insert(Verdict::Refused(why));
                    }
                }
            }
        }
        Ok(())
    }

    /// Lists what a start needs besides.
    fn want(&mut self, volume: &Volume) -> Result<()> {
        let beside = match self.boot_file.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{PLIST}"),
            None => SYSTEM_PLIST.to_owned(),
        };
        let mut plist = None;
        for path in [beside.as_str(), SYSTEM_PLIST] {
            if plist.is_none() {
                plist = find(volume, path)?.map(|entry| (path.to_owned(), entry));
            }
        }
        let mut asks = Asks::default();
        if let Some((path, entry)) = plist {
            match settings(&entry) {
                Some(found) => asks = found,
                None => self.notes.push(format!("{path} is no property list that we can read")),
            }
            self.add("boot plist", &path, Some(entry))?;
        } else {
            self.notes.push(format!("there is no {PLIST}: boot.efi does as it does by default"));
        }
        match asks.kernel {
            Some(path) => {
                let entry = find(volume, &path)?;
                self.add("kernel", &path, entry)?;
            }
            None => self.default_kernel(volume)?,
        }
        if let Some(path) = asks.image {
            let entry = find(volume, &path)?;
            self.add_unread("disk image", &path, entry.is_some());
        }
        Ok(())
    }

    fn default_kernel(&mut self, volume: &Volume) -> Result<()> {
        for path in KERNELS {
            if let Some(entry) = find(volume, path)? {
                return self.add("kernel", path, Some(entry));
            }
        }
        let places = KERNELS.join(", ");
        self.fault.get_or_insert(Verdict::not_found("kernel", &format!("none of {places}")));
        Ok(())
    }

    /// Adds a file that must be there; with what we read, to compare.
    fn add(&mut self, what: &str, path: &str, entry: Option<Entry>) -> Result<()> {
        let found = entry.is_some();
        let is_plain = |entry: &Entry| {
            entry.xattrs.iter().all(|xattr| xattr.name.to_string() != "com.apple.decmpfs")
        };
        let data = entry.filter(is_plain).and_then(|entry| entry.forks).map(|(data, _)| data);
        let data = data.filter(|data| data.len() <= MOST_DIGESTED);
        let sha256 = data.map(|data| digest(&data)).transpose()?;
        self.wanted.push(Wanted { what: what.to_owned(), path: path.to_owned(), sha256, found });
        Ok(())
    }

    /// Adds one that no loader is to read.
    fn add_unread(&mut self, what: &str, path: &str, found: bool) {
        let (what, path) = (what.to_owned(), path.to_owned());
        self.wanted.push(Wanted { what, path, sha256: None, found });
    }
}

fn digest(data: &Source) -> Result<String> {
    let mut sha256 = Sha256::new();
    let mut at = 0;
    while at < data.len() {
        let len = usize::try_from((data.len() - at).min(1 << 20)).unwrap_or(0);
        sha256.update(read_vec(data.as_ref(), at, len)?);
        at += len as u64;
    }
    Ok(sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A file that is there; nothing for a folder, or for a path that is none.
fn find(volume: &Volume, path: &str) -> Result<Option<Entry>> {
    let Ok(path) = VPath::parse(path) else { return Ok(None) };
    match volume.lookup(&path) {
        Ok(entry) => Ok(entry.filter(|entry| entry.forks.is_some())),
        Err(error @ crate::block::Error::Io(_)) => Err(error),
        // A loader's reader tells what it makes of it.
        Err(_) => Ok(None),
    }
}

/// What a table says that is not what Disk Utility says of such a volume.
fn wrong_type(part: &Part) -> Option<Verdict> {
    let is_right = match &part.kind {
        Kind::Gpt(guid) => [Guid::HFS_PLUS, Guid::APPLE_BOOT].contains(guid),
        Kind::Apm(kind) => kind.starts_with("Apple_HFS") || kind.starts_with("Apple_Boot"),
        Kind::Mbr(kind) => [0xaf, 0xab].contains(kind),
        Kind::Bare => true,
    };
    (!is_right).then(|| Verdict::WrongType(part.kind.to_string()))
}

/// The path of the blessed boot program, if it can be one that loaders are given.
fn blessed(tree: &Tree) -> Option<String> {
    let is_file = |id: &NodeId| matches!(tree.node(tree.target(*id)).body, Body::File { .. });
    let in_folder = || {
        let folder = tree.facts.blessed_folder?;
        let mut children = tree.children(folder).iter().copied();
        children.find(|id| tree.node(*id).name.to_string().eq_ignore_ascii_case("boot.efi"))
    };
    let id = tree.facts.boot_file.filter(is_file).or_else(in_folder).filter(is_file)?;
    clean(&tree.path(id).to_string())
}

/// What a boot plist asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asks {
    kernel: Option<String>,
    image: Option<String>,
}

fn settings(entry: &Entry) -> Option<Asks> {
    let (data, _) = entry.forks.as_ref()?;
    let len = usize::try_from(data.len()).ok().filter(|_| data.len() <= MOST_PLIST)?;
    asks(&read_vec(data.as_ref(), 0, len).ok()?)
}

fn asks(plist: &[u8]) -> Option<Asks> {
    let plist = proplist::parse(plist).ok()?;
    let plist = plist.as_dictionary()?;
    let text = |key: &str| plist.get(key)?.as_string();
    let kernel = text("Kernel Cache").or_else(|| text("Kernel"));
    let flags = text("Kernel Flags").unwrap_or_default();
    let flag = |name: &str| flags.split_whitespace().find_map(|flag| flag.strip_prefix(name));
    let url = flag("container-dmg=").or_else(|| flag("root-dmg="));
    Some(Asks {
        kernel: kernel.and_then(clean),
        image: url.and_then(|url| url.strip_prefix("file://")).and_then(unescaped),
    })
}

/// A path as a loader takes it: parted by `/`, from the root, without control
/// characters.
fn clean(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let path = format!("/{}", path.trim_start_matches('/'));
    let fits = path.len() <= MOST_PATH && !path.chars().any(char::is_control);
    (fits && path.len() > 1).then_some(path)
}

/// A path out of a URL (RFC 3986, 2.1).
fn unescaped(url: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = url.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (bytes, rest) = ([bytes, vec![byte]].concat(), &tail[2..]),
            None => (bytes, rest) = ([bytes, vec![*first]].concat(), tail),
        }
    }
    clean(&String::from_utf8(bytes).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plist(pairs: &[(&str, &str)]) -> Vec<u8> {
        let pairs = pairs.iter().map(|(k, v)| format!("<key>{k}</key><string>{v}</string>"));
        let pairs: String = pairs.collect();
        format!("<plist version=\"1.0\"><dict>{pairs}</dict></plist>").into_bytes()
    }

    #[test]
    fn a_boot_plist_names_its_kernel_and_its_image() {
        let flags = "container-dmg=file:///Install%20OS%20X.app/InstallESD.dmg \
            root-dmg=file:///BaseSystem.dmg";
        let found = asks(&plist(&[
            ("Kernel Cache", "\\.IABootFiles\\kernelcache"),
            ("Kernel Flags", flags),
        ]));
        let found = found.unwrap();
        assert_eq!(found.kernel.as_deref(), Some("/.IABootFiles/kernelcache"));
        assert_eq!(found.image.as_deref(), Some("/Install OS X.app/InstallESD.dmg"));
        let found = asks(&plist(&[("Kernel", "mach_kernel"), ("Kernel Flags", "-v")])).unwrap();
        let kernel = Some("/mach_kernel".to_owned());
        assert_eq!(found, Asks { kernel, image: None });
        assert_eq!(asks(b"no plist"), None);
    }

    #[test]
    fn paths_that_no_script_should_have_are_left_out() {
        assert_eq!(clean("a\nb"), None);
        assert_eq!(clean("/"), None);
        assert_eq!(clean(&"x".repeat(2000)), None);
        assert_eq!(unescaped("/a%0ab"), None);
        assert_eq!(unescaped("/100%"), Some("/100%".into()));
        assert_eq!(unescaped("/%ff"), None);
    }
}
