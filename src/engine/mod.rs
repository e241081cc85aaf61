//! The engine: facts, plan, steps, run. It sends events and prints nothing.

mod build;
mod describe;
mod events;
mod facts;
pub mod fixes;
mod hash;
mod identity;
mod inputs;
mod job;
mod layout;
mod listed;
pub mod load;
mod manifest;
mod output;
mod plan;
mod prepare;
mod problem;
mod progress;
mod prove;
mod request;
mod script;
mod steps;
mod verify;

pub use build::{build, manifest_path};
pub use events::{Event, Silent, Sink, Stage, Stop};
pub use identity::Identified;
pub use plan::Plan;
pub use prepare::prepare;
pub use problem::{Problem, ProblemKind, Result};
pub use request::{BuildOptions, Built, Form, Request, Verify};
pub use script::script;
pub use steps::plist::edit_plist;
pub use verify::{Verified, verify};
