//! Whether the names in a joined recipe lead somewhere, and its steps fit together.

use crate::recipe::draft::{Draft, Use};
use crate::recipe::mistake::nearest;
use crate::recipe::{
    Action, Input, InputKind, Layout, MediaOptions, Mistake, Position, Recipe, Size, Step,
    VolumeOptions,
};

/// Facts that every input has once it is given.
const FILE_FACTS: [&str; 2] = ["given", "file"];
/// Facts of an input that holds a volume.
const VOLUME_FACTS: [&str; 6] = ["given", "file", "volume", "product", "version", "build"];

/// The free room in a volume that fits: installers write to their media.
const FREE: u64 = 64 << 20;

/// Turns a draft into a recipe, or says all that is wrong with it.
pub(super) fn check(draft: Draft) -> (Recipe, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    for used in &draft.uses {
        mistakes.extend(check_use(&draft, used));
    }
    for input in &draft.inputs {
        mistakes.extend(check_input(&draft, &input.value, &input.at));
    }
    mistakes.extend(check_restore(&draft));
    (finish(draft), mistakes)
}

fn mistake(at: &Position, message: String, suggestion: Option<&str>) -> Mistake {
    Mistake { at: at.clone(), message, suggestion: suggestion.map(str::to_owned) }
}

pub(super) fn check_use(draft: &Draft, used: &Use) -> Option<Mistake> {
    match used {
        Use::Input(name, kinds) => {
            let Some(input) = input(draft, &name.value) else {
                let message = format!("there is no input `{}`", name.value);
                return Some(mistake(&name.at, message, near_input(draft, &name.value)));
            };
            (!kinds.contains(&input.kind)).then(|| {
                let wanted: Vec<_> =
                    kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
                let kind = input.kind.word();
                let name = &name.value;
                let message = format!(
                    "the input `{name}` is of kind `{kind}`; this takes {}",
                    wanted.join(", ")
                );
                mistake(&used_at(used), message, None)
            })
        }
        Use::Fact { of, fact, at } if of == "params" => {
            let names = || draft.params.iter().map(|param| param.value.name.as_str());
            let known = names().any(|name| name == fact);
            (!known)
                .then(|| mistake(at, format!("there is no param `{fact}`"), nearest(fact, names())))
        }
        Use::Fact { of, fact, at } => {
            let Some(input) = input(draft, of) else {
                let message = format!("there is no input `{of}`");
                return Some(mistake(at, message, near_input(draft, of)));
            };
            let facts = facts_of(input.kind);
            (!facts.contains(&fact.as_str())).then(|| {
                let message =
                    format!("an input of kind `{}` has no fact `{fact}`", input.kind.word());
                mistake(at, message, nearest(fact, facts.iter().copied()))
            })
        }
    }
}

fn used_at(used: &Use) -> Position {
    match used {
        Use::Input(name, _) => name.at.clone(),
        Use::Fact { at, .. } => at.clone(),
    }
}

const fn facts_of(kind: InputKind) -> &'static [&'static str] {
    match kind {
        InputKind::Image | InputKind::Installer => &VOLUME_FACTS,
        InputKind::File | InputKind::Folder | InputKind::Zip | InputKind::Catalog => &FILE_FACTS,
    }
}

fn input<'d>(draft: &'d Draft, name: &str) -> Option<&'d Input> {
    draft.inputs.iter().map(|input| &input.value).find(|input| input.name == name)
}

fn near_input<'d>(draft: &'d Draft, name: &str) -> Option<&'d str> {
    nearest(name, draft.inputs.iter().map(|input| input.value.name.as_str()))
}

fn check_input(draft: &Draft, checked: &Input, at: &Position) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if !checked.release.is_empty() && !facts_of(checked.kind).contains(&"version") {
        let message = format!("an input of kind `{}` has no release", checked.kind.word());
        mistakes.push(mistake(at, message, None));
    }
    for comparison in checked.when.iter().flat_map(|when| &when.0) {
        // Else no order of opening them would do.
        if input(draft, &comparison.of).is_some_and(|other| other.when.is_some()) {
            let message = format!(
                "whether `{}` is wanted may only depend on inputs that always are; `{}` is not",
                checked.name, comparison.of
            );
            mistakes.push(mistake(at, message, None));
        }
    }
    mistakes
}

/// A recipe restores once, first; verbatim, it does nothing else.
fn check_restore(draft: &Draft) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let is_restore = |step: &&Step| matches!(step.action, Action::Restore { .. });
    for step in draft.steps.iter().skip(1).filter(is_restore) {
        let message = "restore begins a volume, so it comes once and first".to_owned();
        mistakes.push(mistake(&step.at, message, None));
    }
    for step in draft.steps.iter().filter(|step| step.within.is_some()).filter(is_restore) {
        let message = "restore begins a volume, not one in an image".to_owned();
        mistakes.push(mistake(&step.at, message, None));
    }
    let first = draft.steps.first().map(|step| &step.action);
    if !matches!(first, Some(Action::Restore { verbatim: true, .. })) {
        return mistakes;
    }
    if let Some(second) = draft.steps.get(1) {
        let message = "a verbatim volume cannot be changed by further steps".to_owned();
        mistakes.push(mistake(&second.at, message, None));
    }
    if let Some(at) = &draft.media.volume_at {
        let message = "a verbatim volume takes no options".to_owned();
        mistakes.push(mistake(at, message, None));
    }
    mistakes
}

fn finish(draft: Draft) -> Recipe {
    let Draft { media, .. } = draft;
    let volume = VolumeOptions {
        name: media.name.map(|name| name.value),
        size: media.size.unwrap_or(Size::Fit),
        free: media.free.unwrap_or(FREE),
        block_size: media.block_size,
        journal: media.journal.unwrap_or(false),
        case_sensitive: media.case_sensitive,
        bless: media.bless,
    };
    Recipe {
        name: draft.name.unwrap_or_default(),
        title: draft.title.unwrap_or_default(),
        purpose: draft.purpose.unwrap_or_default(),
        macs: draft.macs.unwrap_or_default(),
        notes: draft.notes,
        params: draft.params.into_iter().map(|param| param.value).collect(),
        inputs: draft.inputs.into_iter().map(|input| input.value).collect(),
        media: MediaOptions {
            layout: media.layout.unwrap_or(Layout::Standard),
            sector: media.sector.unwrap_or(512),
            volume,
            efi: media.efi,
        },
        steps: draft.steps,
        tests: draft.tests,
    }
}
