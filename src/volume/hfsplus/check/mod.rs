//! Checking a volume: whether all its structures agree.
//!
//! A reader of its own, apart from the one that makes trees, so that a
//! mistake in the one is not repeated in the other. Memory is bounded: some
//! 40 bytes a file, some 12 an extent, besides a B-tree's inner nodes.
//!
//! What counts as corrupt is what Apple's checker (fsck_hfs) counts so, with
//! a few exceptions that are listed in `docs/checking.md`.

mod attributes;
mod btree;
mod catalog;
mod extents;
mod file;
mod header;
mod hierarchy;
mod journal;
mod keys;
mod links;
mod map;
mod node;
mod report;
mod space;

pub use report::{Finding, Level, Place, Report};

use crate::block::{Error, Result, Source};
use crate::volume::Case;
use crate::volume::hfsplus::check::attributes::Attributes;
use crate::volume::hfsplus::check::btree::{Each, Tree};
use crate::volume::hfsplus::check::catalog::Catalog;
use crate::volume::hfsplus::check::extents::{DATA, Extents};
use crate::volume::hfsplus::check::file::{Blocks, Run};
use crate::volume::hfsplus::check::header::{Counted, Volume};
use crate::volume::hfsplus::check::keys::Keys;
use crate::volume::hfsplus::check::report::Findings;
use crate::volume::hfsplus::raw::{
    BTreeHeader, ExtentDescriptor, ForkData, SIGNATURE_HFSX, attributes as bits, cnid, key_compare,
};
use zerocopy::FromBytes;

/// How to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most findings to list; all are counted.
    pub findings: usize,
    /// Also refuse what systems leave behind and our writer does not:
    /// headers that differ, a volume that was not unmounted.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { findings: 100, strict: false }
    }
}

/// Checks a volume.
///
/// # Errors
/// `Corrupt` or `Unsupported` when there is no volume to check, `Io` when the
/// source cannot be read. Whatever is wrong with a volume is in the report.
pub fn check(source: &Source, options: &Options) -> Result<Report> {
    let mut findings = Findings::new(options.findings);
    let volume = header::open(source, options.strict, &mut findings)?;
    header::fields(&volume.header, options.strict, &mut findings);
    let header = &volume.header;
    let mut check = Check {
        extents: Extents::new(header.totalBlocks.get(), header.blockSize.get()),
        volume,
        findings,
    };
    check.run()?;
    Ok(check.findings.report)
}

/// Takes a leaf record's key and data; notes extents and findings.
type EachRecord<'a> = &'a mut dyn FnMut(&[u8], &[u8], &mut Extents, &mut Findings) -> Result<()>;

struct Check {
    volume: Volume,
    extents: Extents,
    findings: Findings,
}

impl Check {
    fn run(&mut self) -> Result<()> {
        let header = self.volume.header;
        let reserved = space::reserved(header.totalBlocks.get(), header.blockSize.get());
        self.extents.taken.extend(reserved.map(|run| (run, 0)));
        journal::check(&self.volume, &mut self.findings)?;
        if !self.overflow(&header.extentsFile)? {
            self.findings.stop();
            return Ok(());
        }
        // Only now are the records known that continue other special files.
        let bitmap = self.special(&header.allocationFile, cnid::ALLOCATION);
        self.special(&header.startupFile, cnid::STARTUP);
        let Some(mut catalog) = self.catalog(&header.catalogFile)? else {
            self.findings.stop();
            return Ok(());
        };
        let Some(attributes) = self.attributes(&header.attributesFile)? else {
            self.findings.stop();
            return Ok(());
        };
        hierarchy::check(&mut catalog, &mut self.findings);
        attributes.check_owners(&catalog.records, &mut self.findings);
        let created = catalog.root_created;
        let firsts = &attributes.first_links;
        catalog.links.check(&catalog.records, created, firsts, &mut self.findings);
        self.extents.finish(&mut self.findings);
        self.count(&catalog, &attributes, bitmap.as_ref())
    }

    /// Compares the bitmap and the header with what was counted.
    fn count(
        &mut self,
        catalog: &Catalog,
        attributes: &Attributes,
        bitmap: Option<&Blocks>,
    ) -> Result<()> {
        let header = self.volume.header;
        let used = space::merge(&mut self.extents, &mut self.findings);
        let Some(bitmap) = bitmap else {
            self.findings.stop();
            return Ok(());
        };
        let free = space::compare(bitmap, &used, header.totalBlocks.get(), &mut self.findings)?;
        let counted = Counted {
            files: catalog.files,
            folders: catalog.folders,
            free_blocks: free,
            last_cnid: catalog.records.last().map_or(0, |entry| entry.cnid),
            encodings: catalog.encodings,
        };
        header::counts(&header, &counted, &mut self.findings);
        let report = &mut self.findings.report;
        report.files = catalog.files;
        report.folders = catalog.folders;
        report.links = u32::try_from(catalog.links.count()).unwrap_or(u32::MAX);
        report.attributes = attributes.count;
        report.free_blocks = u32::try_from(free).unwrap_or(u32::MAX);
        let size = u64::from(header.blockSize.get());
        report.used = used.into_iter().map(|(start, end)| start * size..end * size).collect();
        Ok(())
    }

    /// A special file's blocks, unless an extent is broken.
    fn special(&mut self, fork: &ForkData, id: u32) -> Option<Blocks> {
        let runs = self.extents.fork(fork, (id, DATA), &mut self.findings)?;
        Some(Blocks::new(&self.volume.source, self.volume.header.blockSize.get(), &runs))
    }

    /// Walks one of the trees; false when damage hides parts of it.
    fn tree(&mut self, file: &Blocks, keys: Keys, each: EachRecord<'_>) -> Result<bool> {
        let zeroed = self.volume.header.attributes.get() & bits::UNUSED_NODES_ZEROED != 0;
        let name = keys.structure();
        let Some(tree) = Tree::open(file, |_| keys, name, &mut self.findings)? else {
            return Ok(false);
        };
        let size = tree.header.nodeSize.get();
        let journaled = self.volume.header.attributes.get() & bits::JOURNALED != 0;
        if journaled && file.splits(size.into()) {
            let rule = "is of nodes that lie in two extents each, in a journaled volume";
            self.findings.corrupt((name, "nodeSize"), size, rule, None);
        }
        let extents = &mut self.extents;
        let each: Each<'_> = &mut |key, data, findings| each(key, data, extents, findings);
        tree.walk(zeroed, &mut self.findings, each)
    }

    /// Reads the extents file.
    fn overflow(&mut self, fork: &ForkData) -> Result<bool> {
        let Some(file) = self.special(fork, cnid::EXTENTS) else { return Ok(false) };
        self.tree(&file, Keys::Extents, &mut |key, data, extents, findings| {
            let runs = <[ExtentDescriptor; 8]>::read_from_bytes(data);
            match (keys::extent(key), runs) {
                (Some(key), Ok(runs)) => extents.add_overflow(key, runs.map(Run::from)),
                _ => {
                    let rule = "is not the record's";
                    findings.corrupt(("HFSPlusExtentRecord", "length"), data.len(), rule, None);
                }
            }
            if extents.overflow_len() > Extents::MOST_OVERFLOW {
                let what = "a volume of that many overflow extents";
                let count = extents.overflow_len();
                return Err(Error::unsupported(what, "leafRecords", count, ""));
            }
            Ok(())
        })
    }

    fn catalog(&mut self, fork: &ForkData) -> Result<Option<Catalog>> {
        let Some(file) = self.special(fork, cnid::CATALOG) else { return Ok(None) };
        let hfsx = self.volume.header.signature.get() == SIGNATURE_HFSX;
        let case = |header: &BTreeHeader| match header.keyCompareType {
            key_compare::BINARY if hfsx => Case::Sensitive,
            _ => Case::Folded,
        };
        let mut found = None;
        let keys = |header: &BTreeHeader| {
            found = Some(header.keyCompareType);
            Keys::Catalog(case(header))
        };
        let name = "catalog B-tree";
        let Some(tree) = Tree::open(&file, keys, name, &mut self.findings)? else {
            return Ok(None);
        };
        let known = [key_compare::BINARY, key_compare::CASE_FOLDING];
        if hfsx && found.is_some_and(|kind| !known.contains(&kind)) {
            let kind = u16::from(found.unwrap_or(0));
            self.findings.note((name, "keyCompareType"), kind, "is unknown", None);
        }
        let keys = Keys::Catalog(case(&tree.header));
        let mut catalog = Catalog::new(hfsx);
        let whole = self.tree(&file, keys, &mut |key, data, extents, findings| {
            catalog.record(key, data, extents, findings);
            Ok(())
        })?;
        catalog.finish();
        Ok(whole.then_some(catalog))
    }

    fn attributes(&mut self, fork: &ForkData) -> Result<Option<Attributes>> {
        let mut attributes = Attributes::default();
        if fork.totalBlocks.get() == 0 {
            return Ok(Some(attributes));
        }
        let Some(file) = self.special(fork, cnid::ATTRIBUTES) else { return Ok(None) };
        let whole = self.tree(&file, Keys::Attributes, &mut |key, data, extents, findings| {
            attributes.record(key, data, extents, findings);
            Ok(())
        })?;
        attributes.finish(&self.extents, &mut self.findings);
        Ok(whole.then_some(attributes))
    }
}
