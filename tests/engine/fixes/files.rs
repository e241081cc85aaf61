//! Fixes of files that the user names, and of folders.

use crate::fixes::harness::{Mac, both_ways, case, shells, system};
use lionize::volume::VPath;

const PHP: &str = "/Library/WebServer/Documents/it's here/login.php";
const BOOK: &str = "/usr/local/roundcube/config.inc.php";

#[test]
fn php_does_not_follow_referrals() {
    let text = "<?php\r\n$conn = ldap_connect('ldap://x');\r\n\
                \tldap_set_option($conn, LDAP_OPT_PROTOCOL_VERSION, 3);\r\n\
                ldap_set_option($other, LDAP_OPT_PROTOCOL_VERSION, 3);\r\n?>";
    let fix = case("ldap-referrals").set("file", PHP);
    both_ways(
        &fix,
        &system("10.9.5").with_bytes(PHP, text.into(), 0o640),
        &format!("{PHP}\n+\tldap_set_option($conn, LDAP_OPT_REFERRALS, FALSE);\\r"),
    );
    let none = system("10.9.5").with(PHP, "<?php\n");
    let refused = fix.refused(&none);
    assert!(
        refused.contains(
            "a line like `ldap_set_option($conn, LDAP_OPT_PROTOCOL_VERSION*);` was found nowhere"
        ),
        "{refused}"
    );
    for shell in shells() {
        let said = fix.run(&shell, &Mac::new(&none, false));
        assert_eq!(said.code, 3, "{}", said.text());
    }
}

#[test]
fn roundcubes_address_book_does_not_follow_referrals() {
    let before = "<?php\n$config['ldap_public']['public'] = array(\n  'name' => 'Public',\n);\n";
    let fix = case("ldap-referrals").set("file", BOOK).set("kind", "roundcube");
    both_ways(
        &fix,
        &system("10.9.5").with(BOOK, before),
        &format!("{BOOK}\n+'referrals' => false,"),
    );
    let on = before.replace(");\n", "  'referrals' => true,\n);\n");
    both_ways(
        &fix,
        &system("10.9.5").with(BOOK, &on),
        &format!("{BOOK}\n-  'referrals' => true,\n+  'referrals' => false,"),
    );
}

#[test]
fn remote_desktop_has_a_version_to_be_updated() {
    const PATH: &str = "/Applications/Remote Desktop.app/Contents/Info.plist";
    let fix = case("remote-desktop-unboxed");
    both_ways(
        &fix,
        &system("10.9.5"),
        &format!(
            "{PATH}\n+mode 0644\n+xml property list\n+:CFBundleShortVersionString = float 3.0"
        ),
    );
    let there = "<plist version=\"1.0\"><dict><key>CFBundleShortVersionString</key>\
                 <string>3.5</string></dict></plist>";
    let (_, told) = fix.tree_edit(&system("10.9.5").with(PATH, there)).unwrap();
    assert!(told.contains("nothing to do: a version is there"), "{told}");
}

#[test]
fn the_folders_of_products_are_made_for_the_server() {
    const TOP: &str = "/private/var/db/swupd/html/content/downloads";
    let fix =
        case("swupdate-subfolders").set("folders", "35/18/041-3231/a.dst, 36/1/041-1/b c.dst");
    let folders = ["35/18/041-3231/a.dst", "36/1/041-1/b c.dst"];
    let server = "<plist version=\"1.0\"><dict><key>ProductVersion</key>\
                  <string>10.6.8</string></dict></plist>";
    let sample = system("10.6.8").with("/System/Library/CoreServices/ServerVersion.plist", server);
    let dir = tempfile::tempdir().unwrap();
    let (tree, _) = fix.applied(dir.path(), sample.tree()).unwrap();
    for folder in folders {
        let id = tree.lookup(&VPath::parse(&format!("{TOP}/{folder}")).unwrap()).unwrap();
        let meta = &tree.node(id).meta;
        assert_eq!((meta.mode, meta.owner, meta.group), (0o040_755, 200, 200));
    }
    for shell in shells() {
        let mac = Mac::new(&sample, false);
        fix.run(&shell, &mac).ok();
        let again = fix.run(&shell, &mac).ok();
        assert!(again.text().contains("it was done before"), "{}", again.text());
        for folder in folders {
            assert!(mac.root().join(&TOP[1..]).join(folder).is_dir());
        }
    }
}

#[test]
fn broken_catalogs_are_moved_aside_while_the_server_is_stopped() {
    const TOP: &str = "private/var/db/swupd/html/content";
    let sample = system("10.6.8").with(&format!("/{TOP}/catalogs/index.sucatalog"), "broken");
    let fix = case("swupdate-reset-catalog").force();
    for shell in shells() {
        let mac = Mac::new(&sample, true);
        fix.run(&shell, &mac).ok();
        let ran = "serveradmin stop swupdate\nserveradmin start swupdate\n";
        assert_eq!(mac.ran(), ran);
        let aside = mac.root().join(TOP).join("catalogs.lionize-aside/index.sucatalog");
        assert_eq!(std::fs::read(aside).unwrap(), b"broken");
        assert!(!mac.root().join(TOP).join("catalogs").exists());
        fix.run(&shell, &mac).ok();
        assert_eq!(mac.ran(), ran, "a second time, nothing is stopped");
    }
}

#[test]
fn notes_change_nothing() {
    let fix = case("hardware-notes");
    let (_, told) = fix.tree_edit(&system("10.7.5")).unwrap();
    assert_eq!(told, "");
    for shell in shells() {
        let said = fix.run(&shell, &Mac::new(&system("10.7.5"), false)).ok();
        assert!(said.text().contains("put a Fibre Channel switch between them"), "{}", said.text());
    }
}
