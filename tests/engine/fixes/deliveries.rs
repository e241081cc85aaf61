//! Fixes by packages: onto an installer's disk, and what waits for its time.
//! That each changes the same as edits of the tree is shown fix by fix.

use crate::fixes::harness::{LEFT, Mac, case, shells, system};
use crate::judge::judge;
use crate::make::{bytes_of, disk, file, installer, plan, request, system_version, tree, volume};
use lionize::block::bytes;
use lionize::engine::{BuildOptions, Plan, Silent, Stop, Verify, build, fixes};
use lionize::recipe::{Delivery, fixes as built_in};
use lionize::source::{Opener, contents};
use lionize::volume::{Kind, VPath};
use std::fs;
use std::path::Path;

const PUSH: &str = "mail:imap:aps_topic_enabled";

/// Push mail waits for Server, then for Mail to be set up, and says each once.
#[test]
fn a_fix_waits_until_what_it_changes_is_there() {
    let fix = case("push-mail");
    for shell in shells() {
        let mac = Mac::new(&system("10.10.5"), true);
        fix.leave(&mac);
        for _ in 0..3 {
            let said = fix.start(&shell, &mac).ok();
            assert_eq!(said.text(), "", "launchd would put it into the system's log");
            assert!(fix.waits(&mac));
        }
        let output = mac.root().join(LEFT).join("push-mail/output");
        assert!(fs::read_to_string(output).unwrap().contains("not for this system"));
        let log = mac.log();
        assert_eq!(log.matches("push-mail: not for this system").count(), 1, "{log}");
        system("10.10.5").server("4.1.5").write(&mac.root());
        for _ in 0..2 {
            fix.start(&shell, &mac).ok();
            assert!(fix.waits(&mac), "Mail is not set up yet");
        }
        let log = mac.log();
        assert_eq!(log.matches(&format!("serveradmin does not know {PUSH}")).count(), 1, "{log}");
        assert_eq!(mac.ran(), "");
        mac.set(&format!("{PUSH} = no\n"));
        fix.start(&shell, &mac).ok();
        assert!(!fix.waits(&mac));
        assert_eq!(mac.settings(), format!("{PUSH} = yes\n"));
        let ran = format!(
            "serveradmin settings {PUSH} = yes\nserveradmin stop mail\nserveradmin start mail\n\
             launchctl remove lionize.push-mail\n"
        );
        assert_eq!(mac.ran(), ran);
        assert!(mac.log().ends_with("push-mail: its job is removed, the work is done\n"));
        // It stays to be run by hand, and has nothing left to do.
        let left: Vec<_> = fs::read_dir(mac.root().join(LEFT).join("push-mail")).unwrap().collect();
        assert_eq!(left.len(), 2, "fix.sh and first-boot.sh: {left:?}");
        fix.start(&shell, &mac).ok();
        assert_eq!(mac.settings(), format!("{PUSH} = yes\n"));
    }
}

/// A fix that fails is tried again, and its job stays.
#[test]
fn a_fix_that_fails_stays() {
    let fix = case("push-mail");
    for shell in shells() {
        let sample = system("10.10.5").server("4.1.5").settings(&format!("{PUSH} = no\n"));
        let mac = Mac::new(&sample, true);
        fix.leave(&mac);
        mac.refuse();
        fix.start(&shell, &mac).ok();
        assert!(fix.waits(&mac), "{}", mac.log());
        assert!(mac.log().contains("push-mail: failed in part\n"), "{}", mac.log());
    }
}

/// What follows from a change is run again when it failed, though the change
/// itself was made: a mail server that was not started again does not push.
#[test]
fn a_job_stays_until_what_follows_from_its_change_has_run() {
    let fix = case("push-mail");
    for shell in shells() {
        let sample = system("10.10.5").server("4.1.5").settings(&format!("{PUSH} = no\n"));
        let mac = Mac::new(&sample, true);
        fix.leave(&mac);
        mac.down(true);
        fix.start(&shell, &mac).ok();
        assert_eq!(mac.settings(), format!("{PUSH} = yes\n"), "the change itself was made");
        assert!(fix.waits(&mac), "{}", mac.log());
        mac.down(false);
        fix.start(&shell, &mac).ok();
        let ran = format!(
            "serveradmin settings {PUSH} = yes\nserveradmin stop mail\nserveradmin start mail\n\
             launchctl remove lionize.push-mail\n"
        );
        assert_eq!(mac.ran(), ran);
        assert!(!fix.waits(&mac), "{}", mac.log());
    }
}

/// Jobs that start together take turns: two that edit one file at a time would
/// lose an edit of it.
#[test]
fn a_job_leaves_the_files_alone_while_another_is_at_work() {
    let fix = case("enable-ssh");
    for shell in shells() {
        let mac = Mac::new(&system("10.9.5"), true);
        fix.leave(&mac);
        mac.busy(true);
        fix.start(&shell, &mac).ok();
        assert!(fix.waits(&mac) && mac.ran().is_empty(), "{}", mac.log());
        mac.busy(false);
        fix.start(&shell, &mac).ok();
        assert!(!fix.waits(&mac), "{}", mac.log());
        // It gave the lock back.
        mac.busy(true);
    }
}

/// Nothing found is no reason for an installation to fail; another system is.
#[test]
fn an_installer_is_told_what_counts() {
    let fix = case("printer-sharing");
    for shell in shells() {
        let said = fix.install(&shell, &Mac::new(&system("10.9.5"), false));
        assert!(said.code == 0 && said.text().contains("nothing found to change"), "{said:?}");
        let said = fix.install(&shell, &Mac::new(&system("10.8.5"), false));
        assert!(said.code == 4 && said.text().contains("not for this system"), "{said:?}");
        let said = fix.clone().force().install(&shell, &Mac::new(&system("10.8.5"), false));
        assert_eq!(said.code, 0, "{said:?}");
    }
}

/// Started by hand, without a volume, it does not take the running system for one.
#[test]
fn what_an_installer_runs_needs_its_volume() {
    for shell in shells() {
        let mac = Mac::new(&system("10.9.5"), true);
        let said = case("enable-ssh").postinstall(&shell, &mac, &[]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.text().contains("only an installer runs this"), "{said:?}");
    }
}

/// An installer's own system is on media that are read-only, but for some folders.
#[test]
fn a_folder_for_temporary_files_is_found() {
    for shell in shells() {
        let mac = Mac::new(&system("10.9.5"), false).temporary("/nowhere/at/all");
        let said = case("enable-ssh").install(&shell, &mac);
        assert_eq!(said.code, 0, "{said:?}");
    }
}

#[test]
fn shellcheck_finds_nothing_in_what_packages_run() {
    let Some(shellcheck) = judge("shellcheck") else { return };
    let dir = tempfile::tempdir().unwrap();
    for id in built_in::ids() {
        let fix = crate::fixes::scripts::filled(id);
        for (way, path) in [
            (Delivery::Install, "Scripts/postinstall".to_owned()),
            (Delivery::FirstBoot, format!("Payload/{LEFT}/{id}/fix.sh")),
            (Delivery::FirstBoot, format!("Payload/{LEFT}/{id}/first-boot.sh")),
        ] {
            if !fix.delivers(way) {
                continue;
            }
            let package = fix.package(dir.path(), way);
            let script = Opener::new().resolve(&package.join(path)).unwrap();
            let script = file(dir.path(), "x.sh", &script.contents().unwrap());
            shellcheck.run(["-s".as_ref(), "sh".as_ref(), script.as_os_str()]).ok();
        }
    }
}

fn recipe(steps: &str) -> String {
    format!(
        "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n[media]\n\
         layout = \"bare\"\n[media.volume]\nfree = \"1 MiB\"\n[[step]]\nrestore = \"image\"\n\
         [[step]]\nfix = {steps}\n"
    )
}

fn planned(dir: &Path, image: &Path, step: &str) -> Result<Plan, String> {
    let recipe = file(dir, "t.toml", &bytes(recipe(step).into_bytes()));
    let request = request(recipe.to_str().unwrap(), &[("image", image)]);
    plan(&request).map_err(|problem| problem.to_string())
}

/// The files below a folder, with modes and owners.
fn built(dir: &Path, plan: &Plan) -> Vec<String> {
    let output = dir.join("out.img");
    let options = BuildOptions { output: output.clone(), verify: Verify::Quick, threads: 1 };
    build(plan, &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let volume = opener.enter(&opener.open(&output).unwrap()).unwrap();
    let tree = volume.node().unwrap().unwrap().0;
    let line = |id| {
        let meta = &tree.node(id).meta;
        format!("{:o} {} {} {}", meta.mode, meta.owner, meta.group, tree.path(id))
    };
    let files = tree.walk(tree.root()).filter(|id| tree.kind(*id) == Kind::File);
    let mut lines: Vec<_> = files.map(line).collect();
    let list = VPath::parse("/Packages/OSInstall.collection").unwrap();
    if let Some(id) = tree.lookup(&list) {
        lines.push(String::from_utf8(bytes_of(&contents(&tree, id).unwrap())).unwrap());
    }
    lines
}

/// On an installer's disk a fix becomes a package, on another its files.
#[test]
fn on_an_installers_disk_a_fix_is_a_package_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &installer("10.9.5"));
    let plan = planned(dir.path(), &image, "\"enable-ssh\"").unwrap();
    assert_eq!(plan.told(), ["enable-ssh: by /Packages/lionize-enable-ssh.pkg"]);
    let first = built(dir.path(), &plan);
    assert!(first.contains(&"100644 0 0 /Packages/lionize-enable-ssh.pkg".to_owned()), "{first:?}");
    let list = first.last().unwrap();
    assert!(
        list.contains(
            "<string>/System/Installation/Packages/lionize-enable-ssh.pkg</string>\n</array>"
        ),
        "{list}"
    );
    assert!(!first.iter().any(|line| line.contains("overrides.plist")));

    // Once more on what was made: nothing is added.
    let again =
        file(dir.path(), "again.img", &bytes(fs::read(dir.path().join("out.img")).unwrap()));
    let twice = planned(dir.path(), &again, "\"enable-ssh\"").unwrap();
    assert_eq!(built(dir.path(), &twice), first);

    let waits = planned(dir.path(), &image, "{ id = \"enable-ssh\", deliver = \"first-boot\" }");
    assert_eq!(
        waits.unwrap().told(),
        ["enable-ssh: by /Packages/lionize-enable-ssh.pkg, which leaves a job for the first start"]
    );
    let edits =
        planned(dir.path(), &image, "{ id = \"enable-ssh\", deliver = \"volume\" }").unwrap();
    assert!(built(dir.path(), &edits).iter().any(|line| line.contains("overrides.plist")));

    let files =
        [("/System/Library/CoreServices/SystemVersion.plist", system_version("10.9.5", "1"))];
    let system = file(dir.path(), "sys.img", &disk(&volume(tree("System", &files))));
    let edits = planned(dir.path(), &system, "\"enable-ssh\"").unwrap();
    assert!(built(dir.path(), &edits).iter().any(|line| line.contains("overrides.plist")));
    let refused = planned(dir.path(), &system, "{ id = \"enable-ssh\", deliver = \"install\" }");
    assert!(refused.map(drop).unwrap_err().contains("the volume is no installer's"));
}

/// A fix that is applied twice, with other params, waits in two places: one would
/// take the other's.
#[test]
fn a_fix_may_wait_twice_with_other_params() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &installer("10.9.5"));
    let step = |path: &str| {
        format!(
            "{{ id = \"ldap-referrals\", deliver = \"first-boot\", \
             params = {{ file = \"{path}\" }} }}"
        )
    };
    let steps = format!("{}\n[[step]]\nfix = {}", step("/one.php"), step("/two.php"));
    let plan = planned(dir.path(), &image, &steps).unwrap();
    built(dir.path(), &plan);
    for (name, path) in [("ldap-referrals", "/one.php"), ("ldap-referrals-2", "/two.php")] {
        let package = dir.path().join(format!("out.img/Packages/lionize-{name}.pkg"));
        let payload = package.join(format!("lionize.{name}.pkg/Payload"));
        let opener = Opener::new();
        let read = |path: String| {
            let item = opener.resolve(&payload.join(path)).unwrap();
            String::from_utf8(bytes_of(&item.contents().unwrap())).unwrap()
        };
        let script = read(format!("{LEFT}/{name}/fix.sh"));
        assert!(script.contains(&format!("'{}'", &path[1..])), "{script}");
        let job = read(format!("Library/LaunchDaemons/lionize.{name}.plist"));
        assert!(job.contains(&format!("/{LEFT}/{name}/first-boot.sh<")), "{job}");
    }
}

/// A system of 10.11 that runs keeps its own files.
#[test]
fn what_a_running_system_keeps_is_delivered_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &installer("10.11.6"));
    let step = "{ id = \"printer-sharing\", deliver = \"first-boot\" }";
    let refused = planned(dir.path(), &image, step).map(drop).unwrap_err();
    assert!(
        refused.ends_with(
            "the fix `printer-sharing` would never be made by `first-boot`\n  System Integrity \
             Protection keeps a system of 10.11 or later that runs from changing \
             /System/Library/LaunchDaemons/org.cups.cupsd.plist\n  \
             hint: deliver it by `install`, or in a `volume`"
        ),
        "{refused}"
    );
}

/// A fix of OS X Server that an installer runs would find no Server, and fail the
/// whole installation.
#[test]
fn a_fix_of_server_is_not_for_an_installer_to_run() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &installer("10.10.5"));
    let text = fixes::text("apache-digest-freeze").unwrap().text;
    let text = text.replace("\"first-boot\"", "\"install\", \"first-boot\"");
    let own = file(dir.path(), "own.toml", &bytes(text.into_bytes()));
    let step = |way: &str| format!("{{ id = \"{}\", deliver = \"{way}\" }}", own.display());
    let refused = planned(dir.path(), &image, &step("install")).map(drop).unwrap_err();
    assert!(
        refused.contains(
            "the fix `apache-digest-freeze` would never be made by `install`\n  \
             it changes OS X Server, which comes after the system\n  \
             hint: deliver it by `first-boot`: then it waits for Server"
        ),
        "{refused}"
    );
    planned(dir.path(), &image, &step("first-boot")).unwrap();
}

/// Who gets at the media's files as a user does not get at a password's hash.
#[test]
fn a_package_with_a_hash_is_roots_alone() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &installer("10.9.5"));
    let hash = format!("pbkdf2:40000:{}:{}", "01".repeat(32), "02".repeat(128));
    let user = format!(
        "{{ id = \"create-admin-user\", params = {{ name = \"a\", password = \"{hash}\" }} }}"
    );
    let plan = planned(dir.path(), &image, &user).unwrap();
    let files = built(dir.path(), &plan);
    let package = "100600 0 0 /Packages/lionize-create-admin-user.pkg";
    assert!(files.iter().any(|line| line == package), "{files:?}");
}

/// A hash of the kind that the system does not take is found when planning.
#[test]
fn a_package_that_would_lock_out_its_user_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &installer("10.7.5"));
    let hash = format!("pbkdf2:40000:{}:{}", "01".repeat(32), "02".repeat(128));
    let user = format!(
        "{{ id = \"create-admin-user\", params = {{ name = \"a\", password = \"{hash}\" }} }}"
    );
    let refused = planned(dir.path(), &image, &user).map(drop).unwrap_err();
    assert!(refused.contains("the hash given is PBKDF2, which 10.7 does not take"), "{refused}");
}

const VERSIONS: [&str; 20] = [
    "10.7", "10.7.5", "10.8.5", "10.9", "10.9.5", "10.10", "10.10.5", "10.11.6", "10.12",
    "10.12.3", "10.12.4", "10.12.6", "10.13.6", "10.14.6", "10.15.7", "11.7", "12.7", "13.6",
    "14.1", "15",
];

/// Each fix by each delivery over all releases: the versions that a plan takes.
#[test]
fn each_delivery_of_each_fix_is_gated_by_version() {
    let dir = tempfile::tempdir().unwrap();
    let images = VERSIONS.map(|version| {
        let name = format!("{version}.img");
        (version, file(dir.path(), &name, &installer(version)))
    });
    let until = |last: &str| {
        let count = VERSIONS.iter().position(|version| *version == last).unwrap() + 1;
        VERSIONS[..count].to_vec()
    };
    let server = Vec::new();
    let seven = until("10.12.3");
    // What System Integrity Protection guards is only changed by an installer.
    let open = vec!["10.9", "10.9.5", "10.10", "10.10.5"];
    let printers = [&open[..], &["10.11.6"]].concat();
    let table: [(&str, &str, Vec<&str>); 16] = [
        ("stable-ipv6", "install", vec!["10.12", "10.12.3"]),
        ("stable-ipv6", "first-boot", vec!["10.12", "10.12.3"]),
        ("printer-sharing", "install", printers),
        ("printer-sharing", "first-boot", open),
        ("apache-digest-freeze", "first-boot", vec!["10.10", "10.10.5", "10.11.6"]),
        ("push-mail", "first-boot", vec!["10.10", "10.10.5"]),
        ("ldap-referrals", "first-boot", vec!["10.9", "10.9.5"]),
        ("remote-desktop-unboxed", "install", seven.clone()),
        // Of systems that no media are made for.
        ("swupdate-enable-all", "first-boot", server.clone()),
        ("swupdate-subfolders", "first-boot", server.clone()),
        ("swupdate-reset-catalog", "first-boot", server),
        ("skip-setup-assistant", "install", seven.clone()),
        ("create-admin-user", "install", seven.clone()),
        ("enable-ssh", "install", seven.clone()),
        ("enable-ssh", "first-boot", seven.clone()),
        ("enable-remote-management", "install", seven),
    ];
    let mut seen = 0;
    for (id, way, wanted) in &table {
        let fix = fixes::fix(id).unwrap();
        let needed = fix.params.iter().filter(|param| param.default.is_none());
        let set: Vec<_> = needed
            .map(|param| match param.secret {
                true => format!("{} = \"env:LIONIZE_TEST_NO_SUCH\"", param.name),
                false => format!("{} = \"/a\"", param.name),
            })
            .collect();
        if set.iter().any(|set| set.contains("env:")) {
            // The test of hashes has it.
            continue;
        }
        let step =
            format!("{{ id = \"{id}\", deliver = \"{way}\", params = {{ {} }} }}", set.join(", "));
        for (version, image) in &images {
            match planned(dir.path(), image, &step) {
                Ok(_) => assert!(wanted.contains(version), "{id} by {way} for {version}"),
                Err(why) => {
                    assert!(!wanted.contains(version), "{id} by {way} for {version}: {why}");
                    let reason =
                        ["is not for system", "cannot be installed with", "would never be made"];
                    assert!(reason.iter().any(|reason| why.contains(reason)), "{why}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
}
