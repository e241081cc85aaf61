//! Recipes at work: plans as text, steps on small trees, builds that are the
//! same bytes every time, what is left behind when they fail.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by where it stops")]

mod builds;
mod claims;
mod collections;
mod fixes;
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../support/judge.rs"]
mod judge;
mod later;
mod make;
mod media;
mod plans;
mod steps;
mod supplies;
mod unattended;
