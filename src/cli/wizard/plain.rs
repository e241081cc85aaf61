//! Questions as lines, for screen readers and simple terminals: choices have
//! numbers that are typed, and nothing is drawn again.

#[cfg(unix)]
use crate::cli::wizard::keys::Quiet;
use crate::cli::wizard::keys::wait;
use crate::cli::wizard::screen::{Menu, Prompt, Reply, Screen, wrap};
use crate::engine::Stop;
use std::io::{self, Write};

/// Lines of a terminal are rarely longer.
const WIDTH: usize = 79;

/// A terminal that only prints and reads lines.
pub(super) struct Plain<'a> {
    out: Box<dyn Write + Send + 'a>,
    lines: &'a mut dyn Lines,
}

/// Where lines come from.
pub(super) trait Lines {
    /// The next one; `None` at the end, or when it is time to end.
    fn line(&mut self) -> io::Result<Option<String>>;
    /// The same of one that is not seen while it is typed; from before it is asked.
    fn unseen(&mut self, ask: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Option<String>>;
}

/// The terminal's lines.
pub(super) struct Typed(pub(super) Stop);

impl Lines for Typed {
    fn line(&mut self) -> io::Result<Option<String>> {
        read(&self.0)
    }

    #[cfg(unix)]
    fn unseen(&mut self, ask: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Option<String>> {
        let _quiet = Quiet::line()?;
        ask()?;
        read(&self.0)
    }

    #[cfg(not(unix))]
    fn unseen(&mut self, ask: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Option<String>> {
        ask()?;
        console::Term::stderr().read_secure_line().map(Some)
    }
}

impl<'a> Plain<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, lines: &'a mut dyn Lines) -> Self {
        Self { out, lines }
    }

    fn ask(&mut self, question: &str) -> io::Result<Reply<String>> {
        Ok(match self.typed(question, true)? {
            Reply::Answer(text) => Reply::Answer(text.trim().to_owned()),
            other => other,
        })
    }

    /// What is typed, but for the line's end.
    fn typed(&mut self, question: &str, shown: bool) -> io::Result<Reply<String>> {
        let (out, question) = (&mut self.out, wrap(question, WIDTH - 1).join("\n"));
        let mut ask = || write!(out, "{question} ").and_then(|()| out.flush());
        let line = if shown {
            ask()?;
            self.lines.line()?
        } else {
            self.lines.unseen(&mut ask)?
        };
        let Some(line) = line else {
            self.out.write_all(b"\n")?;
            return Ok(Reply::Quit);
        };
        Ok(match line.trim() {
            "<" => Reply::Back,
            _ => Reply::Answer(line.trim_end_matches(['\n', '\r']).to_owned()),
        })
    }

    fn list(&mut self, menu: &Menu) -> io::Result<()> {
        let mut text = format!("\n{}\n", menu.title);
        let mut heading = None;
        for (number, item) in (1..).zip(&menu.items) {
            if item.heading.is_some() && item.heading != heading {
                heading.clone_from(&item.heading);
                text += &heading.iter().map(|heading| format!("{heading}:\n")).collect::<String>();
            }
            let number: u32 = number;
            text += &format!("  {number}. {}\n", item.text);
            for line in item.about.lines() {
                text += &format!("     {line}\n");
            }
        }
        self.say(&text)
    }
}

/// A line from the terminal; `None` at its end, or when it is time to end.
pub(super) fn read(stop: &Stop) -> io::Result<Option<String>> {
    if !wait(stop)? {
        return Ok(None);
    }
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) if stop.raised() => Ok(None),
        // What was typed when the terminal went away is no answer.
        Ok(_) if !line.ends_with('\n') => Ok(None),
        Ok(_) => Ok(Some(line)),
        Err(error) => Err(error),
    }
}

/// The item that a number names.
fn index(text: &str, len: usize) -> Option<usize> {
    let number: usize = text.trim_end_matches('.').parse().ok()?;
    number.checked_sub(1).filter(|index| *index < len)
}

impl Screen for Plain<'_> {
    fn say(&mut self, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH) {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()
    }

    fn choose(&mut self, menu: &Menu) -> io::Result<Reply<usize>> {
        self.list(menu)?;
        let (len, default) = (menu.items.len(), menu.default);
        loop {
            let question = format!("Number (Enter alone is {}, < goes back):", default + 1);
            let text = match self.ask(&question)? {
                Reply::Answer(text) => text,
                Reply::Back => return Ok(Reply::Back),
                Reply::Quit => return Ok(Reply::Quit),
            };
            match (text.is_empty(), index(&text, len)) {
                (true, _) => return Ok(Reply::Answer(default)),
                (false, Some(index)) => return Ok(Reply::Answer(index)),
                (false, None) => self.say(&format!("Type a number from 1 to {len}."))?,
            }
        }
    }

    fn pick(&mut self, menu: &Menu) -> io::Result<Reply<Vec<usize>>> {
        self.list(menu)?;
        let len = menu.items.len();
        loop {
            let question = "Numbers with blanks between (Enter alone is none, < goes back):";
            let text = match self.ask(question)? {
                Reply::Answer(text) => text,
                Reply::Back => return Ok(Reply::Back),
                Reply::Quit => return Ok(Reply::Quit),
            };
            let words = text.split([' ', ',']).filter(|word| !word.is_empty());
            match words.map(|word| index(word, len)).collect::<Option<Vec<_>>>() {
                Some(mut picked) => {
                    picked.sort_unstable();
                    picked.dedup();
                    return Ok(Reply::Answer(picked));
                }
                None => self.say(&format!("Type numbers from 1 to {len}."))?,
            }
        }
    }

    fn line(&mut self, prompt: &Prompt) -> io::Result<Reply<String>> {
        self.say(&format!("\n{}", prompt.title))?;
        let question = match prompt.default.as_str() {
            "" => "Answer (< goes back):".to_owned(),
            default => format!("Answer (Enter alone is {default}, < goes back):"),
        };
        Ok(match self.ask(&question)? {
            Reply::Answer(text) if text.is_empty() => Reply::Answer(prompt.default.clone()),
            reply => reply,
        })
    }

    fn secret(&mut self, title: &str) -> io::Result<Reply<String>> {
        self.say(&format!("\n{title}"))?;
        self.typed("Answer (< goes back):", false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::wizard::screen::Item;

    struct Script(std::collections::VecDeque<String>);

    impl Lines for Script {
        fn line(&mut self) -> io::Result<Option<String>> {
            Ok(self.0.pop_front())
        }

        fn unseen(
            &mut self,
            ask: &mut dyn FnMut() -> io::Result<()>,
        ) -> io::Result<Option<String>> {
            ask()?;
            self.line()
        }
    }

    /// What is printed, and the reply, when these lines are typed.
    fn ask<T>(lines: &[&str], ask: impl FnOnce(&mut Plain<'_>) -> io::Result<T>) -> (String, T) {
        let mut out = Vec::new();
        let mut lines = Script(lines.iter().map(|line| format!("{line}\n")).collect());
        let reply = ask(&mut Plain::new(Box::new(&mut out), &mut lines)).unwrap();
        (String::from_utf8(out).unwrap(), reply)
    }

    fn menu() -> Menu {
        let items = vec![Item::new("Tea", "It is hot.").under("Drinks"), Item::new("Cake", "")];
        Menu { title: "What?".into(), items, default: 1 }
    }

    #[test]
    fn choices_are_numbers() {
        let (out, reply) = ask(&["x", "3", "1"], |plain| plain.choose(&menu()));
        assert_eq!(reply, Reply::Answer(0));
        assert_eq!(
            out,
            "\nWhat?\nDrinks:\n  1. Tea\n     It is hot.\n  2. Cake\n\
             Number (Enter alone is 2, < goes back): Type a number from 1 to 2.\n\
             Number (Enter alone is 2, < goes back): Type a number from 1 to 2.\n\
             Number (Enter alone is 2, < goes back): "
        );
        assert_eq!(ask(&[""], |plain| plain.choose(&menu())).1, Reply::Answer(1));
        assert_eq!(ask(&["<"], |plain| plain.choose(&menu())).1, Reply::Back);
        assert_eq!(ask(&[], |plain| plain.choose(&menu())).1, Reply::Quit);
    }

    #[test]
    fn several_are_numbers_too() {
        let pick = |lines: &[&str]| ask(lines, |plain| plain.pick(&menu())).1;
        assert_eq!(pick(&["2 1 2"]), Reply::Answer(vec![0, 1]));
        assert_eq!(pick(&["7", ""]), Reply::Answer(vec![]));
        assert_eq!(pick(&["<"]), Reply::Back);
    }

    #[test]
    fn secrets_stay_as_they_are_typed() {
        let secret = |lines: &[&str]| ask(lines, |plain| plain.secret("Which?"));
        let (out, reply) = secret(&[" a b "]);
        assert_eq!(
            (out.as_str(), reply),
            ("\nWhich?\nAnswer (< goes back): ", Reply::Answer(" a b ".into()))
        );
        assert_eq!(secret(&["<"]).1, Reply::Back);
        assert_eq!(secret(&[]).1, Reply::Quit);
    }

    #[test]
    fn words_have_defaults() {
        let prompt = Prompt { title: "Where?".into(), default: "out.img".into() };
        let line = |lines: &[&str]| ask(lines, |plain| plain.line(&prompt)).1;
        assert_eq!(line(&[""]), Reply::Answer("out.img".into()));
        assert_eq!(line(&["a b"]), Reply::Answer("a b".into()));
        assert_eq!(line(&["<"]), Reply::Back);
    }
}
