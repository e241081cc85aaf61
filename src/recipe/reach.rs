//! Which ways of delivery a release of the system takes, as data.
//!
//! Facts: createOSXinstallPkg's README and code (what may be in
//! `OSInstall.collection`), its pull request 28 and osx-vm-templates' issue 81
//! (10.12.4, CVE-2017-6974), macdocs' NetInstall pages (10.13 and later); Apple's
//! "About System Integrity Protection on your Mac", and rootless.conf of 10.11.

use crate::recipe::Delivery;

/// What a release takes of a way of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As it is.
    Yes,
    /// When the package is a product archive (flat, with a Distribution).
    ProductArchive,
    /// Not at all: why, and what to do instead.
    No(&'static str),
}

const OLD: &str = "this program makes no media of systems before 10.7: run the script on the Mac";
const APPLES: &str = "from 10.12.4 on, the installer takes packages signed by Apple only: run the \
                      script after the installation, or begin with an installed system's image";
const NO_ESD: &str = "from 10.13 on, the installer takes no packages from its media: run the script \
                      after the installation, or sign a package for `startosinstall`";
const SEALED: &str = "from 11 on, the system's volume is sealed: run the script after the \
                      installation, for what is not in the system itself";

/// From which version on (10.16 is another name of 11), and what then holds
/// for a volume's files, and for packages that the installer installs.
const TABLE: [([u32; 3], Reach, Reach); 6] = [
    ([0, 0, 0], Reach::No(OLD), Reach::No(OLD)),
    ([10, 7, 0], Reach::Yes, Reach::Yes),
    ([10, 10, 0], Reach::Yes, Reach::ProductArchive),
    ([10, 12, 4], Reach::Yes, Reach::No(APPLES)),
    ([10, 13, 0], Reach::Yes, Reach::No(NO_ESD)),
    ([10, 16, 0], Reach::No(SEALED), Reach::No(SEALED)),
];

/// What the system of this version takes of a way of delivery; `None` when it
/// is no version.
#[must_use]
pub fn reach(version: &str, way: Delivery) -> Option<Reach> {
    let mut numbers = [0; 3];
    let parts: Vec<&str> = version.split('.').collect();
    for (number, part) in numbers.iter_mut().zip(&parts) {
        *number = part.parse().ok()?;
    }
    if parts.len() > numbers.len() {
        return None;
    }
    let (_, volume, package) = TABLE.iter().rev().find(|(from, ..)| numbers >= *from)?;
    Some(match way {
        Delivery::Volume => *volume,
        // The first boot's job comes by a package as well.
        Delivery::Install | Delivery::FirstBoot => *package,
        Delivery::OnDemand => Reach::Yes,
    })
}

/// Where System Integrity Protection lets nobody write, from 10.11 on, and what
/// it leaves out below that. It guards the system that runs, not a volume beside.
const GUARDED: [&str; 4] = ["/System/", "/bin/", "/sbin/", "/usr/"];
const UNGUARDED: [&str; 3] =
    ["/System/Library/Caches/", "/System/Library/User Template/", "/usr/local/"];

/// Whether a running system of this version keeps its own root from a path.
#[must_use]
pub fn guards(version: &str, path: &str) -> bool {
    let below = |folder: &&str| path.starts_with(*folder);
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let release = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    release >= (10, 11) && GUARDED.iter().any(below) && !UNGUARDED.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_takes_what_it_takes() {
        let no = |why: &'static str| Reach::No(why);
        let (yes, archive) = (Reach::Yes, Reach::ProductArchive);
        for (version, volume, package) in [
            ("10.6.8", no(OLD), no(OLD)),
            ("10.7", yes, yes),
            ("10.7.5", yes, yes),
            ("10.8.5", yes, yes),
            ("10.9", yes, yes),
            ("10.9.5", yes, yes),
            ("10.10", yes, archive),
            ("10.10.5", yes, archive),
            ("10.11.6", yes, archive),
            ("10.12", yes, archive),
            ("10.12.3", yes, archive),
            ("10.12.4", yes, no(APPLES)),
            ("10.12.6", yes, no(APPLES)),
            ("10.13", yes, no(NO_ESD)),
            ("10.14.6", yes, no(NO_ESD)),
            ("10.15.7", yes, no(NO_ESD)),
            ("10.16", no(SEALED), no(SEALED)),
            ("11.7.10", no(SEALED), no(SEALED)),
            ("12.7", no(SEALED), no(SEALED)),
            ("13", no(SEALED), no(SEALED)),
            ("14.1", no(SEALED), no(SEALED)),
            ("15", no(SEALED), no(SEALED)),
        ] {
            let found = Delivery::ALL.map(|(_, way)| reach(version, way));
            assert_eq!(found, [volume, package, package, yes].map(Some), "{version}");
        }
        assert_eq!(reach("Lion", Delivery::Volume), None);
        assert_eq!(reach("10.7.5.1", Delivery::Volume), None);
    }

    #[test]
    fn a_running_system_guards_its_own_from_10_11_on() {
        let cups = "/System/Library/LaunchDaemons/org.cups.cupsd.plist";
        for (version, path, wanted) in [
            ("10.10.5", cups, false),
            ("10.11", cups, true),
            ("10.12.3", cups, true),
            ("11.7", "/usr/bin/awk", true),
            ("10.11.6", "/usr/local/etc/x", false),
            ("10.11.6", "/System/Library/User Template/English.lproj/x", false),
            ("10.11.6", "/private/etc/sysctl.conf", false),
            ("10.11.6", "/Systems/x", false),
        ] {
            assert_eq!(guards(version, path), wanted, "{version} {path}");
        }
    }
}
