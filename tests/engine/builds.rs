//! Builds: the same bytes every time, proven, and nothing left when they fail.

use crate::make::{esd, file, plan, request, volume};
use lionize::block::{Source, bytes};
use lionize::engine::{
    BuildOptions, Built, Event, Problem, ProblemKind, Request, Silent, Sink, Stop, Verified,
    Verify, build, verify,
};
use std::path::{Path, PathBuf};

fn options(output: &Path, verify: Verify, threads: usize) -> BuildOptions {
    BuildOptions { output: output.to_path_buf(), verify, threads }
}

fn make(request: &Request, output: &Path, verify: Verify) -> Result<Built, Problem> {
    build(&plan(request)?, &options(output, verify, 2), &mut Silent, &Stop::new())
}

fn check(path: &Path) -> Verified {
    verify(path, 2, &mut Silent, &Stop::new()).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_same_bytes_in_another_folder_with_other_threads() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = esd("10.7.5", "11G63");
    let first = file(one.path(), "InstallESD.dmg", &source);
    let second = file(two.path(), "deep/other name.img", &source);
    let mut made = Vec::new();
    for (dir, input, threads) in [(one.path(), first, 1), (two.path(), second, 2)] {
        for name in ["out.img", "out.dmg"] {
            let out = dir.join(name);
            let plan = plan(&request("lion", &[("installer", &input)])).unwrap();
            let options = options(&out, Verify::Full, threads);
            let built = build(&plan, &options, &mut Silent, &Stop::new()).unwrap();
            assert_eq!(
                built.proofs,
                [
                    "both copies of the partition table agree",
                    "the volume is sound: 5 files and 4 folders",
                    "every byte was read back"
                ]
            );
            assert_eq!((built.files, built.bytes), (9, plan.bytes()));
            assert_eq!(check(&out).faults, Vec::<String>::new());
            made.push((std::fs::read(&out).unwrap(), std::fs::read(&built.manifest).unwrap()));
        }
    }
    assert!(made[0].0 == made[2].0 && made[1].0 == made[3].0);
    let manifest = |index: usize| String::from_utf8(made[index].1.clone()).unwrap();
    assert_eq!(
        manifest(0).replace("InstallESD.dmg", ""),
        manifest(2).replace("other name.img", "")
    );
    assert_eq!(manifest(0), manifest(1), "the manifest is of the disk, whatever its form");
    assert!(made[0].0.len() > 20 * made[1].0.len());
}

#[test]
fn damage_is_found_by_the_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &esd("10.7.5", "11G63"));
    let out = dir.path().join("out.img");
    make(&request("restore", &[("image", &input)]), &out, Verify::Quick).unwrap();
    let good = check(&out);
    assert_eq!(good.faults, Vec::<String>::new());
    assert_eq!(good.proofs[3], "all 10 names have what the manifest lists");
    let mut image = std::fs::read(&out).unwrap();
    let at = image.windows(9).position(|w| w == [7; 9]).unwrap();
    image[at + 1000] ^= 1;
    std::fs::write(&out, &image).unwrap();
    let mib = at >> 20;
    assert_eq!(
        check(&out).faults,
        [
            format!("bytes {} to {} are not those of the manifest", mib << 20, (mib + 1) << 20),
            "/Packages/Essentials.pkg: its contents are others".to_owned(),
        ]
    );
    // The backup table's last byte of its disk GUID.
    let last = image.len();
    image[last - 512 + 60] ^= 1;
    std::fs::write(&out, &image).unwrap();
    assert_eq!(check(&out).faults[0], "the backup GPT is missing or damaged");
}

/// What says nothing of the image proves nothing, and is no manifest of it.
#[test]
fn a_manifest_that_lacks_digests_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &esd("10.7.5", "11G63"));
    let out = dir.path().join("out.img");
    make(&request("restore", &[("image", &input)]), &out, Verify::Quick).unwrap();
    let path = lionize::engine::manifest_path(&out);
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let units = manifest["image"]["units"].as_array_mut().unwrap();
    let all = units.len();
    units.clear();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let found = check(&out);
    let text = format!("the disk has {all} MiB; its manifest has digests of 0");
    assert_eq!(found.faults, [text]);
}

#[test]
fn an_image_verifies_without_a_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &esd("10.7.5", "11G63"));
    let found = check(&input);
    assert_eq!(found.faults, Vec::<String>::new());
    assert_eq!(found.unproven, ["there is no manifest beside it"]);
}

#[test]
fn a_failure_leaves_the_old_output_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let source = esd("10.7.5", "11G63");
    let input = file(dir.path(), "in.img", &source);
    let out = file(dir.path(), "out.img", &bytes(*b"old"));
    let before = names(dir.path());
    let untouched = |problem: &Problem, kind: ProblemKind| {
        assert_eq!(problem.kind, kind, "{problem}");
        assert_eq!(std::fs::read(&out).unwrap(), b"old");
        assert_eq!(names(dir.path()), before);
    };
    let request = request("restore", &[("image", &input)]);

    // Interrupted at any event.
    struct Raise(Stop, usize);
    impl Sink for Raise {
        fn send(&mut self, _event: Event) {
            if self.1 == 0 {
                self.0.raise();
            }
            self.1 = self.1.saturating_sub(1);
        }
    }
    for after in 0..6 {
        let stop = Stop::new();
        let plan = plan(&request).unwrap();
        let mut sink = Raise(stop.clone(), after);
        let result = build(&plan, &options(&out, Verify::Full, 2), &mut sink, &stop);
        untouched(&result.unwrap_err(), ProblemKind::Interrupted);
    }

    // An input that changed after the plan was made.
    let plan = plan(&request).unwrap();
    let mut changed = std::fs::read(&input).unwrap();
    changed.push(0);
    std::fs::write(&input, changed).unwrap();
    let result = build(&plan, &options(&out, Verify::Quick, 2), &mut Silent, &Stop::new());
    let problem = result.unwrap_err();
    untouched(&problem, ProblemKind::BadInput);
    assert_eq!(
        problem.to_string(),
        format!(
            "{} changed while it was read\n  hint: wait until nothing writes to it any more, \
             and start again",
            input.display()
        )
    );
}

#[test]
fn outputs_that_cannot_be_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &volume(crate::make::tree("V", &[])));
    let request = request("restore", &[("image", &input)]);
    let fails = |path: &Path| {
        let problem = make(&request, path, Verify::Quick).unwrap_err();
        (problem.kind, problem.sentence)
    };
    assert_eq!(
        fails(&input),
        (ProblemKind::Usage, format!("the output {} is one of the inputs", input.display()))
    );
    assert_eq!(
        fails(dir.path()),
        (ProblemKind::Usage, format!("the output {} is a folder", dir.path().display()))
    );
    let nowhere = dir.path().join("no/out.img");
    assert_eq!(
        fails(&nowhere),
        (ProblemKind::Output, format!("cannot write {}", nowhere.display()))
    );
    assert_eq!(names(dir.path()), ["in.img"]);
}

#[test]
fn verbatim_keeps_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let source: Source = volume(crate::make::tree("Exact", &[("/a", bytes(*b"x"))]));
    let input = file(dir.path(), "in.img", &source);
    let recipe = file(
        dir.path(),
        "r.toml",
        &bytes(
            *b"schema = 1\nname = \"v\"\ntitle = \"V\"\n[inputs.image]\nkind = \"image\"\n\
               [media]\nlayout = \"single\"\n[[step]]\nrestore = { from = \"image\", verbatim = true }\n",
        ),
    );
    let out: PathBuf = dir.path().join("out.img");
    let built =
        make(&request(recipe.to_str().unwrap(), &[("image", &input)]), &out, Verify::Full).unwrap();
    let image = std::fs::read(&out).unwrap();
    let original = std::fs::read(&input).unwrap();
    assert!(image[1 << 20..][..original.len()] == original);
    assert_eq!(built.files, 0);
    assert_eq!(check(&out).faults, Vec::<String>::new());
}
