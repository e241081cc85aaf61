//! `fix list`, `fix show`, `fix script` and `fix apply`.

use crate::cli::args::{ApplyFixes, Fix as Command, Pair};
use crate::cli::disk::Terminal;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, job, schema, wizard};
use crate::engine::{self, BuildOptions, Problem, Request, Stop, fixes};
use crate::recipe::{self, Delivery, Fix, FixUse, Param, Reach, fixes as built_in, guards, reach};
use serde_json::json;

pub(super) fn run(command: &Command, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::List { version } => list(version.as_deref(), style, streams),
        Command::Show { fix, script: false, set: _ } => show(fix, style, streams),
        Command::Show { fix, script: true, set } => {
            script(std::slice::from_ref(fix), set, style, streams)
        }
        Command::Script { fixes, set } => script(fixes, set, style, streams),
        Command::Apply(args) => apply(args, style, streams),
        Command::Schema => schema::print(recipe::FIX_SCHEMA, style, streams),
    }
}

fn list(version: Option<&str>, style: Style, streams: &mut Streams<'_>) -> Outcome {
    if let Some(version) = version.filter(|version| reach(version, Delivery::OnDemand).is_none()) {
        let problem = Problem::usage(format!("`{version}` is no version of the system"));
        return Err(problem.hint("write one like 10.11 or 10.11.6").into());
    }
    let all = built_in::ids().map(fixes::fix).collect::<Result<Vec<_>, _>>()?;
    let applies = |fix: &&Fix| version.is_none_or(|version| fix.applies.to_system(version));
    let listed: Vec<_> = all.iter().filter(applies).collect();
    let width = listed.iter().map(|fix| fix.id.len()).max().unwrap_or(0);
    let about = |fix: &Fix| match version {
        Some(version) => ways(fix, version),
        None => fix.applies.words(),
    };
    let mut text = listed.iter().fold(String::new(), |text, fix| {
        text + &format!("{:width$}  {} ({})\n", fix.id, fix.title, about(fix))
    });
    text += &version.map_or_else(String::new, refusals);
    let object = |fix: &&Fix| {
        json!({
            "id": fix.id,
            "title": fix.title,
            "applies": fix.applies,
            "deliveries": fix.deliveries,
            "reach": version.map(|version| reaching(fix, version)),
        })
    };
    let json = json!({"result": "listed", "fixes": listed.iter().map(object).collect::<Vec<_>>()});
    streams.told(style, &text, &json)
}

/// The ways of a fix that a version of the system takes.
fn reaching(fix: &Fix, version: &str) -> Vec<&'static str> {
    let mut changed = fix.steps.iter().flat_map(|step| step.action.changed());
    let guarded = changed.any(|path| guards(version, path));
    let open = |way: &&Delivery| {
        let taken = !matches!(reach(version, **way), None | Some(Reach::No(_)));
        taken && !(guarded && **way == Delivery::FirstBoot)
    };
    fix.deliveries.iter().filter(open).map(|way| way.word()).collect()
}

fn ways(fix: &Fix, version: &str) -> String {
    match reaching(fix, version).as_slice() {
        [] => "in no way".to_owned(),
        ways => format!("by {}", ways.join(", ")),
    }
}

/// Why a version of the system does not take some ways, a line each.
fn refusals(version: &str) -> String {
    let mut text = String::new();
    for (word, way) in Delivery::ALL {
        match reach(version, way) {
            Some(Reach::No(why)) => text += &format!("{word}: {why}\n"),
            Some(Reach::ProductArchive) => {
                text += &format!("{word}: the installer takes product archives only\n");
            }
            _ => {}
        }
    }
    text
}

fn show(name: &str, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let text = fixes::text(name)?;
    let fix = fixes::parse(&text)?;
    streams.result(style, &text.text, &json!({"result": "shown", "fix": fix}))
}

/// The values of `--set`; `ask` for a secret is answered on the terminal.
pub(super) fn values(names: &[String], set: &[Pair], stop: &Stop) -> engine::Result<job::Values> {
    let mut values = set.iter().map(job::param).collect::<engine::Result<_>>()?;
    answer(names, &[], &mut values, stop)?;
    Ok(values)
}

/// Asks for the secrets, of these fixes and params, whose value is `ask`.
pub(super) fn answer(
    names: &[String],
    params: &[Param],
    values: &mut job::Values,
    stop: &Stop,
) -> engine::Result<()> {
    for (name, value) in values.iter_mut().filter(|(_, value)| value == ASK) {
        let bare = name.rsplit('.').next().unwrap_or(name);
        let fixes =
            names.iter().map(|name| fixes::fix(name)).collect::<engine::Result<Vec<_>>>()?;
        let mut params = params.iter().chain(fixes.iter().flat_map(|fix| &fix.params));
        if params.any(|param| param.secret && param.name == bare) {
            *value = ask(name, stop)?;
        }
    }
    Ok(())
}

/// The value of a secret that is asked for.
pub(super) const ASK: &str = "ask";

/// Asks for a password, twice and unseen, and gives its hashes.
fn ask(name: &str, stop: &Stop) -> engine::Result<String> {
    let cannot = || {
        Problem::usage(format!("cannot ask for `{name}`"))
            .hint("where there is no terminal, give env:NAME or a hash")
    };
    if !Terminal::is_there() {
        return Err(cannot().because("there is no terminal to ask on"));
    }
    let (first, again) = (format!("{name} (not shown)"), format!("{name}, again"));
    let read = move || {
        let prompt = dialoguer::Password::new().with_prompt(first);
        let prompt = prompt.with_confirmation(again, "these were not the same");
        prompt.interact().map_err(|dialoguer::Error::IO(error)| error)
    };
    let clear = wizard::unseen(stop, read).map_err(|error| cannot().because(error))?;
    engine::hash_password(&clear.ok_or_else(Problem::interrupted)?)
}

fn script(names: &[String], set: &[Pair], style: Style, streams: &mut Streams<'_>) -> Outcome {
    let wanted = fixes::wanted(names, &values(names, set, &streams.stop)?)?;
    let text = engine::script(&wanted)?;
    streams.result(style, &text, &json!({"result": "scripted", "script": text}))
}

fn apply(args: &ApplyFixes, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let wanted = fixes::wanted(&args.fixes, &values(&args.fixes, &args.set, &streams.stop)?)?;
    let used = wanted.into_iter().map(|(fix, params)| FixUse {
        id: fix.id.clone(),
        fix: Box::new(fix),
        params,
        optional: false,
        force: args.force,
        deliver: Some(Delivery::Volume),
    });
    let threads = args.threads.unwrap_or(0);
    let request = Request {
        recipe: "golden-image".to_owned(),
        inputs: vec![("image".to_owned(), args.to.clone())],
        fixes: used.collect(),
        output: Some(args.output.clone()),
        date: job::source_date()?,
        threads,
        ..Request::default()
    };
    let verify = job::proof_of_file(args.verify)?;
    let options = BuildOptions { output: args.output.clone(), verify, threads };
    let stop = streams.stop.clone();
    let mut sink = streams.sink(style);
    let plan = engine::prepare(&request, &mut sink, &stop)?;
    let built = engine::build(&plan, &options, &mut sink, &stop)?;
    drop(sink);
    let did: Vec<_> = plan.told().into_iter().map(str::to_owned).collect();
    let notes = plan.notes();
    let text = job::built_text(&built) + &job::list("did:", &did) + &job::list("notes:", notes);
    let mut json = job::built_json(&built);
    json["did"] = json!(did);
    json["notes"] = json!(notes);
    streams.told(style, &text, &json)
}
