//! `boots = true`: the media started in a machine, through a loader that has an
//! HFS+ reader of its own. A probe stands in for `boot.efi`: it proves that such
//! a reader finds and starts what a Mac would start, and nothing of what follows.

use crate::block::Source;
use crate::engine::events::{Stage, Stop};
use crate::engine::problem::Result;
use crate::engine::progress::Progress;
use crate::engine::testing::Verdict;
use crate::vm::{self, FailureKind, Host, Loader, Options};
use std::time::Duration;

/// How long a machine may live: a computer may have much else to do.
const LIMIT: Duration = Duration::from_secs(180);

/// Starts media through the first loader that is here; `vm check` takes all.
pub(super) fn judge(
    disk: &Source,
    progress: &Progress<'_>,
    stop: &Stop,
) -> Result<(Verdict, Vec<&'static str>)> {
    let host = Host::here();
    let loader = Loader::ALL.into_iter().find(|loader| loader.find(&host).is_ok());
    let options = Options { loader, limit: LIMIT, ..Options::new(host) };
    let mut tell = |what: &str| progress.start(Stage::Verify, what, 0);
    let checked = match vm::check(disk, &options, &stop.flag(), &mut tell) {
        Ok(checked) => checked,
        Err(failure) if failure.kind == FailureKind::Missing => {
            let causes = failure.causes.into_iter();
            let why = causes.fold(failure.sentence, |why, cause| why + ": " + &cause);
            return Ok((Verdict::NotRun(why), Vec::new()));
        }
        Err(failure) => return Err(failure.into()),
    };
    let judges = checked.trials.iter().map(|trial| trial.loader.name()).collect();
    let failed = checked.trials.iter().find(|trial| trial.verdict != vm::Verdict::Boots);
    let verdict = failed.map_or(Verdict::Passed, |trial| Verdict::Failed {
        by: trial.loader.name(),
        wanted: "a start".to_owned(),
        found: trial.verdict.to_string(),
    });
    Ok((verdict, judges))
}
