//! Writing an image to a disk, so that nothing starts before it is proven.
//!
//! In this order: the old tables at both ends are cleared; a disk that lies
//! about its size is found; all is written but what a disk is known by, its
//! headers and tables; everything is read back; then the headers go out, and
//! sector 0 last of all. Stopped anywhere, the disk is left without a table
//! until all on it is proven, and the work can go on where it was.
//!
//! Not here: what the bytes mean, and which disk it is.

mod course;
mod job;
mod probe;
mod record;
mod view;

pub use course::{Course, Phase, Prove, run};
pub use job::Job;
pub use record::Log;

use crate::block::{Bypass, Error, Medium, Source, WriteAt, read_vec};
use crate::media::burn::record::Recorder;
use crate::media::pass::{self, Digests, Options};
use std::fmt;
use std::io;
use std::ops::Range;

/// Bytes of a write of zeros.
const ZEROS: u64 = 1 << 20;

/// Why a disk could not be written.
#[derive(Debug)]
pub enum Trouble {
    /// What is read could not be.
    Source(Error),
    /// The disk failed, or is not the same one any more.
    Medium(io::Error),
    /// The disk does not keep what is written to it.
    Wrong(String),
    /// The user stopped the work.
    Stopped,
    /// All was proven, but the headers and tables could not be written.
    Undone {
        /// Why.
        first: Box<Trouble>,
        /// What of them could not be taken back; none when all was.
        left: Option<Left>,
    },
}

/// Headers and tables of which nobody knows whether the disk holds them.
#[derive(Debug)]
pub struct Left {
    /// Where they are.
    pub ranges: Vec<Range<u64>>,
    /// Why they could not be erased.
    pub error: io::Error,
}

/// A result of writing to a disk.
pub type Result<T, E = Trouble> = std::result::Result<T, E>;

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(f, "{error}"),
            Self::Medium(error) => write!(f, "{error}"),
            Self::Wrong(text) => f.write_str(text),
            Self::Stopped => f.write_str("the work was stopped"),
            Self::Undone { first, .. } => write!(f, "{first}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Clears what an old table or volume was known by: both ends, all places of
/// the new headers, and both ends of these ranges.
///
/// # Errors
/// [`Trouble::Medium`].
pub fn clear(medium: &mut dyn Medium, job: &Job, old: &[Range<u64>]) -> Result<()> {
    medium.still().map_err(Trouble::Medium)?;
    for range in job.cleared(old) {
        zero(medium, &range).map_err(Trouble::Medium)?;
    }
    medium.flush().map_err(Trouble::Medium)
}

fn zero(medium: &mut dyn Medium, range: &Range<u64>) -> io::Result<()> {
    let mut at = range.start;
    while at < range.end {
        let len = (range.end - at).min(ZEROS);
        let zeros = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        medium.write_at(at, &zeros)?;
        at += len;
    }
    Ok(())
}

/// Finds a disk that has less room than it says. `salt` makes what is written
/// another one each time.
///
/// # Errors
/// [`Trouble::Wrong`] for a disk that lies; [`Trouble::Medium`].
pub fn probe(medium: &mut dyn Medium, salt: u64) -> Result<()> {
    probe::run(medium, salt)
}

/// Writes everything but what is withheld. What was written `before`, by its
/// end, is compared instead, and written again where it is another.
///
/// # Errors
/// [`Trouble`], by whose fault it is.
pub fn write(
    medium: &mut dyn Medium,
    job: &Job,
    before: u64,
    log: &mut dyn Log,
    options: &Options<'_>,
) -> Result<Digests> {
    let withheld = job.ascending();
    let options = Options {
        threads: options.threads,
        withheld: &withheld,
        sparse: false,
        stop: options.stop,
        progress: options.progress,
        aside: options.aside,
    };
    let mut recorder = Recorder::new(medium, before, log);
    let result = pass::run(&job.map, Some(&mut recorder), &options);
    let failed = recorder.failed();
    let digests = result.map_err(|error| match error {
        _ if options.stop.load(std::sync::atomic::Ordering::SeqCst) => Trouble::Stopped,
        Error::Io(error) if failed => Trouble::Medium(error),
        other => Trouble::Source(other),
    })?;
    recorder.finish().map_err(Trouble::Medium)?;
    Ok(digests)
}

/// The disk as it will be: what is stored, with what is withheld laid over it.
///
/// # Errors
/// [`Trouble::Medium`].
pub fn view(medium: &dyn Medium, job: &Job) -> Result<(Source, Bypass)> {
    medium.still().map_err(Trouble::Medium)?;
    let (stored, how) = medium.stored().map_err(Trouble::Medium)?;
    let view = view::over(job, &stored).map_err(Trouble::Source)?;
    Ok((view, how))
}

/// Writes what was withheld, in its order, each flushed before the next; then
/// reads it back. What does not hold is taken back.
///
/// # Errors
/// [`Trouble::Undone`], with what is left on the disk.
pub fn commit(medium: &mut dyn Medium, job: &Job) -> Result<()> {
    let pieces = job.pieces().map_err(Trouble::Source)?;
    let mut begun = 0;
    let done = put(medium, &pieces, &mut begun).and_then(|()| are_kept(medium, &pieces));
    done.map_err(|first| {
        let left = withdraw(medium, &pieces[..begun]);
        Trouble::Undone { first: Box::new(first), left }
    })
}

/// A range of the disk and what belongs there.
type Held = (Range<u64>, Vec<u8>);

/// Writes the pieces; `begun` counts those of which something may be there.
fn put(medium: &mut dyn Medium, pieces: &[Held], begun: &mut usize) -> Result<()> {
    let last = pieces.len().saturating_sub(1);
    for (index, (range, bytes)) in pieces.iter().enumerate() {
        if index == 0 || index == last {
            medium.still().map_err(Trouble::Medium)?;
        }
        *begun = index + 1;
        medium.write_at(range.start, bytes).map_err(Trouble::Medium)?;
        medium.flush().map_err(Trouble::Medium)?;
    }
    Ok(())
}

fn are_kept(medium: &dyn Medium, pieces: &[Held]) -> Result<()> {
    let (stored, _) = medium.stored().map_err(Trouble::Medium)?;
    for (range, bytes) in pieces {
        let found = read_vec(&*stored, range.start, bytes.len()).map_err(Trouble::Medium)?;
        if found != *bytes {
            let (start, end) = (range.start, range.end);
            return Err(Trouble::Wrong(format!("bytes {start} to {end} are not kept")));
        }
    }
    Ok(())
}

/// Takes back what was committed, the last first; tells what may still be there.
/// A disk that is not the same any more is not touched.
fn withdraw(medium: &mut dyn Medium, pieces: &[Held]) -> Option<Left> {
    if pieces.is_empty() {
        return None;
    }
    let ranges = || pieces.iter().rev().map(|(range, _)| range.clone());
    if let Err(error) = medium.still() {
        return Some(Left { ranges: ranges().collect(), error });
    }
    let mut left: Option<Left> = None;
    for range in ranges() {
        let erased = zero(medium, &range).and_then(|()| medium.flush());
        // One that fails is no reason to leave the others.
        if let Err(error) = erased.and_then(|()| is_erased(medium, &range)) {
            let ranges = Vec::new();
            left.get_or_insert(Left { ranges, error }).ranges.push(range);
        }
    }
    left
}

fn is_erased(medium: &dyn Medium, range: &Range<u64>) -> io::Result<()> {
    let (stored, _) = medium.stored()?;
    let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let found = read_vec(&*stored, range.start, len)?;
    match found.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(io::Error::other("what is erased does not stay erased")),
    }
}

/// Erases a disk: no table, no headers at either end or at the ends of these
/// ranges.
///
/// # Errors
/// [`Trouble::Medium`].
pub fn erase(medium: &mut dyn Medium, old: &[Range<u64>]) -> Result<()> {
    let job = Job::empty(medium.len(), medium.granule());
    clear(medium, &job, old)?;
    let (stored, _) = medium.stored().map_err(Trouble::Medium)?;
    for range in job.cleared(old) {
        let mut at = range.start;
        while at < range.end {
            let len = usize::try_from((range.end - at).min(ZEROS)).unwrap_or(0);
            let found = read_vec(&*stored, at, len).map_err(Trouble::Medium)?;
            if found.iter().any(|byte| *byte != 0) {
                let text = format!("bytes {at} to {} do not stay erased", at + len as u64);
                return Err(Trouble::Wrong(text));
            }
            at += len as u64;
        }
    }
    Ok(())
}

/// A medium's own error, where `WriteAt` alone is known.
fn zero_through(out: &mut dyn WriteAt, at: u64, len: usize) -> io::Result<()> {
    out.write_at(at, &vec![0; len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_its_sentence() {
        let all = [
            Trouble::Source(Error::corrupt("run", "SectorCount", 4u32, "ends behind its table")),
            Trouble::Medium(io::Error::other("/dev/sdb is gone")),
            Trouble::Wrong("bytes 0 to 512 do not stay erased".into()),
            Trouble::Stopped,
            Trouble::Undone { first: Box::new(Trouble::Stopped), left: None },
        ];
        for trouble in all {
            let expected = match trouble {
                Trouble::Source(_) => "run: SectorCount is 4: ends behind its table",
                Trouble::Medium(_) => "/dev/sdb is gone",
                Trouble::Wrong(_) => "bytes 0 to 512 do not stay erased",
                Trouble::Stopped | Trouble::Undone { .. } => "the work was stopped",
            };
            assert_eq!(trouble.to_string(), expected);
        }
    }
}
