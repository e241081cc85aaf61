//! Laying out a tree as an HFS Plus volume.
//!
//! Nothing is written here: the result is a map whose metadata are generated
//! when they are read, from the tree and from tables of a few bytes a file.
//! All metadata come first, then the forks in the order of their sources,
//! each in one extent, then free space.
//!
//! Not written: fragmented forks (so the extents file has no records), bad
//! blocks, startup files, HFS wrappers, content protection.

mod alias;
mod attributes;
mod bitmap;
mod btree;
mod catalog;
mod data;
mod forks;
mod header;
mod links;
mod objects;
mod reach;
mod records;
mod space;

pub use forks::{ForkKind, ForkRef};

use crate::block::{Map, Result, Source, bytes};
use crate::volume::hfsplus::layout::attributes::Attributes;
use crate::volume::hfsplus::layout::bitmap::Bitmap;
use crate::volume::hfsplus::layout::btree::{Format, Shape, TreeFile};
use crate::volume::hfsplus::layout::catalog::Catalog;
use crate::volume::hfsplus::layout::data::Data;
use crate::volume::hfsplus::layout::forks::Forks;
use crate::volume::hfsplus::layout::objects::Objects;
use crate::volume::hfsplus::layout::records::{NoRecords, Records};
use crate::volume::hfsplus::layout::space::{Needs, Space, check_params, plan};
use crate::volume::hfsplus::raw::{JournalInfoBlock, journal, key_compare, tree_attributes};
use crate::volume::{Case, Tree};
use std::ops::Range;
use std::sync::Arc;
use zerocopy::IntoBytes;
use zerocopy::big_endian::{U32, U64};

/// How large a volume becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As large as needed, with this many bytes left free.
    Fit {
        /// Bytes to leave free.
        free: u64,
    },
    /// This many bytes.
    Exact(u64),
}

/// What a tree does not say of the volume it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// How large it becomes.
    pub size: Size,
    /// Bytes of an allocation block: a power of two from 512 to 65536.
    pub block_size: u32,
    /// Bytes of the device's sector; blocks are not smaller.
    pub sector: u32,
    /// Whether it has a journal (an empty one).
    pub journal: bool,
    /// The date for what has no date of its own, in seconds since 1904.
    pub now: u32,
    /// The volume's id, where the tree has none.
    pub volume_id: u64,
}

impl Params {
    /// Blocks of 4096 bytes, sectors of 512, no journal.
    #[must_use]
    pub const fn new(size: Size, now: u32) -> Self {
        Self { size, block_size: 4096, sector: 512, journal: false, now, volume_id: 0 }
    }
}

/// A volume laid out.
#[derive(Clone)]
pub struct Laid {
    /// All its bytes, in order of offsets.
    pub map: Map,
    /// The forks that take blocks; an extent's tag is an index here.
    pub forks: Vec<ForkRef>,
    /// The catalog node ids by slot of the tree; 0 for what is not on the volume.
    pub cnids: Vec<u32>,
    /// The byte ranges of the volume headers: without them there is no volume.
    pub headers: Vec<Range<u64>>,
    /// Files in the catalog: links, inodes and the journal's among them.
    pub files: u32,
    /// Folders in the catalog but the root.
    pub folders: u32,
    /// Bytes of an allocation block.
    pub block_size: u32,
    /// All allocation blocks.
    pub total_blocks: u32,
    /// Blocks that hold nothing.
    pub free_blocks: u32,
}

/// Lays out a tree. The root's name is the volume's.
///
/// # Errors
/// `Corrupt` when the tree holds what HFS Plus cannot (names, attribute
/// names, linked folders below themselves) or the parameters contradict each
/// other; `Unsupported` when there are more blocks or files than 32 bits
/// count; `Io` of kind `StorageFull` when a given size is too small.
pub fn lay_out(tree: &Arc<Tree>, params: &Params) -> Result<Laid> {
    check_params(params)?;
    let objects = Arc::new(Objects::new(Arc::clone(tree), params.journal)?);
    let mut attributes = Attributes::new(Arc::clone(&objects), params.block_size)?;
    let data = Data::new(&objects, &attributes, params.block_size);
    let forks = Forks::new(params.block_size, tree.slots());
    let mut catalog = Catalog { objects: Arc::clone(&objects), forks, now: params.now };
    let format = catalog_format(tree.case(), params, data.blocks);
    let catalog_shape = Shape::measure(&catalog, format, params.block_size)?;
    let attributes_shape = Shape::measure(&attributes, ATTRIBUTES, params.block_size)?;
    let needs = Needs {
        catalog: catalog_shape.len(),
        attributes: attributes_shape.len(),
        data_blocks: data.blocks,
    };
    let space = plan(params, needs)?;
    data.place(&space, &mut catalog.forks, &mut attributes);
    let header = header::header(&catalog, &space, format.node_size, params);
    let mut map = Map::new(space.len);
    map.push(space::HEADER_AT, bytes(header.as_bytes()), None);
    let attributes = file(attributes, attributes_shape, space.clump(attributes::NODE_SIZE));
    let catalog = file(catalog, catalog_shape, space.clump(format.node_size));
    push_metadata(&mut map, &space, attributes, catalog)?;
    data.push(&space, &mut map);
    map.push(space.len - space::HEADER_AT, bytes(header.as_bytes()), None);
    Ok(Laid {
        map,
        headers: space.headers(),
        files: objects.files,
        folders: objects.folders,
        block_size: space.block_size,
        total_blocks: space.total,
        free_blocks: space.free.end - space.free.start,
        forks: data.forks,
        cnids: objects.cnids.clone(),
    })
}

/// Unused nodes for what is added later: an eighth, and a few at least.
const fn spare(used: u32) -> u32 {
    used / 8 + 4
}

const EXTENTS: Format = Format {
    node_size: 4096,
    max_key: 10,
    attributes: tree_attributes::BIG_KEYS,
    key_compare: 0,
    spare,
};

const ATTRIBUTES: Format = Format {
    node_size: attributes::NODE_SIZE,
    max_key: 266,
    attributes: tree_attributes::BIG_KEYS | tree_attributes::VARIABLE_INDEX_KEYS,
    key_compare: 0,
    spare,
};

/// The catalog's nodes have 8 KiB on large volumes, 4 KiB on small ones and
/// where blocks are smaller than nodes, as newfs_hfs chooses.
fn catalog_format(case: Case, params: &Params, data_blocks: u64) -> Format {
    let len = match params.size {
        Size::Exact(len) => len,
        Size::Fit { free } => free.saturating_add(data_blocks * u64::from(params.block_size)),
    };
    let large = params.block_size >= 4096 && len >= 1 << 30;
    Format {
        node_size: if large { 8192 } else { 4096 },
        max_key: 516,
        attributes: tree_attributes::BIG_KEYS | tree_attributes::VARIABLE_INDEX_KEYS,
        key_compare: match case {
            Case::Folded => key_compare::CASE_FOLDING,
            Case::Sensitive => key_compare::BINARY,
        },
        spare,
    }
}

fn file<R: Records>(records: R, shape: Shape<R::Cursor>, clump: u32) -> Source {
    Arc::new(TreeFile::new(Arc::new(records), shape, clump))
}

/// Puts everything but the headers and forks in the map.
fn push_metadata(map: &mut Map, space: &Space, attributes: Source, catalog: Source) -> Result<()> {
    let len = space.bytes(&space.bitmap);
    let bitmap = Bitmap { len, free: space.free.clone(), total: space.total };
    map.push(space.at(space.bitmap.start), Arc::new(bitmap), None);
    if !space.journal.is_empty() {
        map.push(space.at(space.journal_info.start), journal_info(space), None);
    }
    let unit = u32::try_from(space.bytes(&space.extents)).unwrap_or(u32::MAX);
    let shape = Shape::measure(&NoRecords, EXTENTS, unit)?;
    let extents = file(NoRecords, shape, space.clump(EXTENTS.node_size));
    map.push(space.at(space.extents.start), extents, None);
    map.push(space.at(space.attributes.start), attributes, None);
    map.push(space.at(space.catalog.start), catalog, None);
    Ok(())
}

/// A journal that the system initialises when it mounts the volume.
fn journal_info(space: &Space) -> Source {
    let info = JournalInfoBlock {
        flags: U32::new(journal::IN_FS | journal::NEED_INIT),
        offset: U64::new(space.at(space.journal.start)),
        size: U64::new(space.bytes(&space.journal)),
        ..JournalInfoBlock::default()
    };
    bytes(info.as_bytes())
}
