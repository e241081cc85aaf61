//! Chunk lists: a digest for each ten megabytes of an image beside them, and
//! a signature of the list.
//!
//! Not supported: versions and methods other than 1, which are refused by
//! name. Facts: Apple's recovery server and `BaseSystem.chunklist` files, as
//! public tools that download them read them (OpenCorePkg's macrecovery).

use crate::block::{Error, ReadAt, Result, Value, read_vec};
use crate::format::certificate::Refusal;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};

const LIST: &str = "chunklist";
/// What helps where a list proves nothing here.
const COMPARE: &str = "compare the image's SHA-256 with one that others publish";
/// The header's length.
const HEADER: usize = 0x24;
/// Bytes of one entry: a length and a digest.
const ENTRY: usize = 36;
/// More chunks have no image: these are of 640 GB.
const MAX_CHUNKS: u64 = 1 << 16;
/// A chunk longer than this is refused: real ones have 10 MiB.
const MAX_CHUNK: u32 = 64 << 20;

/// A parsed list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunklist {
    /// The chunks, in order.
    pub chunks: Vec<Chunk>,
    /// What is signed: all before the signature.
    signed: Vec<u8>,
    seal: Seal,
}

/// A part of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes.
    pub size: u32,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

/// What stands behind the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seal {
    /// An RSA signature, its first byte the highest.
    Rsa(Vec<u8>),
    /// Only a digest of the list.
    Digest([u8; 32]),
}

/// What the list's own signature proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// The key of this number signed it.
    ByKey(usize),
    /// It has a digest only, which is right: anybody could have made it.
    DigestOnly,
}

impl Chunklist {
    /// Parses a list.
    ///
    /// # Errors
    /// `Corrupt`, naming the field; `Unsupported` for other versions.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let wrong = |field, value: Value, rule| Err(Error::corrupt(LIST, field, value, rule));
        let Some(header) = data.get(..HEADER) else {
            return wrong("length", data.len().into(), "shorter than the header");
        };
        let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        if header[..4] != *b"CNKL" {
            let magic = header[..4].iter().fold(0, |number, b| number << 8 | u64::from(*b));
            return wrong("magic", Value::Hex(magic), "not `CNKL`");
        }
        let size = u32::from_le_bytes(std::array::from_fn(|i| header[4 + i]));
        if size as usize != HEADER {
            return wrong("header size", size.into(), "not 36");
        }
        let (version, chunk_method, method) = (header[8], header[9], header[10]);
        for (field, value) in [("file version", version), ("chunk method", chunk_method)] {
            if value != 1 {
                let what = "a chunklist of another kind";
                return Err(Error::unsupported(what, field, u32::from(value), COMPARE));
            }
        }
        let (count, chunks, signature) = (long(12), long(20), long(28));
        if count == 0 || count > MAX_CHUNKS {
            return wrong("chunk count", count.into(), "none, or over the limit of 65536");
        }
        if chunks != HEADER as u64 {
            return wrong("chunk offset", chunks.into(), "not 36, where the header ends");
        }
        // At most 65536 times 36.
        let end = HEADER as u64 + count * ENTRY as u64;
        if signature != end {
            return wrong("signature offset", signature.into(), "not where the chunks end");
        }
        let end = usize::try_from(end).ok().filter(|end| *end <= data.len());
        let Some((signed, seal)) = end.map(|end| data.split_at(end)) else {
            return wrong("length", data.len().into(), "shorter than its chunks");
        };
        let chunks = signed[HEADER..].chunks_exact(ENTRY).map(chunk).collect::<Result<_>>()?;
        Ok(Self { chunks, signed: signed.to_vec(), seal: Seal::parse(method, seal)? })
    }

    /// Bytes of the image.
    #[must_use]
    pub fn image_len(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.size)).sum()
    }

    /// Compares every chunk of an image with its digest; `progress` is told of bytes.
    ///
    /// # Errors
    /// `Corrupt`: another length, or the first chunk that is not what is listed.
    pub fn verify(&self, image: &dyn ReadAt, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
        const PIECE: u64 = 1 << 20;
        if self.image_len() != image.len() {
            let rule = "not the length of what its chunks list";
            return Err(Error::corrupt(LIST, "image length", image.len(), rule));
        }
        let mut at = 0;
        for (index, chunk) in self.chunks.iter().enumerate() {
            let (start, end) = (at, at + u64::from(chunk.size));
            let mut digest = Sha256::new();
            while at < end {
                // At most a mebibyte.
                let len = usize::try_from((end - at).min(PIECE)).unwrap_or(0);
                digest.update(read_vec(image, at, len)?);
                at += len as u64;
                progress(len as u64);
            }
            if digest.finalize()[..] != chunk.sha256 {
                let rule = "the image does not have the bytes that are listed";
                return Err(Error::corrupt(LIST, "chunk", index, rule).at(start));
            }
        }
        Ok(())
    }

    /// Verifies the list's own signature by one of these RSA moduli (the
    /// exponent is 65537), the highest byte first.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify_signature(&self, moduli: &[&[u8]]) -> Result<Signed, Refusal> {
        match &self.seal {
            Seal::Digest(digest) if Sha256::digest(&self.signed)[..] == *digest => {
                Ok(Signed::DigestOnly)
            }
            Seal::Digest(_) => Err(Refusal::Digest),
            Seal::Rsa(made) => {
                let e: &[u8] = &[1, 0, 1];
                let by = |n: &&[u8]| {
                    let key = RsaPublicKeyComponents { n: *n, e };
                    key.verify(&RSA_PKCS1_2048_8192_SHA256, &self.signed, made).is_ok()
                };
                let refusal = || Refusal::Signature {
                    of: "the list of chunks".into(),
                    signer: "recovery images".into(),
                };
                moduli.iter().position(by).map(Signed::ByKey).ok_or_else(refusal)
            }
        }
    }
}

fn chunk(entry: &[u8]) -> Result<Chunk> {
    let size = u32::from_le_bytes(std::array::from_fn(|i| entry[i]));
    if size == 0 || size > MAX_CHUNK {
        return Err(Error::corrupt(LIST, "chunk size", size, "0, or over the limit of 64 MiB"));
    }
    Ok(Chunk { size, sha256: std::array::from_fn(|i| entry[4 + i]) })
}

impl Seal {
    fn parse(method: u8, seal: &[u8]) -> Result<Self> {
        let expected = match method {
            1 => 256,
            2 => 32,
            other => {
                let what = "a chunklist signed in another way";
                return Err(Error::unsupported(
                    what,
                    "signature method",
                    u32::from(other),
                    COMPARE,
                ));
            }
        };
        if seal.len() != expected {
            let rule = "not the length of its method's signature";
            return Err(Error::corrupt(LIST, "signature length", seal.len(), rule));
        }
        // The number is stored with its lowest byte first.
        Ok(match method {
            1 => Self::Rsa(seal.iter().rev().copied().collect()),
            _ => Self::Digest(std::array::from_fn(|i| seal[i])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    /// A list of these chunks, with a digest of it.
    fn list(chunks: &[&[u8]]) -> Vec<u8> {
        let mut out = b"CNKL\x24\0\0\0\x01\x01\x02\0".to_vec();
        let count = chunks.len() as u64;
        for number in [count, 0x24, 0x24 + 36 * count] {
            out.extend(number.to_le_bytes());
        }
        for chunk in chunks {
            out.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
            out.extend(Sha256::digest(chunk));
        }
        let digest = Sha256::digest(&out);
        out.extend(digest);
        out
    }

    #[test]
    fn every_chunk_is_compared() {
        let parsed = Chunklist::parse(&list(&[b"lion ", b"server"])).unwrap();
        assert_eq!(parsed.image_len(), 11);
        let image = |text: &str| text.as_bytes().to_vec();
        parsed.verify(&image("lion server"), &|_| ()).unwrap();
        let text = "chunklist: image length is 10: not the length of what its chunks list";
        assert_eq!(said(parsed.verify(&image("lion serve"), &|_| ())), text);
        let error = parsed.verify(&image("lion Server"), &|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "chunklist: chunk is 1: the image does not have the bytes that are listed (at byte 5)"
        );
        assert_eq!(parsed.verify_signature(&[]), Ok(Signed::DigestOnly));
    }

    #[test]
    fn each_broken_field_is_named() {
        let good = list(&[b"lion"]);
        let set = |at: usize, value: u8| {
            let mut data = good.clone();
            data[at] = value;
            data
        };
        let hint = "hint: compare the image's SHA-256 with one that others publish";
        let kind = |what: &str, field: &str| {
            format!("this is a chunklist {what}, which is not supported ({field})\n{hint}")
        };
        let wrong = |text: &str| format!("chunklist: {text}");
        let rows = [
            (good[..35].to_vec(), wrong("length is 35: shorter than the header")),
            (good[..70].to_vec(), wrong("length is 70: shorter than its chunks")),
            (
                good[..100].to_vec(),
                wrong("signature length is 28: not the length of its method's signature"),
            ),
            (set(0, b'X'), wrong("magic is 0x584e4b4c: not `CNKL`")),
            (set(4, 0x25), wrong("header size is 37: not 36")),
            (set(8, 2), kind("of another kind", "file version is 2")),
            (set(9, 2), kind("of another kind", "chunk method is 2")),
            (set(10, 3), kind("signed in another way", "signature method is 3")),
            (set(10, 1), wrong("signature length is 32: not the length of its method's signature")),
            (set(12, 0), wrong("chunk count is 0: none, or over the limit of 65536")),
            (
                set(19, 1),
                wrong("chunk count is 72057594037927937: none, or over the limit of 65536"),
            ),
            (set(20, 0), wrong("chunk offset is 0: not 36, where the header ends")),
            (set(28, 0), wrong("signature offset is 0: not where the chunks end")),
            (set(0x24, 0), wrong("chunk size is 0: 0, or over the limit of 64 MiB")),
            (set(0x27, 9), wrong("chunk size is 150994948: 0, or over the limit of 64 MiB")),
        ];
        assert_said(rows.map(|(data, text)| (said(Chunklist::parse(&data)), text)));
        let signed = [&set(10, 1)[..72], &[0; 256]].concat();
        let refusal = Chunklist::parse(&signed).unwrap().verify_signature(&[]).unwrap_err();
        let text = "the key of \"recovery images\" did not sign the list of chunks";
        assert_eq!(refusal.to_string(), text);
        let mut flipped = good;
        flipped[0x2b] ^= 1;
        let parsed = Chunklist::parse(&flipped).unwrap();
        assert_eq!(parsed.verify_signature(&[]), Err(Refusal::Digest));
    }
}
