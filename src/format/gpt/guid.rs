//! GUIDs as partition tables store them: the first three groups are
//! little-endian, the rest is as written (UEFI 2.10, Appendix A).

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A GUID in its stored byte order.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

/// For each stored byte, its place in the text; its own inverse.
const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

impl Guid {
    /// Marks an unused entry.
    pub const ZERO: Self = Self([0; 16]);
    /// An EFI system partition.
    pub const EFI_SYSTEM: Self = Self::new(0xc12a_7328, 0xf81f, 0x11d2, 0xba4b_00a0_c93e_c93b);
    /// Apple HFS+.
    pub const HFS_PLUS: Self = Self::new(0x4846_5300, 0, 0x11aa, 0xaa11_0030_6543_ecac);
    /// Apple APFS container.
    pub const APFS: Self = Self::new(0x7c34_57ef, 0, 0x11aa, 0xaa11_0030_6543_ecac);
    /// Apple Core Storage.
    pub const CORE_STORAGE: Self = Self::new(0x5374_6f72, 0x6167, 0x11aa, 0xaa11_0030_6543_ecac);
    /// Apple Boot (a helper or recovery partition).
    pub const APPLE_BOOT: Self = Self::new(0x426f_6f74, 0, 0x11aa, 0xaa11_0030_6543_ecac);
    /// Microsoft basic data (FAT, exFAT, NTFS).
    pub const BASIC_DATA: Self = Self::new(0xebd0_a0a2, 0xb9e5, 0x4433, 0x87c0_68b6_b726_99c7);

    /// A GUID from its groups, the last two joined.
    #[must_use]
    pub const fn new(first: u32, second: u16, third: u16, rest: u64) -> Self {
        let (a, b, c) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
        let r = rest.to_be_bytes();
        Self([
            a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], r[0], r[1], r[2], r[3], r[4], r[5],
            r[6], r[7],
        ])
    }

    /// A GUID from its stored bytes.
    #[must_use]
    pub const fn from_bytes(stored: [u8; 16]) -> Self {
        Self(stored)
    }

    /// The stored bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Whether it is all zero, as that of an unused entry.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The GUID that belongs to a name below an id: always the same one.
    ///
    /// It is the begin of a SHA-256 over both, of version 8 (RFC 9562).
    #[must_use]
    pub fn derive(id: &[u8], name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"lionize guid\0");
        hash.update((id.len() as u64).to_be_bytes());
        hash.update(id);
        hash.update(name.as_bytes());
        let digest = hash.finalize();
        let mut text: [u8; 16] = std::array::from_fn(|i| digest[i]);
        text[6] = text[6] & 0x0f | 0x80;
        text[8] = text[8] & 0x3f | 0x80;
        Self(ORDER.map(|i| text[i]))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, stored) in ORDER.into_iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02X}", self.0[stored])?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAGuid;

impl fmt::Display for NotAGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GUID has 32 hex digits in groups of 8-4-4-4-12")
    }
}

impl std::error::Error for NotAGuid {}

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return Err(NotAGuid);
        }
        let mut digits = Vec::with_capacity(32);
        for (at, &byte) in text.iter().enumerate() {
            match (at, byte) {
                (8 | 13 | 18 | 23, b'-') => {}
                (8 | 13 | 18 | 23, _) => return Err(NotAGuid),
                (_, b'0'..=b'9') => digits.push(byte - b'0'),
                (_, b'a'..=b'f') => digits.push(byte - b'a' + 10),
                (_, b'A'..=b'F') => digits.push(byte - b'A' + 10),
                _ => return Err(NotAGuid),
            }
        }
        Ok(Self(ORDER.map(|i| digits[2 * i] << 4 | digits[2 * i + 1])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_stored_bytes() {
        let text = "48465300-0000-11AA-AA11-00306543ECAC";
        assert_eq!(Guid::HFS_PLUS.to_string(), text);
        assert_eq!(text.to_lowercase().parse(), Ok(Guid::HFS_PLUS));
        let stored = [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b];
        assert_eq!(Guid::EFI_SYSTEM.to_bytes()[..10], stored);
        for wrong in [
            "",
            "48465300",
            "48465300-0000-11AA-AA11-00306543ECA",
            "4é465300-0000-11AA-AA11-00306543ECA",
        ] {
            assert_eq!(wrong.parse::<Guid>(), Err(NotAGuid), "{wrong}");
        }
        let says = NotAGuid.to_string();
        assert_eq!(says, "a GUID has 32 hex digits in groups of 8-4-4-4-12");
        assert_eq!("48465300+0000-11AA-AA11-00306543ECAC".parse::<Guid>(), Err(NotAGuid));
        assert_eq!("4846530--0000-11AA-AA11-00306543ECAC".parse::<Guid>(), Err(NotAGuid));
    }

    #[test]
    fn derived_guids_differ_by_id_and_name_only() {
        let guid = Guid::derive(b"plan", "disk");
        assert_eq!(guid, Guid::derive(b"plan", "disk"));
        assert_ne!(guid, Guid::derive(b"plan", "disk2"));
        assert_ne!(guid, Guid::derive(b"pla", "ndisk"));
        let text = guid.to_string();
        assert_eq!(&text[14..15], "8");
        assert!("89AB".contains(&text[19..20]), "{text}");
    }
}
