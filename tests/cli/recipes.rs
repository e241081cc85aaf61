//! What authors of recipes use: `recipe check|new|diff|schema`, the places
//! where recipes stand, and the tree of changes in a plan.

use crate::support::{lionize, sample};
use lionize::cli::exit;
use lionize::source::sample::server::{Server, Site};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const PLAIN: &str = "schema = 1\nname = \"plain\"\ntitle = \"Plain\"\n[inputs.image]\n\
                     kind = \"image\"\n[[step]]\nrestore = \"image\"\n";

/// The command as a process in a folder, with settings of its own there.
fn process(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lionize"))
        .args(args)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("settings"))
        .env("LIONIZE_STORE", folder.join("store"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn texts(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let temp = tempfile::tempdir().unwrap();
    let path =
        write(temp.path(), "r.toml", &PLAIN.replace("restore = \"image\"", "restroe = \"image\""));
    lionize(["recipe", "check", &path]).is(
        exit::BAD_INPUT,
        "",
        &format!(
            "error: the recipe {path} has a mistake\n  \
             because {path}:7:1: unknown step `restroe`; did you mean `restore`?\n    \
             7 | restroe = \"image\"\n      | ^^^^^^^\n"
        ),
    );
    let last = lionize(["--json", "recipe", "check", &path]).objects().pop().unwrap();
    assert_eq!(
        last["mistakes"],
        serde_json::json!([{"file": path, "line": 7, "column": 1,
                            "message": "unknown step `restroe`", "suggestion": "restore"}])
    );
    // A mistake in what a recipe extends is shown from there.
    let child =
        write(temp.path(), "child.toml", "schema = 1\nname = \"child\"\nextends = \"r.toml\"\n");
    let ran = lionize(["recipe", "check", &child]);
    assert!(ran.errors.contains("    7 | restroe = \"image\"\n"), "{}", ran.errors);
}

#[test]
fn a_new_recipe_passes_its_own_check() {
    let temp = tempfile::tempdir().unwrap();
    let installer = format!("installer={}", sample().display());
    for release in ["10.7", "10.7.5", "10.8"] {
        for fix in lionize::recipe::fixes::ids() {
            let path = temp.path().join(format!("{release}-{fix}.toml"));
            let path = path.to_str().unwrap();
            let ran =
                lionize(["recipe", "new", "mine", "--for", release, "--fix", fix, "-o", path]);
            if ran.code != exit::DONE {
                let said =
                    format!("error: the fix `{fix}` is not for {release}\n  because it is for ");
                assert!(ran.errors.starts_with(&said), "{ran:?}");
                continue;
            }
            assert_eq!(lionize(["recipe", "check", "-q", path]).code, exit::DONE, "{fix}");
        }
    }
    let path = temp.path().join("lab.toml");
    let path = path.to_str().unwrap();
    let ran = lionize(["recipe", "new", "lab", "--for", "10.7", "-o", path]);
    let next = "  edit it, `lionize recipe check` it, and `lionize plan` says what it makes\n";
    ran.is(exit::DONE, &format!("made {path}\n{next}"), "");
    let ran = lionize(["plan", path, "-q", "-i", &installer]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    lionize(["recipe", "new", "lab", "--for", "10.7", "-o", path]).is(
        exit::OUTPUT,
        "",
        &format!(
            "error: {path} exists already\n\
             hint: give another file with --output; nothing is ever replaced\n"
        ),
    );
    let ran = lionize(["recipe", "new", "lab", "--for", "9.2"]);
    assert_eq!(ran.code, exit::USAGE);
    assert!(ran.errors.starts_with(
        "error: no built-in recipe begins with an installer of 9.2\n  because known: 10.7, "
    ));
    lionize(["recipe", "new", "The Lab", "--for", "10.7"]).is(
        exit::USAGE,
        "",
        "error: `The Lab` cannot be a recipe's name\n\
         hint: use lower-case letters, digits and `-`, such as `lion-for-the-lab`\n",
    );
    let ran = lionize(["recipe", "new", "lab", "--for", "10.7", "--fix", "enable-shs"]);
    ran.is(
        exit::USAGE,
        "",
        "error: there is no fix `enable-shs`\nhint: did you mean `enable-ssh`?\n",
    );
}

#[test]
fn recipes_are_compared_by_what_they_mean() {
    let temp = tempfile::tempdir().unwrap();
    let one = write(temp.path(), "one.toml", PLAIN);
    let other = PLAIN
        .replace("[inputs.image]\n", "[media.volume]\nfree = \"1 MiB\"\n[inputs.image]\n")
        + "[[step]]\nmkdir = \"/new\"\n";
    let other = write(temp.path(), "other.toml", &other.replace("\"Plain\"", "\"Other\""));
    lionize(["recipe", "diff", &one, &other]).is(
        exit::DONE,
        "recipe\n  - title: \"Plain\"\n  + title: \"Other\"\n\
         media\n  - volume.free: 67108864\n  + volume.free: 1048576\n\
         steps\n  + mkdir={path=/new}\n",
        "",
    );
    let said = format!("{one} and {one} say the same\n");
    lionize(["recipe", "diff", &one, &one]).is(exit::DONE, &said, "");
    // Another order of keys, comments and short forms mean nothing.
    let same = PLAIN.replace("restore = \"image\"", "restore = { from = \"image\" } # the same");
    let same = write(temp.path(), "same.toml", &same);
    let object = lionize(["--json", "recipe", "diff", &one, &same]).objects().pop().unwrap();
    assert_eq!(object["same"], true);
    let object =
        lionize(["--json", "recipe", "diff", "lion", "lion-server"]).objects().pop().unwrap();
    let parts: Vec<_> = object["changes"].as_array().unwrap().iter().map(|c| &c["part"]).collect();
    assert!(parts.contains(&&"inputs".into()) && parts.contains(&&"steps".into()), "{object}");
}

#[test]
fn the_nearest_place_wins_and_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    let mine = PLAIN.replace("\"plain\"", "\"lion\"").replace("Plain", "Mine");
    write(folder, "recipes/lion.toml", &mine);
    write(folder, "settings/lionize/recipes/lion.toml", &mine.replace("Mine", "My own"));
    write(folder, "settings/lionize/recipes/plain.toml", PLAIN);
    let own = folder.join("settings/lionize/recipes/lion.toml");
    let ran = process(folder, &["recipe", "list"], "");
    let (code, out, errors) = texts(&ran);
    assert_eq!((code, errors), (Some(0), ""));
    for line in [
        "  Mine (recipes/lion.toml)\n".to_owned(),
        format!("  stands before {}\n", own.display()),
        "  stands before the built-in `lion`\n".to_owned(),
        format!("  Plain ({})\n", own.with_file_name("plain.toml").display()),
    ] {
        assert!(out.contains(&line), "{line}{out}");
    }
    let image = format!("image={}", sample().display());
    let ran = process(folder, &["plan", "lion", "-q", "-i", &image], "");
    let (code, out, errors) = texts(&ran);
    assert_eq!(code, Some(0), "{errors}");
    assert!(out.contains("\nlion: Mine\n"), "{out}");
    let warned = format!(
        "warning: the recipe `lion` is recipes/lion.toml; it stands before {} and the built-in `lion`\n",
        own.display()
    );
    assert_eq!(errors, warned);
    let ran = process(folder, &["recipe", "show", "plian"], "");
    let wanted = "error: there is no recipe `plian`\nhint: did you mean `plain`?\n";
    assert_eq!(texts(&ran), (Some(2), "", wanted));
}

#[test]
fn a_recipe_may_come_on_standard_input_or_from_an_address_with_its_digest() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    let ran = process(folder, &["recipe", "check", "-"], PLAIN);
    assert_eq!(texts(&ran), (Some(0), "- is right: Plain\n", ""));
    let ran = process(folder, &["recipe", "check", "-"], "schema = 2\n");
    let wanted = "because <standard input>:1:10: `schema` is 2; this program knows 1\n    \
                  1 | schema = 2\n      |          ^\n";
    assert!(texts(&ran).2.contains(wanted), "{ran:?}");

    let server = Server::of(Site::new().with("/plain.toml", PLAIN)).unwrap();
    let url = server.url("/plain.toml");
    let digest: String = Sha256::digest(PLAIN).iter().map(|byte| format!("{byte:02x}")).collect();
    let named = format!("{url}#sha256={digest}");
    let ran = process(folder, &["recipe", "check", &named], "");
    assert_eq!(texts(&ran), (Some(0), format!("{named} is right: Plain\n").as_str(), ""));
    let ran = process(folder, &["recipe", "check", &url], "");
    let wanted = format!(
        "error: the recipe {url} comes without its digest\n  \
         because whoever answers at that address would decide what is written\n\
         hint: write it as {url}#sha256=HEX; `sha256sum FILE` tells it of a copy\n"
    );
    assert_eq!(texts(&ran), (Some(2), "", wanted.as_str()));
    let ran = process(folder, &["recipe", "check", &format!("{url}#sha256=12")], "");
    assert_eq!(ran.status.code(), Some(2));
    let ran =
        process(folder, &["recipe", "check", &format!("{url}#sha256={}", "0".repeat(64))], "");
    assert_eq!(ran.status.code(), Some(4), "{ran:?}");
    let store = folder.join("kept").to_str().unwrap().to_owned();
    let of_store = |args: &[&str], more: &[&str]| {
        let args = [&["recipe"], args, &["--store", &store], more].concat();
        process(folder, &args, "")
    };
    // Another store has it only when it was fetched into that.
    let ran = of_store(&["show", &named], &["--offline"]);
    assert_eq!(ran.status.code(), Some(4), "{ran:?}");
    assert_eq!(of_store(&["show", &named], &[]).stdout, PLAIN.as_bytes());
    drop(server);
    // Both stores have it now.
    assert_eq!(process(folder, &["recipe", "check", &named], "").status.code(), Some(0));
    for args in [&["show", &named][..], &["check", &named], &["diff", &named, "lion"]] {
        let ran = of_store(args, &["--offline"]);
        assert_eq!(ran.status.code(), Some(0), "{args:?}: {ran:?}");
    }
}

#[test]
fn standard_input_is_read_once_however_often_it_is_asked_for() {
    let temp = tempfile::tempdir().unwrap();
    let input = format!("image={}", sample().display());
    let args = ["plan", "-", "-q", "-i", &input, "--fix", "hardware-notes"];
    let ran = process(temp.path(), &args, PLAIN);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let ran = process(temp.path(), &["recipe", "diff", "-", "-"], PLAIN);
    assert_eq!(texts(&ran), (Some(0), "- and - say the same\n", ""));
}

#[test]
fn a_recipe_from_an_address_reads_no_file_of_this_computer() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    write(folder, "secret.toml", PLAIN);
    let far = "schema = 1\nname = \"far\"\nextends = \"./secret.toml\"\n";
    let server = Server::of(Site::new().with("/far.toml", far)).unwrap();
    let digest: String = Sha256::digest(far).iter().map(|byte| format!("{byte:02x}")).collect();
    let named = format!("{}#sha256={digest}", server.url("/far.toml"));
    let ran = process(folder, &["recipe", "check", &named], "");
    let (code, _, errors) = texts(&ran);
    assert_eq!(code, Some(3), "{errors}");
    assert!(
        errors
            .contains("`./secret.toml` is not built in; a recipe of an address names nothing else"),
        "{errors}"
    );
}

#[test]
fn a_plan_tells_what_changes_in_the_volume() {
    let temp = tempfile::tempdir().unwrap();
    let recipe = PLAIN.to_owned()
        + "[[step]]\nwrite = { to = \"/Owner.txt\", text = \"me\" }\n\
           [[step]]\nmode = { path = \"/mach_kernel\", mode = \"0600\" }\n\
           [[step]]\nremove = \"/Packages\"\n";
    let path = write(temp.path(), "r.toml", &recipe);
    let image = format!("image={}", sample().display());
    let ran = lionize(["plan", &path, "-q", "-i", &image]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    let changes = ran.text().split("\nChanges\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(
        changes.starts_with(
            "  /\n    + Owner.txt  2 bytes, by step 2: write /Owner.txt (2 bytes)\n    - Packages/  "
        ),
        "{changes}"
    );
    assert!(changes.ends_with("\n    ~ mach_kernel  mode 0644 -> 0600"), "{changes}");
    let object = lionize(["--json", "plan", &path, "-i", &image]).objects().pop().unwrap();
    let all = object["plan"]["changes"].as_array().unwrap();
    assert!(all.len() > 3 && all.iter().all(|change| change["path"].is_string()), "{all:?}");
    // Nobody pays for it when building.
    let ran = lionize(["plan", "restore", "-q", "-i", &image]);
    assert!(ran.text().contains("\nChanges\n  the volume stays as it is\n"), "{ran:?}");
}

#[test]
fn the_schemas_are_printed() {
    for what in ["recipe", "fix"] {
        let ran = lionize([what, "schema"]);
        assert_eq!(ran.code, exit::DONE);
        assert_eq!(ran.text(), lionize(["schema", what]).text());
        let schema: serde_json::Value = serde_json::from_str(ran.text()).unwrap();
        assert_eq!(schema["$id"], format!("urn:lionize:{what}"));
    }
}
