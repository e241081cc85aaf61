//! Fixes of the system itself.

use crate::fixes::harness::{Mac, both_ways, case, shells, system};

#[test]
fn stable_ipv6_makes_the_file_or_adds_a_line() {
    let fix = case("stable-ipv6");
    both_ways(
        &fix,
        &system("10.12.6"),
        "/private/etc/sysctl.conf\n+mode 0644\n+net.inet6.send.opmode=0",
    );
    let other = system("10.15").with_bytes(
        "/private/etc/sysctl.conf",
        b"# ours\nkern.maxproc=2048".to_vec(),
        0o640,
    );
    both_ways(
        &fix,
        &other,
        "/private/etc/sysctl.conf\n-kern.maxproc=2048\\\n+kern.maxproc=2048\n+net.inet6.send.opmode=0",
    );
}

#[test]
fn stable_ipv6_is_refused_where_nothing_reads_the_file() {
    let fix = case("stable-ipv6");
    let refused = fix.refused(&system("11.7.10"));
    assert!(
        refused.contains("the fix `stable-ipv6` is not for system 11.7.10\n")
            && refused.contains("macOS 11 and later do not read /etc/sysctl.conf")
            && refused.ends_with(
                "\n  hint: where you know better: `force = true` in the recipe's step, or --force \
                 with `lionize fix apply`"
            ),
        "{refused}"
    );
    for shell in shells() {
        let mac = Mac::new(&system("11.7.10"), false);
        let said = fix.run(&shell, &mac);
        assert_eq!(said.code, 4, "{}", said.text());
        assert!(said.text().contains("not for this system"), "{}", said.text());
        assert!(!mac.root().join("private/etc").exists());
        let forced = fix.clone().force().run(&shell, &mac);
        assert_eq!(forced.code, 0, "{}", forced.text());
    }
    // 10.1 is not under 10.12, nor 10.120.
    assert!(fix.refused(&system("10.1")).contains("not for system 10.1\n"));
    fix.clone().force().tree_edit(&system("11.7.10")).unwrap();
}

/// A start script that is there already, such as the usual one that erases disk0,
/// does not stay.
#[test]
fn another_start_script_is_replaced() {
    const PATH: &str = "/private/etc/rc.cdrom.local";
    let usual = "diskutil eraseDisk jhfs+ x GPTFormat disk0\n";
    let (edited, _) =
        case("unattended-disk").tree_edit(&system("10.9.5").with(PATH, usual)).unwrap();
    let left = std::fs::read_to_string(edited.path().join(&PATH[1..])).unwrap();
    assert!(left.starts_with("#!/bin/sh\n# Lionize:"), "{left}");
}
