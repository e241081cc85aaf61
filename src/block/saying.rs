//! For tests: the whole text of an error, as a user reads it.

use crate::block::Error;
use std::fmt::Write;

/// What a result's error says, and below it the hint, where it has one.
pub(crate) fn said<T, E: Into<Error>>(result: Result<T, E>) -> String {
    let Err(error) = result.map_err(Into::into) else { panic!("it was taken") };
    match &error {
        Error::Unsupported(what) if !what.hint.is_empty() => {
            format!("{error}\nhint: {}", what.hint)
        }
        _ => error.to_string(),
    }
}

/// Compares texts with those expected, and tells of all that differ.
pub(crate) fn assert_said<T: AsRef<str>>(rows: impl IntoIterator<Item = (String, T)>) {
    let mut wrong = String::new();
    for (number, (said, expected)) in rows.into_iter().enumerate() {
        if said != expected.as_ref() {
            let _ = write!(wrong, "\nrow {number}: {said:?}\n  wanted {:?}", expected.as_ref());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
