//! LZVN, as Apple's own streams are: with bytes behind their end.
//!
//! Each instruction names literals that follow it, and a match behind them.
//! In the table, `L` counts literals, `M` is the match's length (less what
//! the instruction adds) and `D` its distance:
//!
//! ```text
//! LLMMMDDD DDDDDDDD            short distance     M + 3
//! 101LLMMM DDDDDDMM DDDDDDDD   medium distance    M + 3 (low two bits second)
//! LLMMM111 DDDDDDDD DDDDDDDD   long distance, little-endian    M + 3
//! LLMMM110                     the last distance  M + 3
//! 1110LLLL, 11100000 LLLLLLLL  literals alone     L, L + 16
//! 1111MMMM, 11110000 MMMMMMMM  the last distance  M, M + 16
//! 00000110                     the end; 00001110 and 00010110: nothing
//! ```

/// What an instruction says: its bytes, literals, match and distance.
struct Instruction {
    len: usize,
    literals: usize,
    copied: usize,
    /// None: the last one again.
    distance: Option<usize>,
}

/// Decodes a stream into all of `out`; `None` when it is broken or too short.
pub(super) fn decode(mut stream: &[u8], out: &mut [u8]) -> Option<()> {
    let (mut at, mut last) = (0, 0);
    while at < out.len() {
        let Instruction { len, literals, copied, distance } = instruction(stream)?;
        let rest = stream.get(len..)?;
        // The output may end inside an instruction's literals or match.
        let literals_here = literals.min(out.len() - at);
        out[at..at + literals_here].copy_from_slice(rest.get(..literals_here)?);
        at += literals_here;
        stream = rest.get(literals..).unwrap_or_default();
        last = distance.unwrap_or(last);
        let copied = copied.min(out.len() - at);
        if copied != 0 && (last == 0 || last > at) {
            return None;
        }
        for to in at..at + copied {
            out[to] = out[to - last];
        }
        at += copied;
    }
    Some(())
}

fn instruction(stream: &[u8]) -> Option<Instruction> {
    let byte = |at: usize| stream.get(at).map(|byte| usize::from(*byte));
    let op = byte(0)?;
    let short =
        |len, distance| Instruction { len, literals: op >> 6, copied: (op >> 3 & 7) + 3, distance };
    let alone = |len, literals, copied| Instruction { len, literals, copied, distance: None };
    Some(match op {
        0x0e | 0x16 => alone(1, 0, 0),
        0x06 | 0x1e | 0x26 | 0x2e | 0x36 | 0x3e | 0x70..=0x7f | 0xd0..=0xdf => return None,
        0xe0 => alone(2, byte(1)? + 16, 0),
        0xe1..=0xef => alone(1, op & 15, 0),
        0xf0 => alone(2, 0, byte(1)? + 16),
        0xf1..=0xff => alone(1, 0, op & 15),
        0xa0..=0xbf => Instruction {
            len: 3,
            literals: op >> 3 & 3,
            copied: ((op & 7) << 2 | byte(1)? & 3) + 3,
            distance: Some(byte(2)? << 6 | byte(1)? >> 2),
        },
        _ => match op & 7 {
            6 => short(1, None),
            7 => short(3, Some(byte(2)? << 8 | byte(1)?)),
            high => short(2, Some(high << 8 | byte(1)?)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(stream: &[u8], len: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; len];
        decode(stream, &mut out).map(|()| out)
    }

    #[test]
    fn instructions() {
        assert_eq!(decoded(b"\xe3abc\x06\0\0\0\0\0\0\0", 3).unwrap(), b"abc");
        // Two literals, then three bytes from two before.
        assert_eq!(decoded(b"\x80\x02ab\x06", 5).unwrap(), b"ababa");
        // The last distance again, and more from it.
        assert_eq!(decoded(b"\x80\x02ab\xf2\x06", 7).unwrap(), b"abababa");
        assert_eq!(
            decoded(b"\xe0\x00abcdefghijklmnop\xa0\x14\x00", 19).unwrap(),
            b"abcdefghijklmnoplmn"
        );
        assert_eq!(decoded(b"\x47\x01\x00a", 4).unwrap(), b"aaaa");
        assert_eq!(decoded(b"\x0e\x16\xe1a garbage behind the end", 1).unwrap(), b"a");
    }

    #[test]
    fn broken_streams() {
        for stream in
            [&b""[..], b"\x06", b"\xe3ab", b"\x00\x01", b"\xf1", b"\x70", b"\xe1a\x00\x02", b"\xe0"]
        {
            assert_eq!(decoded(stream, 4), None, "{stream:x?}");
        }
    }
}
