//! A recipe as one file says it, before it is joined with what it extends.

use crate::recipe::reader::{Located, Reader, Table};
use crate::recipe::text::{Piece, is_word, pieces, size};
use crate::recipe::{
    CatalogEntry, Condition, Demand, Input, InputKind, Layout, Param, Position, Purpose, Size,
    Step, Test, condition,
};
use crate::recipe::{claims, steps};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A name in a recipe that must lead somewhere.
#[derive(Clone, Debug)]
pub(super) enum Use {
    /// An input of one of these kinds.
    Input(Located<String>, &'static [InputKind]),
    /// An input's fact or a param.
    Fact { of: String, fact: String, at: Position },
}

/// The options of `[media]`, each only when it is given.
#[derive(Clone, Debug, Default)]
pub(super) struct MediaDraft {
    pub(super) layout: Option<Layout>,
    pub(super) sector: Option<u32>,
    pub(super) name: Option<Located<String>>,
    pub(super) size: Option<Size>,
    pub(super) free: Option<u64>,
    pub(super) block_size: Option<u32>,
    pub(super) journal: Option<bool>,
    pub(super) case_sensitive: Option<bool>,
    pub(super) bless: Option<String>,
    pub(super) efi: Option<String>,
    /// Where an option stands that a verbatim volume cannot take.
    pub(super) volume_at: Option<Position>,
}

/// What one file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) extends: Option<Located<String>>,
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    pub(super) purpose: Option<Purpose>,
    pub(super) macs: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) params: Vec<Located<Param>>,
    pub(super) inputs: Vec<Located<Input>>,
    pub(super) media: MediaDraft,
    pub(super) steps: Vec<Step>,
    pub(super) tests: Vec<Test>,
    pub(super) uses: Vec<Use>,
    /// Whether this is a fix, whose steps are other ones.
    pub(super) is_fix: bool,
}

/// Parses TOML; mistakes go to the reader.
pub(super) fn toml<'t>(reader: &Reader<'_>, text: &'t str) -> Option<Spanned<DeTable<'t>>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        reader.mistake(&error.span().unwrap_or(0..0), error.message().trim());
    }
    // What could not be read would be called missing: first things first.
    errors.is_empty().then_some(table)
}

impl Draft {
    /// Reads a whole file; mistakes go to the reader.
    pub(super) fn read(reader: &Reader<'_>, text: &str) -> Self {
        let Some(table) = toml(reader, text) else { return Self::default() };
        let table = Table::new(reader, table.get_ref(), 0..0, "the recipe");
        let mut draft = Self::default();
        draft.head(&table);
        draft.params(&table);
        draft.inputs(&table);
        draft.media(&table);
        draft.steps(&table);
        claims::read(&mut draft, &table);
        table.finish();
        draft
    }

    /// The version of the language, which must be the first.
    pub(super) fn schema(table: &Table<'_, '_>) {
        match table.number::<u32>("schema") {
            Some(schema) if schema.value != 1 => {
                let message = format!("`schema` is {}; this program knows 1", schema.value);
                table.reader.mistake_at(schema.at, message, None);
            }
            None if table.get("schema").is_none() => table.missing("schema"),
            _ => {}
        }
    }

    fn head(&mut self, table: &Table<'_, '_>) {
        Self::schema(table);
        self.extends = table.text("extends");
        self.name = table.need("name").map(|name| name.value);
        self.title = match self.extends {
            Some(_) => table.text("title"),
            None => table.need("title"),
        }
        .map(|title| title.value);
        self.purpose = table.word("purpose", &Purpose::ALL);
        self.macs = table.text("macs").map(|macs| macs.value);
        self.notes(table);
    }

    pub(super) fn notes(&mut self, table: &Table<'_, '_>) {
        let notes = table.texts("notes");
        notes.iter().for_each(|note| self.note_holes(note));
        self.notes = notes.into_iter().map(|note| note.value).collect();
    }

    pub(super) fn params(&mut self, table: &Table<'_, '_>) {
        for (name, table) in tables(table, "params", "a param") {
            let default = table.get("default").and_then(|value| scalar(table.reader, value));
            let about = table.text("about").map(|text| text.value).unwrap_or_default();
            let choices: Vec<_> =
                table.texts("choices").into_iter().map(|choice| choice.value).collect();
            if let Some(default) = &default
                && !choices.is_empty()
                && !choices.contains(default)
            {
                let message = format!("the default `{default}` is none of the choices");
                table.reader.mistake(&table.span, message);
            }
            let secret = table.flag("secret").unwrap_or(false);
            if secret && default.is_some() {
                table.reader.mistake(&table.span, "a secret has no default");
            }
            let value = Param { name: name.value, default, choices, about, secret };
            self.params.push(Located { value, at: name.at });
            table.finish();
        }
    }

    fn inputs(&mut self, table: &Table<'_, '_>) {
        for (name, table) in tables(table, "inputs", "an input") {
            let kind = table.word("kind", &InputKind::ALL);
            if table.get("kind").is_none() {
                table.missing("kind");
            }
            let entry = self.entry(&table, kind);
            let value = Input {
                entry,
                trust: table.word("trust", &Demand::ALL),
                name: name.value,
                kind: kind.unwrap_or(InputKind::File),
                release: table.texts("release").into_iter().map(|text| text.value).collect(),
                ask: table.text("ask").map(|text| text.value).unwrap_or_default(),
                optional: table.flag("optional").unwrap_or(false),
                when: self.condition(&table),
            };
            self.inputs.push(Located { value, at: name.at });
            table.finish();
        }
    }

    /// Where a catalog has an input of that kind.
    fn entry(&mut self, table: &Table<'_, '_>, kind: Option<InputKind>) -> Option<CatalogEntry> {
        if kind != Some(InputKind::Catalog) {
            return None;
        }
        let (catalog, product) = (table.need("catalog"), table.need("product"));
        let (product, package) = (self.holed(product), table.need("package"));
        Some(CatalogEntry {
            catalog: catalog?.value,
            product: product?.value,
            package: package?.value,
        })
    }

    fn media(&mut self, table: &Table<'_, '_>) {
        let Some(table) = table.table("media") else { return };
        self.media.layout = table.word("layout", &Layout::ALL);
        self.media.sector = choice(&table, "sector", |n| n == 512 || n == 4096, "512 or 4096");
        if let Some(volume) = table.table("volume") {
            self.volume(&volume);
            volume.finish();
        }
        if let Some(efi) = table.table("efi") {
            if let Some(from) = efi.need("from") {
                self.media.efi = Some(from.value.clone());
                self.uses.push(Use::Input(from, &[InputKind::Folder, InputKind::Zip]));
            }
            efi.finish();
        }
        table.finish();
    }

    fn volume(&mut self, table: &Table<'_, '_>) {
        self.media.volume_at = Some(table.reader.position(table.span.start));
        self.media.name = self.holed(table.text("name"));
        self.media.size = size_of(table, "size", true);
        self.media.free = match size_of(table, "free", false) {
            Some(Size::Bytes(bytes)) => Some(bytes),
            _ => None,
        };
        let fits = |n: u32| n.is_power_of_two() && (512..=65536).contains(&n);
        self.media.block_size =
            choice(table, "block_size", fits, "a power of two from 512 to 65536");
        self.media.journal = table.flag("journal");
        self.media.case_sensitive =
            table.word("case", &[("sensitive", true), ("insensitive", false)]);
        let bless = table.text("bless");
        self.media.bless = self.path(table.reader, bless);
    }

    pub(super) fn steps(&mut self, table: &Table<'_, '_>) {
        let Some(value) = table.get("step") else { return };
        let DeValue::Array(array) = value.get_ref() else {
            table.reader.mistake(&value.span(), "steps are written as `[[step]]`");
            return;
        };
        for value in array.iter() {
            let Some(table) = Table::of_value(table.reader, value, "the step") else { continue };
            self.step(&table);
            table.finish();
        }
    }

    fn step(&mut self, table: &Table<'_, '_>) {
        let when = self.condition(table);
        let shape = table.table("where").and_then(|table| steps::shape(self, table, "plist"));
        let at = table.reader.position(table.span.start);
        let entries = table.entries();
        let each = if self.is_fix { table.text("each") } else { None };
        self.uses.extend(each.iter().map(|name| {
            let (of, fact) = ("params".to_owned(), name.value.clone());
            Use::Fact { of, fact, at: name.at.clone() }
        }));
        let each = each.map(|name| name.value);
        let within = if self.is_fix { None } else { table.text("in") };
        let within = self.path(table.reader, within);
        let also = if self.is_fix { "each" } else { "in" };
        let about = ["when", "where", also];
        let actions: Vec<_> =
            entries.iter().filter(|(key, ..)| !about.contains(&key.value)).collect();
        // Whatever they are, they are reported here.
        actions.iter().for_each(|(key, ..)| table.excuse(key.value));
        let [(key, span, value)] = actions[..] else {
            let message = match actions.len() {
                0 => "a step must do something".to_owned(),
                n => format!("a step does one thing; this one does {n}"),
            };
            table.reader.mistake_at(at, message, None);
            return;
        };
        if !steps::NAMES.contains(&key.value) {
            table.reader.unknown(span, "step", key.value, steps::NAMES);
            return;
        }
        if let Some(message) = steps::misplaced(key.value, self.is_fix) {
            table.reader.mistake(span, message);
        }
        if let Some(action) = steps::read(self, table.reader, key.value, value) {
            self.steps.push(Step { action, within, when, shape, each, at: key.at.clone() });
        }
    }

    pub(super) fn condition(&mut self, table: &Table<'_, '_>) -> Option<Condition> {
        let text = table.text("when")?;
        match condition::parse(&text.value) {
            Ok(condition) => {
                let uses = condition.0.iter().map(|c| Use::Fact {
                    of: c.of.clone(),
                    fact: c.fact.clone(),
                    at: text.at.clone(),
                });
                self.uses.extend(uses);
                Some(condition)
            }
            Err(message) => {
                table.reader.mistake_at(text.at, message, None);
                None
            }
        }
    }

    /// Remembers the placeholders in a text.
    pub(super) fn note_holes(&mut self, text: &Located<String>) {
        for piece in pieces(&text.value) {
            if let Piece::Hole { of, fact } = piece {
                let (of, fact) = (of.to_owned(), fact.to_owned());
                self.uses.push(Use::Fact { of, fact, at: text.at.clone() });
            }
        }
    }

    pub(super) fn holed(&mut self, text: Option<Located<String>>) -> Option<Located<String>> {
        text.inspect(|text| self.note_holes(text))
    }

    /// A path in the volume: from its root, without `..`.
    pub(super) fn path(
        &mut self,
        reader: &Reader<'_>,
        path: Option<Located<String>>,
    ) -> Option<String> {
        let path = self.holed(path)?;
        // What a placeholder stands for is looked at when it is known.
        if !path.value.starts_with(['/', '{']) {
            let message = format!("the path `{}` must begin with `/`", path.value);
            reader.mistake_at(path.at, message, None);
        } else if path.value.split('/').any(|part| part == "..") {
            reader.mistake_at(path.at, "a path may not climb with `..`", None);
        }
        Some(path.value)
    }
}

/// The tables below a table, by their names.
fn tables<'a, 'i>(
    table: &Table<'a, 'i>,
    key: &'static str,
    what: &'static str,
) -> Vec<(Located<String>, Table<'a, 'i>)> {
    let Some(table) = table.table(key) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, span, value) in table.entries() {
        let why = match name.value {
            "params" => Some("it stands for the recipe's params"),
            name if !is_word(name) => Some("use lower-case letters, digits and `-`"),
            _ => None,
        };
        if let Some(why) = why {
            let message = format!("`{}` cannot be the name of {what}: {why}", name.value);
            table.reader.mistake(&span, message);
        }
        if let Some(value) = Table::of_value(table.reader, value, what) {
            found.push((Located { value: name.value.to_owned(), at: name.at }, value));
        }
    }
    found
}

/// A text, number or truth as text.
fn scalar(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => {
            reader.mistake(&value.span(), "a default is a text, a number, true or false");
            None
        }
    }
}

fn choice(
    table: &Table<'_, '_>,
    key: &'static str,
    fits: impl Fn(u32) -> bool,
    wanted: &str,
) -> Option<u32> {
    let number = table.number::<u32>(key)?;
    if !fits(number.value) {
        let message = format!("`{key}` is {}; it must be {wanted}", number.value);
        table.reader.mistake_at(number.at, message, None);
    }
    Some(number.value)
}

/// A size: `fit` and `target` (where words are allowed), `7 GB`, or a number of bytes.
fn size_of(table: &Table<'_, '_>, key: &'static str, words: bool) -> Option<Size> {
    if table.get(key)?.get_ref().is_integer() {
        return table.number(key).map(|bytes| Size::Bytes(bytes.value));
    }
    let text = table.text(key)?;
    let bytes = match text.value.as_str() {
        "fit" if words => Some(Size::Fit),
        "target" if words => Some(Size::Target),
        other => size(other).map(Size::Bytes),
    };
    if bytes.is_none() {
        let words = if words { "`fit`, `target` or one" } else { "one" };
        let message = format!("`{}` is no size; write {words} like `64 MiB`", text.value);
        table.reader.mistake_at(text.at, message, None);
    }
    bytes
}
