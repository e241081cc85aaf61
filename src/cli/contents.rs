//! A file's contents as a Mac would show them.

use crate::block::{Error, Result, Source};
use crate::volume::{Body, Name, NodeId, Tree};
use std::sync::Arc;

/// The data fork. Compressed files are refused by name.
///
/// # Errors
/// `Unsupported` for compressed files and folders.
pub(super) fn of(tree: &Tree, id: NodeId) -> Result<Source> {
    if tree.xattr(id, &Name::from_text("com.apple.decmpfs")).is_some() {
        return Err(Error::unsupported("a compressed file", "com.apple.decmpfs", 1u32, ""));
    }
    match &tree.node(tree.target(id)).body {
        Body::File { data, .. } => Ok(Arc::clone(data)),
        _ => Err(Error::unsupported("a folder", "kind", "folder", "")),
    }
}
