//! The two volumes of 10.7 and 10.8: the installer's, which starts a Mac, and
//! the base system inside it.

use crate::block::{Result, Source, bytes};
use crate::source::sample::builder::Builder;
use crate::source::sample::compressed::Kind;
use crate::source::sample::shape::{LION, Shape};
use crate::source::sample::{chunklist, efi, made_up, packages};
use crate::volume::{Name, NodeId, Tree, VPath};

const PLATFORM_SUPPORT: &str = include_str!("../../../images/sample/PlatformSupport.plist");
const BOOT_PLIST: &str = include_str!("../../../images/sample/com.apple.Boot.plist");
const ABOUT: &str = include_str!("../../../images/sample/About.txt");
const RC_CDROM: &str = include_str!("../../../images/sample/rc.cdrom");

/// Where the folder of oddities is.
pub const ODDITIES: &str = "/Library/Shape Sample";

/// The installer's volume of 10.7.5, with a base system's image in it.
///
/// # Errors
/// None but a mistake of the sample's own.
pub fn installer(base_system: Vec<u8>) -> Result<Tree> {
    image(&LION, base_system)
}

/// The volume of `InstallESD.dmg`, from which a Mac starts.
pub(super) fn image(shape: &Shape, base_system: Vec<u8>) -> Result<Tree> {
    let mut b = Builder::new(shape.esd);
    b.file("/.file", 0, bytes([]))?;
    b.file("/BaseSystem.chunklist", 0o644, bytes(chunklist::of(&base_system)))?;
    b.file("/BaseSystem.dmg", 0o644, bytes(base_system))?;
    b.file("/kernelcache", 0o644, made_up_file("kernelcache", 500_000))?;
    b.file("/mach_kernel", 0o644, made_up_file("mach_kernel", 700_000))?;
    packages::add(&mut b, shape)?;
    starting_files(&mut b, shape, BOOT_PLIST)?;
    b.file("/usr/standalone/i386/boot.efi", 0o644, bytes(efi::boot_program()))?;
    oddities(&mut b)?;
    Ok(blessed(b))
}

/// The base system's volume of 10.7.5.
///
/// # Errors
/// None but a mistake of the sample's own.
pub fn base_system() -> Result<Tree> {
    base(&LION)
}

/// The volume of `BaseSystem.dmg`.
pub(super) fn base(shape: &Shape) -> Result<Tree> {
    let mut b = Builder::new(shape.base);
    b.file("/mach_kernel", 0o644, made_up_file("mach_kernel", 700_000))?;
    environment(&mut b, "/Volumes/Mac OS X Install ESD/Packages")?;
    starting_files(&mut b, shape, BOOT_PLIST)?;
    Ok(blessed(b))
}

/// What an installer's environment has: links, folders, start scripts, and
/// programs with several names or set bits.
pub(super) fn environment(b: &mut Builder, packages: &str) -> Result<()> {
    b.file("/.file", 0, bytes([]))?;
    b.symlink("/System/Installation/Packages", packages)?;
    for dir in ["etc", "tmp", "var"] {
        b.dir(&format!("/private/{dir}"))?;
        b.symlink(&format!("/{dir}"), &format!("private/{dir}"))?;
    }
    b.file("/private/etc/rc.cdrom", 0o755, bytes(RC_CDROM.as_bytes()))?;
    b.linked(&["/usr/bin/less", "/usr/bin/more"], 0o755, made_up_file("less", 70_000))?;
    b.file("/usr/bin/sudo", 0o4511, made_up_file("sudo", 20_000))?;
    b.dir("/Volumes")?;
    Ok(())
}

pub(super) fn made_up_file(name: &str, len: usize) -> Source {
    bytes(made_up::bytes(name, len))
}

/// What firmware and the boot program look for.
pub(super) fn starting_files(b: &mut Builder, shape: &Shape, boot_plist: &str) -> Result<()> {
    let services = "/System/Library/CoreServices";
    b.file(&format!("{services}/boot.efi"), 0o644, bytes(efi::boot_program()))?;
    let version = shape.system_version();
    for (name, text) in
        [("PlatformSupport.plist", PLATFORM_SUPPORT), ("SystemVersion.plist", &version)]
    {
        b.file(&format!("{services}/{name}"), 0o644, bytes(text.as_bytes()))?;
    }
    let boot = "/Library/Preferences/SystemConfiguration/com.apple.Boot.plist";
    b.file(boot, 0o644, bytes(boot_plist.as_bytes()))?;
    Ok(())
}

/// Blesses `CoreServices` and its `boot.efi`.
pub(super) fn blessed(b: Builder) -> Tree {
    let mut tree = b.finish();
    let find = |tree: &Tree, path: &str| tree.lookup(&VPath::parse(path).unwrap_or_default());
    let folder = find(&tree, "/System/Library/CoreServices");
    tree.facts.boot_file = find(&tree, "/System/Library/CoreServices/boot.efi");
    tree.facts.blessed_folder = folder;
    tree.facts.osx_folder = folder;
    tree.facts.volume_id = 0x4c49_4f4e_495a_4531;
    tree
}

/// One of each kind of thing that must survive.
fn oddities(b: &mut Builder) -> Result<()> {
    let at = |name: &str| format!("{ODDITIES}/{name}");
    let about = b.forked(
        &at("About.txt"),
        bytes(ABOUT.as_bytes()),
        bytes(made_up::bytes("About.txt/rsrc", 3000)),
        b"TEXTttxt",
    )?;
    b.xattr(about, "org.example.note", b"a small attribute, kept inline".to_vec());
    b.xattr(about, "org.example.page", made_up::bytes("org.example.page", 6000));
    b.linked(&[&at("one"), &at("two"), &at("elsewhere/three")], 0o755, made_up_file("one", 9000))?;
    b.file(&at("setuid"), 0o4755, made_up_file("setuid", 500))?;
    b.file(&at("setgid"), 0o2755, made_up_file("setgid", 500))?;
    let sticky = b.dir(&at("sticky"))?;
    set_mode(b, sticky, 0o1777);
    b.symlink(&at("link"), "elsewhere/three")?;
    b.symlink(&at("nowhere"), "/not/there")?;
    owned(b, &at("owned"))?;
    names(b)?;
    compressed_files(b)
}

fn set_mode(b: &mut Builder, id: NodeId, mode: u16) {
    let meta = b.tree_mut().meta_mut(id);
    meta.mode = (meta.mode & !0o7777) | mode;
}

fn owned(b: &mut Builder, path: &str) -> Result<()> {
    let id = b.file(path, 0o640, made_up_file("owned", 100))?;
    let meta = b.tree_mut().meta_mut(id);
    (meta.owner, meta.group, meta.owner_flags) = (501, 20, 0x02);
    Ok(())
}

/// Names in Unicode, decomposed; one with a separator, one with a return.
fn names(b: &mut Builder) -> Result<()> {
    let dir = b.dir(&format!("{ODDITIES}/names"))?;
    for name in ["Überprüfung", "Ελληνικά", "日本語のファイル", "한국어", "1:2 scale", "Icon\r"]
    {
        b.file(&format!("{ODDITIES}/names/{name}"), 0o644, made_up_file(name, 40))?;
    }
    // A folder with a custom icon, whose file is invisible.
    b.tree_mut().meta_mut(dir).finder[8] = 0x04;
    if let Some(icon) = b.tree_mut().child(dir, &Name::from_text("Icon\r")) {
        b.tree_mut().meta_mut(icon).finder[8] = 0x40;
    }
    Ok(())
}

fn compressed_files(b: &mut Builder) -> Result<()> {
    for (name, kind, len) in [
        ("zlib-inline", Kind::ZlibInline, 3000),
        ("zlib-fork", Kind::ZlibFork, 150_000),
        ("lzvn-inline", Kind::LzvnInline, 3000),
        ("lzvn-fork", Kind::LzvnFork, 4000),
        ("lzfse-inline", Kind::LzfseInline, 9000),
        ("lzfse-fork", Kind::LzfseFork, 150_000),
    ] {
        let path = format!("{ODDITIES}/compressed/{name}");
        b.compressed(&path, kind, &made_up::text(name, len))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Body;

    #[test]
    fn the_installer_has_what_a_recipe_looks_for() {
        let tree = installer(b"an image".to_vec()).unwrap();
        for path in [
            "/System/Library/CoreServices/SystemVersion.plist",
            "/Packages/Essentials.pkg",
            "/BaseSystem.dmg",
            "/mach_kernel",
        ] {
            assert!(tree.lookup(&VPath::parse(path).unwrap()).is_some(), "{path}");
        }
        let boot = tree.facts.boot_file.unwrap();
        assert_eq!(tree.path(boot).to_string(), "/System/Library/CoreServices/boot.efi");
        let link = tree.lookup(&VPath::parse("/Library/Shape Sample/two").unwrap()).unwrap();
        assert!(matches!(tree.node(link).body, Body::Link(_)));
    }
}
