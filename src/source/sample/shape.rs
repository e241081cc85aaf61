//! The releases that samples are made of, and what differs between them.
//!
//! Names, versions and builds are the public ones. Of the layouts, 10.7's image
//! and the base systems' partitions are as people's tools report them; that
//! `InstallESD.dmg` is a GPT disk is on record for 10.12.5 only, and taken to
//! be so from 10.9 on. What packages are listed is a choice of the real ones.

/// What an installer of a release looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The release, such as `10.9`.
    pub release: &'static str,
    /// The system's name, such as `OS X Mavericks`.
    pub name: &'static str,
    /// Its version, such as `10.9.5`.
    pub version: &'static str,
    /// Its build, such as `13F34`.
    pub build: &'static str,
    /// The volume in `InstallESD.dmg`.
    pub(super) esd: &'static str,
    /// The volume in `BaseSystem.dmg`.
    pub(super) base: &'static str,
    pub(super) kind: Kind,
}

/// The layouts, by what starts a Mac.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 10.7, 10.8: the volume of `InstallESD.dmg`, and both images have Apple
    /// partition maps.
    Image,
    /// 10.9, 10.10: the base system, second partition of an Apple map.
    BaseInMap,
    /// 10.11, 10.12: the base system, first partition of a GPT disk.
    BaseInGpt,
}

/// The releases that there are samples of.
pub const SHAPES: [Shape; 6] = [
    LION,
    Shape {
        release: "10.8",
        name: "OS X Mountain Lion",
        version: "10.8.5",
        build: "12F45",
        ..LION
    },
    Shape {
        release: "10.9",
        name: "OS X Mavericks",
        version: "10.9.5",
        build: "13F34",
        esd: "OS X Install ESD",
        base: "OS X Base System",
        kind: Kind::BaseInMap,
    },
    Shape {
        release: "10.10",
        name: "OS X Yosemite",
        version: "10.10.5",
        build: "14F27",
        esd: "OS X Install ESD",
        base: "OS X Base System",
        kind: Kind::BaseInMap,
    },
    Shape {
        release: "10.11",
        name: "OS X El Capitan",
        version: "10.11.6",
        build: "15G31",
        esd: "OS X Install ESD",
        base: "OS X Base System",
        kind: Kind::BaseInGpt,
    },
    Shape {
        release: "10.12",
        name: "macOS Sierra",
        version: "10.12.6",
        build: "16G29",
        esd: "OS X Install ESD",
        base: "OS X Base System",
        kind: Kind::BaseInGpt,
    },
];

/// Lion, which the demo is made of.
pub(super) const LION: Shape = Shape {
    release: "10.7",
    name: "Mac OS X Lion",
    version: "10.7.5",
    build: "11G63",
    esd: "Mac OS X Install ESD",
    base: "Mac OS X Base System",
    kind: Kind::Image,
};

impl Shape {
    /// The shape of a release, such as `10.9`.
    #[must_use]
    pub fn of(release: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.release == release)
    }

    /// The application that Apple sold, such as `Install OS X Mavericks.app`.
    #[must_use]
    pub fn app(&self) -> String {
        format!("Install {}.app", self.name)
    }

    /// `SystemVersion.plist` of this system.
    pub(super) fn system_version(&self) -> String {
        let (build, version) = (LION.build, LION.version);
        SYSTEM_VERSION.replace(build, self.build).replace(version, self.version)
    }
}

/// Lion's, of which the others are made.
const SYSTEM_VERSION: &str = include_str!("../../../images/sample/SystemVersion.plist");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_says_its_own_version() {
        for shape in &SHAPES {
            assert_eq!(Shape::of(shape.release), Some(shape));
            assert!(shape.version.starts_with(shape.release));
            let text = shape.system_version();
            assert_eq!(text.matches(shape.build).count(), 1);
            assert_eq!(text.matches(&format!(">{}<", shape.version)).count(), 2);
        }
        assert_eq!(Shape::of("10.6"), None);
        assert_eq!(Shape::of("10.12").map(Shape::app).unwrap(), "Install macOS Sierra.app");
    }
}
