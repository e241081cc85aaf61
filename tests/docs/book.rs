//! The book: every page is in its table, every link leads somewhere, and what
//! pages say of the code is so.

use crate::pages::pages;
use crate::text;
use std::fs;
use std::path::Path;

/// The targets of links, outside of code.
fn links(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let prose: String = prose.split('`').step_by(2).collect();
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.map(str::to_owned).collect()
}

/// The names by which headings are linked.
fn anchors(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(str::to_owned);
    let anchor = |heading: String| {
        let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
        let name: String = heading.trim_start_matches('#').trim().chars().filter(kept).collect();
        name.to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in pages() {
        let whole = text(&page);
        for link in links(&whole).iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(&page).parent().unwrap();
            let target =
                if file.is_empty() { root.join(&page) } else { root.join(folder).join(file) };
            assert!(target.exists(), "{page}: {link} leads nowhere");
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(target).unwrap());
                assert!(there.iter().any(|name| name == anchor), "{page}: {link}: {there:?}");
            }
        }
    }
}

#[test]
fn the_book_has_every_page() {
    let summary = text("docs/SUMMARY.md");
    let mut listed = links(&summary);
    listed.sort();
    let all = pages();
    let pages = all.iter().filter_map(|page| page.strip_prefix("docs/"));
    let mut pages: Vec<&str> = pages.filter(|page| *page != "SUMMARY.md").collect();
    pages.sort_unstable();
    assert_eq!(listed, pages, "docs/SUMMARY.md lists each page of docs once");
}

/// Bytes of a field's type, by the structures of the same file.
fn size(kind: &str, source: &str) -> usize {
    if let Some((of, count)) = kind.strip_prefix('[').and_then(|kind| kind.split_once("; ")) {
        return size(of, source) * count.trim_end_matches(']').parse::<usize>().unwrap();
    }
    match kind {
        "u8" | "i8" => 1,
        "U16" => 2,
        "U32" => 4,
        "U64" => 8,
        other => fields(other, source).iter().map(|(_, size, _)| size).sum(),
    }
}

/// Offset, size and name of a structure's fields.
fn fields(name: &str, source: &str) -> Vec<(usize, usize, String)> {
    let begins = |line: &str| {
        let by_hand = line.contains(&format!("struct {name} {{"));
        by_hand || line.trim_start().starts_with(&format!("{name}, "))
    };
    let body = source.lines().skip_while(|line| !begins(line)).skip(1);
    let body = body.take_while(|line| !line.starts_with('}'));
    let (mut fields, mut at) = (Vec::new(), 0);
    for line in body.map(str::trim).filter(|line| !line.starts_with("//") && line.ends_with(',')) {
        let (field, kind) = line.trim_end_matches(',').split_once(": ").unwrap();
        let field = field.split_whitespace().last().unwrap();
        let size = size(kind, source);
        fields.push((at, size, field.to_owned()));
        at += size;
    }
    assert!(!fields.is_empty(), "there is no structure {name}");
    fields
}

#[test]
fn tables_of_fields_are_those_of_the_code() {
    let mut tables = 0;
    for page in pages() {
        let page_text = text(&page);
        for part in page_text.split("<!-- fields: ").skip(1) {
            let (mark, table) = part.split_once(" -->\n").unwrap();
            let (file, name) = mark.split_once(' ').unwrap();
            let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
            let row = |line: &str| {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                let number = |cell: &str| cell.parse::<usize>().unwrap();
                (number(cells[1]), number(cells[2]), cells[3].trim_matches('`').to_owned())
            };
            let rows: Vec<_> = rows.map(row).collect();
            assert_eq!(rows, fields(name, &text(file)), "{page}: {name}");
            tables += 1;
        }
    }
    assert!(tables >= 10, "only {tables} tables");
}

/// All of the product's source, with texts that go on in the next line joined.
fn source(folder: &Path) -> String {
    let mut whole = String::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            whole += &source(&entry.path());
        } else {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let mut lines = text.split("\\\n");
            whole += lines.next().unwrap_or_default();
            lines.for_each(|line| whole += line.trim_start());
        }
    }
    whole
}

#[test]
fn messages_in_troubleshooting_are_the_programs() {
    let page = text("docs/troubleshooting.md");
    let ours = page.split("## On the Mac").next().unwrap();
    let source = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut checked = 0;
    for row in ours.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what")) {
        let message = row.split('|').nth(1).unwrap().replace("`...`", "...");
        let parts = message.split("...").flat_map(|part| part.split(", an "));
        for part in parts.map(|part| part.trim().trim_matches([';', ':'])) {
            assert!(source.contains(part), "docs/troubleshooting.md: no message says `{part}`");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} messages");
}
