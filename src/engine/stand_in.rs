//! Samples in place of a recipe's inputs, so that it can be tested without
//! anything of Apple's.
//!
//! Installers and images are shape samples of a release that the recipe takes.
//! Of the catalogs' packages, those that the sample's server has come from
//! there; all other files are archives that hold what the recipe takes from
//! them. Left out are optional inputs. Not supported: placeholders in the path
//! of an `extract`.

use crate::block::{Error, Source, read_vec};
use crate::engine::problem::{Problem, Result};
use crate::recipe::{Action, Input, InputKind, Recipe};
use crate::source::sample;
use std::collections::BTreeMap;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// The release that stands in where a recipe takes any.
const ANY: &str = "10.7";
/// The catalog that the sample's server has.
const SERVED: &str = "lion";

/// What stands in for a recipe's inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandIns {
    /// Inputs by name, in the folder that was asked for.
    pub inputs: Vec<(String, PathBuf)>,
    /// Inputs that the sample's server gives.
    pub served: Vec<String>,
    /// The releases of the installers' samples.
    pub releases: Vec<String>,
}

/// Makes what stands in for all inputs but those that are given; installers of
/// this release, or of the first that the recipe takes.
///
/// # Errors
/// When there is no sample of any release that an input may be of; what the
/// host reports.
pub fn stand_ins(
    recipe: &Recipe,
    given: &[(String, PathBuf)],
    release: Option<&str>,
    folder: &Path,
    threads: usize,
) -> Result<StandIns> {
    let mut made = Maker { recipe, release, folder, threads, images: BTreeMap::new() };
    let mut stand_ins = StandIns::default();
    for input in &recipe.inputs {
        let is_given = given.iter().any(|(name, _)| *name == input.name);
        if is_given || input.optional {
            continue;
        }
        if is_served(input) {
            stand_ins.served.push(input.name.clone());
            continue;
        }
        let path = made.input(input)?;
        stand_ins.inputs.push((input.name.clone(), path));
    }
    stand_ins.releases = made.images.into_keys().collect();
    Ok(stand_ins)
}

/// Whether the sample's server has a package.
fn is_served(input: &Input) -> bool {
    let entry = input.entry.as_ref().filter(|entry| entry.catalog == SERVED);
    entry.is_some_and(|entry| sample::served().any(|package| package == entry.package))
}

struct Maker<'m> {
    recipe: &'m Recipe,
    release: Option<&'m str>,
    folder: &'m Path,
    threads: usize,
    /// The installers' images made so far, by release.
    images: BTreeMap<String, PathBuf>,
}

impl Maker<'_> {
    fn input(&mut self, input: &Input) -> Result<PathBuf> {
        let ours = |error: Error| Problem::ours("a stand-in cannot be made").because(error);
        let taken = self.taken(&input.name);
        let own = self.folder.join(&input.name);
        match input.kind {
            InputKind::Image | InputKind::Installer => self.image(input),
            InputKind::Folder => {
                let path = own.join(self.folder_name(&input.name));
                let made = sample::stand_in_folder(&path);
                made.map_err(|error| Problem::writing(&path, &error))?;
                Ok(path)
            }
            InputKind::Zip => {
                store(&own.with_extension("zip"), &sample::stand_in_zip().map_err(ours)?)
            }
            InputKind::Catalog => {
                let package = sample::stand_in_package(&taken).map_err(ours)?;
                store(&own.with_extension("pkg"), &package)
            }
            InputKind::File => {
                store(&own.with_extension("tar"), &sample::stand_in_archive(&taken).map_err(ours)?)
            }
        }
    }

    /// The paths and patterns that the recipe's steps take out of an input.
    fn taken(&self, name: &str) -> Vec<String> {
        let path = |action: &Action| match action {
            Action::Extract { from, path, .. } if from == name => Some(path.clone()),
            _ => None,
        };
        self.recipe.steps.iter().filter_map(|step| path(&step.action)).collect()
    }

    /// What a folder is called where it is copied to.
    fn folder_name(&self, name: &str) -> String {
        let to = self.recipe.steps.iter().find_map(|step| match &step.action {
            Action::Copy { from: Some(from), to, .. } if from == name => Some(to),
            _ => None,
        });
        let last = to.and_then(|to| to.rsplit('/').next()).filter(|last| !last.is_empty());
        last.unwrap_or("folder").to_owned()
    }

    /// The release of an installer's sample.
    fn choose(&self, input: &Input) -> Result<&'static str> {
        let all = input.release.iter().map(String::as_str);
        let takes =
            |sample: &&str| all.clone().any(|release| sample::release(release) == Some(*sample));
        let any = input.release.is_empty();
        let found = match self.release {
            Some(asked) => sample::release(asked).filter(|sample| any || takes(sample)),
            None if any => sample::release(ANY),
            None => all.clone().find_map(sample::release),
        };
        found.ok_or_else(|| {
            let of = self.release.map(|release| format!(" of {release}")).unwrap_or_default();
            let sentence = format!("there is no sample{of} for the input `{}`", input.name);
            let takes = if any { "any".to_owned() } else { input.release.join(", ") };
            let hint = format!("give one with --input {}=PATH", input.name);
            Problem::usage(sentence).because(format!("the recipe takes {takes}")).hint(hint)
        })
    }

    fn image(&mut self, input: &Input) -> Result<PathBuf> {
        let release = self.choose(input)?;
        if let Some(path) = self.images.get(release) {
            return Ok(path.clone());
        }
        let path = self.folder.join(release).join("InstallESD.dmg");
        let refused = |error: std::io::Error| Problem::writing(&path, &error);
        fs::create_dir_all(path.parent().unwrap_or(self.folder)).map_err(refused)?;
        let mut out = BufWriter::new(fs::File::create(&path).map_err(refused)?);
        let written = sample::write_release(release, &mut out, self.threads);
        written.map_err(|error| refused(error.into_io()))?;
        out.into_inner().map_err(|error| refused(error.into_error()))?;
        self.images.insert(release.to_owned(), path.clone());
        Ok(path)
    }
}

/// Writes a small source as a file.
fn store(path: &Path, source: &Source) -> Result<PathBuf> {
    let refused = |error: std::io::Error| Problem::writing(path, &error);
    // A stand-in is made in memory, and so is its length an usize.
    let len = usize::try_from(source.len()).unwrap_or(usize::MAX);
    let bytes = read_vec(source.as_ref(), 0, len).map_err(refused)?;
    fs::write(path, bytes).map_err(refused)?;
    Ok(path.to_owned())
}
