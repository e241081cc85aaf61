//! What commands refuse, word for word, to people and to programs.

use crate::support::{lionize, sample};
use lionize::cli::exit;
use std::path::Path;

/// Runs a command twice: what it says to people must be so, and what it says to
/// programs the same in an object.
#[track_caller]
fn says(args: &[&str], code: u8, errors: &str) {
    lionize(args).is(code, "", errors);
    let ran = lionize(["--json"].iter().chain(args));
    let object = ran.objects().pop().unwrap();
    let mut lines = vec![format!("error: {}", object["error"].as_str().unwrap())];
    let causes = object["causes"].as_array().unwrap();
    lines.extend(causes.iter().map(|cause| format!("  because {}", cause.as_str().unwrap())));
    lines.extend(object["hint"].as_str().map(|hint| format!("hint: {hint}")));
    let told = lines.join("\n") + "\n";
    let found = (object["exit"].as_u64(), told.as_str());
    assert_eq!(found, (Some(code.into()), errors), "{args:?}");
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn addresses_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("m").display().to_string();
    let board = "Mac-2E6FAB96566FE58C";
    let none = "because `x` is no address: it does not begin with http:// or https://\n";
    let mirror = format!(
        "error: the mirror's address cannot be used\n  {none}hint: give one like --mirror \
         http://server:8088\n"
    );
    says(&["catalog", "list", "--catalog", "lion", "--mirror", "x"], exit::USAGE, &mirror);
    says(&["-q", "plan", "server-app", "--mirror", "x"], exit::USAGE, &mirror);
    says(
        &["catalog", "mirror", "--to", &to, "--base", "x"],
        exit::USAGE,
        "error: the base's address cannot be used\n  because URL: scheme is \"x\": neither http:// \
         nor https://\nhint: give one like --base http://server:8088\n",
    );
    says(
        &["catalog", "list", "--catalog", "http://"],
        exit::USAGE,
        "error: the catalog's address cannot be used\n  because URL: host is \"http://\": not a \
         plain name or address\nhint: give one that begins with http:// or https://, or a \
         catalog's name or file\n",
    );
    says(
        &["fetch", "recovery", "--board-id", board, "--server", "x", "--to", &to],
        exit::USAGE,
        &format!(
            "error: the recovery server's address cannot be used\n  {none}hint: give one like \
             http://server/\n"
        ),
    );
}

#[test]
fn catalogs_that_are_not_known() {
    let list = |name: &str, hint: &str| {
        let errors = format!("error: no catalog is called `{name}`\nhint: {hint}\n");
        says(&["catalog", "list", "--catalog", name], exit::USAGE, &errors);
    };
    list("zzzzzzzz", "`lionize catalog names` lists those that are known");
    list("src", "for the file of this name, write ./src");
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    says(
        &["fix", "script", "create-admin-user", "--set", "password=ask", "--set", "name=a"],
        exit::USAGE,
        "error: cannot ask for `password`\n  because there is no terminal to ask on\nhint: where there \
         is no terminal, give env:NAME or a hash\n",
    );
}

#[test]
fn what_is_extracted_has_a_place_and_one_name() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display();
    let (one, two) = (write(dir.path(), "a/n.txt", "1"), write(dir.path(), "b/n.txt", "2"));
    let tar = format!("{folder}/out.tar");
    says(
        &["-q", "extract", &format!("{folder}/a"), "--to", &format!("{folder}/x")],
        exit::USAGE,
        &format!(
            "error: {folder}/a is a folder of this computer\nhint: name an image, or a path in one\n"
        ),
    );
    says(
        &["-q", "extract", &one, &two, "--tar", &tar],
        exit::USAGE,
        "error: two of what is to be extracted are named `n.txt`\nhint: extract them one by one, \
         or the folder that both are in\n",
    );
    says(
        &["-q", "extract", &one, "--tar", &two],
        exit::OUTPUT,
        &format!(
            "error: {two} exists already\nhint: give another file with --tar; nothing is ever \
             replaced\n"
        ),
    );
    lionize(["cat", &one, "--json"]).is(
        exit::USAGE,
        "{\"causes\":[],\"error\":\"a file goes to standard output, where `--json` has objects \
         only\",\"exit\":2,\"hint\":\"leave `--json` out, or use `lionize extract --to DIR`\",\
         \"kind\":\"usage\",\"result\":\"failed\"}\n",
        "error: a file goes to standard output, where `--json` has objects only\nhint: leave \
         `--json` out, or use `lionize extract --to DIR`\n",
    );
}

#[test]
fn packages_are_made_of_what_can_be_packaged() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "x", "1");
    let out = dir.path().join("p.pkg").display().to_string();
    let build = |more: &[&str], code, errors: &str| {
        says(&[&["-q", "package", "build"], more].concat(), code, errors);
    };
    build(
        &["stable-ipv6", "-i", &format!("x={file}"), "-o", &out],
        exit::USAGE,
        "error: fixes have no input `x`\n  because only recipes have inputs\n",
    );
    build(
        &["lion", "--force", "-o", &out],
        exit::USAGE,
        "error: --force and --deliver are for fixes alone\nhint: say `force` and `deliver` in the \
         recipe's `fix` steps\n",
    );
    build(
        &["restore", "-o", &out],
        exit::USAGE,
        "error: the recipe `restore` makes a volume, and no package\n  because restore:25:1 \
         restores or blesses one\nhint: a package holds what other steps put into it, and fixes\n",
    );
    build(
        &["lion", "-i", &format!("installer={file}"), "-o", &file],
        exit::USAGE,
        &format!(
            "error: the output {file} is one of the inputs\nhint: give another name with --output\n"
        ),
    );
}

#[test]
fn the_output_of_a_build_is_none_of_its_inputs() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("in.dmg");
    std::fs::copy(sample(), &image).unwrap();
    let image = image.to_str().unwrap();
    says(
        &["-q", "build", "restore", "-i", &format!("image={image}"), "-o", image],
        exit::USAGE,
        &format!(
            "error: the output {image} is one of the inputs\nhint: give another name with --output\n"
        ),
    );
    let twice = format!("image={image}");
    says(
        &["-q", "plan", "restore", "-i", &twice, "-i", &twice],
        exit::USAGE,
        "error: the input `image` is given twice\nhint: give it once: an input is one file or \
         folder\n",
    );
}

#[test]
fn names_that_are_not_known_are_told_with_those_that_are() {
    let fixes: Vec<_> = lionize::recipe::fixes::ids().collect();
    says(
        &["fix", "show", "zzzzzzzz"],
        exit::USAGE,
        &format!(
            "error: there is no fix `zzzzzzzz`\n  because the built-in ones are {}\nhint: `lionize \
             fix list` tells of each; to name a file, write ./FILE.toml\n",
            fixes.join(", ")
        ),
    );
    says(
        &["recipe", "new", "mine", "--for", "10.7", "--fix", "stable-ipv6"],
        exit::USAGE,
        "error: the fix `stable-ipv6` is not for 10.7\n  because it is for 10.12, 10.13, 10.14, \
         10.15\nhint: `lionize fix list --for 10.7` names those that are\n",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_disk_is_not_erased() {
    let dir = tempfile::tempdir().unwrap();
    let none = dir.path().join("none").display().to_string();
    says(
        &["erase", &none],
        exit::USAGE,
        &format!("error: there is no disk {none}\nhint: `lionize devices` lists all disks\n"),
    );
}

#[test]
fn a_verified_image_has_a_readable_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("in.dmg");
    std::fs::copy(sample(), &image).unwrap();
    let manifest = write(dir.path(), "in.dmg.manifest.json", "none");
    says(
        &["-q", "verify", image.to_str().unwrap()],
        exit::BAD_INPUT,
        &format!(
            "error: cannot read the manifest {manifest}\n  because expected ident at line 1 column \
             2\nhint: rename it, to check the image alone\n"
        ),
    );
}

#[test]
fn params_are_given_by_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = write(
        dir.path(),
        "r.toml",
        "schema = 1\nname = \"r\"\ntitle = \"R\"\n[params.owner]\nabout = \"whose Mac it is\"\n\
         [media]\nlayout = \"bare\"\n[[step]]\nlabel = \"{params.owner}\"\n",
    );
    says(
        &["-q", "plan", &recipe],
        exit::USAGE,
        "error: the recipe needs the param `owner`\n  because whose Mac it is\nhint: give it with \
         --set owner=VALUE\n",
    );
    says(
        &["-q", "plan", &recipe, "--set", "onwer=me"],
        exit::USAGE,
        "error: the recipe has no param `onwer`\n  because its params are owner\nhint: did you mean \
         `owner`?\n",
    );
    says(
        &["recipe", "show", "https://example.com/r.toml#sha256=12"],
        exit::USAGE,
        "error: the digest of the recipe https://example.com/r.toml is no SHA-256\n  because it is \
         `12`, not 64 hex digits\n",
    );
}

#[test]
fn files_are_always_proven() {
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("o.img").display().to_string();
    says(
        &["-q", "build", "lion", "-o", &output, "--verify", "none"],
        exit::USAGE,
        "error: files are always proven: `--verify none` is for disks\n",
    );
}

#[cfg(unix)]
#[test]
fn values_are_unicode_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let said = |flag: &str, value: &[u8]| {
        let ran =
            lionize([OsStr::new("plan"), "lion".as_ref(), flag.as_ref(), OsStr::from_bytes(value)]);
        assert_eq!(ran.code, exit::USAGE);
        ran.errors
    };
    assert_eq!(said("--set", b"a=\xe4"), "error: the value of `--set a` is not Unicode text\n");
    assert_eq!(
        said("--catalog", b"lion=\xe4"),
        "error: the place of `--catalog lion` is not Unicode text\n"
    );
}
