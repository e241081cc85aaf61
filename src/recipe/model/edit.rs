//! What single steps look for and change.

use super::{KeyPath, Value};
use crate::recipe::{Delivery, Fix};
use serde::Serialize;

/// What [`super::Action::Settings`] changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsEdit {
    /// The key's value.
    Set(String),
    /// Whole lines of the answer that this matches, as [`Find::Line`] does.
    Lines {
        /// The pattern.
        line: String,
        /// What takes the line's place.
        with: String,
    },
}

/// A fix as a recipe asks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FixUse {
    /// The fix's id, or the path of its file.
    pub id: String,
    /// The fix itself.
    pub fix: Box<Fix>,
    /// The values of its params, with placeholders.
    pub params: Vec<(String, String)>,
    /// Whether it may find nothing to change.
    pub optional: bool,
    /// Whether it is also applied to systems that it is not made for.
    pub force: bool,
    /// How it reaches the system; by what the volume is when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver: Option<Delivery>,
}

/// What [`super::Action::Replace`] looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Find {
    /// This text, wherever it stands.
    Text(String),
    /// Whole lines (without the blanks around them) that this matches; `*` is
    /// any run, `?` one character.
    Line(String),
}

/// Owner, group, mode and flags that are set; `None` leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Owning {
    /// Permission bits, without the type.
    pub mode: Option<u16>,
    /// Owner's number.
    pub owner: Option<u32>,
    /// Group's number.
    pub group: Option<u32>,
    /// `UF_*` and `SF_*` as `chflags` has them (user flags low, system flags high 16 bits).
    pub flags: Option<u32>,
}

/// Edits of one property list: `delete`, `set`, `add`, `include`, `merge`, in this order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PlistEdit {
    /// The file.
    pub path: String,
    /// Whether the file is made (as XML) when missing.
    pub create: bool,
    /// Whether a file that is there stays as it is.
    pub keep: bool,
    /// Owner, group and mode of a file that is made.
    pub owning: Owning,
    /// Key paths that go; a missing one is no mistake.
    pub delete: Vec<KeyPath>,
    /// Key paths that get a value, whether they have one or not.
    pub set: Vec<(KeyPath, Value)>,
    /// Key paths that must be new; at an array, the value is appended.
    pub add: Vec<(KeyPath, Value)>,
    /// Arrays that get a value, unless it is in them; they are made when missing.
    pub include: Vec<(KeyPath, Value)>,
    /// Dictionaries that take these keys, deeply.
    pub merge: Vec<(KeyPath, Value)>,
}
