//! A pseudo-terminal: a command that thinks somebody sits before it.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;

/// What a command said on its terminal, and how it ended.
pub(crate) struct Talk {
    pub(crate) code: i32,
    pub(crate) text: String,
}

/// Runs a command on a terminal of its own, and answers when it has asked.
/// Without the question it is not answered.
pub(crate) fn talk(command: &Command, question: &str, answer: &str) -> Talk {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = File::options().read(true).write(true).open(name).unwrap();
    let mut limited = Command::new("timeout");
    limited.arg("120").arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        value.map(|value| limited.env(key, value));
    }
    limited.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap());
    let mut child = limited.stderr(slave).spawn().unwrap();
    // Ours are closed: the terminal ends when the command has ended.
    drop(limited);
    let mut terminal = File::from(master);
    let (mut text, mut buf, mut asked) = (String::new(), [0; 4096], false);
    // EIO is how a terminal ends.
    while let Ok(count @ 1..) = terminal.read(&mut buf) {
        text += &String::from_utf8_lossy(&buf[..count]);
        if !asked && text.contains(question) {
            asked = true;
            terminal.write_all(format!("{answer}\n").as_bytes()).unwrap();
        }
    }
    let code = child.wait().unwrap().code().unwrap_or(-1);
    Talk { code, text: text.replace("\r\n", "\n") }
}
