//! What each step's table may say.

use crate::recipe::draft::{Draft, Use};
use crate::recipe::reader::{Located, Reader, Table, wrong};
use crate::recipe::text::{flags, key_path, mode};
use crate::recipe::{Action, Find, InputKind, KeyPath, Owning, PlistEdit, Value};
use toml::Spanned;
use toml::de::DeValue;

/// All steps by name.
pub(super) const NAMES: [&str; 14] = [
    "restore", "copy", "extract", "write", "mkdir", "link", "remove", "move", "mode", "plist",
    "append", "replace", "bless", "label",
];
const VOLUMES: &[InputKind] = &[InputKind::Image, InputKind::Installer];
const ANY: &[InputKind] =
    &[InputKind::Image, InputKind::Installer, InputKind::File, InputKind::Folder];

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
            Action::Restore { from: text.value, verbatim: false }
        }
        "bless" => Action::Bless { folder: None, file: path(text)? },
        "mkdir" => Action::Mkdir { path: path(text)?, owning: Owning::default() },
        "remove" => Action::Remove { path: path(text)?, optional: false },
        "label" => Action::Label { name: draft.holed(Some(text))?.value },
        _ => {
            reader.mistake(&value.span(), wrong(name, "a table", value.get_ref()));
            return None;
        }
    })
}

/// One step's table while it is read.
struct Form<'d, 'a, 'i> {
    draft: &'d mut Draft,
    table: &'d Table<'a, 'i>,
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
    fn path(&mut self, key: &'static str) -> Option<String> {
        let path = self.table.need(key);
        self.draft.path(self.table.reader, path)
    }

    /// A text that must be given, with placeholders.
    fn text(&mut self, key: &'static str) -> Option<String> {
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
        Some(Action::Restore { from: from?, verbatim })
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
        Some(Action::Replace {
            path: path?,
            find: find?,
            with: with?,
            optional: self.flag("optional"),
        })
    }

    fn owning(&self) -> Owning {
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
                Err(word) => reader.mistake_at(text.at, format!("unknown flag `{word}`"), None),
            }
        }
        owning
    }

    fn plist(&mut self) -> Option<Action> {
        let (path, create) = (self.path("path"), self.flag("create"));
        let delete = self.table.texts("delete").iter().map(|text| key_path(&text.value)).collect();
        let (set, add, merge) = (self.values("set"), self.values("add"), self.values("merge"));
        for (key, value) in &merge {
            if !matches!(value, Value::Table(_)) {
                let message = format!("merge joins dictionaries; `{key}` is none");
                self.table.reader.mistake(&self.table.span, message);
            }
        }
        let edit = PlistEdit { path: path?, create, delete, set, add, merge };
        if [edit.set.len(), edit.add.len(), edit.merge.len(), edit.delete.len()] == [0; 4] {
            let message = "plist changes nothing: give `set`, `add`, `delete` or `merge`";
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
