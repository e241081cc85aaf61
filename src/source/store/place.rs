//! Where the store is when nobody says.

use crate::source::store::{Failure, FailureKind};
use etcetera::BaseStrategy;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment's word on where the store is.
const VARIABLE: &str = "LIONIZE_STORE";

/// The store's folder: as given (`--store`), else as `LIONIZE_STORE` says,
/// else in the system's folder for caches.
///
/// # Errors
/// [`FailureKind::Usage`] when the system has no such folder.
pub fn place(given: Option<&Path>) -> Result<PathBuf, Failure> {
    choose(given, std::env::var_os(VARIABLE), || {
        let native = etcetera::base_strategy::choose_native_strategy().ok()?;
        Some(native.cache_dir())
    })
}

fn choose(
    given: Option<&Path>,
    variable: Option<OsString>,
    caches: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    if let Some(path) = variable.filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let below = |caches: PathBuf| caches.join("lionize").join("store");
    caches().map(below).ok_or_else(|| {
        let sentence = "this system has no folder for caches where the store could be";
        Failure::new(FailureKind::Usage, sentence).hint("give a folder with --store")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_wins() {
        let given = Some(Path::new("/a"));
        let caches = || Some(PathBuf::from("/c"));
        assert_eq!(choose(given, Some("/b".into()), caches).unwrap(), Path::new("/a"));
        assert_eq!(choose(None, Some("/b".into()), caches).unwrap(), Path::new("/b"));
        let below = Path::new("/c/lionize/store");
        assert_eq!(choose(None, Some("".into()), caches).unwrap(), below);
        let failure = choose(None, None, || None).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "this system has no folder for caches where the store could be\n  \
             hint: give a folder with --store"
        );
    }
}
