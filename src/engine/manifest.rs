//! The manifest beside an image: what it was made of, what is in it, and the
//! digests to prove it by.
//!
//! It is the same for the same plan, wherever it was built: there are no
//! paths of the host in it.

use crate::block::{Result, Source, read_vec};
use crate::engine::hash::hex;
use crate::engine::identity::Identified;
use crate::engine::inputs::Input;
use crate::engine::listed::{ForkDigest, Listed, Mode};
use crate::engine::plan::Plan;
use crate::media::pass::{self, Digests, UNIT};
use crate::volume::hfsplus::{ForkKind, Laid};
use crate::volume::{Body, NodeId, Tree};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

/// The version of the manifest's own form.
const FORMAT: u32 = 1;
/// The most bytes of an attribute that lies in the catalog: longer ones have forks.
const MAX_INLINE: u64 = 64 << 10;

/// What a check needs of a manifest.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) plan: String,
    pub(super) image: Image,
    pub(super) files: Vec<Listed>,
}

/// The image's own part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Image {
    /// Bytes of the disk.
    pub(super) bytes: u64,
    /// Bytes that each of `units` covers.
    pub(super) unit: u64,
    /// XXH3-128 of each unit, as hex digits.
    pub(super) units: Vec<String>,
    /// Where the volume is.
    pub(super) volume_at: u64,
    pub(super) volume_bytes: u64,
}

/// A unit's digest as the manifest has it.
pub(super) fn unit_hex(digest: u128) -> String {
    format!("{digest:032x}")
}

/// Writes a plan's manifest.
pub(super) fn write(
    plan: &Plan,
    identified: &Identified,
    digests: &Digests,
    out: &mut dyn Write,
) -> Result<()> {
    let volume = plan.laid.image.volume();
    let image = Image {
        bytes: plan.bytes(),
        unit: UNIT,
        units: digests.units.iter().copied().map(unit_hex).collect(),
        volume_at: volume.start,
        volume_bytes: volume.end - volume.start,
    };
    writeln!(out, "{{")?;
    field(out, "format", &FORMAT)?;
    field(out, "made_by", &concat!("lionize ", env!("CARGO_PKG_VERSION")))?;
    field(out, "plan", &identified.id())?;
    field(out, "recipe", &plan.recipe.name)?;
    field(out, "params", &plan.params.iter().cloned().collect::<BTreeMap<_, _>>())?;
    field(out, "date", &plan.identity.date)?;
    let inputs = plan.inputs.0.iter().map(|one| input(one, identified));
    field(out, "inputs", &inputs.collect::<Vec<_>>())?;
    field(out, "image_digest", &"XXH3-128")?;
    field(out, "file_digest", &"BLAKE3")?;
    field(out, "image", &image)?;
    writeln!(out, "  \"files\": [")?;
    if let Some((tree, laid)) = &plan.laid.volume {
        files(tree, laid, digests, out)?;
    }
    writeln!(out, "  ]\n}}")?;
    Ok(out.flush()?)
}

fn field(out: &mut dyn Write, name: &str, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "  \"{name}\": {},", serde_json::to_string(value)?)
}

fn input(input: &Input, identified: &Identified) -> serde_json::Value {
    let files: Vec<_> = identified
        .of(input)
        .iter()
        .map(|(path, digests)| {
            let name = input.file_name(path);
            json!({ "name": name, "sha256": hex(digests.sha256) })
        })
        .collect();
    let system = input.version.as_ref().map(|version| {
        json!({ "product": version.product, "version": version.version, "build": version.build })
    });
    json!({ "name": input.name, "kind": input.kind.word(), "files": files, "system": system })
}

/// Where each node's forks have their digests.
struct Tags<'a> {
    digests: &'a Digests,
    forks: Vec<[u32; 2]>,
    xattrs: BTreeMap<(NodeId, u32), u32>,
}

const NONE: u32 = u32::MAX;

impl<'a> Tags<'a> {
    fn new(tree: &Tree, laid: &Laid, digests: &'a Digests) -> Self {
        let mut tags =
            Self { digests, forks: vec![[NONE; 2]; tree.slots()], xattrs: BTreeMap::new() };
        for (tag, fork) in (0..).zip(&laid.forks) {
            match fork.kind {
                ForkKind::Data => tags.forks[fork.node.index()][0] = tag,
                ForkKind::Rsrc => tags.forks[fork.node.index()][1] = tag,
                ForkKind::Xattr(index) => drop(tags.xattrs.insert((fork.node, index), tag)),
            }
        }
        tags
    }

    /// A fork's digest; that of nothing for an empty one.
    fn digest(&self, tag: u32) -> ForkDigest {
        match self.digests.forks.get(tag as usize) {
            Some(digest) => ForkDigest(*digest),
            None => ForkDigest(pass::digest(&[])),
        }
    }

    fn xattr(&self, id: NodeId, index: u32, value: &Source) -> Result<ForkDigest> {
        if let Some(tag) = self.xattrs.get(&(id, index)) {
            return Ok(self.digest(*tag));
        }
        // In the catalog's neighbour: small, and digested here.
        let len = usize::try_from(value.len().min(MAX_INLINE)).unwrap_or(0);
        Ok(ForkDigest(pass::digest(&read_vec(value.as_ref(), 0, len)?)))
    }
}

fn files(tree: &Tree, laid: &Laid, digests: &Digests, out: &mut dyn Write) -> Result<()> {
    let tags = Tags::new(tree, laid, digests);
    let mut first = true;
    for (id, path) in Paths::new(tree) {
        let listed = list(tree, laid, &tags, id, path)?;
        let text = serde_json::to_string(&listed).map_err(io::Error::from)?;
        write!(out, "{}    {text}", if first { "" } else { ",\n" })?;
        first = false;
    }
    Ok(writeln!(out)?)
}

fn list(tree: &Tree, laid: &Laid, tags: &Tags<'_>, id: NodeId, path: String) -> Result<Listed> {
    let mut listed = describe(tree, id, path);
    let target = tree.target(id);
    let node = tree.node(target);
    if target != id {
        listed.linked = laid.cnids.get(target.index()).copied();
    }
    if let Body::File { data, rsrc } = &node.body {
        let [data_tag, rsrc_tag] = tags.forks[target.index()];
        (listed.bytes, listed.blake3) = (Some(data.len()), Some(tags.digest(data_tag)));
        if let Some(rsrc) = rsrc.as_ref().filter(|rsrc| rsrc.len() > 0) {
            listed.rsrc_bytes = Some(rsrc.len());
            listed.rsrc_blake3 = Some(tags.digest(rsrc_tag));
        }
    }
    for (index, xattr) in (0..).zip(&node.xattrs) {
        let digest = tags.xattr(target, index, &xattr.value)?;
        listed.xattrs.insert(xattr.name.to_string(), digest);
    }
    Ok(listed)
}

/// All names of a volume in the order of [`Tree::walk`], with the paths that
/// lead there on that walk.
pub(super) struct Paths<'a> {
    tree: &'a Tree,
    todo: Vec<(NodeId, String)>,
    seen: HashSet<NodeId>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        let todo = vec![(tree.root(), "/".to_owned())];
        Self { tree, todo, seen: HashSet::new() }
    }
}

impl Iterator for Paths<'_> {
    type Item = (NodeId, String);

    fn next(&mut self) -> Option<Self::Item> {
        let (id, path) = self.todo.pop()?;
        let target = self.tree.target(id);
        if target == id || self.seen.insert(target) {
            let above = if path == "/" { "" } else { path.as_str() };
            let child = |id: &NodeId| (*id, format!("{above}/{}", self.tree.node(*id).name));
            self.todo.extend(self.tree.children(id).iter().rev().map(child));
        }
        Some((id, path))
    }
}

/// A file without its contents.
pub(super) fn describe(tree: &Tree, id: NodeId, path: String) -> Listed {
    let meta = &tree.node(tree.target(id)).meta;
    Listed {
        path: path.into(),
        kind: tree.kind(id).into(),
        mode: Mode(meta.mode & 0o7777),
        owner: meta.owner,
        group: meta.group,
        bytes: None,
        blake3: None,
        rsrc_bytes: None,
        rsrc_blake3: None,
        xattrs: BTreeMap::new(),
        linked: None,
    }
}
