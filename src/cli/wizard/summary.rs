//! All that will happen, in words; and what is to be done when it has.

use crate::cli::shell;
use crate::cli::wizard::flow::{Answers, Output};
use crate::cli::wizard::host::shown;
use crate::engine::{Brief, Window};
use crate::report::size;
use std::ffi::OsString;
use time::OffsetDateTime;

/// The command with all that was given, as a shell takes it, in lines that
/// begin with this.
pub(in crate::cli) fn command(args: &[OsString], lead: &str) -> String {
    let words = std::iter::once("lionize".to_owned());
    let words = words.chain(args.iter().map(|arg| shell::quoted(arg)));
    let (mut text, mut column) = (lead.to_owned(), 0);
    for word in words {
        // Two columns for what goes on behind it.
        if column > 0 && column + 1 + word.chars().count() > LINE {
            text += &format!(" \\\n{lead}    ");
            column = 4;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        column += word.chars().count();
        text += &if lead.trim().is_empty() { in_lines(&word) } else { word };
    }
    text
}

/// Columns of a command's line.
const LINE: usize = 74;

/// A word that is longer than a line, such as a hash, as a shell joins it again:
/// what goes on must stand at the very begin of the next line. Within quotes it
/// would not be joined.
fn in_lines(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() <= LINE || word.contains(['\'', '\\']) {
        return word.to_owned();
    }
    let lines = chars.chunks(LINE - 4).map(|chunk| chunk.iter().collect::<String>());
    lines.collect::<Vec<_>>().join("\\\n")
}

/// Everything that will happen.
pub(in crate::cli) fn text(answers: &Answers, look: &Brief, args: &[OsString]) -> String {
    let mut text = String::from("This is what will happen:\n");
    let mut add = |line: String| text += &format!("  - {line}\n");
    for given in &answers.inputs {
        let Some(path) = &given.path else { continue };
        let title = given.found.title();
        let what = if title.is_empty() { String::new() } else { format!(": {title}") };
        let mut line = format!("{} is read, and not changed{what}", shown(path));
        if given.checked.is_empty() && given.found.label.is_some() {
            line += "; not checked yet: it is proven while it is read";
        }
        given.checked.iter().for_each(|checked| line += &format!("; {checked}"));
        add(line);
    }
    for (name, bytes) in &look.fetch {
        add(format!("{name} ({}) is fetched, unless the store has it", size(*bytes)));
    }
    for step in &look.steps {
        let fix = step.strip_prefix("fix ").and_then(|rest| rest.split(':').next());
        let how = fix.and_then(|id| answers.how(id)).map(|how| format!(". {how}"));
        add(format!("{step}{}", how.unwrap_or_default()));
    }
    match &answers.output {
        Some(Output::File(path)) => {
            let bytes = look.bytes.map_or_else(String::new, |bytes| format!(", {}", size(bytes)));
            add(format!("the image {} is written{bytes}", shown(path)));
            add("it is checked; if anything is wrong, no file is left".into());
        }
        Some(Output::Disk(target)) => {
            let (path, bytes) = (target.path.display(), look.bytes.unwrap_or(0));
            let about = target.about().map_or_else(String::new, |about| format!(": {about}"));
            add(format!("EVERYTHING ON {path} IS LOST{about}"));
            let fills = if bytes > 0 { format!(" ({})", size(bytes)) } else { String::new() };
            add(format!("it is written{fills}, and every byte is read back"));
            add("only then it gets its partition table: before, nothing starts from it".into());
        }
        None => {}
    }
    let hash = answers.has_hash().then_some(HASH);
    let notes: Vec<_> = look.notes.iter().map(String::as_str).chain(hash).collect();
    if !notes.is_empty() {
        text += "To know:\n";
        notes.iter().for_each(|note| text += &format!("  - {note}\n"));
    }
    text + &format!("The same without the wizard:\n{}\n", command(args, "  "))
}

/// What is said of passwords, which nobody sees.
const HASH: &str = "The command has a password's hash, and so has a recipe file: keep both, and \
    the media, as you keep the password.";

/// What to do on the Mac.
pub(in crate::cli) fn afterwards(answers: &Answers, look: &Brief) -> String {
    let starts = answers.recipe().is_some_and(|recipe| recipe.media.volume.bless.is_some());
    let mut lines = Vec::new();
    if let Some(Output::File(path)) = &answers.output
        && starts
        && path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("dmg"))
    {
        let write = format!("lionize write {} DISK", shell::quoted(path.as_os_str()));
        lines.push("Put it on a stick (`lionize devices` names the disks):".into());
        lines.push(format!("  {write}"));
    }
    if starts {
        lines.push(
            "Plug the stick into the Mac, without a hub. Switch it on and hold Option".into(),
        );
        lines.push("(Alt) from the chime until disks are shown; choose the one with the".into());
        lines.push("installer. A slow stick takes half a minute to appear.".into());
    }
    if let Some(window) = look.clock {
        lines.extend(clock(window));
    } else if answers.installs().is_some() {
        lines.push("If it says that the installer is damaged or cannot be verified: the".into());
        lines.push("certificates of those years have ended. Set the clock back (Utilities,".into());
        lines.push("Terminal, `date MMDDhhmmYY`) to a day soon after the system came out.".into());
    }
    if starts {
        lines.push(
            "Before installing, Utilities, Disk Utility: the Mac's own disk is erased".into(),
        );
        lines.push(
            "there as \"Mac OS Extended (Journaled)\" with a GUID partition table, if".into(),
        );
        lines.push("nothing on it is to be kept.".into());
    }
    if let Some(version) = answers.installs() {
        lines.push(format!("Fixes for the installed system: lionize fix list --for {version}"));
    }
    let notes = look.notes.iter().map(|note| format!("  {note}\n")).collect::<String>();
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    if lines.is_empty() && notes.is_empty() {
        return String::new();
    }
    format!("What to do next:\n{lines}{notes}")
}

/// The clock that the Mac's installer wants.
fn clock((from, until): Window) -> Vec<String> {
    let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).ok();
    // Within the window, and not at its very end.
    let set = at(until.saturating_sub(30 * 86_400).max(from));
    let (Some(from), Some(until), Some(set)) = (at(from), at(until), set) else {
        return Vec::new();
    };
    let date = |at: OffsetDateTime| format!("{}", at.date());
    let (month, day, year) = (u8::from(set.month()), set.day(), set.year().rem_euclid(100));
    vec![
        "Apple's signature on the installer is from certificates that have ended:".to_owned(),
        "set the Mac's clock first, without a network. In the installer: Utilities,".to_owned(),
        format!("Terminal, `date {month:02}{day:02}1200{year:02}` ({}); any day from", date(set)),
        format!("{} to {} will do.", date(from), date(until)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::wizard::flow::{Answer, Flow, Given};
    use crate::cli::wizard::target::Target;
    use crate::engine::load;

    fn answers(output: Output) -> Answers {
        let mut flow = Flow::default();
        let recipe = Box::new(load::recipe("lion-server").unwrap());
        flow.answer(Answer::Recipe("lion-server".into(), recipe));
        let path = Some("/x/It's Lion.dmg".into());
        let name = "installer".to_owned();
        flow.answer(Answer::Input(Box::new(Given { name, path, ..Given::default() })));
        flow.answer(Answer::Param("collection".into(), "yes".into()));
        flow.answer(Answer::Output(output));
        flow.answers().clone()
    }

    #[test]
    fn the_summary_leaves_nothing_out() {
        let answers = answers(Output::Disk(Target::named("/dev/sdb", Some("4C5 3".into()), None)));
        let look = Brief {
            bytes: Some(5 << 30),
            steps: vec!["restore the volume of installer".into()],
            fetch: vec![("ServerEssentials.pkg".into(), 220_615_037)],
            clock: None,
            notes: vec!["A note.".into()],
        };
        assert_eq!(
            text(&answers, &look, &answers.command()),
            "This is what will happen:\n  \
             - /x/It's Lion.dmg is read, and not changed\n  \
             - ServerEssentials.pkg (210.4 MiB) is fetched, unless the store has it\n  \
             - restore the volume of installer\n  \
             - EVERYTHING ON /dev/sdb IS LOST\n  \
             - it is written (5.0 GiB), and every byte is read back\n  \
             - only then it gets its partition table: before, nothing starts from it\n\
             To know:\n  - A note.\n\
             The same without the wizard:\n  \
             lionize build lion-server --input 'installer=/x/It'\\''s Lion.dmg' --set \\\n      \
             collection=yes --device /dev/sdb --device-serial '4C5 3'\n"
        );
    }

    #[test]
    fn a_hash_is_on_lines_that_a_shell_joins() {
        let hash = format!("name=sha512:{}", "0123456789".repeat(20));
        let text = command(&["--set".into(), hash.clone().into(), "--x".into()], "  ");
        assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
        let joined = text.replace("\\\n", "");
        assert_eq!(
            joined.split_whitespace().collect::<Vec<_>>(),
            ["lionize", "--set", &hash, "--x"]
        );
    }

    #[test]
    fn the_clock_is_set_to_a_day_that_counts() {
        // 20 March 2012 to 24 October 2019.
        let lines = clock((1_332_201_600, 1_571_875_200));
        assert_eq!(lines[2], "Terminal, `date 0924120019` (2019-09-24); any day from");
        assert_eq!(lines[3], "2012-03-20 to 2019-10-24 will do.");
    }
}
