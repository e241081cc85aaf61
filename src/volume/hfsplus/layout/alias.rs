//! The alias in the resource fork of a link to a folder: systems before Mac
//! OS X 10.5 do not know such links and follow the alias (Inside Macintosh:
//! More Macintosh Toolbox, "Resource File Format"; Alias Manager records).

/// Bytes of the whole fork.
pub(super) const SIZE: usize = 464;
const DATA_AT: u32 = 256;
const ALIAS_LEN: u16 = 154;
const DATA_LEN: u32 = 4 + ALIAS_LEN as u32;
const MAP_LEN: u16 = 50;

/// The fork: an alias to folder `target` in folder `parent` of this volume.
pub(super) fn alias(volume_created: u32, parent: u32, target: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(SIZE);
    put_header(&mut out);
    out.resize(DATA_AT as usize, 0);
    out.extend_from_slice(&u32::from(ALIAS_LEN).to_be_bytes());
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&ALIAS_LEN.to_be_bytes());
    // Version 2; a folder.
    out.extend_from_slice(&[0, 2, 0, 1]);
    // No volume name.
    out.resize(start + 38, 0);
    out.extend_from_slice(&volume_created.to_be_bytes());
    out.extend_from_slice(b"H+");
    // A fixed disk.
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&parent.to_be_bytes());
    // No name.
    out.resize(start + 114, 0);
    out.extend_from_slice(&target.to_be_bytes());
    out.resize(start + 130, 0);
    // No relative path; attributes of the volume; no further parts.
    out.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 9, 0]);
    out.resize(start + 150, 0);
    out.extend_from_slice(&[0xff, 0xff, 0, 0]);
    put_map(&mut out);
    out
}

fn put_header(out: &mut Vec<u8>) {
    for field in [DATA_AT, DATA_AT + DATA_LEN, DATA_LEN, u32::from(MAP_LEN)] {
        out.extend_from_slice(&field.to_be_bytes());
    }
}

/// One resource: `alis`, number 0, without a name.
fn put_map(out: &mut Vec<u8>) {
    put_header(out);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&[0, 28]);
    out.extend_from_slice(&MAP_LEN.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(b"alis");
    out.extend_from_slice(&[0, 0, 0, 10]);
    out.extend_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fork_has_its_parts_where_its_header_says() {
        let fork = alias(0x1111_1111, 0x2222_2222, 0x3333_3333);
        assert_eq!(fork.len(), SIZE);
        assert_eq!(fork[..16], fork[0x19e..0x1ae]);
        assert_eq!(fork[0x12a..0x130], *b"\x11\x11\x11\x11H+");
        assert_eq!(fork[0x132..0x136], [0x22; 4]);
        assert_eq!(fork[0x176..0x17a], [0x33; 4]);
        assert_eq!(fork[0x1bc..0x1c0], *b"alis");
    }
}
