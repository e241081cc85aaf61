//! `ls`, `cat` and `extract` on the shape sample.

use crate::support::{inside, lionize, sample, stopped};
use lionize::cli::{Streams, exit, run};
use lionize::engine::Stop;
use std::fs;
use std::io::{self, Write};

#[test]
fn a_volume_lists_as_a_folder() {
    lionize(["ls", &inside("")]).is(
        exit::DONE,
        ".file\nBaseSystem.chunklist\nBaseSystem.dmg\nkernelcache\nLibrary\nmach_kernel\n\
         Packages\nSystem\nusr\n",
        "",
    );
}

#[test]
fn long_lists_tell_modes_links_and_targets() {
    let ran = lionize(["ls", "-l", &inside("/Library/Shape Sample")]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""));
    let text = ran.text();
    for line in [
        "-rw-r--r-- 1   0  0  433 2012-09-20 00:00:00 About.txt\n",
        "lrwxr-xr-x 1   0  0   15 2012-09-20 00:00:00 link -> elsewhere/three\n",
        "-rwxr-xr-x 3   0  0 9000 2012-09-20 00:00:00 one\n",
        "-rw-r----- 1 501 20  100 2012-09-20 00:00:00 owned\n",
        "-rwxr-sr-x 1   0  0  500 2012-09-20 00:00:00 setgid\n",
        "-rwsr-xr-x 1   0  0  500 2012-09-20 00:00:00 setuid\n",
        "drwxrwxrwt 2   0  0    - 2012-09-20 00:00:00 sticky\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn images_in_images_are_folders_and_names_are_escaped() {
    let ran = lionize(["ls", "-l", &inside("/BaseSystem.dmg/System/Installation")]);
    assert!(ran.text().contains("Packages -> /Volumes/Mac OS X Install ESD/Packages"), "{ran:?}");
    let ran = lionize(["ls", &inside("/Library/Shape Sample/names")]);
    assert!(ran.text().contains("Icon\\r\n"), "{ran:?}");
    let ran = lionize(["--json", "ls", &inside("/Library/Shape Sample/compressed")]);
    let objects = ran.objects();
    assert_eq!(objects.len(), 7);
    assert_eq!(objects[0]["path"], "/Library/Shape Sample/compressed/lzfse-fork");
    assert_eq!(objects[0]["size"], 150_000);
    assert_eq!(objects[0]["compressed"], true);
    assert_eq!(objects[6], serde_json::json!({"result": "listed", "entries": 6}));
}

#[test]
fn all_below_is_listed_on_demand() {
    let ran = lionize(["ls", "-R", &inside("/System")]);
    ran.is(
        exit::DONE,
        "/System:\nLibrary\n\n/System/Library:\nCoreServices\n\n/System/Library/CoreServices:\n\
         boot.efi\nPlatformSupport.plist\nSystemVersion.plist\n",
        "",
    );
}

#[test]
fn contents_are_what_a_mac_shows() {
    for kind in ["zlib-inline", "zlib-fork", "lzvn-inline", "lzvn-fork", "lzfse-inline"] {
        let ran = lionize(["cat", &inside(&format!("/Library/Shape Sample/compressed/{kind}"))]);
        assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""), "{kind}");
        let line = format!("{kind}: a shape sample, and not Apple's.\n");
        assert!(ran.text().starts_with(&line), "{kind}");
        assert!(ran.text().lines().all(|text| line.starts_with(text)), "{kind}");
    }
    let path = inside("/BaseSystem.dmg/System/Library/CoreServices/SystemVersion.plist");
    assert!(lionize(["cat", &path]).text().contains("<string>11G63</string>"));
}

#[test]
fn paths_that_lead_nowhere_are_bad_input() {
    let path = inside("/Packages/Nothing.pkg");
    let folder = inside("/Packages");
    lionize(["cat", &path]).is(
        exit::BAD_INPUT,
        "",
        &format!(
            "error: cannot read {path}\n  because there is no `Nothing.pkg` in {folder}\n\
             hint: `lionize ls` shows what is in a folder or an image\n"
        ),
    );
    lionize(["cat", &folder]).is(
        exit::BAD_INPUT,
        "",
        &format!("error: {folder} is a folder\nhint: `lionize ls` shows what is in it\n"),
    );
    let ran = lionize(["ls", "/no/such/file.dmg"]);
    assert_eq!(ran.code, exit::BAD_INPUT);
    assert!(ran.errors.starts_with("error: cannot read /no/such/file.dmg\n"), "{}", ran.errors);
}

#[test]
fn extraction_keeps_what_the_host_can_keep() {
    let temp = tempfile::tempdir().unwrap();
    let to = temp.path().join("out");
    let to_text = to.to_str().unwrap();
    let ran = lionize(["extract", &inside("/Library/Shape Sample"), "--to", to_text]);
    let told = |xattrs: &str| {
        format!(
            "extracted 17 files, 5 folders, 2 symbolic links, 2 hard links (322.0 KiB) to \
             {to_text}\nnot kept: 2 set-id bits\nnot kept: 1 resource fork, {xattrs}\
             3 Finder infos (--appledouble keeps these)\n"
        )
    };
    // Some file systems keep extended attributes.
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""));
    let kept = ["", "1 extended attribute, ", "2 extended attributes, "];
    assert!(kept.iter().any(|xattrs| told(xattrs) == ran.text()), "{}", ran.text());
    let at = |name: &str| to.join("Shape Sample").join(name);
    assert_eq!(fs::read(at("compressed/lzfse-fork")).unwrap().len(), 150_000);
    assert_eq!(fs::read(at("one")).unwrap(), fs::read(at("elsewhere/three")).unwrap());
    assert_eq!(fs::read_link(at("nowhere")).unwrap().to_str(), Some("/not/there"));
    let ran = lionize(["extract", &inside("/Library/Shape Sample"), "--to", to_text]);
    ran.is(
        exit::OUTPUT,
        "",
        &format!(
            "error: {to_text}/Shape Sample exists already\n\
             hint: give another folder with --to; nothing is ever replaced\n"
        ),
    );
}

#[test]
fn an_image_gives_what_is_in_it_and_a_file_in_it_itself() {
    let temp = tempfile::tempdir().unwrap();
    let to = |name: &str| temp.path().join(name).to_str().unwrap().to_owned();
    let ran = lionize(["extract", &inside(""), "--to", &to("all"), "--quiet"]);
    ran.is(exit::DONE, "", "");
    let inner = temp.path().join("all/BaseSystem.dmg");
    let whole = fs::read(&inner).unwrap();
    lionize(["extract", &inside("/BaseSystem.dmg"), "--to", &to("one")]);
    assert_eq!(fs::read(temp.path().join("one/BaseSystem.dmg")).unwrap(), whole);
    lionize(["extract", &inside("/BaseSystem.dmg/"), "--to", &to("inner")]);
    assert!(temp.path().join("inner/private/etc/rc.cdrom").exists());
    let ran = lionize(["extract", "--to", &to("double"), "--appledouble", &inside("/Library")]);
    assert_eq!(ran.code, exit::DONE);
    let beside = fs::read(temp.path().join("double/Library/Shape Sample/._About.txt")).unwrap();
    assert_eq!(beside[..4], [0, 5, 0x16, 7]);
}

#[test]
fn what_is_no_image_is_refused_by_name() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("notes.txt");
    fs::write(&path, "no image").unwrap();
    let path = path.to_str().unwrap();
    lionize(["ls", path]).is(exit::DONE, "notes.txt\n", "");
    let inner = format!("{path}/inner");
    let ran = lionize(["ls", &inner]);
    ran.is(
        exit::BAD_INPUT,
        "",
        &format!(
            "error: cannot read {inner}\n  because {path}: this is neither a disk image nor a \
             volume that is known (its length is 8)\n\
             hint: give a dmg, an iso, a disk or a volume\n"
        ),
    );
}

#[test]
fn a_stop_ends_with_130() {
    let stop = Stop::new();
    stop.raise();
    let ran = stopped(stop.clone(), ["ls", &inside("")]);
    ran.is(exit::INTERRUPTED, "", "error: the listing was interrupted\n");
    let temp = tempfile::tempdir().unwrap();
    let to = temp.path().join("out");
    let ran = stopped(stop, ["extract", &inside(""), "--to", to.to_str().unwrap()]);
    ran.is(
        exit::INTERRUPTED,
        "",
        "error: the extraction was interrupted; what is there is whole\n",
    );
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
}

/// A reader that goes away.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for args in [vec!["ls"], vec!["ls", "-l"], vec!["--json", "ls"]] {
        let mut errors = Vec::new();
        let mut streams = Streams {
            stdout: &mut Closed,
            stderr: &mut errors,
            terminal: false,
            stop: Stop::new(),
        };
        let path = sample().to_str().unwrap();
        let args = std::iter::once("lionize").chain(args).chain([path]);
        assert_eq!(run(args.map(Into::into), &mut streams), exit::DONE);
        assert_eq!(errors, b"");
    }
}

#[test]
fn an_image_is_told_from_the_outside_in() {
    let path = sample().to_str().unwrap();
    let ran = lionize(["inspect", path, "--quiet"]);
    ran.is(
        exit::DONE,
        &format!(
            "{path}: an Apple disk image (UDIF), 2.2 MiB
  checksums: data fork passed, 5 of 5 block tables passed, master passed
  decoded: a disk with an Apple partition map, 4.1 MiB
  partition 2 \"Macintosh\": Apple_Driver_ATAPI, 4.0 KiB
  partition 4 \"disk image\": Apple_HFS, 4.0 MiB, an HFS+ volume
    volume \"Mac OS X Install ESD\": HFS+, 4.0 MiB in blocks of 4096 bytes, 1.0 MiB free
    37 files, 15 folders, 2 symbolic links, 3 names of hard-linked files
    6 compressed files, 1 resource fork, 2 extended attributes, 2 set-id programs
    stored: 2.8 MiB, created 2012-09-20 00:00:00
    not journaled, unmounted cleanly
    blessed: /System/Library/CoreServices, starts /System/Library/CoreServices/boot.efi
  installs: Mac OS X 10.7.5 (11G63): Mac OS X Lion, a build on record
"
        ),
        "",
    );
    let ran = lionize(["--json", "inspect", path]);
    let last = ran.objects().pop().unwrap();
    assert_eq!(last["result"], "inspected");
    assert_eq!(last["checksums"]["partitions_passed"], 5);
    assert_eq!(last["partitions"][1]["volume"]["counts"]["hard_links"], 3);
    assert_eq!(last["installer"]["build"], "11G63");
}

#[test]
fn a_damaged_image_is_told_and_fails() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("damaged.dmg");
    let mut bytes = fs::read(sample()).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let ran = lionize(["inspect", path.to_str().unwrap(), "--quiet"]);
    assert_eq!(ran.code, exit::BAD_INPUT);
    assert!(ran.text().contains("partition 4"), "{ran:?}");
    assert!(ran.errors.contains("damaged.dmg is damaged\n  because "), "{ran:?}");
}
