//! Questions on a terminal that can move its cursor. A question is drawn in
//! place, and one line of it stays when it is answered.

use crate::cli::wizard::keys::Keys;
use crate::cli::wizard::screen::{Menu, Prompt, Reply, Screen, columns, cut, wrap};
use crate::engine::Stop;
use console::Key;
use std::io::{self, Write};

/// What is seen of a menu at least.
const FEW: usize = 3;

/// A terminal with a cursor.
pub(super) struct Rich<'a> {
    out: Box<dyn Write + Send + 'a>,
    keys: Keys,
    color: bool,
    /// Lines below the last one that stays.
    drawn: usize,
}

impl<'a> Rich<'a> {
    pub(super) fn new(
        out: Box<dyn Write + Send + 'a>,
        color: bool,
        stop: &Stop,
    ) -> io::Result<Self> {
        Ok(Self { out, keys: Keys::new(stop)?, color, drawn: 0 })
    }

    /// Rows and columns that may be written to: the last of each is left free,
    /// where a terminal would wrap or scroll.
    fn size() -> (usize, usize) {
        let (rows, columns) = console::Term::stderr().size();
        (usize::from(rows).max(8) - 1, usize::from(columns).max(20) - 1)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Puts lines where those before were, in one write.
    fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let mut text = String::new();
        if self.drawn > 0 {
            text += &format!("\r\u{1b}[{}A", self.drawn);
        }
        text += "\r\u{1b}[J";
        for line in lines {
            text += line;
            text += "\r\n";
        }
        self.drawn = lines.len();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Leaves the question and its answer behind.
    fn settle(&mut self, title: &str, answer: &str) -> io::Result<()> {
        let (_, width) = Self::size();
        let colon = if title.ends_with(['?', ':', '.']) { "" } else { ":" };
        let mut lines = wrap(&format!("{title}{colon} {answer}"), width);
        if self.color {
            // The answer is what stands out; a title may have any length.
            lines = lines.iter().map(|line| self.paint("2", line)).collect();
        }
        self.draw(&lines)?;
        self.drawn = 0;
        Ok(())
    }

    fn leave<T>(&mut self, reply: Reply<T>) -> io::Result<Reply<T>> {
        self.draw(&[])?;
        Ok(reply)
    }

    /// What is typed until Enter, which does what is said.
    fn typed(&mut self, title: &str, enter: &str, shown: bool) -> io::Result<Reply<String>> {
        let mut typed = String::new();
        self.keys.forget();
        loop {
            let (_, width) = Self::size();
            let mut lines = wrap(title, width);
            lines = lines.iter().map(|line| self.paint("1", line)).collect();
            // The end is what one is typing.
            let mut tail = if shown { typed.clone() } else { String::new() };
            while columns(&tail) > width - 4 {
                tail.remove(0);
            }
            lines.push(format!("> {tail}_"));
            let keys = format!("{enter}, Esc goes back, Ctrl-C ends all");
            lines.push(self.paint("2", &cut(&keys, width)));
            self.draw(&lines)?;
            match self.keys.read()? {
                None => return Ok(Reply::Quit),
                Some(Key::Enter) => return Ok(Reply::Answer(typed)),
                Some(Key::Escape) => return Ok(Reply::Back),
                Some(Key::Backspace) => drop(typed.pop()),
                Some(Key::Char('\u{15}')) => typed.clear(),
                Some(Key::Char(c)) if !c.is_control() => typed.push(c),
                Some(_) => {}
            }
        }
    }

    /// A menu's lines; `marks` stand before the items of which several count.
    fn menu(&self, menu: &Menu, at: usize, marks: Option<&[bool]>) -> Vec<String> {
        let (rows, width) = Self::size();
        let title = wrap(&menu.title, width);
        let about: Vec<_> = menu.items.iter().map(|item| wrap(&item.about, width - 2)).collect();
        let deepest = about.iter().map(Vec::len).max().unwrap_or(0);
        let room = rows.saturating_sub(title.len() + 3).max(FEW + 1);
        let deep = deepest.min(room - FEW).min(6);
        let (body, chosen) = self.body(menu, at, marks, width);
        let shown = window(body.len(), chosen, room - deep);
        let mut lines: Vec<_> = title.iter().map(|line| self.paint("1", line)).collect();
        lines.extend(body[shown].iter().cloned());
        lines.push(String::new());
        let now = &about[at.min(about.len().saturating_sub(1))];
        for row in 0..deep {
            lines.push(now.get(row).map_or_else(String::new, |line| format!("  {line}")));
        }
        let keys = match marks {
            Some(_) => "Space marks, Enter goes on, Esc goes back, Ctrl-C ends all",
            None => "Up, Down and Enter choose, Esc goes back, Ctrl-C ends all",
        };
        lines.push(self.paint("2", &cut(keys, width)));
        lines
    }

    /// Headings and items, and the line of the chosen one.
    fn body(
        &self,
        menu: &Menu,
        at: usize,
        marks: Option<&[bool]>,
        width: usize,
    ) -> (Vec<String>, usize) {
        let (mut lines, mut chosen, mut heading) = (Vec::new(), 0, None);
        for (index, item) in menu.items.iter().enumerate() {
            if item.heading.is_some() && item.heading != heading {
                heading.clone_from(&item.heading);
                lines.extend(heading.iter().map(|heading| self.paint("2", &cut(heading, width))));
            }
            let mark = match marks.map(|marks| marks.get(index).copied().unwrap_or(false)) {
                Some(true) => "[x] ",
                Some(false) => "[ ] ",
                None => "",
            };
            let cursor = if index == at { ">" } else { " " };
            let line = cut(&format!("{cursor} {mark}{}", item.text), width);
            if index == at {
                chosen = lines.len();
                lines.push(self.paint("1;36", &line));
            } else {
                lines.push(line);
            }
        }
        (lines, chosen)
    }
}

/// The part of so many lines that is seen, the chosen one in it.
fn window(len: usize, chosen: usize, room: usize) -> std::ops::Range<usize> {
    if len <= room {
        return 0..len;
    }
    let start = chosen.saturating_sub(room / 2).min(len - room);
    start..start + room
}

/// Where a key leads in a list.
fn moved(key: &Key, at: usize, len: usize) -> usize {
    match key {
        Key::ArrowUp | Key::BackTab | Key::Char('k') => at.checked_sub(1).unwrap_or(len - 1),
        Key::ArrowDown | Key::Tab | Key::Char('j') => (at + 1) % len,
        Key::Home => 0,
        Key::End => len - 1,
        Key::PageUp => at.saturating_sub(8),
        Key::PageDown => (at + 8).min(len - 1),
        _ => at,
    }
}

impl Screen for Rich<'_> {
    fn say(&mut self, text: &str) -> io::Result<()> {
        let (_, width) = Self::size();
        self.draw(&wrap(text, width))?;
        self.drawn = 0;
        Ok(())
    }

    fn choose(&mut self, menu: &Menu) -> io::Result<Reply<usize>> {
        let len = menu.items.len().max(1);
        let mut at = menu.default.min(len - 1);
        self.keys.forget();
        loop {
            let lines = self.menu(menu, at, None);
            self.draw(&lines)?;
            match self.keys.read()? {
                None => return self.leave(Reply::Quit),
                Some(Key::Enter) => break,
                Some(Key::Escape | Key::ArrowLeft) => return self.leave(Reply::Back),
                Some(key) => at = moved(&key, at, len),
            }
        }
        let text = menu.items.get(at).map(|item| item.text.clone()).unwrap_or_default();
        self.settle(&menu.title, &text)?;
        Ok(Reply::Answer(at))
    }

    fn pick(&mut self, menu: &Menu) -> io::Result<Reply<Vec<usize>>> {
        let len = menu.items.len().max(1);
        let (mut at, mut marks) = (menu.default.min(len - 1), vec![false; len]);
        self.keys.forget();
        loop {
            let lines = self.menu(menu, at, Some(&marks));
            self.draw(&lines)?;
            match self.keys.read()? {
                None => return self.leave(Reply::Quit),
                Some(Key::Enter) => break,
                Some(Key::Escape | Key::ArrowLeft) => return self.leave(Reply::Back),
                Some(Key::Char(' ')) => marks[at] = !marks[at],
                Some(key) => at = moved(&key, at, len),
            }
        }
        let picked: Vec<_> = (0..menu.items.len()).filter(|index| marks[*index]).collect();
        let texts: Vec<_> = picked.iter().map(|index| menu.items[*index].text.as_str()).collect();
        let text = if texts.is_empty() { "none".to_owned() } else { texts.join("; ") };
        self.settle(&menu.title, &text)?;
        Ok(Reply::Answer(picked))
    }

    fn line(&mut self, prompt: &Prompt) -> io::Result<Reply<String>> {
        let enter = match prompt.default.as_str() {
            "" => "Enter goes on".to_owned(),
            default => format!("Enter alone is {default}"),
        };
        let typed = match self.typed(&prompt.title, &enter, true)? {
            Reply::Answer(typed) => typed,
            other => return self.leave(other),
        };
        let answer = if typed.trim().is_empty() { prompt.default.clone() } else { typed };
        self.settle(&prompt.title, &answer)?;
        Ok(Reply::Answer(answer.trim().to_owned()))
    }

    fn secret(&mut self, title: &str) -> io::Result<Reply<String>> {
        let reply = self.typed(title, "Enter goes on", false)?;
        self.draw(&[])?;
        if matches!(reply, Reply::Answer(_)) {
            self.settle(title, "typed")?;
        }
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_line_is_always_seen() {
        assert_eq!(window(5, 4, 8), 0..5);
        for chosen in 0..40 {
            let seen = window(40, chosen, 10);
            assert!(seen.contains(&chosen) && seen.len() == 10);
        }
    }

    #[test]
    fn keys_move_within_the_list() {
        assert_eq!(moved(&Key::ArrowUp, 0, 3), 2);
        assert_eq!(moved(&Key::ArrowDown, 2, 3), 0);
        assert_eq!((moved(&Key::PageUp, 1, 3), moved(&Key::PageDown, 1, 3)), (0, 2));
        assert_eq!(moved(&Key::Del, 1, 3), 1);
    }
}
