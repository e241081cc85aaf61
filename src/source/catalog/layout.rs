//! Products laid out as Apple's update server does: the same paths below one
//! folder, which a web server serves.

use crate::block::Result;
use crate::source::catalog::{Base, Catalog, Location, Package, Product};
use std::collections::BTreeSet;

/// A file of a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it comes from, and where it goes.
    pub location: Location,
    /// Its bytes, where the catalog says.
    pub size: Option<u64>,
}

/// Every file of a product, each once: packages first.
///
/// # Errors
/// `Corrupt` when a URL could lead out of the folder; nothing of such a product
/// is to be written.
pub fn files(product: &Product) -> Result<Vec<File>> {
    let sizes = |package: &Package| {
        let integrity = package.integrity.as_ref().map(|it| (it.url.clone(), it.size));
        [Some((package.url.clone(), Some(package.size))), integrity]
    };
    let sized = product.packages.iter().flat_map(sizes).flatten();
    let others = product.urls().map(|(_, url)| (url.to_owned(), None));
    let (mut seen, mut files) = (BTreeSet::new(), Vec::new());
    for (url, size) in sized.chain(others) {
        let place = |error: crate::block::Error| {
            error.in_file(&format!("product {}", product.id.escape_debug()))
        };
        let location = Location::parse(&url).map_err(place)?;
        if seen.insert(location.path().to_ascii_lowercase()) {
            files.push(File { location, size });
        }
    }
    Ok(files)
}

/// The folders that a product's files lie in, those above them first.
///
/// # Errors
/// As [`files`].
pub fn folders(product: &Product) -> Result<BTreeSet<String>> {
    let mut folders = BTreeSet::new();
    for file in files(product)? {
        let mut folder = file.location.folder();
        while !folder.is_empty() && folders.insert(folder.to_owned()) {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    Ok(folders)
}

/// The catalog of these products alone, with every URL on another host.
///
/// # Errors
/// `Corrupt` for a URL that is not plain.
pub fn rewritten(catalog: &Catalog, ids: &BTreeSet<&str>, base: Option<&Base>) -> Result<Catalog> {
    let mut out = catalog.clone();
    out.products.retain(|product| ids.contains(product.id.as_str()));
    let Some(base) = base else { return Ok(out) };
    let move_to = |url: &mut String| -> Result<()> {
        *url = base.join(&Location::parse(url)?);
        Ok(())
    };
    for product in &mut out.products {
        product.server_metadata.iter_mut().try_for_each(move_to)?;
        product.distributions.iter_mut().try_for_each(|(_, url)| move_to(url))?;
        for package in &mut product.packages {
            move_to(&mut package.url)?;
            package.metadata.iter_mut().try_for_each(move_to)?;
            package.integrity.iter_mut().try_for_each(|it| move_to(&mut it.url))?;
        }
    }
    Ok(out)
}

/// The product's id when some of its files lie deeper than its packages do.
#[must_use]
pub fn has_subfolder(product: &Product) -> bool {
    let Some(home) = product.packages.first().and_then(|package| package.location().ok()) else {
        return false;
    };
    let below = format!("{}/", home.folder());
    product.urls().any(|(_, url)| {
        Location::parse(url).is_ok_and(|location| location.folder().starts_with(&below))
    })
}

/// Shell commands that make the folders of products on an update server that
/// runs already. `root` is where it keeps its files: `/var/db/swupd/html` on
/// 10.6. The server fetches the files itself once the folders are there.
///
/// # Errors
/// As [`files`].
pub fn script(products: &[&Product], root: &str) -> Result<String> {
    let mut all = BTreeSet::new();
    for product in products {
        all.extend(folders(product)?);
    }
    let mut out = format!(
        "#!/bin/sh\n# Makes the folders of {} on an update server. Run it there as root.\n\
         set -eu\nroot={}\ncd -- \"$root\"\n",
        match products.len() {
            1 => "1 product".to_owned(),
            count => format!("{count} products"),
        },
        quoted(root),
    );
    let downloads = "content/downloads/";
    let above = |folder: &&String| {
        let inner = format!("{folder}/");
        all.range(inner.clone()..).next().is_some_and(|next| next.starts_with(&inner))
    };
    for folder in all.iter().filter(|folder| !above(folder)) {
        out += &format!("mkdir -p -- {}\n", quoted(folder));
    }
    for folder in all.iter().filter(|folder| folder.starts_with(downloads)) {
        out += &format!("chown -- _softwareupdate {}\n", quoted(folder));
    }
    Ok(out)
}

/// A word that a shell takes as it is, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sample::catalog::{Offer, catalog};

    fn sample() -> Catalog {
        let moved = Offer::new("11G63_ServerEssentials", "ServerEssentials.pkg", 5).in_subfolder();
        let plain = Offer::new("11D50_ServerEssentials", "ServerEssentials.pkg", 6);
        catalog("http://h", &[moved, plain]).unwrap()
    }

    #[test]
    fn files_are_named_once_and_folders_from_above() {
        let sample = sample();
        let files = files(&sample.products[0]).unwrap();
        assert_eq!((files.len(), files[0].size), (6, Some(5)));
        assert_eq!(files[0].location.name(), "ServerEssentials.pkg");
        let folders = folders(&sample.products[0]).unwrap();
        let folders: Vec<_> = folders.iter().collect();
        assert_eq!((folders.len(), folders[0].as_str()), (7, "content"));
        assert!(folders[6].ends_with("/ServerEssentials.dst"));
        let subfolders: Vec<_> = sample.products.iter().map(has_subfolder).collect();
        assert_eq!(subfolders, [true, false]);
    }

    #[test]
    fn a_hostile_product_is_refused_whole() {
        let mut sample = sample();
        sample.products[0].distributions[1].1 = "http://h/content/../../etc/passwd".into();
        for told in [
            files(&sample.products[0]).unwrap_err(),
            folders(&sample.products[0]).unwrap_err(),
            script(&[&sample.products[0]], "/r").unwrap_err(),
        ] {
            assert_eq!(
                told.to_string(),
                "product 11G63_ServerEssentials: URL: path is \
                 \"http://h/content/../../etc/passwd\": it has a part `.` or `..`"
            );
        }
        let ids = sample.products.iter().map(|it| it.id.as_str()).collect();
        let base = Base::parse("http://server:8088").unwrap();
        assert!(rewritten(&sample, &ids, Some(&base)).is_err());
        assert!(!has_subfolder(&Product::default()));
    }

    #[test]
    fn all_urls_move_to_the_new_base() {
        let sample = sample();
        let base = Base::parse("http://server:8088/sus/").unwrap();
        let moved = rewritten(&sample, &["11D50_ServerEssentials"].into(), Some(&base)).unwrap();
        assert_eq!(moved.products.len(), 1);
        let urls: Vec<_> = moved.products[0].urls().collect();
        assert!(urls.len() == 6 && urls.iter().all(|(_, url)| url.starts_with(base.as_str())));
        let same = rewritten(&sample, &["11D50_ServerEssentials"].into(), None).unwrap();
        assert_eq!(same.products[0], sample.products[1]);
    }

    #[test]
    fn the_script_quotes_what_it_is_given() {
        let sample = sample();
        let text = script(&[&sample.products[0]], "/a b/it's $(x)").unwrap();
        assert!(text.contains("\nroot='/a b/it'\\''s $(x)'\ncd -- \"$root\"\n"), "{text}");
        let lines = |what| text.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!((lines("mkdir -p -- "), lines("chown ")), (1, 5), "{text}");
        assert!(text.ends_with("/ServerEssentials.dst'\n"), "{text}");
    }
}
