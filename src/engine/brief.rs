//! What a job comes to, in short: for those who decide whether it is done.

use crate::engine::plan::Plan;
use crate::engine::prepare::Outlook;
use crate::engine::recognise::Window;

/// What a plan said of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brief {
    /// Bytes of the disk that it makes, once all inputs are at hand.
    pub bytes: Option<u64>,
    /// What its steps do.
    pub steps: Vec<String>,
    /// Files that are fetched, and how long they are.
    pub fetch: Vec<(String, u64)>,
    /// When the signers of all inputs were valid, if that is over.
    pub clock: Option<Window>,
    /// What the recipe has to say.
    pub notes: Vec<String>,
}

impl Brief {
    /// Of a plan, or of what can be said before there is one.
    #[must_use]
    pub fn of(outlook: &Outlook) -> Self {
        match outlook {
            Outlook::Ready(plan) => Self::of_plan(plan),
            Outlook::Waiting(waiting) => waiting.brief().clone(),
        }
    }

    /// Of a plan.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        let done = plan.steps.iter().filter(|step| step.skipped.is_none());
        Self {
            bytes: Some(plan.bytes()),
            steps: done.map(|step| step.title.clone()).collect(),
            fetch: Vec::new(),
            clock: clock(plan),
            notes: plan.notes().to_vec(),
        }
    }
}

/// When all expired signers were valid at once.
fn clock(plan: &Plan) -> Option<Window> {
    let verdicts = plan.inputs.0.iter().filter_map(|input| input.verdict.as_ref());
    let expired = verdicts.flat_map(|verdict| &verdict.signers);
    let expired = expired.filter(|signer| signer.expired == Some(true));
    let windows = expired.filter_map(|signer| signer.window);
    let both = |one: Window, other: Window| (one.0.max(other.0), one.1.min(other.1));
    windows.reduce(both).filter(|(from, until)| from < until)
}
