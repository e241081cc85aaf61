//! Which word wins, and what is wrong with it.

use crate::cli::args::{Cli, Command};
use crate::cli::config::{Environment, Settings, catalogs, defaults};
use crate::cli::streams::Streams;
use crate::cli::{parse, run_in};
use crate::engine::Stop;
use clap::CommandFactory;
use std::path::PathBuf;

struct Ran {
    code: u8,
    out: String,
    errors: String,
}

fn run(environment: &Environment, args: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut streams =
        Streams { stdout: &mut stdout, stderr: &mut stderr, terminal: false, stop: Stop::new() };
    let args = std::iter::once("lionize").chain(args.iter().copied()).map(Into::into);
    let code = run_in(environment, args, &mut streams);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code, out: text(stdout), errors: text(stderr) }
}

/// A file of settings, and variables.
fn environment(text: &str, variables: &[(&str, &str)]) -> (tempfile::TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (folder, Environment { variables, config: Some(path), named: false })
}

const FILE: &str = "store = \"/from/file\"\noffline = true\nthreads = 3\n\
                    color = \"always\"\n[catalogs]\nlion = \"/srv/lion.sucatalog\"\n";

#[test]
fn everything_is_shown_with_where_it_comes_from() {
    let (folder, environment) = environment(
        FILE,
        &[
            ("LIONIZE_STORE", "/from/environment"),
            ("LIONIZE_STOER", "x"),
            ("LIONIZE_VERIFY", "full"),
        ],
    );
    let ran = run(&environment, &["config"]);
    let file = folder.path().join("config.toml");
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        format!(
            "store     /from/environment         LIONIZE_STORE\n\
             offline   true                      config.toml, line 2\n\
             mirror    (Apple's servers)         default\n\
             catalogs  lion=/srv/lion.sucatalog  config.toml, line 5\n\
             threads   3                         config.toml, line 3\n\
             verify    full                      LIONIZE_VERIFY\n\
             color     always                    config.toml, line 4\n\
             file: {}\n\
             not known: the variable LIONIZE_STOER; did you mean `LIONIZE_STORE`?\n",
            file.display()
        )
    );
    let ran = run(&environment, &["--json", "config"]);
    crate::cli::schema::judge::events().holds(&ran.out);
    let object: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(object["settings"][1]["value"], true);
    assert_eq!(object["settings"][3]["value"]["lion"], "/srv/lion.sucatalog");
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file() {
    let (folder, mut environment) = environment("offline = true\n", &[]);
    let store = folder.path().join("flag");
    let list = ["cache", "list", "--store", store.to_str().unwrap()];
    assert!(run(&environment, &list).out.ends_with(&format!("in {}\n", store.display())));

    let other = folder.path().join("variable");
    environment.variables = vec![("LIONIZE_STORE".into(), other.to_str().unwrap().into())];
    let ran = run(&environment, &["cache", "list"]);
    assert!(ran.out.ends_with(&format!("in {}\n", other.display())), "{}", ran.out);

    // With the file nothing is fetched, by variable or flag it may be.
    let list = ["catalog", "list", "--mirror", "http://127.0.0.1:1"];
    let fetches = |ran: &Ran| ran.errors.contains("127.0.0.1");
    assert!(!fetches(&run(&environment, &list)));
    assert!(fetches(&run(&environment, &[&list[..], &["--offline=false"]].concat())));
    environment.variables.push(("LIONIZE_OFFLINE".into(), "no".into()));
    assert!(fetches(&run(&environment, &list)));
    assert!(!fetches(&run(&environment, &[&list[..], &["--offline"]].concat())));
}

/// Every command that makes something by a recipe looks into the same catalogs.
#[test]
fn a_catalog_of_the_settings_is_that_of_every_recipe() {
    let (folder, environment) =
        environment("offline = true\n[catalogs]\nlion = \"/nowhere/lion.sucatalog\"\n", &[]);
    let recipe = folder.path().join("r.toml");
    let text = "schema = 1\nname = \"r\"\ntitle = \"R\"\n[inputs.app]\nkind = \"catalog\"\n\
                catalog = \"lion\"\nproduct = \"041-98155\"\npackage = \"MacOSXSrvrApp10.7.5.pkg\"\n\
                trust = \"signature\"\n[media]\nlayout = \"bare\"\n[[step]]\ncopy = { from = \"app\", to = \"/a.pkg\" }\n\
                [[test]]\nexists = \"/a.pkg\"\n";
    std::fs::write(&recipe, text).unwrap();
    let (recipe, out) = (recipe.to_str().unwrap(), folder.path().join("out"));
    let out = out.to_str().unwrap();
    for args in [
        &["plan", recipe][..],
        &["build", recipe, "-o", out],
        &["lock", recipe, "-o", out],
        &["test", recipe, "--fetch"],
        &["vm", "check", recipe],
        &["package", "build", recipe, "-o", out],
    ] {
        let ran = run(&environment, args);
        assert!(ran.code != 0 && ran.errors.contains("/nowhere/lion.sucatalog"), "{}", ran.errors);
    }
    // Samples bring a catalog of their own, unless one is asked for. Their
    // server is on this computer: nothing is fetched from anywhere else.
    let samples = ["test", recipe, "--judges", "none", "--offline=false"];
    let ran = run(&environment, &samples);
    assert_eq!(ran.code, 0, "{}", ran.errors);
    let ran = run(&environment, &["test", recipe, "--judges", "none", "--offline"]);
    assert_eq!(ran.code, 0, "{}", ran.errors);
    let given = [&samples[..], &["--catalog", "lion=/nowhere/lion.sucatalog"]].concat();
    let ran = run(&environment, &given);
    assert!(ran.code != 0 && ran.errors.contains("/nowhere/lion.sucatalog"), "{}", ran.errors);
}

#[test]
fn nothing_is_the_wizard_with_the_settings() {
    let (_folder, environment) = environment(FILE, &[]);
    let settings = Settings::read(&environment).unwrap();
    let mut command = defaults(Cli::command(), &settings);
    for args in [&["lionize"][..], &["lionize", "--plain"], &["lionize", "wizard"]] {
        let args: Vec<_> = args.iter().map(Into::into).collect();
        let mut cli = parse(&mut command, &args).unwrap();
        catalogs(&mut cli, &settings);
        let Some(Command::Wizard(wizard)) = cli.command else { panic!("{args:?}") };
        let expected =
            "--threads 3 --store /from/file --catalog lion=/srv/lion.sucatalog --offline";
        let passed = wizard.passed_on();
        let passed: Vec<_> = passed.iter().map(|arg| arg.to_str().unwrap()).collect();
        assert_eq!(passed.join(" "), expected, "{args:?}");
    }
}

#[test]
fn all_mistakes_in_the_file_are_named_at_once() {
    let text = "stroe = \"/x\"\nthreads = \"many\"\ncolor = \"allways\"\ndevice = \"/dev/sdb\"\n";
    let (folder, environment) = environment(text, &[]);
    let file = folder.path().join("config.toml");
    let file = file.display();
    let ran = run(&environment, &["recipe", "list"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert_eq!(
        ran.errors,
        format!(
            "error: the file of settings {file} has 4 mistakes\n  \
             because {file}:1:1: unknown setting `stroe`; did you mean `store`?\n    \
             1 | stroe = \"/x\"\n      | ^^^^^\n  \
             because {file}:2:11: `threads` must be a number\n    \
             2 | threads = \"many\"\n      |           ^^^^^^\n  \
             because {file}:3:9: `color` cannot be `allways`; it is one of auto, always, never; \
             did you mean `always`?\n    \
             3 | color = \"allways\"\n      |         ^^^^^^^^^\n  \
             because {file}:4:1: `device` is no setting: a disk is named on the command line\n    \
             4 | device = \"/dev/sdb\"\n      | ^^^^^^\n\
             hint: docs/commands.md has all settings; LIONIZE_CONFIG names another file\n"
        )
    );
    // Help does not depend on it.
    assert_eq!(run(&environment, &["--help"]).code, 0);
    assert_eq!(run(&environment, &["biuld"]).code, 2);
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value, said) in [
        (
            "LIONIZE_THREADS",
            "x",
            "LIONIZE_THREADS is `x`, not a number\nhint: `lionize config` shows all settings",
        ),
        (
            "LIONIZE_OFFLINE",
            "x",
            "LIONIZE_OFFLINE is `x`, not true or false\nhint: `lionize config` shows all settings",
        ),
        (
            "LIONIZE_VERIFY",
            "ful",
            "LIONIZE_VERIFY is `ful`, not one of quick, full\nhint: did you mean `full`?",
        ),
        (
            "LIONIZE_CATALOGS",
            "lion",
            "LIONIZE_CATALOGS is `lion`, not NAME=PLACE, separated by blanks\nhint: `lionize config` shows all settings",
        ),
    ] {
        let (_folder, environment) = environment("", &[(name, value)]);
        let ran = run(&environment, &["recipe", "list"]);
        assert_eq!((ran.code, ran.errors), (2, format!("error: {said}\n")));
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let config = Some(PathBuf::from("/no/such/config.toml"));
    let quiet = Environment { config: config.clone(), ..Environment::default() };
    assert_eq!(run(&quiet, &["recipe", "list"]).code, 0);
    let named = Environment { config, named: true, ..Environment::default() };
    let ran = run(&named, &["recipe", "list"]);
    assert_eq!(
        (ran.code, ran.errors.as_str()),
        (
            3,
            "error: cannot read the settings /no/such/config.toml\n  \
             because No such file or directory (os error 2)\n\
             hint: LIONIZE_CONFIG names another file\n"
        )
    );
}

#[test]
fn verify_is_for_files_only() {
    use crate::cli::args::{Cli, Command};
    use clap::{CommandFactory, FromArgMatches};
    let (_folder, environment) = environment("verify = \"full\"\n", &[]);
    let settings = Settings::read(&environment).unwrap();
    let parse = |args: &str| {
        let command = crate::cli::config::defaults(Cli::command(), &settings);
        let matches = command.try_get_matches_from(args.split(' ')).unwrap();
        let Some(Command::Build(build)) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("no build")
        };
        build.goal.verify
    };
    let full = Some(crate::cli::args::HowMuch::Full);
    assert_eq!(parse("lionize build lion -o a.img"), full);
    assert_eq!(parse("lionize build lion --device /dev/sdb"), None);
    let quick = Some(crate::cli::args::HowMuch::Quick);
    assert_eq!(parse("lionize build lion -o a.img --verify quick"), quick);
}
