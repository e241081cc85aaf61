//! What of the process's surroundings commands look at.

use std::path::PathBuf;

/// Variables and the file of settings. The default is none of either: so do
/// tests run, and programs that use the library.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The variables whose names begin with `LIONIZE_`.
    pub variables: Vec<(String, String)>,
    /// The file of settings, which need not be there.
    pub config: Option<PathBuf>,
    /// Whether that file was named, and so must be there.
    pub named: bool,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let ours = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("LIONIZE_"))?;
            Some((name, value.into_string().ok()?))
        });
        let mut variables: Vec<_> = ours.collect();
        variables.sort();
        let named = variables.iter().find(|(name, _)| name == "LIONIZE_CONFIG");
        let named = named.map(|(_, path)| PathBuf::from(path));
        Self { config: named.clone().or_else(file), named: named.is_some(), variables }
    }

    /// A variable's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// `lionize/config.toml` where the system keeps settings: as XDG says on Unix.
fn file() -> Option<PathBuf> {
    Some(crate::engine::shelf::settings_folder()?.join("config.toml"))
}
