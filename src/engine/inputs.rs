//! The inputs that a recipe wants: opened, peeled, known.

use crate::block::{Error, Source, read_vec};
use crate::engine::events::Stop;
use crate::engine::facts::Facts;
use crate::engine::hash::{Digests, Wanted};
use crate::engine::lock::Lock;
use crate::engine::problem::{Problem, Result};
use crate::engine::request::Request;
use crate::engine::supply::{Fetched, Pin, Supply};
use crate::engine::trust::Judge;
use crate::recipe::{self, InputKind, Recipe};
use crate::source::pattern::is_glob;
use crate::source::trust::Verdict;
use crate::source::{Item, OpenImage, OpenVolume, Opener, SystemVersion, contents};
use crate::volume::{Kind, Tree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An input that was given.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) kind: InputKind,
    pub(super) path: PathBuf,
    pub(super) opener: Opener,
    /// From what was given to what is used.
    pub(super) chain: Vec<Item>,
    pub(super) version: Option<SystemVersion>,
    /// What was repaired in memory to read it.
    pub(super) notes: Vec<String>,
    /// The date of the volume in it, in seconds since 1904.
    pub(super) date: Option<u32>,
    /// Of a folder: what is in it besides contents, as text.
    pub(super) listing: String,
    /// The name of the volume in it.
    pub(super) label: Option<String>,
    /// Where it came from, when the user did not give it.
    pub(super) fetched: Option<Fetched>,
    /// What proves it, where that was judged.
    pub(super) verdict: Option<Verdict>,
}

impl Input {
    /// What is used of it.
    fn last(&self) -> Result<&Item> {
        self.chain.last().ok_or_else(|| Problem::ours("an input without an item"))
    }

    /// The input as a file or folder: an installer's image, all else as given.
    pub(super) fn whole(&self) -> Result<Item> {
        let file = self.chain.iter().rev().find(|item| !item.is_folder());
        Ok(file.or(self.chain.first()).map_or_else(|| self.last(), Ok)?.clone())
    }

    /// What stands at a path inside.
    pub(super) fn inside(&self, path: &str) -> Result<Item, Error> {
        match self.chain.last() {
            Some(item) => self.opener.inside(item, path),
            None => Err(Error::Io(std::io::Error::from(std::io::ErrorKind::NotFound))),
        }
    }

    /// What a path names inside, which may be a pattern.
    pub(super) fn find(&self, path: &str) -> Result<Vec<Item>, Error> {
        if !path.split('/').any(is_glob) {
            return Ok(vec![self.inside(path)?]);
        }
        match self.chain.last() {
            Some(item) => self.opener.find_inside(item, path),
            None => Err(Error::Io(std::io::Error::from(std::io::ErrorKind::NotFound))),
        }
    }

    fn volume(&self, path: &str) -> Result<Arc<OpenVolume>, Error> {
        let item = self.inside(path)?;
        self.opener.enter(&item)?.volume()
    }

    /// All files of the volume. Whoever takes the tree has it alone.
    pub(super) fn tree(&self) -> Result<Arc<Tree>, Error> {
        let volume = self.volume("")?;
        let tree = volume.tree()?;
        volume.forget();
        Ok(tree)
    }

    /// All files of the volume in an image inside, and what was repaired in
    /// memory to read them.
    pub(super) fn tree_in(&self, path: &str) -> Result<(Arc<Tree>, Vec<String>), Error> {
        let volume = self.volume(path)?;
        let (tree, notes) = (volume.tree()?, volume.notes()?);
        volume.forget();
        Ok((tree, notes))
    }

    /// The volume's own bytes.
    pub(super) fn partition(&self) -> Result<Source, Error> {
        Ok(Arc::clone(self.volume("")?.source()))
    }

    pub(super) fn describe(&self) -> String {
        match &self.fetched {
            Some(fetched) => format!("{} ({})", fetched.pin.package, self.name),
            None => format!("{} ({})", self.path.display(), self.name),
        }
    }

    /// What a file of it is called: by its path below what was given, or by
    /// its own name; in the store names are digests, so there by the package's.
    pub(super) fn file_name(&self, path: &Path) -> String {
        if let Some(fetched) = &self.fetched {
            return fetched.pin.package.clone();
        }
        let below = path.strip_prefix(&self.path).ok().filter(|rest| rest.parent().is_some());
        let name = below.or(path.file_name().map(Path::new));
        name.unwrap_or(path).to_string_lossy().into_owned()
    }

    pub(super) fn images(&self) -> Vec<OpenImage> {
        self.opener.images()
    }
}

/// All inputs that were given and are wanted.
#[derive(Default)]
pub(super) struct Inputs(pub(super) Vec<Input>);

impl Inputs {
    pub(super) fn get(&self, name: &str) -> Option<&Input> {
        self.0.iter().find(|input| input.name == name)
    }

    /// Every file of the host that was opened so far, and what is wanted of it.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let mut all: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for input in self.0.iter().filter(|input| input.fetched.is_none()) {
            let listed = input.version.as_ref().is_some_and(|v| !v.known().sha1.is_empty());
            let sha1 = input.kind == InputKind::Installer && listed;
            for file in input.opener.files() {
                *all.entry(file.path).or_default() |= sha1;
            }
        }
        all.into_iter().map(|(path, sha1)| Wanted { path, sha1 }).collect()
    }

    /// The digests of what was fetched: the store has computed them just now.
    pub(super) fn stored(&self) -> impl Iterator<Item = (PathBuf, Digests)> {
        let fetched = self.0.iter().filter_map(|input| input.fetched.as_ref());
        fetched.map(|fetched| {
            let stored = &fetched.stored;
            (stored.path.clone(), Digests { sha256: stored.sha256, sha1: None })
        })
    }

    /// Bytes of all files that [`Inputs::wanted`] names.
    pub(super) fn bytes(&self) -> u64 {
        let read = self.0.iter().filter(|input| input.fetched.is_none());
        let files = read.flat_map(|input| input.opener.files());
        files.map(|file| (file.path, file.len)).collect::<BTreeMap<_, _>>().values().sum()
    }

    /// Fails when a file is not what it was when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        for input in &self.0 {
            if let Some(path) = input.opener.changed() {
                let sentence = format!("{} changed while it was read", path.display());
                return Err(Problem::bad_input(sentence)
                    .hint("wait until nothing writes to it any more, and start again"));
            }
        }
        Ok(())
    }
}

/// Where inputs are looked for.
pub(super) struct Search<'a, 'b, 's> {
    pub(super) recipe: &'a Recipe,
    pub(super) request: &'a Request,
    pub(super) lock: Option<&'a Lock>,
    pub(super) supply: &'a mut Supply<'b, 's>,
    pub(super) judge: &'a Judge,
    /// Whether what is missing is fetched.
    pub(super) fetch: bool,
}

/// All inputs that are at hand.
pub(super) struct Opened {
    pub(super) inputs: Inputs,
    /// What is still to be fetched, by the input's name.
    pub(super) missing: Vec<(String, Pin)>,
}

/// Opens all inputs of a request that its recipe wants, and learns their facts.
pub(super) fn open(search: &mut Search<'_, '_, '_>, facts: &mut Facts) -> Result<Opened> {
    let (recipe, request) = (search.recipe, search.request);
    check_names(recipe, request)?;
    let given = |name: &str| request.inputs.iter().find(|(known, _)| known == name);
    for input in recipe.inputs.iter().filter(|input| input.when.is_none()) {
        let given = given(&input.name).is_some() || input.entry.is_some();
        facts.set(&input.name, "given", if given { "yes" } else { "no" });
    }
    let mut inputs = Inputs::default();
    let mut wants = Vec::new();
    let stop = search.supply.stop().clone();
    for wanted in in_order(recipe) {
        if !facts.hold(wanted.when.as_ref()) {
            continue;
        }
        match (given(&wanted.name), &wanted.entry) {
            (Some((_, path)), _) => {
                let mut input = open_one(wanted, path.clone(), &stop, facts)?;
                input.verdict = search.judge.check(wanted, &input, search.supply.progress())?;
                inputs.0.push(input);
            }
            (None, Some(entry)) => match search.supply.pin(wanted, entry, facts, search.lock)? {
                Some(pin) => wants.push((wanted, pin)),
                None => facts.set(&wanted.name, "given", "no"),
            },
            (None, None) if wanted.optional => facts.set(&wanted.name, "given", "no"),
            (None, None) => return Err(missing(wanted)),
        }
    }
    let missing = supplied(search, wants, &mut inputs, facts)?;
    let place = |input: &Input| recipe.inputs.iter().position(|known| known.name == input.name);
    inputs.0.sort_by_key(place);
    Ok(Opened { inputs, missing })
}

/// Whether an input is wanted, and which product it is, depends on inputs that
/// always are: those first.
fn in_order(recipe: &Recipe) -> impl Iterator<Item = &recipe::Input> {
    let first = |input: &&recipe::Input| input.when.is_none() && input.entry.is_none();
    let (always, perhaps): (Vec<_>, Vec<_>) = recipe.inputs.iter().partition(first);
    always.into_iter().chain(perhaps)
}

/// Opens what the store has or what is fetched; tells what is missing.
fn supplied(
    search: &Search<'_, '_, '_>,
    wants: Vec<(&recipe::Input, Pin)>,
    inputs: &mut Inputs,
    facts: &mut Facts,
) -> Result<Vec<(String, Pin)>> {
    let pins: Vec<_> = wants.iter().map(|(wanted, pin)| (pin.clone(), wanted.trust)).collect();
    let found = match search.fetch {
        true => search.supply.fetch(&pins)?.into_iter().map(Some).collect(),
        false => search.supply.at_hand(&pins)?,
    };
    let stop = search.supply.stop().clone();
    let mut missing = Vec::new();
    for ((wanted, pin), found) in wants.into_iter().zip(found) {
        let Some(fetched) = found else {
            facts.set(&wanted.name, "file", pin.package.as_str());
            missing.push((wanted.name.clone(), pin));
            continue;
        };
        let mut input = open_one(wanted, fetched.stored.path.clone(), &stop, facts)?;
        facts.set(&wanted.name, "file", pin.package.as_str());
        input.fetched = Some(fetched.clone());
        match search.judge.check(wanted, &input, search.supply.progress()) {
            Ok(verdict) => input.verdict = verdict,
            Err(problem) => {
                // What is wrong once is fetched again, not taken again.
                search.supply.forget(&fetched)?;
                return Err(problem);
            }
        }
        inputs.0.push(input);
    }
    Ok(missing)
}

fn missing(wanted: &recipe::Input) -> Problem {
    let problem = Problem::usage(format!("the recipe needs the input `{}`", wanted.name));
    let problem = match wanted.ask.as_str() {
        "" => problem,
        ask => problem.because(ask),
    };
    problem.hint(format!("give it with --input {}=PATH", wanted.name))
}

fn check_names(recipe: &Recipe, request: &Request) -> Result<()> {
    for (index, (name, _)) in request.inputs.iter().enumerate() {
        if recipe.input(name).is_none() {
            let names: Vec<_> = recipe.inputs.iter().map(|input| input.name.as_str()).collect();
            let problem = Problem::usage(format!("the recipe has no input `{name}`"));
            let has = match names.is_empty() {
                true => "it has none at all".to_owned(),
                false => format!("its inputs are {}", names.join(", ")),
            };
            return Err(problem.because(has).near(name, names));
        }
        if request.inputs[..index].iter().any(|(other, _)| other == name) {
            return Err(Problem::usage(format!("the input `{name}` is given twice"))
                .hint("give it once: an input is one file or folder"));
        }
    }
    Ok(())
}

pub(super) fn open_one(
    wanted: &recipe::Input,
    path: PathBuf,
    stop: &Stop,
    facts: &mut Facts,
) -> Result<Input> {
    let stop = stop.clone();
    let opener = Opener::new().until(Arc::new(move || stop.raised()));
    let (name, kind) = (wanted.name.clone(), wanted.kind);
    let what = format!("{} ({name})", path.display());
    let fail = |error| Problem::reading(&what, error);
    let item = opener.resolve(&path).map_err(fail)?;
    let chain = match kind {
        InputKind::Installer => opener.installer(&item).map_err(fail)?,
        InputKind::Image => {
            let inner = opener.enter(&item).map_err(fail)?;
            inner.volume().map_err(fail)?;
            vec![item, inner]
        }
        InputKind::File | InputKind::Folder | InputKind::Zip | InputKind::Catalog => {
            if item.is_folder() != (kind == InputKind::Folder) {
                let is = if item.is_folder() { "a folder" } else { "a file" };
                let sentence = format!("{what} is {is}; the recipe wants a {}", kind.word());
                return Err(Problem::bad_input(sentence));
            }
            vec![item]
        }
    };
    let mut input = Input {
        name,
        kind,
        path,
        opener,
        chain,
        version: None,
        notes: Vec::new(),
        date: None,
        label: None,
        listing: String::new(),
        fetched: None,
        verdict: None,
    };
    learn(&mut input, facts).map_err(fail)?;
    check_release(wanted, &input)?;
    Ok(input)
}

/// Reads what can be known of an input, as facts.
fn learn(input: &mut Input, facts: &mut Facts) -> Result<(), Error> {
    let name = input.name.clone();
    facts.set(&name, "given", "yes");
    let file = input.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    facts.set(&name, "file", file);
    let Some(item) = input.chain.last().cloned() else { return Ok(()) };
    if input.kind == InputKind::Folder {
        input.listing = listing(&input.opener, &item)?;
    }
    if !matches!(input.kind, InputKind::Image | InputKind::Installer) {
        return Ok(());
    }
    let volume = item.volume()?;
    let label = volume.label()?;
    facts.set(&name, "volume", &label);
    input.label = Some(label);
    // A volume that is not clean may still be restored block for block.
    let version = match input.kind {
        InputKind::Installer => input.opener.system_version(&item)?,
        _ => volume.system_version().ok().flatten(),
    };
    if let Some(version) = &version {
        facts.set(&name, "product", &version.product);
        facts.set(&name, "version", &version.version);
        facts.set(&name, "build", &version.build);
    }
    input.version = version;
    if let (Ok(tree), Ok(notes)) = (volume.tree(), volume.notes()) {
        (input.date, input.notes) = (Some(tree.facts.modified), notes);
    }
    Ok(())
}

/// Paths, modes and the targets of links: what a folder's copy is, but for
/// its files' bytes.
fn listing(opener: &Opener, item: &Item) -> Result<String, Error> {
    let (tree, top) = item.as_tree(opener, 0)?;
    let mut text = String::new();
    for id in tree.walk(top) {
        let mode = tree.node(tree.target(id)).meta.mode;
        text += &format!("{mode:o} {}", tree.path(id));
        if tree.kind(id) == Kind::Symlink {
            let target = contents(&tree, id)?;
            // A link's target is in memory, as the host gave it.
            let len = usize::try_from(target.len()).unwrap_or(0);
            let target = read_vec(target.as_ref(), 0, len)?;
            text += &format!(" -> {}", String::from_utf8_lossy(&target));
        }
        text.push('\n');
    }
    Ok(text)
}

/// Refuses what the recipe is not made for, by name.
fn check_release(wanted: &recipe::Input, input: &Input) -> Result<()> {
    if wanted.release.is_empty() {
        return Ok(());
    }
    let takes = format!("the recipe takes {}", wanted.release.join(", "));
    let Some(version) = &input.version else {
        let sentence = format!("{} does not say which system it is", input.describe());
        let cause = "there is no readable SystemVersion.plist in it";
        return Err(Problem::bad_input(sentence).because(cause).because(takes));
    };
    let under = |release: &String| {
        let rest = version.version.strip_prefix(release.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if wanted.release.iter().any(under) {
        return Ok(());
    }
    let SystemVersion { product, version, build } = version;
    let sentence = format!("{} is {product} {version} ({build})", input.describe());
    Err(Problem::bad_input(sentence).because(takes))
}
