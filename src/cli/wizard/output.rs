//! The last questions: to which disk or file, and whether all of it is right.

use crate::cli::args::{Build, Cli, Command, Disk as DiskArgs};
use crate::cli::devices::{contents, headline};
use crate::cli::wizard::ask::{Asker, Step, answered, within};
use crate::cli::wizard::flow::{Answer, Answers, Output};
use crate::cli::wizard::host::typed;
use crate::cli::wizard::screen::{Item, Menu, Prompt, Reply};
use crate::cli::wizard::target::Target;
use crate::cli::wizard::{saved, summary};
use crate::cli::{disk, job, usage};
use crate::device::guard::Verdict;
use crate::device::{self, Disk};
use crate::engine::{self, Brief, Problem, Silent, load};
use crate::recipe::{Purpose, Text};
use clap::Parser;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// What comes of the summary.
pub(super) enum Decision {
    Begin,
    Back,
    Quit,
    Again,
}

/// The command's arguments as `build` takes them: nothing but its own parser
/// makes them.
pub(super) fn parsed(args: &[OsString]) -> engine::Result<Box<Build>> {
    let all = std::iter::once(OsString::from("lionize")).chain(args.iter().cloned());
    match Cli::try_parse_from(all).map(|cli| cli.command) {
        Ok(Some(Command::Build(build))) => Ok(Box::new(build)),
        Ok(_) => Err(Problem::ours("the wizard made up a command that is none")),
        Err(error) => Err(usage::mistake(&error)),
    }
}

impl Asker<'_, '_> {
    /// What a build would do, as far as it is known before anything is fetched.
    pub(super) fn look(&mut self, args: &[OsString]) -> engine::Result<Brief> {
        let mut args = args.to_vec();
        if !args.iter().any(|arg| arg == "--output" || arg == "--device") {
            args.extend(["--output".into(), "media.img".into()]);
        }
        let build = parsed(&args)?;
        let mut request = job::request(&build.job, build.goal.output.clone(), &self.streams.stop)?;
        if let Some(path) = &build.goal.device
            && let Some(disk) = device::host().disk(path)
        {
            (request.target_bytes, request.target_sector) = (Some(disk.bytes), Some(disk.logical));
        }
        Ok(Brief::of(&engine::foresee(&request, &mut Silent, &self.streams.stop)?))
    }

    /// A server that does not answer takes a while.
    pub(super) fn say_it_may_last(&mut self, answers: &Answers) -> io::Result<()> {
        let inputs = answers.recipe().into_iter().flat_map(|recipe| &recipe.inputs);
        match inputs.filter(|input| input.entry.is_some()).count() {
            0 => Ok(()),
            _ => self.screen.say("Looking into the catalog ..."),
        }
    }

    pub(super) fn output(
        &mut self,
        answers: &Answers,
        args: &[OsString],
        flags: &DiskArgs,
    ) -> io::Result<Step> {
        let inputs: Vec<_> = answers.inputs.iter().filter_map(|given| given.path.clone()).collect();
        self.say_it_may_last(answers)?;
        // Without a plan there is no size; the summary says why there is none.
        let bytes = self.look(args).ok().and_then(|brief| brief.bytes).unwrap_or(0);
        let disks = disk::candidates(flags, &inputs, bytes);
        let (offered, others): (Vec<_>, Vec<_>) =
            disks.into_iter().partition(|(_, verdict)| verdict.is_offered());
        let mut items: Vec<_> = offered.iter().map(|(disk, verdict)| item(disk, verdict)).collect();
        let file = items.len();
        items.push(Item::new("An image file", "It is put on a stick later, or used as it is."));
        if device::SUPPORTED {
            items.push(Item::new("Look again for disks", "Plug the stick in first."));
            let why = "Disks that are built in, in use, too small or very large.";
            let others = match others.len() {
                1 => "Why 1 other is not shown".to_owned(),
                n => format!("Why {n} others are not shown"),
            };
            items.push(Item::new(others, why));
        }
        let title = "Where does it go?".to_owned();
        // Enter alone never chooses what is lost.
        let at = answered!(self.screen.choose(&Menu { title, items, default: file })?);
        if let Some((disk, _)) = offered.get(at) {
            let all: Vec<_> = offered.iter().chain(&others).map(|(disk, _)| disk).collect();
            let output = Output::Disk(Target::of(disk, &all));
            return Ok(Step::Answer(Answer::Output(output)));
        }
        match at - file {
            0 => self.file(answers),
            1 => Ok(Step::Again),
            _ => {
                let reasons: Vec<_> = others.iter().map(|(disk, why)| refusal(disk, why)).collect();
                let none = "There are no others.".to_owned();
                let text = if reasons.is_empty() { none } else { reasons.join("\n") };
                self.screen.say(&text)?;
                Ok(Step::Again)
            }
        }
    }

    fn file(&mut self, answers: &Answers) -> io::Result<Step> {
        let recipe = answers.recipe();
        let name = recipe.map_or("media", |recipe| recipe.name.as_str());
        // What a Mac opens on its desktop is a disk image; what it starts from is a disk.
        let software = recipe.is_some_and(|recipe| recipe.purpose == Purpose::Software);
        let default = format!("{name}.{}", if software { "dmg" } else { "img" });
        let title = "The image file's name (.dmg makes a compressed one)?".to_owned();
        let path = typed(&within!(self.screen.line(&Prompt { title, default })?));
        if path.is_dir() {
            self.screen.say("That is a folder: type a file's name.")?;
            return Ok(Step::Again);
        }
        if path.exists() && !within!(self.replaces(&path)?) {
            return Ok(Step::Again);
        }
        Ok(Step::Answer(Answer::Output(Output::File(path))))
    }

    fn replaces(&mut self, path: &Path) -> io::Result<Reply<bool>> {
        let about = "The old one stays until the new one is proven.";
        let items = vec![Item::new("Another name", ""), Item::new("Replace it", about)];
        let title = format!("{} is there already.", path.display());
        Ok(match self.screen.choose(&Menu { title, items, default: 0 })? {
            Reply::Answer(at) => Reply::Answer(at == 1),
            Reply::Back => Reply::Back,
            Reply::Quit => Reply::Quit,
        })
    }

    /// Says all that will happen, and asks whether it may.
    pub(super) fn summary(
        &mut self,
        answers: &Answers,
        args: &[OsString],
        brief: &Brief,
        yes: bool,
    ) -> io::Result<Decision> {
        self.screen.say(&summary::text(answers, brief, args))?;
        let locked = match &answers.output {
            Some(Output::Disk(target)) => !may_write(&target.path),
            _ => false,
        };
        if locked {
            self.screen.say("You may not write to that disk. Run the command above with sudo.")?;
        } else if yes {
            return Ok(Decision::Begin);
        }
        let mut items = Vec::new();
        if !locked {
            let about = match answers.output {
                Some(Output::Disk(..)) => "The disk's name is asked for once more before.",
                _ => "",
            };
            items.push(Item::new("Begin", about));
        }
        items.push(Item::new("Save this as a recipe file", "To make it again, or to go on from."));
        items.push(Item::new("Back to the last question", ""));
        items.push(Item::new("End, and do nothing", ""));
        let last = items.len() - 1;
        let title = if locked { "What now?" } else { "Shall it begin?" };
        let menu = Menu { title: title.into(), items, default: 0 };
        Ok(match self.screen.choose(&menu)? {
            Reply::Answer(0) if !locked => Decision::Begin,
            Reply::Answer(at) if at == last => Decision::Quit,
            Reply::Answer(at) if at == last - 1 => Decision::Back,
            Reply::Answer(_) => return self.save(answers, args),
            Reply::Back => Decision::Back,
            Reply::Quit => Decision::Quit,
        })
    }

    fn save(&mut self, answers: &Answers, args: &[OsString]) -> io::Result<Decision> {
        let base = answers.recipe().map_or("media", |recipe| recipe.name.as_str());
        let prompt = Prompt { title: "The file?".into(), default: format!("my-{base}.toml") };
        let path: PathBuf = match self.screen.line(&prompt)? {
            Reply::Answer(text) => typed(&text),
            Reply::Back => return Ok(Decision::Again),
            Reply::Quit => return Ok(Decision::Quit),
        };
        match store(&path, saved::text(answers, &path, args), answers.has_hash()) {
            Ok(()) => self.screen.say(&format!("Saved {}.", path.display()))?,
            Err(problem) => self.tell(&problem)?,
        }
        Ok(Decision::Again)
    }
}

/// Saves a recipe that has no mistakes; one with a hash for its owner alone.
fn store(path: &Path, text: String, private: bool) -> engine::Result<()> {
    let text = Text { file: path.display().to_string(), text };
    load::parse(&text)?;
    let mut options = std::fs::OpenOptions::new();
    // What is there is somebody's: it is not replaced.
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    let written = options.open(path);
    let written =
        written.and_then(|mut file| io::Write::write_all(&mut file, text.text.as_bytes()));
    written.map_err(|error| Problem::writing(path, &error))
}

/// A disk to choose.
fn item(disk: &Disk, verdict: &Verdict) -> Item {
    let mut about = contents(disk);
    for mount in &verdict.unmount {
        about.push(format!("{} will be unmounted", mount.shown()));
    }
    if !may_write(&disk.path) {
        about.push("you may not write to it: start this with sudo".to_owned());
    }
    Item::new(headline(disk), about.join("\n"))
}

fn refusal(disk: &Disk, verdict: &Verdict) -> String {
    let reasons: Vec<_> = verdict.reasons.iter().map(ToString::to_string).collect();
    format!("{}\n  not offered: {}", headline(disk), reasons.join("; "))
}

#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(_path: &Path) -> bool {
    true
}

impl Asker<'_, '_> {
    /// There is no plan: only back, or once more.
    pub(super) fn stuck(&mut self) -> io::Result<Decision> {
        let items = vec![
            Item::new("Back to the last question", ""),
            Item::new("Try again", ""),
            Item::new("End, and do nothing", ""),
        ];
        let title = "This cannot be made as it is.".to_owned();
        Ok(match self.screen.choose(&Menu { title, items, default: 0 })? {
            Reply::Answer(0) | Reply::Back => Decision::Back,
            Reply::Answer(1) => Decision::Again,
            Reply::Answer(_) | Reply::Quit => Decision::Quit,
        })
    }
}
