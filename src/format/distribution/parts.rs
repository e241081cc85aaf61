//! The parts of a distribution.

use crate::block::{Error, Result};
use crate::format::distribution::DIST;
use crate::format::element::Element;
use crate::format::pkginfo::number;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What a user can choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its identifier.
    pub id: String,
    /// Its title, as it stands there: often a key of the texts.
    pub title: Option<String>,
    /// Whether it is shown: `false` only where that is written.
    pub visible: bool,
    /// `start_selected`: `true`, `false` or a script.
    pub selected: Option<String>,
    /// The packages of the choice, by identifier.
    pub packages: Vec<String>,
}

/// A line of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The choice that it shows.
    pub choice: String,
    /// How many lines it is inside of.
    pub depth: usize,
}

/// A package; all elements with one identifier describe it together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PkgRef {
    /// Its identifier.
    pub id: String,
    /// Its version.
    pub version: Option<String>,
    /// Its file: `#Sub.pkg` in the same archive, or a path beside it.
    pub file: Option<String>,
    /// KiB that it takes when installed.
    pub kib: Option<u64>,
    /// Who must agree.
    pub auth: Option<String>,
    /// What follows, such as `RequireRestart`.
    pub on_conclusion: Option<String>,
}

/// A range of systems: at least, and below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsVersion {
    /// The first one.
    pub min: Option<String>,
    /// The first one that is too new.
    pub before: Option<String>,
}

impl OsVersion {
    pub(super) fn takes(&self, version: &str) -> bool {
        let least = self.min.as_ref().is_none_or(|min| compare(version, min) != Ordering::Less);
        let most = self.before.as_ref();
        least && most.is_none_or(|before| compare(version, before) == Ordering::Less)
    }
}

/// Compares versions number by number; what is missing is 0.
fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        let mut numbers: Vec<_> =
            text.split('.').map(|part| part.trim().parse().unwrap_or(0)).collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(one).cmp(&numbers(other))
}

fn id(element: &Element, field: &'static str) -> Result<String> {
    let id = element.attribute("id").filter(|id| !id.is_empty());
    let missing = || Error::corrupt(DIST, field, "", "one without an id");
    id.map(ToOwned::to_owned).ok_or_else(missing)
}

pub(super) fn choice(element: &Element) -> Result<Choice> {
    let own = |name: &str| element.attribute(name).map(ToOwned::to_owned);
    let packages = element.all("pkg-ref").map(|package| id(package, "pkg-ref"));
    Ok(Choice {
        id: id(element, "choice")?,
        title: own("title"),
        visible: element.attribute("visible") != Some("false"),
        selected: own("start_selected").or_else(|| own("selected")),
        packages: packages.collect::<Result<_>>()?,
    })
}

/// All lines with their depths; the parser bounds how deep they nest.
pub(super) fn lines(outline: &Element) -> Vec<Line> {
    let (mut lines, mut open) = (Vec::new(), vec![(outline, 0, 0)]);
    while let Some((element, next, depth)) = open.pop() {
        let Some(child) = element.children.get(next) else { continue };
        open.push((element, next + 1, depth));
        if let (true, Some(choice)) = (child.name == "line", child.attribute("choice")) {
            lines.push(Line { choice: choice.into(), depth });
            open.push((child, 0, depth + 1));
        }
    }
    lines
}

/// All packages in the order of their first mention, at the top or in choices.
pub(super) fn packages(root: &Element) -> Result<Vec<PkgRef>> {
    let mut packages: Vec<PkgRef> = Vec::new();
    let mut places = BTreeMap::new();
    let inside = root.all("choice").flat_map(|choice| choice.all("pkg-ref"));
    for element in root.all("pkg-ref").chain(inside) {
        let id = id(element, "pkg-ref")?;
        let place = *places.entry(id.clone()).or_insert(packages.len());
        if place == packages.len() {
            packages.push(PkgRef { id, ..PkgRef::default() });
        }
        describe(&mut packages[place], element)?;
    }
    Ok(packages)
}

/// What an element adds to what is known of its package.
fn describe(package: &mut PkgRef, element: &Element) -> Result<()> {
    let own = |name: &str| element.attribute(name).map(ToOwned::to_owned);
    let text = element.text.trim();
    package.version = package.version.take().or_else(|| own("version"));
    package.auth = package.auth.take().or_else(|| own("auth"));
    package.on_conclusion = package.on_conclusion.take().or_else(|| own("onConclusion"));
    if package.file.is_none() && !text.is_empty() {
        package.file = Some(text.into());
    }
    // Old ones have scripts here, too: `script:...`.
    let kib = element.attribute("installKBytes").filter(|text| !text.contains(':'));
    if let (None, Some(text)) = (package.kib, kib) {
        package.kib = Some(number(DIST, "installKBytes", text)?);
    }
    Ok(())
}

/// Whether a check has a script to ask, in an attribute or as its text.
pub(super) fn has_script(check: &Element) -> bool {
    check.attribute("script").is_some_and(|script| !script.trim().is_empty())
        || !check.text.trim().is_empty()
}

/// The systems that are allowed, here or in the checks.
pub(super) fn allowed(root: &Element) -> Vec<OsVersion> {
    let checks = ["volume-check", "installation-check"];
    let places = std::iter::once(root).chain(checks.iter().filter_map(|name| root.child(name)));
    let lists = places.flat_map(|place| place.all("allowed-os-versions"));
    let versions = lists.flat_map(|list| list.all("os-version"));
    versions
        .map(|version| {
            let own = |name: &str| version.attribute(name).map(ToOwned::to_owned);
            OsVersion { min: own("min"), before: own("before") }
        })
        .collect()
}

pub(super) fn script_bytes(root: &Element) -> u64 {
    root.all("script").map(|script| script.text.len() as u64).sum()
}

/// The texts of one language: of a catalog's document its own, else English.
pub(super) fn texts(root: &Element) -> BTreeMap<String, String> {
    let mut languages = root.all("localization").flat_map(|all| all.all("strings"));
    let first = languages.next();
    let is_english = |strings: &&Element| {
        strings.attribute("language").is_some_and(|language| ["en", "English"].contains(&language))
    };
    let english = first.into_iter().chain(languages).find(is_english);
    english.or(first).map_or_else(BTreeMap::new, |strings| table(&strings.text))
}

/// `"KEY" = "text";` lines, as `.strings` files have them.
fn table(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((key, behind)) = quoted(rest) {
        let Some(behind) = behind.trim_start().strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let Some((value, behind)) = quoted(behind) else { break };
        found.entry(key).or_insert(value);
        rest = behind;
    }
    found
}

/// The next text in quotes, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let start = text.find(['"', '\''])?;
    let quote = char::from(text.as_bytes()[start]);
    let (mut out, mut escaped) = (String::new(), false);
    for (at, char) in text[start + 1..].char_indices() {
        match (escaped, char) {
            (true, 'n') => out.push('\n'),
            (true, other) => out.push(other),
            (false, '\\') => {}
            (false, end) if end == quote => {
                return Some((out, &text[start + 1 + at + end.len_utf8()..]));
            }
            (false, other) => out.push(other),
        }
        escaped = !escaped && char == '\\';
    }
    None
}

/// Version and build of the system, where the document says them: in an
/// `auxinfo` as installers have it, in the texts, or as the product's version.
pub(super) fn system(
    root: &Element,
    texts: &BTreeMap<String, String>,
) -> (Option<String>, Option<String>) {
    let aux = auxinfo(root);
    let find = |keys: [&str; 2]| {
        let known = |key: &&str| aux.get(*key).filter(|text| !text.is_empty());
        keys.iter().find_map(known).cloned()
    };
    let version =
        find(["macOSProductVersion", "VERSION"]).or_else(|| texts.get("SU_VERS").cloned());
    let build = find(["macOSProductBuildVersion", "BUILD"]);
    (version, build)
}

/// The keys and texts of `<auxinfo><dict>`.
fn auxinfo(root: &Element) -> BTreeMap<String, String> {
    let dicts = root.all("auxinfo").flat_map(|aux| aux.all("dict"));
    let pairs = dicts.flat_map(|dict| dict.children.windows(2));
    let named = pairs.filter(|pair| pair[0].name == "key" && pair[1].name == "string");
    named.map(|pair| (pair[0].text.trim().to_owned(), pair[1].text.trim().to_owned())).collect()
}
