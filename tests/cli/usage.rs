//! Wrong command lines: exit code 2, and what was perhaps meant.

use crate::support::lionize;
use lionize::cli::exit;

#[test]
fn commands_that_are_not_there_are_named() {
    lionize(["biuld"]).is(
        exit::USAGE,
        "",
        "error: unrecognized subcommand 'biuld'\n\n  \
         tip: a similar subcommand exists: 'build'\n\n\
         Usage: lionize [OPTIONS] [COMMAND]\n\n\
         For more information, try '--help'.\n",
    );
}

#[test]
fn options_that_are_not_there_are_named() {
    let ran = lionize(["ls", "--lnog", "x"]);
    assert_eq!(ran.code, exit::USAGE);
    assert!(ran.errors.contains("tip: a similar argument exists: '--long'"), "{}", ran.errors);
}

#[test]
fn inputs_have_names() {
    let ran = lionize(["plan", "lion", "--input", "/a.dmg"]);
    assert_eq!(ran.code, exit::USAGE);
    let first = ran.errors.lines().next().unwrap();
    assert_eq!(first, "error: `/a.dmg` for `--input <NAME=PATH>` has no name before a `=`");
    let hint = "hint: is a variable of the shell empty?\n";
    let error = format!("error: `--input installer=` has no path\n{hint}");
    lionize(["plan", "lion", "--input", "installer="]).is(exit::USAGE, "", &error);
}

#[test]
fn mistakes_are_objects_too() {
    let usage = "the command is lionize build ";
    let cases: [(&[&str], &str, &[&str], &str); 6] = [
        (
            &["biuld"],
            "unrecognized subcommand 'biuld'",
            &[],
            "a similar subcommand exists: 'build'",
        ),
        (
            &["ls", "--lnog", "x"],
            "unexpected argument '--lnog' found",
            &[],
            "a similar argument exists: '--long'",
        ),
        (
            &["build", "lion", "--output"],
            "a value is required for '--output <FILE>' but none was supplied",
            &[],
            "`--help` behind the command says what it takes",
        ),
        (
            &["build", "lion", "-o", "x", "--device", "y"],
            "the argument '--output <FILE>' cannot be used with '--device <PATH>'",
            &[],
            usage,
        ),
        (
            &["build"],
            "the following required arguments were not provided",
            &["<--output <FILE>|--device <PATH>>", "<RECIPE>"],
            usage,
        ),
        (
            &["build", "lion", "-o", "x", "--verify", "ful"],
            "invalid value 'ful' for '--verify <HOW>'",
            &["[possible values: none, quick, full]"],
            "a similar value exists: 'full'",
        ),
    ];
    for (args, sentence, causes, hint) in cases {
        let ran = lionize(["--json"].iter().chain(args));
        assert_eq!(ran.code, exit::USAGE);
        let object = &ran.objects()[0];
        assert_eq!((&object["kind"], &object["exit"]), (&"usage".into(), &2.into()));
        assert_eq!(object["error"], sentence);
        assert_eq!(object["causes"], serde_json::json!(causes), "{args:?}");
        let said = object["hint"].as_str().unwrap();
        assert!(said.starts_with(hint), "{args:?}: {said}");
    }
}

#[test]
fn recipes_that_are_not_there_are_named() {
    lionize(["recipe", "show", "loin"]).is(
        exit::USAGE,
        "",
        "error: there is no recipe `loin`\nhint: did you mean `lion`?\n",
    );
    lionize(["recipe", "show", "leopard"]).is(
        exit::USAGE,
        "",
        "error: there is no recipe `leopard`\n  because the recipes are restore, lion, mountain-lion, \
         mavericks, yosemite, el-capitan, sierra, lion-unattended, mavericks-unattended, \
         lion-server, mountain-lion-server, server-app, remote-desktop, server-admin-tools, p2000-firmware, \
         golden-image\nhint: `lionize recipe list` tells of each; to name a file, write ./FILE.toml\n",
    );
}

#[test]
fn every_mistake_in_a_recipe_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("wrong.toml");
    std::fs::write(&path, "schema = 1\nname = \"wrong\"\ntitel = \"x\"\n[media]\nsector = 7\n")
        .unwrap();
    let path = path.to_str().unwrap();
    let ran = lionize(["recipe", "check", path]);
    assert_eq!((ran.code, ran.text()), (exit::BAD_INPUT, ""));
    assert_eq!(
        ran.errors,
        format!(
            "error: the recipe {path} has 3 mistakes\n  \
             because {path}:1:1: the recipe lacks `title`\n    \
             1 | schema = 1\n      | ^^^^^^\n  \
             because {path}:3:1: unknown key of the recipe `titel`; did you mean `title`?\n    \
             3 | titel = \"x\"\n      | ^^^^^\n  \
             because {path}:5:10: `sector` is 7; it must be 512 or 4096\n    \
             5 | sector = 7\n      |          ^\n"
        )
    );
}

#[test]
fn built_in_recipes_are_listed_and_shown() {
    lionize(["recipe", "list"]).is(
        exit::DONE,
        "restore               Any HFS+ image, restored to media of its own\n\
         lion                  OS X 10.7 or 10.8 installer\n\
         mountain-lion         OS X 10.8 installer\n\
         mavericks             OS X 10.9 installer\n\
         yosemite              OS X 10.10 installer\n\
         el-capitan            OS X 10.11 installer\n\
         sierra                macOS 10.12 installer\n\
         lion-unattended       OS X 10.7 or 10.8 installer that asks nothing, and erases a blank disk\n\
         mavericks-unattended  OS X 10.9 installer that asks nothing, and erases a blank disk\n\
         lion-server           OS X Lion Server installer\n\
         mountain-lion-server  OS X Mountain Lion installer, with Server.app\n\
         server-app            Server.app of Lion Server, taken out of its updater\n\
         remote-desktop        Remote Desktop (admin), taken out of its updater\n\
         server-admin-tools    Server admin tools of Lion, taken out of their package\n\
         p2000-firmware        OS X Lion Server installer, with HP P2000 G3 firmware\n\
         golden-image          An installed system's image, with fixes\n",
        "",
    );
    let ran = lionize(["recipe", "show", "lion"]);
    assert!(ran.text().contains("[inputs.installer]"));
    let ran = lionize(["--json", "recipe", "show", "lion"]);
    assert_eq!(ran.objects()[0]["recipe"]["inputs"][0]["name"], "installer");
    lionize(["recipe", "check", "lion", "restore", "--quiet"]).is(exit::DONE, "", "");
}

#[test]
fn versions_and_help_are_results() {
    let version = concat!("lionize ", env!("CARGO_PKG_VERSION"), "\n");
    lionize(["--version"]).is(exit::DONE, version, "");
    assert_eq!(lionize(["--help"]).code, exit::DONE);
}

#[test]
fn without_a_terminal_the_wizard_names_the_flags() {
    let hint = "hint: say it all at once: lionize build RECIPE --input NAME=PATH --output FILE (or \
                --device PATH --device-serial S --yes); `lionize recipe list` names the recipes, \
                `lionize recipe show RECIPE` its inputs, `lionize --help` all commands\n";
    for args in [vec![], vec!["wizard", "--recipe", "lion"], vec!["--plain"]] {
        let text =
            "error: the wizard has nobody to ask\n  because standard error is not a terminal\n";
        lionize(args).is(exit::USAGE, "", &format!("{text}{hint}"));
    }
    let ran = lionize(["--json"]);
    assert_eq!((ran.code, ran.objects()[0]["result"].as_str()), (exit::USAGE, Some("failed")));
}
