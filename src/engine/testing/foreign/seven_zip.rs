//! 7-Zip: it reads no volume inside a disk, so the volume is copied out.

use crate::block::{FileTarget, WriteAt, slice};
use crate::engine::events::Stop;
use crate::engine::problem::{Problem, Result};
use crate::engine::testing::foreign::{Foreign, odd, pipe, program};
use crate::engine::testing::media::Media;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::NamedTempFile;

const NAME: &str = "7-Zip";
const PIECE: usize = 1 << 20;

struct SevenZip {
    program: PathBuf,
    /// The volume alone, if it does not fill the disk.
    copy: Option<NamedTempFile>,
    image: PathBuf,
    /// The folder that it shows everything in.
    label: String,
}

pub(super) fn open(media: &Media) -> Result<Option<Box<dyn Foreign>>> {
    let Some(program) = program("7zz") else { return Ok(None) };
    let label = media.tree.node(media.tree.root()).name.to_string();
    let copy = match media.part {
        0 => None,
        _ => Some(copied(media).map_err(|error| Problem::writing(&std::env::temp_dir(), &error))?),
    };
    let image = media.path.clone();
    Ok(Some(Box::new(SevenZip { program, copy, image, label })))
}

/// The volume in a file of its own, sparse where it is zero.
fn copied(media: &Media) -> io::Result<NamedTempFile> {
    let file = NamedTempFile::new()?;
    let volume = slice(&media.disk, media.at, media.len)?;
    let mut target = FileTarget::new(file.reopen()?, volume.len())?;
    let mut buf = vec![0; PIECE];
    let mut at = 0;
    while let Some(range) = volume.data(at) {
        at = range.start;
        while at < range.end {
            let len = usize::try_from(range.end - at).unwrap_or(PIECE).min(PIECE);
            volume.read_at(at, &mut buf[..len])?;
            target.write_at(at, &buf[..len])?;
            at += len as u64;
        }
    }
    target.flush()?;
    Ok(file)
}

impl SevenZip {
    fn command(&self, args: &[&str], path: &str) -> Command {
        let mut command = Command::new(&self.program);
        let image = self.copy.as_ref().map_or(self.image.as_path(), NamedTempFile::path);
        // -spd: what looks like a pattern is a name.
        command.args(args).args(["-thfs", "-spd", "--"]).arg(image);
        command.arg(Path::new(&format!("{}{path}", self.label)));
        command
    }
}

impl Foreign for SevenZip {
    fn name(&self) -> &'static str {
        NAME
    }

    fn exists(&self, path: &str, stop: &Stop) -> io::Result<bool> {
        let mut command = self.command(&["l", "-ba", "-slt"], path);
        let (said, ended) = pipe::ask(&mut command, stop)?;
        if !ended.success {
            return Err(odd("7zz", &(said + &ended.complaint)));
        }
        Ok(said.lines().any(|line| line.starts_with("Path = ")))
    }

    fn read(&self, path: &str, take: &mut dyn FnMut(&[u8]), stop: &Stop) -> io::Result<bool> {
        if !self.exists(path, stop)? {
            return Ok(false);
        }
        let mut command = self.command(&["e", "-so", "-y"], path);
        let ended = pipe::run(&mut command, take, stop)?;
        if ended.success { Ok(true) } else { Err(odd("7zz", &ended.complaint)) }
    }
}
