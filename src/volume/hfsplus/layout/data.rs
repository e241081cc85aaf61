//! The blocks behind the metadata: aliases, then forks in source order.

use crate::block::{Map, Origin, Source, bytes};
use crate::volume::hfsplus::layout::alias::{self, alias};
use crate::volume::hfsplus::layout::attributes::Attributes;
use crate::volume::hfsplus::layout::forks::{ForkKind, ForkRef, Forks};
use crate::volume::hfsplus::layout::objects::{Objects, Thing};
use crate::volume::hfsplus::layout::space::Space;
use crate::volume::{Body, NodeId};
use std::collections::HashMap;

/// Everything that takes blocks and is not of the format's own.
pub(super) struct Data<'a> {
    objects: &'a Objects,
    /// Links to folders, which hold an alias each.
    aliases: Vec<NodeId>,
    pub(super) forks: Vec<ForkRef>,
    pub(super) blocks: u64,
    block_size: u64,
}

impl<'a> Data<'a> {
    pub(super) fn new(objects: &'a Objects, attributes: &Attributes, block_size: u32) -> Self {
        let forks = in_source_order(objects, attributes);
        let aliases = objects.all.iter().filter_map(|object| match object.thing {
            Thing::Node(id) if is_folder_link(objects, id) => Some(id),
            _ => None,
        });
        let aliases = aliases.collect();
        let block_size = block_size.into();
        let mut data = Self { objects, aliases, forks, blocks: 0, block_size };
        data.blocks = data.aliases.len() as u64 * data.blocks_of(alias::SIZE as u64);
        for fork in &data.forks {
            data.blocks = data.blocks.saturating_add(data.blocks_of(data.len(*fork)));
        }
        data
    }

    fn blocks_of(&self, len: u64) -> u64 {
        len.div_ceil(self.block_size)
    }

    fn source(&self, fork: ForkRef) -> Option<&'a Source> {
        let node = self.objects.tree.node(fork.node);
        match (&node.body, fork.kind) {
            (Body::File { data, .. }, ForkKind::Data) => Some(data),
            (Body::File { rsrc, .. }, ForkKind::Rsrc) => rsrc.as_ref(),
            (_, ForkKind::Xattr(index)) => Some(&node.xattrs.get(index as usize)?.value),
            _ => None,
        }
    }

    fn len(&self, fork: ForkRef) -> u64 {
        self.source(fork).map_or(0, |source| source.len())
    }

    /// Gives every fork its blocks.
    pub(super) fn place(&self, space: &Space, forks: &mut Forks, attributes: &mut Attributes) {
        let mut next = u64::from(space.data.start);
        let mut take = |len: u64| {
            // The space was planned for all of them.
            let start = u32::try_from(next).unwrap_or(u32::MAX);
            next += self.blocks_of(len);
            start
        };
        for id in &self.aliases {
            forks.place(*id, ForkKind::Rsrc, take(alias::SIZE as u64));
        }
        for fork in &self.forks {
            let start = take(self.len(*fork));
            match fork.kind {
                ForkKind::Xattr(index) => attributes.place(fork.node, index, start),
                kind => forks.place(fork.node, kind, start),
            }
        }
        forks.journal =
            [&space.journal, &space.journal_info].map(|run| (run.start, space.bytes(run)));
    }

    /// Puts the forks in the map, numbered by their tags.
    pub(super) fn push(&self, space: &Space, map: &mut Map) {
        let mut at = space.at(space.data.start);
        let facts = &self.objects.tree.facts;
        for id in &self.aliases {
            let Body::Link(inode) = self.objects.tree.node(*id).body else { continue };
            let parent = self.objects.id(Thing::DirInodes);
            let alias = alias(facts.created, parent, self.objects.cnid(inode));
            map.push(at, bytes(alias), None);
            at += self.blocks_of(alias::SIZE as u64) * self.block_size;
        }
        for (tag, fork) in (0u32..).zip(&self.forks) {
            if let Some(source) = self.source(*fork) {
                map.push(at, source.clone(), Some(tag));
                at += self.blocks_of(source.len()) * self.block_size;
            }
        }
    }
}

fn is_folder_link(objects: &Objects, id: NodeId) -> bool {
    match objects.tree.node(id).body {
        Body::Link(inode) => objects.is_folder(Thing::Node(inode)),
        _ => false,
    }
}

/// All forks that take blocks, in the order of their sources; those in no
/// container first. Containers come as the volume's files lead to them: their
/// own numbers tell which was opened first, and that is no fact of the volume.
fn in_source_order(objects: &Objects, attributes: &Attributes) -> Vec<ForkRef> {
    let mut forks = Vec::new();
    let mut ranks: HashMap<u64, usize> = HashMap::new();
    let mut add = |node, kind, source: &Source| {
        if !source.is_empty() {
            let origin = source.origin(0).map(|Origin { container, offset }| {
                let next = ranks.len();
                (*ranks.entry(container).or_insert(next), offset)
            });
            forks.push((origin, ForkRef { node, kind }));
        }
    };
    for object in &objects.all {
        let Thing::Node(id) = object.thing else { continue };
        if let Body::File { data, rsrc } = &objects.tree.node(id).body {
            add(id, ForkKind::Data, data);
            if let Some(rsrc) = rsrc {
                add(id, ForkKind::Rsrc, rsrc);
            }
        }
    }
    for (node, index, value) in attributes.in_forks() {
        add(node, ForkKind::Xattr(index), value);
    }
    forks.sort_by_key(|(origin, _)| *origin);
    forks.into_iter().map(|(_, fork)| fork).collect()
}
