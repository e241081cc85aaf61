//! What a recipe says, once it is known to be right.

use crate::recipe::{Delivery, Fix, Test};
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

/// What an input must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// Any image or volume of HFS+.
    Image,
    /// An installer: peeled until it is found.
    Installer,
    /// Any file, taken as it is.
    File,
    /// A folder.
    Folder,
    /// A zip archive.
    Zip,
    /// A package of a software update catalog.
    Catalog,
}

impl InputKind {
    /// All kinds, with their words.
    pub const ALL: [(&'static str, Self); 6] = [
        ("image", Self::Image),
        ("installer", Self::Installer),
        ("file", Self::File),
        ("folder", Self::Folder),
        ("zip", Self::Zip),
        ("catalog", Self::Catalog),
    ];

    /// The word in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// Something the user gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// Its name in `--input NAME=PATH`.
    pub name: String,
    /// What it must be.
    pub kind: InputKind,
    /// The system versions allowed, such as `10.7` for 10.7.x; any when empty.
    pub release: Vec<String>,
    /// The question to ask for it.
    pub ask: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// It is only wanted when this holds.
    pub when: Option<Condition>,
    /// Where a catalog has it.
    pub entry: Option<CatalogEntry>,
    /// The least that must prove it.
    pub trust: Option<Demand>,
}

/// A package of a product in a software update catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogEntry {
    /// The catalog's name, such as `lion`.
    pub catalog: String,
    /// The product's id, with placeholders.
    pub product: String,
    /// The package's file name.
    pub package: String,
}

/// What must prove an input, for a build to be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// Nothing: only what contradicts is refused.
    None,
    /// Checksums of its own, all right.
    Checksum,
    /// A digest on record, or a signature.
    Digest,
    /// A signature that leads to a known root.
    Signature,
}

impl Demand {
    /// All demands, with their words.
    pub const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("checksum", Self::Checksum),
        ("digest", Self::Digest),
        ("signature", Self::Signature),
    ];

    /// The word in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, demand)| *demand == self).map_or("", |(word, _)| word)
    }
}

/// How the disk is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// As Disk Utility makes it: an EFI partition, the volume, 128 MiB free.
    Standard,
    /// One HFS+ partition from sector 2048.
    Single,
    /// The volume alone, without a partition map.
    Bare,
}

impl Layout {
    /// All layouts, with their words.
    pub const ALL: [(&'static str, Self); 3] =
        [("standard", Self::Standard), ("single", Self::Single), ("bare", Self::Bare)];

    /// The word in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, layout)| *layout == self).map_or("", |(word, _)| word)
    }
}

/// How large the volume becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// As large as its contents and the free room ask for.
    Fit,
    /// So many bytes.
    Bytes(u64),
    /// As large as the target allows.
    Target,
}

/// The disk to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MediaOptions {
    /// How the disk is divided.
    pub layout: Layout,
    /// Bytes of a sector: 512 or 4096.
    pub sector: u32,
    /// The volume.
    pub volume: VolumeOptions,
    /// The input whose files go into the EFI partition.
    pub efi: Option<String>,
}

/// The HFS+ volume to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeOptions {
    /// Its name; the restored volume's when `None`.
    pub name: Option<String>,
    /// How large it becomes.
    pub size: Size,
    /// The free room in it, for `fit`.
    pub free: u64,
    /// Bytes of an allocation block; the default of the writer when `None`.
    pub block_size: Option<u32>,
    /// Whether it has an (empty) journal.
    pub journal: bool,
    /// Whether names differ by case; as the restored volume when `None`.
    pub case_sensitive: Option<bool>,
    /// The boot file to bless at the end.
    pub bless: Option<String>,
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

/// What [`Action::Settings`] changes.
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

/// What [`Action::Replace`] looks for.
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

/// The keys and array indices that lead to a value, as in `Sockets:Listeners:0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyPath(pub Vec<String>);

impl std::fmt::Display for KeyPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|key| key.replace(':', "\\:")).collect();
        write!(f, "{}", parts.join(":"))
    }
}

/// A value for a property list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Real(f64),
    /// Text, which may hold placeholders.
    Text(String),
    /// A date in UTC, as RFC 3339 writes it.
    Date(String),
    /// Values in order.
    Array(Vec<Value>),
    /// Values by key, in the order of the text.
    Table(Vec<(String, Value)>),
}

/// Comparisons, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition(pub Vec<Comparison>);

/// One comparison, as in `installer.version >= 10.7.4`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The input, or `params`.
    pub of: String,
    /// The fact, or the param's name.
    pub fact: String,
    /// How.
    pub by: Operator,
    /// With what.
    pub value: String,
}

/// How two values are compared: as versions when both are, else as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "their names say it")]
pub enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}
