//! What each step's table may say.

use crate::recipe::draft::{Draft, Use};
use crate::recipe::reader::{Located, Reader, Table, wrong};
use crate::recipe::text::{flag_names, flags, key_path, mode};
use crate::recipe::{
    Action, Delivery, Find, FixUse, InputKind, KeyPath, Owning, PlistEdit, SettingsEdit, Shape,
    Value, nearest,
};
use toml::Spanned;
use toml::de::DeValue;

/// All steps by name.
pub(super) const NAMES: [&str; 20] = [
    "restore",
    "copy",
    "extract",
    "write",
    "mkdir",
    "link",
    "remove",
    "move",
    "mode",
    "plist",
    "append",
    "replace",
    "comment",
    "insert",
    "run",
    "settings",
    "fix",
    "collection",
    "bless",
    "label",
];
/// Those that a fix may have: each can be said by a script as well.
const OF_FIXES: [&str; 8] =
    ["write", "mkdir", "move", "plist", "append", "replace", "comment", "insert"];
/// Those that only a fix may have, because a Mac must be running.
const OF_RUNNING: [&str; 2] = ["run", "settings"];
const VOLUMES: &[InputKind] = &[InputKind::Image, InputKind::Installer];
const ANY: &[InputKind] = &[
    InputKind::Image,
    InputKind::Installer,
    InputKind::File,
    InputKind::Folder,
    InputKind::Catalog,
];

/// What is wrong with a step of this name in a recipe or a fix.
pub(super) fn misplaced(name: &str, in_fix: bool) -> Option<String> {
    let fits = OF_FIXES.contains(&name) || OF_RUNNING.contains(&name);
    match in_fix {
        true if !fits => Some(format!("a fix has no `{name}`: scripts cannot do it")),
        false if OF_RUNNING.contains(&name) => {
            Some(format!("`{name}` needs a Mac that runs: write a fix, and use that"))
        }
        _ => None,
    }
}

/// Reads what a property list must look like.
pub(super) fn shape(draft: &mut Draft, table: Table<'_, '_>, path: &'static str) -> Option<Shape> {
    let mut form = Form { draft, table: &table };
    let paths = |key| table.texts(key).iter().map(|text| key_path(&text.value)).collect();
    let path = form.path(path);
    let (has, lacks): (Vec<_>, Vec<_>) = (paths("has"), paths("lacks"));
    let is = form.values("is");
    if has.is_empty() && lacks.is_empty() && is.is_empty() {
        table.reader.mistake(&table.span, "any list looks like this: give `has`, `lacks` or `is`");
    }
    table.finish();
    Some(Shape { path: path?, has, lacks, is })
}

/// Reads what a step says.
pub(super) fn read(
    draft: &mut Draft,
    reader: &Reader<'_>,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Option<Action> {
    if let Some(text) = value.get_ref().as_str() {
        let text = Located { value: text.to_owned(), at: reader.position(value.span().start) };
        return short(draft, reader, name, text, value);
    }
    let table = Table::of_value(reader, value, NAMES.iter().find(|known| **known == name)?)?;
    let action = Form { draft, table: &table }.read(name);
    table.finish();
    action
}

/// The forms that are a text instead of a table: `label = "Install"`.
fn short(
    draft: &mut Draft,
    reader: &Reader<'_>,
    name: &str,
    text: Located<String>,
    value: &Spanned<DeValue<'_>>,
) -> Option<Action> {
    let mut path = |text| draft.path(reader, Some(text));
    Some(match name {
        "restore" => {
            draft.uses.push(Use::Input(text.clone(), VOLUMES));
            Action::Restore { from: text.value, path: None, verbatim: false }
        }
        "bless" => Action::Bless { folder: None, file: path(text)? },
        "mkdir" => Action::Mkdir { path: path(text)?, owning: Owning::default() },
        "remove" => Action::Remove { path: path(text)?, optional: false },
        "fix" => Action::Fix(fix_use(text, Vec::new())),
        "collection" => Action::Collection { add: vec![path(text)?] },
        "label" => Action::Label { name: draft.holed(Some(text))?.value },
        _ => {
            reader.mistake(&value.span(), wrong(name, "a table", value.get_ref()));
            return None;
        }
    })
}

fn fix_use(id: Located<String>, params: Vec<(String, String)>) -> FixUse {
    FixUse {
        id: id.value,
        fix: Box::default(),
        params,
        optional: false,
        force: false,
        deliver: None,
    }
}

/// One step's table while it is read.
pub(super) struct Form<'d, 'a, 'i> {
    pub(super) draft: &'d mut Draft,
    pub(super) table: &'d Table<'a, 'i>,
}

impl Form<'_, '_, '_> {
    fn read(&mut self, name: &str) -> Option<Action> {
        match name {
            "restore" => self.restore(),
            "copy" => self.copy(),
            "extract" => self.extract(),
            "write" => self.write(),
            "mkdir" => {
                let (path, owning) = (self.path("path"), self.owning());
                Some(Action::Mkdir { path: path?, owning })
            }
            "link" => self.link(),
            "remove" => {
                let (path, optional) = (self.path("path"), self.flag("optional"));
                Some(Action::Remove { path: path?, optional })
            }
            "move" => {
                let (from, to, replace) =
                    (self.path("from"), self.path("to"), self.flag("replace"));
                Some(Action::Move { from: from?, to: to?, replace })
            }
            "mode" => self.mode(),
            "plist" => self.plist(),
            "append" => {
                let (path, line, create) =
                    (self.path("path"), self.text("line"), self.flag("create"));
                Some(Action::Append { path: path?, line: line?, create })
            }
            "replace" => self.replace(),
            "comment" => self.comment(),
            "insert" => self.insert(),
            "run" => self.run(),
            "settings" => self.settings(),
            "fix" => self.fix(),
            "collection" => self.collection(),
            "bless" => {
                let folder = self.table.text("folder");
                let folder = self.draft.path(self.table.reader, folder);
                Some(Action::Bless { folder, file: self.path("file")? })
            }
            _ => Some(Action::Label { name: self.text("name")? }),
        }
    }

    fn flag(&self, key: &'static str) -> bool {
        self.table.flag(key).unwrap_or(false)
    }

    /// A path in the volume that must be given.
    pub(super) fn path(&mut self, key: &'static str) -> Option<String> {
        let path = self.table.need(key);
        self.draft.path(self.table.reader, path)
    }

    /// A text that must be given, with placeholders.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.table.need(key);
        self.draft.holed(text).map(|text| text.value)
    }

    fn input(
        &mut self,
        name: Option<Located<String>>,
        kinds: &'static [InputKind],
    ) -> Option<String> {
        let name = name?;
        self.draft.uses.push(Use::Input(name.clone(), kinds));
        Some(name.value)
    }

    fn restore(&mut self) -> Option<Action> {
        let from = self.table.need("from");
        let (from, verbatim) = (self.input(from, VOLUMES), self.flag("verbatim"));
        let path = self.table.text("path");
        let path = self.draft.holed(path).map(|path| path.value);
        if verbatim && path.is_some() {
            let message = "what is restored block for block is an input's own volume";
            self.table.reader.mistake(&self.table.span, message);
        }
        Some(Action::Restore { from: from?, path, verbatim })
    }

    fn copy(&mut self) -> Option<Action> {
        let from = self.table.text("from");
        let from = self.input(from, ANY);
        let path = self.table.text("path");
        let path = self.draft.path(self.table.reader, path);
        if from.is_some() == path.is_some() {
            let message = match from {
                Some(_) => "copy takes an input whole; `extract` takes a `path` inside it",
                None => "copy needs `from` (an input) or `path` (in the volume)",
            };
            self.table.reader.mistake(&self.table.span, message);
        }
        let (to, owning, replace) = (self.path("to"), self.owning(), self.flag("replace"));
        Some(Action::Copy { from, path, to: to?, owning, replace })
    }

    fn extract(&mut self) -> Option<Action> {
        let from = self.table.need("from");
        let (from, path) = (self.input(from, ANY), self.text("path"));
        let (to, owning, replace) = (self.path("to"), self.owning(), self.flag("replace"));
        Some(Action::Extract { from: from?, path: path?, to: to?, owning, replace })
    }

    fn write(&mut self) -> Option<Action> {
        let (to, text) = (self.path("to"), self.text("text"));
        let (owning, replace) = (self.owning(), self.flag("replace"));
        Some(Action::Write { to: to?, text: text?, owning, replace })
    }

    fn link(&mut self) -> Option<Action> {
        let hard = self.flag("hard");
        let to = if hard { self.path("to") } else { self.text("to") };
        let path = self.path("path");
        Some(Action::Link { path: path?, to: to?, hard })
    }

    fn mode(&mut self) -> Option<Action> {
        let (path, owning, recursive) = (self.path("path"), self.owning(), self.flag("recursive"));
        if owning == Owning::default() {
            let message = "mode sets nothing: give `mode`, `owner`, `group` or `flags`";
            self.table.reader.mistake(&self.table.span, message);
        }
        Some(Action::Mode { path: path?, owning, recursive })
    }

    fn replace(&mut self) -> Option<Action> {
        let (find, line) = (self.table.text("find"), self.table.text("line"));
        let (find, line) = (self.draft.holed(find), self.draft.holed(line));
        let find = match (find, line) {
            (Some(text), None) => Some(Find::Text(text.value)),
            (None, Some(line)) => Some(Find::Line(line.value)),
            _ => {
                let message = "replace looks either for `find` (a text) or for `line` (a pattern)";
                self.table.reader.mistake(&self.table.span, message);
                None
            }
        };
        if matches!(&find, Some(Find::Text(text) | Find::Line(text)) if text.is_empty()) {
            self.table.reader.mistake(&self.table.span, "replace looks for nothing");
        }
        let (path, with) = (self.path("path"), self.text("with"));
        let optional = self.flag("optional");
        Some(Action::Replace { path: path?, find: find?, with: with?, optional })
    }

    fn comment(&mut self) -> Option<Action> {
        let (path, contains) = (self.path("path"), self.text("contains"));
        let mark = self.table.text("mark").map_or_else(|| "#".to_owned(), |mark| mark.value);
        let optional = self.flag("optional");
        if contains.as_deref() == Some("") || mark.is_empty() {
            self.table.reader.mistake(&self.table.span, "comment looks for nothing");
        }
        Some(Action::Comment { path: path?, contains: contains?, mark, optional })
    }

    fn insert(&mut self) -> Option<Action> {
        let (path, after) = (self.path("path"), self.text("after"));
        let (line, optional) = (self.text("line"), self.flag("optional"));
        Some(Action::Insert { path: path?, after: after?, line: line?, optional })
    }

    fn run(&mut self) -> Option<Action> {
        let command = self.table.texts("command");
        command.iter().for_each(|word| self.draft.note_holes(word));
        if command.is_empty() {
            self.table.missing("command");
        }
        let command = command.into_iter().map(|word| word.value).collect();
        let there = self.table.text("there");
        let there = self.draft.path(self.table.reader, there);
        Some(Action::Run { command, always: self.flag("always"), there })
    }

    fn settings(&mut self) -> Option<Action> {
        let of = self.text("of");
        let (set, line) = (self.table.text("set"), self.table.text("line"));
        let edit = match (self.draft.holed(set), self.draft.holed(line)) {
            (Some(value), None) => SettingsEdit::Set(value.value),
            (None, Some(line)) => {
                SettingsEdit::Lines { line: line.value, with: self.text("with")? }
            }
            _ => {
                let message = "settings changes either a value (`set`) or lines (`line`, `with`)";
                self.table.reader.mistake(&self.table.span, message);
                return None;
            }
        };
        Some(Action::Settings { of: of?, edit })
    }

    fn fix(&mut self) -> Option<Action> {
        let id = self.table.need("id");
        let mut params = Vec::new();
        if let Some(table) = self.table.table("params") {
            for (name, _, value) in table.entries() {
                let value = match value.get_ref() {
                    DeValue::String(text) => {
                        let at = table.reader.position(value.span().start);
                        let text = Located { value: text.to_string(), at };
                        self.draft.note_holes(&text);
                        text.value
                    }
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Boolean(truth) => truth.to_string(),
                    other => {
                        table.reader.mistake(&value.span(), wrong(name.value, "a text", other));
                        continue;
                    }
                };
                params.push((name.value.to_owned(), value));
            }
        }
        let (optional, force) = (self.flag("optional"), self.flag("force"));
        let deliver = self.table.word("deliver", &Delivery::OF_RECIPES);
        Some(Action::Fix(FixUse { optional, force, deliver, ..fix_use(id?, params) }))
    }

    fn collection(&mut self) -> Option<Action> {
        let add = self.table.texts("add");
        if self.table.get("add").is_none() {
            self.table.missing("add");
        }
        let path = |path| self.draft.path(self.table.reader, Some(path));
        Some(Action::Collection { add: add.into_iter().map(path).collect::<Option<_>>()? })
    }

    pub(super) fn owning(&self) -> Owning {
        let reader = self.table.reader;
        let mut owning = Owning::default();
        if let Some(value) = self.table.get("mode") {
            owning.mode = match value.get_ref() {
                DeValue::String(text) => mode(text),
                DeValue::Integer(number) if number.radix() == 8 => mode(number.as_str()),
                _ => None,
            };
            if owning.mode.is_none() {
                reader.mistake(&value.span(), "write a mode in octal, such as \"0755\"");
            }
        }
        owning.owner = self.table.number("owner").map(|number| number.value);
        owning.group = self.table.number("group").map(|number| number.value);
        if let Some(text) = self.table.text("flags") {
            match flags(&text.value) {
                Ok(flags) => owning.flags = Some(flags),
                Err(word) => {
                    let near = nearest(word, flag_names());
                    reader.mistake_at(text.at, format!("unknown flag `{word}`"), near);
                }
            }
        }
        owning
    }

    fn plist(&mut self) -> Option<Action> {
        let (path, create, keep) = (self.path("path"), self.flag("create"), self.flag("keep"));
        let owning = self.owning();
        let delete = self.table.texts("delete");
        let delete: Vec<_> = delete.iter().map(|text| key_path(&text.value)).collect();
        let (set, add, merge) = (self.values("set"), self.values("add"), self.values("merge"));
        let include = self.values("include");
        for (key, value) in &merge {
            if !matches!(value, Value::Table(_)) {
                let message = format!("merge joins dictionaries; `{key}` is none");
                self.table.reader.mistake(&self.table.span, message);
            }
        }
        let edits = [delete.len(), set.len(), add.len(), include.len(), merge.len()];
        let edit =
            PlistEdit { path: path?, create, keep, owning, delete, set, add, include, merge };
        if edits == [0; 5] {
            let message =
                "plist changes nothing: give `set`, `add`, `include`, `delete` or `merge`";
            self.table.reader.mistake(&self.table.span, message);
        }
        Some(Action::Plist(edit))
    }

    /// Values by key path, in the order of the text.
    fn values(&mut self, key: &'static str) -> Vec<(KeyPath, Value)> {
        let Some(table) = self.table.table(key) else { return Vec::new() };
        let entries = table.entries().into_iter();
        entries
            .filter_map(|(key, _, value)| Some((key_path(key.value), self.value(value)?)))
            .collect()
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let reader = self.table.reader;
        Some(match value.get_ref() {
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::String(text) => {
                let at = reader.position(value.span().start);
                self.draft.note_holes(&Located { value: text.to_string(), at });
                Value::Text(text.to_string())
            }
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                let Ok(number) = parsed else {
                    reader.mistake(&value.span(), "this number is too large");
                    return None;
                };
                Value::Integer(number)
            }
            DeValue::Float(number) => Value::Real(number.as_str().parse().ok()?),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(array) => {
                Value::Array(array.iter().filter_map(|value| self.value(value)).collect())
            }
            DeValue::Table(table) => {
                let table = Table::new(reader, table, value.span(), "a dictionary");
                let entries = table.entries().into_iter();
                let pair = |(key, _, value): (Located<&str>, _, _)| {
                    Some((key.value.to_owned(), self.value(value)?))
                };
                Value::Table(entries.filter_map(pair).collect())
            }
        })
    }
}
