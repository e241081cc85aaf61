//! What a `[[test]]` may say.

use crate::recipe::draft::{Draft, Use};
use crate::recipe::reader::{Located, Reader, Table, wrong};
use crate::recipe::steps::{self, Form};
use crate::recipe::text::size;
use crate::recipe::{Claim, InputKind, Like, Owning, Test};
use toml::Spanned;
use toml::de::DeValue;

/// All claims by name.
pub(super) const NAMES: [&str; 10] =
    ["exists", "absent", "sha256", "plist", "contains", "mode", "link", "blessed", "boots", "fits"];

/// Inputs that are files, or that a file stands for.
const FILES: &[InputKind] =
    &[InputKind::Image, InputKind::Installer, InputKind::File, InputKind::Zip, InputKind::Catalog];

/// Reads all tests of a recipe.
pub(super) fn read(draft: &mut Draft, table: &Table<'_, '_>) {
    let Some(value) = table.get("test") else { return };
    let DeValue::Array(array) = value.get_ref() else {
        table.reader.mistake(&value.span(), "tests are written as `[[test]]`");
        return;
    };
    for value in array.iter() {
        let Some(table) = Table::of_value(table.reader, value, "the test") else { continue };
        test(draft, &table);
        table.finish();
    }
}

fn test(draft: &mut Draft, table: &Table<'_, '_>) {
    let when = draft.condition(table);
    let entries = table.entries();
    let claims: Vec<_> = entries.iter().filter(|(key, ..)| key.value != "when").collect();
    // Whatever they are, they are reported here.
    claims.iter().for_each(|(key, ..)| table.excuse(key.value));
    let [(key, span, value)] = claims[..] else {
        let message = match claims.len() {
            0 => "a test must claim something".to_owned(),
            n => format!("a test claims one thing; this one claims {n}"),
        };
        table.reader.mistake(&table.span, message);
        return;
    };
    if !NAMES.contains(&key.value) {
        table.reader.unknown(span, "test", key.value, NAMES);
        return;
    }
    for claim in claims_of(draft, table.reader, key.value, value) {
        draft.tests.push(Test { claim, when: when.clone(), at: key.at.clone() });
    }
}

/// One claim; `exists` and `absent` take several paths.
fn claims_of(
    draft: &mut Draft,
    reader: &Reader<'_>,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Vec<Claim> {
    match name {
        "exists" => paths(draft, reader, name, value).into_iter().map(Claim::Exists).collect(),
        "absent" => paths(draft, reader, name, value).into_iter().map(Claim::Absent).collect(),
        "boots" => {
            if value.get_ref().as_bool() != Some(true) {
                reader.mistake(&value.span(), "`boots` can only be true");
            }
            vec![Claim::Boots(true)]
        }
        "fits" => fits(reader, value).into_iter().collect(),
        "blessed" if value.get_ref().as_str().is_some() => {
            let file = paths(draft, reader, name, value).into_iter();
            file.map(|file| Claim::Blessed { file, folder: None }).collect()
        }
        _ => {
            let Some(what) = NAMES.iter().find(|known| **known == name) else { return Vec::new() };
            let Some(table) = Table::of_value(reader, value, what) else { return Vec::new() };
            if name == "plist" {
                return steps::shape(draft, table, "path").into_iter().map(Claim::Plist).collect();
            }
            let claim = Form { draft, table: &table }.claim(name);
            table.finish();
            claim.into_iter().collect()
        }
    }
}

/// A path, or an array of paths.
fn paths(
    draft: &mut Draft,
    reader: &Reader<'_>,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Vec<String> {
    let all: Vec<_> = match value.get_ref() {
        DeValue::Array(array) => array.iter().collect(),
        _ => vec![value],
    };
    let mut paths = Vec::new();
    for value in all {
        let Some(text) = value.get_ref().as_str() else {
            reader.mistake(&value.span(), wrong(name, "paths", value.get_ref()));
            continue;
        };
        let at = reader.position(value.span().start);
        paths.extend(draft.path(reader, Some(Located { value: text.to_owned(), at })));
    }
    paths
}

/// `8 GB`, or a number of bytes.
fn fits(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Claim> {
    let bytes = match value.get_ref() {
        DeValue::String(text) => size(text),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    if bytes.is_none() {
        reader.mistake(&value.span(), "`fits` must be a size; write one like `8 GB`");
    }
    bytes.map(Claim::Fits)
}

impl Form<'_, '_, '_> {
    fn claim(&mut self, name: &str) -> Option<Claim> {
        match name {
            "sha256" => self.sha256(),
            "contains" => {
                let (path, text) = (self.path("path"), self.text("text"));
                if text.as_deref() == Some("") {
                    self.table.reader.mistake(&self.table.span, "every file contains nothing");
                }
                Some(Claim::Contains { path: path?, text: text? })
            }
            "mode" => {
                let (path, owning) = (self.path("path"), self.owning());
                if owning == Owning::default() {
                    let message = "mode says nothing: give `mode`, `owner`, `group` or `flags`";
                    self.table.reader.mistake(&self.table.span, message);
                }
                Some(Claim::Mode { path: path?, owning })
            }
            "link" => {
                let (path, to) = (self.path("path"), self.text("to"));
                Some(Claim::Link { path: path?, to: to? })
            }
            _ => {
                let folder = self.table.text("folder");
                let folder = self.draft.path(self.table.reader, folder);
                Some(Claim::Blessed { file: self.path("file")?, folder })
            }
        }
    }

    fn sha256(&mut self) -> Option<Claim> {
        let path = self.path("path");
        let (is, input) = (self.table.text("is"), self.table.text("input"));
        let like = match (is, input) {
            (Some(digits), None) => {
                let hex = digits.value.bytes().all(|digit| digit.is_ascii_hexdigit());
                if !hex || digits.value.len() != 64 {
                    let message = format!("`{}` is no SHA-256: it has 64 hex digits", digits.value);
                    self.table.reader.mistake_at(digits.at, message, None);
                }
                Like::Is(digits.value.to_ascii_lowercase())
            }
            (None, Some(input)) => {
                self.draft.uses.push(Use::Input(input.clone(), FILES));
                Like::Input(input.value)
            }
            _ => {
                let message = "sha256 is compared either with digits (`is`) or with an `input`";
                self.table.reader.mistake(&self.table.span, message);
                return None;
            }
        };
        Some(Claim::Sha256 { path: path?, like })
    }
}

#[cfg(test)]
mod tests {
    use crate::recipe::{Recipe, Text, load};

    const HEAD: &str = "schema = 1\nname = \"x\"\ntitle = \"X\"\n[inputs.pkg]\nkind = \"file\"\n\
                        [inputs.box]\nkind = \"folder\"\n";

    fn parse(text: &str) -> Result<Recipe, Vec<String>> {
        let base = Text { file: "base.toml".into(), text: format!("{HEAD}{text}") };
        let none = |name: &str, _: &str| Err(name.to_owned());
        load(&base, &none).map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_claim_is_read_and_shown() {
        let recipe = parse(
            r#"
            [[test]]
            exists = ["/a", "/BaseSystem.dmg/etc/{pkg.file}"]
            when = "pkg.given == yes"
            [[test]]
            absent = "/b"
            [[test]]
            sha256 = { path = "/p", input = "pkg" }
            [[test]]
            plist = { path = "/l", is = { "a:0" = 1 }, lacks = "b" }
            [[test]]
            contains = { path = "/t", text = "x" }
            [[test]]
            mode = { path = "/t", mode = "0755", owner = 0 }
            [[test]]
            link = { path = "/etc", to = "private/etc" }
            [[test]]
            blessed = "/boot.efi"
            [[test]]
            boots = true
            [[test]]
            fits = "8 GB"
            "#,
        );
        let recipe = recipe.unwrap();
        let shown = serde_json::to_value(&recipe.tests).unwrap();
        let when =
            serde_json::json!([{"of": "pkg", "fact": "given", "by": "equal", "value": "yes"}]);
        let not = serde_json::Value::Null;
        let owning = serde_json::json!({"mode": 0o755, "owner": 0, "group": null, "flags": null});
        let list = serde_json::json!(
            {"path": "/l", "has": [], "lacks": [["b"]], "is": [[["a", "0"], {"integer": 1}]]}
        );
        let wanted = serde_json::json!([
            {"exists": "/a", "when": when},
            {"exists": "/BaseSystem.dmg/etc/{pkg.file}", "when": when},
            {"absent": "/b", "when": not},
            {"sha256": {"path": "/p", "input": "pkg"}, "when": not},
            {"plist": list, "when": not},
            {"contains": {"path": "/t", "text": "x"}, "when": not},
            {"mode": {"path": "/t", "owning": owning}, "when": not},
            {"link": {"path": "/etc", "to": "private/etc"}, "when": not},
            {"blessed": {"file": "/boot.efi", "folder": null}, "when": not},
            {"boots": true, "when": not},
            {"fits": 8_000_000_000_u64, "when": not},
        ]);
        assert_eq!(shown, wanted);
        assert_eq!(recipe.tests[3].at.to_string(), "base.toml:15:13");
        assert_eq!(recipe.decisive(), parse("").unwrap(), "tests decide nothing");
    }

    #[test]
    fn mistakes_have_their_places() {
        let text = r#"[[test]]
exist = "/a"
[[test]]
exists = "/a"
absent = "/b"
[[test]]
when = "pkg.given == yes"
[[test]]
exists = ["a", 5]
[[test]]
sha256 = { path = "/a" }
[[test]]
sha256 = { path = "/a", is = "12" }
[[test]]
sha256 = { path = "/a", input = "box" }
[[test]]
contains = { path = "/{pkg.fil}", text = "" }
[[test]]
mode = { path = "/a" }
[[test]]
boots = false
[[test]]
fits = "8 Gb"
[[test]]
plist = { path = "/a" }
[[test]]
blessed = 5
[[test]]
link = { path = "/a", too = "b" }
"#;
        assert_eq!(
            parse(text).unwrap_err(),
            [
                "base.toml:9:1: unknown test `exist`; did you mean `exists`?",
                "base.toml:10:1: a test claims one thing; this one claims 2",
                "base.toml:13:1: a test must claim something",
                "base.toml:16:11: the path `a` must begin with `/`",
                "base.toml:16:16: `exists` must be paths, not a number",
                "base.toml:18:10: sha256 is compared either with digits (`is`) or with an `input`",
                "base.toml:20:30: `12` is no SHA-256: it has 64 hex digits",
                "base.toml:22:33: the input `box` is of kind `folder`; this takes `image`, \
                 `installer`, `file`, `zip`, `catalog`",
                "base.toml:24:12: every file contains nothing",
                "base.toml:24:21: an input of kind `file` has no fact `fil`; did you mean `file`?",
                "base.toml:26:8: mode says nothing: give `mode`, `owner`, `group` or `flags`",
                "base.toml:28:9: `boots` can only be true",
                "base.toml:30:8: `fits` must be a size; write one like `8 GB`",
                "base.toml:32:9: any list looks like this: give `has`, `lacks` or `is`",
                "base.toml:34:11: `blessed` must be a table, not a number",
                "base.toml:36:8: link lacks `to`",
                "base.toml:36:23: unknown key of link `too`; did you mean `to`?",
            ]
        );
    }
}
