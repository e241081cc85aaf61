//! The volume header and its copy.

use crate::block::{Error, Result, Source, Value, read_vec, slice};
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::header::COPY;
use crate::volume::hfsplus::raw::{
    SIGNATURE_HFS, SIGNATURE_HFS_PLUS, SIGNATURE_HFSX, VolumeHeader, attributes, cnid,
};
use zerocopy::IntoBytes;

const HEADER: &str = "HFSPlusVolumeHeader";
const AT: u64 = 1024;
/// The largest clump size that Apple's checker takes for one.
const MAX_CLUMP: u32 = 1 << 20;

/// A volume whose header, or else its copy, is of use.
pub(super) struct Volume {
    pub(super) source: Source,
    pub(super) header: VolumeHeader,
}

/// Finds the volume (also in an HFS wrapper) and compares its two headers.
pub(super) fn open(source: &Source, strict: bool, findings: &mut Findings) -> Result<Volume> {
    let source = unwrap(source)?;
    if source.len() < AT + 512 {
        let rule = "too short for a volume";
        return Err(Error::corrupt("volume", "length", source.len(), rule));
    }
    let last = source.len() - AT;
    let primary = read(&source, AT)?;
    let copy = read(&source, last)?;
    let (good, good_copy) = (problem(&primary, &source), problem(&copy, &source));
    let valid = good.is_none();
    let header = match (good, &good_copy) {
        (None, _) => primary,
        (Some((field, value, rule)), None) => {
            findings.corrupt((HEADER, field), value, rule, Some(Place::Byte(AT)));
            copy
        }
        (Some((field, value, rule)), Some(_)) => {
            let rule = rule.strip_prefix("is ").unwrap_or(rule);
            return Err(Error::corrupt(HEADER, field, value, rule).at(AT));
        }
    };
    if let Some((field, value, rule)) = good_copy {
        findings.corrupt(
            ("alternate HFSPlusVolumeHeader", field),
            value,
            rule,
            Some(Place::Byte(last)),
        );
    } else if valid {
        compare(&primary, &copy, strict, Some(Place::Byte(last)), findings);
    }
    Ok(Volume { source, header })
}

fn read(source: &Source, at: u64) -> Result<VolumeHeader> {
    let mut header = VolumeHeader::default();
    source.read_at(at, header.as_mut_bytes())?;
    Ok(header)
}

/// The volume inside an HFS wrapper, or the source itself.
fn unwrap(source: &Source) -> Result<Source> {
    if source.len() < AT + 162 {
        return Ok(source.clone());
    }
    let block = read_vec(&**source, AT, 162)?;
    let u16_at = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
    if u16_at(0) != SIGNATURE_HFS {
        return Ok(source.clone());
    }
    if u16_at(124) != SIGNATURE_HFS_PLUS {
        let signature = Value::Hex(SIGNATURE_HFS.into());
        return Err(Error::unsupported("an HFS standard volume", "drSigWord", signature, COPY));
    }
    let size = u64::from(u16_at(20)) << 16 | u64::from(u16_at(22));
    let start = u64::from(u16_at(28)) * 512 + u64::from(u16_at(126)) * size;
    let len = u64::from(u16_at(128)) * size;
    slice(source, start, len).map_err(|_| {
        let rule = "behind the volume's end with its size added";
        Error::corrupt("master directory block", "drEmbedExtent", u16_at(126), rule)
    })
}

type Problem = (&'static str, Value, &'static str);

/// Why a header is of no use, if it is not.
fn problem(header: &VolumeHeader, source: &Source) -> Option<Problem> {
    let (signature, version) = (header.signature.get(), header.version.get());
    let (size, total) = (header.blockSize.get(), header.totalBlocks.get());
    if !matches!((signature, version), (SIGNATURE_HFS_PLUS, 4) | (SIGNATURE_HFSX, 5)) {
        let known = [SIGNATURE_HFS_PLUS, SIGNATURE_HFSX].contains(&signature);
        return Some(match known {
            true => ("version", version.into(), "is not the signature's"),
            false => ("signature", Value::Hex(signature.into()), "is not `H+` or `HX`"),
        });
    }
    if !size.is_power_of_two() || size < 512 {
        return Some(("blockSize", size.into(), "is not a power of two from 512"));
    }
    if total < 4 || u64::from(total) * u64::from(size) > source.len() {
        return Some((
            "totalBlocks",
            total.into(),
            "is more than the volume has room for, or under 4",
        ));
    }
    None
}

fn compare(
    header: &VolumeHeader,
    copy: &VolumeHeader,
    strict: bool,
    place: Option<Place>,
    findings: &mut Findings,
) {
    let name = "alternate HFSPlusVolumeHeader";
    // Systems write the copy less often: only what never changes must agree.
    findings.expect((name, "createDate"), copy.createDate, header.createDate, place);
    findings.expect((name, "blockSize"), copy.blockSize, header.blockSize, place);
    findings.expect((name, "totalBlocks"), copy.totalBlocks, header.totalBlocks, place);
    findings.expect((name, "signature"), copy.signature, header.signature, place);
    if strict && header != copy {
        let (a, b) = (header.as_bytes(), copy.as_bytes());
        let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
        findings.corrupt((name, "byte"), at, "is not as in the header", place);
    }
}

/// What must be compared with the header in the end.
pub(super) struct Counted {
    pub(super) files: u32,
    pub(super) folders: u32,
    pub(super) free_blocks: u64,
    pub(super) last_cnid: u32,
    pub(super) encodings: u64,
}

/// Checks the header's fields that only say something of themselves.
pub(super) fn fields(header: &VolumeHeader, strict: bool, findings: &mut Findings) {
    let bits = header.attributes.get();
    let unmounted = bits & attributes::UNMOUNTED != 0;
    let clean = unmounted && bits & attributes::INCONSISTENT == 0;
    findings.report.dirty = !clean;
    if strict && !clean {
        findings.corrupt(
            (HEADER, "attributes"),
            Value::Hex(bits.into()),
            "is of a volume in use",
            None,
        );
    } else if !clean {
        findings.note(
            (HEADER, "attributes"),
            Value::Hex(bits.into()),
            "is of a volume in use",
            None,
        );
    }
    let (size, total) = (header.blockSize.get(), header.totalBlocks.get());
    let clumps = [
        ("rsrcClumpSize", header.rsrcClumpSize.get()),
        ("dataClumpSize", header.dataClumpSize.get()),
    ];
    for (field, clump) in clumps {
        if clump == 0 || (clump > MAX_CLUMP.max(size)) || !clump.is_multiple_of(size) {
            findings.corrupt((HEADER, field), clump, "is no clump size", None);
        }
    }
    special_clumps(header, findings);
    let next = header.nextAllocation.get();
    if next >= total {
        findings.corrupt((HEADER, "nextAllocation"), next, "is outside of the volume", None);
    }
}

/// Clump sizes of special files: whole blocks, at most a quarter of the
/// volume, or else as long as the first extent.
fn special_clumps(header: &VolumeHeader, findings: &mut Findings) {
    let (size, total) = (header.blockSize.get(), header.totalBlocks.get());
    let most = u64::from(total / 4) * u64::from(size);
    let files = [
        ("allocationFile.clumpSize", &header.allocationFile),
        ("extentsFile.clumpSize", &header.extentsFile),
        ("catalogFile.clumpSize", &header.catalogFile),
        ("attributesFile.clumpSize", &header.attributesFile),
    ];
    for (field, fork) in files {
        let clump = fork.clumpSize.get();
        let first = u64::from(fork.extents[0].blockCount.get()) * u64::from(size);
        let fits = clump.is_multiple_of(size) && u64::from(clump) <= most;
        if !fits && u64::from(clump) != first {
            findings.corrupt((HEADER, field), clump, "is no clump size", None);
        }
    }
}

/// Compares the header with what was counted.
pub(super) fn counts(header: &VolumeHeader, counted: &Counted, findings: &mut Findings) {
    findings.expect((HEADER, "fileCount"), header.fileCount, counted.files, None);
    findings.expect((HEADER, "folderCount"), header.folderCount, counted.folders, None);
    findings.expect((HEADER, "freeBlocks"), header.freeBlocks, counted.free_blocks, None);
    let next = header.nextCatalogID.get();
    let reused = header.attributes.get() & attributes::CNIDS_REUSED != 0;
    if !reused && next <= counted.last_cnid.max(cnid::FIRST_USER - 1) {
        findings.corrupt((HEADER, "nextCatalogID"), next, "is in use", None);
    }
    let stored = header.encodingsBitmap.get();
    if counted.encodings & !stored != 0 {
        let rule = "lacks an encoding that a record hints at";
        findings.corrupt((HEADER, "encodingsBitmap"), Value::Hex(stored), rule, None);
    }
}
