//! Fixes, each made in a volume's files and by its script.
//!
//! The Mac's programs are stand-ins of ours (`tests/support/mac`): nothing here
//! is judged by Apple's PlistBuddy, launchctl or serveradmin.

mod apache;
mod deliveries;
mod files;
pub(crate) mod harness;
mod printers;
mod scripts;
mod server;
mod system;
mod users;
