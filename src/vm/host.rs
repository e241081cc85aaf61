//! Where programs and files of other authors are on this computer.

use std::path::{Path, PathBuf};

/// Folders of the administrator's programs, which are not on every user's path.
const ADMIN: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
/// Where packages put their data: Linux, Homebrew on either processor, MacPorts.
const SHARES: [&str; 5] = [
    "/usr/share",
    "/usr/local/share",
    "/opt/homebrew/share",
    "/opt/local/share",
    "/run/current-system/sw/share",
];

/// The folders that are looked through, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Folders of programs.
    pub programs: Vec<PathBuf>,
    /// Folders of packages' data.
    pub shares: Vec<PathBuf>,
    /// Folders of packages' libraries.
    pub libs: Vec<PathBuf>,
}

impl Host {
    /// This computer, as `PATH` and `XDG_DATA_DIRS` tell of it.
    #[must_use]
    pub fn here() -> Self {
        let folders = |name: &str| {
            let value = std::env::var_os(name).unwrap_or_default();
            let folders = std::env::split_paths(&value).filter(|path| path.is_absolute());
            folders.collect::<Vec<_>>()
        };
        let fixed = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        let shares = [folders("XDG_DATA_DIRS"), fixed(&SHARES)].concat();
        let beside = |share: &PathBuf| share.with_file_name("lib");
        let libs = shares.iter().map(beside).collect();
        Self { programs: [folders("PATH"), fixed(&ADMIN)].concat(), shares, libs }
    }

    /// The first program that has one of these names.
    #[must_use]
    pub fn program(&self, names: &[&str]) -> Option<PathBuf> {
        names.iter().find_map(|name| first(&self.programs, Path::new(name)))
    }

    /// The first of these files that some package put there.
    #[must_use]
    pub fn share(&self, path: &str) -> Option<PathBuf> {
        first(&self.shares, Path::new(path))
    }

    /// The same among libraries.
    #[must_use]
    pub fn lib_file(&self, path: &str) -> Option<PathBuf> {
        first(&self.libs, Path::new(path))
    }
}

fn first(folders: &[PathBuf], path: &Path) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(path)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_goes_before_the_first_folder() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| dir.path().join(name));
        for (folder, name) in [(&a, "second"), (&b, "first")] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join(name), "").unwrap();
        }
        let host = Host { programs: vec![a.clone(), b.clone()], ..Host::default() };
        assert_eq!(host.program(&["first", "second"]), Some(b.join("first")));
        assert_eq!(host.program(&["third", "second"]), Some(a.join("second")));
        assert_eq!(host.program(&["third"]), None);
        assert_eq!(host.share("second"), None);
    }
}
