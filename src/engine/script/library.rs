//! The parts of scripts: paragraphs of shell, each a function or a variable,
//! of which a script gets those that it uses.

const FILES: [&str; 6] = [
    include_str!("common.sh"),
    include_str!("holds.sh"),
    include_str!("text.sh"),
    include_str!("plist.sh"),
    include_str!("running.sh"),
    include_str!("settings.sh"),
];

/// The name of the function or variable that a paragraph defines.
fn defines(paragraph: &str) -> Option<&str> {
    let first = paragraph.lines().find(|line| !line.starts_with('#'))?;
    let name = first.split_once("() {").or_else(|| first.split_once("='"))?.0;
    name.chars().all(|c| c.is_ascii_lowercase() || c == '_').then_some(name)
}

/// What may stand before a command.
const BEFORE: [&str; 12] = ["\n", "&&", "||", ";", "|", "!", "{", "if", "then", "do", "else", "$("];

/// Whether a shell text runs a function, or asks for a variable.
fn mentions(text: &str, name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let word = before.trim_end_matches(' ');
        let line = before.rsplit('\n').next().unwrap_or(before).trim_start();
        let runs = word.is_empty() || BEFORE.iter().any(|sign| word.ends_with(sign));
        let asks = before.ends_with('$');
        !line.starts_with('#') && (runs || asks) && !after.starts_with(inner)
    })
}

/// What a script needs that uses these functions: all paragraphs without a
/// name, and those whose name is mentioned, in their order.
pub(super) fn needed(text: &str) -> String {
    let all: Vec<&str> = FILES.iter().flat_map(|file| file.trim_end().split("\n\n")).collect();
    let mut taken: Vec<bool> = all.iter().map(|part| defines(part).is_none()).collect();
    loop {
        let mut more = false;
        for (index, part) in all.iter().enumerate() {
            let Some(name) = defines(part).filter(|_| !taken[index]) else { continue };
            let others = all.iter().zip(&taken).filter(|(_, taken)| **taken);
            if mentions(text, name) || others.into_iter().any(|(other, _)| mentions(other, name)) {
                taken[index] = true;
                more = true;
            }
        }
        if !more {
            break;
        }
    }
    let parts = all.iter().zip(taken).filter(|(_, taken)| *taken).map(|(part, _)| *part);
    parts.collect::<Vec<_>>().join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gets_what_it_uses() {
        let text = needed("append_line x no y\n");
        assert!(text.contains("\nput() {") && text.contains("\nsay() {"), "{text}");
        assert!(!text.contains("list_set") && !text.contains("serveradmin settings"), "{text}");
        assert_eq!(defines("# a\nname() {\n}"), Some("name"));
        assert_eq!(defines("x='a'"), Some("x"));
        assert_eq!(defines("set -u\nx=1"), None);
        assert!(mentions("if put b", "put") && mentions("\"$put\"", "put"));
        assert!(!mentions("input", "put") && !mentions("# put", "put"));
    }
}
