//! What came so far of a download: bytes, and of which state of the file.

use crate::source::http::{Address, Response};
use crate::source::store::Failure;
use crate::source::store::folder::{Folder, read_small, remove};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The longest ETag or date that is remembered.
const LONGEST: usize = 512;

/// Of which state of the server's file a part is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Record {
    /// The address, without user and password.
    pub(super) url: String,
    /// The file's ETag.
    pub(super) etag: Option<String>,
    /// When the server's file changed last.
    pub(super) last_modified: Option<String>,
    /// The file's size, as the server says.
    pub(super) total: Option<u64>,
    /// Whether all that came of it came by https all the way.
    #[serde(default)]
    pub(super) secure: bool,
}

impl Record {
    /// What an answer says of the file; how it came, others say.
    pub(super) fn of(address: &Address, response: &Response, total: Option<u64>) -> Self {
        let short = |name| response.header(name).filter(|v| v.len() <= LONGEST).map(str::to_owned);
        Self {
            url: address.to_string(),
            etag: short("etag"),
            last_modified: short("last-modified"),
            total,
            secure: false,
        }
    }

    /// What holds a server to the same state of the file: a strong ETag, else
    /// the date.
    pub(super) fn validator(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|etag| etag.starts_with('"'));
        strong.or(self.last_modified.as_deref())
    }

    /// Whether an answer for the rest is of another state of the file.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_some() && b.is_some() && a != b
        }
        differ(self.etag.as_ref(), other.etag.as_ref())
            || differ(self.last_modified.as_ref(), other.last_modified.as_ref())
            || differ(self.total.as_ref(), other.total.as_ref())
    }
}

/// A part on disk; whoever has it holds its lock.
pub(super) struct Part<'f> {
    folder: &'f Folder,
    key: String,
    path: PathBuf,
    file: File,
    len: u64,
    pub(super) record: Record,
    _lock: File,
}

impl<'f> Part<'f> {
    /// Opens the part of this key, which may be empty.
    pub(super) fn open(folder: &'f Folder, key: &str, lock: File) -> Result<Self, Failure> {
        let path = folder.part(key);
        let open = || {
            let options =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
            let file = options.open(&path)?;
            let len = file.metadata()?.len();
            io::Result::Ok((file, len))
        };
        let (file, len) = open().map_err(|error| Failure::disk(&path, &error))?;
        let record = read_small(&folder.part_record(key))
            .and_then(|text| serde_json::from_slice::<Record>(&text).ok());
        let known = record.is_some();
        let record = record.unwrap_or_default();
        let mut part = Self { folder, key: key.to_owned(), path, file, len, record, _lock: lock };
        if !known && len > 0 {
            // Of which file these bytes are, nobody knows.
            part.clear()?;
        }
        Ok(part)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Throws away what came.
    pub(super) fn clear(&mut self) -> Result<(), Failure> {
        self.file.set_len(0).map_err(|error| Failure::disk(&self.path, &error))?;
        self.len = 0;
        self.record = Record::default();
        remove(&self.folder.part_record(&self.key))
    }

    /// Takes note of which file the bytes to come are.
    pub(super) fn note(&mut self, record: Record) -> Result<(), Failure> {
        // Strings and numbers can always be written as JSON.
        let text = serde_json::to_vec(&record).unwrap_or_default();
        self.folder.write(&self.folder.part_record(&self.key), &text)?;
        self.record = record;
        Ok(())
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, data: &[u8]) -> Result<(), Failure> {
        let mut write = || {
            self.file.seek(SeekFrom::Start(self.len))?;
            self.file.write_all(data)
        };
        write().map_err(|error| Failure::disk(&self.path, &error))?;
        self.len += data.len() as u64;
        Ok(())
    }

    /// Removes it, bytes and record, unless its bytes went elsewhere.
    pub(super) fn remove(self) -> Result<(), Failure> {
        remove(&self.folder.part_record(&self.key))?;
        remove(&self.path)
    }
}
