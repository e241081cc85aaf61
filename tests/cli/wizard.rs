//! The wizard, driven on a terminal: every question, back and Ctrl-C at each,
//! and the result beside that of the command which it prints.

use crate::screen::Pty;
use crate::support::{lionize, sample};
use lionize::cli::exit;
use std::fs;
use std::path::Path;

const CTRL_C: &str = "\u{3}";
const ESC: &str = "\u{1b}";

const MAKE: &str = "What do you want to make?";
const WHERE: &str = "Where is \"Install Mac OS X Lion.app\", or its InstallESD.dmg?";
const MAC: &str = "Which Mac is it for?";
const FIXES: &str = "Which fixes, for 10.7.5?";
const OUTPUT: &str = "Where does it go?";
const NAME: &str = "The image file's name (.dmg makes a compressed one)?";
const BEGIN: &str = "Shall it begin?";
const QUESTIONS: [&str; 7] = [MAKE, WHERE, MAC, FIXES, OUTPUT, NAME, BEGIN];

/// A home with an installer in its Downloads.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("Downloads")).unwrap();
    fs::copy(sample(), home.path().join("Downloads/InstallESD.dmg")).unwrap();
    home
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The command that the summary shows, as a shell reads it.
fn command(printed: &str) -> String {
    let after = printed.rsplit("The same without the wizard:").next().unwrap();
    let text: String = after.split("Shall it begin?").next().unwrap().replace('\r', "");
    let start = text.find("lionize build").unwrap();
    let text = text[start..].split("\n\n").next().unwrap();
    let end = text.find('\u{1b}').unwrap_or(text.len());
    text[..end].trim().to_owned()
}

/// What the guide shows of this screen is on it, but for the file's name.
fn documented(pty: &Pty) {
    let guide = include_str!("../../docs/wizard.md");
    let screen = pty.text();
    let shown = guide.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for line in shown.flat_map(str::lines).filter(|line| !line.contains("stick.img")) {
        assert!(screen.lines().any(|seen| seen.trim_end() == line), "{line}:\n{screen}");
    }
}

/// Runs a printed command through a shell.
fn shell(folder: &Path, command: &str) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_lionize");
    let script = format!("lionize() {{ '{program}' \"$@\"; }}\n{command}");
    std::process::Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap()
}

#[test]
fn what_it_makes_is_what_its_command_makes() {
    let home = home();
    let mut pty = Pty::run(home.path(), &[]);
    pty.asks(MAKE).picks("OS X 10.7 or 10.8");
    pty.asks(WHERE).picks("Mac OS X Lion 10.7.5 (11G63) in ~/Downloads");
    pty.sees("UDIF checksums pass");
    pty.sees("not known: its digest is not");
    pty.asks(MAC).picks("Type its model identifier");
    pty.asks("Its model identifier or board id?").types("MacBook1,1\r");
    pty.sees("MacBook1,1: the media do not start this model");
    pty.asks(MAC).picks("Type its model identifier");
    pty.asks("Its model identifier or board id?").types("ShapeSample1,1\r");
    pty.sees("ShapeSample1,1: the media start this model");
    pty.asks(FIXES).types("\r");
    pty.asks(OUTPUT).picks("An image file");
    pty.asks(NAME).types("stick's.img\r");
    pty.asks(BEGIN);
    documented(&pty);
    pty.picks("Save this as a recipe file");
    pty.asks("The file?").types("\r").sees("Saved my-lion.toml.");
    pty.asks(BEGIN).results().picks("Begin");
    assert_eq!(pty.ends(), 0, "{}", pty.text());
    let made = home.path().join("stick's.img");
    let first = fs::read(&made).unwrap();
    let manifest = fs::read(home.path().join("stick's.img.manifest.json")).unwrap();
    fs::remove_file(&made).unwrap();
    let command = command(&pty.printed);
    assert!(command.contains("ShapeSample1,1"), "{command}");
    let ran = shell(home.path(), &command);
    assert!(ran.status.success(), "{command}\n{ran:?}");
    assert!(fs::read(&made).unwrap() == first, "{command}");
    let again = fs::read(home.path().join("stick's.img.manifest.json")).unwrap();
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&manifest));
    let recipe = home.path().join("my-lion.toml");
    let ran = lionize(["recipe", "check", "-q", recipe.to_str().unwrap()]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""));
}

/// Goes forward from one question to another, by their numbers.
fn forward(pty: &mut Pty, from: usize, to: usize) {
    let items = ["OS X 10.7 or 10.8", "Mac OS X Lion", "Any Mac", "", "An image file"];
    for (question, item) in
        QUESTIONS[from..to].iter().zip(items.iter().chain(&["o.img"]).skip(from))
    {
        pty.asks(question);
        match *item {
            "" => pty.types("\r"),
            "o.img" => pty.types("o.img\r"),
            item => pty.picks(item),
        };
    }
    pty.asks(QUESTIONS[to]);
}

#[test]
fn ctrl_c_at_any_question_leaves_everything_as_it_was() {
    let home = home();
    for question in 0..QUESTIONS.len() {
        let mut pty = Pty::run(home.path(), &[]);
        forward(&mut pty, 0, question);
        pty.types(CTRL_C);
        assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{question}: {}", pty.text());
        assert_eq!(names(home.path()), ["Downloads"]);
    }
}

#[test]
fn every_question_leads_back_to_the_one_before() {
    let home = home();
    let mut pty = Pty::run(home.path(), &[]);
    forward(&mut pty, 0, 6);
    for question in [OUTPUT, FIXES, MAC, WHERE, MAKE] {
        pty.types(ESC).asks(question);
    }
    // The file's name and the Mac's are parts of other questions.
    forward(&mut pty, 0, 5);
    pty.types(ESC)
        .asks(OUTPUT)
        .types(ESC)
        .asks(FIXES)
        .types(ESC)
        .asks(MAC)
        .picks("Type its model identifier");
    pty.asks("Its model identifier or board id?").types(ESC).asks(MAC).types(ESC).asks(WHERE);
    pty.types(ESC).asks(MAKE);
    pty.types(ESC).sees("This is the first question.");
    // And forward again, to the same end.
    forward(&mut pty, 0, 6);
    pty.types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED));
}

#[test]
fn what_is_given_is_not_asked() {
    let home = home();
    let args = [
        "wizard",
        "--recipe",
        "lion",
        "--input",
        "installer=Downloads/InstallESD.dmg",
        "--for",
        "ShapeSample1,1",
        "--output",
        "o.img",
        "--yes",
    ];
    let mut pty = Pty::run(home.path(), &args);
    assert_eq!(pty.results().ends(), 0, "{}", pty.text());
    assert!(!pty.printed.contains('?'), "{}", pty.printed);
    assert_eq!(names(home.path()), ["Downloads", "o.img", "o.img.manifest.json"]);
    // A disk is never chosen by --yes.
    let mut pty = Pty::run(home.path(), &[&args[..7], &["--yes"]].concat());
    pty.asks(OUTPUT).types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED));
}

/// A recipe with params, one of them with choices.
const LAB: &str = r#"
schema = 1
name = "lab"
title = "Lion for the lab"
extends = "lion"

[params.owner]
about = "whose it is"
default = "the lab's"

[params.room]
about = "where it stands"
choices = ["north", "south"]
default = "north"

[[step]]
write = { to = "/Owner.txt", text = "{params.owner}, {params.room}" }
"#;

/// Params are asked for, and fixes say how they reach the system; the command
/// has them, and so has what it makes.
#[test]
fn params_are_set_and_fixes_are_delivered() {
    let home = home();
    fs::write(home.path().join("lab.toml"), LAB).unwrap();
    let mut pty = Pty::run(home.path(), &[]);
    pty.asks(MAKE).picks("A recipe file of your own");
    pty.asks("Where is the recipe file?").types("lab.toml\r");
    pty.asks(WHERE).picks("Mac OS X Lion").asks(MAC).picks("Any Mac");
    pty.asks("owner: whose it is").types(ESC).asks(MAC).picks("Any Mac");
    pty.asks("owner: whose it is").types("somebody else's\r");
    pty.asks("room: where it stands").picks("south");
    pty.asks(FIXES).marks("enable-ssh");
    pty.sees("A package on the media: the installer installs it.").types("\r");
    pty.asks(OUTPUT).picks("An image file").asks(NAME).types("o.img\r");
    pty.asks(BEGIN);
    let command = command(&pty.printed);
    for part in ["'owner=somebody else'\\''s'", "room=south", "--fix enable-ssh"] {
        assert!(command.contains(part), "{command}");
    }
    pty.results().picks("Begin");
    assert_eq!(pty.ends(), 0, "{}", pty.text());
    let image = home.path().join("o.img").to_str().unwrap().to_owned();
    let ran = lionize(["cat", &format!("{image}/Owner.txt")]);
    assert_eq!(ran.text(), "somebody else's, south");
    let ran = lionize(["ls", &format!("{image}/Packages")]);
    assert!(String::from_utf8_lossy(&ran.out).contains("lionize-enable-ssh.pkg\n"), "{ran:?}");
}

const USER: &str = "name: the user's short name (for create-admin-user)";
const PASSWORD: &str = "password: the user's password (for create-admin-user, not shown)";
const AGAIN: &str = "password, once more (not shown)";
const CLEAR: &str = " hunter two";

/// Where the output is asked for, with a fix that asks for a name and a password.
fn with_a_user(home: &Path, args: &[&str]) -> Pty {
    let lion = ["wizard", "--recipe", "lion", "-i", "installer=Downloads/InstallESD.dmg"];
    Pty::run(home, &[&lion[..], &["--for", "ShapeSample1,1"], args].concat())
}

/// What a fix cannot do without is asked for, a password twice and unseen; the
/// command and the recipe file have its hash, and make the same each time.
#[test]
fn what_a_fix_needs_is_asked_for() {
    let home = home();
    let mut pty = with_a_user(home.path(), &[]);
    pty.asks(FIXES).marks("create-admin-user").sees("It will ask for: name,");
    pty.types("\r").asks(USER).types("\r");
    pty.sees("error: the fix `create-admin-user` needs the param `name`").asks(USER);
    pty.types("ada\r").asks(PASSWORD).types("\r").sees("error: an empty password is none");
    pty.asks(PASSWORD).types(&format!("{CLEAR}\r")).asks(AGAIN).types("hunter two\r");
    pty.sees("These were not the same.").asks(PASSWORD).types(&format!("{CLEAR}\r"));
    pty.asks(AGAIN).types(&format!("{CLEAR}\r"));
    pty.asks(OUTPUT).picks("An image file").asks(NAME).types("o.img\r").asks(BEGIN);
    pty.picks("Save this as a recipe file").asks("The file?").types("\r");
    pty.sees("Saved my-lion.toml.").asks(BEGIN).results().picks("Begin");
    assert_eq!(pty.ends(), 0, "{}", pty.text());
    assert!(!pty.printed.contains("hunter"), "{}", pty.printed);
    let read = |name: &str| fs::read(home.path().join(name)).unwrap();
    let made = read("o.img");
    let command = command(&pty.printed);
    // 10.7 takes this kind of hash, and nothing else is said.
    assert!(command.contains("password=sha512:") && !command.contains("pbkdf2"), "{command}");
    fs::remove_file(home.path().join("o.img")).unwrap();
    let ran = shell(home.path(), &command);
    assert!(ran.status.success(), "{command}\n{ran:?}");
    assert!(read("o.img") == made, "{command}");
    let saved = String::from_utf8(read("my-lion.toml")).unwrap();
    assert!(!saved.contains("hunter"), "{saved}");
    #[cfg(unix)]
    {
        let file = fs::metadata(home.path().join("my-lion.toml")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777, 0o600);
    }
    // The file says how it is made again: the same each time, the same package.
    let lines = saved.lines().skip(2).take_while(|line| !line.is_empty());
    let again: String = lines.map(|line| format!("{}\n", line.trim_start_matches('#'))).collect();
    let package = |image: &str| {
        let ran = lionize(["cat", &format!("{image}/Packages/lionize-create-admin-user.pkg")]);
        assert_eq!(ran.code, exit::DONE, "{ran:?}");
        ran.out
    };
    let image = home.path().join("o.img").to_str().unwrap().to_owned();
    let first = package(&image);
    let mut builds = Vec::new();
    for _ in 0..2 {
        let ran = shell(home.path(), &again);
        assert!(ran.status.success(), "{again}\n{ran:?}");
        assert!(package(&image) == first);
        builds.push(read("o.img"));
    }
    assert!(builds[0] == builds[1]);
}

#[test]
fn what_a_fix_asks_leads_back_and_ends_as_all_does() {
    let home = home();
    let to_again = |pty: &mut Pty| {
        pty.asks(FIXES).marks("create-admin-user").types("\r").asks(USER).types("ada\r");
        pty.asks(PASSWORD).types("a\r").asks(AGAIN);
    };
    let mut pty = with_a_user(home.path(), &[]);
    to_again(&mut pty);
    pty.types(ESC).asks(PASSWORD).types(ESC).asks(USER).types(ESC).asks(FIXES);
    // What was taken back is not there any more.
    pty.types("\r").asks(OUTPUT).types(ESC).asks(FIXES);
    to_again(&mut pty);
    pty.types("a\r").asks(OUTPUT).types(ESC).asks(PASSWORD).types(ESC).asks(USER);
    pty.types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    for at in [PASSWORD, AGAIN] {
        let mut pty = with_a_user(home.path(), &["--fix", "create-admin-user"]);
        pty.asks(USER).types("ada\r").asks(PASSWORD);
        if at == AGAIN {
            pty.types("a\r").asks(AGAIN);
        }
        pty.types(CTRL_C);
        assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    }
    assert_eq!(names(home.path()), ["Downloads"]);
}

#[test]
fn what_flags_say_of_a_fix_is_not_asked() {
    let home = home();
    let fix = ["--fix", "create-admin-user", "--set", "name=ada", "--output", "o.img"];
    let hash = format!("create-admin-user.password=sha512:{}", "00".repeat(68));
    let mut pty = with_a_user(home.path(), &[&fix[..], &["--set", &hash]].concat());
    pty.asks(BEGIN);
    assert!(!pty.printed.contains("(for create-admin-user"), "{}", pty.printed);
    pty.types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED));
    // What it cannot be is said, asked for, and never told.
    for wrong in ["password=hunter2", "password=env:LIONIZE_NO_SUCH_VARIABLE"] {
        let mut pty = with_a_user(home.path(), &[&fix[..], &["--set", wrong]].concat());
        pty.asks(PASSWORD).sees("error: ").types("a\r").asks(AGAIN).types("a\r").asks(BEGIN);
        assert!(!command(&pty.printed).contains(wrong), "{}", pty.printed);
        assert!(!pty.printed.contains("hunter2"), "{}", pty.printed);
        pty.types(CTRL_C);
        assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED));
    }
    let mut pty = with_a_user(home.path(), &[&fix[..], &["--set", "password=ask"]].concat());
    pty.asks(PASSWORD);
    assert!(!pty.text().contains("error: "), "{}", pty.text());
    pty.types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED));
    let mut pty = with_a_user(home.path(), &["--fix", "create-admin-usr"]);
    assert_eq!(pty.ends(), u32::from(exit::USAGE), "{}", pty.text());
    assert!(pty.text().contains("did you mean `create-admin-user`?"), "{}", pty.text());
}

/// What a fix says of its password holds for every command that takes its name.
#[test]
fn build_asks_for_a_password_as_fix_does() {
    let home = home();
    let args = ["build", "lion", "-i", "installer=Downloads/InstallESD.dmg", "-o", "o.img"];
    let fix = ["--fix", "create-admin-user", "-s", "name=ada", "-s", "password=ask"];
    let mut pty = Pty::run(home.path(), &[&args[..], &fix].concat());
    pty.sees("password (not shown)").hides().types("hunter\r").sees("password, again");
    pty.results().hides().types("hunter\r");
    assert_eq!(pty.ends(), 0, "{}", pty.text());
    assert!(!pty.printed.contains("hunter"), "{}", pty.printed);
    let mut pty = Pty::run(home.path(), &[&args[..], &fix].concat());
    pty.sees("password (not shown):").hides().types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    assert!(pty.echoes(), "the terminal is as it was");
    let ran =
        shell(home.path(), &format!("lionize {} </dev/null", [&args[..], &fix].concat().join(" ")));
    assert_eq!(ran.status.code(), Some(i32::from(exit::USAGE)));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("error: cannot ask for `password`"), "{said}");
}

#[test]
fn a_screen_reader_is_asked_for_a_password_unseen() {
    let home = home();
    let args = ["--plain", "--fix", "create-admin-user", "--output", "o.img"];
    let mut pty = with_a_user(home.path(), &args);
    let ends = "goes back): ";
    pty.prints(USER).prints(ends).types("ada\n").prints(PASSWORD).prints(ends);
    let before = pty.printed.clone();
    pty.types(&format!("{CLEAR}\n")).prints(AGAIN).prints(ends);
    pty.types("<\n").prints(PASSWORD).prints(ends).types(&format!("{CLEAR}\n"));
    pty.prints(AGAIN).prints(ends).types(&format!("{CLEAR}\n"));
    pty.prints("This is what will happen:").prints(BEGIN).prints(ends).types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    assert!(!pty.text().contains("hunter") && !before.contains("hunter"), "{}", pty.text());
}

#[test]
fn a_screen_reader_gets_lines_and_numbers() {
    let home = home();
    let mut pty = Pty::run(home.path(), &["wizard", "--plain", "--recipe", "lion"]);
    let ends = "goes back): ";
    pty.prints(WHERE).prints(ends).types("x\n");
    pty.prints("Type a number from 1 to 4.").types("1\n").prints("UDIF checksums pass");
    pty.prints(MAC).prints(ends).types("<\n");
    pty.prints(WHERE).prints(ends).types("1\n").prints(MAC).prints(ends).types("1\n");
    pty.prints(FIXES).prints("Enter alone is none, < goes back): ").types("\n");
    pty.prints(OUTPUT).prints(ends);
    let text = pty.text();
    let line = text.lines().rev().find(|line| line.contains("An image file")).unwrap();
    let number: String = line.trim().chars().take_while(char::is_ascii_digit).collect();
    pty.types(&format!("{number}\n"));
    pty.prints(NAME).prints("Answer (Enter alone is lion.img, < goes back): ").types("\n");
    // Its results are in lines that fit, too.
    pty.prints(BEGIN).prints(ends).types("1\n");
    assert_eq!(pty.ends(), 0, "{}", pty.text());
    assert!(pty.printed.contains("What to do next:"), "{}", pty.printed);
    // Nothing moves the cursor, nothing has a colour.
    assert!(!pty.printed.contains('\u{1b}'), "{}", pty.printed);
    assert!(home.path().join("lion.img").exists());
}

#[test]
fn ctrl_c_in_lines_ends_it_too() {
    let home = home();
    let mut pty = Pty::run(home.path(), &["wizard", "--plain"]);
    pty.prints(MAKE).prints("goes back): ").types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    assert_eq!(names(home.path()), ["Downloads"]);
}

/// A line that was begun when the terminal ended was not entered.
#[test]
fn the_end_of_the_input_is_no_answer() {
    let home = home();
    let args = ["wizard", "--plain", "--recipe", "lion", "--for", "ShapeSample1,1"];
    let input = ["-i", "installer=Downloads/InstallESD.dmg", "-o", "o.img"];
    let mut pty = Pty::run(home.path(), &[&args[..], &input].concat());
    pty.prints(FIXES).prints("goes back): ").types("\n");
    // Ctrl-D hands over what is there; the second one has nothing more.
    pty.prints(BEGIN).prints("goes back): ").types("1\u{4}\u{4}");
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    assert_eq!(names(home.path()), ["Downloads"]);
}

/// Whoever is impatient while something is read has not answered what comes then.
#[test]
fn what_was_typed_before_a_question_does_not_answer_it() {
    let home = home();
    let mut command = std::process::Command::new("sh");
    let script = "read go; exec \"$0\" wizard --recipe lion";
    command.args(["-c", script, env!("CARGO_BIN_EXE_lionize")]);
    let mut pty = Pty::of(command.current_dir(home.path()).env("HOME", home.path()));
    // The shell takes the first line; the others wait for the wizard.
    pty.types("go\r\r\r\r\r\r\r").asks(WHERE).types(ESC).sees("This is the first question.");
    pty.asks(WHERE).types(CTRL_C);
    assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
    assert_eq!(names(home.path()), ["Downloads"]);
}

#[test]
fn fixes_beside_a_recipe_are_delivered_as_its_own_steps_are() {
    let temp = tempfile::tempdir().unwrap();
    let build = temp.path().join("build.img").to_str().unwrap().to_owned();
    let input = format!("image={}", sample().to_str().unwrap());
    let args = ["build", "golden-image", "-i", &input, "--fix", "enable-ssh", "-o", &build, "-q"];
    let ran = lionize(args);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    // The sample is an installer's disk: what it installs is fixed, by a package.
    let ran = lionize(["ls", &format!("{build}/Packages")]);
    let listed = String::from_utf8_lossy(&ran.out);
    assert!(listed.contains("lionize-enable-ssh.pkg\n"), "{listed}");
    assert!(listed.contains("OSInstall.collection\n"), "{listed}");
}

#[test]
fn without_colours_nothing_is_painted() {
    let home = home();
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let mut pty = Pty::run_with(home.path(), args, variables);
        pty.asks(MAC).picks("Any Mac").asks(FIXES).marks("enable-ssh").types("\r");
        pty.asks(OUTPUT).picks("An image file").asks(NAME).types("o.img\r").asks(BEGIN);
        assert_eq!(pty.results().picks("Begin").ends(), 0, "{}", pty.text());
        fs::remove_file(home.path().join("o.img")).unwrap();
        pty
    };
    let args = ["wizard", "--recipe", "lion", "-i", "installer=Downloads/InstallESD.dmg"];
    assert!(run(&args, &[]).is_painted());
    assert!(!run(&args, &[("NO_COLOR", "1")]).is_painted());
    assert!(!run(&[&args[..], &["--color", "never"]].concat(), &[]).is_painted());
}

#[test]
fn errors_have_colours_on_a_terminal_unless_they_are_not_wanted() {
    let home = tempfile::tempdir().unwrap();
    for wrong in [vec!["recipe", "show", "loin"], vec!["biuld"], vec!["ls", "no such file"]] {
        let run = |more: &[&str], variables: &[(&str, &str)]| {
            let mut pty = Pty::run_with(home.path(), &[&wrong[..], more].concat(), variables);
            assert_ne!(pty.ends(), 0);
            assert!(pty.text().contains("error: "), "{}", pty.text());
            pty.is_painted()
        };
        assert!(run(&[], &[]), "{wrong:?}");
        assert!(!run(&[], &[("NO_COLOR", "1")]), "{wrong:?}");
        assert!(!run(&["--plain"], &[]), "{wrong:?}");
        assert!(!run(&["--color", "never"], &[]) && !run(&["--color=never"], &[]), "{wrong:?}");
    }
}
