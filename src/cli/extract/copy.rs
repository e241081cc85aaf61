//! What a file takes along, and what goes into the file beside it.

use crate::block::{Result, Source, read_vec};
use crate::format::appledouble;
use crate::volume::Meta;
use crate::volume::tree::Xattr;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Seconds between 1904, where HFS+ begins, and 1970.
const EPOCH_1904: u64 = 2_082_844_800;
/// The longest extended attribute that is kept, as on a Mac.
const MAX_XATTR: u64 = 16 << 20;
/// All of a file's attributes together, which are held in memory at once. On a
/// hostile volume, thousands of them lie in the same blocks.
const MAX_XATTRS: u64 = 32 << 20;

/// What is left of the room for a file's attributes.
pub(super) struct Room(u64);

impl Room {
    pub(super) const fn new() -> Self {
        Self(MAX_XATTRS)
    }

    /// The attribute's value; `None` where there is no room for it.
    pub(super) fn take(&mut self, xattr: &Xattr) -> io::Result<Option<Vec<u8>>> {
        let long = xattr.value.len();
        let Some(len) = usize::try_from(long).ok().filter(|_| long <= MAX_XATTR.min(self.0)) else {
            return Ok(None);
        };
        self.0 -= long;
        read_vec(xattr.value.as_ref(), 0, len).map(Some)
    }
}

/// What the host keeps of a file or folder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes {
    /// Permission bits; `None` where the volume has none.
    pub(super) mode: Option<u32>,
    /// When it was changed last.
    pub(super) modified: Option<SystemTime>,
}

impl Attributes {
    /// Permissions without set-id bits, and the date.
    pub(super) fn of(meta: &Meta) -> Self {
        let mode = (meta.mode & Meta::TYPE != 0).then_some(u32::from(meta.mode & 0o777));
        let seconds = u64::from(meta.modified);
        let modified = match seconds.checked_sub(EPOCH_1904) {
            _ if seconds == 0 => None,
            Some(after) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(after)),
            None => {
                let before = Duration::from_secs(EPOCH_1904 - seconds);
                SystemTime::UNIX_EPOCH.checked_sub(before)
            }
        };
        Self { mode, modified }
    }
}

/// What does not fit into the file itself.
pub(super) struct Beside<'t> {
    pub(super) finder: [u8; 32],
    pub(super) rsrc: Option<Source>,
    pub(super) xattrs: Vec<&'t Xattr>,
}

impl Beside<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.finder == [0; 32] && self.rsrc.is_none() && self.xattrs.is_empty()
    }

    /// An AppleDouble file.
    pub(super) fn encode(&self) -> Result<Source> {
        let long = || io::Error::other("attributes of over 16 MiB, or of over 32 MiB together");
        let mut room = Room::new();
        let xattrs = self.xattrs.iter().map(|xattr| {
            let value = room.take(xattr)?.ok_or_else(long)?;
            Ok((xattr.name.to_string(), value))
        });
        let xattrs = xattrs.collect::<io::Result<Vec<_>>>()?;
        let contents =
            appledouble::Contents { finder: self.finder, xattrs: &xattrs, rsrc: self.rsrc.clone() };
        Ok(Arc::new(appledouble::encode(&contents)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_id_bits_stay_behind_and_dates_come_along() {
        let date = 1_348_099_200 + 2_082_844_800;
        let kept = Attributes::of(&Meta::new(Meta::FILE | 0o6755, date));
        assert_eq!(kept.mode, Some(0o755));
        let since = kept.modified.unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(since.as_secs(), 1_348_099_200);
        assert_eq!(Attributes::of(&Meta::default()).mode, None);
        assert!(
            Attributes::of(&Meta::new(Meta::FILE, 5)).modified.unwrap() < SystemTime::UNIX_EPOCH
        );
    }
}
