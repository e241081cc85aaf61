//! The two volumes of 10.9 to 10.12: the base system, which starts a Mac, and
//! that of `InstallESD.dmg` around it, with the packages.

use crate::block::{Result, bytes};
use crate::source::sample::builder::Builder;
use crate::source::sample::shape::{Kind, Shape};
use crate::source::sample::trees::{blessed, environment, made_up_file, starting_files};
use crate::source::sample::{chunklist, efi, made_up, packages};
use crate::volume::Tree;

const BOOT_PLIST: &str = include_str!("../../../images/sample/base/com.apple.Boot.plist");
const RC_INSTALL: &str = include_str!("../../../images/sample/base/rc.install");
/// Where the packages are once the start scripts have mounted the image; the
/// text of the real link is on record for NetInstall only.
const PACKAGES: &str = "/Volumes/Image Volume/Packages";

/// The base system's volume.
pub(super) fn base_system(shape: &Shape) -> Result<Tree> {
    let mut b = Builder::new(shape.base);
    environment(&mut b, PACKAGES)?;
    b.file("/private/etc/rc.install", 0o755, bytes(RC_INSTALL.as_bytes()))?;
    // Where boot.efi of these releases looks for what it starts.
    let kernel = match shape.kind {
        Kind::BaseInGpt => "/System/Library/PrelinkedKernels/prelinkedkernel",
        _ => "/System/Library/Caches/com.apple.kext.caches/Startup/kernelcache",
    };
    b.file(kernel, 0o644, made_up_file(kernel, 500_000))?;
    b.file("/usr/standalone/i386/boot.efi", 0o644, bytes(efi::boot_program()))?;
    starting_files(&mut b, shape, BOOT_PLIST)?;
    Ok(blessed(b))
}

/// The volume of `InstallESD.dmg`, with a base system's image in it. Nothing
/// in it is blessed: it starts no Mac.
pub(super) fn image(shape: &Shape, base_system: Vec<u8>) -> Result<Tree> {
    let mut b = Builder::new(shape.esd);
    b.file("/.file", 0, bytes([]))?;
    b.file("/BaseSystem.chunklist", 0o644, bytes(chunklist::of(&base_system)))?;
    b.file("/BaseSystem.dmg", 0o644, bytes(base_system))?;
    if shape.release != "10.9" {
        let tests = made_up::bytes("AppleDiagnostics.dmg", 60_000);
        b.file("/AppleDiagnostics.chunklist", 0o644, bytes(chunklist::of(&tests)))?;
        b.file("/AppleDiagnostics.dmg", 0o644, bytes(tests))?;
    }
    packages::add(&mut b, shape)?;
    Ok(b.finish())
}
