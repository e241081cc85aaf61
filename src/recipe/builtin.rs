//! The recipes that are part of this program.

use crate::recipe::load::Text;
use crate::recipe::mistake::nearest;

/// Name and text of each.
const ALL: [(&str, &str); 16] = [
    ("restore", include_str!("../../recipes/restore.toml")),
    ("lion", include_str!("../../recipes/lion.toml")),
    ("mountain-lion", include_str!("../../recipes/mountain-lion.toml")),
    ("mavericks", include_str!("../../recipes/mavericks.toml")),
    ("yosemite", include_str!("../../recipes/yosemite.toml")),
    ("el-capitan", include_str!("../../recipes/el-capitan.toml")),
    ("sierra", include_str!("../../recipes/sierra.toml")),
    ("lion-unattended", include_str!("../../recipes/lion-unattended.toml")),
    ("mavericks-unattended", include_str!("../../recipes/mavericks-unattended.toml")),
    ("lion-server", include_str!("../../recipes/lion-server.toml")),
    ("mountain-lion-server", include_str!("../../recipes/mountain-lion-server.toml")),
    ("server-app", include_str!("../../recipes/server-app.toml")),
    ("remote-desktop", include_str!("../../recipes/remote-desktop.toml")),
    ("server-admin-tools", include_str!("../../recipes/server-admin-tools.toml")),
    ("p2000-firmware", include_str!("../../recipes/p2000-firmware.toml")),
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
