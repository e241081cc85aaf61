//! What makes a disk start a Mac: partitions, blessing, one image from trees.

pub mod pass;
