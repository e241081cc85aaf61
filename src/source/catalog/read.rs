//! A catalog's property list, checked key by key.

use crate::block::{Error, Result, Value as Shown};
use crate::format::proplist;
use crate::source::catalog::{Catalog, Integrity, Package, Product};
use plist::{Date, Dictionary, Value};

/// A catalog from its plain bytes.
pub(super) fn catalog(data: &[u8]) -> Result<Catalog> {
    let key = |name| Key { of: "catalog", name };
    let mut catalog = Catalog { repeated: proplist::repeated_keys(data), ..Catalog::default() };
    let mut products = None;
    for (name, value) in key("contents").dictionary(proplist::parse(data)?)? {
        match name.as_str() {
            "CatalogVersion" => catalog.version = Some(key("CatalogVersion").number(&value)?),
            "ApplePostURL" => catalog.post_url = Some(key("ApplePostURL").text(value)?),
            "IndexDate" => catalog.date = Some(key("IndexDate").date(&value)?),
            "Products" => products = Some(key("Products").dictionary(value)?),
            _ => drop(catalog.rest.insert(name, value)),
        }
    }
    for (id, value) in products.ok_or_else(|| key("Products").missing())? {
        let place = format!("product {}", id.escape_debug());
        let read = product(id, value, &place).map_err(|error| error.in_file(&place));
        catalog.products.push(read?);
    }
    Ok(catalog)
}

fn product(id: String, value: Value, place: &str) -> Result<Product> {
    let key = |name| Key { of: "product", name };
    let mut product = Product { id, ..Product::default() };
    for (name, value) in key("contents").dictionary(value)? {
        match name.as_str() {
            "PostDate" => product.posted = Some(key("PostDate").date(&value)?),
            "State" => product.state = Some(key("State").text(value)?),
            "DeferredSUEnablementDate" => {
                product.deferred = Some(key("DeferredSUEnablementDate").date(&value)?);
            }
            "ServerMetadataURL" => {
                product.server_metadata = Some(key("ServerMetadataURL").text(value)?);
            }
            "Packages" => product.packages = packages(key("Packages").array(value)?, place)?,
            "Distributions" => {
                let all = key("Distributions").dictionary(value)?.into_iter();
                let url = |(language, url)| Ok((language, key("Distributions").text(url)?));
                product.distributions = all.map(url).collect::<Result<_>>()?;
            }
            "ExtendedMetaInfo" => {
                product.extended = Some(key("ExtendedMetaInfo").dictionary(value)?);
            }
            _ => drop(product.rest.insert(name, value)),
        }
    }
    Ok(product)
}

fn packages(values: Vec<Value>, product: &str) -> Result<Vec<Package>> {
    let read = |(number, value)| {
        let place = |error: Error| error.in_file(&format!("{product}, package {number}"));
        package(value).map_err(place)
    };
    (1..).zip(values).map(read).collect()
}

/// A package; every real one has a URL and a size.
fn package(value: Value) -> Result<Package> {
    let key = |name| Key { of: "package", name };
    let mut package = Package::default();
    let (mut url, mut size, mut integrity, mut integrity_size) = (None, None, None, None);
    for (name, value) in key("contents").dictionary(value)? {
        match name.as_str() {
            "URL" => url = Some(key("URL").text(value)?),
            "Size" => size = Some(key("Size").size(&value)?),
            "Digest" => package.digest = Some(key("Digest").text(value)?),
            "MetadataURL" => package.metadata = Some(key("MetadataURL").text(value)?),
            "IntegrityDataURL" => integrity = Some(key("IntegrityDataURL").text(value)?),
            "IntegrityDataSize" => integrity_size = Some(key("IntegrityDataSize").size(&value)?),
            _ => drop(package.rest.insert(name, value)),
        }
    }
    package.url = url.ok_or_else(|| key("URL").missing())?;
    package.size = size.ok_or_else(|| key("Size").missing())?;
    if integrity.is_none() && integrity_size.is_some() {
        return Err(key("IntegrityDataURL").missing());
    }
    package.integrity = integrity.map(|url| Integrity { url, size: integrity_size });
    Ok(package)
}

/// A key, for what its value must be.
#[derive(Clone, Copy)]
struct Key {
    of: &'static str,
    name: &'static str,
}

impl Key {
    fn dictionary(self, value: Value) -> Result<Dictionary> {
        match value {
            Value::Dictionary(dictionary) => Ok(dictionary),
            other => Err(self.wrong(&other, "not a dictionary")),
        }
    }

    fn array(self, value: Value) -> Result<Vec<Value>> {
        match value {
            Value::Array(array) => Ok(array),
            other => Err(self.wrong(&other, "not an array")),
        }
    }

    fn text(self, value: Value) -> Result<String> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(self.wrong(&other, "not a string")),
        }
    }

    fn date(self, value: &Value) -> Result<Date> {
        value.as_date().ok_or_else(|| self.wrong(value, "not a date"))
    }

    fn number(self, value: &Value) -> Result<i64> {
        value.as_signed_integer().ok_or_else(|| self.wrong(value, "not a whole number"))
    }

    fn size(self, value: &Value) -> Result<u64> {
        value.as_unsigned_integer().ok_or_else(|| self.wrong(value, "not a whole number from 0"))
    }

    fn missing(self) -> Error {
        Error::corrupt(self.of, self.name, "", "missing")
    }

    fn wrong(self, value: &Value, rule: &'static str) -> Error {
        let shown = match value {
            Value::String(text) => text.chars().take(80).collect::<String>().into(),
            Value::Integer(number) => number.to_string().into(),
            Value::Real(number) => number.to_string().into(),
            Value::Boolean(flag) => flag.to_string().into(),
            Value::Date(date) => date.to_xml_format().into(),
            Value::Array(_) => Shown::from("an array"),
            Value::Dictionary(_) => "a dictionary".into(),
            Value::Data(_) => "data".into(),
            _ => "of another type".into(),
        };
        Error::corrupt(self.of, self.name, shown, rule)
    }
}
