//! Plans of every built-in recipe, as text.

use crate::make::{esd, file, id, plan, problem, request, words};
use std::path::Path;

/// A plan's text without what differs by where the test runs.
fn text(request: &lionize::engine::Request, dir: &Path) -> String {
    let plan = plan(request).unwrap();
    let text = words(&plan).replace(&format!("{}/", dir.display()), "");
    let words = text.replace(&id(&plan), "ID");
    // The samples' own bytes are no matter of the plan's.
    let is_digest = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = words.split(' ').map(|word| if is_digest(word) { "DIGEST" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn lion() {
    let dir = tempfile::tempdir().unwrap();
    let esd = file(dir.path(), "InstallESD.dmg", &esd("10.7.5", "11G63"));
    assert_eq!(
        text(&request("lion", &[("installer", &esd)]), dir.path()),
        "\
Plan ID
lion: OS X 10.7 or 10.8 installer

Notes
  This installs Mac OS X 10.7.5 (11G63).

Inputs
  installer: InstallESD.dmg
    the volume \"Mac OS X Install ESD\" with Mac OS X 10.7.5 (11G63)
    SHA-256 DIGEST (InstallESD.dmg)
    not known: its digest is not on record for 10.7.5 (which has 1); and it has no checksums of \
its own

Steps
  1. restore the volume of installer

Media
  415,236,096 bytes, standard layout, sectors of 512 bytes
    209,715,200 bytes at 20,480: EFI System Partition
    70,795,264 bytes at 209,735,680: Mac OS X Install ESD
  the volume \"Mac OS X Install ESD\": HFS+, blocks of 4096 bytes
    5 files, 4 folders, 67,108,864 bytes free
    starts from /System/Library/CoreServices/boot.efi
"
    );
}

#[test]
fn restore() {
    let dir = tempfile::tempdir().unwrap();
    let disk = file(dir.path(), "disk.img", &esd("10.9.5", "13F34"));
    assert_eq!(
        text(&request("restore", &[("image", &disk)]), dir.path()),
        "\
Plan ID
restore: Any HFS+ image, restored to media of its own

Inputs
  image: disk.img
    the volume \"Mac OS X Install ESD\" with Mac OS X 10.9.5 (13F34)
    SHA-256 DIGEST (disk.img)

Steps
  1. restore the volume of image

Media
  415,236,096 bytes, standard layout, sectors of 512 bytes
    209,715,200 bytes at 20,480: EFI System Partition
    70,795,264 bytes at 209,735,680: Mac OS X Install ESD
  the volume \"Mac OS X Install ESD\": HFS+, blocks of 4096 bytes
    5 files, 4 folders, 67,108,864 bytes free
    nothing is blessed: a Mac will not start from it
"
    );
}

#[test]
fn inputs_must_be_those_that_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let old = file(dir.path(), "esd.img", &esd("10.7.2", "11C74"));
    let plan = plan(&request("lion", &[("installer", &old)])).unwrap();
    assert!(words(&plan).contains(
        "not known: no digest of 10.7.2 (11C74) is public; and it has no checksums of its own"
    ));
    let new = file(dir.path(), "new.img", &esd("10.9.5", "13F34"));
    assert_eq!(
        problem(&request("lion", &[("installer", &new)])),
        format!(
            "{} (installer) is Mac OS X 10.9.5 (13F34)\n  the recipe takes 10.7, 10.8",
            new.display()
        )
    );
    assert_eq!(
        problem(&request("lion", &[])),
        "the recipe needs the input `installer`\n  \
         Where is \"Install Mac OS X Lion.app\", or its InstallESD.dmg?\n  \
         hint: give it with --input installer=PATH"
    );
    assert_eq!(
        problem(&request("restore", &[("imgae", &new)])),
        "the recipe has no input `imgae`\n  its inputs are image\n  hint: did you mean `image`?"
    );
    assert_eq!(
        problem(&request("lino", &[])),
        "there is no recipe `lino`\n  hint: did you mean `lion`?"
    );
    let mut set = request("restore", &[("image", &new)]);
    set.params.push(("x".into(), "y".into()));
    assert_eq!(problem(&set), "the recipe has no param `x`\n  it has none at all");
}
