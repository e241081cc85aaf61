//! The inputs that a recipe wants: opened, peeled, known.

use crate::block::{Error, Source, read_vec};
use crate::engine::facts::Facts;
use crate::engine::hash::Wanted;
use crate::engine::problem::{Problem, Result};
use crate::engine::request::Request;
use crate::recipe::{self, InputKind, Recipe};
use crate::source::{Item, OpenImage, OpenVolume, Opener, SystemVersion, contents};
use crate::volume::{Kind, Tree};
use std::collections::BTreeMap;
use std::path::PathBuf;
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

    fn volume(&self) -> Result<Arc<OpenVolume>, Error> {
        let item = self.inside("")?;
        self.opener.enter(&item)?.volume()
    }

    /// All files of the volume. Whoever takes the tree has it alone.
    pub(super) fn tree(&self) -> Result<Arc<Tree>, Error> {
        let volume = self.volume()?;
        let tree = volume.tree()?;
        volume.forget();
        Ok(tree)
    }

    /// The volume's own bytes.
    pub(super) fn partition(&self) -> Result<Source, Error> {
        Ok(Arc::clone(self.volume()?.source()))
    }

    pub(super) fn describe(&self) -> String {
        format!("{} ({})", self.path.display(), self.name)
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
        for input in &self.0 {
            let listed = input.version.as_ref().is_some_and(|v| !v.known().sha1.is_empty());
            let sha1 = input.kind == InputKind::Installer && listed;
            for file in input.opener.files() {
                *all.entry(file.path).or_default() |= sha1;
            }
        }
        all.into_iter().map(|(path, sha1)| Wanted { path, sha1 }).collect()
    }

    /// Bytes of all files that [`Inputs::wanted`] names.
    pub(super) fn bytes(&self) -> u64 {
        let files = self.0.iter().flat_map(|input| input.opener.files());
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

/// Opens all inputs of a request that its recipe wants, and learns their facts.
pub(super) fn open(recipe: &Recipe, request: &Request, facts: &mut Facts) -> Result<Inputs> {
    check_names(recipe, request)?;
    let mut inputs = Inputs::default();
    // Whether an input is wanted depends on inputs that always are: those first.
    let (always, perhaps): (Vec<_>, Vec<_>) =
        recipe.inputs.iter().partition(|input| input.when.is_none());
    for input in &always {
        let given = request.inputs.iter().any(|(name, _)| *name == input.name);
        facts.set(&input.name, "given", if given { "yes" } else { "no" });
    }
    for wanted in always.into_iter().chain(perhaps) {
        if !facts.hold(wanted.when.as_ref()) {
            continue;
        }
        match request.inputs.iter().find(|(name, _)| *name == wanted.name) {
            Some((_, path)) => inputs.0.push(open_one(wanted, path.clone(), facts)?),
            None if wanted.optional => facts.set(&wanted.name, "given", "no"),
            None => return Err(missing(wanted)),
        }
    }
    Ok(inputs)
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
            return Err(problem
                .because(format!("its inputs: {}", names.join(", ")))
                .near(name, names));
        }
        if request.inputs[..index].iter().any(|(other, _)| other == name) {
            return Err(Problem::usage(format!("the input `{name}` is given twice")));
        }
    }
    Ok(())
}

fn open_one(wanted: &recipe::Input, path: PathBuf, facts: &mut Facts) -> Result<Input> {
    let opener = Opener::new();
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
        InputKind::File | InputKind::Folder | InputKind::Zip => {
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
