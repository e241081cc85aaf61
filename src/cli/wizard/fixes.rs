//! Which fixes are offered, and how each reaches its system: those that the
//! system takes in that way, and that are for it. What a fix needs to know is
//! asked for behind them; what has a default keeps it.

use crate::cli::fixes::ASK;
use crate::cli::wizard::flow::Answers;
use crate::engine::{self, load};
use crate::recipe::{Action, Delivery, Fix, Param, Reach, Recipe, fixes, guards, reach};

/// A fix that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Chosen {
    /// Its id or file, as it was named.
    pub(in crate::cli) name: String,
    pub(in crate::cli) fix: Fix,
}

impl Chosen {
    pub(in crate::cli) fn named(name: &str) -> engine::Result<Self> {
        Ok(Self { name: name.to_owned(), fix: engine::fixes::fix(name)? })
    }
}

/// A param whose value is asked for: the recipe's, or a fix's.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Asked {
    pub(in crate::cli) param: Param,
    pub(in crate::cli) of: Option<Fix>,
}

impl Asked {
    /// The name by which it is set.
    pub(in crate::cli) fn name(&self) -> String {
        match &self.of {
            Some(fix) => format!("{}.{}", fix.id, self.param.name),
            None => self.param.name.clone(),
        }
    }

    /// Whether it may have this value, as a plan will say it.
    pub(in crate::cli) fn may_be(&self, value: Option<&String>) -> engine::Result<()> {
        match &self.of {
            Some(fix) => engine::fixes::may_be(fix, &self.param, value),
            None => load::may_be(&self.param, value),
        }
    }

    /// What is asked: its name, what it is for, and whose it is.
    pub(in crate::cli) fn title(&self) -> String {
        let Param { name, about, secret, .. } = &self.param;
        let about = if about.is_empty() { name.clone() } else { format!("{name}: {about}") };
        let of = self.of.iter().map(|fix| format!("for {}", fix.id));
        let unseen = secret.then(|| "not shown".to_owned());
        let more: Vec<_> = of.chain(unseen).collect();
        if more.is_empty() { about } else { format!("{about} ({})", more.join(", ")) }
    }
}

/// A fix that may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Offer {
    pub(in crate::cli) fix: Fix,
    way: Delivery,
}

impl Offer {
    /// What is to be known before it is chosen.
    pub(in crate::cli) fn about(&self) -> String {
        let needs = self.fix.params.iter().filter(|param| param.default.is_none());
        let needs: Vec<_> = needs.map(|param| param.name.as_str()).collect();
        let asks = match needs.as_slice() {
            [] => String::new(),
            names => format!(" It will ask for: {}.", names.join(", ")),
        };
        format!("{}{asks}\n{}", self.how(), self.fix.why)
    }

    /// How it reaches the system, in a sentence.
    pub(in crate::cli) fn how(&self) -> String {
        let server = self.fix.applies.server.join(" or ");
        match self.way {
            Delivery::Install => "A package on the media: the installer installs it.".to_owned(),
            Delivery::FirstBoot if server.is_empty() => {
                "A package on the media: it works when the new system starts.".to_owned()
            }
            Delivery::FirstBoot => {
                format!("A package on the media: it waits for OS X Server {server} there.")
            }
            _ => "The files in the image are changed.".to_owned(),
        }
    }
}

impl Answers {
    /// The version of the system that fixes change, and whether an installer
    /// installs it: else it is there, in an image.
    pub(in crate::cli) fn changed(&self) -> Option<(&str, bool)> {
        let installed = self.installed().map(|version| (version, false));
        installed.or_else(|| self.installs().map(|version| (version, true)))
    }

    /// Fixes that can be applied to it.
    pub(in crate::cli) fn offered(&self) -> Vec<Offer> {
        let Some((version, on_installer)) = self.changed() else { return Vec::new() };
        let known = fixes::ids().filter_map(|id| engine::fixes::fix(id).ok());
        let offers = known.map(|fix| Offer { way: fix.way(on_installer), fix });
        offers.filter(|offer| self.takes(offer, version, on_installer)).collect()
    }

    fn takes(&self, Offer { fix, way }: &Offer, version: &str, on_installer: bool) -> bool {
        // What is changed of an installer's volume is the installer, not what it
        // installs.
        let reaches = fix.deliveries.contains(way) && on_installer != (*way == Delivery::Volume);
        let taken = matches!(reach(version, *way), Some(Reach::Yes | Reach::ProductArchive));
        // OS X Server comes later; what works at the first start waits for it.
        let server = fix.applies.server.is_empty() || *way == Delivery::FirstBoot;
        // A system that runs keeps these from everybody.
        let mut changed = fix.steps.iter().flat_map(|step| step.action.changed());
        let guarded = *way == Delivery::FirstBoot && changed.any(|path| guards(version, path));
        reaches
            && taken
            && !guarded
            && server
            && fix.applies.to_system(version)
            && !fix.steps.is_empty()
            && !self.has(fix)
    }

    /// The recipe's first param that has no value yet, or one that it cannot have.
    pub(in crate::cli) fn asked_by_recipe(&self, recipe: &Recipe) -> Option<Asked> {
        let asked = recipe.params.iter().map(|param| Asked { param: param.clone(), of: None });
        asked.into_iter().find(|asked| self.is_open(asked))
    }

    /// The same of the fixes that were chosen.
    pub(in crate::cli) fn asked_by_fixes(&self) -> Option<Asked> {
        self.fixes.iter().flatten().find_map(|chosen| self.asked_by(&chosen.fix))
    }

    /// The same of a fix, of what it cannot do without.
    pub(in crate::cli) fn asked_by(&self, fix: &Fix) -> Option<Asked> {
        let params = fix.params.iter().filter(|param| param.default.is_none());
        let mut asked = params.map(|param| Asked { param: param.clone(), of: Some(fix.clone()) });
        asked.find(|asked| self.is_open(asked))
    }

    fn is_open(&self, asked: &Asked) -> bool {
        let asks = |value: &String| asked.param.secret && value == ASK;
        self.value(asked).is_none_or(|value| asks(value) || asked.may_be(Some(value)).is_err())
    }

    /// The value that a param was given: the last one counts.
    pub(in crate::cli) fn value(&self, asked: &Asked) -> Option<&String> {
        let all = self.params.iter().rev();
        let mut own = all.filter(|(name, _)| match &asked.of {
            Some(fix) => self.is_for(fix, name) == Some(&asked.param.name),
            None => *name == asked.param.name,
        });
        own.next().map(|(_, value)| value)
    }

    /// The values that were given for a fix.
    pub(in crate::cli) fn values(&self, fix: &Fix) -> Vec<(String, String)> {
        let mut own = Vec::new();
        for (name, value) in &self.params {
            own.extend(self.is_for(fix, name).map(|name| (name.to_owned(), value.clone())));
        }
        own
    }

    /// Whether a password's hash is among the values.
    pub(in crate::cli) fn has_hash(&self) -> bool {
        let secret = |params: &[Param], name: &str| {
            params.iter().any(|param| param.secret && param.name == name)
        };
        let mut values = self.params.iter().filter(|(_, value)| !value.starts_with("env:"));
        values.any(|(name, _)| {
            let recipes = self.recipe().is_some_and(|recipe| secret(&recipe.params, name));
            let mut fixes = self.fixes.iter().flatten().map(|chosen| &chosen.fix);
            recipes
                || fixes
                    .any(|fix| self.is_for(fix, name).is_some_and(|name| secret(&fix.params, name)))
        })
    }

    /// The param of a fix that a value of this name is for: the recipe's own come
    /// first, as they do for `build`.
    fn is_for<'n>(&self, fix: &Fix, name: &'n str) -> Option<&'n str> {
        let mut recipes = self.recipe().into_iter().flat_map(|recipe| &recipe.params);
        if recipes.any(|param| param.name == name) {
            return None;
        }
        let bare = name.strip_prefix(&fix.id).and_then(|rest| rest.strip_prefix('.'));
        let bare = bare.unwrap_or(name);
        fix.params.iter().any(|param| param.name == bare).then_some(bare)
    }

    /// Sets a param instead of what it was set to: that may have been a password
    /// in clear.
    pub(in crate::cli) fn set(&mut self, name: String, value: String) {
        let recipes = self.recipe().into_iter().flat_map(|recipe| &recipe.params);
        let bare = name.split_once('.').map(|(_, bare)| bare);
        let bare = bare.filter(|bare| !recipes.clone().any(|param| param.name == *bare));
        let bare = bare.map(str::to_owned);
        self.params.retain(|(other, _)| *other != name && Some(other) != bare.as_ref());
        self.params.push((name, value));
    }

    /// Whether the recipe applies it, or one that excludes it.
    fn has(&self, fix: &Fix) -> bool {
        let steps = self.recipe().into_iter().flat_map(|recipe| &recipe.steps);
        steps
            .filter_map(|step| match &step.action {
                Action::Fix(used) => Some(&used.fix),
                _ => None,
            })
            .any(|used| {
                used.id == fix.id
                    || used.conflicts.contains(&fix.id)
                    || fix.conflicts.contains(&used.id)
            })
    }

    /// How a fix that was chosen reaches the system.
    pub(in crate::cli) fn how(&self, id: &str) -> Option<String> {
        let chosen = self.fixes.iter().flatten().any(|chosen| chosen.fix.id == id);
        let offer = self.offered().into_iter().find(|offer| chosen && offer.fix.id == id);
        offer.map(|offer| offer.how())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::wizard::flow::Given;
    use crate::engine::{Recognised, fixes as fix_command, load};
    use crate::recipe::{builtin, fixes as built_in};
    use crate::source::SystemVersion;

    /// What is offered for a recipe with this input, and how it reaches the system.
    fn offers(name: &str, input: &str, version: &str) -> Vec<(String, Delivery)> {
        let system = Some(SystemVersion { version: version.into(), ..SystemVersion::default() });
        let found = Recognised { system, ..Recognised::default() };
        let path = Some("/x/it.dmg".into());
        let given = Given { name: input.into(), path, found, checked: Vec::new() };
        let recipe = Some((name.to_owned(), Box::new(load::recipe(name).unwrap())));
        let answers = Answers { recipe, inputs: vec![given], ..Answers::default() };
        let offered = answers.offered().into_iter();
        offered.map(|offer| (offer.fix.id, offer.way)).collect()
    }

    /// A menu cuts what is longer.
    #[test]
    fn titles_fit_into_a_line_of_a_menu() {
        let fixes = built_in::ids().map(|id| {
            let fix = fix_command::fix(id).unwrap();
            format!("> [ ] {}: {}", fix.id, fix.title)
        });
        let recipes = builtin::names().map(|name| {
            let recipe = load::recipe(name).unwrap();
            format!("> {}", recipe.title)
        });
        for line in fixes.chain(recipes) {
            assert!(line.chars().count() < 80, "{line}");
        }
    }

    #[test]
    fn an_installed_system_is_changed_in_its_image() {
        let offered = offers("golden-image", "image", "10.12.6");
        assert!(offered.contains(&("stable-ipv6".to_owned(), Delivery::Volume)), "{offered:?}");
        assert!(offered.iter().any(|(id, _)| id == "create-admin-user"), "{offered:?}");
        assert!(offered.iter().all(|(_, way)| *way == Delivery::Volume));
    }

    #[test]
    fn what_is_installed_is_changed_by_packages_where_they_are_taken() {
        let offered = offers("lion", "installer", "10.7.5");
        assert!(offered.contains(&("enable-ssh".to_owned(), Delivery::Install)), "{offered:?}");
        // It changes the installer alone.
        assert!(!offered.iter().any(|(id, _)| id == "unattended-disk"), "{offered:?}");
        let offered = offers("yosemite", "installer", "10.10.5");
        assert!(offered.contains(&("push-mail".to_owned(), Delivery::FirstBoot)), "{offered:?}");
        assert!(!offers("sierra", "installer", "10.12.3").is_empty());
        // From 10.12.4 on, installers take packages of Apple's only.
        assert_eq!(offers("sierra", "installer", "10.12.4"), []);
    }

    #[test]
    fn fixes_ask_for_what_they_cannot_do_without() {
        let recipe = Some(("lion".to_owned(), Box::new(load::recipe("lion").unwrap())));
        let fixes = ["enable-ssh", "create-admin-user"].map(|id| Chosen::named(id).unwrap());
        let fixes = Some(fixes.to_vec());
        let mut answers = Answers { recipe, fixes, ..Answers::default() };
        let asked = |answers: &Answers| answers.asked_by_fixes().map(|asked| asked.title());
        let name = "name: the user's short name (for create-admin-user)";
        assert_eq!(asked(&answers).as_deref(), Some(name));
        // As a flag says it, which has not to say whose it is.
        answers.set("name".into(), "ada".into());
        let password = "password: the user's password (for create-admin-user, not shown)";
        assert_eq!(asked(&answers).as_deref(), Some(password));
        // What it cannot be is asked for, and goes.
        answers.set("password".into(), "hunter2".into());
        assert_eq!(asked(&answers).as_deref(), Some(password));
        assert!(answers.has_hash());
        let hash = format!("sha512:{}", "00".repeat(68));
        answers.set("create-admin-user.password".into(), hash.clone());
        assert_eq!(asked(&answers), None);
        let values = [("name", "ada"), ("password", &*hash)];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(answers.values(&answers.fixes.as_ref().unwrap()[1].fix), values);
        let command = answers.command();
        let command: Vec<_> = command.iter().map(|arg| arg.to_string_lossy()).collect();
        let password = format!("create-admin-user.password={hash}");
        let all = ["build", "lion", "--set", "name=ada", "--set", &password];
        assert_eq!(command[..6], all);
    }

    #[test]
    fn what_the_recipe_applies_is_not_offered() {
        let text = crate::recipe::Text {
            file: "own.toml".into(),
            text: "schema = 1\nextends = \"lion\"\nname = \"own\"\n\
                   [[step]]\nfix = \"skip-setup-assistant\"\n"
                .into(),
        };
        let recipe = load::parse(&text).unwrap();
        let answers =
            Answers { recipe: Some(("own".into(), Box::new(recipe))), ..Answers::default() };
        let has = |id: &str| answers.has(&engine::fixes::fix(id).unwrap());
        assert!(has("skip-setup-assistant") && !has("enable-ssh"));
    }
}
