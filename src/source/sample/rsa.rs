//! RSA with SHA-1, as the packages of the Lion years are signed.
//!
//! Only for the sample's own key, which is public: nothing here is hidden from
//! an onlooker's clock. `ring`, which verifies what this makes, signs with
//! SHA-1 no more.

use crate::block::{Error, Result};
use sha1::{Digest, Sha1};

/// The 32-bit digits of a number of 2048 bits, the lowest first.
const DIGITS: usize = 64;
type Number = [u32; DIGITS];

/// `DigestInfo` of SHA-1, before the digest itself.
const SHA1_INFO: [u8; 15] = *b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";

/// Signs a message by PKCS #1 v1.5.
///
/// # Errors
/// A key that is not one of RSA with 2048 bits, as `openssl genrsa` makes it
/// and `openssl pkcs8` stores it.
pub(super) fn sign_sha1(pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let (modulus, secret) = key(pkcs8).ok_or_else(|| {
        Error::corrupt("sample key", "length", pkcs8.len(), "not an RSA key of 2048 bits")
    })?;
    let mut padded = [0xff; 4 * DIGITS];
    (padded[0], padded[1]) = (0, 1);
    let end = padded.len() - 20;
    padded[end - SHA1_INFO.len() - 1] = 0;
    padded[end - SHA1_INFO.len()..end].copy_from_slice(&SHA1_INFO);
    padded[end..].copy_from_slice(&Sha1::digest(message));
    let made = power(&number(&padded), &secret, &modulus);
    Ok(made.iter().rev().flat_map(|digit| digit.to_be_bytes()).collect())
}

/// The modulus and the secret exponent: the second and fourth number of the
/// key that is wrapped.
fn key(pkcs8: &[u8]) -> Option<(Number, Number)> {
    let mut outer = sequence(pkcs8)?;
    take(&mut outer, 0x02)?;
    take(&mut outer, 0x30)?;
    let mut inner = sequence(take(&mut outer, 0x04)?)?;
    take(&mut inner, 0x02)?;
    let modulus = take(&mut inner, 0x02)?.strip_prefix(&[0])?;
    take(&mut inner, 0x02)?;
    let secret = take(&mut inner, 0x02)?;
    let secret = secret.strip_prefix(&[0]).unwrap_or(secret);
    let fits = modulus.len() == 4 * DIGITS && modulus[0] >= 0x80 && secret.len() <= 4 * DIGITS;
    fits.then(|| (number(modulus), number(secret)))
}

fn sequence(mut data: &[u8]) -> Option<&[u8]> {
    take(&mut data, 0x30)
}

/// The contents of the next value, which must have this tag.
fn take<'a>(data: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (first, rest) = data.split_first_chunk::<2>()?;
    let (len, rest) = match first[1] {
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), &rest[2..]),
        short => (usize::from(short), rest),
    };
    let (value, rest) = rest.split_at_checked(len)?;
    *data = rest;
    (first[0] == tag).then_some(value)
}

/// Big-endian bytes as digits.
fn number(bytes: &[u8]) -> Number {
    let mut digits = [0; DIGITS];
    for (digit, bytes) in digits.iter_mut().zip(bytes.rchunks(4)) {
        *digit = bytes.iter().fold(0, |digit, byte| digit << 8 | u32::from(*byte));
    }
    digits
}

/// The low and the high digit of a sum of products, which always fits.
fn split(wide: u64) -> (u32, u64) {
    let [a, b, c, d, ..] = wide.to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]), wide >> 32)
}

/// `base` to the power of `exponent`, by Montgomery's products.
fn power(base: &Number, exponent: &Number, modulus: &Number) -> Number {
    let inverse = negative_inverse(modulus[0]);
    let mut one = [0; DIGITS];
    one[0] = 1;
    // 2 to the power of 2 * 2048, by doubling.
    let mut square = one;
    for _ in 0..2 * 32 * DIGITS {
        square = double(&square, modulus);
    }
    let base = product(base, &square, modulus, inverse);
    let mut result = product(&one, &square, modulus, inverse);
    for digit in exponent.iter().rev() {
        for bit in (0..32).rev() {
            result = product(&result, &result, modulus, inverse);
            if digit >> bit & 1 == 1 {
                result = product(&result, &base, modulus, inverse);
            }
        }
    }
    product(&result, &one, modulus, inverse)
}

/// What a low digit must be multiplied by to give -1.
fn negative_inverse(low: u32) -> u32 {
    let mut inverse = 1_u32;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(low.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg()
}

fn double(number: &Number, modulus: &Number) -> Number {
    let mut carry = 0;
    let mut out = [0; DIGITS];
    for (out, digit) in out.iter_mut().zip(number) {
        (*out, carry) = (digit << 1 | carry, digit >> 31);
    }
    reduced(out, carry > 0, modulus)
}

/// A number below twice the modulus, below the modulus.
fn reduced(number: Number, carry: bool, modulus: &Number) -> Number {
    let mut borrow = false;
    let mut less = [0; DIGITS];
    for (less, (a, b)) in less.iter_mut().zip(number.iter().zip(modulus)) {
        let (first, under) = a.overflowing_sub(*b);
        let (second, again) = first.overflowing_sub(u32::from(borrow));
        (*less, borrow) = (second, under || again);
    }
    if carry || !borrow { less } else { number }
}

/// `a` times `b`, divided by 2 to the power of 2048.
fn product(a: &Number, b: &Number, modulus: &Number, inverse: u32) -> Number {
    let mut sum = [0_u32; DIGITS + 2];
    for digit in a {
        let mut carry = 0;
        for (sum, b) in sum.iter_mut().zip(b) {
            (*sum, carry) = split(u64::from(*sum) + u64::from(*digit) * u64::from(*b) + carry);
        }
        let (low, high) = split(u64::from(sum[DIGITS]) + carry);
        (sum[DIGITS], (sum[DIGITS + 1], _)) = (low, split(high));
        let factor = u64::from(sum[0].wrapping_mul(inverse));
        let (_, mut carry) = split(u64::from(sum[0]) + factor * u64::from(modulus[0]));
        for at in 1..DIGITS {
            let wide = u64::from(sum[at]) + factor * u64::from(modulus[at]) + carry;
            (sum[at - 1], carry) = split(wide);
        }
        let (low, high) = split(u64::from(sum[DIGITS]) + carry);
        (sum[DIGITS - 1], (sum[DIGITS], _)) = (low, split(high + u64::from(sum[DIGITS + 1])));
    }
    let digits: Number = std::array::from_fn(|at| sum[at]);
    reduced(digits, sum[DIGITS] > 0, modulus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sample::signing::KEY;
    use ring::signature::{KeyPair, RsaKeyPair, UnparsedPublicKey};

    #[test]
    fn what_is_signed_is_verified_by_ring() {
        let public = RsaKeyPair::from_pkcs8(KEY).unwrap().public_key().as_ref().to_vec();
        let legacy = &ring::signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY;
        let public = UnparsedPublicKey::new(legacy, public);
        for message in [&b""[..], b"lion", &[7; 1000]] {
            let made = sign_sha1(KEY, message).unwrap();
            public.verify(message, &made).unwrap();
            assert_eq!(made, sign_sha1(KEY, message).unwrap());
        }
        assert!(sign_sha1(&KEY[1..], b"").is_err());
    }
}
