//! The Sleuth Kit: `ifind` finds a path's number, `icat` gives its bytes.

use crate::engine::events::Stop;
use crate::engine::testing::foreign::{Foreign, odd, pipe, program};
use crate::engine::testing::media::Media;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "The Sleuth Kit";
/// What `-o` counts in.
const SECTOR: u64 = 512;

struct SleuthKit {
    ifind: PathBuf,
    icat: PathBuf,
    image: PathBuf,
    sector: String,
}

pub(super) fn open(media: &Media) -> Option<Box<dyn Foreign>> {
    let (ifind, icat) = (program("ifind")?, program("icat")?);
    let sector = (media.at / SECTOR).to_string();
    Some(Box::new(SleuthKit { ifind, icat, image: media.path.clone(), sector }))
}

impl SleuthKit {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["-f", "hfs", "-o", &self.sector]);
        command
    }

    /// A path's number.
    fn number(&self, path: &str, stop: &Stop) -> io::Result<Option<u32>> {
        let mut command = self.command(&self.ifind);
        command.args(["-n", path]).arg(&self.image);
        let (said, ended) = pipe::ask(&mut command, stop)?;
        match said.trim() {
            "File not found" => Ok(None),
            number => {
                number.parse().map(Some).map_err(|_| odd("ifind", &(said + &ended.complaint)))
            }
        }
    }
}

impl Foreign for SleuthKit {
    fn name(&self) -> &'static str {
        NAME
    }

    fn exists(&self, path: &str, stop: &Stop) -> io::Result<bool> {
        Ok(self.number(path, stop)?.is_some())
    }

    fn read(&self, path: &str, take: &mut dyn FnMut(&[u8]), stop: &Stop) -> io::Result<bool> {
        let Some(number) = self.number(path, stop)? else { return Ok(false) };
        let mut command = self.command(&self.icat);
        command.arg(&self.image).arg(number.to_string());
        let ended = pipe::run(&mut command, take, stop)?;
        if ended.success { Ok(true) } else { Err(odd("icat", &ended.complaint)) }
    }
}
