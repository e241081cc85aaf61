//! Which of Apple's disk image formats a file is.

use crate::block::{Error, ReadAt, Result};
use crate::format::udif::trailer;

/// What kind of Apple disk image a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A UDIF image, which [`crate::format::udif::Image`] reads.
    Udif,
    /// An encrypted image, of version 1 or 2.
    Encrypted,
    /// A sparse image (`.sparseimage`).
    Sparse,
}

/// Recognises an image by the magic at its ends; `None` for anything else.
///
/// # Errors
/// What the medium reports.
pub fn detect(file: &dyn ReadAt) -> Result<Option<Format>> {
    let mut magic = [0; 8];
    let len = file.len();
    if len < 8 {
        return Ok(None);
    }
    file.read_at(0, &mut magic)?;
    if &magic == b"encrcdsa" {
        return Ok(Some(Format::Encrypted));
    }
    if magic.starts_with(b"sprs") {
        return Ok(Some(Format::Sparse));
    }
    file.read_at(len - 8, &mut magic)?;
    if &magic == b"cdsaencr" {
        return Ok(Some(Format::Encrypted));
    }
    Ok(trailer::find(file)?.map(|_| Format::Udif))
}

/// Whether a file is a UDIF image; a file that cannot be read is not.
#[must_use]
pub fn is_udif(file: &dyn ReadAt) -> bool {
    matches!(detect(file), Ok(Some(Format::Udif)))
}

/// What makes any of Apple's images one that is read here.
pub(crate) const CONVERT: &str = "on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg";

/// The refusal of a kind that is only recognised; `None` for UDIF.
#[must_use]
pub fn refusal(format: Format) -> Option<Error> {
    match format {
        Format::Udif => None,
        Format::Encrypted => {
            Some(Error::unsupported("an encrypted disk image", "signature", "encrcdsa", CONVERT))
        }
        Format::Sparse => {
            Some(Error::unsupported("a sparse disk image", "signature", "sprs", CONVERT))
        }
    }
}

/// The refusal of a sparse bundle, a folder that only its `Info.plist` tells.
#[must_use]
pub fn sparse_bundle() -> Error {
    Error::unsupported(
        "a sparse bundle",
        "diskimage-bundle-type",
        "com.apple.diskimage.sparsebundle",
        CONVERT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::said;

    #[test]
    fn magic_tells() {
        let file = |start: &[u8], end: &[u8]| [start, &[0; 600], end].concat();
        assert_eq!(detect(&file(b"encrcdsa", b"")).unwrap(), Some(Format::Encrypted));
        assert_eq!(detect(&file(b"", b"cdsaencr")).unwrap(), Some(Format::Encrypted));
        assert_eq!(detect(&file(b"sprs", b"")).unwrap(), Some(Format::Sparse));
        let mut koly = vec![0; 512];
        koly[..12].copy_from_slice(b"koly\0\0\0\x04\0\0\x02\0");
        assert_eq!(detect(&file(b"", &koly)).unwrap(), Some(Format::Udif));
        assert_eq!(detect(&file(&koly, b"")).unwrap(), Some(Format::Udif));
        assert!(is_udif(&koly));
        koly[11] = 1;
        assert_eq!(detect(&file(b"", &koly)).unwrap(), None);
        assert_eq!(detect(&b"koly".to_vec()).unwrap(), None);
        assert!(!is_udif(&Vec::new()));
    }

    #[test]
    fn refusals_have_names() {
        for format in [Format::Udif, Format::Encrypted, Format::Sparse] {
            let expected = match format {
                Format::Udif => None,
                Format::Encrypted => Some(
                    "this is an encrypted disk image, which is not supported \
                     (signature is \"encrcdsa\")",
                ),
                Format::Sparse => Some(
                    "this is a sparse disk image, which is not supported (signature is \"sprs\")",
                ),
            };
            let convert = "\nhint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg";
            let text = refusal(format).map(|error| said(Err::<(), _>(error)));
            assert_eq!(text, expected.map(|text| text.to_owned() + convert));
        }
        let bundle = said(Err::<(), _>(sparse_bundle()));
        let expected = "this is a sparse bundle, which is not supported (diskimage-bundle-type is \
                        \"com.apple.diskimage.sparsebundle\")\n\
                        hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg";
        assert_eq!(bundle, expected);
    }
}
