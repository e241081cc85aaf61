//! What `[media]` may say: layouts, sizes, blocks, sectors, EFI files.

use crate::make::{DATE, date, file, id, plan, problem, request, tree, volume, words};
use lionize::block::{Source, bytes};
use lionize::engine::{BuildOptions, Silent, Stop, Verify, build, verify};
use std::io::Write;
use std::path::Path;

const HEAD: &str = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n\
                    [[step]]\nrestore = \"image\"\n";

fn sample() -> Source {
    volume(tree("Sample", &[("/a/b", bytes(vec![5; 100_000])), ("/c", bytes(*b"c"))]))
}

/// Builds with these options and verifies; gives the plan's text from `Media` on.
fn media(dir: &Path, options: &str, inputs: &[(&str, &Path)]) -> String {
    let input = file(dir, "in.img", &sample());
    let recipe = file(dir, "r.toml", &bytes(format!("{HEAD}{options}").into_bytes()));
    let mut all = vec![("image", input.as_path())];
    all.extend(inputs);
    let out = dir.join("out.img");
    let made = plan(&request(recipe.to_str().unwrap(), &all)).unwrap();
    let options = BuildOptions { output: out.clone(), verify: Verify::Full, threads: 2 };
    build(&made, &options, &mut Silent, &Stop::new()).unwrap();
    let found = verify(&out, 2, &mut Silent, &Stop::new()).unwrap();
    assert_eq!(found.faults, Vec::<String>::new());
    assert_eq!(std::fs::metadata(&out).unwrap().len(), made.bytes());
    words(&made).split("\nMedia\n").nth(1).unwrap().to_owned()
}

fn fails(options: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &sample());
    let recipe = file(dir.path(), "r.toml", &bytes(format!("{HEAD}{options}").into_bytes()));
    problem(&request(recipe.to_str().unwrap(), &[("image", &input)]))
}

#[test]
fn layouts() {
    let dir = tempfile::tempdir().unwrap();
    let text = media(dir.path(), "[media]\nlayout = \"single\"\n", &[]);
    assert!(
        text.starts_with("  69,206,016 bytes, single layout, sectors of 512 bytes\n"),
        "{text}"
    );
    assert!(text.contains(" at 1,048,576: Sample\n"), "{text}");
    let text = media(dir.path(), "[media]\nlayout = \"bare\"\nsector = 4096\n", &[]);
    assert!(text.contains("bare layout, sectors of 4096 bytes\n"), "{text}");
    let text = media(dir.path(), "[media]\nsector = 4096\n", &[]);
    assert!(text.contains("    272,629,760 bytes at 24,576: EFI System Partition\n"), "{text}");
}

#[test]
fn volumes() {
    let dir = tempfile::tempdir().unwrap();
    let options = "[media]\nlayout = \"bare\"\n[media.volume]\nsize = \"9 MB\"\nname = \"N {image.volume}\"\n\
                   block_size = 512\njournal = true\ncase = \"sensitive\"\nbless = \"/a/b\"\n";
    assert_eq!(
        media(dir.path(), options, &[]),
        "  8,998,912 bytes, bare layout, sectors of 512 bytes\n    \
         8,998,912 bytes at 0: N Sample\n  \
         the volume \"N Sample\": HFSX, case-sensitive, blocks of 512 bytes\n    \
         4 files, 1 folders, 8,269,824 bytes free\n    starts from /a/b\n"
    );
    let options = "[media]\nlayout = \"bare\"\n[media.volume]\nfree = 0\nblock_size = 65536\n";
    assert!(media(dir.path(), options, &[]).contains("blocks of 65536 bytes"));
}

#[test]
fn sizes_that_do_not_do() {
    assert_eq!(
        fails("[media.volume]\nsize = \"40 KiB\"\n"),
        "the volume cannot be laid out\n  the volume is too small: 176128 more bytes are needed\n  \
         hint: give it more room: `size` in [media.volume]"
    );
    assert_eq!(
        fails("[media.volume]\nsize = \"target\"\n"),
        "the recipe makes the volume as large as the target, which is not known\n  \
         hint: give the volume a size in the recipe, such as \"7 GB\""
    );
    assert!(
        fails("[media]\nsector = 4096\n[media.volume]\nblock_size = 512\n")
            .starts_with("the volume cannot be laid out")
    );
}

#[test]
fn a_target_is_filled() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &sample());
    let text = format!("{HEAD}[media.volume]\nsize = \"target\"\n");
    let recipe = file(dir.path(), "r.toml", &bytes(text.into_bytes()));
    let mut request = request(recipe.to_str().unwrap(), &[("image", &input)]);
    request.target_bytes = Some(8_000_000_000);
    let made = plan(&request).unwrap();
    assert_eq!(made.bytes(), 8_000_000_000);
    assert!(words(&made).contains(" bytes at 209,735,680: Sample\n"), "{}", words(&made));
}

#[test]
fn efi_files_from_a_folder_and_from_a_zip() {
    let dir = tempfile::tempdir().unwrap();
    let boot = bytes(vec![9; 70_000]);
    file(dir.path(), "oc/EFI/BOOT/BOOTX64.EFI", &boot);
    file(dir.path(), "oc/EFI/.DS_Store", &bytes(*b"x"));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let plain = zip::write::SimpleFileOptions::default();
    zip.start_file("EFI/BOOT/BOOTX64.EFI", plain).unwrap();
    zip.write_all(&[9; 70_000]).unwrap();
    zip.start_file("__MACOSX/EFI/._BOOT", plain).unwrap();
    let zip = file(dir.path(), "oc.zip", &bytes(zip.finish().unwrap().into_inner()));
    let folder = dir.path().join("oc");
    for (kind, path) in [("folder", folder), ("zip", zip)] {
        let options = format!("[media.efi]\nfrom = \"oc\"\n[inputs.oc]\nkind = \"{kind}\"\n");
        media(dir.path(), &options, &[("oc", &path)]);
        let image = std::fs::read(dir.path().join("out.img")).unwrap();
        assert!(image[..200 << 20].windows(4096).step_by(512).any(|w| w == [9; 4096]));
        assert!(image[..200 << 20].windows(11).any(|w| w == b"BOOTX64 EFI"));
        assert!(!image[..200 << 20].windows(8).any(|w| w == b"DS_STORE" || w == b"__MACOSX"));
    }
}

#[test]
fn dates_come_from_the_inputs_or_from_the_request() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &sample());
    let mut request = request("restore", &[("image", &input)]);
    let first = plan(&request).unwrap();
    assert_eq!(date(&first), u64::from(DATE) - 2_082_844_800);
    request.date = Some(1_000_000_000);
    let second = plan(&request).unwrap();
    assert_eq!(date(&second), 1_000_000_000);
    assert_ne!(id(&first), id(&second));
}
