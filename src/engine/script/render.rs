//! A fix as a shell function.

use crate::engine::facts::Facts;
use crate::engine::fixes;
use crate::engine::problem::{ProblemKind, Result};
use crate::recipe::{
    Action, Applies, Comparison, Fix, KeyPath, Operator, Piece, Shape, Step, pieces,
};
use std::fmt::Write;

/// The name of a fix's function.
pub(super) fn name(fix: &Fix) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("fix_{}", fix.id.chars().map(word).collect::<String>())
}

/// The variables for what functions ask of the system.
pub(super) fn system_facts(functions: &str) -> String {
    let mut text = String::new();
    let facts = [
        ("product", "ProductName"),
        ("version", "ProductVersion"),
        ("build", "ProductBuildVersion"),
    ];
    for (fact, key) in facts {
        if functions.contains(&format!("$system_{fact}\"")) {
            text += &format!("system_{fact}=$(system_fact {key})\n");
        }
    }
    text
}

/// The whole function.
pub(super) fn function(fix: &Fix, facts: &Facts) -> Result<String> {
    let mut out = Out { text: String::new(), depth: 0, facts, now: None };
    out.line("");
    out.comment(&format!("{}: {}", fix.id, fix.title));
    out.comment(&fix.why);
    fix.source.iter().for_each(|source| out.comment(source));
    out.line(&format!("{}() {{", name(fix)));
    out.depth += 1;
    out.line(&format!("begin {} {}", quote(&fix.id), quote(&fix.title)));
    for note in &fix.notes {
        let note = format!("{}: note: {note}", fix.id);
        out.line(&format!("say {}", out.word(&note)?));
    }
    out.gate(&fix.applies);
    for skip in &fix.skip {
        let shape = out.shape(&skip.shape)?;
        out.line(&format!("if {shape}; then"));
        out.depth += 1;
        out.line("already=yes");
        let because = format!("{}: nothing to do: {}", fix.id, skip.because);
        out.line(&format!("say {}", quote(&because)));
        out.line("return");
        out.depth -= 1;
        out.line("fi");
    }
    for step in &fix.steps {
        out.step(step)?;
    }
    if fix.steps.is_empty() {
        out.line("already=yes");
    }
    out.line("end");
    out.depth -= 1;
    out.line("}");
    Ok(out.text)
}

/// Single quotes around a text, whatever is in it.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A function's text while it is written.
pub(super) struct Out<'f> {
    text: String,
    pub(super) depth: usize,
    facts: &'f Facts,
    /// What a step of `each` is done for now.
    now: Option<Facts>,
}

impl Out<'_> {
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("    ", self.depth));
        }
        self.text += line;
        self.text.push('\n');
    }

    pub(super) fn facts(&self) -> &Facts {
        self.now.as_ref().unwrap_or(self.facts)
    }

    /// Text as comment lines of some 76 characters.
    fn comment(&mut self, text: &str) {
        let mut line = "#".to_owned();
        for word in text.split_whitespace() {
            if line.len() > 1 && line.len() + 1 + word.len() > 76 {
                let full = std::mem::replace(&mut line, "#".to_owned());
                self.line(&full);
            }
            line = format!("{line} {word}");
        }
        self.line(&line);
    }

    /// A text as one word of the shell: params are filled in, facts of the
    /// system are the script's variables.
    pub(super) fn word(&self, text: &str) -> Result<String> {
        let (mut word, mut plain) = (String::new(), String::new());
        for piece in pieces(text) {
            match piece {
                Piece::Plain(text) => plain += text,
                Piece::Hole { of: "system", fact } => {
                    if !plain.is_empty() {
                        word += &quote(&std::mem::take(&mut plain));
                    }
                    let _ = write!(word, "\"$system_{fact}\"");
                }
                Piece::Hole { of, fact } => {
                    plain += &self.facts().fill(&format!("{{{of}.{fact}}}"))?
                }
            }
        }
        if !plain.is_empty() || word.is_empty() {
            word += &quote(&plain);
        }
        Ok(word)
    }

    /// A path of the volume.
    pub(super) fn path(&self, text: &str) -> Result<String> {
        let word = self.word(text)?;
        let plain = word.strip_prefix('\'').and_then(|word| word.strip_suffix('\''));
        Ok(match plain.filter(|plain| !plain.contains(['\'', '"', '$', '`', '\\'])) {
            Some(plain) => format!("\"$root{plain}\""),
            None => format!("\"$root\"{word}"),
        })
    }

    fn gate(&mut self, applies: &Applies) {
        let why = match applies.otherwise.as_str() {
            "" => format!("it is made for {}", applies.words()),
            why => format!("it is made for {}: {why}", applies.words()),
        };
        let list = |all: &[String]| all.iter().map(|one| quote(one)).collect::<Vec<_>>().join(" ");
        let mut checks = Vec::new();
        if !applies.system.is_empty() {
            checks.push(format!("! is_under \"$system_version\" {}", list(&applies.system)));
        }
        if !applies.server.is_empty() {
            checks.push(format!("! is_under \"$(server_version)\" {}", list(&applies.server)));
        }
        if checks.is_empty() {
            return;
        }
        let checks = match checks.as_slice() {
            [one] => one.clone(),
            all => format!("{{ {}; }}", all.join(" || ")),
        };
        self.line(&format!("if [ \"$force\" = no ] && {checks}; then"));
        self.depth += 1;
        self.line(&format!("refuse {}", quote(&why)));
        self.line("return");
        self.depth -= 1;
        self.line("fi");
    }

    /// A test of a property list's shape.
    fn shape(&self, shape: &Shape) -> Result<String> {
        let file = self.path(&shape.path)?;
        let key = |key: &KeyPath| quote(&key.to_string());
        // Lists that are missing have no shape, though they lack everything.
        let mut tests = vec![format!("[ -f {file} ]")];
        for (path, value) in &shape.is {
            let (kind, value) = self.single(value)?;
            tests.push(format!("has_value {file} {} {kind} {value}", key(path)));
        }
        tests.extend(shape.has.iter().map(|path| format!("has {file} {}", key(path))));
        tests.extend(shape.lacks.iter().map(|path| format!("! has {file} {}", key(path))));
        Ok(tests.join(" && "))
    }

    /// The test of a condition; `None` when it is known not to hold.
    fn condition(&self, comparisons: &[Comparison]) -> Result<Option<Vec<String>>> {
        let mut tests = Vec::new();
        for one in comparisons {
            if one.of != "system" {
                if !one.holds(self.facts.get(&one.of, &one.fact)) {
                    return Ok(None);
                }
                continue;
            }
            let sign = match one.by {
                Operator::Equal => "==",
                Operator::Unequal => "!=",
                Operator::Less => "<",
                Operator::AtMost => "<=",
                Operator::More => ">",
                Operator::AtLeast => ">=",
            };
            let value = quote(&one.value);
            tests.push(format!("holds \"$system_{}\" '{sign}' {value}", one.fact));
        }
        Ok(Some(tests))
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let comparisons = step.when.as_ref().map_or(&[][..], |when| &when.0);
        let Some(mut tests) = self.condition(comparisons)? else { return Ok(()) };
        if let Some(shape) = &step.shape {
            tests.push(self.shape(shape)?);
        }
        match &step.action {
            Action::Run { there: Some(path), .. } => {
                tests.push(format!("[ -e {} ]", self.path(path)?));
            }
            Action::Run { always: false, .. } => tests.push("due".to_owned()),
            _ => {}
        }
        let guarded = !tests.is_empty();
        if guarded {
            self.line(&format!("if {}; then", tests.join(" && ")));
            self.depth += 1;
        }
        for facts in fixes::each(step, self.facts) {
            self.now = Some(facts);
            let (len, depth) = (self.text.len(), self.depth);
            let done = self.action(&step.action);
            if done.is_err() {
                self.text.truncate(len);
                self.depth = depth;
            }
            self.now = None;
            match done {
                // For the systems of other conditions it is right.
                Err(problem) if guarded && problem.kind == ProblemKind::Usage => {
                    let why = problem.causes.first().unwrap_or(&problem.sentence);
                    self.line(&format!("refuse {}", quote(why)));
                    self.line("return");
                }
                other => other?,
            }
        }
        if guarded {
            self.depth -= 1;
            self.line("fi");
        }
        Ok(())
    }
}
