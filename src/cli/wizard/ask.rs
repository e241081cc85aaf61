//! From a question of the machine to one on the screen, and its answer back:
//! recipes, inputs, the Mac and fixes.

use crate::cli::problem;
use crate::cli::streams::{Streams, Style};
use crate::cli::wizard::fixes::Chosen;
use crate::cli::wizard::flow::{Answer, Answers, Given};
use crate::cli::wizard::get;
use crate::cli::wizard::host::{Candidate, search, shown, this_mac, typed};
use crate::cli::wizard::screen::{Item, Menu, Prompt, Reply, Screen};
use crate::engine::{Problem, Suited, check, load, recognise};
use crate::recipe::{Input, InputKind, Purpose, Recipe, builtin};
use crate::report::size;
use crate::source::Mac;
use std::io;
use std::path::PathBuf;

/// Files that are checked without asking whether to wait for it.
const SMALL: u64 = 64 << 20;

/// What a question comes to.
#[derive(Debug)]
pub(super) enum Step {
    Answer(Answer),
    Back,
    Quit,
    /// It is asked once more.
    Again,
}

/// Somebody is asked, with this computer at hand.
pub(super) struct Asker<'a, 'o> {
    pub(super) screen: &'a mut dyn Screen,
    pub(super) streams: &'a mut Streams<'o>,
    pub(super) style: Style,
    pub(super) places: Vec<PathBuf>,
}

/// Takes the answer out of a reply, or hands on where else to go.
macro_rules! answered {
    ($reply:expr) => {
        match $reply {
            Reply::Answer(answer) => answer,
            Reply::Back => return Ok(Step::Back),
            Reply::Quit => return Ok(Step::Quit),
        }
    };
}
pub(super) use answered;

/// The same within a question: from its second part, back is to its first.
macro_rules! within {
    ($reply:expr) => {
        match $reply {
            Reply::Answer(answer) => answer,
            Reply::Back => return Ok(Step::Again),
            Reply::Quit => return Ok(Step::Quit),
        }
    };
}
pub(super) use within;

impl Asker<'_, '_> {
    /// Says what went wrong, without ending anything.
    pub(super) fn tell(&mut self, problem: &Problem) -> io::Result<()> {
        self.screen.say(problem::text(problem, false).trim_end())
    }

    pub(super) fn recipe(&mut self) -> io::Result<Step> {
        let mut recipes: Vec<Recipe> =
            builtin::names().filter_map(|name| load::recipe(name).ok()).collect();
        recipes.sort_by_key(|recipe| recipe.purpose);
        let item = |recipe: &Recipe| {
            Item::new(&recipe.title, &recipe.macs).under(recipe.purpose.heading())
        };
        let mut items: Vec<_> = recipes.iter().map(item).collect();
        let own = Item::new("A recipe file of your own", "A recipe is a text file (.toml).");
        items.push(own.under(Purpose::Other.heading()));
        let default = recipes.iter().position(|recipe| recipe.name == "lion").unwrap_or(0);
        let menu = Menu { title: "What do you want to make?".into(), items, default };
        let at = answered!(self.screen.choose(&menu)?);
        if let Some(recipe) = recipes.into_iter().nth(at) {
            return Ok(Step::Answer(Answer::Recipe(recipe.name.clone(), Box::new(recipe))));
        }
        let title = "Where is the recipe file?".to_owned();
        let typed = within!(self.screen.line(&Prompt { title, default: String::new() })?);
        let path = host_path(&typed);
        // A bare name would be one of the built-in recipes.
        let name = if path.contains(['/', '\\']) { path } else { format!("./{path}") };
        match load::recipe(&name) {
            Ok(recipe) => Ok(Step::Answer(Answer::Recipe(name, Box::new(recipe)))),
            Err(problem) => {
                self.tell(&problem)?;
                Ok(Step::Again)
            }
        }
    }

    pub(super) fn input(&mut self, wanted: &Input) -> io::Result<Step> {
        let looks = matches!(wanted.kind, InputKind::Installer | InputKind::Image);
        if looks {
            let places: Vec<_> = self.places.iter().map(|place| shown(place)).collect();
            self.screen.say(&format!("Looking for it in {} ...", places.join(", ")))?;
        }
        let stop = self.streams.stop.clone();
        let found = search(wanted, &self.places, &stop);
        if stop.raised() {
            return Ok(Step::Quit);
        }
        if looks && (found.others > 0 || found.more) {
            let more = if found.more { "; there is more than was looked at" } else { "" };
            let others = match found.others {
                1 => "1 other file is".to_owned(),
                n => format!("{n} other files are"),
            };
            let text = format!("{others} not what is wanted{more}.");
            self.screen.say(&text)?;
        }
        let mut items: Vec<_> = found.candidates.iter().map(candidate).collect();
        let leave = wanted.optional.then_some(0);
        if wanted.optional {
            items.insert(0, Item::new("Leave it out", "It is optional."));
        }
        let here = items.len();
        let about = "Type its path, or drop the file on this window.";
        items.push(Item::new("Another file or folder", about));
        if wanted.kind == InputKind::Installer {
            items.push(Item::new("I have none: how do I get one?", ""));
        }
        items.push(Item::new("Look again", ""));
        let title = match wanted.ask.as_str() {
            "" => format!("Which file is the input `{}`?", wanted.name),
            ask => ask.to_owned(),
        };
        let again = items.len() - 1;
        let at = answered!(self.screen.choose(&Menu { title, items, default: 0 })?);
        let path = match at {
            at if Some(at) == leave => {
                let given = Given { name: wanted.name.clone(), ..Given::default() };
                return Ok(Step::Answer(Answer::Input(Box::new(given))));
            }
            at if at < here => found.candidates[at - usize::from(wanted.optional)].path.clone(),
            at if at == again => return Ok(Step::Again),
            at if at > here => {
                self.screen.say(&get::text(&wanted.release))?;
                return Ok(Step::Again);
            }
            _ => {
                let prompt = Prompt { title: "Its path?".into(), default: String::new() };
                typed(&within!(self.screen.line(&prompt)?))
            }
        };
        self.given(wanted, path)
    }

    /// A file that was named, if it is one of the kind that is wanted.
    pub(super) fn given(&mut self, wanted: &Input, path: PathBuf) -> io::Result<Step> {
        let found = match recognise(wanted, &path, &self.streams.stop) {
            Ok(found) => found,
            Err(problem) => {
                self.tell(&problem)?;
                return Ok(Step::Again);
            }
        };
        let title = found.title();
        if !title.is_empty() {
            self.screen.say(&format!("This is {title}."))?;
        }
        let mut checked = Vec::new();
        if found.label.is_some() && within!(self.wants_check(found.bytes)?) {
            let stop = self.streams.stop.clone();
            let mut sink = self.streams.sink(self.style);
            let said = check(wanted, &path, &mut sink, &stop);
            drop(sink);
            match said {
                Ok(said) => checked = said,
                Err(problem) if self.streams.stop.raised() => {
                    drop(problem);
                    return Ok(Step::Quit);
                }
                Err(problem) => {
                    self.tell(&problem)?;
                    return Ok(Step::Again);
                }
            }
            self.screen.say(&format!("{title}: {}.", checked.join("; ")))?;
        }
        let name = wanted.name.clone();
        Ok(Step::Answer(Answer::Input(Box::new(Given { name, path: Some(path), found, checked }))))
    }

    fn wants_check(&mut self, bytes: u64) -> io::Result<Reply<bool>> {
        if bytes <= SMALL {
            return Ok(Reply::Answer(true));
        }
        let now = format!("Yes: read all {} of it", size(bytes));
        let items = vec![
            Item::new(now, "A damaged download is found now, before anything else is asked."),
            Item::new("No: when it is made", "The same is proven then, before anything starts."),
        ];
        let title = "Check it now?".to_owned();
        let reply = self.screen.choose(&Menu { title, items, default: 0 })?;
        Ok(match reply {
            Reply::Answer(at) => Reply::Answer(at == 0),
            Reply::Back => Reply::Back,
            Reply::Quit => Reply::Quit,
        })
    }

    pub(super) fn mac(&mut self, answers: &Answers) -> io::Result<Step> {
        let platform = answers.inputs.iter().find_map(|given| given.found.platform.as_ref());
        let this = this_mac();
        let mut items =
            vec![Item::new("Any Mac, or I do not know", "Whether it starts one is not checked.")];
        let about = "As About This Mac, System Report says: MacBookPro9,2. Or its board id.";
        items.push(Item::new("Type its model identifier", about));
        if let Some(mac) = &this {
            let about = Suited::of(mac, platform).line();
            items.push(Item::new(format!("This computer, a {mac}"), about));
        }
        let title = "Which Mac is it for?".to_owned();
        let at = answered!(self.screen.choose(&Menu { title, items, default: 0 })?);
        let mac = match at {
            0 => return Ok(Step::Answer(Answer::Mac(None))),
            1 => {
                let title = "Its model identifier or board id?".to_owned();
                let prompt = Prompt { title, default: String::new() };
                Mac::parse(&within!(self.screen.line(&prompt)?))
            }
            _ => this,
        };
        let Some(mac) = mac else {
            self.screen.say(
                "That names no Mac. A model identifier is like MacBookPro9,2, a board id like \
                 Mac-6F01561E16C75D06.",
            )?;
            return Ok(Step::Again);
        };
        let suited = Suited::of(&mac, platform);
        self.screen.say(&suited.line())?;
        // What is known not to start is not made for it.
        Ok(match suited.named() {
            Some(false) => Step::Again,
            _ => Step::Answer(Answer::Mac(Some(mac))),
        })
    }

    pub(super) fn fixes(&mut self, answers: &Answers) -> io::Result<Step> {
        let offered = answers.offered();
        let items = offered.iter().map(|offer| {
            let fix = &offer.fix;
            Item::new(format!("{}: {}", fix.id, fix.title), offer.about())
        });
        let version = answers.changed().map_or("this system", |(version, _)| version);
        let title = format!("Which fixes, for {version}?");
        let menu = Menu { title, items: items.collect(), default: 0 };
        let picked = answered!(self.screen.pick(&menu)?);
        let chosen = picked.into_iter().filter_map(|at| {
            let fix = offered.get(at)?.fix.clone();
            Some(Chosen { name: fix.id.clone(), fix })
        });
        Ok(Step::Answer(Answer::Fixes(chosen.collect())))
    }
}

fn candidate(candidate: &Candidate) -> Item {
    let Candidate { path, found } = candidate;
    let title = found.title();
    let name = shown(path);
    let about = format!("{name}, {}. Its checksums are not checked yet.", size(found.bytes));
    Item::new(if title.is_empty() { name } else { format!("{title} in {name}") }, about)
}

fn host_path(text: &str) -> String {
    typed(text).display().to_string()
}
