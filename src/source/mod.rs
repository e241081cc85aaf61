//! Where inputs come from.

pub mod sample;
