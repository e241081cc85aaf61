//! What is printed on a terminal of 80 columns: no line of it is longer, unless
//! it is one word that cannot be broken. Pipes get lines as they are.

use crate::screen::Pty;
use crate::support::{lionize, sample};
use lionize::source::sample::catalog::{Offer, catalog};
use std::fs;
use std::path::Path;

/// A folder's name with more blanks than one, and long enough to be folded.
const FOLDER: &str = "Images  of  Macs, of the laboratory and of the workshop";

/// A home with an image that was built, and a catalog.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(FOLDER);
    fs::create_dir(&folder).unwrap();
    fs::copy(sample(), folder.join("InstallESD.dmg")).unwrap();
    let image = folder.join("lion.img").to_str().unwrap().to_owned();
    let input = format!("installer={}", sample().to_str().unwrap());
    let made = lionize(["build", "lion", "-i", &input, "-o", &image, "-q"]);
    assert_eq!(made.code, 0, "{made:?}");
    let offers = [
        Offer::new("11G63_ServerEssentials", "ServerEssentials.pkg", 220_615_037)
            .posted("2019-10-22"),
        Offer::new("041-98155", "MacOSXServerUpdCombo10.7.5.pkg", 68_559_686)
            .and("MacOSXSrvrApp10.7.5.pkg", 18_307_959)
            .digest("6fa299f4d56b33a669a575f1a2410730c5694cfb")
            .posted("2019-10-14"),
    ];
    let text = catalog("http://127.0.0.1:8088", &offers).unwrap().to_bytes().unwrap();
    fs::write(home.path().join("sample.sucatalog"), text).unwrap();
    home
}

/// What a command prints on a terminal, without colours and what was drawn over.
fn printed(home: &Path, args: &[&str]) -> Vec<String> {
    let mut pty = Pty::run_with(home, args, &[("NO_COLOR", "1")]);
    pty.results().ends();
    let text = console::strip_ansi_codes(&pty.printed).replace("\r\n", "\n");
    let last = |line: &str| line.rsplit('\r').next().unwrap_or_default().to_owned();
    text.lines().map(last).collect()
}

#[test]
fn no_line_is_longer_than_a_terminal() {
    let home = home();
    let image = &format!("{FOLDER}/lion.img");
    let input = &format!("installer={FOLDER}/InstallESD.dmg");
    let catalog = ["--catalog", "./sample.sucatalog"];
    let commands: &[&[&str]] = &[
        &["inspect", image],
        &["inspect", &format!("{FOLDER}/InstallESD.dmg")],
        &["config"],
        &["test", "lion", "--judges", "none", "--image", image],
        &["catalog", "list", catalog[0], catalog[1]],
        &["catalog", "show", "041-98155", catalog[0], catalog[1]],
        &["catalog", "check", catalog[0], catalog[1]],
        &["cache", "list"],
        &["recipe", "list"],
        &["recipe", "diff", "lion", "lion-server"],
        &["recipe", "check", "lion", "lion-unattended"],
        &["fix", "list"],
        &["fix", "list", "--for", "10.11"],
        &["devices"],
        &["plan", "lion", "-i", input],
        &["plan", "lion", "-i", input, "--fix", "enable-ssh"],
        &["build", "lion", "-i", input, "-o", "again.img"],
        &["verify", image],
        &["sample", "10.7", "--to", FOLDER],
        &["vm", "check", "no-such.img"],
        // Mistakes, with their causes and hints.
        &["build", "lion", "-i", "installer=", "-o", "o.img"],
        &["build", "lion", "-i", input, "-o", "o.img", "--fix", "create-admin-user"],
        &["build", "sierra", "-i", input, "-o", "o.img"],
        &["recipe", "show", "loin"],
        &["fix", "show", "nothing"],
        &["inspect", &format!("{FOLDER}/nothing.dmg")],
        &["biuld"],
        &["write", image, "/dev/nothing"],
    ];
    for args in commands {
        for line in printed(home.path(), args) {
            let is_word = !line.trim().contains(' ');
            let columns = console::measure_text_width(&line);
            assert!(columns <= 80 || is_word, "{args:?}: {columns} columns\n{line}");
        }
    }
}

/// What is copied into a file has to be what it was.
#[test]
fn texts_to_copy_stay_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    for args in [["recipe", "show", "lion-server"], ["fix", "show", "create-admin-user"]] {
        let text = String::from_utf8(lionize(args).out).unwrap();
        assert!(text.lines().any(|line| line.len() > 80), "{args:?}: nothing is to be seen");
        assert_eq!(printed(home.path(), &args), text.lines().collect::<Vec<_>>());
    }
}

/// A name is the same name when its line is folded: a file is looked for by it.
#[test]
fn names_keep_their_blanks() {
    let home = home();
    let image = format!("{FOLDER}/no such image of the laboratory.img");
    let lines = printed(home.path(), &["inspect", &image]);
    assert!(lines.iter().any(|line| line.contains("Images  of  Macs,")), "{lines:?}");
    assert!(lines.len() > 2, "{lines:?}");
    // In a pipe it is one line.
    let ran = lionize(["inspect", &image]);
    assert!(ran.errors.lines().any(|line| line.contains(&image)), "{ran:?}");
}
