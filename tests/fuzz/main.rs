//! A bounded run of every fuzz target: the same inputs every time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod targets;

use targets::{TARGETS, run};

/// Inputs a target, unless `LIONIZE_FUZZ_RUNS` says another number.
const RUNS: u64 = 5_000;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, len: u64) -> Vec<u8> {
        (0..len).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

/// A script of up to ten edits, or text made from pieces of the target's words.
fn input(name: &str, random: &mut Random) -> Vec<u8> {
    let words: &[&[u8]] = match name {
        "recipe" => &[
            b"schema = 1\n",
            b"name = \"x\"\n",
            b"title = \"t\"\n",
            b"[[step]]\n",
            b"restore = ",
            b"{ from = \"image\" }",
            b"[inputs.image]\n",
            b"kind = \"image\"\n",
            b"[media.volume]\n",
            b"free = \"64 MiB\"\n",
            b"extends = \"lion\"\n",
            b"\n",
            b"{",
            b"}",
            b"[",
            b"]",
            b"\"",
        ],
        "distribution" if random.next().is_multiple_of(2) => &[
            b"<installer-gui-script>",
            b"</installer-gui-script>",
            b"<pkg-info identifier='a'>",
            b"</pkg-info>",
            b"<choice id='a'>",
            b"</choice>",
            b"<pkg-ref id='a' installKBytes='1'>#a.pkg</pkg-ref>",
            b"<choices-outline><line choice='a'/></choices-outline>",
            b"<localization><strings language='en'>'A' = 'b';",
            b"</strings></localization>",
            b"<![CDATA[\"SU_TITLE\" = \"x\\",
            b"]]>",
            b"<volume-check script='x'><allowed-os-versions><os-version min='10.7'/>",
            b"</allowed-os-versions></volume-check>",
            b"<payload numberOfFiles='9.0'/>",
            b"&amp;",
            b"&#65;",
            b"\xff\xfe",
        ],
        "plist" => &[
            b"<plist>",
            b"<dict>",
            b"<key>A</key>",
            b"<array>",
            b"</array>",
            b"</dict>",
            b"<integer>1</integer>",
            b"</plist>",
            b"<string>x</string>",
            b"<data>AA==</data>",
            b"bplist00",
            b"\xd1\x01\x02",
            b"<date>2026-01-01T00:00:00Z</date>",
            b"<real>1</real>",
        ],
        _ => {
            let edits = random.next() % 10;
            let mut script = random.bytes(1 + 5 * edits);
            if !random.next().is_multiple_of(16) {
                script[0] &= 0xfe;
            }
            return script;
        }
    };
    let count = random.next() % 40;
    let pick = |random: &mut Random| words[usize::try_from(random.next()).unwrap() % words.len()];
    (0..count).flat_map(|_| pick(random).iter().copied()).collect()
}

fn smoke(name: &str) {
    let runs = std::env::var("LIONIZE_FUZZ_RUNS").ok();
    let runs = runs.and_then(|text| text.parse().ok()).unwrap_or(RUNS);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    run(name, b"");
    for number in 0..runs {
        let data = input(name, &mut random);
        let outcome = std::panic::catch_unwind(|| run(name, &data));
        assert!(outcome.is_ok(), "input {number} of {name} panics: {data:?}");
    }
    corpus(name);
}

/// What libFuzzer found, where `LIONIZE_FUZZ_CORPUS` says that it is kept.
fn corpus(name: &str) {
    let Some(folder) = std::env::var_os("LIONIZE_FUZZ_CORPUS") else { return };
    let folder = std::path::Path::new(&folder).join(name);
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| run(name, &data));
        assert!(outcome.is_ok(), "{} panics", path.display());
    }
}

#[test]
fn images_do_not_panic() {
    smoke("udif");
}

#[test]
fn partition_tables_do_not_panic() {
    smoke("gpt");
    smoke("apm");
}

#[test]
fn volumes_do_not_panic() {
    smoke("hfsplus");
    smoke("check");
}

#[test]
fn journals_do_not_panic() {
    smoke("journal");
}

#[test]
fn texts_do_not_panic() {
    smoke("plist");
    smoke("recipe");
}

#[test]
fn archives_do_not_panic() {
    for name in ["cpio", "pbzx", "bom", "appledouble", "scexe"] {
        smoke(name);
    }
}

#[test]
fn archives_as_folders_do_not_panic() {
    smoke("folders");
}

#[test]
fn packages_and_signatures_do_not_panic() {
    for name in ["xar", "distribution", "chunklist", "cms"] {
        smoke(name);
    }
}

#[test]
fn catalogs_do_not_panic() {
    smoke("catalog");
}

#[test]
fn every_target_has_its_program() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/fuzz_targets");
    let mut programs: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    programs.sort();
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(programs, names);
}
