//! A fix as a shell function.

use crate::engine::facts::Facts;
use crate::engine::fixes;
use crate::engine::problem::{Problem, ProblemKind, Result};
use crate::engine::steps::new_plist;
use crate::recipe::{
    Action, Applies, Comparison, Find, Fix, KeyPath, Operator, Owning, Piece, PlistEdit,
    SettingsEdit, Shape, Step, Value, pieces,
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
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

struct Out<'f> {
    text: String,
    depth: usize,
    facts: &'f Facts,
    /// What a step of `each` is done for now.
    now: Option<Facts>,
}

impl Out<'_> {
    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("    ", self.depth));
        }
        self.text += line;
        self.text.push('\n');
    }

    fn facts(&self) -> &Facts {
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
    fn word(&self, text: &str) -> Result<String> {
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
    fn path(&self, text: &str) -> Result<String> {
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
            Action::Run { always: false, .. } => tests.push("[ \"$changed\" = yes ]".to_owned()),
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

    fn action(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Append { path, line, create } => {
                let (path, line) = (self.word(path)?, self.word(line)?);
                let create = if *create { "yes" } else { "no" };
                self.line(&format!("append_line {path} {create} {line}"));
            }
            Action::Replace { path, find, with, .. } => {
                let (program, find, what) = match find {
                    Find::Text(text) => ("replace_text", text, format!("\"{text}\"")),
                    Find::Line(line) => ("replace_lines", line, format!("a line like \"{line}\"")),
                };
                self.edit(path, &what, program, find, with)?;
            }
            Action::Comment { path, contains, mark, .. } => {
                let what = format!("a line with \"{contains}\"");
                self.edit(path, &what, "comment_lines", contains, mark)?;
            }
            Action::Insert { path, after, line, .. } => {
                let what = format!("a line like \"{after}\"");
                self.edit(path, &what, "insert_lines", after, line)?;
            }
            Action::Plist(edit) => self.plist(edit)?,
            Action::Run { command, .. } => {
                let words: Result<Vec<_>> = command.iter().map(|word| self.word(word)).collect();
                self.line(&format!("run {}", words?.join(" ")));
            }
            Action::Settings { of, edit } => {
                let of = self.word(of)?;
                match edit {
                    SettingsEdit::Set(value) => {
                        let value = self.word(value)?;
                        self.line(&format!("set_setting {of} {value}"));
                    }
                    SettingsEdit::Lines { line, with } => {
                        let (line, with) = (self.word(line)?, self.word(with)?);
                        self.line(&format!("set_settings {of} {line} {with}"));
                    }
                }
            }
            Action::Write { to, text, owning, replace } => {
                let (to, text) = (self.word(to)?, self.word(text)?);
                let (owner, mode) = owned(owning, 0o644);
                let replace = if *replace { "yes" } else { "no" };
                self.line(&format!("write_file {to} {owner} {mode} {replace} {text}"));
            }
            Action::Mkdir { path, owning } => {
                let path = self.word(path)?;
                let (owner, mode) = owned(owning, 0o755);
                self.line(&format!("make_folder {path} {owner} {mode}"));
            }
            Action::Move { from, to, .. } => {
                let (from, to) = (self.word(from)?, self.word(to)?);
                self.line(&format!("move_aside {from} {to}"));
            }
            _ => return Err(Problem::ours("a fix has a step that scripts cannot do")),
        }
        Ok(())
    }

    fn edit(&mut self, path: &str, what: &str, program: &str, a: &str, b: &str) -> Result<()> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        // A path that is a param as a whole is known here.
        let whole = self.facts().fill(path);
        let (folder, name) = match &whole {
            Ok(whole) => whole.rsplit_once('/').unwrap_or(("", whole)),
            Err(_) => (folder, name),
        };
        let (folder, depth) = match folder.strip_suffix("/**") {
            Some(folder) => (folder, "deep"),
            None => (folder, "flat"),
        };
        // `find` knows more signs than `*` and `?`.
        let name = name.replace('\\', "\\\\").replace('[', "\\[");
        let (folder, name, what) = (self.word(folder)?, self.word(&name)?, self.word(what)?);
        let (a, b) = (self.word(a)?, self.word(b)?);
        self.line(&format!("edit_lines {folder} {depth} {name} {what} \"${program}\" {a} {b}"));
        Ok(())
    }

    /// A value that is none of others: PlistBuddy's word for its type, and it.
    fn single(&self, value: &Value) -> Result<(&'static str, String)> {
        Ok(match value {
            Value::Bool(truth) => ("bool", truth.to_string()),
            Value::Integer(number) => ("integer", number.to_string()),
            Value::Real(number) => ("real", format!("{number:?}")),
            Value::Text(text) => {
                if let Ok(text) = self.facts.fill(text)
                    && text.contains(['"', '\'', '\\'])
                {
                    let sentence = format!("`{text}` has quotes or backslashes");
                    let cause = "PlistBuddy cannot be told such values safely";
                    return Err(Problem::usage(sentence).because(cause));
                }
                ("string", self.word(text)?)
            }
            _ => return Err(Problem::ours("a value that scripts cannot tell")),
        })
    }

    fn plist(&mut self, edit: &PlistEdit) -> Result<()> {
        let file = self.path(&edit.path)?;
        self.line(&format!("if [ -f {file} ]; then"));
        self.depth += 1;
        if edit.keep {
            self.line("already=yes");
        } else {
            self.line(&format!("open_list {file}"));
            self.edits(edit)?;
            self.line(&format!("close_list {file}"));
        }
        self.depth -= 1;
        self.line("else");
        self.depth += 1;
        let plain = self.word(&edit.path)?;
        if edit.create {
            let (owner, mode) = owned(&edit.owning, 0o644);
            match new_plist(edit, self.facts()) {
                Ok(text) => {
                    let text = quote(&String::from_utf8_lossy(&text));
                    self.line(&format!("create {file} {owner} {mode} {text}"));
                }
                // What only the system knows is filled in there.
                Err(problem) if !edit.keep && problem.kind == ProblemKind::BadInput => {
                    self.line("new_list");
                    self.edits(edit)?;
                    self.line(&format!("create {file} {owner} {mode} \"$(cat \"$list\")\""));
                }
                Err(problem) => return Err(problem),
            }
        } else {
            self.line(&format!("note_missing \"there is no \"{plain}"));
        }
        self.depth -= 1;
        self.line("fi");
        Ok(())
    }

    fn edits(&mut self, edit: &PlistEdit) -> Result<()> {
        for key in &edit.delete {
            self.line(&format!("list_delete {}", quote(&key.to_string())));
        }
        for (key, value) in &edit.set {
            self.set(key, value)?;
        }
        for (key, value) in &edit.add {
            self.above(key);
            self.line(&format!("list_next {}", quote(&key.to_string())));
            self.put("\"$place\"", value)?;
        }
        for (key, value) in &edit.include {
            self.above(key);
            let (kind, value) = self.single(value)?;
            self.line(&format!("list_include {} {kind} {value}", quote(&key.to_string())));
        }
        edit.merge.iter().try_for_each(|(key, value)| self.merge(key, value))
    }

    /// Makes the dictionaries above a key path.
    fn above(&mut self, key: &KeyPath) {
        for len in 1..key.0.len() {
            let above = KeyPath(key.0[..len].to_vec());
            self.line(&format!("list_dict {}", quote(&above.to_string())));
        }
    }

    fn set(&mut self, key: &KeyPath, value: &Value) -> Result<()> {
        self.above(key);
        let (kind, value) = self.single(value)?;
        self.line(&format!("list_set {} {kind} {value}", quote(&key.to_string())));
        Ok(())
    }

    /// A new value at a place that is a word of the shell.
    fn put(&mut self, place: &str, value: &Value) -> Result<()> {
        match value {
            Value::Array(values) => {
                self.line(&format!("list_put {place} array"));
                for (index, value) in values.iter().enumerate() {
                    self.put(&format!("{place}:{index}"), value)?;
                }
            }
            Value::Table(pairs) => {
                self.line(&format!("list_put {place} dict"));
                for (key, value) in pairs {
                    self.put(&format!("{place}:{key}"), value)?;
                }
            }
            single => {
                let (kind, value) = self.single(single)?;
                self.line(&format!("list_put {place} {kind} {value}"));
            }
        }
        Ok(())
    }

    fn merge(&mut self, key: &KeyPath, value: &Value) -> Result<()> {
        let Value::Table(pairs) = value else { return self.set(key, value) };
        self.above(key);
        if !key.0.is_empty() {
            self.line(&format!("list_dict {}", quote(&key.to_string())));
        }
        for (name, value) in pairs {
            let below = KeyPath(key.0.iter().chain([name]).cloned().collect());
            self.merge(&below, value)?;
        }
        Ok(())
    }
}

/// Owner and mode as `chown` and `chmod` take them.
fn owned(owning: &Owning, usual: u16) -> (String, String) {
    let (owner, group) = (owning.owner.unwrap_or(0), owning.group.unwrap_or(0));
    (format!("{owner}:{group}"), format!("{:04o}", owning.mode.unwrap_or(usual)))
}
