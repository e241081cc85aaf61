//! Bytes that stand where Apple's would: made up, but always the same.

use std::fmt::Write;

/// `len` bytes, half text that compresses, half noise that does not. They
/// follow from the name alone.
pub(super) fn bytes(name: &str, len: usize) -> Vec<u8> {
    let mut noise = blake3::Hasher::new_derive_key("lionize shape sample")
        .update(name.as_bytes())
        .finalize_xof();
    let mut out = Vec::with_capacity(len + 4096);
    let mut line = 0;
    while out.len() < len {
        let mut page = String::new();
        while page.len() < 1024 {
            line += 1;
            // Writing to a String cannot fail.
            let _ = writeln!(page, "{name}: line {line} of a shape sample; not Apple's.");
        }
        out.extend(page.as_bytes());
        let mut block = [0; 1024];
        noise.fill(&mut block);
        out.extend(block);
    }
    out.truncate(len);
    out
}

/// Text that compresses well.
pub(super) fn text(name: &str, len: usize) -> Vec<u8> {
    let line = format!("{name}: a shape sample, and not Apple's.\n");
    let mut out = line.as_bytes().repeat(len / line.len() + 1);
    out.truncate(len);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_bytes() {
        assert_eq!(bytes("a", 5000), bytes("a", 5000));
        assert_ne!(bytes("a", 5000), bytes("b", 5000));
        assert_eq!(text("a", 10), b"a: a shape");
    }
}
