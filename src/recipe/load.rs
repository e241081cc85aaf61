//! From texts to a recipe: reads it and all that it extends, and joins them.

use crate::recipe::check::check;
use crate::recipe::draft::{Draft, MediaDraft};
use crate::recipe::reader::{Located, Reader};
use crate::recipe::{Mistake, Recipe, fixes};

/// The most recipes that may extend one another.
const MAX_DEPTH: usize = 8;

/// A recipe's text and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What messages call it; tells it from others.
    pub file: String,
    /// TOML.
    pub text: String,
}

/// Parses a recipe. `find` gives what a recipe extends: it is asked for a name
/// or path, and for the file that asks.
///
/// # Errors
/// Every mistake in all files, ordered by place.
pub fn load(
    text: &Text,
    find: &dyn Fn(&str, &str) -> Result<Text, String>,
) -> Result<Recipe, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let draft = draft(text, find, &mut vec![text.file.clone()], &mut mistakes);
    // Half-read files would lack names that are there.
    if mistakes.is_empty() || draft.name.is_some() {
        let (recipe, more) = check(draft);
        mistakes.extend(more);
        if mistakes.is_empty() {
            return Ok(recipe);
        }
    }
    mistakes.sort();
    mistakes.dedup();
    Err(mistakes)
}

fn draft(
    text: &Text,
    find: &dyn Fn(&str, &str) -> Result<Text, String>,
    above: &mut Vec<String>,
    mistakes: &mut Vec<Mistake>,
) -> Draft {
    let reader = Reader::new(&text.file, &text.text);
    let mut draft = Draft::read(&reader, &text.text);
    mistakes.extend(reader.into_mistakes());
    fixes::resolve(&mut draft.steps, &text.file, find, mistakes);
    let Some(extends) = draft.extends.clone() else { return draft };
    let mut fail = |message| {
        mistakes.push(Mistake { at: extends.at.clone(), message, suggestion: None });
    };
    let base = match find(&extends.value, &text.file) {
        Ok(base) => base,
        Err(message) => {
            fail(message);
            return draft;
        }
    };
    if above.contains(&base.file) || above.len() >= MAX_DEPTH {
        fail(format!("`{}` extends itself: {} -> {}", base.file, above.join(" -> "), base.file));
        return draft;
    }
    above.push(base.file.clone());
    let base = self::draft(&base, find, above, mistakes);
    join(base, draft)
}

/// What the child says goes before what the base says; its steps and tests come after.
fn join(base: Draft, child: Draft) -> Draft {
    Draft {
        extends: None,
        name: child.name.or(base.name),
        title: child.title.or(base.title),
        purpose: child.purpose.or(base.purpose),
        macs: child.macs.or(base.macs),
        notes: base.notes.into_iter().chain(child.notes).collect(),
        params: named(base.params, child.params, |param| &param.name),
        inputs: named(base.inputs, child.inputs, |input| &input.name),
        media: join_media(base.media, child.media),
        steps: base.steps.into_iter().chain(child.steps).collect(),
        tests: base.tests.into_iter().chain(child.tests).collect(),
        uses: base.uses.into_iter().chain(child.uses).collect(),
        is_fix: false,
    }
}

fn named<T>(
    mut base: Vec<Located<T>>,
    child: Vec<Located<T>>,
    name: impl Fn(&T) -> &str,
) -> Vec<Located<T>> {
    for item in child {
        match base.iter_mut().find(|old| name(&old.value) == name(&item.value)) {
            Some(old) => *old = item,
            None => base.push(item),
        }
    }
    base
}

fn join_media(base: MediaDraft, child: MediaDraft) -> MediaDraft {
    MediaDraft {
        layout: child.layout.or(base.layout),
        sector: child.sector.or(base.sector),
        name: child.name.or(base.name),
        size: child.size.or(base.size),
        free: child.free.or(base.free),
        block_size: child.block_size.or(base.block_size),
        journal: child.journal.or(base.journal),
        case_sensitive: child.case_sensitive.or(base.case_sensitive),
        bless: child.bless.or(base.bless),
        efi: child.efi.or(base.efi),
        volume_at: child.volume_at.or(base.volume_at),
    }
}
