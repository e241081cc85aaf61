//! `config`: every setting, its value, and where that comes from.

use crate::cli::Outcome;
use crate::cli::config::{From, KNOWN, Settings};
use crate::cli::streams::{Streams, Style};
use crate::source::store::place;
use serde_json::{Value, json};

/// `lionize config`.
pub(in crate::cli) fn show(
    settings: &Settings,
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let rows: Vec<_> = KNOWN.iter().map(|known| row(settings, known.key)).collect();
    let keys = rows.iter().map(|row| row.key.len()).max().unwrap_or(0);
    let values = rows.iter().map(|row| row.value.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Row { key, value, from, .. } in &rows {
        text += &format!("{key:keys$}  {value:values$}  {from}\n");
    }
    text += &match (&settings.file, settings.found) {
        (Some(path), true) => format!("file: {}\n", path.display()),
        (Some(path), false) => format!("file: {} (not there)\n", path.display()),
        (None, _) => "file: none\n".to_owned(),
    };
    for (name, near) in &settings.strange {
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        text += &format!("not known: the variable {name}{near}\n");
    }
    let json = json!({
        "result": "settings",
        "settings": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "file": settings.file,
        "found": settings.found,
        "unknown": settings.strange.iter().map(|(name, _)| name).collect::<Vec<_>>(),
    });
    streams.told(style, &text, &json)
}

struct Row {
    key: &'static str,
    value: String,
    from: String,
    told: Value,
    kind: &'static str,
}

impl Row {
    fn json(&self) -> Value {
        json!({"name": self.key, "value": self.told, "from": self.kind, "at": self.from})
    }
}

fn row(settings: &Settings, key: &'static str) -> Row {
    let Some(setting) = settings.get(key) else {
        let (value, told) = default(key);
        return Row { key, value, told, from: "default".to_owned(), kind: "default" };
    };
    let value = setting.values.join(" ");
    let told = match key {
        "offline" => json!(value == "true"),
        "threads" => json!(value.parse::<u64>().ok()),
        "catalogs" => {
            let pairs = setting.values.iter().filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, place)| (name.to_owned(), json!(place))).collect()
        }
        _ => json!(value),
    };
    let (from, kind) = match setting.from {
        From::Environment(variable) => (variable.to_owned(), "environment"),
        From::File(line) => (format!("config.toml, line {line}"), "file"),
    };
    Row { key, value, from, told, kind }
}

/// What holds when nothing is set, in words and as a value.
fn default(key: &str) -> (String, Value) {
    match key {
        "store" => {
            let path = place(None).ok().map(|path| path.display().to_string());
            (path.clone().unwrap_or_else(|| "(none)".to_owned()), json!(path))
        }
        "offline" => ("false".to_owned(), json!(false)),
        "mirror" => ("(Apple's servers)".to_owned(), Value::Null),
        "catalogs" => ("(Apple's)".to_owned(), json!({})),
        "threads" => ("(one a core)".to_owned(), Value::Null),
        "verify" => ("quick".to_owned(), json!("quick")),
        _ => ("auto".to_owned(), json!("auto")),
    }
}
