//! `test`: whether media are what their recipe claims, and what is said when
//! they are not.

use crate::support::{Ran, lionize, sample};
use lionize::cli::exit;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A recipe over the shape sample, with these tests behind it.
fn recipe(folder: &Path, tests: &str) -> String {
    let text = format!(
        r#"schema = 1
name = "tried"
title = "Tried"
inputs.installer = {{ kind = "installer", release = "10.7" }}
media.volume.bless = "/System/Library/CoreServices/boot.efi"
step = [
  {{ restore = "installer" }},
  {{ write = {{ to = "/Note.txt", text = "for {{installer.version}}\n", mode = "0640", owner = 501 }} }},
  {{ link = {{ path = "/Sesame", to = "Note.txt" }} }},
]
{tests}"#
    );
    let path = folder.join("r.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Tests a recipe with our own reader only.
fn tried(recipe: &str, more: &[&str]) -> Ran {
    let args = ["test", recipe, "-q", "--judges", "none"];
    lionize(args.into_iter().chain(more.iter().copied()))
}

const HOLDS: &str = r#"
[[test]]
exists = ["/Note.txt", "/BaseSystem.dmg/private/etc/rc.cdrom", "/Sesame"]

[[test]]
absent = ["/Nothing", "/Note.txt/below", "/BaseSystem.dmg/nothing"]

[[test]]
sha256 = { path = "/Note.txt", is = "f54bd6c2ba6c9c65ce5e7d22bd2b35d3e3a8f5d4ac53f3e9ea3d1b3cf6f5f7ab" }

[[test]]
plist = { path = "/System/Library/CoreServices/SystemVersion.plist", is = { ProductVersion = "{installer.version}" }, has = "ProductBuildVersion", lacks = "Nothing" }

[[test]]
contains = { path = "/Note.txt", text = "for 10.7" }

[[test]]
mode = { path = "/Note.txt", mode = "0640", owner = 501, group = 0 }

[[test]]
link = { path = "/Sesame", to = "Note.txt" }

[[test]]
blessed = "/System/Library/CoreServices/boot.efi"

[[test]]
fits = "8 GB"

[[test]]
exists = "/Nothing"
when = "installer.version < 10.7"
"#;

#[test]
fn claims_that_hold_are_told_one_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let digest = sha256(b"for 10.7.5\n");
    let old = "f54bd6c2ba6c9c65ce5e7d22bd2b35d3e3a8f5d4ac53f3e9ea3d1b3cf6f5f7ab";
    let path = recipe(folder.path(), &HOLDS.replace(old, &digest));
    let services = "/System/Library/CoreServices";
    let out = format!(
        "tried: media built from shape samples in place of `installer`\n\
         passed   {path}:13  exists /Note.txt\n\
         passed   {path}:13  exists /BaseSystem.dmg/private/etc/rc.cdrom\n\
         passed   {path}:13  exists /Sesame\n\
         passed   {path}:16  absent /Nothing\n\
         passed   {path}:16  absent /Note.txt/below\n\
         passed   {path}:16  absent /BaseSystem.dmg/nothing\n\
         passed   {path}:19  sha256 /Note.txt\n\
         passed   {path}:22  plist {services}/SystemVersion.plist\n\
         passed   {path}:25  contains /Note.txt \"for 10.7\"\n\
         passed   {path}:28  mode /Note.txt\n\
         passed   {path}:31  link /Sesame\n\
         passed   {path}:34  blessed {services}/boot.efi\n\
         passed   {path}:37  fits 8000000000 bytes\n\
         skipped  {path}:40  exists /Nothing (not so: installer.version < 10.7)\n\
         14 tests: 13 passed, 1 skipped\n\
         not judged by a reader of other authors: that was not wanted\n"
    );
    tried(&path, &[]).is(exit::DONE, &out, "");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

const FAILS: &str = r#"[[test]]
exists = ["/Nope", "/usr/nope/deep", "/private", "/BaseSystem.dmg/etc/rc.cdrom"]
[[test]]
absent = ["/Note.txt", "/Packages", "/Sesame"]
[[test]]
sha256 = { path = "/Note.txt", is = "0000000000000000000000000000000000000000000000000000000000000000" }
[[test]]
plist = { path = "/System/Library/CoreServices/SystemVersion.plist", is = { ProductVersion = "10.8" } }
[[test]]
plist = { path = "/System/Library/CoreServices/SystemVersion.plist", has = "Nope" }
[[test]]
plist = { path = "/Note.txt", has = "a" }
[[test]]
contains = { path = "/Note.txt", text = "for\t10.8" }
[[test]]
mode = { path = "/Note.txt", mode = "0644", owner = 0 }
[[test]]
link = { path = "/Sesame", to = "/Note.txt" }
[[test]]
blessed = "/usr/standalone/i386/boot.efi"
[[test]]
fits = "100 MB"
[[test]]
sha256 = { path = "/Nope", input = "installer" }
"#;

#[test]
fn a_claim_that_fails_names_line_path_wanted_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = recipe(folder.path(), FAILS);
    let list = "/System/Library/CoreServices/SystemVersion.plist";
    let digest = sha256(b"for 10.7.5\n");
    let zeros = "0".repeat(64);
    let boot = "/System/Library/CoreServices/boot.efi in the folder /System/Library/CoreServices";
    let ran = tried(&path, &[]);
    let installer = ran.errors.lines().last().unwrap().split("wanted ").nth(1).unwrap();
    let installer = installer.split(';').next().unwrap().to_owned();
    assert_eq!(installer.len(), 64);
    let errors = [
        "error: 17 of 17 tests failed".to_owned(),
        format!(
            "{path}:12:1: exists /Nope: wanted something there; found nothing by that name in the volume"
        ),
        format!(
            "{path}:12:1: exists /usr/nope/deep: wanted something there; found nothing; /usr is there"
        ),
        format!(
            "{path}:12:1: exists /private: wanted something there; found nothing by that name in the volume"
        ),
        format!(
            "{path}:12:1: exists /BaseSystem.dmg/etc/rc.cdrom: wanted something there; found nothing; /BaseSystem.dmg/etc is a symbolic link to private/etc"
        ),
        format!("{path}:14:1: absent /Note.txt: wanted nothing there; found a file of 11 bytes"),
        format!("{path}:14:1: absent /Packages: wanted nothing there; found a folder"),
        format!(
            "{path}:14:1: absent /Sesame: wanted nothing there; found a symbolic link to Note.txt"
        ),
        format!("{path}:16:1: sha256 /Note.txt: wanted {zeros}; found {digest}"),
        format!(
            "{path}:18:1: plist {list}: wanted ProductVersion = \"10.8\"; found ProductVersion = \"10.7.5\""
        ),
        format!("{path}:20:1: plist {list}: wanted a value at Nope; found no Nope"),
    ];
    let said: Vec<_> = ran.errors.lines().collect();
    let (first, rest) = errors.split_first().unwrap();
    assert_eq!(said[0], first, "{}", ran.errors);
    for (wanted, found) in rest.iter().zip(&said[1..]) {
        assert_eq!(*found, format!("  because {wanted}"));
    }
    let more = [
        format!(
            "{path}:24:1: contains /Note.txt \"for\\t10.8\": wanted \"for\\t10.8\"; found no such text in 11 bytes"
        ),
        format!(
            "{path}:26:1: mode /Note.txt: wanted mode 0644, owner 0; found mode 0640, owner 501"
        ),
        format!(
            "{path}:28:1: link /Sesame: wanted a symbolic link to /Note.txt; found a symbolic link to Note.txt"
        ),
        format!(
            "{path}:30:1: blessed /usr/standalone/i386/boot.efi: wanted /usr/standalone/i386/boot.efi in the folder /usr/standalone/i386; found {boot}"
        ),
        format!(
            "{path}:34:1: sha256 /Nope: wanted {installer}; found nothing by that name in the volume"
        ),
    ];
    assert!(
        said[11].starts_with(&format!(
            "  because {path}:22:1: plist /Note.txt: wanted a property list; found "
        )),
        "{}",
        said[11]
    );
    let fits = format!(
        "  because {path}:32:1: fits 100000000 bytes: wanted 100000000 bytes at most; found "
    );
    assert!(said[16].starts_with(&fits), "{}", said[16]);
    for (wanted, found) in more.iter().zip(said[12..16].iter().chain(&said[17..])) {
        assert_eq!(*found, format!("  because {wanted}"));
    }
    assert_eq!((ran.code, said.len()), (exit::VERIFICATION, 18));
    let block = format!(
        "failed   {path}:16  sha256 /Note.txt\n           wanted {zeros}\n           found  {digest}\n"
    );
    assert!(ran.text().contains(&block), "{}", ran.text());
    assert!(ran.text().contains("\n17 tests: 17 failed\n"), "{}", ran.text());
}

#[test]
fn an_image_that_was_built_is_tested_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let tests = "[[test]]\nexists = \"/Note.txt\"\nwhen = \"installer.version == 10.7.5\"\n\
                 [[test]]\nsha256 = { path = \"/Note.txt\", input = \"installer\" }\n";
    let path = recipe(folder.path(), tests);
    let image = folder.path().join("out.dmg");
    let image = image.to_str().unwrap();
    let installer = format!("installer={}", sample().display());
    let built = lionize(["build", &path, "-q", "-i", &installer, "-o", image]);
    assert_eq!(built.code, exit::DONE, "{built:?}");
    let out = |second: &str, end: &str| format!("tried: the image {image}\n{second}{end}\n");
    let end =
        "not judged by a reader of other authors: the image is compressed, and they read raw ones";
    let ran = lionize(["test", &path, "-q", "--image", image]);
    let lines = format!(
        "passed   {path}:12  exists /Note.txt\n\
         not run  {path}:15  sha256 /Note.txt (the input `installer` was not given)\n\
         2 tests: 1 passed, 1 not run\n"
    );
    ran.is(exit::DONE, &out(&lines, end), "");
    // Without its manifest nothing is known of the installer.
    fs::remove_file(format!("{image}.manifest.json")).unwrap();
    let lines = format!(
        "not run  {path}:12  exists /Note.txt (`installer` was not given)\n\
         not run  {path}:15  sha256 /Note.txt (`installer` was not given)\n\
         2 tests: 2 not run\n"
    );
    let ran = lionize(["test", &path, "-q", "--image", image]);
    ran.is(exit::DONE, &out(&lines, end), "");
    let ran = lionize(["test", &path, "-q", "--image", image, "--judges", "required"]);
    let errors = "error: no reader of other authors judged, and one is required\n  \
                  because the image is compressed, and they read raw ones\n";
    ran.is(exit::VERIFICATION, &out(&lines, end), errors);
    let ran =
        lionize(["test", &path, "-q", "--image", image, "-i", &installer, "--judges", "none"]);
    assert_eq!(ran.code, exit::VERIFICATION, "the note is not the installer: {ran:?}");
}

#[test]
fn programs_and_pipelines_read_the_results() {
    let folder = tempfile::tempdir().unwrap();
    let tests = "[[test]]\nexists = \"/Note.txt\"\n[[test]]\nabsent = \"/Note.txt\"\n";
    let path = recipe(folder.path(), tests);
    let junit = folder.path().join("results.xml");
    let ran = tried(&path, &["--json", "--junit", junit.to_str().unwrap()]);
    let objects = ran.objects();
    let told: Vec<_> = objects.iter().filter(|object| object["item"] == "test").collect();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["verdict"], &told[0]["line"]), (&"passed".into(), &12.into()));
    let wanted = serde_json::json!({
        "item": "test", "verdict": "failed", "claim": "absent /Note.txt", "file": path,
        "line": 14, "column": 1, "judges": ["lionize"], "by": "lionize",
        "wanted": "nothing there", "found": "a file of 11 bytes",
    });
    assert_eq!(*told[1], wanted);
    let last = objects.last().unwrap();
    assert_eq!((&last["result"], &last["exit"]), (&"failed".into(), &6.into()));
    let counts = (&last["partial"]["passed"], &last["partial"]["failed"]);
    assert_eq!(counts, (&1.into(), &1.into()), "{last}");
    let text = fs::read_to_string(&junit).unwrap();
    let case = format!(
        "<testcase name=\"exists /Note.txt\" classname=\"tried\" file=\"{path}\" line=\"12\">"
    );
    assert!(text.contains(&case), "{text}");
    assert!(
        text.contains("<testsuite name=\"lionize test tried\" tests=\"2\" failures=\"1\""),
        "{text}"
    );
    assert!(text.contains("<failure message=\"wanted nothing there; found a file of 11 bytes\">"));
}

#[test]
fn what_cannot_be_tested_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = recipe(folder.path(), "");
    lionize(["test", &path, "-q"]).is(
        exit::BAD_INPUT,
        "",
        "error: the recipe tried claims nothing\n  because it has no [[test]]\n\
         hint: docs/recipes/testing.md says how to write one\n",
    );
    lionize(["test", "lion", "-q", "--release", "10.4"]).is(
        exit::USAGE,
        "",
        "error: there is no sample of 10.4 for the input `installer`\n  \
         because the recipe takes 10.7, 10.8\nhint: give one with --input installer=PATH\n",
    );
    let ran = lionize(["test", "lion", "-q", "--judges", "none", "--release", "10.8"]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    let none = folder.path().join("none.img");
    let ran = lionize(["test", "restore", "-q", "--image", none.to_str().unwrap()]);
    assert_eq!(ran.code, exit::BAD_INPUT);
    let text = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.old]\nkind = \"installer\"\n\
                release = \"10.4\"\n[[step]]\nrestore = \"old\"\n[[test]]\nexists = \"/a\"\n";
    fs::write(&path, text).unwrap();
    lionize(["test", &path, "-q"]).is(
        exit::USAGE,
        "",
        "error: there is no sample for the input `old`\n  because the recipe takes 10.4\n\
         hint: give one with --input old=PATH\n",
    );
}

#[test]
fn an_absent_judge_is_named_and_may_be_required() {
    let folder = tempfile::tempdir().unwrap();
    let path = recipe(folder.path(), "[[test]]\nexists = \"/Note.txt\"\n");
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
        command.args(["test", &path, "-q"]).args(more).env("PATH", folder.path());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let why = "none of ifind and icat, grub-fstest, 7zz is installed";
    let (code, out, errors) = run(&[]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(out.ends_with(&format!("not judged by a reader of other authors: {why}\n")), "{out}");
    let (code, _, errors) = run(&["--judges", "required"]);
    let wanted = "error: no reader of other authors judged, and one is required";
    assert_eq!((code, errors), (Some(6), format!("{wanted}\n  because {why}\n")));
}

#[test]
fn what_was_built_stays_where_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = recipe(folder.path(), "[[test]]\nexists = \"/Note.txt\"\n");
    let keep = folder.path().join("kept");
    let ran = tried(&path, &["--keep", keep.to_str().unwrap()]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    let image = keep.join("media.img");
    assert!(ran.text().contains(&format!(", kept as {}\n", image.display())), "{}", ran.text());
    assert!(image.is_file() && keep.join("samples/10.7/InstallESD.dmg").is_file());
    let again = lionize(["test", &path, "-q", "--image", image.to_str().unwrap()]);
    assert_eq!(again.code, exit::DONE, "{again:?}");
}
