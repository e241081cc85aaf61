//! Reads TOML tables key by key and remembers every mistake.

use crate::recipe::mistake::nearest;
use crate::recipe::{Mistake, Position};
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Position,
}

/// A recipe's text, and the mistakes found in it so far.
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, mistakes: RefCell::new(Vec::new()) }
    }

    /// The place of a byte.
    pub(super) fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        Position {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }

    pub(super) fn mistake(&self, span: &Range<usize>, message: impl Into<String>) {
        self.mistake_at(self.position(span.start), message, None);
    }

    pub(super) fn mistake_at(
        &self,
        at: Position,
        message: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        let suggestion = suggestion.map(str::to_owned);
        self.mistakes.borrow_mut().push(Mistake { at, message: message.into(), suggestion });
    }

    /// An unknown word where one of a few is wanted.
    pub(super) fn unknown<'w>(
        &self,
        span: &Range<usize>,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'w str>,
    ) {
        let known: Vec<_> = known.into_iter().collect();
        let near = nearest(word, known.iter().copied());
        let mut message = format!("unknown {what} `{word}`");
        if near.is_none() {
            message += &format!(" (known: {})", known.join(", "));
        }
        self.mistake_at(self.position(span.start), message, near);
    }

    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }
}

/// A table whose keys are asked for one by one; [`Table::finish`] finds the rest.
pub(super) struct Table<'a, 'i> {
    pub(super) reader: &'a Reader<'a>,
    table: &'a DeTable<'i>,
    pub(super) span: Range<usize>,
    what: &'a str,
    known: RefCell<Vec<&'a str>>,
}

impl<'a, 'i> Table<'a, 'i> {
    pub(super) const fn new(
        reader: &'a Reader<'a>,
        table: &'a DeTable<'i>,
        span: Range<usize>,
        what: &'a str,
    ) -> Self {
        Self { reader, table, span, what, known: RefCell::new(Vec::new()) }
    }

    /// A value of this table, taken as a table itself.
    pub(super) fn of_value(
        reader: &'a Reader<'a>,
        value: &'a Spanned<DeValue<'i>>,
        what: &'a str,
    ) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(reader, table, value.span(), what)),
            other => {
                reader.mistake(&value.span(), wrong(what, "a table", other));
                None
            }
        }
    }

    /// The value of a key that this kind of table may have.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Takes a key as known, whatever it is.
    pub(super) fn excuse(&self, key: &'a str) {
        self.known.borrow_mut().push(key);
    }

    /// All keys and values in the order of the text.
    pub(super) fn entries(
        &self,
    ) -> Vec<(Located<&'a str>, Range<usize>, &'a Spanned<DeValue<'i>>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let located = |key: &'a Spanned<_>| Located {
            value: AsRef::<str>::as_ref(key.get_ref()),
            at: self.reader.position(key.span().start),
        };
        let entries = entries.into_iter();
        entries.map(|(key, value)| (located(key), key.span(), value)).collect()
    }

    pub(super) fn table(&self, key: &'static str) -> Option<Table<'a, 'i>> {
        Self::of_value(self.reader, self.get(key)?, key)
    }

    pub(super) fn text(&self, key: &'static str) -> Option<Located<String>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.reader.mistake(&value.span(), wrong(key, "a text", value.get_ref()));
            return None;
        };
        Some(Located { value: text.to_owned(), at: self.reader.position(value.span().start) })
    }

    /// A text that must be there.
    pub(super) fn need(&self, key: &'static str) -> Option<Located<String>> {
        let found = self.text(key);
        if found.is_none() && !self.table.contains_key(key) {
            self.missing(key);
        }
        found
    }

    pub(super) fn missing(&self, key: &str) {
        self.reader.mistake(&self.span, format!("{} lacks `{key}`", self.what));
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        if value.get_ref().as_bool().is_none() {
            self.reader.mistake(&value.span(), wrong(key, "true or false", value.get_ref()));
        }
        value.get_ref().as_bool()
    }

    pub(super) fn number<N: TryFrom<u64>>(&self, key: &'static str) -> Option<Located<N>> {
        let value = self.get(key)?;
        let number = value.get_ref().as_integer().and_then(|int| {
            let digits = int.as_str().replace('_', "");
            N::try_from(u64::from_str_radix(&digits, int.radix()).ok()?).ok()
        });
        if number.is_none() {
            self.reader.mistake(&value.span(), wrong(key, WHOLE, value.get_ref()));
        }
        let at = self.reader.position(value.span().start);
        number.map(|value| Located { value, at })
    }

    /// A text, or an array of texts.
    pub(super) fn texts(&self, key: &'static str) -> Vec<Located<String>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let all: Vec<_> = match value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![value],
        };
        let text = |value: &Spanned<DeValue<'i>>| match value.get_ref().as_str() {
            Some(text) => {
                Some(Located { value: text.into(), at: self.reader.position(value.span().start) })
            }
            None => {
                self.reader.mistake(&value.span(), wrong(key, "texts", value.get_ref()));
                None
            }
        };
        all.into_iter().filter_map(text).collect()
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, key: &'static str, known: &[(&str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let found = known.iter().find(|(name, _)| *name == word.value);
        if found.is_none() {
            // `text` has found the value.
            let span = self.table.get(key).map_or(0..0, Spanned::span);
            self.reader.unknown(&span, key, &word.value, known.iter().map(|(name, _)| *name));
        }
        found.map(|(_, value)| *value)
    }

    /// Reports every key that was not asked for.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, span, _) in self.entries() {
            if !known.contains(&key.value) {
                let what = format!("key of {}", self.what);
                self.reader.unknown(&span, &what, key.value, known.iter().copied());
            }
        }
    }
}

/// What a number has to be.
const WHOLE: &str = "a whole number";

/// The message for a value of the wrong type.
pub(super) fn wrong(key: &str, wanted: &str, value: &DeValue<'_>) -> String {
    let found = match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    match value {
        DeValue::Integer(number) if wanted == WHOLE => {
            format!("`{key}` cannot be {}: that is out of its range", number.as_str())
        }
        DeValue::Float(number) if wanted == WHOLE => {
            format!("`{key}` must be {WHOLE}, not {}", number.as_str())
        }
        _ if wanted == found => format!("`{key}` cannot have this value"),
        _ => format!("`{key}` must be {wanted}, not {found}"),
    }
}
