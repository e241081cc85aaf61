//! `build`, `plan`, `lock` and `verify`: a job for the engine, its answer in words.

use crate::cli::args::{Build, HowMuch, Job, Kept, Lock, Making, Pair, Plan, Verify};
use crate::cli::problem::Failure;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, burn, fixes as fix_command};
use crate::engine::{
    self, Brief, BuildOptions, Built, Outlook, Problem, Request, Stop, Supplies, Verified,
};
use crate::recipe::FixUse;
use crate::report::{count, size};
use crate::source::trust::Anchors;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// `lionize build`.
pub(super) fn build(args: &Build, style: Style, streams: &mut Streams<'_>) -> Outcome {
    build_and_tell(args, style, streams).map(drop)
}

/// The same, and what is to be known of what was made.
pub(super) fn build_and_tell(
    args: &Build,
    style: Style,
    streams: &mut Streams<'_>,
) -> Result<Brief, Failure> {
    let request = request(&args.job, args.goal.output.clone(), &streams.stop)?;
    let threads = args.job.making.threads.unwrap_or(0);
    if let Some(device) = &args.goal.device {
        let verify = args.goal.verify.unwrap_or(HowMuch::Full).how();
        let how = burn::How { verify, threads };
        return burn::build(request, device, &args.goal.disk, how, style, streams);
    }
    let output = args.goal.output.clone().ok_or_else(burn::nowhere)?;
    let verify = proof_of_file(args.goal.verify.unwrap_or(HowMuch::Quick))?;
    let options = BuildOptions { output, verify, threads };
    let (built, brief) = make(&request, &options, style, streams)?;
    streams.told(style, &built_text(&built), &built_json(&built))?;
    Ok(brief)
}

/// How much is proven of a file, of which it can never be nothing.
pub(super) fn proof_of_file(how: HowMuch) -> engine::Result<engine::Verify> {
    match how.how() {
        engine::Verify::None => {
            Err(Problem::usage("files are always proven: `--verify none` is for disks"))
        }
        how => Ok(how),
    }
}

/// Plans and builds, telling how it goes.
pub(super) fn make(
    request: &Request,
    options: &BuildOptions,
    style: Style,
    streams: &mut Streams<'_>,
) -> engine::Result<(Built, Brief)> {
    let stop = streams.stop.clone();
    let mut sink = streams.sink(style);
    let plan = engine::prepare(request, &mut sink, &stop)?;
    plan.check_mac(&mut sink)?;
    let built = engine::build(&plan, options, &mut sink, &stop)?;
    Ok((built, Brief::of_plan(&plan)))
}

/// `lionize plan`.
pub(super) fn plan(args: &Plan, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let request =
        Request { changes: true, ..request(&args.job, args.output.clone(), &streams.stop)? };
    let stop = streams.stop.clone();
    let mut sink = streams.sink(style);
    let plan = match args.fetch {
        true => engine::prepare(&request, &mut sink, &stop)?,
        false => match engine::foresee(&request, &mut sink, &stop)? {
            Outlook::Ready(plan) => *plan,
            Outlook::Waiting(waiting) => {
                drop(sink);
                let json = json!({"result": "planned", "plan": waiting.json()});
                return streams.told(style, waiting.text(), &json);
            }
        },
    };
    let identified = plan.identify(&mut sink, &stop)?;
    drop(sink);
    let text = plan.text(identified);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let json = json!({"result": "planned", "plan": plan.json(identified)});
    streams.told(style, &format!("{text}{end}"), &json)
}

/// `lionize lock`.
pub(super) fn lock(args: &Lock, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let request = request(&args.job, None, &streams.stop)?;
    let stop = streams.stop.clone();
    let mut sink = streams.sink(style);
    let plan = engine::prepare(&request, &mut sink, &stop)?;
    let identified = plan.identify(&mut sink, &stop)?;
    let (text, id) = (plan.lock(identified)?, identified.id());
    drop(sink);
    let fail = |error: io::Error| Problem::writing(&args.output, &error);
    let folder = args.output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = temporary(folder.unwrap_or(Path::new("."))).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.persist(&args.output).map_err(|error| fail(error.error))?;
    let output = args.output.display().to_string();
    let json = json!({"result": "locked", "output": output, "plan": id});
    streams.told(style, &format!("locked {output}\n  plan {id}\n"), &json)
}

/// `lionize verify`.
pub(super) fn verify(args: &Verify, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let stop = streams.stop.clone();
    let threads = args.threads.unwrap_or(0);
    let found = engine::verify(&args.file, threads, &mut streams.sink(style), &stop)?;
    let name = args.file.display().to_string();
    if found.faults.is_empty() {
        return streams.told(style, &verified_text(&name, &found), &verified_json(&found));
    }
    let kind = engine::ProblemKind::Verification;
    let mut problem = Problem::new(kind, format!("{name} is not right"));
    problem.causes = found.faults;
    Err(problem.hint("make it again, or get it again").into())
}

pub(super) fn request(job: &Job, output: Option<PathBuf>, stop: &Stop) -> engine::Result<Request> {
    let making = &job.making;
    if let Some(pair) = making.input.iter().find(|pair| pair.value.is_empty()) {
        let problem = Problem::usage(format!("`--input {}=` has no path", pair.name));
        return Err(problem.hint("is a variable of the shell empty?"));
    }
    let inputs = making.input.iter().map(|pair| (pair.name.clone(), PathBuf::from(&pair.value)));
    let params = making.set.iter().map(param).collect::<engine::Result<_>>()?;
    let supplies = supplies(making)?;
    let (params, fixes) = fixes(job, params, &supplies, stop)?;
    Ok(Request {
        recipe: job.recipe.clone(),
        inputs: inputs.collect(),
        params,
        fixes,
        mac: making.mac.clone(),
        output,
        target_bytes: None,
        target_sector: None,
        date: source_date()?,
        threads: making.threads.unwrap_or(0),
        supplies,
        locked: job.locked.clone(),
        changes: false,
    })
}

/// Values by name.
pub(super) type Values = Vec<(String, String)>;

/// The values that are for the recipe, and the fixes with those for them.
fn fixes(
    job: &Job,
    mut set: Values,
    supplies: &Supplies,
    stop: &Stop,
) -> engine::Result<(Values, Vec<FixUse>)> {
    let names = &job.making.fix;
    let asks = set.iter().any(|(_, value)| value == fix_command::ASK);
    if names.is_empty() && !asks {
        return Ok((set, Vec::new()));
    }
    let recipe = engine::load::recipe_with(&job.recipe, supplies)?;
    fix_command::answer(names, &recipe.params, &mut set, stop)?;
    let is_recipes =
        |(name, _): &(String, String)| recipe.params.iter().any(|param| param.name == *name);
    let (params, others): (Vec<_>, Vec<_>) = set.into_iter().partition(is_recipes);
    let used = engine::fixes::wanted(names, &others)?.into_iter().map(|(fix, params)| FixUse {
        id: fix.id.clone(),
        fix: Box::new(fix),
        params,
        optional: false,
        force: false,
        deliver: None,
    });
    Ok((params, used.collect()))
}

/// Where inputs and recipes come from.
pub(super) fn supplies(making: &Making) -> engine::Result<Supplies> {
    let catalog = |pair: &Pair| {
        let place = pair.value.to_str().ok_or_else(|| {
            Problem::usage(format!("the place of `--catalog {}` is not Unicode text", pair.name))
        })?;
        Ok((pair.name.clone(), place.to_owned()))
    };
    Ok(Supplies {
        mirror: making.network.mirror.clone(),
        catalogs: making.catalog.iter().map(catalog).collect::<engine::Result<_>>()?,
        nearest: making.nearest,
        anchors: Anchors::default(),
        ..kept(&making.network.kept)
    })
}

/// Supplies out of a store, and perhaps nothing else.
pub(super) fn kept(kept: &Kept) -> Supplies {
    Supplies { store: kept.store.clone(), offline: kept.offline, ..Supplies::default() }
}

pub(super) fn param(pair: &Pair) -> engine::Result<(String, String)> {
    let value = pair.value.to_str().ok_or_else(|| {
        Problem::usage(format!("the value of `--set {}` is not Unicode text", pair.name))
    })?;
    Ok((pair.name.clone(), value.to_owned()))
}

/// `SOURCE_DATE_EPOCH`, as reproducible-builds.org specifies it.
pub(super) fn source_date() -> engine::Result<Option<u64>> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds.map(Some).ok_or_else(|| {
        let text = text.display();
        Problem::usage(format!("SOURCE_DATE_EPOCH is `{text}`, not seconds since 1970"))
            .hint("`date +%s` prints such a number, `git log -1 --format=%ct` a commit's")
    })
}

/// A file that vanishes unless it is named; once it is, who may read it is as
/// for any other new file.
pub(super) fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".lionize-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// A list under a heading; nothing when it is empty.
pub(super) fn list(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    lines.iter().fold(format!("{heading}\n"), |text, line| text + "  " + line + "\n")
}

/// What was built, for people.
pub(super) fn built_text(built: &Built) -> String {
    format!(
        "made {}\n  {}, {}\n  manifest {}\n  plan {}\n{}{}",
        built.output.display(),
        size(built.bytes),
        count(built.files, "entry"),
        built.manifest.display(),
        built.plan,
        list("proven:", &built.proofs),
        list("not proven:", &built.unproven),
    )
}

/// What was built, for programs.
pub(super) fn built_json(built: &Built) -> Value {
    json!({
        "result": "built",
        "output": built.output.display().to_string(),
        "manifest": built.manifest.display().to_string(),
        "plan": built.plan,
        "bytes": built.bytes,
        "files": built.files,
        "proofs": built.proofs,
        "unproven": built.unproven,
    })
}

fn verified_text(name: &str, found: &Verified) -> String {
    let proofs = list("proven:", &found.proofs);
    format!("{name} is right\n{proofs}{}", list("not proven:", &found.unproven))
}

fn verified_json(found: &Verified) -> Value {
    json!({
        "result": "verified",
        "proofs": found.proofs,
        "unproven": found.unproven,
        "faults": found.faults,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_told_whole() {
        let built = Built {
            output: "out.img".into(),
            manifest: "out.img.manifest.json".into(),
            plan: "c0ffee".into(),
            bytes: 2 << 20,
            files: 1,
            proofs: vec!["the volume is consistent".into()],
            unproven: Vec::new(),
        };
        assert_eq!(
            built_text(&built),
            "made out.img\n  2.0 MiB, 1 entry\n  manifest out.img.manifest.json\n  \
             plan c0ffee\nproven:\n  the volume is consistent\n"
        );
    }
}
