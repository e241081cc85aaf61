//! A catalog written down again, unknown keys included.

use crate::block::{Error, Result};
use crate::source::catalog::{Catalog, Package, Product};
use plist::{Dictionary, Value};
use std::io;

/// The catalog as an XML property list, tabs as Apple's.
pub(super) fn catalog(catalog: &Catalog) -> Result<Vec<u8>> {
    let mut top = Dictionary::new();
    put(&mut top, "CatalogVersion", catalog.version.map(|number| Value::Integer(number.into())));
    put(&mut top, "ApplePostURL", catalog.post_url.clone().map(Value::String));
    put(&mut top, "IndexDate", catalog.date.map(Value::Date));
    top.extend(catalog.rest.clone());
    let products = catalog.products.iter().map(|it| (it.id.clone(), product(it))).collect();
    top.insert("Products".into(), Value::Dictionary(products));
    let mut out = Vec::new();
    let written = Value::Dictionary(top).to_writer_xml(&mut out);
    written.map_err(|error| Error::Io(io::Error::other(error)))?;
    out.push(b'\n');
    Ok(out)
}

fn put(into: &mut Dictionary, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        into.insert(key.to_owned(), value);
    }
}

fn product(product: &Product) -> Value {
    let mut out = Dictionary::new();
    put(&mut out, "ServerMetadataURL", product.server_metadata.clone().map(Value::String));
    let packages = product.packages.iter().map(package).collect();
    put(&mut out, "Packages", Some(Value::Array(packages)));
    put(&mut out, "PostDate", product.posted.map(Value::Date));
    put(&mut out, "State", product.state.clone().map(Value::String));
    put(&mut out, "DeferredSUEnablementDate", product.deferred.map(Value::Date));
    put(&mut out, "ExtendedMetaInfo", product.extended.clone().map(Value::Dictionary));
    let dists = product.distributions.iter();
    let dists = dists.map(|(language, url)| (language.clone(), Value::String(url.clone())));
    put(&mut out, "Distributions", Some(Value::Dictionary(dists.collect())));
    out.extend(product.rest.clone());
    Value::Dictionary(out)
}

fn package(package: &Package) -> Value {
    let mut out = Dictionary::new();
    put(&mut out, "Digest", package.digest.clone().map(Value::String));
    put(&mut out, "Size", Some(Value::Integer(package.size.into())));
    put(&mut out, "MetadataURL", package.metadata.clone().map(Value::String));
    put(&mut out, "URL", Some(Value::String(package.url.clone())));
    if let Some(integrity) = &package.integrity {
        put(&mut out, "IntegrityDataURL", Some(Value::String(integrity.url.clone())));
        let size = integrity.size.map(|size| Value::Integer(size.into()));
        put(&mut out, "IntegrityDataSize", size);
    }
    out.extend(package.rest.clone());
    Value::Dictionary(out)
}
