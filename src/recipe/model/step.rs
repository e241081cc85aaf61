//! The steps: what is done to the tree.

use super::Find;
use super::{Condition, FixUse, KeyPath, Owning, PlistEdit, Position, SettingsEdit, Value};
use serde::Serialize;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What.
    #[serde(flatten)]
    pub action: Action,
    /// The image in the tree whose volume it edits, instead of the tree itself.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// It is only done when this holds.
    pub when: Option<Condition>,
    /// It is only done when a property list looks like this.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// The param of a fix for each of whose values (`{each.value}`) it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// Where it stands, for messages; not part of what a recipe means.
    #[serde(skip)]
    pub at: Position,
}

/// What a property list must look like: all of it must hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// The file; one that is missing has no shape.
    pub path: String,
    /// Key paths that lead somewhere.
    pub has: Vec<KeyPath>,
    /// Key paths that lead nowhere.
    pub lacks: Vec<KeyPath>,
    /// Key paths with these values.
    pub is: Vec<(KeyPath, Value)>,
}

/// What a step does. Texts may hold `{placeholders}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Begins with an input's volume.
    Restore {
        /// The input.
        from: String,
        /// The image inside it that holds the volume; its own when `None`.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Block for block, without a tree.
        verbatim: bool,
    },
    /// Copies an input as it is, or what stands at a path of the tree.
    Copy {
        /// The input; the tree itself when `None`.
        from: Option<String>,
        /// The path in the tree, when there is no input.
        path: Option<String>,
        /// Where it goes.
        to: String,
        /// Owner, group, mode; as the source has them when `None`.
        owning: Owning,
        /// Whether what stands there is replaced.
        replace: bool,
    },
    /// Copies what stands at a path inside an input, however nested.
    Extract {
        /// The input.
        from: String,
        /// The path inside it.
        path: String,
        /// Where it goes.
        to: String,
        /// Owner, group, mode.
        owning: Owning,
        /// Whether what stands there is replaced.
        replace: bool,
    },
    /// Writes a small file.
    Write {
        /// Where it goes.
        to: String,
        /// Its contents.
        text: String,
        /// Owner, group, mode.
        owning: Owning,
        /// Whether what stands there is replaced.
        replace: bool,
    },
    /// Makes a folder and those above it.
    Mkdir {
        /// The folder.
        path: String,
        /// Owner, group, mode.
        owning: Owning,
    },
    /// Makes a link.
    Link {
        /// Where it goes.
        path: String,
        /// What it points to: any text for a symbolic link, a path for a hard one.
        to: String,
        /// Hard instead of symbolic.
        hard: bool,
    },
    /// Removes a file, or a folder with all in it.
    Remove {
        /// What goes.
        path: String,
        /// Whether it may be missing.
        optional: bool,
    },
    /// Moves or renames.
    Move {
        /// What moves.
        from: String,
        /// Its new path.
        to: String,
        /// Whether what stands there is replaced.
        replace: bool,
    },
    /// Sets owner, group, mode, flags.
    Mode {
        /// Of what.
        path: String,
        /// Which.
        owning: Owning,
        /// And of everything below it.
        recursive: bool,
    },
    /// Edits a property list.
    Plist(PlistEdit),
    /// Adds a line to a text file, unless it is there.
    Append {
        /// The file.
        path: String,
        /// The line.
        line: String,
        /// Whether the file is made when missing.
        create: bool,
    },
    /// Replaces text in files.
    Replace {
        /// The files, with `*`, `?` and `**`.
        path: String,
        /// What is looked for.
        find: Find,
        /// What takes its place.
        with: String,
        /// Whether it may be found nowhere.
        optional: bool,
    },
    /// Puts a mark before lines of text files, unless it is there.
    Comment {
        /// The files, with `*`, `?` and `**`.
        path: String,
        /// The text that is in these lines.
        contains: String,
        /// What goes before them; a line that begins with it stays.
        mark: String,
        /// Whether it may be found nowhere.
        optional: bool,
    },
    /// Puts a line behind others, unless it is in the file.
    Insert {
        /// The files, with `*`, `?` and `**`.
        path: String,
        /// The lines behind which it goes; `*` is any run, `?` one character.
        after: String,
        /// The line; it is indented as the one before it.
        line: String,
        /// Whether it may be found nowhere.
        optional: bool,
    },
    /// Runs a program of a Mac that is running; nothing on a volume that is not.
    Run {
        /// The program and its arguments.
        command: Vec<String>,
        /// Also when no step before it changed anything.
        always: bool,
        /// Only when this is there, whatever steps before it did.
        there: Option<String>,
    },
    /// Changes settings of OS X Server that `serveradmin` keeps.
    Settings {
        /// The service or key that is asked for.
        of: String,
        /// What is changed.
        edit: SettingsEdit,
    },
    /// Applies a fix.
    Fix(FixUse),
    /// Lists packages for the installer, in its `OSInstall.collection`.
    Collection {
        /// The packages' paths in the volume.
        add: Vec<String>,
    },
    /// Names the boot file.
    Bless {
        /// The folder; that of the file when `None`.
        folder: Option<String>,
        /// The boot file.
        file: String,
    },
    /// Names the volume.
    Label {
        /// The name.
        name: String,
    },
}

impl Action {
    /// The paths in the volume that it changes, of those that fixes may have.
    #[must_use]
    pub fn changed(&self) -> Vec<&str> {
        match self {
            Self::Write { to: path, .. }
            | Self::Mkdir { path, .. }
            | Self::Append { path, .. }
            | Self::Replace { path, .. }
            | Self::Comment { path, .. }
            | Self::Insert { path, .. }
            | Self::Plist(PlistEdit { path, .. }) => vec![path],
            Self::Move { from, to, .. } => vec![from, to],
            _ => Vec::new(),
        }
    }
}
