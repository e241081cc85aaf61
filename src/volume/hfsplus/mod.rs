//! HFS Plus and HFSX, as Apple's Technical Note TN1150 describes them.

pub mod raw;
