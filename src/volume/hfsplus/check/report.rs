//! What a check found.

use crate::block::Value;
use std::fmt;
use std::ops::Range;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Odd, but every system copes with it, and Apple's checker says nothing.
    Note,
    /// Against the format: the volume needs repair.
    Corrupt,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The structure by its specification's name.
    pub structure: &'static str,
    /// The field by its specification's name.
    pub field: &'static str,
    /// What it holds.
    pub value: Value,
    /// What it should hold, or what is wrong.
    pub expected: Value,
    /// The file, folder, node or block it was found in.
    pub place: Option<Place>,
}

/// Where a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file or folder with this catalog node id.
    Cnid(u32),
    /// A B-tree's node.
    Node(u32),
    /// An allocation block.
    Block(u32),
    /// A byte of the volume.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cnid(id) => write!(f, "id {id}"),
            Self::Node(node) => write!(f, "node {node}"),
            Self::Block(block) => write!(f, "block {block}"),
            Self::Byte(at) => write!(f, "byte {at}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is {}", self.structure, self.field, self.value)?;
        match &self.expected {
            Value::Text(text) => write!(f, ", which {text}")?,
            number => write!(f, ", not {number}")?,
        }
        self.place.map_or(Ok(()), |place| write!(f, " (at {place})"))
    }
}

/// What a check found, and what it counted on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first findings, as many as were asked for.
    pub findings: Vec<Finding>,
    /// Findings that are against the format, listed or not.
    pub corrupt: u64,
    /// Findings that are only odd, listed or not.
    pub notes: u64,
    /// Whether every part could be checked; damaged B-trees hide others.
    pub complete: bool,
    /// Whether the volume was not cleanly unmounted, or its journal holds changes.
    pub dirty: bool,
    /// Files in the catalog.
    pub files: u32,
    /// Folders in the catalog, without the root.
    pub folders: u32,
    /// Hard links among the files.
    pub links: u32,
    /// Extended attributes.
    pub attributes: u32,
    /// Extents of all forks.
    pub extents: u64,
    /// Blocks that hold nothing.
    pub free_blocks: u32,
    /// The bytes of the volume's blocks that hold something, ascending and
    /// apart; none of a volume whose trees could not all be read.
    pub used: Vec<Range<u64>>,
}

impl Report {
    /// Whether nothing is against the format.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.corrupt == 0 && self.complete
    }
}

/// Takes findings, and keeps the first of them.
pub(super) struct Findings {
    pub(super) report: Report,
    most: usize,
}

impl Findings {
    pub(super) fn new(most: usize) -> Self {
        Self { report: Report { complete: true, ..Report::default() }, most }
    }

    fn add(&mut self, finding: Finding) {
        match finding.level {
            Level::Corrupt => self.report.corrupt += 1,
            Level::Note => self.report.notes += 1,
        }
        if self.report.findings.len() < self.most {
            self.report.findings.push(finding);
        }
    }

    /// Something against the format.
    pub(super) fn corrupt(
        &mut self,
        (structure, field): (&'static str, &'static str),
        value: impl Into<Value>,
        expected: impl Into<Value>,
        place: Option<Place>,
    ) {
        let (value, expected, level) = (value.into(), expected.into(), Level::Corrupt);
        self.add(Finding { level, structure, field, value, expected, place });
    }

    /// Something odd.
    pub(super) fn note(
        &mut self,
        (structure, field): (&'static str, &'static str),
        value: impl Into<Value>,
        expected: impl Into<Value>,
        place: Option<Place>,
    ) {
        let (value, expected, level) = (value.into(), expected.into(), Level::Note);
        self.add(Finding { level, structure, field, value, expected, place });
    }

    /// Notes when a number is not what it should be.
    pub(super) fn expect(
        &mut self,
        what: (&'static str, &'static str),
        value: impl Into<u64>,
        expected: impl Into<u64>,
        place: Option<Place>,
    ) {
        let (value, expected) = (value.into(), expected.into());
        if value != expected {
            self.corrupt(what, value, expected, place);
        }
    }

    /// Something was so damaged that what depends on it was not checked.
    pub(super) fn stop(&mut self) {
        self.report.complete = false;
    }
}
