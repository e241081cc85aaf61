//! The recipes that are part of this program.

use crate::recipe::load::Text;
use crate::recipe::mistake::nearest;

/// Name and text of each.
const ALL: [(&str, &str); 3] = [
    ("restore", include_str!("../../recipes/restore.toml")),
    ("lion", include_str!("../../recipes/lion.toml")),
    ("golden-image", include_str!("../../recipes/golden-image.toml")),
];

/// The names of all built-in recipes.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

/// The text of a built-in recipe.
#[must_use]
pub fn text(name: &str) -> Option<Text> {
    let (name, text) = ALL.iter().find(|(known, _)| *known == name)?;
    Some(Text { file: (*name).to_owned(), text: (*text).to_owned() })
}

/// The built-in recipe whose name is nearest to one that is none.
#[must_use]
pub fn similar(name: &str) -> Option<&'static str> {
    nearest(name, names())
}
