//! HFS Plus and HFSX, as Apple's Technical Note TN1150 describes them.

mod layout;
pub mod raw;

pub use layout::{ForkKind, ForkRef, Laid, Params, Size, lay_out};
