//! A plan, or an image, straight to a disk.

use crate::block::{Bypass, Error, Medium, ReadAt, Source};
use crate::engine::build::Work;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::hash::hex;
use crate::engine::plan::Plan;
use crate::engine::problem::{Problem, ProblemKind, Result};
use crate::engine::progress::Progress;
use crate::engine::prove::{self, Proofs, wrong};
use crate::engine::record::Record;
use crate::engine::request::{BuildOptions, Verify};
use crate::media::burn::{self, Course, Job, Left, Phase, Trouble};
use crate::media::pass::{Digests, Options};
use crate::media::read_back::{Sent, read_back};
use crate::media::room_left;
use std::cell::Cell;
use std::ops::Range;
use std::path::PathBuf;

/// A disk to write, as the engine needs to know it.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Its node, for messages.
    pub path: PathBuf,
    /// What it is known by when it is plugged in again.
    pub key: String,
    /// Where its old partitions are.
    pub old: Vec<Range<u64>>,
    /// Another number each time.
    pub salt: u64,
}

/// What was written to a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burnt {
    /// The disk.
    pub path: PathBuf,
    /// The plan's id; none for an image.
    pub plan: Option<String>,
    /// The bytes of the disk.
    pub bytes: u64,
    /// The bytes that were in use, and written.
    pub written: u64,
    /// How far an earlier run had come, if there was one.
    pub resumed: Option<u64>,
    /// What was proven, one line each.
    pub proofs: Vec<String>,
    /// What could not be proven, one line each.
    pub unproven: Vec<String>,
}

/// Writes what a plan says to a disk, proves it, and only then gives it its
/// headers and tables. An interrupted work is gone on with.
///
/// # Errors
/// A [`Problem`]; the disk has no partition table then.
pub fn burn_plan(
    plan: &Plan,
    disk: &Disk,
    medium: &mut dyn Medium,
    verify: Verify,
    threads: usize,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Burnt> {
    let image = &plan.laid.image;
    if image.map.len() != medium.len() || image.sector != medium.granule() {
        return Err(Problem::ours("the plan was made for another disk"));
    }
    let options = BuildOptions { output: disk.path.clone(), verify, threads };
    let threads = super::build::threads(threads);
    let progress = Progress::new(sink);
    let work = Work { plan, options: &options, threads, stop, progress: &progress };
    let free = room_left(image, plan.laid.volume.as_ref().map(|(_, laid)| laid));
    let job = Job::new(&image.map, &image.withheld, &free, image.sector);
    let record = Record::of(&disk.key, &hex(plan.identity.seed));
    let digest = || plan.read_inputs(&|_| {}, stop).map(drop);
    let prove = |seen: &Source, how: Bypass, digests: &Digests| {
        let mut proofs = Proofs::default();
        // They were digested beside the writing.
        let identified = plan.read_inputs(&|_| {}, stop);
        let identified = identified.map_err(|error| Problem::reading("an input", error))?;
        plan.check_lock(identified)?;
        prove::sources(&work, &mut proofs)?;
        work.progress.start(Stage::Verify, &disk.path.display().to_string(), job.bytes());
        if verify != Verify::None {
            prove::structures(&work, seen, &mut proofs)?;
        }
        if verify == Verify::Full {
            let volume = plan.laid.volume.as_ref();
            let volume = volume.map(|(tree, laid)| (&**tree, laid, image.volume()));
            let reading = Reading { job: &job, threads, stop, progress: &progress };
            whole(&reading, seen, how, &Sent { volume, digests }, &mut proofs)?;
        } else {
            proofs.unproven.push("what was written was not read back".to_owned());
        }
        plan.inputs.check_unchanged()?;
        work.progress.finish(Stage::Verify);
        Ok(proofs)
    };
    let work =
        Written { disk, job: &job, threads, stop, progress: &progress, aside: Some(&digest) };
    let mut burnt = work.run(medium, record, prove)?;
    burnt.plan = plan.identified.get().map(super::identity::Identified::id);
    Ok(burnt)
}

/// What reading back needs to know.
pub(super) struct Reading<'r, 's> {
    pub(super) job: &'r Job,
    pub(super) threads: usize,
    pub(super) stop: &'r Stop,
    pub(super) progress: &'r Progress<'s>,
}

/// Reads everything back, and compares.
pub(super) fn whole(
    reading: &Reading<'_, '_>,
    seen: &Source,
    how: Bypass,
    sent: &Sent<'_>,
    proofs: &mut Proofs,
) -> Result<()> {
    let flag = reading.stop.flag();
    let progress = |place| {
        reading.progress.reach(Stage::Verify, reading.job.bytes_before(place));
    };
    let options = Options::new(reading.threads, &flag, &progress);
    let faults = read_back(seen, sent, &options).map_err(|error| match error {
        _ if reading.stop.raised() => Problem::interrupted(),
        Error::Io(error) => {
            Problem::new(ProblemKind::Device, "the disk cannot be read back").because(error)
        }
        other => wrong("the disk cannot be read back").because(other),
    })?;
    if !faults.is_empty() {
        return Err(not_held(faults.iter().take(10).map(ToString::to_string).collect()));
    }
    let how = match how {
        Bypass::Direct => "by direct I/O",
        Bypass::Dropped => "after dropping caches",
        Bypass::Cached => {
            proofs.unproven.push("what was read back may come from memory".to_owned());
            "perhaps from memory"
        }
    };
    proofs.proofs.push(format!("every byte was read back, {how}"));
    Ok(())
}

/// Work on a disk that is under way.
pub(super) struct Written<'w, 's> {
    pub(super) disk: &'w Disk,
    pub(super) job: &'w Job,
    pub(super) threads: usize,
    pub(super) stop: &'w Stop,
    pub(super) progress: &'w Progress<'s>,
    pub(super) aside: Option<crate::media::pass::Aside<'w>>,
}

impl Written<'_, '_> {
    /// Runs it from where it was, and tells what became of it.
    pub(super) fn run(
        &self,
        medium: &mut dyn Medium,
        mut record: Record,
        prove: impl Fn(&Source, Bypass, &Digests) -> Result<Proofs>,
    ) -> Result<Burnt> {
        let before = record.before();
        let path = self.disk.path.display().to_string();
        if before.is_some() {
            self.progress.warn(format!("{path} was written to before: the work goes on"));
        }
        let (mut proofs, mut problem) = (Proofs::default(), None);
        let flag = self.stop.flag();
        // What holds nothing takes no time, and says nothing of the time that is left.
        let reach = |place| self.progress.reach(Stage::Write, self.job.bytes_before(place));
        let options = Options { aside: self.aside, ..Options::new(self.threads, &flag, &reach) };
        let mut proven =
            |seen: &Source, how: Bypass, digests: &Digests| match prove(seen, how, digests)
                .and_then(|found| match self.stop.raised() {
                    true => Err(Problem::interrupted()),
                    false => Ok(found),
                }) {
                Ok(found) => {
                    proofs = found;
                    Ok(())
                }
                Err(other) => {
                    let text = other.sentence.clone();
                    problem = Some(other);
                    Err(Trouble::Wrong(text))
                }
            };
        let reached = Cell::new(Phase::Clear);
        let mut phase = |phase: Phase| {
            reached.set(phase);
            match phase {
                Phase::Clear => {}
                Phase::Write => self.progress.start(Stage::Write, &path, self.job.bytes()),
                Phase::Prove => self.progress.finish(Stage::Write),
                Phase::Commit => self.progress.start(Stage::Commit, &path, 0),
            }
        };
        let mut course = Course {
            old: &self.disk.old,
            before,
            salt: self.disk.salt,
            log: &mut record,
            prove: &mut proven,
            phase: &mut phase,
        };
        let result = burn::run(medium, self.job, &mut course, &options);
        if let Err(trouble) = result {
            // Before, it may be as it was; behind, its tables may be whole.
            let is_blank = matches!(reached.get(), Phase::Write | Phase::Prove);
            let problem = problem.map_or_else(|| told(&path, trouble), |found| left(&path, found));
            return Err(if is_blank { blank(&path, problem) } else { problem });
        }
        record.forget();
        self.progress.finish(Stage::Commit);
        if self.job.bytes() < medium.len() {
            let text = "room that holds nothing was not written, and may still hold old data";
            proofs.unproven.push(text.to_owned());
        }
        Ok(Burnt {
            path: self.disk.path.clone(),
            plan: None,
            bytes: medium.len(),
            written: self.job.bytes(),
            resumed: before,
            proofs: proofs.proofs,
            unproven: proofs.unproven,
        })
    }
}

fn not_held(causes: Vec<String>) -> Problem {
    let mut problem = wrong("the disk does not hold what was written to it");
    problem.causes = causes;
    problem.hint("the disk is failing, or is not what it says: take another one")
}

/// What went wrong with a disk, in words.
pub(super) fn told(path: &str, trouble: Trouble) -> Problem {
    match trouble {
        Trouble::Stopped => left(path, Problem::interrupted()),
        Trouble::Source(Error::Io(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
            left(path, Problem::interrupted())
        }
        Trouble::Source(error) => left(path, Problem::reading("what is written", error)),
        Trouble::Medium(error) => {
            let sentence = format!("cannot write {path}");
            let is_full = error.kind() == std::io::ErrorKind::StorageFull;
            let problem = Problem::new(ProblemKind::Device, sentence).because(error);
            match is_full {
                true => {
                    problem.hint("a disk that is smaller than it says is of no use: take another")
                }
                false => left(path, problem),
            }
        }
        Trouble::Wrong(text) => {
            let problem = wrong(format!("{path} does not keep what is written to it"));
            problem.because(text).hint("this disk is not to be trusted: take another one")
        }
        Trouble::Undone { first, left: None } => blank(path, told(path, *first)),
        Trouble::Undone { first, left: Some(left) } => half(told(path, *first), &left),
    }
}

/// Says of a disk that may show partitions what they are worth.
fn half(mut problem: Problem, left: &Left) -> Problem {
    problem.sentence += "; it may show partitions, but it is not finished";
    let ranges: Vec<_> =
        left.ranges.iter().map(|range| format!("{} to {}", range.start, range.end)).collect();
    problem
        .because(format!(
            "all files on it were proven, but not its headers and partition table: \
             bytes {} may hold some of them",
            ranges.join(", ")
        ))
        .because(format!("they could not be taken back: {}", left.error))
}

/// Says of a disk that was cleared, and not finished, that it is of no use.
fn blank(path: &str, mut problem: Problem) -> Problem {
    if problem.kind != ProblemKind::Interrupted {
        problem.sentence += &format!("; nothing starts from {path} now");
    }
    problem
}

/// Adds what is left on a disk that was not finished.
fn left(path: &str, mut problem: Problem) -> Problem {
    if problem.kind == ProblemKind::Interrupted {
        problem.sentence = format!("the work was interrupted; nothing starts from {path} now");
    }
    problem.hint("run the same command again: it goes on where it was")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn whose_fault_it_is_is_told_apart() {
        let failing = || io::Error::from_raw_os_error(5);
        let kind = |trouble| told("/dev/sdb", trouble).kind;
        assert_eq!(kind(Trouble::Medium(failing())), ProblemKind::Device);
        assert_eq!(kind(Trouble::Source(failing().into())), ProblemKind::BadInput);
        assert_eq!(kind(Trouble::Stopped), ProblemKind::Interrupted);
        assert_eq!(kind(Trouble::Wrong(String::new())), ProblemKind::Verification);
    }

    /// Of headers and tables that were not written, it is told what is there.
    #[test]
    fn what_is_on_a_disk_is_told() {
        let failed = || Trouble::Medium(std::io::Error::other("Input/output error"));
        let said = |left| {
            let first = Box::new(failed());
            told("/dev/sdb", Trouble::Undone { first, left }).to_string()
        };
        let again = "hint: run the same command again: it goes on where it was";
        assert_eq!(
            said(None),
            format!(
                "cannot write /dev/sdb; nothing starts from /dev/sdb now\n  \
                 Input/output error\n  {again}"
            )
        );
        let error = std::io::Error::other("it is gone");
        let ranges = vec![512..1024, 0..512];
        assert_eq!(
            said(Some(Left { ranges, error })),
            format!(
                "cannot write /dev/sdb; it may show partitions, but it is not finished\n  \
                 Input/output error\n  all files on it were proven, but not its headers and \
                 partition table: bytes 512 to 1024, 0 to 512 may hold some of them\n  \
                 they could not be taken back: it is gone\n  {again}"
            )
        );
    }

    #[test]
    fn what_went_wrong_says_what_to_do() {
        let again = "run the same command again: it goes on where it was";
        assert_eq!(
            blank("/dev/sdb", told("/dev/sdb", Trouble::Medium(io::Error::other("gone"))))
                .to_string(),
            format!(
                "cannot write /dev/sdb; nothing starts from /dev/sdb now\n  gone\n  hint: {again}"
            )
        );
        assert_eq!(
            blank("/dev/sdb", told("/dev/sdb", Trouble::Stopped)).to_string(),
            format!("the work was interrupted; nothing starts from /dev/sdb now\n  hint: {again}")
        );
        let full = Trouble::Medium(io::ErrorKind::StorageFull.into());
        assert_eq!(
            told("/dev/sdb", full).to_string(),
            "cannot write /dev/sdb\n  no storage space\n  \
             hint: a disk that is smaller than it says is of no use: take another"
        );
        assert_eq!(
            told("/dev/sdb", Trouble::Wrong("byte 512 came back as byte 0".into())).to_string(),
            "/dev/sdb does not keep what is written to it\n  byte 512 came back as byte 0\n  \
             hint: this disk is not to be trusted: take another one"
        );
        assert_eq!(
            not_held(vec!["the bytes 0 to 512 are others".into()]).to_string(),
            "the disk does not hold what was written to it\n  the bytes 0 to 512 are others\n  \
             hint: the disk is failing, or is not what it says: take another one"
        );
    }
}
