//! `package build`: a package for an installer, or for a Mac that runs.

use crate::block::Reader;
use crate::cli::args::package::{BuildPackage, Package, When};
use crate::cli::args::{Job, Making, Pair};
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, fixes as fix_command, job};
use crate::engine::{self, MadePackage, Packing, Problem, Stop, fixes};
use crate::format::xar::{Style as Checksum, hex};
use crate::recipe::{Delivery, builtin, fixes as built_in};
use crate::report::count;
use serde_json::json;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Bytes copied at a time.
const PIECE: usize = 256 << 10;

pub(super) fn run(command: &Package, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Package::Build(args) => build(args, style, streams),
    }
}

fn build(args: &BuildPackage, style: Style, streams: &mut Streams<'_>) -> Outcome {
    for pair in &args.input {
        let (a, b) = (args.output.canonicalize(), Path::new(&pair.value).canonicalize());
        if matches!((a, b), (Ok(a), Ok(b)) if a == b) {
            let sentence = format!("the output {} is one of the inputs", args.output.display());
            return Err(Problem::usage(sentence).hint("give another name with --output").into());
        }
    }
    let made = match recipe(&args.names)? {
        Some(recipe) => of_recipe(recipe, args, style, streams)?,
        None => of_fixes(args, &streams.stop)?,
    };
    let sha256 = store(&made, &args.output)?;
    let (output, bytes) = (args.output.display().to_string(), made.source.len());
    let json = json!({
        "result": "packaged",
        "output": output,
        "bytes": bytes,
        "sha256": sha256,
        "components": made.components,
        "did": made.did,
    });
    let text = format!("packaged {output}\n  {}, SHA-256 {sha256}\n", count(bytes, "byte"))
        + &job::list("components:", &made.components)
        + &job::list("did:", &made.did);
    streams.told(style, &text, &json)
}

/// The one recipe among the names; else all are fixes.
fn recipe(names: &[String]) -> engine::Result<Option<&str>> {
    let is_recipe = |name: &&String| {
        let is_file = name.contains('/') || name.ends_with(".toml");
        // A fix has an id, and a recipe none.
        let has_id = || {
            let text = std::fs::read_to_string(name.as_str()).unwrap_or_default();
            // Keys of the whole file stand before its first table.
            let mut lines = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
            lines.any(|line| line.split_once('=').is_some_and(|(key, _)| key.trim() == "id"))
        };
        match is_file {
            true => Path::new(name.as_str()).exists() && !has_id(),
            false => built_in::text(name).is_none() && builtin::text(name).is_some(),
        }
    };
    match names.iter().find(is_recipe) {
        Some(name) if names.len() > 1 => {
            let sentence =
                format!("`{name}` is a recipe, and a package is made of one recipe alone");
            Err(Problem::usage(sentence).hint("name fixes in the recipe's own steps"))
        }
        found => Ok(found.map(String::as_str)),
    }
}

fn of_fixes(args: &BuildPackage, stop: &Stop) -> engine::Result<MadePackage> {
    if let Some(Pair { name, .. }) = args.input.first() {
        let sentence = format!("fixes have no input `{name}`");
        return Err(Problem::usage(sentence).because("only recipes have inputs"));
    }
    let wanted = fixes::wanted(&args.names, &fix_command::values(&args.names, &args.set, stop)?)?;
    let way = match args.deliver {
        When::Install => Delivery::Install,
        When::FirstBoot => Delivery::FirstBoot,
    };
    let (force, component, date) = (args.force, args.component, job::source_date()?);
    engine::fix_package(&wanted, &Packing { way, force, component, date })
}

fn of_recipe(
    recipe: &str,
    args: &BuildPackage,
    style: Style,
    streams: &mut Streams<'_>,
) -> engine::Result<MadePackage> {
    if args.force || args.deliver != When::Install {
        let problem = Problem::usage("--force and --deliver are for fixes alone");
        return Err(problem.hint("say `force` and `deliver` in the recipe's `fix` steps"));
    }
    let job = Job {
        recipe: recipe.to_owned(),
        making: Making {
            input: args.input.clone(),
            set: args.set.clone(),
            catalog: args.catalog.clone(),
            network: args.network.clone(),
            ..Making::default()
        },
        locked: None,
    };
    let request = job::request(&job, None, &streams.stop)?;
    let stop = streams.stop.clone();
    engine::recipe_package(&request, args.component, &mut streams.sink(style), &stop)
}

/// Writes the package beside its name, then gives it that; its digest.
fn store(made: &MadePackage, output: &Path) -> engine::Result<String> {
    let fail = |error: io::Error| Problem::writing(output, &error);
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = job::temporary(folder.unwrap_or(Path::new("."))).map_err(fail)?;
    #[cfg(unix)]
    if made.secret {
        let owners = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        file.as_file().set_permissions(owners).map_err(fail)?;
    }
    let unknown = || Problem::ours("SHA-256 cannot be made");
    let mut hasher = Checksum::Sha256.hasher().ok_or_else(unknown)?;
    let (mut reader, mut piece) = (Reader::new(Arc::clone(&made.source)), vec![0; PIECE]);
    loop {
        let read = reader.read(&mut piece);
        let n = read.map_err(|error| Problem::reading("the package", error.into()))?;
        if n == 0 {
            break;
        }
        hasher.update(&piece[..n]);
        file.write_all(&piece[..n]).map_err(fail)?;
    }
    file.persist(output).map_err(|error| fail(error.error))?;
    Ok(hex(&hasher.finish()))
}
