//! The volume header.

use crate::volume::hfsplus::layout::catalog::Catalog;
use crate::volume::hfsplus::layout::forks::fork_data;
use crate::volume::hfsplus::layout::objects::Objects;
use crate::volume::hfsplus::layout::space::Space;
use crate::volume::hfsplus::layout::{Params, attributes};
use crate::volume::hfsplus::raw::{
    ForkData, SIGNATURE_HFS_PLUS, SIGNATURE_HFSX, VolumeHeader, attributes as volume_attributes,
};
use crate::volume::{Case, NodeId};
use std::ops::Range;
use zerocopy::big_endian::{U16, U32, U64};

/// Default clump size of files.
const FILE_CLUMP: u32 = 65536;

/// Both copies of the header.
pub(super) fn header(
    catalog: &Catalog,
    space: &Space,
    nodes: u16,
    params: &Params,
) -> VolumeHeader {
    let objects = &catalog.objects;
    let facts = &objects.tree.facts;
    let (signature, version) = match objects.tree.case() {
        Case::Folded => (SIGNATURE_HFS_PLUS, 4),
        Case::Sensitive => (SIGNATURE_HFSX, 5),
    };
    let mut bits = volume_attributes::UNMOUNTED | volume_attributes::UNUSED_NODES_ZEROED;
    if params.journal {
        bits |= volume_attributes::JOURNALED;
    }
    let special = |run: &Range<u32>, clump: u32| special_file(space, run, clump);
    VolumeHeader {
        signature: U16::new(signature),
        version: U16::new(version),
        attributes: U32::new(bits),
        lastMountedVersion: *b"10.0",
        journalInfoBlock: U32::new(if params.journal { space.journal_info.start } else { 0 }),
        createDate: U32::new(or(facts.created, params.now)),
        modifyDate: U32::new(or(facts.modified, params.now)),
        backupDate: U32::new(facts.backed_up),
        checkedDate: U32::new(facts.checked),
        fileCount: U32::new(objects.files),
        folderCount: U32::new(objects.folders),
        blockSize: U32::new(space.block_size),
        totalBlocks: U32::new(space.total),
        freeBlocks: U32::new(space.free.end - space.free.start),
        nextAllocation: U32::new(if space.free.is_empty() { 0 } else { space.free.start }),
        rsrcClumpSize: U32::new(FILE_CLUMP.max(space.block_size)),
        dataClumpSize: U32::new(FILE_CLUMP.max(space.block_size)),
        nextCatalogID: U32::new(objects.next_cnid),
        writeCount: U32::new(0),
        encodingsBitmap: U64::new(encodings(objects)),
        finderInfo: finder_info(objects, params.volume_id),
        allocationFile: special(&space.bitmap, 0),
        extentsFile: special(&space.extents, space.clump(4096)),
        catalogFile: special(&space.catalog, space.clump(nodes)),
        attributesFile: special(&space.attributes, space.clump(attributes::NODE_SIZE)),
        startupFile: ForkData::default(),
    }
}

const fn or(date: u32, otherwise: u32) -> u32 {
    if date == 0 { otherwise } else { date }
}

fn special_file(space: &Space, run: &Range<u32>, clump: u32) -> ForkData {
    let mut fork = fork_data(run.start, space.bytes(run), space.block_size);
    fork.clumpSize = U32::new(clump);
    fork
}

/// One bit for each text encoding that a record hints at (TN1150).
fn encodings(objects: &Objects) -> u64 {
    let bit = |encoding: u32| match encoding {
        152 => 1 << 48,
        140 => 1 << 49,
        encoding if encoding < 48 => 1u64 << encoding,
        _ => 1,
    };
    let ids = objects.tree.ids().filter(|id| objects.cnid(*id) != 0);
    let hints = ids.map(|id| objects.tree.node(id).meta.text_encoding);
    // Apple's checker looks at the low seven bits only.
    hints.fold(1, |bits, hint| bits | bit(hint) | bit(hint & 0x7f))
}

/// What is blessed, by the new ids; the volume's id.
fn finder_info(objects: &Objects, volume_id: u64) -> [U32; 8] {
    let facts = &objects.tree.facts;
    let id = |node: Option<NodeId>| {
        let target = node.map(|node| objects.tree.target(node));
        U32::new(target.map_or(0, |node| objects.cnid(node)))
    };
    let volume = if facts.volume_id == 0 { volume_id } else { facts.volume_id };
    // The two halves of the id.
    let (high, low) = ((volume >> 32) as u32, (volume & 0xffff_ffff) as u32);
    [
        id(facts.blessed_folder),
        id(facts.boot_file),
        id(facts.open_folder),
        id(facts.classic_folder),
        U32::new(0),
        id(facts.osx_folder),
        U32::new(high),
        U32::new(low),
    ]
}
