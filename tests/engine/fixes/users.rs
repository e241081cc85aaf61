//! Users, logins from afar, and the questions of a first start.

use crate::fixes::harness::{Case, Mac, System, both_ways, case, shells, system};

const NODE: &str = "/private/var/db/dslocal/nodes/Default";
const SSH_OLD: &str = "/private/var/db/launchd.db/com.apple.launchd/overrides.plist";
const SSH_NEW: &str = "/private/var/db/com.apple.xpc.launchd/disabled.plist";

fn xml(inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>{inner}</dict></plist>\n"
    )
}

/// A system with the group of administrators, as a binary list.
fn installed(version: &str) -> System {
    let group = xml("<key>name</key><array><string>admin</string></array><key>users</key><array>\
         <string>root</string></array><key>gid</key><array><string>80</string></array>");
    let mut binary = Vec::new();
    let value = plist::Value::from_reader_xml(group.as_bytes()).unwrap();
    value.to_writer_binary(&mut binary).unwrap();
    system(version).with_bytes(&format!("{NODE}/groups/admin.plist"), binary, 0o600)
}

fn pbkdf2() -> String {
    format!("pbkdf2:40000:{}:{}", "01".repeat(32), "02".repeat(128))
}

fn sha512() -> String {
    format!("sha512:{}", "03".repeat(68))
}

fn admin(hash: &str) -> Case {
    case("create-admin-user").set("name", "lion").set("full-name", "A Lion").set("password", hash)
}

/// What the fix changes, without the hash itself.
fn user(kind: &str, data: &str) -> String {
    format!(
        "{NODE}/groups/admin.plist\n+:groupmembers:0 = str 'GUID'\n+:users:1 = str 'lion'\n\
         {NODE}/users/lion.plist\n+mode 0600\n+xml property list\n\
         +:ShadowHashData:0 = bytes {data}\n\
         +:authentication_authority:0 = str ';ShadowHash;HASHLIST:<{kind}>'\n\
         +:generateduid:0 = str 'GUID'\n+:gid:0 = str '20'\n+:home:0 = str '/Users/lion'\n\
         +:name:0 = str 'lion'\n+:passwd:0 = str '********'\n+:realname:0 = str 'A Lion'\n\
         +:shell:0 = str '/bin/bash'\n+:uid:0 = str '501'"
    )
}

#[test]
fn an_administrator_is_made_with_the_hash_that_the_system_takes() {
    let guid = "11111111-2222-4333-8444-555555555555";
    for (version, hash, kind) in [
        ("10.7.5", sha512(), "SALTED-SHA512"),
        ("10.8.5", pbkdf2(), "SALTED-SHA512-PBKDF2"),
        ("10.12.6", format!("{},{}", sha512(), pbkdf2()), "SALTED-SHA512-PBKDF2"),
    ] {
        let fix = admin(&hash).set("guid", guid);
        let (after, _) = fix.tree_edit(&installed(version)).unwrap();
        let path = after.path().join(&NODE[1..]).join("users/lion.plist");
        let list = plist::Value::from_file(path).unwrap();
        let list = list.as_dictionary().unwrap();
        let data = list["ShadowHashData"].as_array().unwrap()[0].as_data().unwrap();
        assert!(data.starts_with(b"bplist00"), "a binary list in the list");
        let inner = plist::Value::from_reader(std::io::Cursor::new(data)).unwrap();
        assert!(inner.as_dictionary().unwrap().contains_key(kind), "{version}");
        let shown = python_bytes(data);
        both_ways(&fix, &installed(version), &user(kind, &shown).replace("GUID", guid));
    }
}

/// Bytes as Python shows them.
fn python_bytes(data: &[u8]) -> String {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for byte in data {
        match byte {
            b'\\' => text += "\\\\",
            b'\t' => text += "\\t",
            b'\n' => text += "\\n",
            b'\r' => text += "\\r",
            b if char::from(*b) == quote => {
                text.push('\\');
                text.push(quote);
            }
            0x20..=0x7e => text.push(char::from(*byte)),
            other => text += &format!("\\x{other:02x}"),
        }
    }
    text.push(quote);
    text
}

#[test]
fn the_wrong_hash_is_refused_both_ways() {
    for (version, hash, other) in [
        ("10.7.5", pbkdf2(), "the hash given is PBKDF2, which 10.7 does not take"),
        ("10.9.5", sha512(), "the hash given is salted SHA-512, which only 10.7 takes"),
    ] {
        let system = installed(version);
        let refused = admin(&hash).refused(&system);
        assert!(refused.contains(other), "{refused}");
        for shell in shells() {
            let mac = Mac::new(&system, false);
            let said = admin(&hash).run(&shell, &mac);
            assert!(said.code == 4 && said.text().contains(other), "{}", said.text());
            assert!(!mac.root().join(&NODE[1..]).join("users").exists());
        }
    }
    // What is no hash is refused, and not repeated.
    let refused = admin("hunter2").refused(&installed("10.9"));
    assert!(refused.contains("is a secret") && !refused.contains("hunter2"), "{refused}");
}

/// A salt that is new makes other bytes of the same plan: that is said.
#[test]
fn a_password_in_clear_is_said_to_make_other_bytes() {
    let system = installed("10.9.5");
    let told = |password: &str| {
        let dir = tempfile::tempdir().unwrap();
        admin(password).planned(dir.path(), system.tree()).unwrap().notes().join("\n")
    };
    let note = "the hash of `password` has a new salt each time";
    // Any variable that is set will do.
    assert!(told("env:PATH").contains(note), "{}", told("env:PATH"));
    assert!(!told(&pbkdf2()).contains(note));
}

#[test]
fn users_need_a_system_that_has_users() {
    let refused = admin(&pbkdf2()).refused(&system("10.9"));
    assert!(refused.contains("there is no /private/var/db/dslocal"), "{refused}");
}

#[test]
fn ssh_is_on_in_the_list_of_its_time() {
    let fix = case("enable-ssh");
    both_ways(
        &fix,
        &system("10.9.5"),
        &format!(
            "{SSH_OLD}\n+mode 0600\n+xml property list\n+:com.openssh.sshd:Disabled = bool False"
        ),
    );
    let off = xml("<key>com.openssh.sshd</key><true/><key>com.apple.ftpd</key><true/>");
    both_ways(
        &fix,
        &system("10.11.6").with(SSH_NEW, &off),
        &format!("{SSH_NEW}\n-:com.openssh.sshd = bool True\n+:com.openssh.sshd = bool False"),
    );
}

#[test]
fn remote_management_is_on_where_its_system_looks() {
    let rights = "/Library/Preferences/com.apple.RemoteManagement.plist\n+mode 0644\n\
                  +xml property list\n+:ARD_AllLocalUsers = bool True\n\
                  +:ARD_AllLocalUsersPrivs = int -1073741569";
    let fix = case("enable-remote-management");
    let old = "/private/etc/RemoteManagement.launchd\n+mode 0644\n+enabled";
    both_ways(&fix, &system("10.10.5"), &format!("{rights}\n{old}"));
    let new = "/Library/Application Support/Apple/Remote Desktop/RemoteManagement.launchd\n\
               +mode 0644\n+enabled";
    both_ways(&fix, &system("10.11.6"), &format!("{new}\n{rights}"));
}

#[test]
fn setup_assistant_has_been_seen() {
    let fix = case("skip-setup-assistant");
    let done = "/private/var/db/.AppleSetupDone\n+mode 0644";
    let seen = "/System/Library/User Template/English.lproj/Library/Preferences/\
                com.apple.SetupAssistant.plist\n+mode 0644\n+xml property list\n\
                +:DidSeeCloudSetup = bool True\n";
    both_ways(
        &fix,
        &system("10.9.5"),
        &format!(
            "{seen}+:GestureMovieSeen = str 'none'\n+:LastSeenCloudProductVersion = str '10.9.5'\n{done}"
        ),
    );
    let history = "/Library/Application Support/CrashReporter/DiagnosticMessagesHistory.plist\n\
                   +mode 0644\n+xml property list\n+:AutoSubmit = bool False\n\
                   +:ThirdPartyDataSubmit = bool False";
    both_ways(
        &fix,
        &system("10.12.6"),
        &format!(
            "{history}\n{seen}+:DidSeeSiriSetup = bool True\n+:GestureMovieSeen = str 'none'\n\
             +:LastSeenCloudProductVersion = str '10.12.6'\n{done}"
        ),
    );
}
