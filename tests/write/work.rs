//! A small image, a disk with something old on it, and the whole work.

use crate::mock::Mock;
use lionize::block::{Map, ReadAt, Source, bytes, read_vec};
use lionize::device::Target;
use lionize::format::detect;
use lionize::media::burn::{self, Course, Job, Log, Trouble};
use lionize::media::pass::Options;
use lionize::media::read_back::{Sent, read_back};
use lionize::media::{Ids, Image, Layout, Media, PartContent, Target as Size, lay_out};
use lionize::volume::hfsplus::{Laid, Params, Size as VolumeSize, lay_out as volume};
use lionize::volume::{Body, Case, Meta, Name, Tree};
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

pub(crate) const LEN: u64 = 24 << 20;

/// An image, and all that is known of it.
pub(crate) struct Sample {
    pub(crate) image: Image,
    pub(crate) tree: Arc<Tree>,
    pub(crate) laid: Laid,
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

pub(crate) fn sample(sector: u32) -> Sample {
    let mut tree = Tree::new(Name::from_text("Install"), Case::Folded, 1);
    for (index, len) in [5_000_000, 1, 0, 70_000].into_iter().enumerate() {
        let body = Body::File { data: bytes(noise(len, 7 + index as u64)), rsrc: None };
        let name = Name::from_text(&format!("file {index}"));
        tree.add(tree.root(), name, Meta::new(Meta::FILE | 0o644, 1), body).unwrap();
    }
    let tree = Arc::new(tree);
    let room = lionize::media::room(Layout::Single, sector, LEN).unwrap();
    let params = Params { sector, ..Params::new(VolumeSize::Exact(room), 1) };
    let laid = volume(&tree, &params).unwrap();
    let media = Media {
        layout: Layout::Single,
        label: "Install".into(),
        efi_files: Vec::new(),
        ids: Ids::derive(b"a plan"),
        date: 1_350_000_000,
        volume: PartContent { map: laid.map.clone(), headers: laid.headers.clone() },
    };
    let image = lay_out(&media, Size { sector, len: Some(LEN) }).unwrap();
    Sample { image, tree, laid }
}

impl Sample {
    /// What to write: not the free blocks behind the volume's files.
    pub(crate) fn job(&self) -> Job {
        let volume = self.image.volume();
        let block = u64::from(self.laid.block_size);
        let end = volume.start + u64::from(self.laid.total_blocks - 1) * block;
        let free = end - u64::from(self.laid.free_blocks) * block..end;
        Job::new(&self.image.map, &self.image.withheld, &[free], self.image.sector)
    }
}

/// A disk that was in use: noise, with an old table and volume on it.
pub(crate) fn old_disk(sector: u32) -> Vec<u8> {
    static MADE: [OnceLock<Vec<u8>>; 2] = [OnceLock::new(), OnceLock::new()];
    MADE[usize::from(sector > 512)].get_or_init(|| make_old_disk(sector)).clone()
}

fn make_old_disk(sector: u32) -> Vec<u8> {
    let mut data = noise(LEN as usize, 99);
    let old = sample(sector).image.map;
    for extent in old.extents() {
        let len = extent.len as usize;
        let at = extent.at as usize;
        data[at..at + len].copy_from_slice(&read_vec(&*extent.source, 0, len).unwrap());
    }
    assert!(recognised(&data), "the old disk is one");
    data
}

/// Whether a system would find a table or a volume.
pub(crate) fn recognised(data: &[u8]) -> bool {
    let source: Source = bytes(data);
    let found = detect::look(&*source).unwrap();
    found.is_some_and(|found| found.is_disk() || found.is_volume())
        || lionize::format::partition::partitions(&source).is_ok_and(|parts| !parts.is_empty())
}

/// Keeps the last record, as a file would.
#[derive(Default)]
pub(crate) struct Records(pub(crate) Option<u64>);

impl Log for Records {
    fn written(&mut self, end: u64) -> io::Result<()> {
        self.0 = Some(end);
        Ok(())
    }
}

/// What became of a run.
pub(crate) struct Ran {
    pub(crate) result: Result<(), Trouble>,
    pub(crate) proven: bool,
    /// How many operations there were until then.
    pub(crate) proven_at: usize,
}

/// Writes and proves, as `build --device` does.
pub(crate) fn run(mock: &Mock, sample: &Sample, records: &mut Records, depth: usize) -> Ran {
    let mut target = Target::new(mock.clone(), depth);
    let (job, stop) = (sample.job(), AtomicBool::new(false));
    let options = Options::new(2, &stop, &|_| {});
    let (mut proven, mut proven_at) = (false, 0);
    let mut prove = |seen: &Source, _, digests: &_| {
        let volume = Some((&*sample.tree, &sample.laid, sample.image.volume()));
        let sent = Sent { volume, digests };
        let faults = read_back(seen, &sent, &options).map_err(Trouble::Source)?;
        if let Some(fault) = faults.first() {
            return Err(Trouble::Wrong(fault.to_string()));
        }
        (proven, proven_at) = (true, mock.operations());
        Ok(())
    };
    let mut course = Course {
        old: std::slice::from_ref(&(1 << 20..LEN - (1 << 20))),
        before: records.0,
        salt: 1,
        log: records,
        prove: &mut prove,
        phase: &mut |_| {},
    };
    let result = burn::run(&mut target, &job, &mut course, &options).map(drop);
    Ran { result, proven, proven_at }
}

/// What a work without faults leaves on this disk.
pub(crate) fn clean(sample: &Sample) -> Vec<u8> {
    let mock = Mock::new(old_disk(sample.image.sector), sample.image.sector);
    run(&mock, sample, &mut Records::default(), 1).result.unwrap();
    let data = mock.data();
    let whole = whole(&sample.image.map);
    for part in &sample.image.parts {
        // The begin of the volume, its headers and files are as they were sent.
        let range = part.range.start as usize..part.range.start as usize + (5 << 20);
        let differs = range.clone().find(|at| data[*at] != whole[*at]);
        assert_eq!(differs, None, "in {range:?}");
    }
    assert!(recognised(&data));
    data
}

fn whole(map: &Map) -> Vec<u8> {
    let mut whole = vec![0; map.len() as usize];
    map.read_at(0, &mut whole).unwrap();
    whole
}
