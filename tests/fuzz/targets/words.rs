//! Texts: recipes and property lists.

use lionize::engine::edit_plist;
use lionize::recipe::{Action, PlistEdit, Text, builtin, load};
use std::sync::LazyLock;

const EDITS: &str = r#"
schema = 1
name = "edits"
title = "Edits"
[inputs.image]
kind = "image"
[[step]]
restore = { from = "image" }
[[step]]
plist = { path = "/a.plist", create = true, set = { "A:B:0" = 1, C = "x" }, delete = ["D:0:E", "F"], add = { G = [1] }, merge = { H = { I = true } } }
"#;

static EDIT: LazyLock<PlistEdit> = LazyLock::new(|| {
    let text = Text { file: "edits".into(), text: EDITS.into() };
    let recipe = load(&text, &|_, _| Err("nothing to extend".into())).expect("a valid recipe");
    let edit = recipe.steps.iter().find_map(|step| match &step.action {
        Action::Plist(edit) => Some(edit.clone()),
        _ => None,
    });
    edit.expect("the plist step")
});

/// Edits any bytes as a property list; what comes out must be one.
pub(super) fn plist(data: &[u8]) {
    if let Ok(edited) = edit_plist(data, &EDIT) {
        edit_plist(&edited, &EDIT).expect("what was written can be edited again");
    }
}

/// Parses any text, as a recipe and as what one extends.
pub(super) fn recipe(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let find = |name: &str, _: &str| match builtin::text(name) {
        Some(found) => Ok(found),
        None => Ok(Text { file: name.into(), text: text.clone() }),
    };
    match load(&Text { file: "fuzz".into(), text: text.clone() }, &find) {
        Ok(recipe) => drop(format!("{recipe:?}")),
        Err(mistakes) => assert!(!mistakes.is_empty()),
    }
}
