//! `build --device`, `write` and `erase`: disks as the output.

use crate::block::Medium;
use crate::cli::Outcome;
use crate::cli::args::{Erase, Write};
use crate::cli::disk::{Chosen, Terminal, choose};
use crate::cli::job::list;
use crate::cli::problem::Failure;
use crate::cli::streams::{Streams, Style};
use crate::engine::{self, Brief, Burnt, Problem, Request, Sink, Verify};
use crate::report::size;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How a disk is written, besides which one.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) verify: Verify,
    pub(super) threads: usize,
}

/// `lionize build --device`.
pub(super) fn build(
    mut request: Request,
    path: &Path,
    args: &crate::cli::args::Disk,
    how: How,
    style: Style,
    streams: &mut Streams<'_>,
) -> Result<Brief, Failure> {
    let inputs: Vec<PathBuf> = request.inputs.iter().map(|(_, path)| path.clone()).collect();
    let chosen = choose(path, args, &inputs)?;
    request.target_bytes = Some(chosen.disk.bytes);
    request.target_sector = Some(chosen.disk.logical);
    let stop = streams.stop.clone();
    let plan = engine::prepare(&request, &mut streams.sink(style), &stop)?;
    plan.check_mac(&mut streams.sink(style))?;
    // What was fetched is read, too, wherever the store is.
    let chosen = chosen.reading(&plan.files()).needing(plan.bytes())?;
    burn(&chosen, style, streams, |disk, medium, sink| {
        engine::burn_plan(&plan, disk, medium, how.verify, how.threads, sink, &stop)
    })?;
    Ok(Brief::of_plan(&plan))
}

/// `lionize write`.
pub(super) fn write(args: &Write, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let how = How { verify: args.verify.how(), threads: args.threads.unwrap_or(0) };
    let chosen = choose(&args.device, &args.disk, std::slice::from_ref(&args.image))?;
    let stop = streams.stop.clone();
    let sector = chosen.disk.logical;
    let image = engine::open_image(
        &args.image,
        chosen.disk.bytes,
        sector,
        &mut streams.sink(style),
        &stop,
    )?;
    let chosen = chosen.needing(image.needs())?;
    burn(&chosen, style, streams, |disk, medium, sink| {
        engine::burn_image(&image, disk, medium, how.verify, how.threads, sink, &stop)
    })
}

/// `lionize erase`.
pub(super) fn erase(args: &Erase, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let chosen = choose(&args.device, &args.disk, &[])?;
    chosen.confirm(&mut Terminal(streams.stop.clone()), streams)?;
    engine::erase(&chosen.target(), &mut *opened(&chosen)?)?;
    let path = args.device.display().to_string();
    let text = format!("erased {path}: it has no partition table and no volume\n");
    streams.told(style, &text, &erased(&path))
}

/// Confirms, writes, and tells what became of the disk once it is closed.
fn burn(
    chosen: &Chosen,
    style: Style,
    streams: &mut Streams<'_>,
    work: impl FnOnce(&engine::Disk, &mut dyn Medium, &mut dyn Sink) -> engine::Result<Burnt>,
) -> Outcome {
    chosen.confirm(&mut Terminal(streams.stop.clone()), streams)?;
    let mut medium = opened(chosen)?;
    let burnt = work(&chosen.target(), &mut *medium, &mut streams.sink(style));
    drop(medium);
    let burnt = burnt?;
    streams.told(style, &text(&burnt), &object(&burnt))
}

#[cfg(target_os = "linux")]
fn opened(chosen: &Chosen) -> engine::Result<Box<dyn Medium>> {
    Ok(Box::new(chosen.open()?))
}

#[cfg(not(target_os = "linux"))]
fn opened(_chosen: &Chosen) -> engine::Result<Box<dyn Medium>> {
    Err(Problem::usage("disks are written to on Linux only"))
}

/// For commands that were given no output.
pub(super) fn nowhere() -> Problem {
    Problem::usage("there is no output").hint("give a file with --output, or a disk with --device")
}

fn erased(path: &str) -> Value {
    json!({"result": "erased", "device": path})
}

fn text(burnt: &Burnt) -> String {
    let path = burnt.path.display();
    let plan = burnt.plan.as_ref().map(|id| format!("  plan {id}\n")).unwrap_or_default();
    format!(
        "wrote {path}\n  {} of {}\n{plan}{}{}you may take it out now\n",
        size(burnt.written),
        size(burnt.bytes),
        list("proven:", &burnt.proofs),
        list("not proven:", &burnt.unproven),
    )
}

fn object(burnt: &Burnt) -> Value {
    json!({
        "result": "written",
        "device": burnt.path,
        "plan": burnt.plan,
        "bytes": burnt.bytes,
        "written": burnt.written,
        "resumed": burnt.resumed,
        "proofs": burnt.proofs,
        "unproven": burnt.unproven,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::schema::judge;

    #[test]
    fn results_are_as_the_schema_says() {
        let burnt = Burnt {
            path: "/dev/sdb".into(),
            plan: None,
            bytes: 8,
            written: 4,
            resumed: Some(2),
            proofs: vec!["all of it".into()],
            unproven: Vec::new(),
        };
        let planned = Burnt { plan: Some("0".repeat(64)), resumed: None, ..burnt.clone() };
        for result in [object(&burnt), object(&planned), erased("/dev/sdb")] {
            judge::events().holds(&result.to_string());
        }
    }

    #[test]
    fn a_command_without_an_output_says_what_to_give() {
        assert_eq!(
            nowhere().to_string(),
            "there is no output\n  hint: give a file with --output, or a disk with --device"
        );
    }
}
