//! Names' order and spelling on HFS+ (TN1150, "HFS Plus Names").
//!
//! Both are frozen: order by TN1150's own case-folding table, spelling by
//! Unicode 3.2, because a volume made today must sort on a Mac of 2001.

mod decompose;
mod decomposition;
mod fold;

pub use decompose::decompose;
pub(crate) use fold::order_folded;
pub use fold::{compare_folded, fold};
