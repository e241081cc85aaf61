//! Which fixes are offered, and how each reaches its system: those that the
//! system takes in that way, that are for it, and that ask nothing.

use crate::cli::wizard::flow::Answers;
use crate::engine;
use crate::recipe::{Action, Delivery, Fix, Reach, fixes, guards, reach};

/// A fix that may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Offer {
    pub(in crate::cli) fix: Fix,
    way: Delivery,
}

impl Offer {
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
            && fix.params.iter().all(|param| param.default.is_some())
            && !self.has(fix)
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
        let chosen = self.fixes.iter().flatten().any(|chosen| chosen == id);
        let offer = self.offered().into_iter().find(|offer| chosen && offer.fix.id == id);
        offer.map(|offer| offer.how())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::wizard::flow::Given;
    use crate::engine::{Recognised, load};
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

    #[test]
    fn an_installed_system_is_changed_in_its_image() {
        let offered = offers("golden-image", "image", "10.12.6");
        assert!(offered.contains(&("stable-ipv6".to_owned(), Delivery::Volume)), "{offered:?}");
        // It needs a name and a password.
        assert!(!offered.iter().any(|(id, _)| id == "create-admin-user"), "{offered:?}");
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
