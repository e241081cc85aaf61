//! `label = "NAME"`: the volume's name.

use crate::engine::job::Job;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;
use crate::volume::{MAX_NAME, Name};

#[derive(Debug)]
pub(super) struct Label {
    pub(super) name: String,
}

impl Step for Label {
    fn title(&self) -> String {
        format!("name the volume \"{}\"", self.name)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let name = Name::from_text(&self.name);
        if name.units().is_empty() || name.units().len() > MAX_NAME {
            let sentence = format!("a volume's name has 1 to {MAX_NAME} characters");
            return Err(Problem::bad_input(sentence).because(format!("it is \"{}\"", self.name)));
        }
        job.tree_mut()?.set_label(name);
        Ok(())
    }
}
