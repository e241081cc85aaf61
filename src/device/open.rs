//! A disk taken for ourselves alone, and known to be the one that was judged.

use crate::block::{Bypass, Direct, Source};
use crate::device::describe::facts;
use crate::device::disk::Disk;
use crate::device::raw::Raw;
use crate::device::root::Root;
use crate::device::sys;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// An open disk.
pub struct Opened {
    file: File,
    disk: Disk,
    root: Root,
    direct: bool,
}

/// Opens a disk for writing by us alone. Fails when somebody else holds it, or
/// when it is not the one that was described.
///
/// # Errors
/// What is different, or what the host reports.
pub fn open(disk: &Disk) -> io::Result<Opened> {
    let root = Root::host();
    same(disk, &root)?;
    let (file, direct) = sys::open_exclusive(&disk.path).map_err(|error| told(disk, &error))?;
    let opened = Opened { file, disk: disk.clone(), root, direct };
    opened.still()?;
    Ok(opened)
}

/// Unmounts what is mounted at a place, as `umount` does.
///
/// # Errors
/// What the host reports, such as files that are open there.
pub fn unmount(at: &Path) -> io::Result<()> {
    sys::unmount(at)
}

fn told(disk: &Disk, error: &io::Error) -> io::Error {
    let path = disk.path.display();
    let text = match error.kind() {
        io::ErrorKind::ResourceBusy => format!("{path} is in use"),
        io::ErrorKind::PermissionDenied => {
            format!("{path} may be written to by the administrator only: use sudo")
        }
        _ => format!("{path}: {error}"),
    };
    io::Error::new(error.kind(), text)
}

/// Fails unless the system still shows the disk that was described.
fn same(disk: &Disk, root: &Root) -> io::Result<()> {
    let path = disk.path.display();
    let Some(now) = facts(root, &disk.name) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{path} is gone")));
    };
    match disk.difference(&now) {
        None => Ok(()),
        Some(other) => {
            let text = format!("{path} is not the disk that was chosen: {other}");
            Err(io::Error::new(io::ErrorKind::NotFound, text))
        }
    }
}

impl Opened {
    /// What is open.
    #[must_use]
    pub const fn disk(&self) -> &Disk {
        &self.disk
    }

    fn differs(&self, fact: &str, was: impl ToString, now: impl ToString) -> io::Error {
        let (path, was, now) = (self.disk.path.display(), was.to_string(), now.to_string());
        let text = format!(
            "{path} is not the disk that was chosen: its {fact} was {was} and is now {now}"
        );
        io::Error::new(io::ErrorKind::NotFound, text)
    }
}

impl Raw for Opened {
    fn bytes(&self) -> u64 {
        self.disk.bytes
    }

    fn sector(&self) -> u32 {
        self.disk.logical
    }

    fn write(&self, at: u64, buf: &[u8]) -> io::Result<usize> {
        self.file.write_at(buf, at)
    }

    fn flush(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Compares what the system shows under its name, and what is open.
    fn still(&self) -> io::Result<()> {
        let path = self.disk.path.display();
        if sys::bytes(&self.file)? == 0 && self.disk.bytes > 0 {
            // While it goes, the system still shows some of it, as something else.
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{path} is gone")));
        }
        same(&self.disk, &self.root)?;
        let number = sys::number(&self.file)?;
        if number != self.disk.number {
            let shown = |(major, minor)| format!("{major}:{minor}");
            return Err(self.differs("number", shown(self.disk.number), shown(number)));
        }
        let (bytes, sector) = (sys::bytes(&self.file)?, sys::sector(&self.file)?);
        if bytes != self.disk.bytes {
            return Err(self.differs("size", self.disk.bytes, bytes));
        }
        if sector != self.disk.logical {
            return Err(self.differs("sector size", self.disk.logical, sector));
        }
        Ok(())
    }

    fn stored(&self) -> io::Result<(Source, Bypass)> {
        let how = match self.direct {
            true => Bypass::Direct,
            false => match sys::drop_cache(&self.file) {
                Ok(()) => Bypass::Dropped,
                Err(_) => Bypass::Cached,
            },
        };
        let direct = Direct::over(self.file.try_clone()?, how)?;
        Ok((Arc::new(direct), how))
    }

    fn announce(&self) -> io::Result<()> {
        sys::read_table_again(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::guard::tests::stick;

    #[test]
    fn what_cannot_be_opened_is_said() {
        let disk = stick();
        let said = |kind| told(&disk, &io::Error::from(kind)).to_string();
        assert_eq!(said(io::ErrorKind::ResourceBusy), "/dev/sdb is in use");
        let text = "/dev/sdb may be written to by the administrator only: use sudo";
        assert_eq!(said(io::ErrorKind::PermissionDenied), text);
        assert_eq!(said(io::ErrorKind::TimedOut), "/dev/sdb: timed out");
    }

    #[test]
    fn another_disk_in_its_place_is_said() {
        let file = tempfile::tempfile().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (disk, root) = (stick(), Root::at(folder.path()));
        let opened = Opened { file, disk: disk.clone(), root: root.clone(), direct: false };
        let text = "/dev/sdb is not the disk that was chosen: its size was 1024 and is now 512";
        assert_eq!(opened.differs("size", 1024, 512).to_string(), text);
        assert_eq!(same(&disk, &root).unwrap_err().to_string(), "/dev/sdb is gone");
    }

    #[test]
    fn a_file_is_no_disk() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = sys::open_exclusive(file.path()).unwrap_err().to_string();
        assert_eq!(error, format!("{} is no block device", file.path().display()));
    }
}
