//! `vm run`: the real thing, for who has an OpenCore and Apple's files.

use crate::cli::args::vm::{Display, Run};
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, place};
use crate::engine::{Problem, Sink};
use crate::format::detect::{self, Format};
use crate::source::Opener;
use crate::vm::run::{self, Release, Setup, Watch};
use crate::vm::{End, Firmware, Host, Wish, choose};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `lionize vm run`.
pub(super) fn run(args: &Run, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let host = Host::here();
    let firmware = Firmware::find(&host).map_err(Problem::from)?;
    let setup = setup(args)?;
    let notes = notes(&setup);
    if args.print {
        let accel = match args.accel.wish() {
            Wish::Kvm => crate::vm::Accel::Kvm,
            _ => crate::vm::Accel::Tcg,
        };
        let line = run::arguments(&firmware, accel, &setup);
        let qemu = firmware.qemu.display().to_string();
        let all: Vec<_> = std::iter::once(qemu).chain(line).collect();
        let json = json!({"result": "command", "command": all, "notes": notes});
        return streams.result(style, &command(&all), &json);
    }
    start(args, &firmware, &setup, &notes, style, streams)
}

fn start(
    args: &Run,
    firmware: &Firmware,
    setup: &Setup,
    notes: &[String],
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let temporary =
        tempfile::tempdir().map_err(|error| Problem::writing(&std::env::temp_dir(), &error))?;
    let folder = args.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).map_err(|error| Problem::writing(&folder, &error))?;
    let (stop, flag) = (streams.stop.clone(), streams.stop.flag());
    let (accel, note) =
        choose(args.accel.wish(), firmware, temporary.path(), &flag).map_err(Problem::from)?;
    let mut sink = streams.sink(style);
    for text in notes.iter().cloned().chain(note) {
        sink.send(crate::engine::Event::Warned { text });
    }
    drop(sink);
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let watch =
        Watch { folder, every: args.screenshots.map(seconds), limit: args.limit.map(seconds) };
    let (ran, mut kept) =
        run::run(firmware, accel, setup, &watch, &stop.flag()).map_err(Problem::from)?;
    kept.extend(setup.serial.iter().map(PathBuf::from).filter(|path| path.exists()));
    let how = match ran.end {
        End::Exited(0) => "it switched itself off".to_owned(),
        End::Exited(code) => {
            return Err(failed(code, &ran.complaint).into());
        }
        End::TimedOut => "its time was up".to_owned(),
        End::Stopped => "its processor stopped".to_owned(),
    };
    let kept: Vec<_> = kept.iter().map(|path| path.display().to_string()).collect();
    let list = kept.iter().fold(String::new(), |text, path| text + "  " + path + "\n");
    let json = json!({"result": "ran", "accel": accel.word(), "how": how,
                      "seconds": ran.took.as_secs_f64(), "kept": kept});
    streams.told(style, &format!("the machine ended: {how}\n{list}"), &json)
}

/// QEMU did not run, or not to a good end.
fn failed(code: i32, complaint: &str) -> Problem {
    let problem = Problem::bad_input(format!("QEMU ended with code {code}"));
    let problem = if complaint.is_empty() { problem } else { problem.because(complaint) };
    problem.hint("`--print` shows its command; without a screen: `--display vnc`")
}

fn setup(args: &Run) -> Result<Setup, Problem> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| {
            let sentence = format!("QEMU cannot be given {}: no Unicode text", path.display());
            Problem::usage(sentence).hint("rename it")
        })
    };
    let found = look(&args.image)?;
    let release = release(&args.image, args.release.clone().or(found))?;
    if let Some(key) = &args.smc_key {
        run::check_key(key)?;
    }
    is_there(
        "--opencore",
        args.opencore.as_deref(),
        "name its raw image, or the folder of its EFI",
    )?;
    is_there("--target", args.target.as_deref(), "make one with `qemu-img create`")?;
    args.target.as_deref().map_or(Ok(()), check_target)?;
    let serial = args.keep.as_ref().map(|folder| text(&folder.join("serial.log"))).transpose()?;
    Ok(Setup {
        image: text(&args.image)?,
        release,
        opencore: args.opencore.as_deref().map(text).transpose()?,
        smc_key: args.smc_key.clone(),
        blank: args.disk,
        target: args.target.as_deref().map(text).transpose()?,
        display: match args.display {
            Display::Window => run::Display::Window,
            Display::Vnc => run::Display::Vnc(args.vnc),
            Display::None => run::Display::None,
        },
        ssh: args.ssh,
        memory: args.memory,
        serial,
    })
}

/// Refuses to have the machine write to what is no file: nobody asked whether
/// a disk may be erased, and no guard looked at it.
fn release(image: &Path, version: Option<String>) -> Result<Release, Problem> {
    let hint = "say which it is: `--release 10.7`";
    let version = version.ok_or_else(|| {
        let name = image.display();
        Problem::bad_input(format!("{name} does not say which release it is of")).hint(hint)
    })?;
    Release::of(&version).ok_or_else(|| {
        let sentence = format!("`{version}` is no release of the system from 10.4 on");
        Problem::usage(sentence).hint(hint)
    })
}

fn is_there(flag: &str, path: Option<&Path>, hint: &str) -> Result<(), Problem> {
    match path.filter(|path| !path.exists()) {
        Some(path) => {
            let sentence = format!("{flag} names {}, which is not there", path.display());
            Err(Problem::bad_input(sentence).hint(hint))
        }
        None => Ok(()),
    }
}

fn check_target(path: &Path) -> Result<(), Problem> {
    if path.is_file() {
        return Ok(());
    }
    let sentence = format!("--target takes a file, and {} is none", path.display());
    Err(Problem::usage(sentence).hint(
        "the machine writes to it: make a file with `qemu-img create`, and write a disk with \
         `lionize build --device`",
    ))
}

/// The version on an image that QEMU can read as it is.
fn look(image: &Path) -> Result<Option<String>, Problem> {
    let opener = Opener::new();
    let name = image.display().to_string();
    let item = opener.open(image).map_err(|error| place::reading(&name, error))?;
    let source = item.contents().map_err(|error| place::reading(&name, error))?;
    let found = detect::look(source.as_ref()).map_err(|error| place::reading(&name, error))?;
    let is_raw = found.is_some_and(|found| {
        found.format != Format::Udif && (found.is_disk() || found.is_volume())
    });
    if !is_raw {
        let problem =
            Problem::bad_input(format!("{name} is not a raw image, and QEMU reads no other"));
        return Err(problem.hint("build one with `lionize build ... --output FILE.img`"));
    }
    let volume = opener.enter(&item).and_then(|item| opener.system_version(&item));
    Ok(volume.ok().flatten().map(|version| version.version))
}

fn notes(setup: &Setup) -> Vec<String> {
    let mut notes = Vec::new();
    if setup.opencore.is_none() {
        notes.push(
            "without --opencore only what is in the media's EFI partition can start: QEMU's \
             firmware reads no HFS+"
                .to_owned(),
        );
    }
    if setup.smc_key.is_none() {
        notes.push("without --smc-key OpenCore's kexts must stand in for the SMC".to_owned());
    }
    notes
}

/// As a shell takes it, an option a line.
fn command(all: &[String]) -> String {
    let mut text = String::new();
    for word in all {
        let lead = match word.strip_prefix('-') {
            Some(_) => " \\\n  ",
            None if text.is_empty() => "",
            None => " ",
        };
        text += lead;
        text += &quoted(word);
    }
    text + "\n"
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:@%".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn the_machine_writes_to_files_only() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("disk.img"), dir.path().join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert!(check_target(&file).is_ok());
        for path in [Path::new("/dev/null"), &link, dir.path()] {
            let problem = check_target(path).unwrap_err();
            assert_eq!(problem.kind, crate::engine::ProblemKind::Usage);
            assert_eq!(
                problem.to_string(),
                format!(
                    "--target takes a file, and {} is none\n  hint: the machine writes to it: make \
                     a file with `qemu-img create`, and write a disk with `lionize build --device`",
                    path.display()
                )
            );
        }
    }

    #[test]
    fn what_cannot_be_run_says_why() {
        let image = Path::new("stick.img");
        assert_eq!(
            release(image, None).unwrap_err().to_string(),
            "stick.img does not say which release it is of\n  \
             hint: say which it is: `--release 10.7`"
        );
        assert_eq!(
            release(image, Some("9.2".into())).unwrap_err().to_string(),
            "`9.2` is no release of the system from 10.4 on\n  \
             hint: say which it is: `--release 10.7`"
        );
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("notes.txt");
        std::fs::write(&text, "no image").unwrap();
        assert_eq!(
            look(&text).unwrap_err().to_string(),
            format!(
                "{} is not a raw image, and QEMU reads no other\n  \
                 hint: build one with `lionize build ... --output FILE.img`",
                text.display()
            )
        );
        assert_eq!(
            failed(1, "gtk initialization failed").to_string(),
            "QEMU ended with code 1\n  gtk initialization failed\n  \
             hint: `--print` shows its command; without a screen: `--display vnc`"
        );
        assert_eq!(failed(1, "").causes, [""; 0]);
    }

    /// The arguments alone.
    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        run: Run,
    }

    #[test]
    fn what_is_named_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("stick.img");
        // The signature of an HFS+ volume is enough of one.
        let mut volume = vec![0; 4096];
        volume[1024..1028].copy_from_slice(b"H+\0\x04");
        std::fs::write(&image, volume).unwrap();
        let said = |flag: &str| {
            let args = ["x".as_ref(), image.as_os_str(), "--release=10.7".as_ref(), flag.as_ref()];
            setup(&<Only as clap::Parser>::parse_from(args).run).unwrap_err().to_string()
        };
        assert_eq!(
            said("--opencore=/none/OpenCore.img"),
            "--opencore names /none/OpenCore.img, which is not there\n  \
             hint: name its raw image, or the folder of its EFI"
        );
        assert_eq!(
            said("--target=/none/disk.img"),
            "--target names /none/disk.img, which is not there\n  \
             hint: make one with `qemu-img create`"
        );
    }

    #[test]
    fn a_command_is_an_option_a_line() {
        let words = ["/q", "-m", "1", "-drive", "file=/a b", "-no-reboot"].map(str::to_owned);
        assert_eq!(command(&words), "/q \\\n  -m 1 \\\n  -drive 'file=/a b' \\\n  -no-reboot\n");
    }
}
