//! `LIONIZE_LOG`: what is read, decided and fetched, as lines on standard error.
//!
//! Only this crate's own records are shown. Who writes one leaves out what is
//! secret: params, passwords, serial numbers, the query of an address.

use log::{LevelFilter, Log, Metadata, Record};
use std::io::Write;
use std::sync::OnceLock;
use std::time::Instant;

/// The variable that says how much is told.
const VARIABLE: &str = "LIONIZE_LOG";

/// Levels, from nothing to everything.
const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::Off),
    ("error", LevelFilter::Error),
    ("warn", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
];

/// Begins to log, if that is wanted. Answers whether lines will come.
pub(super) fn start() -> bool {
    let Some(word) = std::env::var_os(VARIABLE).filter(|word| !word.is_empty()) else {
        return false;
    };
    let Some((_, level)) = LEVELS.iter().find(|(name, _)| word == *name) else {
        let known = LEVELS.map(|(name, _)| name).join(", ");
        let word = word.display();
        // Of no use to the work, so it does not stop it.
        eprintln!("warning: {VARIABLE} is `{word}`, not one of {known}: nothing is logged");
        return false;
    };
    static LINES: Lines = Lines { began: OnceLock::new() };
    LINES.began.get_or_init(Instant::now);
    // A second one in the same process cannot be set, and need not be.
    let set = log::set_logger(&LINES).is_ok();
    log::set_max_level(*level);
    set && *level != LevelFilter::Off
}

/// Lines on standard error.
struct Lines {
    began: OnceLock<Instant>,
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lionize")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let took = self.began.get().map(Instant::elapsed).unwrap_or_default();
        let level = record.level().as_str().to_lowercase();
        let place = record.target().trim_start_matches("lionize::");
        let line = format!("[{:9.3}] {level} {place}: {}\n", took.as_secs_f64(), record.args());
        // What cannot be logged must not stop the work.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}
