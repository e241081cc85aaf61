//! Calls of the system that the standard library does not have.
//!
//! Facts: open(2), `linux/fs.h`, `PR_SET_PDEATHSIG(2const)`.

// The two ioctls below are no functions of rustix, only their form is; what a
// child does before it is another program is nobody's to prove but ours.
#![allow(unsafe_code, reason = "ioctls without an argument and a call after fork, see each")]

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::ioctl::{NoArg, Opcode, ioctl, opcode};
use rustix::process::Signal;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How often a device that is held is tried again, and how soon.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

const BLKRRPART: Opcode = opcode::none(0x12, 95);
const BLKFLSBUF: Opcode = opcode::none(0x12, 97);

/// Opens a block device for us alone; says whether direct I/O works.
pub(super) fn open_exclusive(path: &Path) -> io::Result<(File, bool)> {
    let flags = OFlags::RDWR | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let open = |flags| patiently(|| rustix::fs::open(path, flags, Mode::empty()));
    let (fd, direct) = match open(flags | OFlags::DIRECT) {
        Ok(fd) => (fd, true),
        Err(Errno::INVAL) => (open(flags)?, false),
        Err(error) => return Err(error.into()),
    };
    let file = File::from(fd);
    if !file.metadata()?.file_type().is_block_device() {
        let text = format!("{} is no block device", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok((file, direct))
}

/// Tries again for a moment while somebody holds a device: another `lionize
/// devices` does, as long as it looks at it.
pub(super) fn patiently<T>(mut open: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    for _ in 0..TRIES {
        match open() {
            Err(Errno::BUSY) => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    open()
}

/// Major and minor number of an open device.
pub(super) fn number(file: &File) -> io::Result<(u32, u32)> {
    let device = file.metadata()?.rdev();
    Ok((rustix::fs::major(device), rustix::fs::minor(device)))
}

/// The bytes of a sector (`BLKSSZGET`).
pub(super) fn sector(file: &File) -> io::Result<u32> {
    Ok(rustix::fs::ioctl_blksszget(file)?)
}

/// The size of an open device.
pub(super) fn bytes(mut file: &File) -> io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::End(0))
}

/// Makes the kernel read the partition table again.
pub(super) fn read_table_again(file: &File) -> io::Result<()> {
    // SAFETY: BLKRRPART takes no argument, and touches no memory of ours.
    Ok(unsafe { ioctl(file, NoArg::<BLKRRPART>::new()) }?)
}

/// Writes out and forgets what the kernel keeps of the device in memory.
pub(super) fn drop_cache(file: &File) -> io::Result<()> {
    // SAFETY: BLKFLSBUF takes no argument, and touches no memory of ours.
    Ok(unsafe { ioctl(file, NoArg::<BLKFLSBUF>::new()) }?)
}

/// Lets a program end with the thread that starts it, however that ends.
pub fn end_with_us(command: &mut Command) {
    let parent = rustix::process::getpid();
    let tie = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // One that was gone before that line sends nothing any more.
        match rustix::process::getppid() == Some(parent) {
            true => Ok(()),
            false => Err(Errno::SRCH.into()),
        }
    };
    // SAFETY: between fork and exec it makes two calls of the system, and
    // neither takes memory nor a lock.
    unsafe { command.pre_exec(tie) };
}

/// Unmounts what is mounted at a place, which is no link: the kernel listed it.
pub(super) fn unmount(at: &Path) -> io::Result<()> {
    Ok(rustix::mount::unmount(at, rustix::mount::UnmountFlags::NOFOLLOW)?)
}
