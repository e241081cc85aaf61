//! Questions for the values of params: of a recipe, and of fixes.

use crate::cli::fixes::ASK;
use crate::cli::wizard::ask::{Asker, Step, answered, within};
use crate::cli::wizard::fixes::Asked;
use crate::cli::wizard::flow::{Answer, Answers};
use crate::cli::wizard::screen::{Item, Menu, Prompt, Reply};
use crate::engine::{self, Problem, fixes};
use std::io;

impl Asker<'_, '_> {
    pub(super) fn param(&mut self, asked: &Asked, answers: &Answers) -> io::Result<Step> {
        // One that flags gave, and that it cannot have.
        let given = answers.value(asked).filter(|value| *value != ASK);
        if let Some(Err(problem)) = given.map(|value| asked.may_be(Some(value))) {
            self.wrong(problem)?;
        }
        if asked.param.secret {
            return self.secret(asked, answers);
        }
        let value = match asked.param.choices.as_slice() {
            [] => {
                let default = asked.param.default.clone().unwrap_or_default();
                answered!(self.screen.line(&Prompt { title: asked.title(), default })?)
            }
            choices => {
                let items = choices.iter().map(|choice| Item::new(choice, "")).collect();
                let default = asked.param.default.as_ref();
                let default = choices.iter().position(|choice| Some(choice) == default);
                let menu = Menu { title: asked.title(), items, default: default.unwrap_or(0) };
                choices.get(answered!(self.screen.choose(&menu)?)).cloned().unwrap_or_default()
            }
        };
        // Nothing typed is a value only where that is the default.
        let none = value.is_empty() && asked.param.default.is_none();
        self.takes(asked, answers, (!none).then_some(value))
    }

    /// A password, twice and unseen; what goes on is its hash.
    fn secret(&mut self, asked: &Asked, answers: &Answers) -> io::Result<Step> {
        let clear = answered!(self.screen.secret(&asked.title())?);
        let version = answers.changed().map(|(version, _)| version);
        let hash = match engine::hash_password_for(&clear, version) {
            Ok(hash) => hash,
            Err(problem) => {
                self.wrong(problem)?;
                return Ok(Step::Again);
            }
        };
        let again = format!("{}, once more (not shown)", asked.param.name);
        if within!(self.screen.secret(&again)?) != clear {
            self.screen.say("These were not the same.")?;
            return Ok(Step::Again);
        }
        self.takes(asked, answers, Some(hash))
    }

    /// Takes a value, or says in the words of a plan why there is none with it.
    fn takes(
        &mut self,
        asked: &Asked,
        answers: &Answers,
        value: Option<String>,
    ) -> io::Result<Step> {
        let checked = asked.may_be(value.as_ref());
        let value = value.unwrap_or_default();
        let mut after = answers.clone();
        after.set(asked.name(), value.clone());
        // With the last of a fix's params, all of them can be tried.
        let tried = match &asked.of {
            Some(fix) if after.asked_by(fix).is_none() => {
                checked.and_then(|()| fixes::leads_somewhere(fix, &after.values(fix)))
            }
            _ => checked,
        };
        match tried {
            Ok(()) => Ok(Step::Answer(Answer::Param(asked.name(), value))),
            Err(problem) => {
                self.wrong(problem)?;
                Ok(Step::Again)
            }
        }
    }

    /// Says what is wrong with a value. Hints name flags: here one types it again.
    fn wrong(&mut self, problem: Problem) -> io::Result<()> {
        self.tell(&Problem { hint: None, ..problem })
    }
}
