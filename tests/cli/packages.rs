//! `lionize package build`: what it makes and says, and its exit codes.

use crate::support::lionize;
use lionize::format::distribution::Distribution;
use lionize::source::Opener;
use std::fs;
use std::path::Path;

fn inside(package: &Path, path: &str) -> Vec<u8> {
    let source = Opener::new().resolve(&package.join(path)).unwrap().contents().unwrap();
    let len = usize::try_from(source.len()).unwrap();
    lionize::block::read_vec(source.as_ref(), 0, len).unwrap()
}

#[test]
fn fixes_become_a_product_archive_of_a_component_each() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one.pkg"), dir.path().join("two.pkg"));
    let build = |output: &Path| {
        let output = output.to_str().unwrap();
        lionize(["--json", "package", "build", "enable-ssh", "printer-sharing", "-o", output])
    };
    let ran = build(&one);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(ran.text()).unwrap();
    assert_eq!(json["result"], "packaged");
    assert_eq!(
        json["components"],
        serde_json::json!(["lionize.enable-ssh", "lionize.printer-sharing"])
    );
    assert_eq!(json["bytes"], fs::metadata(&one).unwrap().len());
    build(&two);
    assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap(), "the same input, the same bytes");
    let text = Distribution::parse(&inside(&one, "Distribution")).unwrap();
    assert_eq!((text.choices.len(), text.allowed.len()), (2, 0));
    let script = inside(&one, "lionize.enable-ssh.pkg/Scripts/postinstall");
    assert!(script.starts_with(b"#!/bin/sh\n# Made by lionize "));
    let told = lionize(["inspect", one.to_str().unwrap()]);
    assert!(told.text().contains("lionize.printer-sharing"), "{}", told.text());
}

#[test]
fn a_package_for_the_first_start_holds_the_job_and_the_script() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("push.pkg");
    let ran = lionize([
        "package",
        "build",
        "push-mail",
        "--deliver",
        "first-boot",
        "--component",
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.errors);
    assert!(ran.text().contains("components:\n  lionize.push-mail\n"), "{}", ran.text());
    let job = inside(&out, "Payload/Library/LaunchDaemons/lionize.push-mail.plist");
    let job = plist::Value::from_reader_xml(job.as_slice()).unwrap();
    let job = job.as_dictionary().unwrap();
    assert_eq!(job["Label"].as_string(), Some("lionize.push-mail"));
    let program = job["ProgramArguments"].as_array().unwrap()[1].as_string().unwrap();
    assert_eq!(program, "/Library/Application Support/Lionize/push-mail/first-boot.sh");
    inside(&out, &format!("Payload{program}"));
}

/// What a recipe's steps make is the payload; its fixes are components beside it.
#[test]
fn a_recipe_becomes_a_payload_and_its_fixes() {
    let dir = tempfile::tempdir().unwrap();
    let recipe = dir.path().join("own.toml");
    let out = dir.path().join("own.pkg");
    let text = "schema = 1\nname = \"own\"\ntitle = \"Our own\"\n[params.who]\ndefault = \"us\"\n\
                [[step]]\nwrite = { to = \"/private/etc/motd\", text = \"for {params.who}\\n\", \
                mode = \"0640\", group = 80 }\n[[step]]\nfix = \"enable-ssh\"\n";
    fs::write(&recipe, text).unwrap();
    let args = |recipe: &Path| {
        let (recipe, out) = (recipe.to_str().unwrap(), out.to_str().unwrap());
        ["package", "build", recipe, "-s", "who=them", "-o", out].map(str::to_owned)
    };
    let ran = lionize(args(&recipe));
    assert_eq!(ran.code, 0, "{}", ran.errors);
    assert!(
        ran.text().contains("components:\n  lionize.own\n  lionize.enable-ssh\n"),
        "{}",
        ran.text()
    );
    assert_eq!(inside(&out, "lionize.own.pkg/Payload/private/etc/motd"), b"for them\n");
    // What it writes may look like a key of a fix.
    fs::write(&recipe, text.replace("for {params.who}\\n", "\"\"\nid = {params.who}\n\"\""))
        .unwrap();
    let ran = lionize(args(&recipe));
    assert_eq!(ran.code, 0, "{}", ran.errors);
    assert_eq!(inside(&out, "lionize.own.pkg/Payload/private/etc/motd"), b"id = them\n");
    let restores = "schema = 1\nname = \"own\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n\
                    [params.who]\ndefault = \"us\"\n[[step]]\nrestore = \"image\"\n";
    fs::write(&recipe, restores).unwrap();
    let ran = lionize(args(&recipe));
    assert_eq!(ran.code, 2, "{}", ran.errors);
    assert!(
        ran.errors.starts_with("error: the recipe `own` makes a volume, and no package\n"),
        "{}",
        ran.errors
    );
}

#[cfg(unix)]
#[test]
fn a_package_with_a_hash_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("user.pkg");
    let password = format!("password=pbkdf2:40000:{}:{}", "01".repeat(32), "02".repeat(128));
    let fix = ["package", "build", "create-admin-user", "--set", "name=lion", "--set", &password];
    let ran = lionize([&fix[..], &["-o", out.to_str().unwrap()]].concat());
    assert_eq!(ran.code, 0, "{}", ran.errors);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn refusals_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.pkg");
    let out = out.to_str().unwrap();
    lionize(["package", "build", "push-mail", "-o", out]).is(
        3,
        "",
        "error: the fix `push-mail` cannot be delivered by `install`\n  \
         because it reaches a system by: first-boot, on-demand\n",
    );
    lionize(["package", "build", "enable-sh", "-o", out]).is(
        2,
        "",
        "error: there is no fix `enable-sh`\nhint: did you mean `enable-ssh`?\n",
    );
    lionize(["package", "build", "enable-ssh", "printer-sharing", "--component", "-o", out]).is(
        2,
        "",
        "error: a component package holds one component, not 2\nhint: leave out --component\n",
    );
    lionize(["package", "build", "server-app", "enable-ssh", "-o", out]).is(
        2,
        "",
        "error: `server-app` is a recipe, and a package is made of one recipe alone\n\
         hint: name fixes in the recipe's own steps\n",
    );
    let ran = lionize(["package", "build", "enable-ssh", "-o", "/nowhere/at/all.pkg"]);
    assert_eq!(ran.code, 5, "{}", ran.errors);
    assert!(!Path::new(out).exists());
}
