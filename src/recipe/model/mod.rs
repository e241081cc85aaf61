//! What a recipe says, once it is known to be right.

mod edit;
mod input;
mod media;
mod step;
mod value;

pub use edit::{Find, FixUse, Owning, PlistEdit, SettingsEdit};
pub use input::{CatalogEntry, Demand, Input, InputKind};
pub use media::{Layout, MediaOptions, Size, VolumeOptions};
pub use step::{Action, Shape, Step};
pub use value::{Comparison, Condition, KeyPath, Operator, Value};

use crate::recipe::Test;
use serde::Serialize;

/// A recipe without mistakes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// The name it is asked for by.
    pub name: String,
    /// What it makes, in a few words.
    pub title: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Purpose::is_other")]
    pub purpose: Purpose,
    /// For which Macs, in plain words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub macs: String,
    /// What the user should know, shown in the plan.
    pub notes: Vec<String>,
    /// What may be set with `--set`.
    pub params: Vec<Param>,
    /// What the user must give.
    pub inputs: Vec<Input>,
    /// The disk to make.
    pub media: MediaOptions,
    /// What to do to the tree, in order.
    pub steps: Vec<Step>,
    /// What is claimed of the result.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
}

impl Recipe {
    /// The recipe as far as it decides what is made: without its tests, and
    /// without the words that help to choose it.
    #[must_use]
    pub fn decisive(&self) -> Self {
        Self { tests: Vec::new(), purpose: Purpose::Other, macs: String::new(), ..self.clone() }
    }

    /// The input of this name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.name == name)
    }
}

/// What a recipe is for, in the order in which they are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Media that install a system.
    Install,
    /// Media that install a server.
    Server,
    /// Software for a Mac that has its system.
    Software,
    /// Images that somebody has.
    Image,
    /// Anything else.
    #[default]
    Other,
}

impl Purpose {
    /// Those that a recipe may name, with their words.
    pub const ALL: [(&'static str, Self); 4] = [
        ("install", Self::Install),
        ("server", Self::Server),
        ("software", Self::Software),
        ("image", Self::Image),
    ];

    /// What stands above a list of them.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Install => "Install a system",
            Self::Server => "Install a server",
            Self::Software => "Take software out of its package",
            Self::Image => "Make media or a new image from an image",
            Self::Other => "Something else",
        }
    }

    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// A value that may be set from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Param {
    /// Its name in `{params.NAME}`.
    pub name: String,
    /// The value when none is set; without one, it must be set.
    pub default: Option<String>,
    /// The only values allowed; any when empty.
    pub choices: Vec<String>,
    /// What it is for.
    pub about: String,
    /// A password: never in clear in a recipe or on a command line.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// A place in a recipe's text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The recipe's file or name.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
