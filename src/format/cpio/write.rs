//! An `odc` archive, as Apple's tools put it into packages.

use crate::format::archive::Member;
use crate::format::cpio::{ODC, TRAILER};
use std::io::{self, Read, Write};

/// Writes an archive front to back. The same entries give the same bytes.
pub struct Writer<W> {
    inner: W,
    inode: u64,
    at: u64,
}

/// The largest inode number that six octal digits hold.
const MAX_INODE: u64 = 0o777_777;

impl<W: Write> Writer<W> {
    /// Writes to `inner`.
    pub const fn new(inner: W) -> Self {
        Self { inner, inode: 0, at: 0 }
    }

    /// Adds an entry: [`Member::size`] bytes of `data` follow its header.
    /// Inodes are numbered as they come, unless the member has an identity.
    ///
    /// # Errors
    /// `InvalidInput` for what the format cannot hold, such as 8 GiB;
    /// `UnexpectedEof` when there is less data; what the writer reports.
    pub fn add(&mut self, member: &Member, data: &mut dyn Read) -> io::Result<()> {
        self.inode = self.inode % MAX_INODE + 1;
        let (inode, links) = match &member.identity {
            Some(identity) => (identity.inode, identity.links),
            None => (self.inode, 1),
        };
        self.header(member, inode, links)?;
        let copied = io::copy(&mut data.take(member.size), &mut self.inner)?;
        if copied < member.size {
            let text = format!("it ended after {copied} of {} bytes", member.size);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        self.at += copied;
        Ok(())
    }

    /// Ends the archive, padded to 512 bytes, and hands back the writer.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn finish(mut self) -> io::Result<W> {
        let last = Member { path: TRAILER.to_vec(), ..Member::default() };
        self.header(&last, 0, 1)?;
        let padding = self.at.next_multiple_of(512) - self.at;
        io::copy(&mut io::repeat(0).take(padding), &mut self.inner)?;
        Ok(self.inner)
    }

    fn header(&mut self, member: &Member, inode: u64, links: u32) -> io::Result<()> {
        let mut text = Vec::with_capacity(76 + member.path.len() + 1);
        text.extend(ODC);
        let six = [
            0,
            inode,
            u64::from(member.mode),
            u64::from(member.uid),
            u64::from(member.gid),
            u64::from(links),
            u64::from(member.device),
        ];
        for value in six {
            octal(&mut text, value, 6)?;
        }
        octal(&mut text, member.mtime, 11)?;
        octal(&mut text, member.path.len() as u64 + 1, 6)?;
        octal(&mut text, member.size, 11)?;
        text.extend(&member.path);
        text.push(0);
        self.at += text.len() as u64;
        self.inner.write_all(&text)
    }
}

fn octal(out: &mut Vec<u8>, value: u64, width: usize) -> io::Result<()> {
    let text = format!("{value:0width$o}");
    if text.len() > width {
        let text = format!("{value} does not fit into {width} octal digits of a cpio header");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    out.extend(text.bytes());
    Ok(())
}
