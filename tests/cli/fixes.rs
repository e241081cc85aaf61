//! `lionize fix`: what it prints, and its exit codes.

use crate::support::{lionize, sample};
use std::fs;

#[test]
fn fixes_are_listed_by_system() {
    let ran = lionize(["fix", "list", "--for", "10.11.6"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    assert!(ran.text().contains("printer-sharing "), "{}", ran.text());
    // System Integrity Protection guards its file from the first start on.
    assert!(ran.text().contains("go away (by volume, install)\n"), "{}", ran.text());
    assert!(!ran.text().contains("stable-ipv6"), "{}", ran.text());
    let json = lionize(["--json", "fix", "list", "--for", "15"]);
    let object: serde_json::Value = serde_json::from_str(json.text()).unwrap();
    let ids: Vec<_> = object["fixes"].as_array().unwrap().iter().map(|fix| &fix["id"]).collect();
    assert_eq!(ids, ["remote-desktop-unboxed", "hardware-notes"]);
    assert_eq!(object["fixes"][0]["reach"], serde_json::json!(["on-demand"]));
    let late = lionize(["fix", "list", "--for", "10.12.6"]);
    let line = "stable-ipv6               IPv6 addresses that follow the hardware again (by volume, on-demand)\n";
    assert!(late.text().contains(line), "{}", late.text());
    assert!(
        late.text().contains("\ninstall: from 10.12.4 on, the installer takes packages signed by"),
        "{}",
        late.text()
    );
    lionize(["fix", "list", "--for", "Lion"]).is(
        2,
        "",
        "error: `Lion` is no version of the system\nhint: write one like 10.11 or 10.11.6\n",
    );
}

/// The shape sample says that it is 10.7.5.
#[test]
fn fixes_are_made_in_an_images_files() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("new.img");
    let args = |fix: &str, more: &[&str]| {
        let (from, to) = (sample().to_str().unwrap(), out.to_str().unwrap());
        let args = ["fix", "apply", fix, "--to", from, "-o", to, "--threads", "2"];
        args.iter().chain(more).map(ToString::to_string).collect::<Vec<_>>()
    };
    let ran = lionize(args("enable-ssh", &[]));
    assert_eq!(ran.code, 0, "{}", ran.errors);
    const LIST: &str = "/private/var/db/launchd.db/com.apple.launchd/overrides.plist";
    assert!(
        ran.text()
            .contains(&format!("did:\n  enable-ssh: edit {LIST}: set com.openssh.sshd:Disabled\n")),
        "{}",
        ran.text()
    );
    let cat = lionize(["cat", &format!("{}{LIST}", out.display())]);
    assert!(cat.text().contains("<key>Disabled</key>\n\t\t<false/>"), "{}", cat.text());
    assert_eq!(lionize(["verify", out.to_str().unwrap()]).code, 0);

    let refused = lionize(args("stable-ipv6", &[]));
    assert_eq!(refused.code, 3);
    assert!(
        refused.errors.contains("the fix `stable-ipv6` is not for system 10.7.5"),
        "{}",
        refused.errors
    );
    let forced = lionize(args("stable-ipv6", &["--force"]));
    assert_eq!(forced.code, 0, "{}", forced.errors);
    let cat = lionize(["cat", &format!("{}/private/etc/sysctl.conf", out.display())]);
    assert_eq!(cat.text(), "net.inet6.send.opmode=0\n");
}

#[test]
fn a_fix_is_shown_as_it_stands_or_as_its_script() {
    let ran = lionize(["fix", "show", "stable-ipv6"]);
    assert_eq!(ran.text(), include_str!("../../recipes/fixes/stable-ipv6.toml"));
    let script = lionize(["fix", "show", "stable-ipv6", "--script"]);
    assert_eq!(script.text(), lionize(["fix", "script", "stable-ipv6"]).text());
    assert!(script.text().starts_with("#!/bin/sh\n# Made by lionize "), "{}", script.text());
    let both = lionize(["fix", "script", "stable-ipv6", "printer-sharing"]);
    assert!(both.text().ends_with("\nfix_stable_ipv6\nfix_printer_sharing\nexit \"$status\"\n"));
}

#[test]
fn mistakes_say_what_was_meant() {
    lionize(["fix", "show", "stable-ip6"]).is(
        2,
        "",
        "error: there is no fix `stable-ip6`\nhint: did you mean `stable-ipv6`?\n",
    );
    lionize(["fix", "script", "ldap-referrals"]).is(
        2,
        "",
        "error: the fix `ldap-referrals` needs the param `file`\n  \
         because the path of the PHP file, or of Roundcube's configuration\n\
         hint: give it with --set file=VALUE\n",
    );
    lionize(["fix", "script", "ldap-referrals", "--set", "fle=/x"]).is(
        2,
        "",
        "error: none of the fixes has a param `fle`\n  \
         because their params are file, kind, conn, book\nhint: did you mean `file`?\n",
    );
    let clear = ["fix", "script", "create-admin-user", "-s", "name=a", "-s", "password=hunter2"];
    let ran = lionize(clear);
    assert_eq!(ran.code, 2);
    assert!(!ran.errors.contains("hunter2"), "{}", ran.errors);
    assert!(ran.errors.contains("give env:NAME"), "{}", ran.errors);
}

#[test]
fn a_fix_of_ones_own_is_read_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own.toml");
    fs::write(
        &path,
        "schema = 1\nid = \"own\"\ntitle = \"T\"\nwhy = \"W\"\nsource = [\"S\"]\n\
                      deliveries = [\"volume\"]\n[[step]]\napend = { path = \"/a\" }\n",
    )
    .unwrap();
    let name = path.to_str().unwrap();
    lionize(["fix", "show", name]).is(
        3,
        "",
        &format!(
            "error: the fix {name} has a mistake\n  \
             because {name}:8:1: unknown step `apend`; did you mean `append`?\n    \
             8 | apend = {{ path = \"/a\" }}\n      | ^^^^^\n"
        ),
    );
}
