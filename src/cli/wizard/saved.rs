//! The recipe file that the answers amount to; inputs are not part of one, and
//! neither is where the result goes.

use crate::cli::wizard::fixes::Chosen;
use crate::cli::wizard::flow::Answers;
use crate::cli::wizard::summary::command;
use crate::recipe::Param;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The text of the file that is to be saved here; `args` are those of the command
/// that does the same.
pub(super) fn text(answers: &Answers, path: &Path, args: &[OsString]) -> String {
    let Some((base, recipe)) = &answers.recipe else { return String::new() };
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let is_bare = path.components().count() == 1;
    let here = if is_bare { Path::new(".").join(path) } else { path.to_owned() };
    // A secret has no default: it is given each time.
    let secret = |name: &str| recipe.params.iter().any(|param| param.secret && param.name == name);
    let left: Vec<_> = answers.params.iter().filter(|(name, _)| secret(name)).cloned().collect();
    let mut again = answers.command_of(here.as_os_str(), &left, &[]);
    again.extend(args.iter().skip(answers.command().len()).cloned());
    let mut text = format!(
        "# What the wizard of lionize {} made up. It is made again by\n#\n{}\n\n\
         schema = 1\nextends = {}\nname = {}\n",
        env!("CARGO_PKG_VERSION"),
        command(&again, "#   "),
        quoted(&beside(base, path)),
        quoted(&name.unwrap_or_default()),
    );
    for (name, value) in &answers.params {
        let param = recipe.params.iter().find(|param| param.name == *name && !param.secret);
        let changed = param.filter(|param| param.default.as_ref() != Some(value));
        text += &changed.map_or_else(String::new, |param| default(param, value));
    }
    for chosen in answers.fixes.iter().flatten() {
        text += &step(answers, chosen, path);
    }
    text
}

/// A param with another default.
fn default(param: &Param, value: &str) -> String {
    let mut text = format!("\n[params.{}]\ndefault = {}\n", param.name, quoted(value));
    if !param.choices.is_empty() {
        let choices: Vec<_> = param.choices.iter().map(|choice| quoted(choice)).collect();
        text += &format!("choices = [{}]\n", choices.join(", "));
    }
    if !param.about.is_empty() {
        text += &format!("about = {}\n", quoted(&param.about));
    }
    text
}

/// The step of a fix, with the values that were given for it.
fn step(answers: &Answers, chosen: &Chosen, path: &Path) -> String {
    let id = quoted(&beside(&chosen.name, path));
    let values = answers.values(&chosen.fix);
    let values = values.iter().map(|(name, value)| format!("{name} = {}", quoted(value)));
    let values: Vec<_> = values.collect();
    match values.as_slice() {
        [] => format!("\n[[step]]\nfix = {id}\n"),
        values => {
            format!("\n[[step]]\nfix = {{ id = {id}, params = {{ {} }} }}\n", values.join(", "))
        }
    }
}

/// A recipe or fix as a file in that place names it: a path of here is none there.
fn beside(name: &str, path: &Path) -> String {
    let is_path = name.contains(['/', '\\']) || name.ends_with(".toml");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if !is_path || name.contains("://") || folder.is_none() {
        return name.to_owned();
    }
    let whole = std::path::absolute(name).unwrap_or_else(|_| PathBuf::from(name));
    whole.to_string_lossy().into_owned()
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::wizard::flow::{Answer, Flow, Given, Output};
    use crate::engine::load;
    use crate::recipe::{Action, Text};

    fn answers(more: impl IntoIterator<Item = Answer>) -> Answers {
        let mut flow = Flow::default();
        let recipe = Box::new(load::recipe("lion-server").unwrap());
        flow.answer(Answer::Recipe("lion-server".into(), recipe));
        let (name, path) = ("installer".to_owned(), Some("/x/Lion.dmg".into()));
        flow.answer(Answer::Input(Box::new(Given { name, path, ..Given::default() })));
        flow.answer(Answer::Param("collection".into(), "yes".into()));
        more.into_iter().for_each(|answer| flow.answer(answer));
        flow.answer(Answer::Output(Output::File("o.img".into())));
        flow.answers().clone()
    }

    #[test]
    fn the_recipe_file_is_a_right_one() {
        let hash = format!("sha512:{}", "00".repeat(68));
        let fixes = ["hardware-notes", "create-admin-user"].map(|id| Chosen::named(id).unwrap());
        let answers = answers([
            Answer::Fixes(fixes.to_vec()),
            Answer::Param("create-admin-user.name".into(), "ada \"a\"".into()),
            Answer::Param("create-admin-user.password".into(), hash.clone()),
        ]);
        let text = text(&answers, Path::new("mine.toml"), &answers.command());
        let text = Text { file: "mine.toml".into(), text };
        let recipe = load::parse(&text).unwrap();
        assert_eq!((recipe.name.as_str(), recipe.inputs.len()), ("mine", 4));
        assert_eq!(recipe.params[0].default.as_deref(), Some("yes"));
        let base = load::recipe("lion-server").unwrap();
        assert_eq!(recipe.steps.len(), base.steps.len() + 2);
        let Some(Action::Fix(used)) = recipe.steps.last().map(|step| &step.action) else {
            panic!("{}", text.text);
        };
        let set = [("name", "ada \"a\""), ("password", &hash)];
        assert_eq!(used.params, set.map(|(name, value)| (name.to_owned(), value.to_owned())));
        // What the file says is not said again.
        let again = "#   lionize build ./mine.toml --input installer=/x/Lion.dmg --output o.img\n";
        assert!(text.text.contains(again), "{}", text.text);
    }

    #[test]
    fn names_of_files_lead_there_from_elsewhere() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(beside("./lab.toml", Path::new("my.toml")), "./lab.toml");
        let there = Path::new("/elsewhere/my.toml");
        let found = PathBuf::from(beside("./lab.toml", there));
        assert_eq!(found, here.join("lab.toml"));
        assert_eq!(beside("lion", there), "lion");
    }
}
