//! Members of an archive, as they come, and the tree they are in the end.
//!
//! Nothing leads out of the tree: members whose paths climb, whose folder is
//! no folder, or whose names no volume could hold are left out, and said.
//! Later members replace earlier ones of the same path, as in tar.

use crate::block::{Error, Result, Source, bytes};
use crate::format::appledouble;
use crate::format::archive::{Identity, Member};
use crate::source::archive::Hint;
use crate::source::archive::weave;
use crate::source::pattern::Matched;
use crate::volume::{MAX_NAME, Meta, Name, Tree};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// More members (and folders that only paths name) than this are refused.
const MAX_MEMBERS: usize = 400_000;
/// Names of more bytes than this, all together, are refused.
const MAX_NAMES: usize = 16 << 20;
/// Attributes and link targets of more bytes than this, all together, are
/// refused: they are held in memory.
const MAX_HELD: u64 = 64 << 20;
/// Members in folders deeper than this are left out.
const MAX_DEPTH: usize = 512;
/// More than this is not said one by one.
const MAX_NOTES: usize = 1000;
/// Seconds between 1904, where HFS+ begins, and 1970.
const EPOCH_1904: u64 = 2_082_844_800;
/// A digest of a file's bytes.
pub(super) type Digest = [u8; 32];
/// No member, no data.
pub(super) const NONE: u32 = u32::MAX;

/// A member of the tree that is to be.
pub(super) struct Proto {
    pub(super) parent: u32,
    pub(super) name: Name,
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) modified: u32,
    pub(super) device: u32,
    /// The number of its data, as its archive counts.
    pub(super) data: u32,
    /// What it is one more name of.
    pub(super) link: u32,
    /// Whether others are names of it.
    pub(super) linked: bool,
    /// Whether it is merged into the file beside it.
    pub(super) merged: bool,
    matched: Matched,
}

impl Proto {
    pub(super) const fn is_dir(&self) -> bool {
        self.mode & Meta::TYPE == Meta::DIR
    }
}

/// What has no place in a [`Proto`] because few members have it.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) targets: HashMap<u32, Box<[u8]>>,
    pub(super) xattrs: HashMap<u32, Vec<(String, Source)>>,
    pub(super) beside: HashMap<u32, appledouble::Decoded>,
}

/// What was left out: its path, and why, as in `it {why}`.
pub type LeftOut = (String, String);

/// What becomes of a member that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Its data are wanted now.
    pub(super) wanted: bool,
    /// Its data are the attributes of the file beside it.
    pub(super) beside: bool,
}

/// Gathers members.
pub(super) struct Gather<'p> {
    pub(super) protos: Vec<Proto>,
    pub(super) extras: Extras,
    pub(super) left_out: Vec<LeftOut>,
    names: usize,
    held: u64,
    /// By a digest of the folder and the name.
    known: HashMap<u64, u32>,
    hasher: RandomState,
    inodes: HashMap<Identity, u32>,
    /// By the number of the data; of files that say to have other names.
    digests: HashMap<u32, Digest>,
    hint: Option<Hint<'p>>,
    merge: bool,
}

impl<'p> Gather<'p> {
    /// Gathers into an empty root. `merge`: AppleDouble members become
    /// attributes of the files beside them.
    pub(super) fn new(hint: Option<Hint<'p>>, merge: bool) -> Self {
        let matched = hint.map(|hint| hint.at).unwrap_or_default();
        let root = Proto {
            parent: NONE,
            name: Name::default(),
            mode: Meta::DIR | 0o755,
            uid: 0,
            gid: 0,
            modified: 0,
            device: 0,
            data: NONE,
            link: NONE,
            linked: false,
            merged: false,
            matched,
        };
        Self {
            protos: vec![root],
            extras: Extras::default(),
            left_out: Vec::new(),
            names: 0,
            held: 0,
            known: HashMap::new(),
            hasher: RandomState::new(),
            inodes: HashMap::new(),
            digests: HashMap::new(),
            hint,
            merge,
        }
    }

    /// Adds a member, whose data has this number; `None` when it is left out.
    ///
    /// # Errors
    /// `Unsupported` when there are too many.
    pub(super) fn add(&mut self, member: Member, data: u32) -> Result<Option<Placed>> {
        let path = String::from_utf8_lossy(&member.path).into_owned();
        let placed = self.place(&path, member, data)?;
        Ok(placed.map_err(|why| self.leave_out(path, why)).ok())
    }

    /// Counts bytes that are to be held; whether there is room for them.
    pub(super) const fn has_room(&mut self, bytes: u64) -> bool {
        self.held = self.held.saturating_add(bytes);
        self.held <= MAX_HELD
    }

    /// The same, for what cannot be left out.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<()> {
        if bytes == 0 || self.has_room(bytes as u64) {
            return Ok(());
        }
        let what = "an archive of more attributes and links than is allowed";
        let hint = "unpack it with another program, if it is to be trusted";
        Err(Error::unsupported(what, "the limit in bytes", MAX_HELD, hint))
    }

    /// Says that something was left out.
    pub(super) fn leave_out(&mut self, path: String, why: impl Into<String>) {
        match self.left_out.len() {
            MAX_NOTES => self.left_out.push(("more members".into(), "were left out".into())),
            len if len < MAX_NOTES => self.left_out.push((path, why.into())),
            _ => {}
        }
    }

    /// `Err` in `Ok`: why it is left out.
    fn place(
        &mut self,
        path: &str,
        mut member: Member,
        data: u32,
    ) -> Result<std::result::Result<Placed, &'static str>> {
        let mut parts: Vec<&str> =
            path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") {
            return Ok(Err("would lead out of its folder"));
        }
        if parts.len() > MAX_DEPTH {
            return Ok(Err("is too deep in folders"));
        }
        if parts.iter().any(|part| part.encode_utf16().count() > MAX_NAME) {
            return Ok(Err("has a name of over 255 units"));
        }
        let beside = self.merge
            && member.kind() == Member::FILE
            && parts.last().is_some_and(|name| name.starts_with("._") && name.len() > 2);
        // Where zip archives of Macs keep them.
        if beside && parts.first() == Some(&"__MACOSX") {
            parts.remove(0);
        }
        let Some((last, folders)) = parts.split_last() else {
            if member.kind() == Member::DIR {
                self.set_meta(0, &member);
            }
            return Ok(Ok(Placed { wanted: false, beside: false }));
        };
        let mut at = 0;
        for folder in folders {
            at = self.folder(at, folder)?;
            if !self.protos[at as usize].is_dir() {
                return Ok(Err("is in what is no folder"));
            }
        }
        let target = member.symlink.take();
        let xattrs = std::mem::take(&mut member.xattrs);
        self.hold(target.as_ref().map_or(0, Vec::len))?;
        let link = match self.hard_link(&member) {
            Ok(link) => link,
            Err(why) => return Ok(Err(why)),
        };
        let id = match self.find(at, &Name::from_text(last)) {
            Some(old) => match self.again(old, &member) {
                Ok(()) => old,
                Err(why) => return Ok(Err(why)),
            },
            None => self.push(at, Name::from_text(last), &member)?,
        };
        if member.kind() != Member::DIR {
            let proto = &mut self.protos[id as usize];
            (proto.data, proto.link) = (data, NONE);
            self.extras.targets.remove(&id);
            self.join(id, link, &member);
        }
        if let Some(target) = target {
            self.extras.targets.insert(id, target.into());
        }
        if !xattrs.is_empty() {
            let xattrs = xattrs.into_iter().map(|(name, value)| (name, bytes(value)));
            self.extras.xattrs.insert(id, xattrs.collect());
        }
        Ok(Ok(Placed { wanted: self.is_wanted(id), beside }))
    }

    /// What a member is one more name of, if it is.
    fn hard_link(&self, member: &Member) -> std::result::Result<Option<u32>, &'static str> {
        let Some(path) = &member.hard_link else {
            let identity = member.identity.filter(|id| id.links > 1);
            let regular = member.kind() == Member::FILE;
            let found = identity.filter(|_| regular).and_then(|id| self.inodes.get(&id));
            return Ok(found.map(|id| self.first(*id)));
        };
        let path = String::from_utf8_lossy(path);
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        let mut names = parts.map(Name::from_text);
        let found = names.try_fold(0, |at, name| self.find(at, &name));
        match found.map(|id| self.first(id)) {
            Some(id) if !self.protos[id as usize].is_dir() => Ok(Some(id)),
            _ => Err("is a hard link to what is not there"),
        }
    }

    /// The first of a member's names.
    fn first(&self, id: u32) -> u32 {
        match self.protos[id as usize].link {
            NONE => id,
            first => first,
        }
    }

    /// Makes `id` one more name of `link`, or the first of its inode.
    fn join(&mut self, id: u32, link: Option<u32>, member: &Member) {
        let Some(first) = link.filter(|first| *first != id) else {
            if let Some(identity) = member.identity.filter(|id| id.links > 1) {
                self.inodes.insert(identity, id);
            }
            return;
        };
        let other = &self.protos[first as usize];
        // What they hold is compared when all of it was seen.
        let same = member.hard_link.is_some()
            || other.mode == member.mode && other.modified == date(member.mtime);
        if !same || self.protos[id as usize].linked {
            return;
        }
        self.protos[first as usize].linked = true;
        self.protos[id as usize].link = first;
    }

    /// A member of a path that is there already.
    fn again(&mut self, old: u32, member: &Member) -> std::result::Result<(), &'static str> {
        let proto = &self.protos[old as usize];
        match (proto.is_dir(), member.kind() == Member::DIR) {
            (true, true) => {}
            (false, false) if !proto.linked => {}
            (false, false) => return Err("comes twice, and has other names"),
            _ => return Err("comes twice, as a folder and as a file"),
        }
        self.set_meta(old, member);
        Ok(())
    }

    fn set_meta(&mut self, id: u32, member: &Member) {
        let proto = &mut self.protos[id as usize];
        (proto.mode, proto.uid, proto.gid) = (member.mode, member.uid, member.gid);
        (proto.modified, proto.device) = (date(member.mtime), member.device);
    }

    /// A folder's folder of this name, made when it is not there.
    fn folder(&mut self, parent: u32, name: &str) -> Result<u32> {
        let name = Name::from_text(name);
        match self.find(parent, &name) {
            Some(id) => Ok(id),
            None => {
                let modified = self.protos[parent as usize].modified;
                let member = Member { mode: Meta::DIR | 0o755, ..Member::default() };
                let id = self.push(parent, name, &member)?;
                self.protos[id as usize].modified = modified;
                Ok(id)
            }
        }
    }

    fn push(&mut self, parent: u32, name: Name, member: &Member) -> Result<u32> {
        self.names += 2 * name.units().len();
        let hint = "unpack it with another program, if it is to be trusted";
        if self.protos.len() >= MAX_MEMBERS {
            let what = "an archive of more members than is allowed";
            return Err(Error::unsupported(what, "the limit", MAX_MEMBERS, hint));
        }
        if self.names > MAX_NAMES {
            let what = "an archive of longer names than is allowed";
            return Err(Error::unsupported(what, "the limit in bytes", MAX_NAMES, hint));
        }
        let matched = self.protos[parent as usize].matched;
        let matched = self.hint.map(|hint| hint.pattern.step(matched, &name)).unwrap_or_default();
        // The limit is far below what a number holds.
        let id = u32::try_from(self.protos.len()).unwrap_or(NONE);
        self.known.insert(self.digest(parent, &name), id);
        self.protos.push(Proto {
            parent,
            name,
            mode: member.mode,
            uid: member.uid,
            gid: member.gid,
            modified: date(member.mtime),
            device: member.device,
            data: NONE,
            link: NONE,
            linked: false,
            merged: false,
            matched,
        });
        Ok(id)
    }

    pub(super) fn find(&self, parent: u32, name: &Name) -> Option<u32> {
        let id = *self.known.get(&self.digest(parent, name))?;
        let proto = &self.protos[id as usize];
        (proto.parent == parent && proto.name == *name).then_some(id)
    }

    fn digest(&self, parent: u32, name: &Name) -> u64 {
        self.hasher.hash_one((parent, name))
    }

    fn is_wanted(&self, id: u32) -> bool {
        let proto = &self.protos[id as usize];
        self.hint.is_some_and(|hint| {
            hint.met && hint.pattern.is_met(proto.matched)
                || hint.pattern.may_lead_on(proto.matched, &proto.name)
        })
    }

    /// The tree of all that was gathered, with the data's number of each of
    /// its nodes. AppleDouble members are merged if their data can be read.
    ///
    /// # Errors
    /// Whatever reading AppleDouble members reports.
    pub(super) fn finish(
        mut self,
        label: &str,
        data: &dyn Fn(u32) -> Result<Source>,
    ) -> Result<(Tree, Vec<u32>, Vec<LeftOut>)> {
        self.settle_links();
        self.merge_beside(data)?;
        let (tree, numbers) = weave::tree(&self.protos, &self.extras, label, data)?;
        Ok((tree, numbers, self.left_out))
    }

    /// Remembers what a file that says to have other names holds.
    pub(super) fn holds(&mut self, data: u32, digest: Digest) {
        self.digests.insert(data, digest);
    }

    /// Parts names that were taken for one file's and hold other bytes: inode
    /// numbers of six octal digits come round again. Some writers put the data
    /// behind the first name, others behind the last, or behind all of them.
    fn settle_links(&mut self) {
        let mut heads: HashMap<(u32, Digest), u32> = HashMap::new();
        for (index, id) in (0_u32..).enumerate().take(self.protos.len()) {
            let Proto { link: first, data, .. } = self.protos[index];
            if first == NONE {
                continue;
            }
            let held = |data: u32| self.digests.get(&data).copied();
            match (held(data), held(self.protos[first as usize].data)) {
                (Some(own), Some(other)) if own != other => {
                    let head = *heads.entry((first, own)).or_insert(id);
                    self.protos[index].link = if head == id { NONE } else { head };
                }
                (Some(_), None) => self.protos[first as usize].data = data,
                _ => {}
            }
        }
        let mut linked = vec![false; self.protos.len()];
        for proto in self.protos.iter().filter(|proto| proto.link != NONE) {
            linked[proto.link as usize] = true;
        }
        for (proto, linked) in self.protos.iter_mut().zip(linked) {
            proto.linked = linked;
        }
    }

    /// Merges each `._NAME` into the file or folder beside it; those that have
    /// none, or are something else, stay what they are.
    fn merge_beside(&mut self, data: &dyn Fn(u32) -> Result<Source>) -> Result<()> {
        if !self.merge {
            return Ok(());
        }
        for id in 1..self.protos.len() {
            let proto = &self.protos[id];
            let units = proto.name.units();
            let marked = units.starts_with(&[0x2e, 0x5f]) && units.len() > 2;
            let plain = proto.mode & Meta::TYPE == Meta::FILE && proto.link == NONE;
            if !marked || !plain || proto.linked || proto.data == NONE {
                continue;
            }
            let name = Name::from_units(&units[2..]);
            let Some(owner) = self.find(proto.parent, &name) else { continue };
            // All names of a file have what stands beside one of them.
            let owner = self.first(owner);
            match appledouble::decode(&data(proto.data)?) {
                Ok(decoded) => {
                    self.extras.beside.entry(owner).or_insert(decoded);
                    self.protos[id].merged = true;
                }
                Err(Error::Io(error)) => return Err(Error::Io(error)),
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// A date as HFS+ counts; the last there is for later ones.
fn date(mtime: u64) -> u32 {
    u32::try_from(mtime.saturating_add(EPOCH_1904)).unwrap_or(u32::MAX)
}
