//! Apple's recovery server: what a Mac without a system fetches at its start.
//!
//! A session is a cookie. An order names the Mac by its board and gets an
//! address and a token for each file. Recovery images need no more; the
//! installer (the only source of 10.9's) wants the serial number and the ROM
//! of a Mac of that time, which are the user's to give, and a key made of them.
//! What is known of it comes from clients that others published (macrecovery
//! in `OpenCorePkg`, the Mavericks Forever script).
//!
//! Our tests ask a server of ours that behaves like this description. That
//! Apple's server does is not judged here.

mod answer;
mod bring;
mod machine;
mod order;

pub use answer::{Asset, Offer};
pub use bring::{Brought, bring};
pub use machine::Machine;
pub use order::{Ids, Product, Recovery};

use crate::source::http::Address;
use crate::source::store::Download;

/// The most bytes of a chunk list.
const MOST_CHUNKLIST: u64 = 4 << 20;

impl Asset {
    /// The file as something to fetch. That it proves right is the caller's to
    /// see to, by a chunk list or a digest.
    #[must_use]
    pub fn download(&self) -> Download {
        Download {
            cookie: Some(format!("AssetToken={}", self.token)),
            ..Download::new(self.url.clone())
        }
    }

    /// The chunk list as something to fetch: it is short, and signed.
    #[must_use]
    pub fn chunklist(&self) -> Download {
        Download { signed: true, most: MOST_CHUNKLIST, ..self.download() }
    }

    /// The file's name on the server.
    #[must_use]
    pub fn name(&self) -> String {
        Address::parse(&self.url).map_or_else(|_| String::new(), |url| url.name().to_owned())
    }
}
