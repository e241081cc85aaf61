//! GRUB's driver, as `grub-fstest` runs it: it follows symbolic links.

use crate::engine::events::Stop;
use crate::engine::testing::foreign::{Foreign, odd, pipe, program};
use crate::engine::testing::media::Media;
use std::io;
use std::path::PathBuf;
use std::process::Command;

const NAME: &str = "GRUB";
const FSTEST: &str = "grub-fstest";

struct Grub {
    fstest: PathBuf,
    image: PathBuf,
    /// `(loop0,gpt2)`, or the whole disk.
    volume: String,
}

pub(super) fn open(media: &Media) -> Option<Box<dyn Foreign>> {
    let fstest = program(FSTEST)?;
    let volume = match media.part {
        0 => "(loop0)".to_owned(),
        part => format!("(loop0,{part})"),
    };
    Some(Box::new(Grub { fstest, image: media.path.clone(), volume }))
}

impl Foreign for Grub {
    fn name(&self) -> &'static str {
        NAME
    }

    fn exists(&self, path: &str, stop: &Stop) -> io::Result<bool> {
        let mut command = Command::new(&self.fstest);
        command.arg(&self.image).arg("cat").arg(format!("{}{path}", self.volume));
        let ended = pipe::run(&mut command, &mut |_| {}, stop)?;
        // Of a folder it says "is not a regular file".
        let folder = ended.complaint.contains("not a regular file");
        match ended.success || folder {
            true => Ok(true),
            false if ended.complaint.contains("not found") => Ok(false),
            false => Err(odd(FSTEST, &ended.complaint)),
        }
    }

    fn read(&self, path: &str, take: &mut dyn FnMut(&[u8]), stop: &Stop) -> io::Result<bool> {
        let mut command = Command::new(&self.fstest);
        command.arg(&self.image).arg("cat").arg(format!("{}{path}", self.volume));
        let ended = pipe::run(&mut command, take, stop)?;
        match ended.success {
            true => Ok(true),
            false if ended.complaint.contains("not found") => Ok(false),
            false => Err(odd(FSTEST, &ended.complaint)),
        }
    }
}
