//! `test`: builds by a recipe, and says whether its claims hold.

use crate::block::Error;
use crate::cli::args::test::{Judges as Who, Test};
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, job, verdicts};
use crate::engine::{
    self, BuildOptions, Judges, Problem, ProblemKind, Request, StandIns, Tested, load,
};
use crate::source::sample;
use crate::source::sample::server::Server;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// `lionize test`.
pub(super) fn run(args: &Test, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let request = job::request(&args.job, None, &streams.stop)?;
    let recipe = load::recipe_with(&request.recipe, &request.supplies)?;
    if recipe.tests.is_empty() {
        let sentence = format!("the recipe {} claims nothing", recipe.name);
        let problem = Problem::bad_input(sentence).because("it has no [[test]]");
        return Err(problem.hint("docs/recipes/testing.md says how to write one").into());
    }
    let judges = match args.judges {
        Who::None => Judges::None,
        Who::Found => Judges::Found,
        Who::Required => Judges::Required,
    };
    let (tested, about) = match &args.image {
        Some(image) => {
            let stop = streams.stop.clone();
            let mut sink = streams.sink(style);
            let tested = engine::test_image(&request, image, judges, &mut sink, &stop)?;
            (tested, format!("the image {}", image.display()))
        }
        None => build(args, request, judges, style, streams)?,
    };
    if let Some(path) = &args.junit {
        let refused = |error: io::Error| Problem::writing(path, &error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = job::temporary(folder.unwrap_or(Path::new("."))).map_err(refused)?;
        let text = verdicts::junit(&recipe.name, &tested);
        file.write_all(text.as_bytes()).map_err(refused)?;
        file.persist(path).map_err(|error| refused(error.error))?;
    }
    verdicts::tell(&recipe.name, &about, &tested, judges, style, streams)
}

/// Builds into a folder that goes away, unless it is to stay, and tests that.
fn build(
    args: &Test,
    mut request: Request,
    judges: Judges,
    style: Style,
    streams: &mut Streams<'_>,
) -> engine::Result<(Tested, String)> {
    let folder = Folder::new(args.keep.as_deref())?;
    let (sampled, _server) = match args.takes_samples() {
        true => sampled(&mut request, folder.path(), args)?,
        false => (StandIns::default(), None),
    };
    let output = folder.path().join("media.img");
    request.output = Some(output.clone());
    let stop = streams.stop.clone();
    let mut sink = streams.sink(style);
    let plan = engine::prepare(&request, &mut sink, &stop)?;
    let verify = engine::Verify::Quick;
    let options = BuildOptions { output: output.clone(), verify, threads: request.threads };
    engine::build(&plan, &options, &mut sink, &stop)?;
    let tested = engine::test(&plan, &output, judges, &mut sink, &stop)?;
    Ok((tested, about(&sampled, args.keep.as_deref().map(|_| output.as_path()))))
}

/// Gives a request samples for the inputs that it lacks, and starts the server
/// that has the catalog's.
fn sampled(
    request: &mut Request,
    folder: &Path,
    args: &Test,
) -> engine::Result<(StandIns, Option<Server>)> {
    let refused = |error: Error| Problem::ours("the sample cannot be made").because(error);
    let recipe = load::recipe_with(&request.recipe, &request.supplies)?;
    let samples = folder.join("samples");
    fs::create_dir_all(&samples).map_err(|error| Problem::writing(&samples, &error))?;
    let (given, release) = (&request.inputs, args.release.as_deref());
    let mut made = engine::stand_ins(&recipe, given, release, &samples, request.threads)?;
    // A catalog that is given has the package, too.
    let known = |catalog: &str| args.job.making.catalog.iter().any(|pair| pair.name == catalog);
    let entries =
        recipe.inputs.iter().filter_map(|input| Some((&input.name, input.entry.as_ref()?)));
    for (name, _) in entries.filter(|(_, entry)| known(&entry.catalog)) {
        made.served.retain(|served| served != name);
    }
    request.inputs.extend(made.inputs.iter().cloned());
    // Only here: samples are signed by a chain that nobody else trusts.
    request.supplies.anchors = sample::anchors().map_err(refused)?;
    let network = &args.job.making.network;
    if made.served.is_empty() || network.mirror.is_some() {
        return Ok((made, None));
    }
    let site = sample::lion_server().map_err(refused)?;
    let server = Server::of(site).map_err(|error| {
        let sentence = "the samples' server cannot be started";
        Problem::new(ProblemKind::Network, sentence).because(error)
    })?;
    request.supplies.mirror = Some(server.url(""));
    // It is on this computer, and all that is fetched then comes from it.
    request.supplies.offline = false;
    request.supplies.store = Some(folder.join("store"));
    Ok((made, Some(server)))
}

/// What the media were made of, and where they are.
fn about(sampled: &StandIns, kept: Option<&Path>) -> String {
    let mut text = match sampled {
        StandIns { inputs, served, .. } if inputs.is_empty() && served.is_empty() => {
            "media built from the inputs given".to_owned()
        }
        StandIns { inputs, served, .. } => {
            let names = inputs.iter().map(|(name, _)| name).chain(served);
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            format!("media built from shape samples in place of {}", names.join(", "))
        }
    };
    if let Some(path) = kept {
        text += &format!(", kept as {}", path.display());
    }
    text
}

/// Where a build goes.
enum Folder {
    Kept(PathBuf),
    Fleeting(tempfile::TempDir),
}

impl Folder {
    fn new(keep: Option<&Path>) -> engine::Result<Self> {
        match keep {
            Some(path) => {
                fs::create_dir_all(path).map_err(|error| Problem::writing(path, &error))?;
                Ok(Self::Kept(path.to_owned()))
            }
            None => {
                let made = tempfile::Builder::new().prefix("lionize-test-").tempdir();
                let place = std::env::temp_dir();
                made.map(Self::Fleeting).map_err(|error| Problem::writing(&place, &error))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Fleeting(folder) => folder.path(),
        }
    }
}
