//! What the recipes of Lion Server fetch, as a site: a catalog of the real one's
//! shape, and packages signed by the sample's chain.

use crate::block::{Error, Result, Source};
use crate::source::catalog::{Catalog, Location, named};
use crate::source::sample::catalog::{catalog, lion_offers};
use crate::source::sample::package::{Package, package};
use crate::source::sample::server::Site;

/// The product and the file name of the sample's essentials.
pub const ESSENTIALS: [&str; 2] = ["11G63_ServerEssentials", "ServerEssentials.pkg"];
/// The same of the package with Server.app.
const SERVER_APP: [&str; 2] = ["041-98155", "MacOSXSrvrApp10.7.5.pkg"];
/// The same of Remote Desktop.
const REMOTE_DESKTOP: [&str; 2] = ["041-88233", "RemoteDesktopAdmin372.pkg"];
/// The same of the admin tools.
const ADMIN_TOOLS: [&str; 2] = ["11G56_ServerAdminTools", "ServerAdminTools.pkg"];
/// The file names of all packages that the sample's server has.
pub fn served() -> impl Iterator<Item = &'static str> {
    [ESSENTIALS, SERVER_APP, REMOTE_DESKTOP, ADMIN_TOOLS].into_iter().map(|[_, name]| name)
}

/// The host that Apple's catalogs name.
const HOST: &str = "http://swcdn.apple.com";

/// The sample's `ServerEssentials.pkg`.
///
/// # Errors
/// None but a mistake of ours.
pub fn essentials() -> Result<Source> {
    let version = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
        <key>ProductBuildVersion</key><string>11G63</string>\
        <key>ProductName</key><string>Lion Server (shape sample)</string></dict></plist>\n";
    package(&Package {
        identifier: "com.apple.pkg.ServerEssentials",
        version: "10.7.5",
        location: "/",
        files: &[
            ("System/Library/CoreServices/ServerVersion.plist", 0o644, version.as_bytes()),
            ("usr/share/servermgrd/README", 0o644, b"A shape sample: nothing of Apple's.\n"),
        ],
        scripts: &[("postinstall", b"#!/bin/sh\nexit 0\n")],
        signed: true,
    })
}

/// A package that brings one application.
fn application(identifier: &str, version: &str, app: &str) -> Result<Source> {
    let info = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
         <key>CFBundleShortVersionString</key><string>{version}</string></dict></plist>\n"
    );
    let name = app.rsplit('/').next().unwrap_or(app).trim_end_matches(".app");
    let (list, program) =
        (format!("{app}/Contents/Info.plist"), format!("{app}/Contents/MacOS/{name}"));
    package(&Package {
        identifier,
        version,
        location: "/",
        files: &[
            (&list, 0o644, info.as_bytes()),
            (&program, 0o755, b"#!/bin/sh\necho a shape sample\n"),
        ],
        scripts: &[],
        signed: true,
    })
}

/// The whole site, with paths as Apple's hosts have them.
///
/// # Errors
/// None but a mistake of ours.
pub fn lion_server() -> Result<Site> {
    let mut catalog = catalog(HOST, &lion_offers())?;
    let mut site = Site::new();
    let server = application("com.apple.pkg.ServerApp", "10.7.5", "Applications/Server.app")?;
    let desktop = "Applications/Remote Desktop.app";
    let desktop = application("com.apple.pkg.RemoteDesktopAdmin", "3.7.2", desktop)?;
    let tools = "Applications/Server/Server Admin.app";
    let tools = application("com.apple.pkg.ServerAdminTools", "10.7.5", tools)?;
    for ([product, name], source) in [
        (ESSENTIALS, essentials()?),
        (SERVER_APP, server),
        (REMOTE_DESKTOP, desktop),
        (ADMIN_TOOLS, tools),
    ] {
        let path = offer(&mut catalog, product, name, source.len())?;
        site = site.with_source(&path, source, product);
    }
    let lion = named::find("lion").map(named::Named::smallest).unwrap_or_default();
    let path = format!("/{}", Location::parse(&lion)?.path());
    Ok(site.with(&path, catalog.to_bytes()?))
}

/// Gives a package the sample's size; where it lies.
fn offer(catalog: &mut Catalog, product: &str, name: &str, size: u64) -> Result<String> {
    let missing = || Error::corrupt("sample catalog", "product", product, "missing");
    let found = catalog.products.iter_mut().find(|known| known.id == product);
    let found = found.ok_or_else(missing)?;
    let package = found.packages.iter_mut().find(|known| known.name() == name);
    let package = package.ok_or_else(missing)?;
    package.size = size;
    package.digest = None;
    Ok(format!("/{}", Location::parse(&package.url)?.path()))
}
