//! `apache-digest-freeze`, on files shaped as OS X Server 5.1 has them.

use crate::fixes::harness::{Mac, System, both_ways, case, shells, system};
use crate::judge::judge;

const FOLDER: &str = "/Library/Server/Web/Config/apache2";
const SERVER: &str = "# Server's modules\n\
    LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
    #LoadModule auth_digest_module libexec/apache2/mod_auth_digest.so\n\
    LoadModule auth_digest_apple_module ${SERVER_INSTALL_PATH_PREFIX}/usr/libexec/apache2/mod_auth_digest_apple.so\n\
    <IfModule mod_auth_digest_apple.c>\n\
    \tBrowserMatch \"MSIE\" AuthDigestEnableQueryStringHack=On\n\
    </IfModule>\n";
const SITE: &str = "<Directory \"/Library/Server/Web/Data/Sites\">\r\n\
    \tAuthName \"Realm\"\r\n\tAuthType Digest\r\n\t# AuthType Digest, says Server.app\r\n</Directory>";
const PROPERTIES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\
    \t<key>WebConfig</key>\n\t<dict>\n\t\t<key>RealmAuthType</key>\n\t\t<string>Digest</string>\n\
    \t\t<key>LogLevel</key>\n\t\t<string>error</string>\n\t</dict>\n</dict>\n</plist>\n";

fn sample() -> System {
    system("10.11.6")
        .server("5.1.7")
        .with_bytes(&format!("{FOLDER}/httpd_server_app.conf"), SERVER.into(), 0o640)
        .with(&format!("{FOLDER}/httpd_server_app.conf.default"), SERVER)
        .with(&format!("{FOLDER}/sites/0000_any_80_.conf"), SITE)
        .with(&format!("{FOLDER}/sites/0000_any_80_.conf.prev"), SITE)
        .with(&format!("{FOLDER}/sites/a [b] 'c'.conf"), "AuthType Digest\n")
        .with(&format!("{FOLDER}/WebConfigProperties.plist"), PROPERTIES)
        .owned(&format!("{FOLDER}/httpd_server_app.conf"), 70, 27)
        .owned(&format!("{FOLDER}/sites/0000_any_80_.conf"), 27, 80)
}

#[test]
fn realms_become_basic_and_the_module_is_not_loaded() {
    let load = "LoadModule auth_digest_apple_module ${SERVER_INSTALL_PATH_PREFIX}\
                /usr/libexec/apache2/mod_auth_digest_apple.so";
    both_ways(
        &case("apache-digest-freeze"),
        &sample(),
        &format!(
            "{FOLDER}/WebConfigProperties.plist\n-:WebConfig:RealmAuthType = str 'Digest'\n\
             +:WebConfig:RealmAuthType = str 'Basic'\n\
             {FOLDER}/httpd_server_app.conf\n-{load}\n+#{load}\n\
             {FOLDER}/sites/0000_any_80_.conf\n-\tAuthType Digest\\r\n+\tAuthType Basic\\r\n\
             {FOLDER}/sites/a [b] 'c'.conf\n-AuthType Digest\n+AuthType Basic"
        ),
    );
}

#[test]
fn it_waits_for_server_and_is_for_server_5() {
    let fix = case("apache-digest-freeze");
    let refused = fix.refused(&system("10.11.6"));
    assert!(refused.contains("is not for a system without OS X Server"), "{refused}");
    let refused = fix.refused(&system("10.10.5").server("4.1.5"));
    assert!(refused.contains("is not for OS X Server 4.1.5"), "{refused}");
    let fresh = system("10.10.5").server("5.0.15");
    let refused = fix.refused(&fresh);
    assert!(refused.contains("no file is named like"), "{refused}");
    for shell in shells() {
        let said = fix.run(&shell, &Mac::new(&fresh, true));
        assert_eq!(said.code, 3, "{}", said.text());
        let said = fix.run(&shell, &Mac::new(&system("10.10.5").server("4.1.5"), true));
        assert_eq!(said.code, 4, "{}", said.text());
    }
}

#[test]
fn on_a_running_server_the_web_service_starts_again() {
    for shell in shells() {
        let mac = Mac::new(&sample(), true);
        let said = case("apache-digest-freeze").run(&shell, &mac);
        assert!(said.text().contains("Basic logins send passwords in clear"), "{}", said.text());
        assert_eq!(
            (said.code, mac.ran().as_str()),
            (0, "serveradmin stop web\nserveradmin start web\n")
        );
    }
}

/// Apache itself reads what the fix leaves; with the line that a careless
/// pattern would comment, it does not.
#[test]
fn apache_still_reads_its_files() {
    let Some(apache) = judge("apache2") else { return };
    let (after, _) = case("apache-digest-freeze").tree_edit(&sample()).unwrap();
    let folder = after.path().join(&FOLDER[1..]);
    let main = |extra: &str| {
        format!(
            "ServerName localhost\nListen 127.0.0.1:8\nDefine SERVER_INSTALL_PATH_PREFIX /nowhere\n\
             PidFile /tmp/none\nErrorLog /dev/stderr\n\
             LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
             LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so\n\
             LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so\n\
             LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so\n\
             Include \"{0}/httpd_server_app.conf\"\nInclude \"{0}/sites/*.conf\"\n{extra}",
            folder.display()
        )
    };
    // A realm's line may stand in a folder's section only.
    std::fs::remove_file(folder.join("sites/a [b] 'c'.conf")).unwrap();
    let file = after.path().join("main.conf");
    std::fs::write(&file, main("")).unwrap();
    let args = |file: &std::path::Path| ["-t".into(), "-f".into(), file.as_os_str().to_owned()];
    let said = apache.run(args(&file)).ok();
    assert!(said.text().contains("Syntax OK"), "{}", said.text());

    let text = std::fs::read_to_string(folder.join("httpd_server_app.conf")).unwrap();
    let careless = text.replace("<IfModule mod_auth", "#<IfModule mod_auth");
    std::fs::write(folder.join("httpd_server_app.conf"), careless).unwrap();
    assert_ne!(apache.run(args(&file)).code, 0);
}
