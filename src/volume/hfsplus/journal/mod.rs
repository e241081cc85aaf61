//! The journal: what a volume that was not unmounted should hold.
//!
//! A dirty journal is replayed in memory: [`Overlay`] reads the blocks of
//! whole, sound transactions from the journal and all others from the volume.
//! Nothing is written. Replay stops at the first transaction that is damaged.
//!
//! Facts: TN1150, "Journal"; Apple's hfs_journal.h for checksums and flags.

mod overlay;
#[cfg(test)]
mod tests;

pub(crate) use overlay::Overlay;

use crate::block::{Error, Result, Source, Value, read_vec};
use crate::volume::hfsplus::header::Header;
use crate::volume::hfsplus::journal::overlay::{Piece, Pieces};
use crate::volume::hfsplus::raw::{JournalInfoBlock, journal};
use zerocopy::FromBytes;

const JOURNAL: &str = "journal header";
const INFO: &str = "journal info block";
const LIST: &str = "block list header";
/// What helps where a journal is not replayed here.
const MOUNT: &str = "mount it on a Mac and eject it, or repair it there with Disk Utility";
/// `JOURNAL_HEADER_MAGIC`, "JNLx".
const MAGIC: u32 = 0x4a4e_4c78;
/// `ENDIAN_MAGIC`.
const ENDIAN: u32 = 0x1234_5678;
/// The bytes of the journal header that its checksum covers.
const HEADER_SUMMED: usize = 44;
/// The bytes of a block list header that its checksum covers.
const LIST_SUMMED: usize = 32;
/// `BLHDR_CHECK_CHECKSUMS`: blocks have checksums.
const CHECK_BLOCKS: u32 = 1;
/// `BLHDR_FIRST_HEADER`: the list begins a transaction.
const FIRST_LIST: u32 = 2;
/// The bytes before a block list's entries, and of each of them. The first
/// entry stands for no block.
const ENTRY: usize = 16;
/// `bnum` of a block that was freed again.
const KILLED: u64 = u64::MAX;

/// How a number was written: by the machine's own order.
#[derive(Clone, Copy)]
enum Order {
    Big,
    Little,
}

impl Order {
    /// The number at `at`; 0 behind the end of `bytes`.
    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let number = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        number.map_or(0, |number| match self {
            Self::Big => u32::from_be_bytes(*number),
            Self::Little => u32::from_le_bytes(*number),
        })
    }

    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let number = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        number.map_or(0, |number| match self {
            Self::Big => u16::from_be_bytes(*number),
            Self::Little => u16::from_le_bytes(*number),
        })
    }

    fn u64(self, bytes: &[u8], at: usize) -> u64 {
        let (a, b) = (self.u32(bytes, at).into(), self.u32(bytes, at + 4).into());
        let (high, low): (u64, u64) = match self {
            Self::Big => (a, b),
            Self::Little => (b, a),
        };
        high << 32 | low
    }
}

/// Apple's checksum of journal structures (`calc_checksum`), to be inverted.
fn add_up(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| sum << 8 ^ sum.wrapping_add(u32::from(*byte)))
}

/// The checksum of `bytes` with the four at `at` taken as zeros.
fn checksum_without(bytes: &[u8], at: usize) -> u32 {
    let mut bytes = bytes.to_vec();
    if let Some(own) = bytes.get_mut(at..at + 4) {
        own.fill(0);
    }
    !add_up(0, &bytes)
}

/// Where the journal is and which part of it is in use.
struct Log {
    order: Order,
    /// Offset on the volume, and bytes.
    at: u64,
    size: u64,
    start: u64,
    end: u64,
    /// Bytes of a block list header.
    list: usize,
    /// Bytes of the journal header, which is the unit of block numbers, too.
    unit: u64,
}

/// What became of a volume's journal.
pub(crate) enum State {
    /// There is none, or nothing in it.
    Clean,
    /// The volume with what the journal holds, and what there is to say of it.
    Replayed(Overlay, String),
}

/// Looks at the journal and replays it where that is right. `base` is where
/// the volume begins in what block numbers count from (an HFS wrapper).
///
/// # Errors
/// `Unsupported` when a dirty journal must not be replayed or is elsewhere;
/// `Corrupt` when it cannot be read.
pub(crate) fn replay(volume: &Source, header: &Header, base: u64) -> Result<State> {
    if !header.is_journaled() {
        return Ok(State::Clean);
    }
    let log = match find(volume, header) {
        Ok(Some(log)) if log.start != log.end => log,
        Ok(_) => return Ok(State::Clean),
        // Who unmounted cleanly has emptied the journal.
        Err(_) if header.is_unmounted() => return Ok(State::Clean),
        Err(error) => return Err(error),
    };
    let version = header.raw.lastMountedVersion;
    let text = || String::from_utf8_lossy(&version).into_owned();
    let refuse = |what| Err(Error::unsupported(what, "lastMountedVersion", text(), MOUNT));
    match &version {
        b"HFSJ" => {}
        b"FSK!" => return refuse("a volume whose journal could not be replayed"),
        _ => return refuse("a volume that was mounted without its journal last"),
    }
    let mut pieces = Pieces::default();
    let note = log.read(volume, base, &mut pieces)?;
    Ok(State::Replayed(Overlay::new(volume.clone(), pieces), note))
}

/// The journal's place and state; none when it was never begun.
fn find(volume: &Source, header: &Header) -> Result<Option<Log>> {
    let block = header.raw.journalInfoBlock.get();
    if block == 0 || block >= header.total_blocks {
        let rule = "not a block of the volume";
        return Err(Error::corrupt("volume header", "journalInfoBlock", block, rule));
    }
    let at = u64::from(block) * u64::from(header.block_size);
    let info = read_vec(&**volume, at, size_of::<JournalInfoBlock>())?;
    // The buffer is as long as the structure.
    let info = JournalInfoBlock::read_from_bytes(&info).unwrap_or_default();
    let flags = info.flags.get();
    if flags & journal::NEED_INIT != 0 {
        return Ok(None);
    }
    if flags & journal::IN_FS == 0 {
        let what = "a volume whose journal is on another device";
        return Err(Error::unsupported(what, "flags", Value::Hex(flags.into()), MOUNT));
    }
    let (start, size) = (info.offset.get(), info.size.get());
    if start.checked_add(size).is_none_or(|end| end > volume.len()) || size < 1024 {
        let rule = "the journal does not lie inside the volume";
        return Err(Error::corrupt(INFO, "size", size, rule).at(at));
    }
    Log::parse(&read_vec(&**volume, start, 512)?, start, size).map(Some)
}

impl Log {
    fn parse(head: &[u8], at: u64, size: u64) -> Result<Self> {
        let wrong = |field, value: u64, rule| Error::corrupt(JOURNAL, field, value, rule).at(at);
        let order = match (Order::Big.u32(head, 0), Order::Little.u32(head, 0)) {
            (MAGIC, _) => Order::Big,
            (_, MAGIC) => Order::Little,
            (magic, _) => {
                return Err(Error::corrupt(
                    JOURNAL,
                    "magic",
                    Value::Hex(magic.into()),
                    "not `JNLx`",
                )
                .at(at));
            }
        };
        if order.u32(head, 4) != ENDIAN {
            let value = Value::Hex(order.u32(head, 4).into());
            return Err(Error::corrupt(JOURNAL, "endian", value, "not 0x12345678").at(at));
        }
        let stored = order.u32(head, 36);
        if checksum_without(&head[..HEADER_SUMMED], 36) != stored {
            let value = Value::Hex(stored.into());
            return Err(Error::corrupt(JOURNAL, "checksum", value, "not that of the header").at(at));
        }
        let (start, end) = (order.u64(head, 8), order.u64(head, 16));
        if order.u64(head, 24) != size {
            return Err(wrong("size", order.u64(head, 24), "not what the journal info block says"));
        }
        let (list, unit) = (order.u32(head, 32), u64::from(order.u32(head, 40)));
        if unit < 512 || !unit.is_power_of_two() || unit >= size {
            return Err(wrong("jhdr_size", unit, "not the size of a sector"));
        }
        if !(32..=1 << 24).contains(&list) || u64::from(list) > size - unit {
            return Err(wrong("blhdr_size", list.into(), "not the size of a block list header"));
        }
        for (field, value) in [("start", start), ("end", end)] {
            if !(unit..=size).contains(&value) {
                return Err(wrong(field, value, "outside the journal"));
            }
        }
        // At most 2^24, as was checked.
        let list = usize::try_from(list).unwrap_or(usize::MAX);
        Ok(Self { order, at, size, start, end, list, unit })
    }

    /// Bytes in use, from `start` around the end to `end`.
    fn used(&self) -> u64 {
        if self.end > self.start {
            self.end - self.start
        } else {
            (self.size - self.unit) - (self.start - self.end)
        }
    }

    /// The parts of the volume that hold `len` bytes from `from` bytes behind
    /// the journal's start: two when they go around its end.
    fn spans(&self, from: u64, len: u64) -> [(u64, u64); 2] {
        let ring = self.size - self.unit;
        let at = (self.start - self.unit + from) % ring;
        let first = len.min(ring - at);
        [(self.at + self.unit + at, first), (self.at + self.unit, len - first)]
    }

    fn bytes(&self, volume: &Source, from: u64, len: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(len);
        for (at, len) in self.spans(from, len as u64) {
            // Both parts together are `len`, a usize.
            bytes.extend(read_vec(&**volume, at, usize::try_from(len).unwrap_or(0))?);
        }
        Ok(bytes)
    }

    /// Reads transactions until the end, or until one is damaged.
    fn read(&self, volume: &Source, base: u64, overlay: &mut Pieces) -> Result<String> {
        let (mut from, mut lists) = (0, 0);
        let mut open = Transaction::default();
        while from < self.used() {
            match self.list(volume, base, from) {
                Ok(list) => {
                    if list.begins || open.is_whole {
                        open.commit(overlay);
                    }
                    from += list.len;
                    open.is_whole = list.is_last;
                    match list.blocks {
                        Ok(blocks) => open.pieces.extend(blocks),
                        Err(error) => return stopped(error, lists),
                    }
                    open.may_go_on = list.is_full;
                }
                Err(error) => {
                    if !open.may_go_on {
                        open.commit(overlay);
                    }
                    return stopped(error, lists);
                }
            }
            lists += 1;
        }
        open.commit(overlay);
        Ok(format!(
            "the volume was not unmounted: {lists} block lists of its journal were replayed"
        ))
    }

    /// Reads the block list that begins `from` bytes behind the start.
    fn list(&self, volume: &Source, base: u64, from: u64) -> Result<List> {
        let left = self.used() - from;
        let at = self.spans(from, 1)[0].0;
        let wrong = |field, value: u64, rule| Error::corrupt(LIST, field, value, rule).at(at);
        if (self.list as u64) > left {
            return Err(wrong("length", left, "the journal ends inside the header"));
        }
        let head = self.bytes(volume, from, self.list)?;
        let stored = self.order.u32(&head, 8);
        if checksum_without(&head[..LIST_SUMMED], 8) != stored {
            let value = Value::Hex(stored.into());
            return Err(Error::corrupt(LIST, "checksum", value, "not that of the header").at(at));
        }
        let (max, count) = (self.order.u16(&head, 0), self.order.u16(&head, 2));
        if count == 0 || count > max || ENTRY * (usize::from(count) + 1) > head.len() {
            return Err(wrong(
                "num_blocks",
                count.into(),
                "none, or more blocks than the list has room for",
            ));
        }
        let entries = head[2 * ENTRY..].chunks_exact(ENTRY).take(usize::from(count) - 1);
        let size = |entry: &[u8]| u64::from(self.order.u32(entry, 8));
        let len = entries.clone().map(size).sum::<u64>() + self.list as u64;
        let said = self.order.u32(&head, 4);
        if u64::from(said) != len || len > left {
            return Err(wrong("bytes_used", said.into(), "not what header and blocks take"));
        }
        let flags = self.order.u32(&head, 12);
        // Journals without flags say by `next` whether the transaction goes on.
        let is_last = flags == 0 && self.order.u32(&head, ENTRY + 12) == 0;
        let blocks = self.blocks(volume, base, from, flags, entries);
        Ok(List { len, begins: flags & FIRST_LIST != 0, is_last, is_full: count == max, blocks })
    }

    /// The blocks of a list, each proven where it has a checksum.
    fn blocks<'a>(
        &self,
        volume: &Source,
        base: u64,
        from: u64,
        flags: u32,
        entries: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut from = from + self.list as u64;
        for entry in entries {
            let (number, len) = (self.order.u64(entry, 0), u64::from(self.order.u32(entry, 8)));
            let data = from;
            from += len;
            if number == KILLED || len == 0 {
                continue;
            }
            let to = number.checked_mul(self.unit).and_then(|to| to.checked_sub(base));
            let fits = |to: &u64| to.checked_add(len).is_some_and(|end| end <= volume.len());
            let Some(to) = to.filter(fits) else {
                return Err(Error::corrupt(LIST, "bnum", number, "outside the volume"));
            };
            let sum = self.order.u32(entry, 12);
            if flags & CHECK_BLOCKS != 0 && sum != 0 && self.checksum(volume, data, len)? != sum {
                let value = Value::Hex(sum.into());
                return Err(Error::corrupt(LIST, "cksum", value, "not that of the block"));
            }
            let [(first, head), (second, tail)] = self.spans(data, len);
            pieces.push(Piece { to, len: head, from: first });
            pieces.push(Piece { to: to + head, len: tail, from: second });
        }
        Ok(pieces)
    }

    fn checksum(&self, volume: &Source, from: u64, len: u64) -> Result<u32> {
        const STEP: usize = 0x1_0000;
        let mut sum = 0;
        let mut at = 0;
        while at < len {
            let step = usize::try_from(len - at).unwrap_or(STEP).min(STEP);
            sum = add_up(sum, &self.bytes(volume, from + at, step)?);
            at += step as u64;
        }
        Ok(!sum)
    }
}

/// A block list that was read.
struct List {
    /// Bytes of header and blocks.
    len: u64,
    begins: bool,
    is_last: bool,
    is_full: bool,
    blocks: Result<Vec<Piece>>,
}

/// The lists since a transaction began.
#[derive(Default)]
struct Transaction {
    pieces: Vec<Piece>,
    /// The last list says that it is the last one.
    is_whole: bool,
    /// The last list is full: what follows may belong to it.
    may_go_on: bool,
}

impl Transaction {
    fn commit(&mut self, overlay: &mut Pieces) {
        self.pieces.drain(..).for_each(|piece| overlay.put(piece));
        self.may_go_on = false;
    }
}

fn stopped(error: Error, lists: u32) -> Result<String> {
    match error {
        Error::Corrupt(_) => Ok(format!(
            "the volume was not unmounted: its journal was replayed up to a damaged place, \
             behind {lists} block lists ({error})"
        )),
        other => Err(other),
    }
}
