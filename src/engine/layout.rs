//! From a tree to a disk: every offset, before a byte is written.

use crate::engine::facts::Facts;
use crate::engine::identity::{Identity, hfs_date};
use crate::engine::inputs::Inputs;
use crate::engine::job::Contents;
use crate::engine::problem::{Problem, Result};
use crate::engine::request::Request;
use crate::format::gpt;
use crate::media::{self, Ids, Image, Layout, Media, PartContent, Target};
use crate::recipe::{self, Recipe, Size};
use crate::source::plain_files;
use crate::volume::hfsplus::{self, Params};
use crate::volume::{Tree, fat};
use std::sync::Arc;

/// Bytes of an allocation block, where a recipe does not say.
const BLOCK: u32 = 4096;

/// A disk, laid out.
pub(super) struct Laid {
    pub(super) image: Image,
    pub(super) label: String,
    /// None when the partition is restored block for block.
    pub(super) volume: Option<(Arc<Tree>, hfsplus::Laid)>,
}

pub(super) fn lay_out(
    recipe: &Recipe,
    facts: &Facts,
    contents: Contents,
    efi_files: Vec<fat::File>,
    request: &Request,
    identity: &Identity,
) -> Result<Laid> {
    let options = &recipe.media;
    let layout = match options.layout {
        recipe::Layout::Standard => Layout::Standard,
        recipe::Layout::Single => Layout::Single,
        recipe::Layout::Bare => Layout::Bare,
    };
    let target = match options.volume.size {
        Size::Target => Some(request.target_bytes.ok_or_else(|| {
            Problem::usage("the recipe makes the volume as large as the target, which is not known")
                .hint("give the volume a size in the recipe, such as \"7 GB\"")
        })?),
        Size::Fit | Size::Bytes(_) => None,
    };
    let room = target.map(|len| media::room(layout, options.sector, len)).transpose();
    let room = room.map_err(|error| too_small(&error))?;
    let (label, volume, part) = match contents {
        Contents::Verbatim(source) => {
            let label = verbatim_label(recipe, facts);
            (label, None, PartContent::verbatim(source, Some(0)))
        }
        Contents::Tree(tree) => {
            let laid = lay_out_tree(recipe, &tree, room, identity)?;
            let part = PartContent { map: laid.map.clone(), headers: laid.headers.clone() };
            (tree.node(tree.root()).name.to_string(), Some((tree, laid)), part)
        }
    };
    let media = Media {
        layout,
        label: label.clone(),
        efi_files,
        ids: Ids::derive(&identity.seed),
        date: i64::try_from(identity.date).unwrap_or(i64::MAX),
        volume: part,
    };
    let target = Target { sector: options.sector, len: request.target_bytes };
    let image = media::lay_out(&media, target).map_err(|error| too_small(&error))?;
    Ok(Laid { image, label, volume })
}

fn too_small(error: &media::Error) -> Problem {
    let problem = Problem::bad_input("the disk cannot be laid out").because(error);
    match error {
        media::Error::Room { .. } | media::Error::Table(gpt::LayoutError::Disk(_)) => {
            problem.hint("take a larger disk")
        }
        _ => problem,
    }
}

/// The name of a partition that is restored block for block: the volume's.
fn verbatim_label(recipe: &Recipe, facts: &Facts) -> String {
    let from = recipe.steps.iter().find_map(|step| match &step.action {
        recipe::Action::Restore { from, .. } => Some(from),
        _ => None,
    });
    from.and_then(|from| facts.get(from, "volume")).unwrap_or("disk image").to_owned()
}

fn lay_out_tree(
    recipe: &Recipe,
    tree: &Arc<Tree>,
    room: Option<u64>,
    identity: &Identity,
) -> Result<hfsplus::Laid> {
    let options = &recipe.media.volume;
    let sector = recipe.media.sector;
    let block_size = options.block_size.unwrap_or(BLOCK.max(sector));
    let size = match (options.size, room) {
        (_, Some(room)) => hfsplus::Size::Exact(room),
        (Size::Bytes(bytes), _) => hfsplus::Size::Exact(bytes - bytes % u64::from(BLOCK)),
        _ => hfsplus::Size::Fit { free: options.free },
    };
    let seed: [u8; 32] = identity.seed;
    let params = Params {
        block_size,
        sector,
        journal: options.journal,
        // Apart from other numbers that derive from the plan: its last bytes.
        volume_id: seed
            .rchunks(8)
            .next()
            .map_or(1, |last| last.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
        ..Params::new(size, hfs_date(identity.date))
    };
    hfsplus::lay_out(tree, &params).map_err(|error| {
        let full = matches!(&error, crate::block::Error::Io(e) if e.kind() == std::io::ErrorKind::StorageFull);
        let problem = Problem::bad_input("the volume cannot be laid out").because(error);
        match (full, room) {
            (true, Some(_)) => problem.hint("take a larger disk"),
            (true, None) => problem.hint("give it more room: `size` in [media.volume]"),
            (false, _) => problem,
        }
    })
}

/// The files of the EFI partition, from a folder or a zip archive.
pub(super) fn efi_files(recipe: &Recipe, inputs: &Inputs) -> Result<Vec<fat::File>> {
    let Some(input) = recipe.media.efi.as_deref().and_then(|name| inputs.get(name)) else {
        return Ok(Vec::new());
    };
    let fail = |error| Problem::reading(input.describe(), error);
    let item = input.whole()?;
    let files = plain_files(&input.opener, &item).map_err(fail)?;
    Ok(files.into_iter().map(|file| fat::File { path: file.path, source: file.source }).collect())
}
