//! Fixes: small changes to a system, each with its reason, that can be made in
//! a volume's files or by a script on the Mac.

use crate::recipe::check::check_use;
use crate::recipe::draft::{Draft, Use, toml};
use crate::recipe::portable::portable;
use crate::recipe::reader::{Located, Reader, Table};
use crate::recipe::text::is_word;
use crate::recipe::{Mistake, Param, Position, Shape, Step, Text, steps};
use serde::Serialize;
use toml::de::DeValue;

/// What a fix's placeholders and conditions may ask of the system it changes.
const SYSTEM_FACTS: [&str; 3] = ["product", "version", "build"];

/// A fix without mistakes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fix {
    /// The name it is asked for by.
    pub id: String,
    /// What it mends, in a few words.
    pub title: String,
    /// Why it is needed.
    pub why: String,
    /// Public references.
    pub source: Vec<String>,
    /// What it is made for.
    pub applies: Applies,
    /// What may be set.
    pub params: Vec<Param>,
    /// How it may reach a system.
    pub deliveries: Vec<Delivery>,
    /// Fixes that cannot be applied beside it.
    pub conflicts: Vec<String>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Where nothing is to be done.
    pub skip: Vec<Skip>,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

impl Fix {
    /// How it reaches a system when nobody says how: by a package, where an
    /// installer's disk is written and it can be one, else by edits of the volume.
    #[must_use]
    pub fn way(&self, on_installer: bool) -> Delivery {
        let packages = [Delivery::Install, Delivery::FirstBoot];
        let way = packages.into_iter().find(|way| self.deliveries.contains(way));
        way.filter(|_| on_installer).unwrap_or(Delivery::Volume)
    }
}

/// The systems that a fix is made for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applies {
    /// Releases of the system, such as `10.12`; any when empty.
    pub system: Vec<String>,
    /// Versions of OS X Server, such as `5`; also without it when empty.
    pub server: Vec<String>,
    /// Why it is not for others.
    pub otherwise: String,
}

impl Applies {
    /// Whether the system's version is one of them.
    #[must_use]
    pub fn to_system(&self, version: &str) -> bool {
        fits(&self.system, version)
    }

    /// Whether the server's version is one of them.
    #[must_use]
    pub fn to_server(&self, version: &str) -> bool {
        fits(&self.server, version)
    }

    /// Both lists in words.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.system.as_slice(), self.server.as_slice()) {
            ([], []) => "any system".to_owned(),
            (systems, []) => systems.join(", "),
            ([], servers) => format!("OS X Server {}", servers.join(", ")),
            (systems, servers) => {
                format!("{} with OS X Server {}", systems.join(", "), servers.join(", "))
            }
        }
    }
}

/// Whether a version is one of these releases, or under one.
fn fits(releases: &[String], version: &str) -> bool {
    let under = |release: &String| {
        let rest = version.strip_prefix(release.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    releases.is_empty() || releases.iter().any(under)
}

/// How a fix reaches a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// By edits of a volume that is written.
    Volume,
    /// By a package that the installer installs.
    Install,
    /// At the first start of the installed system.
    FirstBoot,
    /// By a script that is run when it is wanted.
    OnDemand,
}

impl Delivery {
    /// All ways, with their words.
    pub const ALL: [(&'static str, Self); 4] = [
        ("volume", Self::Volume),
        ("install", Self::Install),
        ("first-boot", Self::FirstBoot),
        ("on-demand", Self::OnDemand),
    ];

    /// The ways that a recipe has.
    pub const OF_RECIPES: [(&'static str, Self); 3] = [Self::ALL[0], Self::ALL[1], Self::ALL[2]];

    /// The word in a fix.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, way)| *way == self).map_or("", |(word, _)| word)
    }
}

/// A file's shape in which a fix has nothing to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Skip {
    /// The shape.
    pub shape: Shape,
    /// Why nothing is to be done then.
    pub because: String,
}

/// Parses a fix.
///
/// # Errors
/// Every mistake in it, ordered by place.
pub(super) fn parse(text: &Text) -> Result<Fix, Vec<Mistake>> {
    let reader = Reader::new(&text.file, &text.text);
    let mut draft = Draft { is_fix: true, ..Draft::default() };
    let fix = read(&reader, &text.text, &mut draft);
    let mut mistakes = reader.into_mistakes();
    mistakes.extend(check(&draft));
    match fix {
        Some(fix) if mistakes.is_empty() => Ok(fix),
        _ => {
            mistakes.sort();
            mistakes.dedup();
            Err(mistakes)
        }
    }
}

fn read(reader: &Reader<'_>, text: &str, draft: &mut Draft) -> Option<Fix> {
    let table = toml(reader, text)?;
    let table = Table::new(reader, table.get_ref(), 0..0, "the fix");
    Draft::schema(&table);
    let plain = |text: Option<Located<String>>| text.map(|text| text.value);
    let texts = |key| table.texts(key).into_iter().map(|text| text.value).collect();
    let (id, title, why) = (table.need("id"), table.need("title"), table.need("why"));
    if let Some(id) = id.as_ref().filter(|id| !is_word(&id.value)) {
        let message = format!(
            "`{}` cannot be the id of a fix: use lower-case letters, digits and `-`",
            id.value.escape_default()
        );
        table.reader.mistake_at(id.at.clone(), message, None);
    }
    let source: Vec<String> = texts("source");
    if source.is_empty() {
        table.missing("source");
    }
    draft.params(&table);
    draft.notes(&table);
    let skip = skips(&table, draft);
    draft.steps(&table);
    let fix = Fix {
        id: plain(id)?,
        title: plain(title)?,
        why: plain(why)?.split_whitespace().collect::<Vec<_>>().join(" "),
        source,
        applies: applies(&table),
        params: draft.params.iter().map(|param| param.value.clone()).collect(),
        deliveries: deliveries(&table),
        conflicts: texts("conflicts"),
        notes: draft.notes.clone(),
        skip,
        steps: draft.steps.clone(),
    };
    if table.get("step").is_none() && fix.notes.is_empty() {
        table.missing("step");
    }
    table.finish();
    Some(fix)
}

fn applies(table: &Table<'_, '_>) -> Applies {
    let Some(table) = table.table("applies") else { return Applies::default() };
    let texts = |key| table.texts(key).into_iter().map(|text| text.value).collect();
    let otherwise = table.text("otherwise").map(|text| text.value).unwrap_or_default();
    let applies = Applies { system: texts("system"), server: texts("server"), otherwise };
    table.finish();
    applies
}

fn deliveries(table: &Table<'_, '_>) -> Vec<Delivery> {
    let mut found = Vec::new();
    for word in table.texts("deliveries") {
        match Delivery::ALL.iter().find(|(name, _)| *name == word.value) {
            Some((_, way)) => found.push(*way),
            None => {
                let known = Delivery::ALL.map(|(name, _)| name);
                let message = format!("unknown delivery `{}`", word.value);
                let near = crate::recipe::nearest(&word.value, known);
                table.reader.mistake_at(word.at, message, near);
            }
        }
    }
    if table.get("deliveries").is_none() {
        table.missing("deliveries");
    }
    found
}

fn skips(table: &Table<'_, '_>, draft: &mut Draft) -> Vec<Skip> {
    let Some(value) = table.get("skip") else { return Vec::new() };
    let DeValue::Array(array) = value.get_ref() else {
        table.reader.mistake(&value.span(), "shapes to skip are written as `[[skip]]`");
        return Vec::new();
    };
    let mut found = Vec::new();
    for value in array.iter() {
        let Some(table) = Table::of_value(table.reader, value, "the skip") else { continue };
        let because = table.need("because");
        let shape = steps::shape(draft, table, "plist");
        if let (Some(shape), Some(because)) = (shape, because) {
            found.push(Skip { shape, because: because.value });
        }
    }
    found
}

/// Whether all names lead somewhere, and scripts can do what the steps say.
fn check(draft: &Draft) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for used in &draft.uses {
        match used {
            Use::Fact { of, fact, at } if of == "system" => {
                if !SYSTEM_FACTS.contains(&fact.as_str()) {
                    let message = format!("the system has no fact `{fact}`");
                    let near = crate::recipe::nearest(fact, SYSTEM_FACTS);
                    mistakes.push(mistake(at, message, near));
                }
            }
            Use::Fact { of, fact, .. } if of == "each" && fact == "value" => {}
            // A secret has a hash for 10.7 beside the other.
            Use::Fact { of, fact, .. } if of == "params" && is_hash(draft, fact) => {}
            other => mistakes.extend(check_use(draft, other)),
        }
    }
    for step in &draft.steps {
        mistakes.extend(portable(&step.action).err().map(|why| mistake(&step.at, why, None)));
    }
    mistakes
}

fn is_hash(draft: &Draft, fact: &str) -> bool {
    let secret = fact.strip_suffix("-sha512");
    secret.is_some_and(|name| {
        draft.params.iter().any(|param| param.value.secret && param.value.name == name)
    })
}

fn mistake(at: &Position, message: String, near: Option<&str>) -> Mistake {
    Mistake { at: at.clone(), message, suggestion: near.map(str::to_owned) }
}
