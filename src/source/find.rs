//! Finding items by patterns, through folders and containers.

use crate::block::{Error, Result};
use crate::source::archive::Hint;
use crate::source::pattern::{Matched, Pattern, is_glob};
use crate::source::{Item, Opener};
use crate::volume::Name;
use std::io;
use std::path::Path;

impl Opener {
    /// What a path names that may hold `*`, `?` and `**`, such as
    /// `Combo.pkg/**/Server.app`: in order, and nothing below what was found.
    /// `**` enters the parts of packages and disk images.
    ///
    /// # Errors
    /// `NotFound` when there is nothing; as [`Opener::resolve`].
    pub fn find(&self, path: &Path) -> Result<Vec<Item>> {
        let text = path.to_str().filter(|text| text.split('/').any(is_glob));
        let Some(text) = text.filter(|_| std::fs::symlink_metadata(path).is_err()) else {
            return Ok(vec![self.resolve(path)?]);
        };
        let parts: Vec<&str> = text.split('/').collect();
        let plain = parts.iter().take_while(|part| !is_glob(part)).count();
        let top = match parts[..plain].join("/") {
            top if top.is_empty() && plain > 0 => "/".to_owned(),
            top if top.is_empty() => ".".to_owned(),
            top => top,
        };
        let top = self.resolve(Path::new(&top))?;
        self.find_inside(&top, &parts[plain..].join("/"))
    }

    /// What a pattern names inside an item.
    ///
    /// # Errors
    /// As [`Opener::find`].
    pub fn find_inside(&self, item: &Item, pattern: &str) -> Result<Vec<Item>> {
        let invalid = |why: String| Error::Io(io::Error::other(why));
        let parsed = Pattern::parse(pattern).map_err(invalid)?;
        let mut found = Vec::new();
        // What is to be looked into, whether it was named, and what led there.
        let mut todo = vec![(item.clone(), true, parsed.start())];
        while let Some((at, named, matched)) = todo.pop() {
            if self.stopped() {
                let text = "the search was interrupted";
                return Err(Error::Io(io::Error::new(io::ErrorKind::Interrupted, text)));
            }
            // The top itself may be all that `**` stands for, and is not meant.
            if parsed.is_met(matched) && at.name != item.name {
                found.push(at);
            } else if let Some(inside) = self.look(&at, named, &parsed, matched)? {
                let children = inside.children(self)?.into_iter().rev();
                todo.extend(children.filter_map(|child| step(&parsed, matched, child)));
            }
        }
        if found.is_empty() {
            let text = format!("nothing in {} matches `{pattern}`", item.name);
            return Err(Error::Io(io::Error::new(io::ErrorKind::NotFound, text)));
        }
        Ok(found)
    }

    /// An item as a folder; `None` for what is none and was not named as one.
    fn look(
        &self,
        item: &Item,
        named: bool,
        pattern: &Pattern,
        at: Matched,
    ) -> Result<Option<Item>> {
        let hint = Hint { pattern, at, met: !self.browses() };
        match self.enter_for(item, Some(hint)) {
            Ok(inside) => Ok(Some(inside)),
            Err(Error::Unsupported(_)) if !named => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A child that matches, or may lead on.
fn step(pattern: &Pattern, from: Matched, child: Item) -> Option<(Item, bool, Matched)> {
    let name = child.name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = Name::from_text(name);
    let matched = pattern.step(from, &name);
    let leads = if child.is_folder() {
        matched.is_open()
    } else {
        matched.is_open() && pattern.may_lead_on(matched, &name)
    };
    let named = matched.was_named();
    (leads || pattern.is_met(matched)).then_some((child, named, matched))
}
