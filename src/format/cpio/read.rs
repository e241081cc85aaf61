//! Entries, one after the other.

use crate::block::{Error, Result, Value};
use crate::format::archive::{Identity, MAX_PATH, Member};
use crate::format::cpio::{CPIO, NEWC, NEWC_SUM, ODC, TRAILER};
use std::io::{self, Read};

/// Reads an archive from front to back. Between two calls of
/// [`Reader::next_member`] it reads as the data of the entry before.
pub struct Reader<R> {
    inner: R,
    at: u64,
    left: u64,
    padding: u64,
    sum: Option<Sum>,
    ended: bool,
}

/// The checksum of a `070702` entry, and what its bytes add up to so far.
struct Sum {
    wanted: u32,
    found: u32,
}

impl<R: Read> Reader<R> {
    /// Reads an archive that begins here.
    pub const fn new(inner: R) -> Self {
        Self { inner, at: 0, left: 0, padding: 0, sum: None, ended: false }
    }

    /// The next entry; `None` behind the last. What was not read of the one
    /// before is skipped.
    ///
    /// # Errors
    /// `Corrupt` for what is no archive, and for one that ends too early.
    pub fn next_member(&mut self) -> Result<Option<Member>> {
        if self.ended {
            return Ok(None);
        }
        self.skip_data()?;
        let start = self.at;
        let mut magic = [0; 6];
        self.fill(&mut magic)?;
        let member = match &magic {
            ODC => self.odc(),
            NEWC => self.newc(false),
            NEWC_SUM => self.newc(true),
            _ => {
                let value = Value::Text(String::from_utf8_lossy(&magic).into_owned());
                Err(Error::corrupt(CPIO, "c_magic", value, "neither 070707 nor 070701"))
            }
        };
        let member = member.map_err(|error| error.at(start))?;
        self.ended = member.path == TRAILER;
        Ok((!self.ended).then_some(member))
    }

    /// Hands back what it reads from, which stands behind the last entry.
    pub fn into_inner(self) -> R {
        self.inner
    }

    fn skip_data(&mut self) -> Result<()> {
        io::copy(self, &mut io::sink())?;
        let padding = std::mem::take(&mut self.padding);
        self.skip(padding)
    }

    fn skip(&mut self, len: u64) -> Result<()> {
        let skipped = io::copy(&mut self.inner.by_ref().take(len), &mut io::sink())?;
        self.at += skipped;
        if skipped < len { Err(cut_off(self.at)) } else { Ok(()) }
    }

    fn fill(&mut self, buf: &mut [u8]) -> Result<()> {
        match self.inner.read_exact(buf) {
            Ok(()) => self.at += buf.len() as u64,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(cut_off(self.at));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn odc(&mut self) -> Result<Member> {
        let mut raw = [0; 70];
        self.fill(&mut raw)?;
        let mut fields = Fields { raw: &raw, radix: 8 };
        let device = fields.take("c_dev", 6)?;
        let inode = fields.take("c_ino", 6)?;
        let mode = fields.take("c_mode", 6)?;
        let (uid, gid) = (fields.take("c_uid", 6)?, fields.take("c_gid", 6)?);
        let links = fields.take("c_nlink", 6)?;
        let rdev = fields.take("c_rdev", 6)?;
        let mtime = fields.take("c_mtime", 11)?;
        let name_len = fields.take("c_namesize", 6)?;
        let size = fields.take("c_filesize", 11)?;
        let path = self.name(name_len)?;
        self.left = size;
        let identity = Some(Identity { device, inode, links: low(links) });
        let (uid, gid, device) = (low(uid), low(gid), low(rdev));
        let mode = typed(mode);
        Ok(Member { path, mode, uid, gid, mtime, size, at: self.at, device, identity, ..empty() })
    }

    fn newc(&mut self, summed: bool) -> Result<Member> {
        let mut raw = [0; 104];
        self.fill(&mut raw)?;
        let mut fields = Fields { raw: &raw, radix: 16 };
        let mut next = |name| fields.take(name, 8);
        let (inode, mode) = (next("c_ino")?, next("c_mode")?);
        let (uid, gid, links) = (next("c_uid")?, next("c_gid")?, next("c_nlink")?);
        let (mtime, size) = (next("c_mtime")?, next("c_filesize")?);
        let device = next("c_devmajor")? << 32 | next("c_devminor")?;
        let (major, minor) = (next("c_rdevmajor")?, next("c_rdevminor")?);
        let (name_len, sum) = (next("c_namesize")?, next("c_check")?);
        let path = self.name(name_len)?;
        // Header, name and data are each padded to a multiple of four.
        self.skip((110 + name_len).next_multiple_of(4) - 110 - name_len)?;
        self.left = size;
        self.padding = size.next_multiple_of(4) - size;
        let regular = mode & u64::from(Member::TYPE) == u64::from(Member::FILE);
        self.sum = (summed && regular).then(|| Sum { wanted: low(sum), found: 0 });
        let identity = Some(Identity { device, inode, links: low(links) });
        let device = low(major << 24 | minor);
        let (uid, gid, mode) = (low(uid), low(gid), typed(mode));
        Ok(Member { path, mode, uid, gid, mtime, size, at: self.at, device, identity, ..empty() })
    }

    /// A name of so many bytes, the last of which is NUL.
    fn name(&mut self, len: u64) -> Result<Vec<u8>> {
        let sane = usize::try_from(len).ok().filter(|len| (1..=MAX_PATH).contains(len));
        let rule = "not a path's length";
        let len = sane.ok_or_else(|| Error::corrupt(CPIO, "c_namesize", len, rule))?;
        let mut name = vec![0; len];
        self.fill(&mut name)?;
        match name.pop() {
            Some(0) if !name.contains(&0) => Ok(name),
            _ => {
                let text = String::from_utf8_lossy(&name).into_owned();
                Err(Error::corrupt(CPIO, "c_name", text, "its only NUL is not its last byte"))
            }
        }
    }

    /// Compares the sum of the data that has just ended, if it has one.
    fn check_sum(&mut self) -> Result<()> {
        match self.sum.take() {
            Some(sum) if sum.wanted != sum.found => {
                let rule = "not the sum of the file's bytes";
                Err(Error::corrupt(CPIO, "c_check", sum.wanted, rule))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        if most == 0 {
            return Ok(0);
        }
        let got = self.inner.read(&mut buf[..most])?;
        if got == 0 {
            return Err(cut_off(self.at).into_io());
        }
        (self.at, self.left) = (self.at + got as u64, self.left - got as u64);
        if let Some(sum) = &mut self.sum {
            let add = |sum: u32, byte: &u8| sum.wrapping_add(u32::from(*byte));
            sum.found = buf[..got].iter().fold(sum.found, add);
        }
        if self.left == 0 {
            self.check_sum().map_err(Error::into_io)?;
        }
        Ok(got)
    }
}

fn cut_off(at: u64) -> Error {
    Error::corrupt("cpio archive", "length", at, "it ends before its trailer: it may be cut off")
}

fn empty() -> Member {
    Member::default()
}

/// The low 32 bits: fields of eight digits have no more, those of six or
/// eleven that do are cut as their writers cut them.
fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}

/// A mode with a type: some writers leave that of files out.
fn typed(mode: u64) -> u16 {
    // The mask leaves 16 bits.
    let mode = u16::try_from(mode & 0xffff).unwrap_or(0);
    if mode & Member::TYPE == 0 { mode | Member::FILE } else { mode }
}

/// Numbers in text, of fixed widths.
struct Fields<'r> {
    raw: &'r [u8],
    radix: u32,
}

impl Fields<'_> {
    fn take(&mut self, name: &'static str, width: usize) -> Result<u64> {
        let (digits, rest) = self.raw.split_at(width.min(self.raw.len()));
        self.raw = rest;
        let number = digits.iter().try_fold(0_u64, |number, digit| {
            let digit = char::from(*digit).to_digit(self.radix)?;
            number.checked_mul(u64::from(self.radix))?.checked_add(u64::from(digit))
        });
        number.ok_or_else(|| {
            let text = String::from_utf8_lossy(digits).into_owned();
            let rule = if self.radix == 8 { "not an octal number" } else { "not a hex number" };
            Error::corrupt(CPIO, name, text, rule)
        })
    }
}
