//! The attributes file's records, one by one.

use crate::volume::hfsplus::check::catalog::Entry;
use crate::volume::hfsplus::check::extents::Extents;
use crate::volume::hfsplus::check::file::Run;
use crate::volume::hfsplus::check::keys::{self, AttributeKey, units};
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::{ExtentDescriptor, ForkData, attribute_record, cnid, file_flags};
use std::collections::HashMap;
use zerocopy::FromBytes;

const DATA: &str = "HFSPlusAttrData";
const FORK: &str = "HFSPlusAttrForkData";
const KEY: &str = "HFSPlusAttrKey";
const SECURITY: &str = "com.apple.system.Security";
const FIRST_LINK: &str = "com.apple.system.hfs.firstlink";

/// A fork whose further extents may follow.
struct Open {
    file: u32,
    name: Vec<u8>,
    fork: ForkData,
    blocks: u64,
}

/// What is kept of the attributes.
#[derive(Default)]
pub(super) struct Attributes {
    /// Who has attributes, ascending, and whether security is among them.
    owners: Vec<(u32, bool)>,
    /// What the inodes of linked folders say of their first links.
    pub(super) first_links: HashMap<u32, u32>,
    pub(super) count: u32,
    open: Option<Open>,
}

impl Attributes {
    /// Takes a leaf record.
    pub(super) fn record(
        &mut self,
        key: &[u8],
        data: &[u8],
        extents: &mut Extents,
        findings: &mut Findings,
    ) {
        let Some(key) = keys::attribute(key) else { return };
        let place = Some(Place::Cnid(key.file));
        let kind = u32_at(data, 0).unwrap_or(0);
        if kind == attribute_record::EXTENTS {
            return self.extents(key, data, extents, findings);
        }
        self.close(extents, findings);
        if key.start != 0 {
            findings.corrupt((KEY, "startBlock"), key.start, 0u32, place);
        }
        match kind {
            attribute_record::INLINE => self.inline(key, data, findings),
            attribute_record::FORK => self.fork(key, data, extents, findings),
            _ => findings.corrupt((KEY, "recordType"), kind, "is unknown", place),
        }
        self.count = self.count.saturating_add(1);
        let security = SECURITY.encode_utf16().eq(units(key.name));
        match self.owners.last_mut() {
            Some((file, has)) if *file == key.file => *has |= security,
            _ => self.owners.push((key.file, security)),
        }
    }

    fn inline(&mut self, key: AttributeKey<'_>, data: &[u8], findings: &mut Findings) {
        let value = u32_at(data, 12).and_then(|len| data.get(16..16 + len as usize));
        let Some(value) = value else {
            let place = Some(Place::Cnid(key.file));
            let rule = "is more than the record holds";
            return findings.corrupt(
                (DATA, "attrSize"),
                u32_at(data, 12).unwrap_or(0),
                rule,
                place,
            );
        };
        if FIRST_LINK.encode_utf16().eq(units(key.name)) {
            let digits = value.strip_suffix(&[0]).and_then(|text| std::str::from_utf8(text).ok());
            let first = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
            self.first_links.insert(key.file, first);
        }
    }

    fn fork(
        &mut self,
        key: AttributeKey<'_>,
        data: &[u8],
        extents: &mut Extents,
        findings: &mut Findings,
    ) {
        let parsed = data.get(8..).and_then(|data| ForkData::read_from_prefix(data).ok());
        let Some((fork, _)) = parsed else {
            let place = Some(Place::Cnid(key.file));
            return findings.corrupt((FORK, "length"), data.len(), "is not the record's", place);
        };
        let blocks = extents.more(fork.extents.map(Run::from), key.file, findings);
        self.open = Some(Open { file: key.file, name: key.name.to_vec(), fork, blocks });
    }

    fn extents(
        &mut self,
        key: AttributeKey<'_>,
        data: &[u8],
        extents: &mut Extents,
        findings: &mut Findings,
    ) {
        let place = Some(Place::Cnid(key.file));
        let same = |open: &&mut Open| open.file == key.file && open.name == key.name;
        let Some(open) = self.open.as_mut().filter(same) else {
            return findings.corrupt((KEY, "recordType"), key.start, "continues no fork", place);
        };
        findings.expect((KEY, "startBlock"), key.start, open.blocks, place);
        let parsed =
            data.get(8..).and_then(|data| <[ExtentDescriptor; 8]>::read_from_prefix(data).ok());
        let Some((runs, _)) = parsed else {
            return findings.corrupt(
                ("HFSPlusAttrExtents", "length"),
                data.len(),
                "is not the record's",
                place,
            );
        };
        open.blocks += extents.more(runs.map(Run::from), key.file, findings);
    }

    /// Ends a fork: all its extents were seen.
    fn close(&mut self, extents: &Extents, findings: &mut Findings) {
        if let Some(open) = self.open.take() {
            extents.sizes(&open.fork, open.blocks, open.file, findings);
        }
    }

    /// Ends the last fork, when all records were taken.
    pub(super) fn finish(&mut self, extents: &Extents, findings: &mut Findings) {
        self.close(extents, findings);
    }

    /// Compares the owners with the flags in the catalog (sorted by id).
    pub(super) fn check_owners(&self, records: &[Entry], findings: &mut Findings) {
        let mut owners = self.owners.iter().copied().peekable();
        let mask = file_flags::HAS_ATTRIBUTES | file_flags::HAS_SECURITY;
        for entry in records {
            while let Some((id, _)) = owners.next_if(|(id, _)| *id < entry.cnid) {
                no_owner(id, findings);
            }
            let has = owners.next_if(|(id, _)| *id == entry.cnid);
            let expected = match has {
                None => 0,
                Some((_, false)) => file_flags::HAS_ATTRIBUTES,
                Some((_, true)) => mask,
            };
            if entry.flags & mask != expected {
                let place = Some(Place::Cnid(entry.cnid));
                findings.expect(("catalog record", "flags"), entry.flags & mask, expected, place);
            }
        }
        owners.for_each(|(id, _)| no_owner(id, findings));
    }
}

/// Ids below 16 are the volume's own, and may have attributes.
fn no_owner(id: u32, findings: &mut Findings) {
    if id >= cnid::FIRST_USER || id == cnid::ROOT {
        findings.corrupt((KEY, "fileID"), id, "is that of no file", Some(Place::Cnid(id)));
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
