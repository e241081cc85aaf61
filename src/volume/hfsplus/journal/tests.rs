//! Journals made here, whose target blocks hold stale data.

use super::*;
use crate::block::{ReadAt, bytes, read_vec};
use crate::volume::hfsplus::raw::{VolumeHeader, attributes};
use zerocopy::IntoBytes;

const UNIT: usize = 512;
/// The journal: at block 8 of 512 bytes, 16 blocks long, the first its header.
const AT: usize = 8 * UNIT;
const SIZE: usize = 16 * UNIT;
/// Bytes of a block list header: room for 31 blocks.
const LIST: usize = 512;

/// What a test changes in a sound journal.
#[derive(Clone)]
struct Made {
    little: bool,
    start: usize,
    version: [u8; 4],
    attributes: u32,
    info_flags: u32,
    /// Each list: flags, and blocks by number and filling byte.
    lists: Vec<(u32, Vec<(u64, u8)>)>,
    /// Flips a byte of the ring, counted from the journal's start.
    flip: Option<usize>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            little: true,
            start: UNIT,
            version: *b"HFSJ",
            attributes: attributes::JOURNALED,
            info_flags: journal::IN_FS,
            lists: vec![
                (FIRST_LIST | CHECK_BLOCKS, vec![(40, b'a'), (41, b'b')]),
                (FIRST_LIST | CHECK_BLOCKS, vec![(41, b'B'), (KILLED, b'x'), (43, b'c')]),
            ],
            flip: None,
        }
    }
}

impl Made {
    fn u32(&self, n: u32) -> [u8; 4] {
        if self.little { n.to_le_bytes() } else { n.to_be_bytes() }
    }

    fn u64(&self, n: u64) -> [u8; 8] {
        if self.little { n.to_le_bytes() } else { n.to_be_bytes() }
    }

    fn u16(&self, n: u16) -> [u8; 2] {
        if self.little { n.to_le_bytes() } else { n.to_be_bytes() }
    }

    fn list(&self, flags: u32, blocks: &[(u64, u8)]) -> Vec<u8> {
        let count = u16::try_from(blocks.len()).unwrap();
        let len = u32::try_from(LIST + blocks.len() * UNIT).unwrap();
        let mut list = [self.u16(31), self.u16(count + 1)].concat();
        list.extend([self.u32(len), self.u32(0), self.u32(flags), [0; 4]].concat());
        list.extend([0; 12]);
        for (number, byte) in blocks {
            list.extend(self.u64(*number));
            list.extend(self.u32(512));
            list.extend(self.u32(!add_up(0, &[*byte; UNIT])));
        }
        list.resize(LIST, 0);
        let sum = !add_up(0, &list[..LIST_SUMMED]);
        list[8..12].copy_from_slice(&self.u32(sum));
        blocks.iter().for_each(|(_, byte)| list.extend([*byte; UNIT]));
        list
    }

    fn journal(&self) -> Vec<u8> {
        let mut journal = vec![0; SIZE];
        let mut at = self.start;
        for byte in self.lists.iter().flat_map(|(flags, blocks)| self.list(*flags, blocks)) {
            journal[at] = byte;
            at = if at + 1 == SIZE { UNIT } else { at + 1 };
        }
        let wide = |n: usize| self.u64(n as u64);
        let mut head = [self.u32(MAGIC), self.u32(ENDIAN)].concat();
        head.extend([wide(self.start), wide(at), wide(SIZE)].concat());
        head.extend([self.u32(512), self.u32(0), self.u32(512), [0; 4]].concat());
        let sum = !add_up(0, &head[..HEADER_SUMMED]);
        head[36..40].copy_from_slice(&self.u32(sum));
        journal[..head.len()].copy_from_slice(&head);
        if let Some(at) = self.flip {
            journal[at] ^= 1;
        }
        journal
    }

    fn volume(&self) -> (Source, Header) {
        let mut volume = vec![b'.'; 64 * UNIT];
        let info = JournalInfoBlock {
            flags: self.info_flags.into(),
            offset: (AT as u64).into(),
            size: (SIZE as u64).into(),
            ..JournalInfoBlock::default()
        };
        volume[4 * UNIT..4 * UNIT + size_of_val(&info)].copy_from_slice(info.as_bytes());
        volume[AT..AT + SIZE].copy_from_slice(&self.journal());
        let raw = VolumeHeader {
            journalInfoBlock: 4.into(),
            lastMountedVersion: self.version,
            ..VolumeHeader::default()
        };
        let (block_size, total_blocks) = (512, 64);
        let attributes = self.attributes;
        (bytes(volume), Header { raw, block_size, total_blocks, attributes, is_alternate: false })
    }

    fn state(&self) -> Result<State> {
        let (volume, header) = self.volume();
        replay(&volume, &header, 0)
    }

    /// The first bytes of blocks 40 to 43.
    fn shown(&self) -> String {
        let (volume, _) = self.volume();
        let byte = |volume: &dyn ReadAt, block: u64| {
            let mut byte = [0];
            volume.read_at(block * 512 + 511, &mut byte).unwrap();
            char::from(byte[0])
        };
        match self.state().unwrap() {
            State::Clean => (40..44).map(|block| byte(&*volume, block)).collect(),
            State::Replayed(overlay, _) => (40..44).map(|block| byte(&overlay, block)).collect(),
        }
    }

    fn refusal(&self) -> String {
        self.state().map(|_| ()).unwrap_err().to_string()
    }
}

#[test]
fn both_byte_orders_are_replayed() {
    assert_eq!(Made::default().shown(), "aB.c");
    assert_eq!(Made { little: false, ..Made::default() }.shown(), "aB.c");
}

#[test]
fn the_ring_is_followed_around_its_end() {
    for start in (UNIT..SIZE).step_by(UNIT) {
        assert_eq!(Made { start, ..Made::default() }.shown(), "aB.c", "from {start}");
    }
    // Blocks that themselves go around the end.
    let made = Made { start: SIZE - LIST - 100, ..Made::default() };
    assert_eq!(made.shown(), "aB.c");
    let State::Replayed(overlay, note) = made.state().unwrap() else { panic!("clean") };
    assert_eq!(read_vec(&overlay, 40 * 512, 512).unwrap(), [b'a'; 512]);
    assert_eq!(note, "the volume was not unmounted: 2 block lists of its journal were replayed");
}

#[test]
fn replay_stops_at_damage() {
    let second = UNIT + LIST + 2 * UNIT;
    for (flip, shown) in [
        (second + LIST + 9, "ab.."),   // a block of the second transaction
        (second + 20, "ab.."),         // the second list's summed bytes
        (second + 2, "ab.."),          // its count
        (UNIT + LIST + 9, "...."),     // a block of the first
        (UNIT + 9, "...."),            // the first list's checksum
        (second + LIST + 600, "aB.c"), // the block that was killed
    ] {
        assert_eq!(Made { flip: Some(flip), ..Made::default() }.shown(), shown, "{flip}");
    }
    // The first list goes on in the second: neither counts alone.
    let mut made = Made { flip: Some(second + LIST + 9), ..Made::default() };
    made.lists[1].0 = CHECK_BLOCKS;
    assert_eq!(made.shown(), "....");
}

#[test]
fn blocks_outside_of_the_volume_stop_replay() {
    let mut made = Made::default();
    made.lists[1].1[0].0 = 64;
    assert_eq!(made.shown(), "ab..");
    made.lists[1].1[0].0 = u64::MAX - 1;
    assert_eq!(made.shown(), "ab..");
}

#[test]
fn journals_without_flags_and_checksums() {
    let mut made = Made::default();
    made.lists.iter_mut().for_each(|list| list.0 = 0);
    assert_eq!(made.shown(), "aB.c");
    made.flip = Some(UNIT + LIST + 2 * UNIT + 9);
    assert_eq!(made.shown(), "ab..");
}

#[test]
fn nothing_is_replayed_where_there_is_nothing() {
    let clean = Made { lists: Vec::new(), ..Made::default() };
    assert_eq!(clean.shown(), "....");
    assert_eq!(Made { info_flags: journal::NEED_INIT | 1, ..Made::default() }.shown(), "....");
    assert_eq!(Made { attributes: 0, ..Made::default() }.shown(), "....");
    assert_eq!(Made { version: *b"FSK!", ..clean }.shown(), "....");
}

#[test]
fn what_must_not_be_replayed_is_refused() {
    let refusal = |version: &[u8; 4]| Made { version: *version, ..Made::default() }.refusal();
    assert_eq!(
        refusal(b"FSK!"),
        "this is a volume whose journal could not be replayed, which is not supported \
         (lastMountedVersion is \"FSK!\")"
    );
    for other in [b"10.0", b"H+Lx", b"8.10"] {
        assert!(refusal(other).starts_with("this is a volume with a journal that"));
    }
    let elsewhere = Made { info_flags: journal::ON_OTHER_DEVICE, ..Made::default() };
    assert_eq!(
        elsewhere.refusal(),
        "this is a volume whose journal is on another device, which is not supported (flags is 0x2)"
    );
}

#[test]
fn a_broken_journal_header_is_named() {
    for (at, field) in [(0, "magic"), (4, "endian"), (8, "checksum"), (36, "checksum")] {
        let made = Made { flip: Some(at), ..Made::default() };
        assert!(made.refusal().starts_with(&format!("journal header: {field} is")), "{at}");
        let unmounted = attributes::JOURNALED | attributes::UNMOUNTED;
        assert_eq!(Made { attributes: unmounted, ..made }.shown(), "....");
    }
    let made = Made { start: SIZE + 512, lists: Vec::new(), ..Made::default() };
    assert!(made.refusal().starts_with("journal header: start is"), "{}", made.refusal());
}

/// No header that a checksum calls sound may lead out of bounds.
#[test]
fn lying_numbers_do_no_harm() {
    let made = Made::default();
    let (volume, header) = made.volume();
    let mut image = read_vec(&*volume, 0, 64 * UNIT).unwrap();
    for at in (8..44).filter(|at| !(36..40).contains(at)) {
        for value in [0, 1, 0x7f, 0xff] {
            let mut image = image.clone();
            image[AT + at] = value;
            let sum = checksum_without(&image[AT..AT + HEADER_SUMMED], 36);
            image[AT + 36..AT + 40].copy_from_slice(&sum.to_le_bytes());
            let _ = replay(&bytes(image), &header, 0);
        }
    }
    for at in 0..LIST {
        image[AT + UNIT + at] ^= 0xff;
        let sum = checksum_without(&image[AT + UNIT..AT + UNIT + LIST_SUMMED], 8);
        image[AT + UNIT + 8..AT + UNIT + 12].copy_from_slice(&sum.to_le_bytes());
        let _ = replay(&bytes(image.clone()), &header, 0);
    }
}
