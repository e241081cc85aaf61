//! What a path leads to: on the host, in an image, in an image in an image.

use crate::block::Source;
use crate::engine::Problem;
use crate::volume::{NodeId, Tree};
use std::path::Path;
use std::sync::Arc;

/// What stands at a path.
#[allow(dead_code, reason = "made by readers that are still to come")]
pub(super) enum Place {
    /// A file or folder of a volume.
    Node {
        /// The volume.
        tree: Arc<Tree>,
        /// The node.
        id: NodeId,
    },
    /// A file that is in no volume.
    File {
        /// Its name.
        name: String,
        /// Its bytes.
        source: Source,
    },
}

/// Opens a path.
///
/// # Errors
/// What cannot be read, or is not there.
pub(super) fn open(path: &Path) -> Result<Place, Problem> {
    let what = path.display();
    Err(Problem::ours(format!("opening {what} is not part of this commit")))
}
