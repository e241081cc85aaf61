//! Journals made here, whose target blocks hold stale data.

use super::*;
use crate::block::saying::{assert_said, said};
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
        said(self.state())
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
         (lastMountedVersion is \"FSK!\")\n\
         hint: mount it on a Mac and eject it, or repair it there with Disk Utility"
    );
    for other in [b"10.0", b"H+Lx", b"8.10"] {
        let text = format!(
            "this is a volume that was mounted without its journal last, which is not supported \
             (lastMountedVersion is \"{}\")\n\
             hint: mount it on a Mac and eject it, or repair it there with Disk Utility",
            String::from_utf8_lossy(other)
        );
        assert_eq!(refusal(other), text);
    }
    let elsewhere = Made { info_flags: journal::ON_OTHER_DEVICE, ..Made::default() };
    assert_eq!(
        elsewhere.refusal(),
        "this is a volume whose journal is on another device, which is not supported \
         (flags is 0x2)\n\
         hint: mount it on a Mac and eject it, or repair it there with Disk Utility"
    );
}

#[test]
fn a_broken_journal_header_is_named() {
    for (at, text) in [
        (0, "magic is 0x794c4e4a: not `JNLx`"),
        (4, "endian is 0x12345679: not 0x12345678"),
        (8, "checksum is SUM: not that of the header"),
        (36, "checksum is SUM: not that of the header"),
    ] {
        let made = Made { flip: Some(at), ..Made::default() };
        let stored = u32::from_le_bytes(made.journal()[36..40].try_into().unwrap());
        let text = text.replace("SUM", &format!("{stored:#x}"));
        assert_eq!(made.refusal(), format!("journal header: {text} (at byte 4096)"));
        let unmounted = attributes::JOURNALED | attributes::UNMOUNTED;
        assert_eq!(Made { attributes: unmounted, ..made }.shown(), "....");
    }
    let made = Made { start: SIZE + 512, lists: Vec::new(), ..Made::default() };
    let text = "journal header: start is 8704: outside the journal (at byte 4096)";
    assert_eq!(made.refusal(), text);
    let made = Made::default();
    let (volume, mut header) = made.volume();
    let image = read_vec(&*volume, 0, 64 * UNIT).unwrap();
    let with = |at: usize, value: [u8; 4]| {
        let mut image = image.clone();
        image[AT + at..AT + at + 4].copy_from_slice(&value);
        let sum = checksum_without(&image[AT..AT + HEADER_SUMMED], 36);
        image[AT + 36..AT + 40].copy_from_slice(&sum.to_le_bytes());
        said(replay(&bytes(image), &header, 0))
    };
    let rows = [
        (with(16, [1, 0, 0, 0]), "journal header: end is 1: outside the journal (at byte 4096)"),
        (
            with(24, [1, 0, 0, 0]),
            "journal header: size is 1: not what the journal info block says (at byte 4096)",
        ),
        (
            with(32, [1, 0, 0, 0]),
            "journal header: blhdr_size is 1: not the size of a block list header (at byte 4096)",
        ),
        (
            with(40, [1, 0, 0, 0]),
            "journal header: jhdr_size is 1: not the size of a sector (at byte 4096)",
        ),
    ];
    assert_said(rows);
    let mut short = image.clone();
    short[4 * UNIT + 44..4 * UNIT + 52].copy_from_slice(&7u64.to_be_bytes());
    let text = "journal info block: size is 7: the journal does not lie inside the volume (at \
                byte 2048)";
    assert_eq!(said(replay(&bytes(short), &header, 0)), text);
    header.raw.journalInfoBlock = 64.into();
    let text = "volume header: journalInfoBlock is 64: not a block of the volume";
    assert_eq!(said(replay(&volume, &header, 0)), text);
}

/// What is said of a journal that was replayed up to a damaged place.
#[test]
fn a_damaged_place_is_told() {
    let second = UNIT + LIST + 2 * UNIT;
    let told = |made: &Made| match made.state().unwrap() {
        State::Replayed(_, note) => note,
        State::Clean => panic!("clean"),
    };
    let stop = |lists: u32, error: &str| {
        format!(
            "the volume was not unmounted: its journal was replayed up to a damaged place, behind \
             {lists} block lists ({error})"
        )
    };
    let mut outside = Made::default();
    outside.lists[1].1[0].0 = 64;
    let flipped = |at: usize| Made { flip: Some(at), ..Made::default() };
    let list = |made: &Made, index: usize| {
        let at = if index == 0 { UNIT } else { second };
        let journal = made.journal();
        u32::from_le_bytes(journal[at + 8..at + 12].try_into().unwrap())
    };
    let block = !add_up(0, &[b'B'; UNIT]);
    let broken = flipped(second + 20);
    let rows = [
        (told(&outside), stop(1, "block list header: bnum is 64: outside the volume")),
        (
            told(&flipped(second + LIST + 9)),
            stop(1, &format!("block list header: cksum is {block:#x}: not that of the block")),
        ),
        (
            told(&broken),
            stop(
                1,
                &format!(
                    "block list header: checksum is {:#x}: not that of the header (at byte {})",
                    list(&broken, 1),
                    AT + second
                ),
            ),
        ),
    ];
    assert_said(rows);
    // Sound by their sums, and wrong all the same.
    let made = Made::default();
    let (volume, header) = made.volume();
    let image = read_vec(&*volume, 0, 64 * UNIT).unwrap();
    let with = |at: usize, value: u8| {
        let mut image = image.clone();
        let at_list = AT + UNIT;
        image[at_list + at] = value;
        let sum = checksum_without(&image[at_list..at_list + LIST_SUMMED], 8);
        image[at_list + 8..at_list + 12].copy_from_slice(&sum.to_le_bytes());
        match replay(&bytes(image), &header, 0).unwrap() {
            State::Replayed(_, note) => note,
            State::Clean => panic!("clean"),
        }
    };
    assert_said([
        (
            with(2, 0),
            stop(
                0,
                "block list header: num_blocks is 0: none, or more blocks than the list has room \
                 for (at byte 4608)",
            ),
        ),
        (
            with(4, 1),
            stop(
                0,
                "block list header: bytes_used is 1537: not what header and blocks take (at byte \
                 4608)",
            ),
        ),
    ]);
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
