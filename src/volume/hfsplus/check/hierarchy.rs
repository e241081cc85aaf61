//! Records and threads against each other: every file is in a folder that
//! exists, every folder below the root, every count right.

use crate::volume::hfsplus::check::catalog::{Catalog, Entry};
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::cnid;
use std::cmp::Ordering;

const FOLDER: &str = "HFSPlusCatalogFolder";
const THREAD: &str = "HFSPlusCatalogThread";

/// Sorts what was kept of the catalog and compares its parts.
pub(super) fn check(catalog: &mut Catalog, findings: &mut Findings) {
    catalog.records.sort_unstable();
    catalog.threads.sort_unstable();
    catalog.said.sort_unstable();
    catalog.counted.sort_unstable();
    unique(&catalog.records, findings);
    threads(catalog, findings);
    counts(catalog, findings);
    parents(&catalog.records, findings);
}

/// The record of an id; `None` when there is none.
pub(super) fn find(records: &[Entry], cnid: u32) -> Option<&Entry> {
    let at = records.partition_point(|entry| entry.cnid < cnid);
    records.get(at).filter(|entry| entry.cnid == cnid)
}

fn unique(records: &[Entry], findings: &mut Findings) {
    for pair in records.windows(2).filter(|pair| pair[0].cnid == pair[1].cnid) {
        let id = pair[0].cnid;
        let place = Some(Place::Cnid(id));
        findings.corrupt(("catalog record", "id"), id, "is that of two records", place);
    }
}

/// Walks two lists that ascend by id, together.
fn merge<A, B>(
    a: &[A],
    b: &[B],
    id_a: fn(&A) -> u32,
    id_b: fn(&B) -> u32,
    mut each: impl FnMut(Option<&A>, Option<&B>),
) {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => id_a(a).cmp(&id_b(b)),
        };
        match order {
            Ordering::Less => each(a.next(), None),
            Ordering::Greater => each(None, b.next()),
            Ordering::Equal => each(a.next(), b.next()),
        }
    }
}

fn threads(catalog: &Catalog, findings: &mut Findings) {
    let id = |entry: &Entry| entry.cnid;
    merge(&catalog.records, &catalog.threads, id, id, |record, thread| {
        let (id, rule) = match (record, thread) {
            (Some(record), None) => (record.cnid, "has a record, but no thread"),
            (None, Some(thread)) => (thread.cnid, "has a thread, but no record"),
            (Some(a), Some(b)) if (a.parent, a.hash, a.folder) != (b.parent, b.hash, b.folder) => {
                (a.cnid, "is not the one of the record's key")
            }
            _ => return,
        };
        findings.corrupt((THREAD, "nodeName"), id, rule, Some(Place::Cnid(id)));
    });
}

fn counts(catalog: &Catalog, findings: &mut Findings) {
    let counts_folders = catalog.counts_folders;
    merge(
        &catalog.said,
        &catalog.counted,
        |count| count.cnid,
        |count| count.cnid,
        |said, counted| {
            let (all, folders) = counted.map_or((0, 0), |count| (count.all, count.folders));
            // What is in a file or in nothing is reported as having no parent.
            if let Some(said) = said {
                let place = Some(Place::Cnid(said.cnid));
                findings.expect((FOLDER, "valence"), said.all, all, place);
                if counts_folders {
                    findings.expect((FOLDER, "folderCount"), said.folders, folders, place);
                }
            }
        },
    );
}

/// Every record's parent is a folder, and every folder is below the root.
fn parents(records: &[Entry], findings: &mut Findings) {
    let index = |cnid: u32| records.binary_search_by_key(&cnid, |entry| entry.cnid).ok();
    // 0: not seen; otherwise the number of the walk that saw it, from 1.
    let mut seen = vec![0u32; records.len()];
    for (walk, at) in (1u32..).zip(0..records.len()) {
        let mut step = at;
        let rule = loop {
            let entry = &records[step];
            if entry.parent == cnid::ROOT_PARENT {
                break None;
            }
            match seen[step] {
                0 => seen[step] = walk,
                // Reported by the walk that saw it first, if anything was wrong.
                other if other != walk => break None,
                _ => break Some("is below itself"),
            }
            match index(entry.parent) {
                Some(parent) if records[parent].folder => step = parent,
                Some(_) => break Some("is a file"),
                None => break Some("does not exist"),
            }
        };
        if let Some(rule) = rule {
            let (id, parent) = (records[step].cnid, records[step].parent);
            findings.corrupt(
                ("HFSPlusCatalogKey", "parentID"),
                parent,
                rule,
                Some(Place::Cnid(id)),
            );
        }
    }
}
