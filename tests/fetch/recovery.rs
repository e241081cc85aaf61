//! The recovery server, as a server of ours behaves by its description. It is
//! a shape sample: nothing here is judged by Apple's server.

use crate::{client, data, is_right, store};
use lionize::source::recovery::{Ids, Machine, Product, Recovery};
use lionize::source::sample::server::{Asked, Server, Site, plain};
use lionize::source::store::FailureKind;
use std::io::{self, Write};
use std::net::TcpStream;

const IDS: Ids = Ids {
    client: 0x0123_4567_89AB_CDEF_u64.to_be_bytes(),
    key: [0xab; 32],
    fingerprint: [0xcd; 32],
};
const SESSION: &str = "001~0A1B2C3D4E5F60718293A4B5C6D7E8F9";
/// By `openssl dgst -sha256`, of what the description says.
const KEY: &str = "727E21B63FF1AC779AB8D0D24EE9C915DE75D4B85AB0EC7E9DD21DB2DDB31283";

/// A server that is as strict as one can be.
fn apple(image: &[u8], list: &[u8]) -> Server {
    let files = Site::new().with("/x/BaseSystem.dmg", image).with("/x/BaseSystem.chunklist", list);
    let files = files.with("/x/InstallESD.dmg", image);
    Server::start(move |asked: &Asked, out: &mut TcpStream| {
        let cookie = asked.header("cookie").unwrap_or_default();
        let host = asked.header("host").unwrap_or_default();
        let body = String::from_utf8(asked.body.clone()).unwrap();
        let known = cookie == format!("session={SESSION}")
            && asked.header("content-type") == Some("text/plain")
            && asked.header("user-agent") == Some("InternetRecovery/1.0");
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/") => begin(out),
            ("POST", "/InstallationPayload/RecoveryImage") if known => {
                let zeros = "0".repeat(17);
                let (key, print) = ("AB".repeat(32), "CD".repeat(32));
                assert_eq!(
                    body,
                    format!(
                        "cid=0123456789ABCDEF\nsn={zeros}\nbid=Mac-2E6FAB96566FE58C\n\
                         k={key}\nfg={print}\nos=default"
                    )
                );
                let text = format!(
                    "AP: 041-0000\nAU: http://{host}/x/BaseSystem.dmg\nAT: one\n\
                     CU: http://{host}/x/BaseSystem.chunklist\nCT: two\n"
                );
                plain(out, 200, "OK", text.as_bytes())
            }
            ("POST", "/InstallationPayload/OSInstaller") if known => {
                if !body.ends_with(&format!("\nk={KEY}")) {
                    return plain(out, 403, "Forbidden", b"");
                }
                let text = format!("AU: http://{host}/x/InstallESD.dmg\nAT: three\n");
                plain(out, 200, "OK", text.as_bytes())
            }
            ("GET", "/x/BaseSystem.dmg") if cookie == "AssetToken=one" => files.answer(asked, out),
            ("GET", "/x/BaseSystem.chunklist") if cookie == "AssetToken=two" => {
                files.answer(asked, out)
            }
            ("GET", "/x/InstallESD.dmg") if cookie == "AssetToken=three" => {
                files.answer(asked, out)
            }
            _ => plain(out, 403, "Forbidden", b""),
        }
    })
    .unwrap()
}

fn begin(out: &mut TcpStream) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: other=1\r\n";
    out.write_all(format!("{head}Set-Cookie: session={SESSION}; path=/\r\n\r\n").as_bytes())
}

fn machine() -> Machine {
    Machine::of_board("Mac-2E6FAB96566FE58C").unwrap()
}

#[test]
fn a_recovery_image_and_its_chunk_list_are_fetched() {
    let (image, list) = (data(30_000), data(50));
    let server = apple(&image, &list);
    let recovery = Recovery::at(&server.url("/")).unwrap();
    let client = client();
    let offer = recovery.order(&machine(), Product::Recovery, &IDS, &client, &()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), 1, 0);
    let proof = store.fetch(&offer.chunklist.unwrap().chunklist(), &client, &()).unwrap();
    assert_eq!(std::fs::read(&proof.path).unwrap(), list);
    // What the list says of the image is what makes plain http enough.
    let mut wanted = offer.image.download();
    let failure = store.fetch(&wanted, &client, &()).unwrap_err();
    assert_eq!(
        failure.hint.as_deref().unwrap(),
        "give its digest, so that plain http can be held to it"
    );
    (wanted.size, wanted.signed) = (Some(image.len() as u64), true);
    let stored = store.fetch(&wanted, &client, &()).unwrap();
    assert_eq!(std::fs::read(&stored.path).unwrap(), image);
}

#[test]
fn an_installer_wants_the_key_of_a_mac() {
    let image = data(1000);
    let server = apple(&image, b"");
    let recovery = Recovery::at(&server.url("/")).unwrap();
    let client = client();
    let order = |machine: &Machine| recovery.order(machine, Product::Installer, &IDS, &client, &());
    assert_eq!(order(&machine()).unwrap_err().kind, FailureKind::Usage);
    let other = machine().with("C00000000000000YY", "0016CB000001").unwrap();
    let failure = order(&other).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network);
    assert!(failure.causes[0].ends_with("the server answered 403 (it refuses)"), "{failure}");
    let right = machine().with("C00000000000000XX", "0016CB000001").unwrap();
    let offer = order(&right).unwrap();
    assert_eq!((offer.image.name().as_str(), offer.chunklist), ("InstallESD.dmg", None));
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), 1, 0);
    let mut wanted = offer.image.download();
    wanted.sha256 = crate::wanted("http://x/", &image).sha256;
    let stored = store.fetch(&wanted, &client, &()).unwrap();
    is_right(&store, &stored, &image);
}
