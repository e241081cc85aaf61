//! `fix = "ID"`: a fix's steps, where they are needed and only on the systems
//! that it is made for; or a package that does them in the installed system.

use crate::engine::facts::Facts;
use crate::engine::fixes::{self, Wanted};
use crate::engine::job::Job;
use crate::engine::packages;
use crate::engine::problem::{Problem, Result};
use crate::engine::secret;
use crate::engine::steps::collection::Installer;
use crate::engine::steps::deliver;
use crate::engine::steps::plist::has_shape;
use crate::engine::steps::{Effect, Step, resolve};
use crate::recipe::{Delivery, FixUse};
use crate::source::server_version;

#[derive(Debug)]
pub(super) struct Apply {
    used: FixUse,
    /// The values of its params, as they were given.
    set: Vec<(String, String)>,
    facts: Facts,
}

impl Apply {
    pub(super) fn resolve(used: &FixUse, facts: &Facts) -> Result<Self> {
        let fill = |(name, value): &(String, String)| Ok((name.clone(), facts.fill(value)?));
        let set = used.params.iter().map(fill).collect::<Result<Vec<_>>>()?;
        let facts = fixes::facts(&used.fix, &set)?;
        Ok(Self { used: used.clone(), set, facts })
    }

    /// Which secrets become other bytes each time, though the plan is the same.
    fn salted(&self) -> impl Iterator<Item = String> {
        let is_secret = |name: &str| {
            self.used.fix.params.iter().any(|param| param.secret && param.name == name)
        };
        let clear =
            self.set.iter().filter(move |(name, value)| is_secret(name) && secret::is_clear(value));
        clear.map(|(name, _)| {
            format!(
                "the hash of `{name}` has a new salt each time, and so the same plan other \
                 bytes: give the hash itself where they must be the same"
            )
        })
    }

    /// How it reaches the system: as the recipe says, or else by a package
    /// where the volume is an installer's and the fix can be one.
    fn way(&self, job: &Job<'_>) -> Result<Delivery> {
        if let Some(way) = self.used.deliver {
            return Ok(way);
        }
        Ok(self.used.fix.way(Installer::folder(job)?.is_some()))
    }

    /// Learns what system the volume holds, and refuses what the fix is not for.
    fn gate(&self, job: &Job<'_>, facts: &mut Facts) -> Result<()> {
        let tree = job.tree()?;
        let system = deliver::learn(job, facts)?;
        if self.used.force {
            return Ok(());
        }
        let version = system.map(|system| system.version);
        fixes::gate(&self.used.fix, version.as_deref(), server_version(tree).as_deref())
    }

    /// Why nothing is to be done, when that is so.
    fn skip(&self, job: &Job<'_>, facts: &Facts) -> Result<Option<&str>> {
        for skip in &self.used.fix.skip {
            if has_shape(job, &skip.shape, facts)? {
                return Ok(Some(&skip.because));
            }
        }
        Ok(None)
    }

    fn steps(&self, job: &mut Job<'_>, facts: &Facts) -> Result<Found> {
        let mut found = Found::default();
        for step in &self.used.fix.steps {
            let shaped = match &step.shape {
                Some(shape) => has_shape(job, shape, facts)?,
                None => true,
            };
            if !shaped || !facts.hold(step.when.as_ref()) {
                continue;
            }
            for facts in fixes::each(step, facts) {
                let resolved = resolve(&step.action, &facts)?;
                match resolved.effect(job)? {
                    Effect::Changed => found.changed.push(resolved.title()),
                    Effect::Already => found.already = true,
                    Effect::Missing(why) => found.missing.push(why),
                    Effect::Later => {}
                }
            }
        }
        Ok(found)
    }

    /// Puts the fix into the package that is being made.
    fn pack(&self, job: &mut Job<'_>) -> Result<Effect> {
        let fix = &self.used.fix;
        fixes::conflict(&job.fixes, fix)?;
        let way = self.used.deliver.unwrap_or(Delivery::Install);
        if way == Delivery::Volume || !fix.deliveries.contains(&way) {
            return Err(self.unreachable(if way == Delivery::Volume {
                Delivery::Install
            } else {
                way
            }));
        }
        let wanted: Wanted = ((**fix).clone(), self.set.clone());
        let date = job.date.saturating_sub(packages::EPOCH_1904);
        job.fixes.push((fix.id.clone(), fix.conflicts.clone()));
        let parts = job.parts.get_or_insert_default();
        let name = packages::free_name(&fix.id, parts);
        parts.push(packages::of_fix(&wanted, &name, way, self.used.force, date)?);
        Ok(Effect::Changed)
    }

    /// The problem of a way that is none of the fix's.
    fn unreachable(&self, way: Delivery) -> Problem {
        let fix = &self.used.fix;
        let ways: Vec<_> = fix.deliveries.iter().map(|way| way.word()).collect();
        let what = match way {
            Delivery::Volume => "be made in a volume".to_owned(),
            way => format!("be delivered by `{}`", way.word()),
        };
        Problem::bad_input(format!("the fix `{}` cannot {what}", fix.id))
            .because(format!("it reaches a system by: {}", ways.join(", ")))
            .hint(format!("on the Mac, run what `lionize fix script {}` prints", fix.id))
    }

    fn tell(&self, job: &mut Job<'_>, text: &str) {
        job.told.push(format!("{}: {text}", self.used.fix.id));
    }
}

#[derive(Default)]
struct Found {
    changed: Vec<String>,
    already: bool,
    missing: Vec<String>,
}

impl Step for Apply {
    fn title(&self) -> String {
        format!("fix {}: {}", self.used.fix.id, self.used.fix.title)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let fix = &self.used.fix;
        let mut facts = self.facts.clone();
        job.notes.extend(fix.notes.iter().map(|note| facts.fill_known(note)));
        job.notes.extend(self.salted());
        if fix.steps.is_empty() {
            return Ok(Effect::Already);
        }
        if job.parts.is_some() {
            return self.pack(job);
        }
        let way = self.way(job)?;
        if !fix.deliveries.contains(&way) {
            return Err(self.unreachable(way));
        }
        if way != Delivery::Volume {
            let wanted: Wanted = ((*self.used.fix).clone(), self.set.clone());
            return deliver::by_package(job, &wanted, &self.facts, way, self.used.force);
        }
        fixes::conflict(&job.fixes, fix)?;
        self.gate(job, &mut facts)?;
        job.fixes.push((fix.id.clone(), fix.conflicts.clone()));
        if let Some(because) = self.skip(job, &facts)? {
            self.tell(job, &format!("nothing to do: {because}"));
            return Ok(Effect::Already);
        }
        let found = self.steps(job, &facts)?;
        for missing in &found.missing {
            self.tell(job, missing);
        }
        for changed in &found.changed {
            self.tell(job, changed);
        }
        Ok(match (found.changed.is_empty(), found.already) {
            (false, _) => Effect::Changed,
            (true, true) => {
                self.tell(job, "it was applied before: nothing is to be done");
                Effect::Already
            }
            (true, false) => Effect::Missing(match found.missing.first() {
                Some(first) => first.clone(),
                None => "no file has the shape that it changes".to_owned(),
            }),
        })
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        match self.effect(job)? {
            Effect::Missing(why) if !self.used.optional => {
                let sentence = format!("the fix `{}` finds nothing to change", self.used.fix.id);
                Err(Problem::bad_input(sentence)
                    .because(why)
                    .hint("in a recipe, `optional = true` lets it find nothing"))
            }
            Effect::Missing(_) => {
                self.tell(job, "it found nothing to change");
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
