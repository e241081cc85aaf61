//! `printer-sharing`, on lists shaped as those of CUPS in Apple's open source.

use crate::fixes::harness::{Mac, System, both_ways, case, shells, system};

const PATH: &str = "/System/Library/LaunchDaemons/org.cups.cupsd.plist";
const TWO: &str = "<dict><key>SockNodeName</key><string>::1</string>\
                   <key>SockServiceName</key><string>ipp</string></dict>\n\
                   <dict><key>SockNodeName</key><string>127.0.0.1</string>\
                   <key>SockServiceName</key><string>ipp</string></dict>\n";

fn list(listeners: &str, pressured: bool) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n\
         <key>Label</key><string>org.cups.cupsd</string>\n\
         <key>EnableTransactions</key><true/>\n<key>EnablePressuredExit</key><{pressured}/>\n\
         <key>ExitTimeOut</key><integer>60</integer>\n\
         <key>ProgramArguments</key><array><string>/usr/sbin/cupsd</string><string>-l</string></array>\n\
         <!-- a comment --><key>Sockets</key><dict><key>Listeners</key><array>\n{listeners}\
         <dict><key>SockPathMode</key><integer>49663</integer>\
         <key>SockPathName</key><string>/private/var/run/cupsd</string></dict>\n\
         </array></dict>\n</dict>\n</plist>\n"
    )
}

fn binary(text: &str) -> Vec<u8> {
    let value = plist::Value::from_reader_xml(text.as_bytes()).unwrap();
    let mut data = Vec::new();
    value.to_writer_binary(&mut data).unwrap();
    data
}

fn sample(version: &str, text: &str) -> System {
    system(version).with(PATH, text)
}

#[test]
fn two_addresses_lose_their_names() {
    let wanted = format!(
        "{PATH}\n-:Sockets:Listeners:0:SockNodeName = str '::1'\n\
         -:Sockets:Listeners:1:SockNodeName = str '127.0.0.1'"
    );
    both_ways(&case("printer-sharing"), &sample("10.9.5", &list(TWO, true)), &wanted);
    let binary = system("10.10.5").with_bytes(PATH, binary(&list(TWO, true)), 0o600);
    both_ways(&case("printer-sharing"), &binary, &wanted);
}

#[test]
fn a_lone_socket_gets_a_second_listener() {
    let wanted = format!("{PATH}\n+:Sockets:Listeners:1:SockServiceName = str 'ipp'");
    both_ways(&case("printer-sharing"), &sample("10.11.6", &list("", true)), &wanted);
}

#[test]
fn apples_repair_and_open_sockets_are_left_alone() {
    let fix = case("printer-sharing");
    let open = "<dict><key>SockServiceName</key><string>ipp</string></dict>\n";
    for (text, why) in [
        (list(TWO, false), "nothing to do: Apple's own repair is in this system"),
        (list(open, true), "nothing to do: it listens on all addresses already"),
    ] {
        let system = sample("10.11.6", &text);
        let (_, told) = fix.tree_edit(&system).unwrap();
        assert!(told.contains(why), "{told}");
        for shell in shells() {
            let mac = Mac::new(&system, true);
            let said = fix.run(&shell, &mac);
            assert!(said.code == 0 && said.text().contains(why), "{}", said.text());
            assert_eq!(std::fs::read_to_string(mac.root().join(&PATH[1..])).unwrap(), text);
            assert_eq!(mac.ran(), "");
        }
    }
}

#[test]
fn a_list_of_another_shape_is_said() {
    let fix = case("printer-sharing");
    let three = format!("{TWO}<dict><key>Other</key><true/></dict>\n");
    let one = three.replacen("<key>SockNodeName</key><string>127.0.0.1</string>", "", 1);
    // Half of it is done by somebody else: that counts as open.
    let (_, told) = fix.tree_edit(&sample("10.9", &list(&one, true))).unwrap();
    assert!(told.contains("listens on all addresses already"), "{told}");
    let odd = list("<dict><key>Other</key><true/></dict>\n", true);
    let refused = fix.refused(&sample("10.9", &odd));
    assert!(
        refused.starts_with(
            "the fix `printer-sharing`, which was asked for, failed\n  the fix `printer-sharing` finds",
        )
            && refused.contains("no file has the shape that it changes"),
        "{refused}"
    );
    for shell in shells() {
        let mac = Mac::new(&sample("10.9", &odd), true);
        let said = fix.run(&shell, &mac);
        assert!(said.code == 3 && said.text().contains("nothing found to change"), "{said:?}");
    }
}

#[test]
fn on_a_running_mac_the_daemon_is_loaded_again() {
    for shell in shells() {
        let mac = Mac::new(&sample("10.9.5", &list(TWO, true)), true);
        let said = case("printer-sharing").run(&shell, &mac);
        assert_eq!(said.code, 0, "{}", said.text());
        assert_eq!(mac.ran(), format!("launchctl unload {PATH}\nlaunchctl load {PATH}\n"));
        case("printer-sharing").run(&shell, &mac).ok();
        assert_eq!(mac.ran().lines().count(), 2, "nothing changed: nothing is loaded again");
    }
}

#[test]
fn a_volume_without_the_list_has_nothing_to_change() {
    let refused = case("printer-sharing").refused(&system("10.9"));
    assert!(
        refused.ends_with(
            "the fix `printer-sharing` finds nothing to change\n  \
             no file has the shape that it changes\n  hint: in a recipe, `optional = true` lets it find nothing"
        ),
        "{refused}"
    );
}
