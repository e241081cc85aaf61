//! CRC-32 of long runs from the CRC-32 of their parts.
//!
//! Appending `n` zero bytes multiplies a CRC's polynomial by x^8n modulo the
//! generator. That joins two CRCs, and gives the CRC of zeros in log n steps.

/// The generator, bits reflected: the lowest power is the highest bit.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// x^0, reflected.
const ONE: u32 = 1 << 31;

/// `POWERS[k]` is x^(8 * 2^k) modulo the generator.
static POWERS: [u32; 64] = powers();

/// The CRC-32 of some bytes.
pub(crate) fn of(bytes: &[u8]) -> u32 {
    libdeflater::crc32(bytes)
}

/// The CRC-32 of `a` followed by `b`, which has `len_b` bytes.
pub(crate) fn join(a: u32, b: u32, len_b: u64) -> u32 {
    append(a, len_b) ^ b
}

/// The CRC-32 of `len` zero bytes.
pub(crate) fn of_zeros(len: u64) -> u32 {
    !append(!0, len)
}

/// The register `crc` after `len` zero bytes.
fn append(crc: u32, len: u64) -> u32 {
    (0..64).filter(|k| len >> k & 1 == 1).fold(crc, |crc, k| multiply(crc, POWERS[k]))
}

/// The product of two polynomials modulo the generator.
const fn multiply(mut a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    while a != 0 {
        if a & ONE != 0 {
            product ^= b;
        }
        a <<= 1;
        b = if b & 1 == 1 { (b >> 1) ^ POLYNOMIAL } else { b >> 1 };
    }
    product
}

const fn powers() -> [u32; 64] {
    let mut powers = [ONE >> 8; 64];
    let mut k = 1;
    while k < 64 {
        powers[k] = multiply(powers[k - 1], powers[k - 1]);
        k += 1;
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc32() {
        assert_eq!(of(b"123456789"), 0xcbf4_3926);
        assert_eq!(of(b""), 0);
    }

    #[test]
    fn parts_join() {
        let text = b"Mac OS X Install ESD";
        for cut in 0..=text.len() {
            let (a, b) = text.split_at(cut);
            assert_eq!(join(of(a), of(b), b.len() as u64), of(text));
        }
    }

    #[test]
    fn zeros_of_any_length() {
        for len in [0usize, 1, 7, 512, 4097, 1 << 20] {
            assert_eq!(of_zeros(len as u64), of(&vec![0; len]));
        }
        let half = of_zeros(1 << 40);
        assert_eq!(of_zeros(1 << 41), join(half, half, 1 << 40));
    }
}
