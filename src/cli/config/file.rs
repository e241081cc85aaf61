//! The file of settings: TOML, and nothing in it that is not known.

use crate::cli::config::{From, KNOWN, Kind, Known, Setting};
use crate::engine::Problem;
use crate::recipe::{Mistake, Position, excerpt, nearest};
use std::io;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// The most bytes of such a file.
const MOST: u64 = 1 << 16;

/// Keys of disks, which people may look for here.
const OF_DISKS: [&str; 5] = ["device", "device_serial", "device_id", "yes", "allow_fixed"];

/// The file's text; `None` when it is not there and need not be.
pub(super) fn text(path: &Path, named: bool) -> Result<Option<String>, Problem> {
    let read = || {
        let length = std::fs::metadata(path)?.len();
        if length > MOST {
            return Err(io::Error::other("it is longer than 64 KiB"));
        }
        std::fs::read_to_string(path)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named => Ok(None),
        Err(error) => {
            let problem =
                Problem::bad_input(format!("cannot read the settings {}", path.display()));
            Err(problem.because(error).hint("LIONIZE_CONFIG names another file"))
        }
    }
}

/// Reads all settings, or says all that is wrong with them.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Setting>, Problem> {
    let mut reader = Reader { path, text, settings: Vec::new(), mistakes: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        reader.mistake(&error.span().unwrap_or(0..0), error.message().trim().to_owned(), None);
    }
    if errors.is_empty() {
        for (key, value) in table.get_ref().iter() {
            reader.entry(key.get_ref(), &key.span(), value.get_ref(), &value.span());
        }
    }
    reader.mistakes.sort();
    match reader.mistakes.is_empty() {
        true => Ok(reader.settings),
        false => Err(mistaken(path, text, reader.mistakes)),
    }
}

fn mistaken(path: &Path, text: &str, mistakes: Vec<Mistake>) -> Problem {
    let what = format!("the file of settings {}", path.display());
    Problem::mistaken(what, mistakes, |mistake| excerpt(text, &mistake.at))
        .hint("docs/commands.md has all settings; LIONIZE_CONFIG names another file")
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    settings: Vec<Setting>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn position(&self, at: usize) -> Position {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        Position {
            file: self.path.display().to_string(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }

    fn mistake(&mut self, span: &Range<usize>, message: String, suggestion: Option<&str>) {
        let (at, suggestion) = (self.position(span.start), suggestion.map(str::to_owned));
        self.mistakes.push(Mistake { at, message, suggestion });
    }

    fn entry(&mut self, key: &str, at: &Range<usize>, value: &DeValue<'_>, span: &Range<usize>) {
        let Some(known) = KNOWN.iter().find(|known| known.key == key) else {
            let keys: Vec<_> = KNOWN.iter().map(|known| known.key).collect();
            let (message, near) = match OF_DISKS.contains(&key) {
                true => {
                    (format!("`{key}` is no setting: a disk is named on the command line"), None)
                }
                false => match nearest(key, keys.iter().copied()) {
                    None => {
                        let known = keys.join(", ");
                        (format!("unknown setting `{key}` (known: {known})"), None)
                    }
                    near => (format!("unknown setting `{key}`"), near),
                },
            };
            return self.mistake(at, message, near);
        };
        match values(known, value) {
            Ok(values) => {
                let from = From::File(self.position(at.start).line);
                self.settings.push(Setting { key: known.key, values, from });
            }
            Err((message, near)) => self.mistake(span, message, near),
        }
    }
}

/// A value in the form that the option takes, or what is wrong with it.
fn values(
    known: &Known,
    value: &DeValue<'_>,
) -> Result<Vec<String>, (String, Option<&'static str>)> {
    let key = known.key;
    let wrong = |wanted: &str| Err((format!("`{key}` must be {wanted}"), None));
    match (known.kind, value) {
        (Kind::Text, DeValue::String(text)) if !text.is_empty() => Ok(vec![text.to_string()]),
        (Kind::Text, _) => wrong("a text"),
        (Kind::Flag, DeValue::Boolean(flag)) => Ok(vec![flag.to_string()]),
        (Kind::Flag, _) => wrong("true or false"),
        (Kind::Number, DeValue::Integer(number)) if number.as_str().parse::<usize>().is_ok() => {
            Ok(vec![number.as_str().to_owned()])
        }
        (Kind::Number, _) => wrong("a number"),
        (Kind::Word(words), DeValue::String(text)) => match words.iter().find(|word| *word == text)
        {
            Some(word) => Ok(vec![(*word).to_owned()]),
            None => {
                let message =
                    format!("`{key}` cannot be `{text}`; it is one of {}", words.join(", "));
                Err((message, nearest(text, words.iter().copied())))
            }
        },
        (Kind::Word(_), _) => wrong("a text"),
        (Kind::Pairs, DeValue::Table(table)) => {
            let pair = |(name, place): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let name: &str = AsRef::<str>::as_ref(name.get_ref());
                Some(format!("{name}={}", place.get_ref().as_str()?))
            };
            let pairs: Option<Vec<_>> = table.iter().map(pair).collect();
            pairs.map_or_else(|| wrong("a table of texts"), Ok)
        }
        (Kind::Pairs, _) => wrong("a table of texts"),
    }
}
