//! The journal: where it is, and whether it holds changes.

use crate::block::{Result, read_vec};
use crate::volume::hfsplus::check::header::Volume;
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::{JournalInfoBlock, attributes, journal};
use zerocopy::FromBytes;

const INFO: &str = "JournalInfoBlock";
/// `JOURNAL_HEADER_MAGIC`, `JNLx`.
const MAGIC: u32 = 0x4a4e_4c78;
/// `ENDIAN_MAGIC`.
const ENDIAN: u32 = 0x1234_5678;

/// Checks the journal of a journaled volume.
pub(super) fn check(volume: &Volume, findings: &mut Findings) -> Result<()> {
    let header = &volume.header;
    if header.attributes.get() & attributes::JOURNALED == 0 {
        return Ok(());
    }
    let block = header.journalInfoBlock.get();
    if block == 0 || block >= header.totalBlocks.get() {
        let rule = "is no block of the volume";
        findings.corrupt(("HFSPlusVolumeHeader", "journalInfoBlock"), block, rule, None);
        return Ok(());
    }
    let at = u64::from(block) * u64::from(header.blockSize.get());
    let place = Some(Place::Byte(at));
    let bytes = read_vec(&*volume.source, at, size_of::<JournalInfoBlock>())?;
    let Ok(info) = JournalInfoBlock::read_from_bytes(&bytes) else { return Ok(()) };
    let flags = info.flags.get();
    if flags & journal::IN_FS == 0 {
        findings.note((INFO, "flags"), flags, "is of a journal on another device", place);
        return Ok(());
    }
    let end = info.offset.get().checked_add(info.size.get());
    let len = u64::from(header.totalBlocks.get()) * u64::from(header.blockSize.get());
    if info.size.get() < 512 || end.is_none_or(|end| end > len) {
        findings.note((INFO, "size"), info.size.get(), "reaches outside of the volume", place);
    } else if flags & journal::NEED_INIT == 0 {
        contents(volume, info.offset.get(), findings)?;
    }
    Ok(())
}

/// Looks at the journal's own header.
fn contents(volume: &Volume, at: u64, findings: &mut Findings) -> Result<()> {
    let bytes = read_vec(&*volume.source, at, 24)?;
    let place = Some(Place::Byte(at));
    let word =
        |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let known = (word(0), word(4));
    if known != (MAGIC, ENDIAN) && known != (MAGIC.swap_bytes(), ENDIAN.swap_bytes()) {
        findings.note(("journal_header", "magic"), word(0), "is not a journal's", place);
    } else if bytes[8..16] != bytes[16..24] {
        // The first change begins elsewhere than the last one ends.
        findings.report.dirty = true;
        let rule = "begins changes that the volume does not hold yet";
        findings.corrupt(("journal_header", "start"), word(12), rule, place);
    }
    Ok(())
}
