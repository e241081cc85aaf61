//! From a request to a plan: opens, learns, applies, lays out; writes nothing.

use crate::engine::build::threads;
use crate::engine::changes::Watched;
use crate::engine::events::{Event, Sink, Stage, Stop};
use crate::engine::facts::Facts;
use crate::engine::identity::{self, Identity, Sector};
use crate::engine::inner::{self, Packing};
use crate::engine::inputs::{self, Inputs, Opened, Search};
use crate::engine::job::{Contents, Job};
use crate::engine::layout;
use crate::engine::load;
use crate::engine::lock::Lock;
use crate::engine::mac::Suited;
use crate::engine::packages::Part;
use crate::engine::plan::Plan;
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::request::Request;
use crate::engine::shelf;
use crate::engine::steps;
use crate::engine::supply::Supply;
use crate::engine::trust::Judge;
use crate::engine::waiting::Waiting;
use crate::recipe::{Action, FixUse, Position, Recipe, Step};
use crate::volume::{Case, Name, Tree, VPath, fat};
use std::sync::{Arc, OnceLock};

/// A step that was done, or why it was not.
pub(super) struct Done {
    pub(super) title: String,
    pub(super) skipped: Option<String>,
    /// What it did or found, when there is more to say than its title.
    pub(super) told: Vec<String>,
}

/// What can be said of a request before anything is fetched.
pub enum Outlook {
    /// All inputs are at hand.
    Ready(Box<Plan>),
    /// Some are still to be fetched.
    Waiting(Waiting),
}

/// Fetches what is missing, opens the inputs, applies the recipe and lays out
/// the disk; writes nothing but the store.
///
/// # Errors
/// A [`Problem`] that says what to do.
pub fn prepare(request: &Request, sink: &mut dyn Sink, stop: &Stop) -> Result<Plan> {
    match look(request, true, sink, stop)? {
        Outlook::Ready(plan) => Ok(*plan),
        Outlook::Waiting(_) => Err(Problem::ours("an input is missing that was fetched")),
    }
}

/// The same without fetching any input: with the plan, if they are at hand.
///
/// # Errors
/// As [`prepare`].
pub fn foresee(request: &Request, sink: &mut dyn Sink, stop: &Stop) -> Result<Outlook> {
    look(request, false, sink, stop)
}

/// Applies a recipe to an empty tree, for a package: what was made, the fixes
/// in it, and its date in seconds since 1970.
pub(super) fn pack(request: &Request, sink: &mut dyn Sink, stop: &Stop) -> Result<Packed> {
    let recipe = load::recipe_with(&request.recipe, &request.supplies)?;
    if let Some(step) = recipe.steps.iter().find(|step| makes_volume(&step.action)) {
        let sentence = format!("the recipe `{}` makes a volume, and no package", recipe.name);
        return Err(Problem::usage(sentence)
            .because(format!("{} restores or blesses one", step.at))
            .hint("a package holds what other steps put into it, and fixes"));
    }
    let mut facts = Facts::default();
    for (name, value) in load::params(&recipe, &request.params)? {
        facts.set("params", &name, value);
    }
    let progress = Progress::new(sink);
    progress.start(Stage::Read, "the inputs", 0);
    let mut supply = Supply::new(&request.supplies, &progress, stop);
    let judge = &Judge::new(&request.supplies, request.date, threads(request.threads))?;
    let supply = &mut supply;
    let mut search = Search { recipe: &recipe, request, lock: None, supply, judge, fetch: true };
    let Opened { inputs, .. } = inputs::open(&mut search, &mut facts)?;
    let date = request.date.unwrap_or_else(|| identity::newest(&inputs));
    let date = identity::hfs_date(date);
    let empty = Tree::new(Name::from_text("Payload"), Case::Folded, date);
    let mut job = Job::new(Arc::new(empty), date, &inputs);
    job.parts = Some(Vec::new());
    let packing = Packing { threads: threads(request.threads), stop, progress: &progress };
    let steps = do_all(&recipe, &facts, &inputs, &mut job, &packing, None)?;
    progress.finish(Stage::Read);
    warn(&inputs, &progress);
    let parts = job.parts.take().unwrap_or_default();
    let payload = job.tree()?.clone();
    Ok(Packed { name: recipe.name, title: recipe.title, payload, parts, steps, date })
}

/// What a recipe made of an empty tree.
pub(super) struct Packed {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) payload: Tree,
    /// Its fixes.
    pub(super) parts: Vec<Part>,
    pub(super) steps: Vec<Done>,
    /// As HFS+ counts.
    pub(super) date: u32,
}

const fn makes_volume(action: &Action) -> bool {
    matches!(
        action,
        Action::Restore { .. }
            | Action::Bless { .. }
            | Action::Label { .. }
            | Action::Collection { .. }
    )
}

fn look(request: &Request, fetch: bool, sink: &mut dyn Sink, stop: &Stop) -> Result<Outlook> {
    if let Some(text) = shelf::shadowing(&request.recipe) {
        sink.send(Event::Warned { text });
    }
    let mut recipe = load::recipe_with(&request.recipe, &request.supplies)?;
    recipe.steps.extend(request.fixes.iter().map(asked_for));
    let sector = Sector(recipe.media.sector);
    recipe.media.sector = request.target_sector.unwrap_or(sector.0);
    let mut facts = Facts::default();
    let params = load::params(&recipe, &request.params)?;
    for (name, value) in &params {
        facts.set("params", name, value.clone());
    }
    let lock = request.locked.as_deref().map(Lock::read).transpose()?;
    if let Some(lock) = &lock {
        lock.check_recipe(&sector.of(&recipe), &shown(&recipe, params.clone()))?;
    }
    let progress = Progress::new(sink);
    progress.start(Stage::Read, "the inputs", 0);
    let mut supply = Supply::new(&request.supplies, &progress, stop);
    let judge = &Judge::new(&request.supplies, request.date, threads(request.threads))?;
    let (lock_file, supply) = (lock.as_ref(), &mut supply);
    let mut search = Search { recipe: &recipe, request, lock: lock_file, supply, judge, fetch };
    let Opened { inputs, missing } = inputs::open(&mut search, &mut facts)?;
    let store = search.supply.opened();
    if !missing.is_empty() {
        progress.finish(Stage::Read);
        let mac = request.mac.as_ref().map(|mac| Suited::judge(mac, None, &inputs)).transpose()?;
        let waiting = Waiting::new(&recipe, &params, &facts, &inputs, missing);
        return Ok(Outlook::Waiting(waiting.with_mac(mac.as_ref())));
    }
    let locked = lock.as_ref().map(|lock| lock.date);
    let date = locked.or(request.date).unwrap_or_else(|| identity::newest(&inputs));
    let packing = Packing { threads: threads(request.threads), stop, progress: &progress };
    let mut watched = request.changes.then(Watched::default);
    let Applied { contents, steps, efi, notes: more } =
        apply(&recipe, &facts, &inputs, identity::hfs_date(date), &packing, watched.as_mut())?;
    let changes = match &contents {
        Contents::Tree(tree) => watched.and_then(|watched| watched.changes(tree)),
        Contents::Verbatim(_) => None,
    };
    let mac = request.mac.as_ref().map(|mac| {
        let tree = match &contents {
            Contents::Tree(tree) => Some(&**tree),
            Contents::Verbatim(_) => None,
        };
        Suited::judge(mac, tree, &inputs)
    });
    let mac = mac.transpose()?;
    progress.finish(Stage::Read);
    warn(&inputs, &progress);

    progress.start(Stage::LayOut, "", 0);
    let identity = Identity::new(&recipe, &params, &inputs, request, sector, date);
    let identity = identity.map_err(|error| Problem::reading("an input", error))?;
    let laid = layout::lay_out(&recipe, &facts, contents, efi, request, &identity)?;
    progress.finish(Stage::LayOut);
    let notes = recipe.notes.iter().map(|note| facts.fill_known(note)).chain(more).collect();
    let params = shown(&recipe, params);
    let identified = OnceLock::new();
    let plan = Plan {
        recipe,
        params,
        facts,
        notes,
        steps,
        changes,
        inputs,
        laid,
        mac,
        identity,
        lock,
        identified,
        _store: store,
    };
    progress.send(Event::Planned { bytes: plan.bytes() });
    Ok(Outlook::Ready(Box::new(plan)))
}

/// Params as plans and manifests tell them: without secrets.
fn shown(recipe: &Recipe, params: Vec<(String, String)>) -> Vec<(String, String)> {
    let secret = |name: &str| recipe.params.iter().any(|param| param.secret && param.name == name);
    let shown = params.into_iter().map(|(name, value)| match secret(&name) {
        true => (name, "(not shown)".to_owned()),
        false => (name, value),
    });
    shown.collect()
}

/// The place of a step that stands in no recipe.
const ASKED_FOR: &str = "asked for";

/// A fix that was asked for beside the recipe, as a step.
fn asked_for(used: &FixUse) -> Step {
    let at = Position { file: ASKED_FOR.to_owned(), line: 1, column: 1 };
    Step {
        action: Action::Fix(used.clone()),
        within: None,
        when: None,
        shape: None,
        each: None,
        at,
    }
}

/// Tells what was repaired in memory to read the inputs.
fn warn(inputs: &Inputs, progress: &Progress<'_>) {
    for input in &inputs.0 {
        for text in &input.notes {
            progress.warn(format!("{}: {text}", input.describe()));
        }
    }
}

/// What the steps made.
struct Applied {
    contents: Contents,
    steps: Vec<Done>,
    efi: Vec<fat::File>,
    notes: Vec<String>,
}

/// Applies all steps to an empty volume.
fn apply(
    recipe: &Recipe,
    facts: &Facts,
    inputs: &Inputs,
    date: u32,
    packing: &Packing<'_, '_>,
    watched: Option<&mut Watched>,
) -> Result<Applied> {
    let case = if recipe.media.volume.case_sensitive == Some(true) {
        Case::Sensitive
    } else {
        Case::Folded
    };
    let empty = Tree::new(Name::from_text("Untitled"), case, date);
    let mut job = Job::new(Arc::new(empty), date, inputs);
    let steps = do_all(recipe, facts, inputs, &mut job, packing, watched)?;
    finish(recipe, facts, &mut job)?;
    let efi = layout::efi_files(recipe, inputs)?;
    Ok(Applied { contents: job.contents, steps, efi, notes: job.notes })
}

/// Does the steps, one after the other.
fn do_all(
    recipe: &Recipe,
    facts: &Facts,
    inputs: &Inputs,
    job: &mut Job<'_>,
    packing: &Packing<'_, '_>,
    mut watched: Option<&mut Watched>,
) -> Result<Vec<Done>> {
    let mut steps: Vec<Done> = Vec::new();
    let mut image = None;
    for (number, step) in (1..).zip(&recipe.steps) {
        if packing.stop.raised() {
            return Err(Problem::interrupted());
        }
        let within = |problem: Problem| failed(number, step, problem);
        if !facts.hold(step.when.as_ref()) {
            steps.push(skipped(&step.action, facts, step.when.as_ref().map(ToString::to_string)));
            continue;
        }
        let to = step.within.as_deref().map(|path| facts.path(path)).transpose().map_err(within)?;
        let told = inner::switch(&mut image, to, job, packing).map_err(within)?;
        tell(&mut steps, told);
        if let Some(shape) = &step.shape
            && !steps::has_shape(job, shape, facts).map_err(within)?
        {
            let why = format!("{} does not look like that", shape.path);
            steps.push(skipped(&step.action, facts, Some(why)));
            continue;
        }
        let resolved = steps::resolve(&step.action, facts).map_err(within)?;
        if let Some(input) = resolved.input().filter(|name| inputs.get(name).is_none()) {
            let title = resolved.title();
            let skipped = Some(format!("`{input}` is not given"));
            steps.push(Done { title, skipped, told: Vec::new() });
            continue;
        }
        log::debug!("step {number}: {}", resolved.title());
        resolved.apply(job).map_err(within)?;
        // What is done inside an image counts when the image is put back.
        if step.within.is_none()
            && let (Some(watched), Contents::Tree(tree)) = (&mut watched, &job.contents)
        {
            let restored = matches!(step.action, Action::Restore { .. });
            watched.step(number, &resolved.title(), tree, restored);
        }
        let told = std::mem::take(&mut job.told);
        let place = step.within.as_ref().map(|path| format!("in {}: ", facts.fill_known(path)));
        let title = place.unwrap_or_default() + &resolved.title();
        steps.push(Done { title, skipped: None, told });
    }
    let told = inner::switch(&mut image, None, job, packing)?;
    tell(&mut steps, told);
    Ok(steps)
}

/// Adds to what the last step did.
fn tell(steps: &mut [Done], told: Option<String>) {
    if let (Some(last), Some(told)) = (steps.last_mut(), told) {
        last.told.push(told);
    }
}

fn skipped(action: &Action, facts: &Facts, why: Option<String>) -> Done {
    let title = steps::resolve(action, facts).map(|step| step.title());
    let title = title.unwrap_or_else(|_| "a step".to_owned());
    Done { title, skipped: Some(why.unwrap_or_default()), told: Vec::new() }
}

/// A step's problem, with the step and its place.
fn failed(number: usize, step: &crate::recipe::Step, problem: Problem) -> Problem {
    let sentence = match &step.action {
        Action::Fix(used) if step.at.file == ASKED_FOR => {
            format!("the fix `{}`, which was asked for, failed", used.fix.id)
        }
        _ => format!("step {number} ({}) failed", step.at),
    };
    let mut outer = Problem::new(problem.kind, sentence);
    outer.causes.push(problem.sentence);
    outer.causes.extend(problem.causes);
    outer.hint = problem.hint;
    outer
}

/// What `[media.volume]` says of the tree: name, case, blessing.
fn finish(recipe: &Recipe, facts: &Facts, job: &mut Job<'_>) -> Result<()> {
    let volume = &recipe.media.volume;
    if let Some(name) = &volume.name {
        steps::label(facts.fill(name)?).apply(job)?;
    }
    if let Some(sensitive) = volume.case_sensitive {
        let case = if sensitive { Case::Sensitive } else { Case::Folded };
        let set = job.tree_mut()?.set_case(case);
        set.map_err(|error| job.refused(&VPath::default(), &error))?;
    }
    if let Some(file) = &volume.bless {
        let file = facts.path(file)?;
        steps::bless(job, None, &file)?;
    }
    Ok(())
}
