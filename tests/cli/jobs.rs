//! `plan`, `build`, `verify` and `demo`, and what goes wrong with them.

use crate::support::{Ran, lionize, sample, stopped};
use lionize::cli::exit;
use lionize::engine::Stop;
use std::fs;
use std::path::Path;

/// `installer=PATH` for the sample.
fn installer() -> String {
    format!("installer={}", sample().display())
}

fn build(output: &Path) -> Ran {
    lionize(["build", "lion", "-i", &installer(), "-o", output.to_str().unwrap(), "-q"])
}

/// The names in a folder, so that nothing is left unseen.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_plan_writes_nothing_and_tells_all() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("out.img");
    let args = ["plan", "lion", "-i", &installer(), "-o", output.to_str().unwrap()];
    let ran = lionize(args);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    for line in [
        "lion: OS X 10.7 or 10.8 installer\n",
        "  This installs Mac OS X 10.7.5 (11G63).\n",
        "  1. restore the volume of installer\n",
        "    starts from /System/Library/CoreServices/boot.efi\n",
    ] {
        assert!(ran.text().contains(line), "{line}{}", ran.text());
    }
    assert_eq!(
        ran.errors,
        "reading the inputs\nlaying out the disk\nreading every byte of the inputs\n"
    );
    let again = lionize(["--json"].into_iter().chain(args));
    let last = again.objects().pop().unwrap();
    assert_eq!(last["result"], "planned");
    let id = ran.text().lines().next().unwrap().strip_prefix("Plan ").unwrap();
    assert_eq!(last["plan"]["plan"], id, "the same inputs make the same plan");
    assert_eq!(names(temp.path()), Vec::<String>::new());
}

#[test]
fn inputs_are_asked_for_by_name() {
    lionize(["plan", "restore", "-q"]).is(
        exit::USAGE,
        "",
        "error: the recipe needs the input `image`\n  \
         because Which image holds the HFS+ volume?\n\
         hint: give it with --input image=PATH\n",
    );
    lionize(["plan", "restore", "-q", "-i", "imgae=/x"]).is(
        exit::USAGE,
        "",
        "error: the recipe has no input `imgae`\n  because its inputs are image\n\
         hint: did you mean `image`?\n",
    );
}

#[test]
fn inputs_that_are_missing_or_no_images_are_bad() {
    lionize(["plan", "restore", "-q", "-i", "image=/no/such.dmg"]).is(
        exit::BAD_INPUT,
        "",
        "error: cannot read /no/such.dmg (image)\n  \
         because /no/such.dmg: No such file or directory (os error 2)\n",
    );
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("notes.txt");
    fs::write(&path, "no image").unwrap();
    let path = path.display();
    let image = format!("image={path}");
    lionize(["plan", "restore", "-q", "-i", &image]).is(
        exit::BAD_INPUT,
        "",
        &format!(
            "error: cannot read {path} (image)\n  because {path}: this is neither a disk image \
             nor a volume that is known (its length is 8)\n\
             hint: give a dmg, an iso, a disk or a volume\n"
        ),
    );
}

#[test]
fn what_is_built_verifies_and_has_a_manifest() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("out.img");
    let ran = build(&output);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""), "{ran:?}");
    let head = format!("made {}\n", output.display());
    assert!(ran.text().starts_with(&head), "{ran:?}");
    assert_eq!(names(temp.path()), ["out.img", "out.img.manifest.json"]);
    let ran = lionize(["verify", output.to_str().unwrap(), "-q"]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""), "{ran:?}");
    let head = format!("{} is right\n", output.display());
    assert!(ran.text().starts_with(&head), "{ran:?}");
    let boot = format!("{}/System/Library/CoreServices/boot.efi", output.display());
    assert_eq!(lionize(["cat", &boot]).out.len(), 2048);
}

#[test]
fn a_changed_image_does_not_verify() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("out.img");
    assert_eq!(build(&output).code, exit::DONE);
    let mut bytes = fs::read(&output).unwrap();
    let kernel = format!("{}/mach_kernel", output.display());
    let kernel = lionize(["cat", &kernel]).out;
    let at = bytes.windows(64).position(|window| window == &kernel[..64]).unwrap();
    bytes[at] ^= 1;
    fs::write(&output, bytes).unwrap();
    let ran = lionize(["--json", "verify", output.to_str().unwrap()]);
    assert_eq!(ran.code, exit::VERIFICATION, "{ran:?}");
    let last = ran.objects().pop().unwrap();
    assert_eq!((&last["result"], &last["exit"]), (&"failed".into(), &6.into()));
}

#[test]
fn json_is_one_object_a_line_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("out.img");
    let ran =
        lionize(["--json", "build", "lion", "-i", &installer(), "-o", output.to_str().unwrap()]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""), "{ran:?}");
    let objects = ran.objects();
    assert!(objects.iter().any(|object| object["event"] == "planned"));
    assert_eq!(objects.last().unwrap()["result"], "built");
}

#[test]
fn the_output_needs_a_folder_that_is_there() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("missing/out.img");
    let ran = build(&output);
    assert_eq!((ran.code, ran.text()), (exit::OUTPUT, ""), "{ran:?}");
    assert!(ran.errors.starts_with("error: cannot write "), "{ran:?}");
    assert!(ran.errors.ends_with("hint: make the folder first\n"), "{ran:?}");
    assert_eq!(names(temp.path()), Vec::<String>::new());
}

#[test]
fn an_output_that_is_a_folder_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path();
    build(path).is(
        exit::USAGE,
        "",
        &format!(
            "error: the output {} is a folder\nhint: name a file, which may be a new one\n",
            path.display()
        ),
    );
    assert_eq!(names(temp.path()), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_told() {
    // Not even root makes files there.
    let ran = build(Path::new("/proc/out.img"));
    assert_eq!((ran.code, ran.text()), (exit::OUTPUT, ""), "{ran:?}");
    assert!(ran.errors.starts_with("error: cannot write "), "{ran:?}");
}

#[test]
fn a_failure_keeps_the_old_output() {
    let temp = tempfile::tempdir().unwrap();
    let damaged = temp.path().join("damaged.dmg");
    let mut bytes = fs::read(sample()).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let folder = temp.path().join("to");
    fs::create_dir(&folder).unwrap();
    let output = folder.join("out.img");
    fs::write(&output, "the old one").unwrap();
    let input = format!("installer={}", damaged.display());
    let ran = lionize(["build", "lion", "-i", &input, "-o", output.to_str().unwrap(), "-q"]);
    assert_eq!((ran.code, ran.text()), (exit::BAD_INPUT, ""), "{ran:?}");
    assert_eq!(fs::read_to_string(&output).unwrap(), "the old one");
    assert_eq!(names(&folder), ["out.img"]);
}

#[test]
fn an_interruption_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("out.img");
    fs::write(&output, "the old one").unwrap();
    let stop = Stop::new();
    stop.raise();
    let args = ["build", "lion", "-i", &installer(), "-o", output.to_str().unwrap(), "-q"];
    stopped(stop, args).is(
        exit::INTERRUPTED,
        "",
        "error: the work was interrupted; nothing was left behind\n",
    );
    assert_eq!(fs::read_to_string(&output).unwrap(), "the old one");
    assert_eq!(names(temp.path()), ["out.img"]);
}

#[test]
fn an_interruption_on_the_way_leaves_nothing() {
    // Wherever it strikes: before, in, or after the work.
    for millis in [0, 5, 20, 60, 150] {
        let temp = tempfile::tempdir().unwrap();
        let output = temp.path().join("out.img");
        let stop = Stop::new();
        let later = stop.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(millis));
            later.raise();
        });
        let args = ["build", "lion", "-i", &installer(), "-o", output.to_str().unwrap(), "-q"];
        let ran = stopped(stop, args);
        thread.join().unwrap();
        match ran.code {
            exit::DONE => assert_eq!(names(temp.path()), ["out.img", "out.img.manifest.json"]),
            code => {
                assert_eq!((code, ran.text()), (exit::INTERRUPTED, ""), "{ran:?}");
                assert_eq!(names(temp.path()), Vec::<String>::new());
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_left_as_it_was() {
    let temp = tempfile::tempdir().unwrap();
    let Some(_mounted) = small_disk(temp.path()) else {
        eprintln!("not run: a small tmpfs cannot be mounted here");
        return;
    };
    let output = temp.path().join("out.img");
    fs::write(&output, "the old one").unwrap();
    let ran = build(&output);
    assert_eq!((ran.code, ran.text()), (exit::OUTPUT, ""), "{ran:?}");
    assert!(ran.errors.ends_with("hint: make room there, or give another place\n"), "{ran:?}");
    assert_eq!(fs::read_to_string(&output).unwrap(), "the old one");
    assert_eq!(names(temp.path()), ["out.img"]);
}

/// A tmpfs of 1 MiB that goes when it is dropped; needs root.
#[cfg(target_os = "linux")]
fn small_disk(at: &Path) -> Option<impl Drop> {
    use std::process::Command;
    struct Mounted(std::path::PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(&self.0).status();
        }
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(at);
    let done = mount.stderr(std::process::Stdio::null()).status();
    done.is_ok_and(|status| status.success()).then(|| Mounted(at.to_owned()))
}

#[test]
fn the_demo_proves_itself_and_says_how_to_boot() {
    let temp = tempfile::tempdir().unwrap();
    let to = temp.path().join("demo");
    let ran = lionize(["demo", "--to", to.to_str().unwrap(), "-q"]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""), "{ran:?}");
    assert!(ran.text().starts_with("This is a shape sample: "), "{ran:?}");
    assert!(ran.text().contains("qemu-system-x86_64 -machine q35"), "{ran:?}");
    assert_eq!(
        names(&to),
        ["InstallESD.dmg", "lion-sample.img", "lion-sample.img.manifest.json", "store"]
    );
    let first = fs::read(to.join("lion-sample.img.manifest.json")).unwrap();
    let again = lionize(["demo", "--to", to.to_str().unwrap(), "-q"]);
    assert_eq!(again.code, exit::DONE, "a demo may be had again: {again:?}");
    assert!(first == fs::read(to.join("lion-sample.img.manifest.json")).unwrap());
}
