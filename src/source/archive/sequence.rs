//! Archives that are read front to back: one pass finds all members, and
//! spools the data of those that are known to be wanted.
//!
//! What turns out to be wanted later costs one more pass, which spools all
//! that is wanted by then. A compressed archive is never unpacked as a whole,
//! unless its files are asked for one by one.

use crate::block::{
    Content, Error, Origin, ReadAt, Reader, Result, Source, Spool, bytes, check_range,
    next_container, slice,
};
use crate::format::archive::{Member, Shape, scan};
use crate::format::stream::{self, Codec};
use crate::source::archive::ahead::Ahead;
use crate::source::archive::gather::Gather;
use crate::source::archive::{Archive, Hint, Setting};
use blake3::Hasher;
use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes read and copied at a time.
const BLOCK: usize = 256 << 10;
/// After so many passes, the next one spools everything.
const MAX_PASSES: u32 = 3;
/// More members than this, left out ones included, are refused.
const MAX_MEMBERS: usize = 1_000_000;
/// AppleDouble members of more bytes than this are not spooled unasked.
const MAX_BESIDE: u64 = 64 << 20;

/// A place in a source where an archive begins.
#[derive(Clone)]
pub(super) struct Stream {
    pub(super) source: Source,
    pub(super) start: u64,
    pub(super) codec: Option<Codec>,
    pub(super) setting: Setting,
}

impl Stream {
    /// The decoded bytes from the first on; `threads`: decoded ahead.
    pub(super) fn open(&self, threads: bool) -> Result<Box<dyn Read + Send>> {
        let reader = Reader::from(Arc::clone(&self.source), self.start);
        let reader =
            BufReader::with_capacity(BLOCK, Stoppable { reader, setting: self.setting.clone() });
        let Some(codec) = self.codec else { return Ok(Box::new(reader)) };
        let limit = stream::limit_for(self.source.len().saturating_sub(self.start));
        let decoded = stream::decode(codec, reader, limit)?;
        Ok(if threads { Box::new(Ahead::new(decoded)?) } else { decoded })
    }

    /// The first decoded bytes: `most`, or all there are.
    pub(super) fn head(&self, most: usize) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        self.open(false)?.take(most as u64).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// Reading ends when the user wants it to.
struct Stoppable {
    reader: Reader,
    setting: Setting,
}

impl Read for Stoppable {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.setting.stopped() {
            let text = "the reading was interrupted";
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, text));
        }
        self.reader.read(buf)
    }
}

/// Where a member's data are in the decoded archive.
#[derive(Clone, Copy)]
struct Slot {
    at: u64,
    size: u64,
}

/// An archive that is read front to back, after its first pass.
pub(super) struct Sequence {
    stream: Stream,
    shape: Shape,
    name: String,
    slots: Vec<Slot>,
    container: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    spool: Option<Spool>,
    places: HashMap<u32, u64>,
    wanted: HashSet<u32>,
    passes: u32,
}

impl State {
    /// Copies a member's data to the spool.
    fn keep(&mut self, number: u32, data: &mut dyn Read) -> io::Result<()> {
        let spool = match &mut self.spool {
            Some(spool) => spool,
            none => none.insert(Spool::new()?),
        };
        let start = spool.end();
        let mut buf = vec![0; 64 << 10];
        loop {
            match data.read(&mut buf)? {
                0 => break,
                got => spool.append(&buf[..got])?,
            }
        }
        self.places.insert(number, start);
        Ok(())
    }

    fn part(&self, number: u32, size: u64) -> Option<Source> {
        Some(self.spool.as_ref()?.part(*self.places.get(&number)?, size))
    }
}

/// The first pass.
pub(super) fn open(
    stream: Stream,
    shape: Shape,
    name: &str,
    hint: Option<Hint<'_>>,
) -> Result<Archive> {
    let mut gather = Gather::new(hint, stream.setting.merge);
    let (mut slots, mut state) = (Vec::new(), State::default());
    let packed = stream.codec.is_some();
    let mut from = stream.open(true)?;
    scan(shape, &mut from, &mut |member, data| {
        if slots.len() >= MAX_MEMBERS {
            let what = "an archive of more members than is allowed";
            let hint = "unpack it with another program, if it is to be trusted";
            return Err(Error::unsupported(what, "the limit", MAX_MEMBERS, hint));
        }
        // Below the limit, which fits.
        let number = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let slot = Slot { at: member.at, size: member.size };
        slots.push(slot);
        let inline = member.symlink.is_some();
        gather.hold(member.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum())?;
        // Only these may be taken for names of one file by a number alone.
        let several = member.kind() == Member::FILE && member.hard_link.is_none();
        let several = several && member.identity.is_some_and(|id| id.links > 1) && slot.size > 0;
        if let Some(placed) = gather.add(member, number)? {
            let beside = placed.beside && slot.size <= MAX_BESIDE;
            let mut data = Digested { inner: data, hasher: several.then(Hasher::new) };
            if packed && !inline && slot.size > 0 && (placed.wanted || beside) {
                state.keep(number, &mut data)?;
            }
            if let Some(digest) = data.finish()? {
                gather.holds(number, digest);
            }
        }
        Ok(true)
    })?;
    if packed {
        // To the end, where checksums are.
        io::copy(&mut from, &mut io::sink())?;
    }
    if let Some(spool) = &mut state.spool {
        spool.flush()?;
    }
    let name = name.to_owned();
    let (container, state) = (next_container(), Mutex::new(state));
    let sequence = Arc::new(Sequence { stream, shape, name, slots, container, state });
    let (tree, numbers, left_out) =
        gather.finish(shape.name(), &|number| Sequence::data(&sequence, number))?;
    let sequence = packed.then_some(sequence);
    Ok(Archive { tree: Arc::new(tree), numbers, sequence, left_out, what: shape.name() })
}

/// A member's data, digested as they are read where that is wanted.
struct Digested<'d> {
    inner: &'d mut dyn Read,
    hasher: Option<Hasher>,
}

impl Digested<'_> {
    /// Reads what is left; the digest of all.
    fn finish(mut self) -> io::Result<Option<[u8; 32]>> {
        if self.hasher.is_some() {
            io::copy(&mut self, &mut io::sink())?;
        }
        Ok(self.hasher.map(|hasher| hasher.finalize().into()))
    }
}

impl Read for Digested<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buf)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buf[..got]);
        }
        Ok(got)
    }
}

impl Sequence {
    /// A member's data: a part of the source, or what a pass will spool.
    fn data(this: &Arc<Self>, number: u32) -> Result<Source> {
        let Slot { at, size } = this.slots[number as usize];
        if size == 0 {
            return Ok(bytes([]));
        }
        if this.stream.codec.is_none() {
            let start = this.stream.start.saturating_add(at);
            return Ok(slice(&this.stream.source, start, size)?);
        }
        let place = OnceLock::new();
        Ok(Arc::new(Deferred { sequence: Arc::clone(this), number, size, place }))
    }

    /// Notes what the next pass is to spool.
    pub(super) fn want(&self, numbers: impl Iterator<Item = u32>) {
        let mut state = self.lock();
        for number in numbers {
            if !state.places.contains_key(&number) {
                state.wanted.insert(number);
            }
        }
    }

    /// A member's data, spooled.
    fn fetch(&self, number: u32) -> Result<Source> {
        let size = self.slots[number as usize].size;
        let mut state = self.lock();
        if let Some(part) = state.part(number, size) {
            return Ok(part);
        }
        state.wanted.insert(number);
        self.pass(&mut state).map_err(|error| error.in_file(&self.name))?;
        let rule = "it is not where it was";
        let missing = || Error::corrupt(self.shape.name(), "member", number, rule);
        state.part(number, size).ok_or_else(missing)
    }

    /// Reads the archive once more, up to the last member that is wanted.
    fn pass(&self, state: &mut State) -> Result<()> {
        state.passes += 1;
        let all = state.passes >= MAX_PASSES;
        let last = state.wanted.iter().copied().max().unwrap_or(0);
        let mut number = 0;
        let mut from = self.stream.open(true)?;
        scan(self.shape, &mut from, &mut |member, data| {
            let same = self.slots.get(number as usize).is_some_and(|slot| slot.at == member.at);
            if !same {
                let rule = "it was elsewhere before";
                return Err(Error::corrupt(self.shape.name(), "member", number, rule));
            }
            let wanted = all || state.wanted.remove(&number);
            let has_data = member.size > 0 && member.symlink.is_none();
            if wanted && has_data && !state.places.contains_key(&number) {
                state.keep(number, data)?;
            }
            number += 1;
            Ok(all || number <= last)
        })?;
        state.wanted.clear();
        state.spool.as_mut().map_or(Ok(()), Spool::flush)?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Places are noted when their data are there.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A member's data, read from the archive when they are first asked for.
struct Deferred {
    sequence: Arc<Sequence>,
    number: u32,
    size: u64,
    place: OnceLock<Source>,
}

impl ReadAt for Deferred {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.size)?;
        if let Some(place) = self.place.get() {
            return place.read_at(at, buf);
        }
        let place = self.sequence.fetch(self.number).map_err(Error::into_io)?;
        self.place.get_or_init(|| place).read_at(at, buf)
    }
}

impl Content for Deferred {
    fn origin(&self, at: u64) -> Option<Origin> {
        let start = self.sequence.slots[self.number as usize].at;
        Some(Origin { container: self.sequence.container, offset: start.checked_add(at)? })
    }
}
