//! Killed, and run again: nothing is lost but time.

use crate::bench::{Bench, alone, digest_of, has_table, volume, words};
use crate::support::judge::{judge, run};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MIB: u64 = 1 << 20;
const LIMIT: Duration = Duration::from_secs(120);
/// The pieces in which a disk is compared and written.
const PIECE: u64 = 2 * MIB;

/// Numbers that a seed decides.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A sparse file with some noise in it, the same each time.
fn noisy(path: &Path, len: u64) {
    let file = File::create(path).unwrap();
    file.set_len(len).unwrap();
    let mut random = Random(7);
    for at in (0..len).step_by(16 * MIB as usize) {
        let noise: Vec<u8> = (0..8192).flat_map(|_| random.next().to_le_bytes()).collect();
        file.write_all_at(&noise, at).unwrap();
    }
    // Its date is one of the bytes of the volume.
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_350_000_000)).unwrap();
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The sample with a file of several records' size.
const LARGE: &str = r#"
schema = 1
name = "large"
title = "The sample with a large file"
extends = "lion"

[inputs.large]
kind = "file"

[[step]]
copy = { from = "large", to = "/Large.bin" }
"#;

impl Bench {
    fn build_large(&self) -> Vec<String> {
        let (recipe, large) = (self.dir.path().join("large.toml"), self.dir.path().join("large"));
        fs::write(&recipe, LARGE).unwrap();
        noisy(&large, 200 * MIB);
        let mut build = self.build();
        build[1] = recipe.to_str().unwrap().to_owned();
        build.extend(["-i".to_owned(), format!("large={}", large.display())]);
        build
    }

    fn spawn(&self, args: &[String]) -> Child {
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        let id = self.id();
        args.extend(["--allow-fixed", "--device-id", &id]);
        let mut command = self.command(&args);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// How far the record on the side says that the work came.
    fn recorded(&self) -> Option<u64> {
        let entry = fs::read_dir(self.dir.path().join("state"))
            .ok()?
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().ends_with(".json"))?;
        let value: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(entry.path()).ok()?).ok()?;
        value["written"].as_u64()
    }

    /// Waits until so much is recorded of a work that is under way.
    fn await_record(&self, child: &mut Child, bytes: u64) {
        let begun = Instant::now();
        while self.recorded().unwrap_or(0) < bytes {
            assert!(begun.elapsed() < LIMIT, "nothing is recorded");
            assert!(child.try_wait().unwrap().is_none(), "it was over too early");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The bytes that the kernel read from the device and wrote to it so far.
    fn traffic(&self) -> (u64, u64) {
        let name = Path::new(self.device()).file_name().unwrap();
        let stat = Path::new("/sys/block").join(name).join("stat");
        let text = fs::read_to_string(stat).unwrap();
        let fields: Vec<u64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        (fields[2] * 512, fields[6] * 512)
    }
}

/// `kill -9` at random moments from the begin to the end of the work.
#[test]
fn killed_at_random_moments_and_run_again() {
    let _one = alone();
    let (Some(bench), Some(calm)) = (Bench::new(512), Bench::new(512)) else { return };
    fs::copy(&bench.installer, &calm.installer).unwrap();
    let (build, calmly) = (bench.build_large(), calm.build_large());
    let begun = Instant::now();
    calm.allowed(&calmly).ok();
    let mut whole = begun.elapsed();
    let expected = digest_of(&calm.file());
    let cut = calm.dir.path().join("cut.hfs");
    volume(&calm.file(), &cut);
    let expected_volume = digest_of(&cut);

    let kills = number("LIONIZE_KILLS").unwrap_or(4);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("LIONIZE_SEED").unwrap_or(now.as_nanos() as u64);
    println!("LIONIZE_SEED={seed} LIONIZE_KILLS={kills}, of {whole:?} each");
    let mut random = Random(seed | 1);
    let mut came: BTreeMap<&str, u32> = BTreeMap::new();
    for kill in 0..kills {
        let begun = Instant::now();
        let mut child = bench.spawn(&build);
        std::thread::sleep(whole * (random.next() % 1000) as u32 / 1000);
        child.kill().unwrap();
        let is_over = child.wait().unwrap().success();
        // The machine may have less to do now.
        whole = if is_over { whole.min(begun.elapsed()) } else { whole };
        let early = has_table(&bench.file());
        if early {
            volume(&bench.file(), &cut);
            assert_eq!(digest_of(&cut), expected_volume, "a table before the proof, kill {kill}");
        }
        *came
            .entry(match (is_over, early, bench.recorded()) {
                (true, ..) => "over before it was killed",
                (_, true, _) => "killed when all was proven",
                (_, _, Some(1..)) => "killed with a part recorded",
                (_, _, Some(0)) => "killed with nothing recorded",
                _ => "killed before it was recorded at all",
            })
            .or_default() += 1;
        bench.allowed(&build).ok();
        assert_eq!(digest_of(&bench.file()), expected, "kill {kill} of seed {seed}");
    }
    println!("{came:?}");
}

/// A large disk that was killed in the middle: what was recorded is read back,
/// and only what is not the same is written again, as the kernel counts.
#[test]
fn a_large_disk_is_gone_on_with_from_its_middle() {
    let _one = alone();
    let Some(bench) = Bench::of(512, 2048 * MIB) else { return };
    let image = bench.dir.path().join("raw.img");
    let len = 1280 * MIB;
    noisy(&image, len);
    let write = words(&["write", "-q", "--json", image.to_str().unwrap(), bench.device()]);

    // Ctrl-C first, then, further on, `kill -9`.
    let mut child = bench.spawn(&write);
    bench.await_record(&mut child, len / 8);
    run(judge("kill").unwrap().command().args(["-INT", &child.id().to_string()]), LIMIT).ok();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!has_table(&bench.file()));
    let mut child = bench.spawn(&write);
    bench.await_record(&mut child, len / 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let recorded = bench.recorded().unwrap();
    assert!(!has_table(&bench.file()));

    // Somebody else changed three places of what was recorded.
    let places = [9 * MIB + 5, recorded / 2, recorded - 1];
    let disk = File::options().write(true).open(bench.file()).unwrap();
    for place in places {
        disk.write_all_at(b"x", place).unwrap();
    }
    let before = bench.traffic();
    let said = bench.allowed(&write).ok();
    let after = bench.traffic();
    let (read, written) = (after.0 - before.0, after.1 - before.1);
    println!("recorded {recorded} of {len}; the next run read {read} and wrote {written}");
    let out = String::from_utf8(said.out).unwrap();
    let result: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(result["resumed"], recorded);
    // Both ends are cleared again: the first piece and the disk's last MiB.
    let again = (places.len() as u64 + 1) * PIECE + 2 * MIB;
    assert!(written >= len - recorded + places.len() as u64 * PIECE, "what differs is written");
    assert!(written <= len - recorded + again, "only what differs is written");
    assert!(read >= recorded + len, "all of it is read, and read again for the proof");
    let cmp = judge("cmp").unwrap();
    let (len, stick) = (len.to_string(), bench.file());
    run(cmp.command().args(["-n", &len]).arg(&image).arg(stick), LIMIT).ok();
}
