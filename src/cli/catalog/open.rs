//! The catalog that a command is about.

use crate::cli::args::catalog::Which;
use crate::cli::names::escaped_text;
use crate::cli::network::{self, Watching};
use crate::cli::streams::{Streams, Style};
use crate::engine::Problem;
use crate::source::catalog::origin::{NoOrigin, Origin, read_file, refresh};
use crate::source::catalog::{Catalog, Location, Product, day, named};
use crate::source::http::{Client, Settings};
use crate::source::store::{Freshness, Snapshot};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A catalog and where it came from.
pub(super) struct Opened {
    pub(super) catalog: Catalog,
    pub(super) origin: Origin,
    /// How the user called it.
    name: String,
    /// The file that was read, as given or in the store.
    path: PathBuf,
    snapshot: Option<Snapshot>,
}

/// Opens the catalog that `--catalog` means.
pub(super) fn open(
    which: &Which,
    style: Style,
    streams: &mut Streams<'_>,
) -> Result<Opened, Problem> {
    let origin = Origin::parse(&which.catalog).map_err(no_origin)?;
    let (path, snapshot) = match &origin {
        Origin::File(path) => (path.clone(), None),
        _ => {
            let store = network::store(&which.network)?;
            let client = Client::new(Settings::default());
            let stop = streams.stop.clone();
            let watching = Watching::new(streams.sink(style), stop);
            let snapshot = refresh(&origin, &store, &client, &watching)?;
            (snapshot.path.clone(), Some(snapshot))
        }
    };
    let name = which.catalog.clone();
    let catalog =
        read_file(&path).map_err(|error| Problem::reading(format!("the catalog {name}"), error))?;
    Ok(Opened { catalog, origin, name, path, snapshot })
}

fn no_origin(why: NoOrigin) -> Problem {
    match why {
        NoOrigin::Address(why) => Problem::usage("the catalog's address cannot be used")
            .because(why)
            .hint("give one that begins with http:// or https://, or a catalog's name or file"),
        NoOrigin::Name(name) => {
            let problem = Problem::usage(format!("no catalog is called `{}`", escaped_text(&name)));
            if Path::new(&name).exists() {
                return problem.hint(format!("for the file of this name, write ./{name}"));
            }
            let known = named::all().iter();
            let known = known.flat_map(|it| it.aliases.iter().chain([&it.name]));
            problem
                .near(&name, known.map(String::as_str))
                .hint("`lionize catalog names` lists those that are known")
        }
    }
}

impl Opened {
    /// The product of this id, or a problem that names the nearest.
    pub(super) fn product(&self, id: &str) -> Result<&Product, Problem> {
        self.catalog.product(id).ok_or_else(|| {
            let sentence = format!("the catalog {} has no product {}", self.name, escaped_text(id));
            Problem::bad_input(sentence)
                .near(id, self.catalog.products.iter().map(|product| product.id.as_str()))
                .hint("`lionize catalog list --search TEXT` finds products")
        })
    }

    /// A small file at hand: below the folder that the catalog stands in, when
    /// that is a mirror.
    pub(super) fn beside(&self, location: &Location) -> Option<Vec<u8>> {
        const MOST: u64 = 4 << 20;
        let folders = self.path.ancestors().skip(1).take(5);
        let path =
            folders.map(|folder| folder.join(location.path())).find(|path| path.is_file())?;
        let short = std::fs::metadata(&path).is_ok_and(|meta| meta.len() <= MOST);
        short.then(|| std::fs::read(path).ok()).flatten()
    }

    /// What it is, for programs.
    pub(super) fn json(&self) -> Value {
        let date = self.catalog.date.map(|date| date.to_xml_format());
        let snapshot = self.snapshot.as_ref().map(|snapshot| {
            let freshness = match snapshot.freshness {
                Freshness::Fetched => "fetched",
                Freshness::Confirmed => "confirmed",
                Freshness::Stored => "stored",
            };
            json!({
                "url": snapshot.url,
                "file": snapshot.path.display().to_string(),
                "secure": snapshot.secure,
                "freshness": freshness,
                "fetched": day(std::time::SystemTime::from(snapshot.date).into()),
            })
        });
        json!({"name": self.name, "date": date, "snapshot": snapshot})
    }
}
