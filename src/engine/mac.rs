//! Whether a Mac starts the media, as the media themselves say.

use crate::engine::events::{Event, Sink};
use crate::engine::inputs::Inputs;
use crate::engine::problem::{Problem, Result};
use crate::source::{Mac, Opener, Platform};
use crate::volume::Tree;
use serde_json::{Value, json};

/// What the media say of a Mac.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suited {
    mac: Mac,
    /// Whether they name it; `None` when they do not say.
    named: Option<bool>,
    text: String,
}

impl Suited {
    /// What a list says of a Mac.
    #[must_use]
    pub fn of(mac: &Mac, platform: Option<&Platform>) -> Self {
        let what = mac.what();
        let (named, text) = match platform.map(|platform| (platform, platform.list(mac).len())) {
            None => (None, "nothing on the media says which Macs they start".to_owned()),
            Some((_, 0)) => (None, format!("the media say of no {what} whether they start it")),
            Some((platform, count)) => {
                let among = if count == 1 { "the only one" } else { &format!("one of {count}") };
                match platform.names(mac) {
                    true => (Some(true), format!("the media start this {what}, {among} they name")),
                    false => {
                        let none = match count {
                            1 => "it is not the one".to_owned(),
                            n => format!("it is none of the {n}"),
                        };
                        let text = format!(
                            "the media do not start this {what}: {none} that their \
                             PlatformSupport.plist names"
                        );
                        (Some(false), text)
                    }
                }
            }
        };
        Self { mac: mac.clone(), named, text }
    }

    /// What the media's own tree says; a volume that is restored block for
    /// block has none, and says what the input's does.
    pub(super) fn judge(mac: &Mac, tree: Option<&Tree>, inputs: &Inputs) -> Result<Self> {
        let fail = |error| Problem::reading("PlatformSupport.plist", error);
        if let Some(tree) = tree {
            let platform = Opener::new().platform(tree).map_err(fail)?;
            return Ok(Self::of(mac, platform.as_ref()));
        }
        for input in inputs.0.iter().filter(|input| input.label.is_some()) {
            if let Ok(tree) = input.tree() {
                let platform = input.opener.platform(&tree).map_err(fail)?;
                return Ok(Self::of(mac, platform.as_ref()));
            }
        }
        Ok(Self::of(mac, None))
    }

    /// Whether they name it; `None` when they do not say.
    #[must_use]
    pub const fn named(&self) -> Option<bool> {
        self.named
    }

    /// The answer in a line.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}: {}", self.mac, self.text)
    }

    pub(super) fn json(&self) -> Value {
        json!({ "for": self.mac.to_string(), "starts": self.named, "text": self.text })
    }

    /// Refuses media that do not start it; warns where they do not say.
    pub(super) fn check(&self, sink: &mut dyn Sink) -> Result<()> {
        match self.named {
            Some(true) => Ok(()),
            Some(false) => {
                let sentence = format!("these media are not for a {}", self.mac);
                Err(Problem::bad_input(sentence)
                    .because(&self.text)
                    .hint("take another installer, or leave --for out to make them all the same"))
            }
            None => {
                sink.send(Event::Warned { text: self.line() });
                Ok(())
            }
        }
    }
}
