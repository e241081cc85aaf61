//! Which Macs a system starts, as its own `PlatformSupport.plist` says.
//!
//! `boot.efi` of 10.7 and later looks for the Mac's board id in
//! `SupportedBoardIds` and for its model in `SupportedModelProperties`. Facts:
//! Apple's list of 10.15.7, and what writers of patchers for older Macs say of
//! `-no_compat_check`. What the list does not name may still be started with
//! that argument; nobody promises that it then runs.

use crate::block::Result;
use crate::format::proplist;
use crate::source::installer::found;
use crate::source::item::small;
use crate::source::{Item, Opener, contents};
use crate::volume::{Tree, VPath};
use std::fmt;

const PLATFORM_SUPPORT: &str = "/System/Library/CoreServices/PlatformSupport.plist";

/// What tells one kind of Mac from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mac {
    /// A model identifier: `MacBookPro9,2`.
    Model(String),
    /// A board id: `Mac-6F01561E16C75D06`.
    Board(String),
}

impl Mac {
    /// A model identifier or a board id; `None` for what is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(digits) = text.strip_prefix("Mac-") {
            let hex = (8..=16).contains(&digits.len());
            let hex = hex && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            return hex.then(|| Self::Board(text.to_owned()));
        }
        let (family, minor) = text.rsplit_once(',')?;
        let name = family.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = |digits: &str| {
            (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        let model = named && number(&family[name.len()..]) && number(minor);
        model.then(|| Self::Model(text.to_owned()))
    }

    /// What it is, before its name.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Model(_) => "model",
            Self::Board(_) => "board",
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Model(text) | Self::Board(text) => text,
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The Macs that a system starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// Board ids.
    pub boards: Vec<String>,
    /// Model identifiers.
    pub models: Vec<String>,
}

impl Platform {
    /// Reads a `PlatformSupport.plist`.
    ///
    /// # Errors
    /// `Corrupt`, when it is no property list.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let plist = proplist::parse(bytes)?;
        let list = |key: &str| {
            let array = plist.as_dictionary()?.get(key)?.as_array()?;
            Some(array.iter().filter_map(|one| Some(one.as_string()?.to_owned())).collect())
        };
        Ok(Self {
            boards: list("SupportedBoardIds").unwrap_or_default(),
            models: list("SupportedModelProperties").unwrap_or_default(),
        })
    }

    /// The list in which such a Mac would be.
    #[must_use]
    pub fn list(&self, mac: &Mac) -> &[String] {
        match mac {
            Mac::Model(_) => &self.models,
            Mac::Board(_) => &self.boards,
        }
    }

    /// Whether the list names it.
    #[must_use]
    pub fn names(&self, mac: &Mac) -> bool {
        self.list(mac).iter().any(|known| known.eq_ignore_ascii_case(mac.text()))
    }
}

impl Opener {
    /// What a volume says of the Macs that it starts; else what the
    /// `BaseSystem.dmg` in it says. `None` when neither does.
    ///
    /// # Errors
    /// Whatever is wrong with the volume, or with the list.
    pub fn platform(&self, tree: &Tree) -> Result<Option<Platform>> {
        if let Some(platform) = of_tree(tree)? {
            return Ok(Some(platform));
        }
        let base = VPath::parse("/BaseSystem.dmg").ok().and_then(|path| tree.lookup(&path));
        let Some(base) = base.filter(|id| !tree.is_dir(*id)) else { return Ok(None) };
        let item = Item::of_bytes("BaseSystem.dmg", contents(tree, base)?);
        let Some(base) = found(self.enter(&item))? else { return Ok(None) };
        match base.node()? {
            Some((tree, _)) => of_tree(&tree),
            None => Ok(None),
        }
    }
}

fn of_tree(tree: &Tree) -> Result<Option<Platform>> {
    let id = VPath::parse(PLATFORM_SUPPORT).ok().and_then(|path| tree.lookup(&path));
    let Some(id) = id.filter(|id| !tree.is_dir(*id)) else { return Ok(None) };
    Platform::read(&small(&contents(tree, id)?)?).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sample;

    #[test]
    fn models_and_boards_are_told_apart() {
        let model = |text: &str| Some(Mac::Model(text.to_owned()));
        let board = |text: &str| Some(Mac::Board(text.to_owned()));
        assert_eq!(Mac::parse("MacBookPro9,2"), model("MacBookPro9,2"));
        assert_eq!(Mac::parse(" iMac12,1\n"), model("iMac12,1"));
        assert_eq!(Mac::parse("Xserve3,1"), model("Xserve3,1"));
        assert_eq!(Mac::parse("Mac-6F01561E16C75D06"), board("Mac-6F01561E16C75D06"));
        assert_eq!(Mac::parse("Mac-F2268DC8"), board("Mac-F2268DC8"));
        for wrong in ["", "iMac", "iMac12", "12,1", "iMac12,", "iMac 12,1", "Mac-", "Mac-XYZ12345"]
        {
            assert_eq!(Mac::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_list_says_which_macs_start() {
        let platform = Opener::new().platform(&sample::base_system().unwrap()).unwrap().unwrap();
        assert_eq!((platform.boards.len(), platform.models.len()), (0, 1));
        assert!(platform.names(&Mac::parse("shapesample1,1").unwrap()));
        assert!(!platform.names(&Mac::parse("ShapeSample1,2").unwrap()));
        assert!(!platform.names(&Mac::parse("Mac-F2268DC8").unwrap()));
        assert!(Platform::read(b"no list").is_err());
        let none = b"<plist version=\"1.0\"><array/></plist>";
        assert_eq!(Platform::read(none).unwrap(), Platform::default());
    }
}
