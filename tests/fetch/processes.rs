//! Several threads and processes on one store, and one that is killed.

use crate::server::{Fault, Hostile};
use crate::{client, data, fetch, is_right, store, wanted};
use lionize::source::store::Store;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CHILD: &str = "LIONIZE_TEST_FETCH_CHILD";

/// This test as another process, which fetches into a store.
fn child(folder: &Path, url: &str, len: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::a_child_fetches"])
        .env(CHILD, format!("{len} {url} {}", folder.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_child_fetches() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let mut words = order.splitn(3, ' ');
    let len = words.next().unwrap().parse().unwrap();
    let (url, folder) = (words.next().unwrap(), words.next().unwrap());
    let store = Store::open(folder).unwrap();
    let data = data(len);
    let stored = store.fetch(&wanted(url, &data), &client(), &()).unwrap();
    assert!(std::fs::read(&stored.path).unwrap() == data);
}

#[test]
fn threads_fetch_the_same_file_once() {
    let data = data(200_000);
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&data, []);
    let wanted = wanted(&server.url(), &data);
    let store = store(folder.path(), 1, 0);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| fetch(&store, &wanted, &()).unwrap())).collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
    assert_eq!(server.asked(), [0]);
    let stored = fetch(&store, &wanted, &()).unwrap();
    is_right(&store, &stored, &data);
}

#[test]
fn processes_fetch_the_same_file_once() {
    const LEN: u32 = 300_000;
    let data = data(LEN);
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&data, []);
    let children: Vec<_> = (0..3).map(|_| child(folder.path(), &server.url(), LEN)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(server.asked(), [0]);
    let store = store(folder.path(), 1, 0);
    let stored = fetch(&store, &wanted(&server.url(), &data), &()).unwrap();
    is_right(&store, &stored, &data);
}

#[test]
fn a_killed_process_leaves_a_part_and_no_lock() {
    const LEN: u32 = 50_000;
    const CAME: u64 = 123_456;
    let data = data(LEN);
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&data, [Fault::Stall(123_456)]);
    let mut child = child(folder.path(), &server.url(), LEN);
    let reader = store(folder.path(), 1, 0);
    while reader.list().unwrap().bytes() < CAME {
        assert!(child.try_wait().unwrap().is_none(), "the child ended early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let stored = fetch(&reader, &wanted(&server.url(), &data), &()).unwrap();
    is_right(&reader, &stored, &data);
    assert_eq!(server.asked(), [0, CAME]);
}
