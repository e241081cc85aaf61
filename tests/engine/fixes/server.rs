//! Fixes that ask OS X Server's own tool.

use crate::fixes::harness::{Mac, case, shells, system};

#[test]
fn push_mail_is_switched_on_once() {
    let fix = case("push-mail");
    let sample = system("10.10.5").server("4.1.5").settings("mail:imap:aps_topic_enabled = no\n");
    for shell in shells() {
        let mac = Mac::new(&sample, true);
        fix.run(&shell, &mac).ok();
        let ran = "serveradmin settings mail:imap:aps_topic_enabled = yes\n\
                   serveradmin stop mail\nserveradmin start mail\n";
        assert_eq!(
            (mac.ran().as_str(), mac.settings().as_str()),
            (ran, "mail:imap:aps_topic_enabled = yes\n")
        );
        let again = fix.run(&shell, &mac);
        assert!(again.code == 0 && again.text().contains("it was done before"), "{}", again.text());
        assert_eq!(mac.ran(), ran);
        // On another volume there is nobody to ask.
        let elsewhere = fix.run(&shell, &Mac::new(&sample, false));
        assert_eq!(elsewhere.code, 3, "{}", elsewhere.text());
    }
    let refused = fix.refused(&sample);
    assert!(
        refused.ends_with(
            "the fix `push-mail` cannot be made in a volume\n  it reaches a system by: first-boot, \
             on-demand\n  hint: on the Mac, run what `lionize fix script push-mail` prints"
        ),
        "{refused}"
    );
}

#[test]
fn swupdate_enables_products_and_nothing_else() {
    let before = "swupdate:autoEnable = no\nswupdate:autoMirror = yes\n\
                  swupdate:products:_array_id:041-1:enable = no\n\
                  swupdate:products:_array_id:041-2:enable = yes\n\
                  swupdate:products:_array_id:041-3 enable = no\nswupdate:portToUse = 8088\n";
    let after = "swupdate:autoEnable = no\nswupdate:autoMirror = yes\n\
                 swupdate:products:_array_id:041-1:enable = yes\n\
                 swupdate:products:_array_id:041-2:enable = yes\n\
                 swupdate:products:_array_id:041-3 enable = yes\nswupdate:portToUse = 8088\n";
    let server = "<plist version=\"1.0\"><dict><key>ProductVersion</key>\
                  <string>10.6.8</string></dict></plist>";
    let sample = system("10.6.8")
        .with("/System/Library/CoreServices/ServerVersion.plist", server)
        .settings(before);
    for shell in shells() {
        let mac = Mac::new(&sample, true);
        let said = case("swupdate-enable-all").run(&shell, &mac).ok();
        assert_eq!(mac.settings(), after);
        assert_eq!(mac.ran().lines().count(), 2, "only what changes is set");
        assert!(said.text().contains("was: swupdate:products:_array_id:041-1:enable = no"));
        case("swupdate-enable-all").run(&shell, &mac).ok();
        assert_eq!(mac.ran().lines().count(), 2);
        let none = Mac::new(&system("10.6.8").settings("swupdate:autoEnable = no\n"), true);
        let said = case("swupdate-enable-all").force().run(&shell, &none);
        assert_eq!(said.code, 3, "{}", said.text());
    }
}
