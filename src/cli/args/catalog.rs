//! `lionize catalog`.

use crate::cli::args::Network;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lionize catalog`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize catalog names
  lionize catalog list --search ServerEssentials
  lionize catalog show 11G63_ServerEssentials
  lionize catalog fetch 11G63_ServerEssentials --to packages")]
pub enum Catalog {
    /// List Apple's catalogs by name
    #[command(after_help = "Examples:
  lionize catalog names")]
    Names,
    /// List a catalog's products
    List(List),
    /// Show a product: packages, sizes, addresses, digests
    Show(Show),
    /// Say what makes trouble on an update server
    Check(Check),
    /// Fetch a product's packages
    Fetch(Fetch),
    /// Lay products out as Apple's update server does
    Mirror(Mirror),
}

impl Catalog {
    /// Which catalog it is about, where it is about one.
    pub(in crate::cli) const fn which_mut(&mut self) -> Option<&mut Which> {
        match self {
            Self::Names => None,
            Self::List(List { which, .. })
            | Self::Show(Show { which, .. })
            | Self::Check(Check { which, .. })
            | Self::Fetch(Fetch { which, .. })
            | Self::Mirror(Mirror { which, .. }) => Some(which),
        }
    }
}

/// Which catalog.
#[derive(Debug, Args)]
pub struct Which {
    /// A name (`lion`, `10.13`), a file (with a `/` or `.sucatalog`), an address
    #[arg(long, value_name = "CATALOG", default_value = "lion")]
    pub catalog: String,
    /// How it is fetched.
    #[command(flatten)]
    pub network: Network,
}

/// `lionize catalog list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize catalog list --search ServerEssentials
  lionize catalog list --catalog 10.13 --since 2019-10-01
  lionize catalog list --catalog ./index-lion.merged-1.sucatalog")]
pub struct List {
    /// Which catalog.
    #[command(flatten)]
    pub which: Which,
    /// Only products with this in their id or a package's name
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only products posted on this day or later: `2019-10-01`
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
}

/// `lionize catalog show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize catalog show 11G63_ServerEssentials
  lionize catalog show 041-98155 --catalog lion --offline")]
pub struct Show {
    /// The product's id
    pub id: String,
    /// Which catalog.
    #[command(flatten)]
    pub which: Which,
}

/// `lionize catalog check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize catalog check
  lionize catalog check --catalog ./index-lion.merged-1.sucatalog")]
pub struct Check {
    /// Which catalog.
    #[command(flatten)]
    pub which: Which,
}

/// `lionize catalog fetch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize catalog fetch 11G63_ServerEssentials --to packages
  lionize catalog fetch 041-98155 --package MacOSXSrvrApp10.7.5.pkg")]
pub struct Fetch {
    /// The product's id
    pub id: String,
    /// Which catalog.
    #[command(flatten)]
    pub which: Which,
    /// Only the package of this name; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub package: Vec<String>,
    /// The folder they go to; made when it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub to: PathBuf,
}

/// `lionize catalog mirror`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize catalog mirror --to /srv/swupd --product 11G63_ServerEssentials
  lionize catalog mirror --to /srv/swupd --base http://server:8088
  lionize catalog mirror --script --product 11G63_ServerEssentials > folders.sh")]
pub struct Mirror {
    /// Which catalog.
    #[command(flatten)]
    pub which: Which,
    /// The folder that a web server serves; made when it is missing
    #[arg(long, value_name = "DIR", required_unless_present = "script")]
    pub to: Option<PathBuf>,
    /// Only the product of this id; may be given more than once
    #[arg(long, value_name = "ID")]
    pub product: Vec<String>,
    /// Where the folder will be served: addresses in the catalog become these
    #[arg(long, value_name = "URL", conflicts_with = "script")]
    pub base: Option<String>,
    /// Fetch nothing: print the commands that make the folders on a 10.6 server
    #[arg(long, conflicts_with = "to")]
    pub script: bool,
    /// Where that server keeps its files
    #[arg(long, value_name = "DIR", default_value = "/var/db/swupd/html")]
    pub root: String,
}
