//! Scripts as texts, and the stand-ins that judge them.

use crate::fixes::harness::{Mac, case, shells, stand_ins, system};
use crate::judge::{self, judge};
use lionize::engine::{self, fixes};
use lionize::recipe::fixes as built_in;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Values for the params that have none of their own.
pub(super) fn filled(id: &str) -> crate::fixes::harness::Case {
    let fix = fixes::fix(id).unwrap();
    let needed = fix.params.iter().filter(|param| param.default.is_none());
    needed.fold(case(id), |case, param| {
        let hash = format!("sha512:{}", "00".repeat(68));
        let value = if param.secret { hash.as_str() } else { "/a-value" };
        case.set(&param.name, value)
    })
}

#[test]
fn shellcheck_finds_nothing_in_any_script() {
    let Some(shellcheck) = judge("shellcheck") else { return };
    let dir = tempfile::tempdir().unwrap();
    for id in built_in::ids() {
        let file = dir.path().join(format!("{id}.sh"));
        fs::write(&file, filled(id).script()).unwrap();
        let args = ["-s".as_ref(), "sh".as_ref(), file.as_os_str()];
        shellcheck.run(args).ok();
    }
}

fn buddy(command: &str, file: &std::path::Path) -> (i32, String) {
    let mut buddy = Command::new(stand_ins().join("PlistBuddy"));
    let said = judge::run(buddy.args(["-c", command]).arg(file), Duration::from_secs(20));
    (said.code, said.text())
}

/// What the stand-in for PlistBuddy does, as its manual page says.
#[test]
fn the_stand_in_for_plistbuddy_does_as_it_says() {
    if judge("python3").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.plist");
    let ok = |command: &str, out: &str| {
        assert_eq!(buddy(command, &file), (0, out.to_owned()), "{command}")
    };
    assert!(buddy("Add :A string \"App version 1.0.1\"", &file).1.contains("Will Create"));
    ok("Print :A", "App version 1.0.1\n");
    ok("Add :List array", "");
    ok("Add :List: dict", "");
    ok("Add :List:0 integer -5", "");
    ok("Add :List:1:On bool true", "");
    ok("Print :List", "Array {\n    -5\n    Dict {\n        On = true\n    }\n}\n");
    ok("Set :List:0 7", "");
    ok("Add :Real real 3.0", "");
    ok("Print :Real", "3.000000\n");
    ok("Delete :List:1", "");
    ok("Print :List", "Array {\n    7\n}\n");
    assert_eq!(buddy("Print :B:c", &file), (1, "Print: Entry, \":B:c\", Does Not Exist\n".into()));
    assert_eq!(buddy("Delete :B", &file).0, 1);
    assert_eq!(buddy("Add :A string b", &file), (1, "Add: \":A\" Entry Already Exists\n".into()));
    assert_eq!(buddy("Set :B c", &file).0, 1);
}

#[test]
fn the_stand_in_for_serveradmin_does_as_it_says() {
    if judge("python3").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ask = |args: &[&str]| {
        let mut command = Command::new(stand_ins().join("serveradmin"));
        let said =
            judge::run(command.args(args).env("STAND_INS", dir.path()), Duration::from_secs(20));
        (said.code, said.text())
    };
    assert_eq!(ask(&["settings", "a:b"]), (0, "a:b = _empty_array\n".into()));
    assert_eq!(ask(&["settings", "a:b", "=", "yes"]), (0, "a:b = yes\n".into()));
    assert_eq!(ask(&["settings", "a"]), (0, "a:b = yes\n".into()));
    assert_eq!(ask(&["stop", "web"]), (0, String::new()));
    let ran = fs::read_to_string(dir.path().join("ran")).unwrap();
    assert_eq!(ran, "serveradmin settings a:b = yes\nserveradmin stop web\n");
    assert_ne!(ask(&["what"]).0, 0);
}

/// A fix whose param is a secret, in a list that PlistBuddy does not take.
#[test]
fn what_goes_wrong_does_not_tell_a_hash() {
    const LIST: &str = "/Library/Preferences/x.plist";
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own.toml");
    let text = format!(
        "schema = 1\nid = \"own\"\ntitle = \"T\"\nwhy = \"W\"\nsource = [\"S\"]\n\
         deliveries = [\"on-demand\"]\n[params.password]\nsecret = true\n[[step]]\n\
         plist = {{ path = \"{LIST}\", set = {{ \"a:b\" = \"{{params.password}}\" }} }}\n"
    );
    fs::write(&own, text).unwrap();
    let hash = format!("pbkdf2:40000:{}:{}", "01".repeat(32), "02".repeat(128));
    let fix = case(own.to_str().unwrap()).set("password", &hash);
    // What is above the value is no dictionary.
    let list = "<plist version=\"1.0\"><dict><key>a</key><integer>1</integer></dict></plist>";
    for shell in shells() {
        let mac = Mac::new(&system("10.9.5").with(LIST, list), false);
        let said = fix.run(&shell, &mac);
        assert_eq!(said.code, 1, "{said:?}");
        for text in [said.text(), mac.log()] {
            assert!(text.contains("PlistBuddy cannot do: Add :a:b string\n"), "{text}");
        }
    }
}

#[test]
fn a_script_stays_in_its_volume() {
    for (path, why) in [
        ("/a/../../b.php", "\n  a path may not climb with `..`"),
        ("b.php", "\n  it does not begin with `/`"),
    ] {
        let wanted = fixes::wanted(&["ldap-referrals".into()], &[("file".into(), path.into())]);
        let refused = engine::script(&wanted.unwrap()).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("`{path}` is no path{why}")), "{refused}");
    }
}

/// A link of a volume that is mounted may be meant for the system it holds: to
/// the one that runs, it leads elsewhere.
#[test]
fn a_script_does_not_follow_links_out_of_its_volume() {
    for shell in shells() {
        let mac = Mac::new(&system("10.10.5"), false);
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), mac.root().join("private/etc")).unwrap();
        let said = case("enable-remote-management").run(&shell, &mac);
        assert_eq!(said.code, 1, "{said:?}");
        let why = "/private/etc/RemoteManagement.launchd leads out of the volume, to ";
        assert!(said.text().contains(why), "{said:?}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
