//! `fetch recovery` from a server of ours. It is a shape sample: nothing here
//! is judged by Apple's server.

use crate::support::lionize;
use lionize::cli::exit;
use lionize::source::sample::server::{Asked, Server, Site, plain};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

/// A chunk list of these bytes that nobody signed.
pub(crate) fn list(data: &[u8]) -> Vec<u8> {
    let mut out = b"CNKL\x24\0\0\0\x01\x01\x02\0".to_vec();
    for number in [1, 0x24, 0x24 + 36_u64] {
        out.extend(number.to_le_bytes());
    }
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(Sha256::digest(data));
    let digest = Sha256::digest(&out);
    out.extend(digest);
    out
}

pub(crate) fn server(image: &[u8], list: &[u8]) -> Server {
    naming(["/x/BaseSystem.dmg", "/x/BaseSystem.chunklist"], image, list)
}

/// One that calls the image and its chunk list so.
fn naming([image_at, list_at]: [&'static str; 2], image: &[u8], list: &[u8]) -> Server {
    let files = Site::new().with(image_at, image).with(list_at, list);
    Server::start(move |asked: &Asked, out: &mut TcpStream| {
        let host = asked.header("host").unwrap_or_default().to_owned();
        match asked.path.as_str() {
            "/" => {
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n";
                out.write_all(format!("{head}Set-Cookie: session=1~0A\r\n\r\n").as_bytes())
            }
            "/InstallationPayload/RecoveryImage" => {
                let text = format!(
                    "AU: http://{host}{image_at}\nAT: a\nCU: http://{host}{list_at}\nCT: b\n"
                );
                plain(out, 200, "OK", text.as_bytes())
            }
            _ => files.answer(asked, out),
        }
    })
    .unwrap()
}

/// Where the files go, and the arguments that fetch them from there.
fn order(folder: &Path, server: &Server) -> (String, Vec<String>) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (store, to, url) = (path("store"), path("out"), server.url("/"));
    let base = ["--quiet", "fetch", "recovery", "--board-id", "Mac-2E6FAB96566FE58C"];
    let args = [&base[..], &["--server", &url, "--store", &store, "--to", &to]].concat();
    (to.clone(), args.into_iter().map(str::to_owned).collect())
}

fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn what_nobody_signed_is_refused_by_plain_http_and_taken_by_its_digest() {
    let image = b"an image".repeat(1000);
    let server = server(&image, &list(&image));
    let folder = tempfile::tempdir().unwrap();
    let (to, args) = order(folder.path(), &server);
    let ran = lionize(args.clone());
    ran.is(
        exit::VERIFICATION,
        "",
        "error: BaseSystem.dmg is not what the server should give\n  \
         because not proven: nobody signed its chunk list\n  \
         because it came by plain http\n\
         hint: a digest that you know can prove it: give it with --sha256\n",
    );
    assert!(!folder.path().join("out").exists());
    let sha256 = sha256(&image);
    let demanded = |digest: &str| vec!["--sha256".to_owned(), digest.to_owned()];
    let ran = lionize([args.clone(), demanded(&sha256)].concat());
    let said = format!(
        "{to}/BaseSystem.dmg  7.8 KiB\n{to}/BaseSystem.chunklist\nsha256 {sha256}\n\
         proven by the SHA-256 that is demanded\n"
    );
    ran.is(exit::DONE, &said, "");
    assert_eq!(fs::read(folder.path().join("out/BaseSystem.dmg")).unwrap(), image);
    let ran = lionize([args, demanded(&"0".repeat(64))].concat());
    assert_eq!(ran.code, exit::NETWORK, "{}", ran.errors);
}

/// The server chooses the names; what stands there is the user's.
#[test]
fn what_is_there_is_not_replaced() {
    let image = b"an image".repeat(1000);
    let server = server(&image, &list(&image));
    let folder = tempfile::tempdir().unwrap();
    let (to, args) = order(folder.path(), &server);
    let args = [args, vec!["--sha256".to_owned(), sha256(&image)]].concat();
    fs::create_dir(&to).unwrap();
    let own = folder.path().join("out/BaseSystem.dmg");
    fs::write(&own, "the user's own").unwrap();
    let errors = format!(
        "error: {to}/BaseSystem.dmg exists already, with other contents\n\
         hint: give another folder with --to; nothing is ever replaced\n"
    );
    lionize(args.clone()).is(exit::OUTPUT, "", &errors);
    assert_eq!(fs::read(&own).unwrap(), b"the user's own");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1, "nothing else was put there");
    // The same contents are no harm: what was fetched is fetched again.
    fs::remove_file(&own).unwrap();
    for _ in 0..2 {
        assert_eq!(lionize(args.clone()).code, exit::DONE);
        assert_eq!(fs::read(&own).unwrap(), image);
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let image = b"an image".repeat(1000);
    let server = naming(["/x/A.dmg", "/y/a.dmg"], &image, &list(&image));
    let folder = tempfile::tempdir().unwrap();
    let (_, args) = order(folder.path(), &server);
    let args = [args, vec!["--sha256".to_owned(), sha256(&image)]].concat();
    let errors = "error: the server calls the image and its chunk list alike: `a.dmg`\n\
                  hint: something may answer in the server's place: try another network\n";
    lionize(args).is(exit::NETWORK, "", errors);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn an_image_that_its_list_contradicts_is_refused() {
    let image = b"an image".repeat(1000);
    let server = server(&b"an imago".repeat(1000), &list(&image));
    let folder = tempfile::tempdir().unwrap();
    let (_, args) = order(folder.path(), &server);
    let ran = lionize(args);
    assert_eq!(ran.code, exit::VERIFICATION);
    assert!(ran.errors.contains("because refuted: chunklist: chunk is 0: "), "{}", ran.errors);
    let store = folder.path().join("store");
    let ran = lionize(["cache", "list", "--store", store.to_str().unwrap()]);
    assert!(ran.text().starts_with("0 files, 0 bytes, in "), "{}", ran.text());
}

#[test]
fn mistakes_are_usage() {
    let order = ["fetch", "installer", "--to", "x", "--board-id", "nonsense"];
    let ran = lionize([&order[..], &["--serial", "C00000000000000XX", "--rom", "001"]].concat());
    let errors = "error: `nonsense` is no board id\nhint: it looks like Mac-2E6FAB96566FE58C; \
                  on a Mac: ioreg -c IOPlatformExpertDevice\n";
    ran.is(exit::USAGE, "", errors);
    let order = ["fetch", "recovery", "--to", "x", "--board-id", "Mac-2E6FAB96566FE58C"];
    let ran = lionize([&order[..], &["--sha256", "12"]].concat());
    ran.is(exit::USAGE, "", "error: `12` is no SHA-256\nhint: it has 64 hex digits\n");
}
