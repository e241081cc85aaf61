//! A finished image to a disk: its table is made anew, since the disk is
//! mostly larger, and may have other sectors.

use crate::block::{Bypass, Error, Map, Medium, ReadAt, Source};
use crate::engine::burn::{Burnt, Disk, Reading, Written, told, whole};
use crate::engine::events::{Event, Sink, Stage, Stop};
use crate::engine::hash;
use crate::engine::image_layout::lay_out;
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::prove::{Proofs, not_as_it_should, tell, wrong};
use crate::engine::record::Record;
use crate::engine::request::Verify;
use crate::format::stream::{Codec, decode, limit_for};
use crate::media::burn::{self, Job};
use crate::media::pass::Digests;
use crate::media::read_back::Sent;
use crate::source::{Item, OpenImage, Opener, tables};
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// An image as a disk will hold it.
pub struct DiskImage {
    name: String,
    map: Map,
    withheld: Vec<Range<u64>>,
    free: Vec<Range<u64>>,
    needs: u64,
    sector: u32,
    key: String,
    images: Vec<OpenImage>,
    opener: Opener,
}

impl DiskImage {
    /// The bytes that a disk must have.
    #[must_use]
    pub const fn needs(&self) -> u64 {
        self.needs
    }
}

/// Opens an image, unpacks it where it is compressed, and lays it out for a
/// disk of this size and sector.
///
/// # Errors
/// A [`Problem`], when it cannot be read, or cannot be put on such a disk.
pub fn open_image(
    path: &Path,
    len: u64,
    sector: u32,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<DiskImage> {
    let name = path.display().to_string();
    let fail = |error: Error| Problem::reading(&name, error);
    let opener = Opener::new();
    let item = match unpacked(path, sink, stop).map_err(fail)? {
        Some(source) => Item::of_bytes(&name, source),
        None => opener.resolve(path).map_err(fail)?,
    };
    let disk = match opener.known_disk(&item).map_err(fail)? {
        Some(disk) => disk,
        None => raw(&item, sink).map_err(fail)?,
    };
    let found = lay_out(&disk, len, sector).map_err(fail)?;
    for text in found.notes {
        sink.send(Event::Warned { text });
    }
    let sketch = hash::sketch(path).map_err(fail)?;
    Ok(DiskImage {
        key: format!("image {}", hash::hex(sketch)),
        name,
        map: found.map,
        withheld: found.withheld,
        free: found.free,
        needs: found.needs,
        sector,
        images: opener.images(),
        opener,
    })
}

/// A compressed image in a temporary file; none when it is not compressed.
fn unpacked(path: &Path, sink: &mut dyn Sink, stop: &Stop) -> Result<Option<Source>, Error> {
    let mut file = File::open(path)?;
    let mut head = [0; 8];
    let count = io::Read::read(&mut file, &mut head)?;
    let codec = Codec::of(&head[..count]);
    let Some(codec) = codec.filter(|codec| *codec != Codec::Pbzx && *codec != Codec::Zlib) else {
        return Ok(None);
    };
    io::Seek::rewind(&mut file)?;
    let packed = file.metadata()?.len();
    let what = path.display().to_string();
    sink.send(Event::Started { stage: Stage::Read, what: format!("{what}, unpacked"), total: 0 });
    let mut reader = decode(codec, BufReader::new(file), limit_for(packed))?;
    let mut out = tempfile::tempfile()?;
    copy(&mut *reader, &mut out, stop)?;
    sink.send(Event::Finished { stage: Stage::Read });
    Ok(Some(Arc::new(crate::block::FileBytes::new(out)?)))
}

/// A file of no kind that is known is taken for a raw image, if it can be one.
fn raw(item: &Item, sink: &mut dyn Sink) -> Result<Source, Error> {
    let (name, source) = (&item.name, item.contents()?);
    let refuse = |what, hint| Err(Error::unsupported(what, "its length", source.len(), hint));
    if name.to_lowercase().ends_with(".dmg") {
        let hint = "a dmg has a mark at its end, and this one has none: it may be cut off";
        return refuse("neither a disk image nor a volume that is known", hint);
    }
    if source.len() == 0 || !source.len().is_multiple_of(512) {
        return refuse("no image of a disk: that has whole sectors of 512 bytes", "");
    }
    let text = format!(
        "{name} holds no partition table and no volume that is known: it is written as it is"
    );
    sink.send(Event::Warned { text });
    Ok(source)
}

fn copy(from: &mut dyn io::Read, to: &mut File, stop: &Stop) -> io::Result<()> {
    let mut buf = vec![0; 1 << 20];
    loop {
        if stop.raised() {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let count = from.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        io::Write::write_all(to, &buf[..count])?;
    }
}

/// Writes an image to a disk and proves it.
///
/// # Errors
/// As [`crate::engine::burn_plan`].
pub fn burn_image(
    image: &DiskImage,
    disk: &Disk,
    medium: &mut dyn Medium,
    verify: Verify,
    threads: usize,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Burnt> {
    if image.map.len() != medium.len() || image.sector != medium.granule() {
        return Err(Problem::ours("the image was laid out for another disk"));
    }
    let threads = super::build::threads(threads);
    let progress = Progress::new(sink);
    let job = Job::new(&image.map, &image.withheld, &image.free, image.sector);
    let record = Record::of(&disk.key, &image.key);
    let prove = |seen: &Source, how: Bypass, digests: &Digests| {
        let mut proofs = Proofs::default();
        sources(image, threads, &progress, &mut proofs)?;
        progress.start(Stage::Verify, &disk.path.display().to_string(), job.bytes());
        if verify != Verify::None {
            structures(image, seen, &mut proofs)?;
        }
        if verify == Verify::Full {
            let reading = Reading { job: &job, threads, stop, progress: &progress };
            whole(&reading, seen, how, &Sent { volume: None, digests }, &mut proofs)?;
        } else {
            proofs.unproven.push("what was written was not read back".to_owned());
        }
        if let Some(path) = image.opener.changed() {
            let text = format!("{} was changed while it was read", path.display());
            return Err(Problem::bad_input(text));
        }
        progress.finish(Stage::Verify);
        Ok(proofs)
    };
    let work = Written { disk, job: &job, threads, stop, progress: &progress, aside: None };
    work.run(medium, record, prove)
}

fn sources(
    image: &DiskImage,
    threads: usize,
    progress: &Progress<'_>,
    proofs: &mut Proofs,
) -> Result<()> {
    for source in &image.images {
        let add = |more| progress.add(Stage::Verify, more);
        let found = source.prove(threads, &add);
        let found = found.map_err(|error| not_as_it_should(&source.name, error))?;
        tell(&source.name, &found, proofs);
    }
    Ok(())
}

fn wrong_tables(faults: Vec<String>) -> Problem {
    let mut problem = wrong("the partition tables on the disk are wrong")
        .hint("write it once more; if it happens again, take another disk");
    problem.causes = faults;
    problem
}

/// Both tables must be read as they were meant.
fn structures(image: &DiskImage, seen: &Source, proofs: &mut Proofs) -> Result<()> {
    let Ok(found) = tables(seen) else {
        proofs.unproven.push(format!("{} has no table or volume that is known", image.name));
        return Ok(());
    };
    if !found.faults.is_empty() && found.gpt {
        return Err(wrong_tables(found.faults));
    }
    if found.gpt {
        proofs.proofs.push("both copies of the partition table agree".to_owned());
    }
    Ok(())
}

/// Erases a disk: no table and no volume stays.
///
/// # Errors
/// A [`Problem`].
pub fn erase(disk: &Disk, medium: &mut dyn Medium) -> Result<()> {
    burn::erase(medium, &disk.old)
        .map_err(|trouble| told(&disk.path.display().to_string(), trouble))?;
    let _ = medium.announce();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_tables_say_what_to_do() {
        assert_eq!(
            wrong_tables(vec!["the two copies of the GPT differ".to_owned()]).to_string(),
            "the partition tables on the disk are wrong\n  the two copies of the GPT differ\n  \
             hint: write it once more; if it happens again, take another disk"
        );
    }
}
