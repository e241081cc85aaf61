//! Each hint of the program stands whole in some test, word for word.
//!
//! What is taken for a hint: literals in the arguments of `.hint(...)` and
//! `.near(...)`, in values that are called `hint` or `..._HINT`, in functions with
//! `hint` in their names, and as the last of the four that `unsupported` takes.
//! That a test compares what it has with what a command says is not seen here.

use crate::files;
use crate::literals::{closed, end, literals};
use std::path::Path;

/// Hints without a test, and why. None may be added without a reason.
const UNTESTED: [(&str, &str); 2] = [
    (
        "make an image file with --output, and copy that to a stick",
        "it is for systems other than Linux, where these tests do not run",
    ),
    ("put fewer files on it", "it takes a tree of more than four billion nodes"),
];

/// The hints in the text of a program.
fn hints(text: &str) -> Vec<String> {
    let (all, bare) = literals(text);
    let mut places = Vec::new();
    for (mark, opens) in [(".hint(", 5), (".refuse(", 7)] {
        places.extend(
            bare.match_indices(mark).map(|(at, _)| (at + opens, closed(&bare, at + opens))),
        );
    }
    for (at, _) in bare.match_indices("unsupported(") {
        let open = at + "unsupported".len();
        let stop = closed(&bare, open);
        let mut from = open + 1;
        for _ in 0..3 {
            from = end(&bare[..stop], from, b",").map_or(stop, |at| at + 1);
        }
        places.push((from, stop));
    }
    for mark in ["hint: ", "hint = ", "HINT: &str =", "hint) = "] {
        for (at, _) in bare.match_indices(mark) {
            let from = at + mark.len();
            places.push((from, end(&bare, from, b",;").unwrap_or(bare.len())));
        }
    }
    for (at, _) in bare.match_indices("fn ") {
        let name = bare[at + 3..].split(['(', '<']).next().unwrap();
        if name.contains("hint")
            && let Some(body) = bare[at..].find('{')
        {
            places.push((at + body, closed(&bare, at + body)));
        }
    }
    let within = |at: usize| places.iter().any(|(from, to)| (*from..*to).contains(&at));
    let told = |says: &str| says.split(' ').count() > 1;
    all.into_iter().filter(|it| within(it.at) && told(&it.says)).map(|it| it.says).collect()
}

/// A literal's fixed parts, in order: what `format!` puts between is left out.
fn parts(says: &str) -> Vec<String> {
    let says = says.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let (mut parts, mut rest) = (Vec::new(), says.as_str());
    while let Some((fixed, more)) = rest.split_once('{') {
        parts.push(fixed);
        rest = more.split_once('}').map_or("", |(_, rest)| rest);
    }
    parts.push(rest);
    parts.into_iter().map(|part| part.replace('\u{1}', "{").replace('\u{2}', "}")).collect()
}

/// Whether a text has these parts in this order.
fn has(text: &str, parts: &[String]) -> bool {
    let mut rest = Some(text);
    for part in parts {
        rest = rest.and_then(|rest| rest.find(part).map(|at| &rest[at + part.len()..]));
    }
    rest.is_some()
}

/// The program's part of a file, and its tests'.
fn split(text: &str) -> (&str, &str) {
    let at = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text.split_at(at)
}

#[test]
fn each_hint_is_in_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut tested) = (Vec::new(), Vec::new());
    for folder in ["src", "tests"] {
        let mut all = Vec::new();
        files(&root.join(folder), &mut all);
        for path in all {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            let is_test =
                folder == "tests" || name.ends_with("/tests.rs") || name.contains("/tests/");
            let (program, tests) = if is_test { ("", text.as_str()) } else { split(&text) };
            found.extend(hints(program).into_iter().map(|says| (name.clone(), says)));
            // What is said here of hints tests none.
            if !name.starts_with("tests/layers/") {
                tested.extend(literals(tests).0.into_iter().map(|it| it.says));
            }
        }
    }
    assert!(found.len() > 150, "only {} hints were found", found.len());
    let is_tested = |says: &str| {
        let parts = parts(says);
        tested.iter().any(|text| has(text, &parts))
    };
    let excused = |says: &str| UNTESTED.iter().any(|(hint, _)| *hint == says);
    let missing = found.iter().filter(|(_, says)| !is_tested(says) && !excused(says));
    let missing: Vec<_> = missing.map(|(name, says)| format!("{name}: {says:?}")).collect();
    assert!(missing.is_empty(), "{} hints are in no test:\n{}", missing.len(), missing.join("\n"));
    let idle: Vec<_> = UNTESTED
        .iter()
        .filter(|(hint, _)| is_tested(hint) || !found.iter().any(|(_, says)| says == hint))
        .collect();
    assert!(idle.is_empty(), "tested by now, or gone: {idle:?}");
}

#[test]
fn hints_are_found_where_they_stand() {
    let text = r##"
        // p.hint("not one")
        p.hint("say it").hint(format!("say {so}")); let c = '"';
        let hint = match x { true => "one way", _ => "other way" };
        Error::unsupported("an old thing", "its age", f(1, 2), "take a new one");
        Self { hint: Some("do that".into()), text: "no hint" };
        const A_HINT: &str = "over \
                              two lines";
        fn hint() -> &'static str { r#"raw "one""# }
        let sentence = "a sentence";
    "##;
    let wanted = [
        "say it",
        "say {so}",
        "one way",
        "other way",
        "take a new one",
        "do that",
        "over two lines",
        "raw \"one\"",
    ];
    assert_eq!(hints(text), wanted);
}

#[test]
fn a_hint_is_tested_whole_or_not_at_all() {
    let in_test = "error: no\nhint: take /a from {b} now\n";
    assert!(has(in_test, &parts("take {path} from {{b}} now")));
    assert!(!has(in_test, &parts("take {path} from there")));
}
