//! What a step of a fix becomes: a call of one of the shell's functions.

use crate::engine::problem::{Problem, Result};
use crate::engine::script::render::Out;
use crate::recipe::{Action, Find, Owning, SettingsEdit};
use crate::volume::VPath;

impl Out<'_> {
    /// The lines of an action.
    pub(super) fn action(&mut self, action: &Action) -> Result<()> {
        action.changed().into_iter().try_for_each(|path| self.stays(path))?;
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

    /// Refuses a path that would lead out of the volume, or beside it.
    fn stays(&self, path: &str) -> Result<()> {
        let path = self.facts().fill_known(path);
        let why = match VPath::parse(&path) {
            Ok(_) if path.starts_with('/') => return Ok(()),
            Ok(_) => "it does not begin with `/`".to_owned(),
            Err(why) => why,
        };
        Err(Problem::bad_input(format!("`{path}` is no path")).because(why))
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
}

/// Owner and mode as `chown` and `chmod` take them.
pub(super) fn owned(owning: &Owning, usual: u16) -> (String, String) {
    let (owner, group) = (owning.owner.unwrap_or(0), owning.group.unwrap_or(0));
    (format!("{owner}:{group}"), format!("{:04o}", owning.mode.unwrap_or(usual)))
}
