//! `vm guest`: a volume, as the Linux kernel's driver reads it.

use crate::cli::Outcome;
use crate::cli::args::vm::Guest;
use crate::cli::job::list;
use crate::cli::streams::{Streams, Style};
use crate::engine::{self, Compared, GuestOptions, Problem, ProblemKind};
use crate::source::store;
use crate::vm::Host;
use crate::vm::guest::Parts;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a guest may run when nobody says.
const LIMIT: u32 = 600;

/// `lionize vm guest`.
pub(super) fn run(args: &Guest, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let cache = store::place(args.store.as_deref()).map_err(Problem::from)?.join("vm");
    let parts = Parts { kernel: args.kernel.clone(), busybox: args.busybox.clone(), cache };
    let options = GuestOptions {
        parts,
        wish: args.accel.wish(),
        limit: Duration::from_secs(args.limit.unwrap_or(LIMIT).into()),
        host: Host::here(),
    };
    let stop = streams.stop.clone();
    let found = engine::guest(&args.image, &options, &mut streams.sink(style), &stop)?;
    let name = args.image.display().to_string();
    let json = object(&found);
    if found.faults.is_empty() {
        return streams.told(style, &text(&name, &found), &json);
    }
    let sentence = format!("{name} is not what the kernel's driver reads");
    let mut problem = Problem::new(ProblemKind::Verification, sentence);
    problem.causes = found.faults;
    Err(crate::cli::problem::Failure::Partly(Box::new((problem, json))))
}

fn text(name: &str, found: &Compared) -> String {
    let proofs = list("proven:", &found.proofs);
    format!("the driver agrees on {name}\n{proofs}{}", list("not proven:", &found.unproven))
}

fn object(found: &Compared) -> Value {
    json!({
        "result": "compared",
        "kernel": found.kernel,
        "accel": found.accel.word(),
        "names": found.names,
        "files": found.files,
        "bytes": found.bytes,
        "proofs": found.proofs,
        "unproven": found.unproven,
        "faults": found.faults,
    })
}
