//! Proof that a target holds what was sent: every byte, and every fork by the
//! catalog that is on the target.
//!
//! The target is read once, in order. Its own catalog says where each fork
//! lies, so a fork whose bytes are right but which the catalog would not find
//! is a fault too.
//!
//! Not compared by fork: forks that the writer itself makes (the alias in a
//! folder's hard link) and attributes that lie in catalog nodes; the digests
//! of all bytes cover both.

use crate::block::{Map, Result, Source, slice};
use crate::media::pass::{self, Digests, Options, UNIT};
use crate::volume::hfsplus::{ForkKind, Laid, Volume};
use crate::volume::{Body, Name, NodeId, Tree};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// What was sent, to compare with.
pub struct Sent<'a> {
    /// The volume's tree, its layout and where in the image it lies; none for
    /// a volume restored block for block.
    pub volume: Option<(&'a Tree, &'a Laid, Range<u64>)>,
    /// What the writing pass digested.
    pub digests: &'a Digests,
}

/// A difference between what was sent and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Bytes of the image.
    Bytes(Range<u64>),
    /// A fork whose bytes are not its source's: the file, and which fork.
    Fork(String, ForkKind),
    /// A fork that the catalog on the target does not lead to.
    Lost(String, ForkKind),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(range) => {
                write!(f, "bytes {} to {} are not what was written", range.start, range.end)
            }
            Self::Fork(path, kind) => {
                write!(f, "the {} of {path} is not what its source holds", kind_name(*kind))
            }
            Self::Lost(path, kind) => {
                write!(f, "the {} of {path} is not where the catalog says", kind_name(*kind))
            }
        }
    }
}

const fn kind_name(kind: ForkKind) -> &'static str {
    match kind {
        ForkKind::Data => "data fork",
        ForkKind::Rsrc => "resource fork",
        ForkKind::Xattr(_) => "extended attribute",
    }
}

/// Reads all that was sent back from `target` and compares.
///
/// # Errors
/// When the target cannot be read, or its volume not be opened; differences
/// are in the answer.
pub fn read_back(target: &Source, sent: &Sent<'_>, options: &Options<'_>) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut map = Map::new(target.len());
    let mut found = Vec::new();
    if let Some((tree, laid, range)) = &sent.volume {
        let volume = slice(target, range.start, range.end - range.start)?;
        found = forks_on(target, &Volume::open(volume)?.tree()?, tree, laid);
        lost(&found, tree, laid, &mut faults);
    }
    fill(&mut map, target, &found)?;
    let seen = pass::run(&map, None, options)?;
    compare(&seen, sent, &mut faults);
    Ok(faults)
}

/// Where a fork lies on the target, and its tag.
struct Found {
    at: u64,
    len: u64,
    tag: u32,
}

/// A fork by what is the same on both sides: the file's id, and its name for attributes.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Data(u32),
    Rsrc(u32),
    Xattr(u32, Name),
}

fn key(tree: &Tree, node: NodeId, cnid: u32, kind: ForkKind) -> Key {
    match kind {
        ForkKind::Data => Key::Data(cnid),
        ForkKind::Rsrc => Key::Rsrc(cnid),
        ForkKind::Xattr(index) => {
            let xattr = tree.node(node).xattrs.get(index as usize);
            Key::Xattr(cnid, xattr.map(|x| x.name.clone()).unwrap_or_default())
        }
    }
}

/// The forks of the target's own tree that were sent, ascending and apart.
fn forks_on(target: &Source, seen: &Tree, tree: &Tree, laid: &Laid) -> Vec<Found> {
    let wanted: HashMap<Key, u32> = (0..)
        .zip(&laid.forks)
        .map(|(tag, fork)| (key(tree, fork.node, laid.cnids[fork.node.index()], fork.kind), tag))
        .collect();
    let mut found = Vec::with_capacity(laid.forks.len());
    let mut look = |key: &Key, source: &Source| {
        if let (Some(tag), Some(at)) = (wanted.get(key), position(target, source)) {
            found.push(Found { at, len: source.len(), tag: *tag });
        }
    };
    for id in seen.ids() {
        let node = seen.node(id);
        let cnid = node.meta.cnid;
        if let Body::File { data, rsrc } = &node.body {
            look(&Key::Data(cnid), data);
            if let Some(rsrc) = rsrc {
                look(&Key::Rsrc(cnid), rsrc);
            }
        }
        for xattr in &node.xattrs {
            look(&Key::Xattr(cnid, xattr.name.clone()), &xattr.value);
        }
    }
    found.sort_unstable_by_key(|fork| fork.at);
    // What overlaps is left out here and so reported as lost.
    let mut end = 0;
    found.retain(|fork| {
        let apart = fork.at >= end;
        end = end.max(fork.at + fork.len);
        apart
    });
    found
}

/// Where the whole of `fork` lies on the target, if in one run.
fn position(target: &Source, fork: &Source) -> Option<u64> {
    let (base, first) = (target.origin(0)?, fork.origin(0)?);
    let last = fork.origin(fork.len().checked_sub(1)?)?;
    let in_one = last.offset.checked_sub(first.offset)? == fork.len() - 1;
    (base.container == first.container && in_one).then(|| first.offset.checked_sub(base.offset))?
}

/// The whole target: its forks tagged, everything between them as well.
fn fill(map: &mut Map, target: &Source, found: &[Found]) -> Result<()> {
    let mut at = 0;
    for fork in found {
        map.push(at, slice(target, at, fork.at - at)?, None);
        map.push(fork.at, slice(target, fork.at, fork.len)?, Some(fork.tag));
        at = fork.at + fork.len;
    }
    map.push(at, slice(target, at, target.len() - at)?, None);
    Ok(())
}

fn lost(found: &[Found], tree: &Tree, laid: &Laid, faults: &mut Vec<Fault>) {
    let mut seen = vec![false; laid.forks.len()];
    for fork in found {
        seen[fork.tag as usize] = true;
    }
    for (fork, seen) in laid.forks.iter().zip(seen) {
        let ours = matches!(tree.node(fork.node).body, Body::Link(_));
        if !seen && !ours {
            faults.push(Fault::Lost(tree.path(fork.node).to_string(), fork.kind));
        }
    }
}

fn compare(seen: &Digests, sent: &Sent<'_>, faults: &mut Vec<Fault>) {
    let pairs = seen.units.iter().zip(&sent.digests.units);
    for (at, _) in (0..).step_by(1 << 20).zip(pairs).filter(|(_, (seen, sent))| seen != sent) {
        match faults.last_mut() {
            Some(Fault::Bytes(last)) if last.end == at => last.end = at + UNIT,
            _ => faults.push(Fault::Bytes(at..at + UNIT)),
        }
    }
    let Some((tree, laid, _)) = &sent.volume else { return };
    let pairs = laid.forks.iter().zip(&sent.digests.forks).zip(&seen.forks);
    for ((fork, _), _) in pairs.filter(|((_, sent), seen)| seen != sent) {
        let path = tree.path(fork.node).to_string();
        let ours = matches!(tree.node(fork.node).body, Body::Link(_));
        let lost = Fault::Lost(path.clone(), fork.kind);
        if !ours && !faults.contains(&lost) {
            faults.push(Fault::Fork(path, fork.kind));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{FileTarget, ReadAt, WriteAt, bytes};
    use crate::media::{self, Ids, Layout, Media, PartContent, Target};
    use crate::volume::hfsplus::{Params, Size, lay_out};
    use crate::volume::tree::Xattr;
    use crate::volume::{Case, Meta};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    fn tree() -> Tree {
        let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 9);
        let meta = || Meta::new(Meta::FILE | 0o644, 9);
        let data = |seed: u8, len: usize| bytes(vec![seed; len]);
        let body = |data| Body::File { data, rsrc: None };
        let root = tree.root();
        tree.add(root, Name::from_text("a"), meta(), body(data(1, 3 << 20))).unwrap();
        let rsrc = Some(data(4, 9));
        let b = Body::File { data: data(2, 5000), rsrc };
        let id = tree.add(root, Name::from_text("b"), meta(), b).unwrap();
        let value = data(3, 50_000);
        tree.xattrs_mut(id).push(Xattr { name: Name::from_text("x"), value });
        tree
    }

    fn options<'a>(stop: &'a AtomicBool) -> Options<'a> {
        Options::new(2, stop, &|_| {})
    }

    #[test]
    fn every_changed_byte_of_what_was_sent_is_found() {
        let tree = Arc::new(tree());
        let laid = lay_out(&tree, &Params::new(Size::Fit { free: 1 << 20 }, 9)).unwrap();
        let volume = PartContent { map: laid.map.clone(), headers: laid.headers.clone() };
        let media = Media {
            layout: Layout::Single,
            label: "V".into(),
            efi_files: Vec::new(),
            ids: Ids::derive(b"plan"),
            date: 0,
            volume,
        };
        let image = media::lay_out(&media, Target { sector: 512, len: None }).unwrap();
        let range = image.parts[0].range.clone();
        let mut file = FileTarget::new(tempfile::tempfile().unwrap(), image.map.len()).unwrap();
        let stop = AtomicBool::new(false);
        let digests = pass::run(&image.map, Some(&mut file), &options(&stop)).unwrap();

        let target = Arc::new(file);
        let sent = Sent { volume: Some((&tree, &laid, range.clone())), digests: &digests };
        let check = |file: &Arc<FileTarget>| {
            let target: Source = Arc::clone(file) as Source;
            read_back(&target, &sent, &options(&stop)).unwrap()
        };
        assert_eq!(check(&target), []);

        let mut target = target;
        for extent in laid.map.extents().iter().filter(|extent| extent.tag.is_some()) {
            let at = range.start + extent.at + extent.len - 1;
            let mut old = [0];
            target.read_at(at, &mut old).unwrap();
            Arc::get_mut(&mut target).unwrap().write_at(at, &[old[0] ^ 1]).unwrap();
            let faults = check(&target);
            let fork = laid.forks[extent.tag.unwrap() as usize];
            assert!(faults.contains(&Fault::Fork(tree.path(fork.node).to_string(), fork.kind)));
            assert!(matches!(faults[0], Fault::Bytes(_)), "{faults:?}");
            Arc::get_mut(&mut target).unwrap().write_at(at, &old).unwrap();
        }
        // Free space is proven as well: the last block before the alternate header.
        Arc::get_mut(&mut target).unwrap().write_at(range.end - 8192, b"x").unwrap();
        assert!(matches!(check(&target)[..], [Fault::Bytes(_)]));
    }

    #[test]
    fn every_fault_has_its_sentence() {
        let path = || "/mach_kernel".to_owned();
        let forks = [ForkKind::Data, ForkKind::Rsrc, ForkKind::Xattr(0)];
        let all = forks.map(|kind| (Fault::Fork(path(), kind), Fault::Lost(path(), kind)));
        for (wrong, lost) in all {
            let fork = match wrong {
                Fault::Fork(_, ForkKind::Data) => "data fork",
                Fault::Fork(_, ForkKind::Rsrc) => "resource fork",
                _ => "extended attribute",
            };
            let text = format!("the {fork} of /mach_kernel is not what its source holds");
            assert_eq!(wrong.to_string(), text);
            let text = format!("the {fork} of /mach_kernel is not where the catalog says");
            assert_eq!(lost.to_string(), text);
        }
        let bytes = Fault::Bytes(512..1024).to_string();
        assert_eq!(bytes, "bytes 512 to 1024 are not what was written");
    }
}
