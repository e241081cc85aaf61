//! `--for`: whether a Mac starts the media, as they say themselves.

use crate::support::{lionize, sample};
use lionize::cli::exit;

fn planned(mac: &str) -> String {
    let installer = format!("installer={}", sample().display());
    let ran = lionize(["plan", "lion", "-q", "-i", &installer, "--for", mac]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""));
    ran.text().split("\nMac\n").nth(1).unwrap().to_owned()
}

#[test]
fn a_plan_says_whether_the_mac_starts_it() {
    assert_eq!(
        planned("ShapeSample1,1"),
        "  ShapeSample1,1: the media start this model, the only one they name\n"
    );
    assert_eq!(
        planned("MacBook1,1"),
        "  MacBook1,1: the media do not start this model: it is not the one that their \
         PlatformSupport.plist names\n"
    );
    assert_eq!(
        planned("Mac-F2268DC8"),
        "  Mac-F2268DC8: the media say of no board whether they start it\n"
    );
}

#[test]
fn a_build_refuses_media_that_the_mac_does_not_start() {
    let temp = tempfile::tempdir().unwrap();
    let output = temp.path().join("out.img");
    let installer = format!("installer={}", sample().display());
    let build = |mac: &str| {
        let output = output.to_str().unwrap();
        lionize(["build", "lion", "-q", "-i", &installer, "-o", output, "--for", mac])
    };
    build("MacBook1,1").is(
        exit::BAD_INPUT,
        "",
        "error: these media are not for a MacBook1,1\n  because the media do not start this \
         model: it is not the one that their PlatformSupport.plist names\n\
         hint: take another installer, or leave --for out to make them all the same\n",
    );
    assert!(!output.exists());
    let ran = build("Mac-F2268DC8");
    assert_eq!(
        (ran.code, ran.errors.as_str()),
        (exit::DONE, "warning: Mac-F2268DC8: the media say of no board whether they start it\n")
    );
}

#[test]
fn what_names_no_mac_is_refused() {
    let ran = lionize(["plan", "lion", "--for", "my old iMac"]);
    assert_eq!(ran.code, exit::USAGE);
    assert!(ran.errors.contains("such as MacBookPro9,2 (About This Mac"), "{}", ran.errors);
}
