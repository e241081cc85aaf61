//! Sorted lists of records that B-trees are built from.

use std::io;

/// Records in key order, told by cursors instead of being held.
pub(super) trait Records: Send + Sync + 'static {
    /// A place in the order.
    type Cursor: Copy + Send + Sync + 'static;

    /// The first record's place, if there are any.
    fn first(&self) -> Option<Self::Cursor>;

    /// The place behind `at`.
    fn next(&self, at: Self::Cursor) -> Option<Self::Cursor>;

    /// Bytes of the key (with its length field) and of the data.
    fn sizes(&self, at: Self::Cursor) -> (usize, usize);

    /// Appends the key, its length field first.
    fn key(&self, at: Self::Cursor, out: &mut Vec<u8>);

    /// Appends the data.
    fn data(&self, at: Self::Cursor, out: &mut Vec<u8>) -> io::Result<()>;
}

/// No records: an empty tree.
pub(super) struct NoRecords;

impl Records for NoRecords {
    type Cursor = ();

    fn first(&self) -> Option<()> {
        None
    }

    fn next(&self, (): ()) -> Option<()> {
        None
    }

    fn sizes(&self, (): ()) -> (usize, usize) {
        (0, 0)
    }

    fn key(&self, (): (), _out: &mut Vec<u8>) {}

    fn data(&self, (): (), _out: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}
