//! Random claims over random trees: what `test` says agrees with what a list
//! of the tree says, which knows nothing of volumes.

use crate::make::{DATE, file, id, plan, request, volume};
use lionize::block::bytes;
use lionize::engine::{
    BuildOptions, Judges, Silent, Stop, Verdict, Verify, build, test, test_image,
};
use lionize::volume::{Body, Case, Meta, Name, Tree, VPath};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A generator of numbers (xorshift64*), the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % most
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What stands at a path, by the list.
#[derive(Clone, Debug)]
enum Entry {
    Folder,
    File { data: Vec<u8>, mode: u16, owner: u32 },
    Link(String),
}

const NAMES: [&str; 8] = ["a", "B", "name with spaces", "Ünïcode", "x.plist", "d", "e.txt", "z"];

/// A tree by its paths, each below a folder that is there.
fn grow(dice: &mut Dice) -> BTreeMap<String, Entry> {
    let mut all = BTreeMap::from([(String::new(), Entry::Folder)]);
    for _ in 0..40 {
        let folders = all.iter().filter(|(_, one)| matches!(one, Entry::Folder));
        let folders: Vec<String> = folders.map(|(path, _)| path.clone()).collect();
        let path = format!("{}/{}", dice.pick(&folders), dice.pick(&NAMES));
        let clash = |known: &String| known.to_lowercase() == path.to_lowercase();
        if path.matches('/').count() > 4 || all.keys().any(clash) {
            continue;
        }
        let entry = match dice.below(5) {
            0 | 1 => Entry::Folder,
            2 => Entry::Link(format!("to {}", dice.below(5))),
            _ => {
                // Over the end of a piece that readers take at once, now and then.
                let long = if dice.below(8) == 0 { (1 << 20) - 3 } else { dice.below(2000) };
                let mut data = vec![b'.'; long];
                data.extend_from_slice(format!("mark {}", dice.below(5)).as_bytes());
                let mode = *dice.pick(&[0o644, 0o755, 0o4511, 0]);
                Entry::File { data, mode, owner: u32::from(mode & 1) * 501 }
            }
        };
        all.insert(path, entry);
    }
    all
}

fn planted(all: &BTreeMap<String, Entry>) -> Tree {
    let mut tree = Tree::new(Name::from_text("Random"), Case::Folded, DATE);
    for (path, entry) in all.iter().filter(|(path, _)| !path.is_empty()) {
        let path = VPath::parse(path).unwrap();
        let (dir, name) = path.split_last().unwrap();
        let dir = tree.ensure_dir(&dir, DATE).unwrap();
        let (meta, body) = match entry {
            Entry::Folder => (Meta::new(Meta::DIR | 0o755, DATE), Body::Dir(Vec::new())),
            Entry::File { data, mode, owner } => {
                let mut meta = Meta::new(Meta::FILE | mode, DATE);
                meta.owner = *owner;
                (meta, Body::File { data: bytes(data.clone()), rsrc: None })
            }
            Entry::Link(to) => {
                let data = bytes(to.clone().into_bytes());
                (Meta::new(Meta::SYMLINK | 0o755, DATE), Body::File { data, rsrc: None })
            }
        };
        tree.add(dir, name.clone(), meta, body).unwrap();
    }
    tree
}

fn digest(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A random claim as a recipe says it, and whether the list says so.
fn claim(dice: &mut Dice, all: &BTreeMap<String, Entry>) -> (String, bool) {
    let paths: Vec<_> = all.keys().filter(|path| !path.is_empty()).collect();
    let mut path = (*dice.pick(&paths)).clone();
    if dice.below(4) == 0 {
        path += *dice.pick(&["x", "/below", " "]);
    }
    let entry = all.get(&path);
    let data = match entry {
        Some(Entry::File { data, .. }) => Some(data.clone()),
        Some(Entry::Link(to)) => Some(to.clone().into_bytes()),
        _ => None,
    };
    let number = dice.below(5);
    match dice.below(6) {
        0 => (format!("exists = {path:?}"), entry.is_some()),
        1 => (format!("absent = {path:?}"), entry.is_none()),
        2 => {
            let wanted = match (dice.below(2), &data) {
                (0, Some(data)) => digest(data),
                _ => digest(format!("mark {number}").as_bytes()),
            };
            let holds = data.is_some_and(|data| digest(&data) == wanted);
            (format!("sha256 = {{ path = {path:?}, is = {wanted:?} }}"), holds)
        }
        3 => {
            let text = format!("{}mark {number}", ".".repeat(dice.below(4)));
            let has = |data: &Vec<u8>| String::from_utf8_lossy(data).contains(&text);
            let holds = data.as_ref().is_some_and(has);
            (format!("contains = {{ path = {path:?}, text = {text:?} }}"), holds)
        }
        4 => {
            let (mode, owner) = (*dice.pick(&[0o644, 0o755, 0]), *dice.pick(&[0, 501]));
            let holds = match entry {
                Some(Entry::File { mode: is, owner: by, .. }) => (*is, *by) == (mode, owner),
                Some(_) => (mode, owner) == (0o755, 0),
                None => false,
            };
            let text =
                format!("mode = {{ path = {path:?}, mode = \"{mode:o}\", owner = {owner} }}");
            (text, holds)
        }
        _ => {
            let to = format!("to {number}");
            let holds = matches!(entry, Some(Entry::Link(is)) if *is == to);
            (format!("link = {{ path = {path:?}, to = {to:?} }}"), holds)
        }
    }
}

#[test]
fn random_claims_hold_where_a_list_says_so() {
    let (mut held, mut failed) = (0, 0);
    for seed in 1..=6 {
        let mut dice = Dice(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let all = grow(&mut dice);
        let claims: Vec<_> = (0..60).map(|_| claim(&mut dice, &all)).collect();
        let mut text =
            "schema = 1\nname = \"r\"\ntitle = \"R\"\nextends = \"restore\"\n".to_owned();
        claims.iter().for_each(|(claim, _)| writeln!(text, "[[test]]\n{claim}").unwrap());
        let dir = tempfile::tempdir().unwrap();
        let input = file(dir.path(), "in.img", &volume(planted(&all)));
        let recipe = file(dir.path(), "r.toml", &bytes(text.into_bytes()));
        let request = request(recipe.to_str().unwrap(), &[("image", &input)]);
        let plan = plan(&request).unwrap();
        let output = dir.path().join("out.img");
        let options = BuildOptions { output, verify: Verify::Quick, threads: 2 };
        build(&plan, &options, &mut Silent, &Stop::new()).unwrap();
        let judged = |judges| {
            let tested = test(&plan, &options.output, judges, &mut Silent, &Stop::new());
            // Behind those that the recipe inherits.
            tested.unwrap().outcomes.split_off(plan_tests(&recipe) - claims.len())
        };
        for outcomes in [judged(Judges::None), judged(Judges::Found)] {
            assert_eq!(outcomes.len(), claims.len());
            for (outcome, (said, holds)) in outcomes.iter().zip(&claims) {
                let passed = outcome.verdict == Verdict::Passed;
                assert_eq!(passed, *holds, "seed {seed}: {said}: {outcome:?}");
                assert!(matches!(outcome.verdict, Verdict::Passed | Verdict::Failed { .. }));
                *(if passed { &mut held } else { &mut failed }) += 1;
            }
        }
        let again = test_image(&request, &options.output, Judges::None, &mut Silent, &Stop::new());
        let again = again.unwrap().outcomes.split_off(plan_tests(&recipe) - claims.len());
        assert_eq!(again, judged(Judges::None), "an image that was built before");
    }
    assert!(held > 100 && failed > 100, "{held} held, {failed} failed");
}

/// How many tests a recipe has, with those that it inherits.
fn plan_tests(recipe: &std::path::Path) -> usize {
    lionize::engine::load::recipe(recipe.to_str().unwrap()).unwrap().tests.len()
}

#[test]
fn tests_change_no_plan() {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &volume(planted(&grow(&mut Dice(7)))));
    let head = "schema = 1\nname = \"r\"\ntitle = \"R\"\nextends = \"restore\"\n";
    let with = format!("{head}[[test]]\nexists = \"/nowhere\"\n[[test]]\nboots = true\n");
    let ids = [("with", with), ("without", head.to_owned())].map(|(name, text)| {
        let path = file(dir.path(), &format!("{name}/r.toml"), &bytes(text.into_bytes()));
        id(&plan(&request(path.to_str().unwrap(), &[("image", &input)])).unwrap())
    });
    assert_eq!(ids[0], ids[1]);
}
