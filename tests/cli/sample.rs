//! `sample`: installers of every layout, made and peeled.

use crate::support::lionize;
use lionize::cli::exit;

/// The release, the application, and what `ls` shows of the image in it.
const SAMPLES: [(&str, &str, &str); 6] = [
    ("10.7", "Install Mac OS X Lion.app", "mach_kernel"),
    ("10.8", "Install OS X Mountain Lion.app", "mach_kernel"),
    ("10.9", "Install OS X Mavericks.app", "BaseSystem.chunklist"),
    ("10.10", "Install OS X Yosemite.app", "AppleDiagnostics.dmg"),
    ("10.11", "Install OS X El Capitan.app", "AppleDiagnostics.dmg"),
    ("10.12", "Install macOS Sierra.app", "AppleDiagnostics.dmg"),
];

#[test]
fn every_release_has_a_sample() {
    let temp = tempfile::tempdir().unwrap();
    let to = temp.path().to_str().unwrap();
    for (release, app, within) in SAMPLES {
        let ran = lionize(["sample", release, "--to", to, "--json"]);
        assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""), "{ran:?}");
        let said = ran.text();
        assert!(said.contains("\"shape_sample\":true"), "{said}");
        let image = format!("{to}/{app}/Contents/SharedSupport/InstallESD.dmg");
        assert!(said.contains(&format!("\"image\":\"{image}\"")), "{said}");
        let listed = lionize(["ls", &image]);
        let listed = listed.text();
        for name in [within, "Packages", "BaseSystem.dmg"] {
            assert!(
                listed.lines().any(|line| line.trim_end_matches('/') == name),
                "{release}: no {name}\n{listed}"
            );
        }
        let mpkg = format!("{image}/Packages/OSInstall.mpkg");
        let told = lionize(["inspect", "-q", &mpkg]);
        let told = told.text();
        assert!(told.contains("(shape sample), 8 packages"), "{told}");
        assert!(told.contains("ends at \"Lionize Sample Root CA\", which nobody"), "{told}");
    }
    let ran = lionize(["sample", "10.9", "--to", to]);
    assert!(ran.text().starts_with("This is a shape sample: laid out as an installer of OS X"));
    assert!(ran.text().contains("It installs nothing"), "{ran:?}");
    let none = lionize(["sample", "10.6", "--to", to]);
    assert_eq!(none.code, exit::USAGE, "{none:?}");
    assert!(none.errors.contains("10.12"), "{none:?}");
}
