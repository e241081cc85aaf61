//! Times the chain from a compressed image to media, stage by stage.
//!
//! `cargo bench` prints, for one thread and two: digesting and writing the
//! decoded disk as it is, and rebuilding its volume as bootable media. The
//! input is made here: half of its bytes are random, half compress well.
//! Figures of one run are for comparison with each other only; how they stand
//! beside other programs is in `docs/performance.md`.

use lionize::block::{FileBytes, FileTarget, Map, ReadAt, Source, bytes};
use lionize::format::udif::{Image, Section, write};
use lionize::media::pass::{self, Digests, Options};
use lionize::media::{self, Ids, Layout, Media, PartContent, Target};
use lionize::volume::hfsplus::{Params, Size, Volume, lay_out};
use lionize::volume::{Body, Case, Meta, Name, Tree};
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

const FILES: u64 = 1500;
const BYTES: u64 = 200_000_000;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let dmg = dir.path().join("source.dmg");
    let size = make_source(&dmg)?;
    println!("a volume of {} MiB in an image of {} MiB", size >> 20, dmg.metadata()?.len() >> 20);
    let out = dir.path().join("out.img");
    for threads in [1, 2] {
        let decode = median(|| decode(&dmg, None, threads))?;
        let raw = median(|| decode_to(&dmg, &out, threads))?;
        let build = median(|| rebuild(&dmg, &out, threads))?;
        println!(
            "{threads} threads: digest the disk {decode:.2?}, write it {raw:.2?}, rebuild it {build:.2?}"
        );
    }
    Ok(())
}

type Timed = Result<Duration, Box<dyn Error>>;

fn median(mut run: impl FnMut() -> Timed) -> Timed {
    let mut times = (0..ROUNDS).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}

fn make_source(dmg: &Path) -> Result<u64, Box<dyn Error>> {
    let mut tree = Tree::new(Name::from_text("Bench"), Case::Folded, 1);
    for index in 0..FILES {
        let len = usize::try_from(BYTES / FILES * (index % 10) / 5 + 1024)?;
        let data = if index % 2 == 0 { noise(len, index) } else { text(len, index) };
        let body = Body::File { data: bytes(data), rsrc: None };
        let name = Name::from_text(&format!("file{index}"));
        tree.add(tree.root(), name, Meta::new(Meta::FILE | 0o644, 1), body)?;
    }
    let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 16 << 20 }, 1))?;
    let len = laid.map.len();
    let sections = Section::whole_disk("Apple_HFS", len);
    write(&laid.map, &sections, 2, &mut File::create(dmg)?, &mut |_| {})?;
    Ok(len)
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut data = Vec::with_capacity(len + 8);
    while data.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend(state.to_le_bytes());
    }
    data.truncate(len);
    data
}

fn text(len: usize, seed: u64) -> Vec<u8> {
    let words = noise(4096, seed + 1);
    let letters = b"etaoin shrdlu\n";
    let picks = noise(len / 4 + 1, seed);
    let mut data = Vec::with_capacity(len + 16);
    for pick in picks {
        let at = usize::from(pick) * 8;
        data.extend(words[at..at + 4].iter().map(|b| letters[usize::from(*b) % letters.len()]));
    }
    data.truncate(len);
    data
}

fn open(dmg: &Path) -> Result<Source, Box<dyn Error>> {
    Ok(Arc::new(Image::open(Arc::new(FileBytes::open(dmg)?))?))
}

fn target(out: &Path, len: u64) -> Result<FileTarget, Box<dyn Error>> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(out)?;
    Ok(FileTarget::new(file, len)?)
}

fn decode(dmg: &Path, out: Option<&Path>, threads: usize) -> Timed {
    let start = Instant::now();
    let disk = open(dmg)?;
    let mut map = Map::new(disk.len());
    map.push(0, disk, None);
    send(&map, out, threads)?;
    Ok(start.elapsed())
}

fn decode_to(dmg: &Path, out: &Path, threads: usize) -> Timed {
    decode(dmg, Some(out), threads)
}

fn rebuild(dmg: &Path, out: &Path, threads: usize) -> Timed {
    let start = Instant::now();
    let tree = Arc::new(Volume::open(open(dmg)?)?.tree()?);
    let laid = lay_out(&tree, &Params::new(Size::Fit { free: 64 << 20 }, 1))?;
    let media = Media {
        layout: Layout::Standard,
        label: "Bench".into(),
        efi_files: Vec::new(),
        ids: Ids::derive(b"bench"),
        date: 0,
        volume: PartContent { map: laid.map, headers: laid.headers },
    };
    let image = media::lay_out(&media, Target { sector: 512, len: None })?;
    send(&image.map, Some(out), threads)?;
    Ok(start.elapsed())
}

fn send(map: &Map, out: Option<&Path>, threads: usize) -> Result<Digests, Box<dyn Error>> {
    let stop = AtomicBool::new(false);
    let options = Options::new(threads, &stop, &|_| {});
    let mut file = out.map(|out| target(out, map.len())).transpose()?;
    let out = file.as_mut().map(|file| file as &mut dyn lionize::block::WriteAt);
    Ok(pass::run(map, out, &options)?)
}
