//! Makes large source images, to measure how much memory a build takes.
//!
//! `cargo bench --bench large -- OUT.dmg gib 16` makes a volume of 16 GiB of
//! files of 256 MiB; `... -- OUT.dmg files 1000000` one of a million files.
//! Then, for example, `/usr/bin/time -v lionize build restore --input
//! image=OUT.dmg --output out.img`. Without arguments it does nothing.

use lionize::block::{Content, ReadAt, Source, check_range};
use lionize::format::udif::{Section, write};
use lionize::volume::hfsplus::{Params, Size, lay_out};
use lionize::volume::{Body, Case, Meta, Name, Tree};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [out, what, count] = &args[..] else {
        println!("to make an image: OUT.dmg gib|files COUNT");
        return Ok(());
    };
    let count = count.parse()?;
    let tree = match what.as_str() {
        "gib" => tree(4 * count, 256 << 20)?,
        "files" => tree(count, 700)?,
        other => return Err(format!("neither gib nor files: {other}").into()),
    };
    let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 16 << 20 }, 1))?;
    let sections = Section::whole_disk("Apple_HFS", laid.map.len());
    let mut file = BufWriter::with_capacity(1 << 20, File::create(out)?);
    let written = write(&laid.map, &sections, 2, &mut file, &mut |_| {})?;
    println!("a volume of {} bytes in an image of {} bytes", laid.map.len(), written.len);
    Ok(())
}

/// Files of this size, 1000 in a folder.
fn tree(files: u64, size: u64) -> Result<Tree, Box<dyn Error>> {
    let mut tree = Tree::new(Name::from_text("Large"), Case::Folded, 1);
    let mut dir = tree.root();
    for file in 0..files {
        if file % 1000 == 0 {
            let name = Name::from_text(&format!("folder {file:07}"));
            let meta = Meta::new(Meta::DIR | 0o755, 1);
            dir = tree.add(tree.root(), name, meta, Body::Dir(Vec::new()))?;
        }
        let data: Source = Arc::new(Pattern { seed: file, len: size });
        let name = Name::from_text(&format!("file {file:07}"));
        tree.add(dir, name, Meta::new(Meta::FILE | 0o644, 1), Body::File { data, rsrc: None })?;
    }
    Ok(tree)
}

/// Bytes that are made when they are read: numbers that no other place has.
struct Pattern {
    seed: u64,
    len: u64,
}

impl ReadAt for Pattern {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        for (place, byte) in (at..).zip(buf) {
            let word = (place / 64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.seed;
            *byte = word.to_le_bytes()[(place % 8) as usize & 7];
        }
        Ok(())
    }
}

impl Content for Pattern {}
