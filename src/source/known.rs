//! What is known of Apple's images: `images/*.toml`, embedded.

use serde::Deserialize;

const FILES: [&str; 6] = [
    include_str!("../../images/10.7.toml"),
    include_str!("../../images/10.8.toml"),
    include_str!("../../images/10.9.toml"),
    include_str!("../../images/10.10.toml"),
    include_str!("../../images/10.11.toml"),
    include_str!("../../images/10.12.toml"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    release: String,
    name: String,
    file: String,
    version: Vec<Version>,
    #[serde(default)]
    offered: Vec<Offered>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: String,
    #[serde(default)]
    builds: Vec<String>,
    #[serde(default)]
    sha1: Vec<String>,
}

/// An installer that Apple offers to everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offered {
    /// The version that it installs.
    pub version: String,
    /// Where it is.
    pub url: String,
}

/// What is known of the images of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The system's name, such as `Mac OS X Lion`; empty when the release is unknown.
    pub name: String,
    /// The image's usual file name.
    pub file: String,
    /// Whether this build of the version is on record.
    pub build: bool,
    /// SHA-1 digests of good images; several are normal.
    pub sha1: Vec<String>,
    /// Installers of this release that Apple offers.
    pub offered: Vec<Offered>,
}

/// What is known of a version's images.
#[must_use]
pub fn of(version: &str, build: &str) -> Known {
    // The files are part of the program, and a test reads them.
    let files = FILES.iter().filter_map(|text| toml::from_str::<File>(text).ok());
    let under = |release: &str| {
        version.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let Some(file) = files.into_iter().find(|file| under(&file.release)) else {
        return Known::default();
    };
    let File { name, file: usual, offered, version: versions, .. } = file;
    let mut known = Known { name, file: usual, offered, ..Known::default() };
    let plain = version.strip_suffix(".0").filter(|short| short.matches('.').count() == 1);
    let version = plain.unwrap_or(version);
    if let Some(found) = versions.into_iter().find(|found| found.version == version) {
        known.build = found.builds.iter().any(|known| known == build);
        known.sha1 = found.sha1;
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_right() {
        for text in FILES {
            let file: File = toml::from_str(text).unwrap();
            for version in file.version {
                assert!(version.version.starts_with(&file.release));
                for digest in version.sha1 {
                    assert_eq!(digest.len(), 40);
                    assert!(
                        digest.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
                    );
                }
            }
        }
    }

    #[test]
    fn several_digests_a_build_are_normal() {
        assert_eq!(of("10.8.5", "12F45").sha1.len(), 2);
        assert!(of("10.7.5", "11G63").build);
        assert!(!of("10.7.5", "11G99").build);
        assert_eq!(of("10.7.0", "11A511"), of("10.7", "11A511"));
        assert!(of("10.7.2", "11C74").sha1.is_empty());
        assert_eq!(of("10.11.6", "15G31").sha1.len(), 4);
        assert!(of("10.12.6", "16G29").build && of("10.10.5", "14F27").build);
        assert_eq!(of("10.13.6", "17G65"), Known::default());
        assert_eq!(of("10.70", "x"), Known::default());
    }
}
