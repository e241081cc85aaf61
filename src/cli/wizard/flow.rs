//! The wizard's questions as a machine without a terminal: what was answered
//! decides what is asked next, and every answer can be taken back.

use crate::cli::wizard::fixes::{Asked, Chosen};
use crate::cli::wizard::target::Target;
use crate::engine::Recognised;
use crate::recipe::{Condition, Input, InputKind, Recipe};
use crate::source::Mac;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) enum Question {
    /// What is to be made?
    Recipe,
    /// Where is this?
    Input(Input),
    /// Which Mac is it for?
    Mac,
    /// What is this param's value?
    Param(Box<Asked>),
    /// Which fixes?
    Fixes,
    /// To which disk or file?
    Output,
    /// Is all of it right?
    Summary,
}

/// An input as it was answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct Given {
    /// The input's name.
    pub(in crate::cli) name: String,
    /// The file; `None` when it is left out.
    pub(in crate::cli) path: Option<PathBuf>,
    /// What it is.
    pub(in crate::cli) found: Recognised,
    /// What was proven of it.
    pub(in crate::cli) checked: Vec<String>,
}

/// Where the result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Output {
    /// An image file.
    File(PathBuf),
    /// A disk.
    Disk(Target),
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) enum Answer {
    /// A recipe, by the name or path that names it.
    Recipe(String, Box<Recipe>),
    /// An input.
    Input(Box<Given>),
    /// The Mac, or any.
    Mac(Option<Mac>),
    /// A param and its value; that of a fix as `ID.NAME`.
    Param(String, String),
    /// Fixes.
    Fixes(Vec<Chosen>),
    /// Where the result goes.
    Output(Output),
}

/// All answers so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct Answers {
    pub(in crate::cli) recipe: Option<(String, Box<Recipe>)>,
    pub(in crate::cli) inputs: Vec<Given>,
    pub(in crate::cli) mac: Option<Option<Mac>>,
    pub(in crate::cli) params: Vec<(String, String)>,
    pub(in crate::cli) fixes: Option<Vec<Chosen>>,
    pub(in crate::cli) output: Option<Output>,
}

/// The machine.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Flow {
    answers: Answers,
    /// What was answered before each answer.
    past: Vec<Answers>,
}

impl Flow {
    /// One whose first answers were given by flags; those are not taken back.
    pub(in crate::cli) fn new(answers: Answers) -> Self {
        Self { answers, past: Vec::new() }
    }

    pub(in crate::cli) const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// What is asked next.
    pub(in crate::cli) fn question(&self) -> Question {
        self.answers.question()
    }

    /// Takes an answer.
    pub(in crate::cli) fn answer(&mut self, answer: Answer) {
        self.past.push(self.answers.clone());
        self.answers.take(answer);
    }

    /// Takes the last answer back; false when there is none.
    pub(in crate::cli) fn back(&mut self) -> bool {
        self.past.pop().map(|before| self.answers = before).is_some()
    }
}

impl Answers {
    fn question(&self) -> Question {
        let Some(recipe) = self.recipe() else { return Question::Recipe };
        let asked = |input: &&Input| self.asks(input);
        // What depends on params is asked behind them.
        let early = |input: &&Input| !depends_on_params(input);
        // Whether an input is wanted depends on those that always are.
        let first = |input: &&Input| input.when.is_none();
        let inputs = || recipe.inputs.iter().filter(asked);
        let next = inputs().filter(early).find(first).or_else(|| inputs().find(early));
        if let Some(input) = next {
            return Question::Input(input.clone());
        }
        if self.mac.is_none() && self.says_which_macs() {
            return Question::Mac;
        }
        if let Some(asked) = self.asked_by_recipe(recipe) {
            return Question::Param(Box::new(asked));
        }
        if let Some(input) = inputs().next() {
            return Question::Input(input.clone());
        }
        if self.fixes.is_none() && !self.offered().is_empty() {
            return Question::Fixes;
        }
        if let Some(asked) = self.asked_by_fixes() {
            return Question::Param(Box::new(asked));
        }
        if self.output.is_none() { Question::Output } else { Question::Summary }
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Recipe(name, recipe) => self.recipe = Some((name, recipe)),
            Answer::Input(given) => self.inputs.push(*given),
            Answer::Mac(mac) => self.mac = Some(mac),
            Answer::Param(name, value) => self.set(name, value),
            Answer::Fixes(fixes) => self.fixes = Some(fixes),
            Answer::Output(output) => self.output = Some(output),
        }
    }

    pub(in crate::cli) fn recipe(&self) -> Option<&Recipe> {
        self.recipe.as_ref().map(|(_, recipe)| &**recipe)
    }

    /// An input as it was answered.
    pub(in crate::cli) fn given(&self, name: &str) -> Option<&Given> {
        self.inputs.iter().find(|given| given.name == name)
    }

    /// Whether an input is still to be asked for: catalogs have theirs.
    fn asks(&self, input: &Input) -> bool {
        input.entry.is_none()
            && self.given(&input.name).is_none()
            && input.when.as_ref().is_none_or(|when| self.holds(when))
    }

    fn holds(&self, condition: &Condition) -> bool {
        condition.0.iter().all(|one| one.holds(self.fact(&one.of, &one.fact).as_deref()))
    }

    /// A fact as the engine will know it.
    fn fact(&self, of: &str, fact: &str) -> Option<String> {
        if of == "params" {
            let set = self.params.iter().find(|(name, _)| name == fact);
            let param = || self.recipe()?.params.iter().find(|param| param.name == fact);
            return set.map(|(_, value)| value.clone()).or_else(|| param()?.default.clone());
        }
        let given = self.given(of)?;
        let system = given.found.system.as_ref();
        match fact {
            "given" => Some(if given.path.is_some() { "yes" } else { "no" }.to_owned()),
            "file" => Some(given.path.as_ref()?.file_name()?.to_string_lossy().into_owned()),
            "volume" => given.found.label.clone(),
            "product" => system.map(|system| system.product.clone()),
            "version" => system.map(|system| system.version.clone()),
            "build" => system.map(|system| system.build.clone()),
            _ => None,
        }
    }

    fn says_which_macs(&self) -> bool {
        self.inputs.iter().any(|given| given.found.platform.is_some())
    }

    /// The version of the system that the volume will hold as it was installed,
    /// which fixes change: an image's. What an installer starts is none.
    pub(in crate::cli) fn installed(&self) -> Option<&str> {
        let recipe = self.recipe()?;
        let kind = |kind: InputKind| recipe.inputs.iter().filter(move |input| input.kind == kind);
        if kind(InputKind::Installer).next().is_some() {
            return None;
        }
        let image = kind(InputKind::Image).find_map(|input| self.given(&input.name))?;
        let found = &image.found;
        // The volume of an installer has a system, too.
        let installer = found.label.as_deref().is_some_and(|label| label.contains("Install"));
        found.system.as_ref().filter(|_| !installer).map(|system| system.version.as_str())
    }

    /// The version of the system that an installer installs.
    pub(in crate::cli) fn installs(&self) -> Option<&str> {
        let recipe = self.recipe()?;
        let installer = recipe.inputs.iter().find(|input| input.kind == InputKind::Installer)?;
        let found = &self.given(&installer.name)?.found;
        found.system.as_ref().map(|system| system.version.as_str())
    }

    /// The arguments of the command that does the same.
    pub(in crate::cli) fn command(&self) -> Vec<OsString> {
        let recipe = self.recipe.as_ref().map_or("", |(name, _)| name);
        self.command_of(recipe.as_ref(), &self.params, self.fixes.as_deref().unwrap_or_default())
    }

    /// The same by a recipe that has some of the params and fixes: with the others.
    pub(in crate::cli) fn command_of(
        &self,
        recipe: &OsStr,
        params: &[(String, String)],
        fixes: &[Chosen],
    ) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["build".into(), recipe.to_owned()];
        let pair = |name: &str, value: &dyn Fn(&mut OsString)| {
            let mut text = OsString::from(format!("{name}="));
            value(&mut text);
            text
        };
        for given in &self.inputs {
            let Some(path) = &given.path else { continue };
            args.extend(["--input".into(), pair(&given.name, &|text| text.push(path))]);
        }
        for (name, value) in params.iter().filter(|(name, value)| !self.is_default(name, value)) {
            args.extend(["--set".into(), pair(name, &|text| text.push(value))]);
        }
        if let Some(Some(mac)) = &self.mac {
            args.extend(["--for".into(), mac.to_string().into()]);
        }
        for fix in fixes {
            args.extend(["--fix".into(), OsString::from(&fix.name)]);
        }
        match &self.output {
            Some(Output::File(path)) => args.extend(["--output".into(), path.into()]),
            Some(Output::Disk(target)) => args.extend(target.args()),
            None => {}
        }
        args
    }

    fn is_default(&self, name: &str, value: &str) -> bool {
        let param = self.recipe().and_then(|r| r.params.iter().find(|param| param.name == name));
        param.is_some_and(|param| param.default.as_deref() == Some(value))
    }
}

fn depends_on_params(input: &Input) -> bool {
    input.when.iter().flat_map(|when| &when.0).any(|one| one.of == "params")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::load;
    use crate::source::{Platform, SystemVersion};

    fn recipe(name: &str) -> Answer {
        Answer::Recipe(name.to_owned(), Box::new(load::recipe(name).unwrap()))
    }

    fn given(name: &str, version: &str) -> Answer {
        let system = SystemVersion { version: version.into(), ..SystemVersion::default() };
        let found = Recognised {
            system: (!version.is_empty()).then_some(system),
            platform: (!version.is_empty()).then(Platform::default),
            ..Recognised::default()
        };
        let path = (!name.is_empty()).then(|| PathBuf::from(format!("/x/{name}.dmg")));
        Answer::Input(Box::new(Given { name: name.into(), path, found, checked: Vec::new() }))
    }

    fn left_out(name: &str) -> Answer {
        Answer::Input(Box::new(Given { name: name.into(), ..Given::default() }))
    }

    fn asked(question: &Question) -> String {
        match question {
            Question::Input(input) => input.name.clone(),
            Question::Param(asked) => format!("params.{}", asked.name()),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    /// What is asked when this is answered in turn.
    fn questions(answers: Vec<Answer>) -> (Vec<String>, Flow) {
        let mut flow = Flow::default();
        let mut all = Vec::new();
        for answer in answers {
            all.push(asked(&flow.question()));
            flow.answer(answer);
        }
        all.push(asked(&flow.question()));
        (all, flow)
    }

    fn server(version: &str, more: Vec<Answer>) -> Vec<Answer> {
        let mut answers = vec![recipe("lion-server"), given("installer", version)];
        answers.extend(more);
        answers.push(Answer::Mac(None));
        answers.push(Answer::Param("collection".into(), "no".into()));
        answers.push(Answer::Fixes(Vec::new()));
        answers.push(Answer::Output(Output::File("/o/server.img".into())));
        answers
    }

    #[test]
    fn only_what_the_installer_calls_for_is_asked() {
        let (all, flow) = questions(server("10.7.5", vec![]));
        let rest = ["mac", "params.collection", "fixes", "output", "summary"];
        assert_eq!(all, [&["recipe", "installer"], &rest[..]].concat());
        assert_eq!(
            flow.answers().command(),
            ["build", "lion-server", "--input", "installer=/x/installer.dmg", "--output"]
                .into_iter()
                .chain(["/o/server.img"])
                .map(OsString::from)
                .collect::<Vec<_>>()
        );
        // Before 10.7.5 the catalog has no Server.app: an updater may be given.
        let (all, _) = questions(server("10.7.4", vec![left_out("server-combo")]));
        assert_eq!(all, [&["recipe", "installer", "server-combo"], &rest[..]].concat());
    }

    #[test]
    fn every_answer_can_be_taken_back() {
        let (all, mut flow) = questions(server("10.7.4", vec![left_out("server-combo")]));
        for before in all.iter().rev().skip(1) {
            assert!(flow.back());
            assert_eq!(asked(&flow.question()), *before);
        }
        assert!(!flow.back());
        assert_eq!(flow.answers(), &Answers::default());
    }

    #[test]
    fn what_flags_say_is_not_asked_and_not_taken_back() {
        let mut answers = Answers::default();
        answers.take(recipe("lion"));
        answers.take(Answer::Output(Output::Disk(Target::named(
            "/dev/sdb",
            Some("4C 5".into()),
            None,
        ))));
        let mut flow = Flow::new(answers);
        assert_eq!(asked(&flow.question()), "installer");
        flow.answer(given("installer", "10.8.5"));
        assert_eq!(flow.question(), Question::Mac);
        flow.answer(Answer::Mac(Mac::parse("iMac7,1")));
        assert_eq!(flow.question(), Question::Fixes);
        flow.answer(Answer::Fixes(vec![Chosen::named("enable-ssh").unwrap()]));
        assert_eq!(flow.question(), Question::Summary);
        let command: Vec<_> = flow.answers().command();
        let text: Vec<_> = command.iter().map(|arg| arg.to_string_lossy()).collect();
        assert_eq!(
            text[4..],
            [
                "--for",
                "iMac7,1",
                "--fix",
                "enable-ssh",
                "--device",
                "/dev/sdb",
                "--device-serial",
                "4C 5"
            ]
        );
        assert!(flow.back() && flow.back() && flow.back() && !flow.back());
    }
}
