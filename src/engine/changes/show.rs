//! Changes as a tree for people, and whole for programs.

use crate::engine::changes::{Change, Changes, Kind};
use crate::engine::describe::commas;
use serde_json::{Value, json};

/// The most lines of the tree.
const MOST: usize = 60;

impl Changes {
    /// A tree by folders; long ones end with how much is left out.
    pub(in crate::engine) fn text(&self) -> Vec<String> {
        let told = self.folded();
        if told.is_empty() {
            return vec!["the volume stays as it is".to_owned()];
        }
        let mut lines = Vec::new();
        let mut folder = "";
        for (index, (change, entries, bytes)) in told.iter().enumerate() {
            if lines.len() >= MOST {
                let rest = commas((told.len() - index) as u64);
                lines.push(format!("and {rest} more: `plan --json` has all"));
                break;
            }
            let (parent, name) = change.path.rsplit_once('/').unwrap_or(("", &change.path));
            if parent != folder || lines.is_empty() {
                folder = parent;
                lines.push(format!("{parent}/"));
            }
            lines.push(format!("  {}", line(change, name, *entries, *bytes)));
        }
        lines
    }

    /// Every change.
    pub(in crate::engine) fn json(&self) -> Value {
        self.0.iter().map(object).collect()
    }
}

fn line(change: &Change, name: &str, entries: u64, bytes: u64) -> String {
    let slash = if change.is_dir { "/" } else { "" };
    let mut words = Vec::new();
    if change.is_dir && matches!(change.kind, Kind::Added | Kind::Removed) && entries > 0 {
        let noun = if entries == 1 { "entry" } else { "entries" };
        words.push(format!("{} {noun}, {} bytes", commas(entries), commas(bytes)));
    }
    match (change.before, change.after) {
        (Some(before), Some(after)) if before != after => {
            words.push(format!("{} -> {} bytes", commas(before), commas(after)));
        }
        (Some(before), Some(_)) if change.kind == Kind::Changed && change.details.is_empty() => {
            words.push(format!("{} bytes, others", commas(before)));
        }
        (Some(one), None) | (None, Some(one)) => words.push(format!("{} bytes", commas(one))),
        _ => {}
    }
    words.extend(change.details.iter().cloned());
    words.extend(change.by.iter().map(|by| format!("by {by}")));
    let mark = match &change.kind {
        Kind::Added => '+',
        Kind::Removed => '-',
        Kind::Changed => '~',
        Kind::Moved(from) => {
            words.insert(0, format!("from {from}"));
            '>'
        }
    };
    let gap = if words.is_empty() { "" } else { "  " };
    format!("{mark} {name}{slash}{gap}{}", words.join(", "))
}

fn object(change: &Change) -> Value {
    let (kind, from) = match &change.kind {
        Kind::Added => ("added", None),
        Kind::Removed => ("removed", None),
        Kind::Changed => ("changed", None),
        Kind::Moved(from) => ("moved", Some(from)),
    };
    json!({
        "path": change.path,
        "folder": change.is_dir,
        "change": kind,
        "from": from,
        "bytes_before": change.before,
        "bytes": change.after,
        "details": change.details,
        "by": change.by,
    })
}
