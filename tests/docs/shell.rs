//! As much of a shell's language as examples have: words, quotes, lines that
//! go on, comments, pipes, redirections.

use clap::Parser;
use lionize::cli::args::Cli;

/// The calls of `lionize` in a script, each as its words.
pub(crate) fn calls(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    joined.lines().flat_map(|line| commands(tokens(line))).filter_map(call).collect()
}

/// Checks that the real parser takes a call.
#[track_caller]
pub(crate) fn parses(call: &[String], whence: &str) {
    if let Err(error) = Cli::try_parse_from(call) {
        assert!(!error.use_stderr(), "{whence}: {call:?}\n{error}");
    }
}

/// A call without what may stand before it.
fn call(words: Vec<String>) -> Option<Vec<String>> {
    let variable = |word: &str| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    let before = |word: &String| word == "sudo" || variable(word);
    let words: Vec<String> = words.into_iter().skip_while(before).collect();
    (words.first()? == "lionize").then_some(words)
}

enum Token {
    Word(String),
    /// `>`, `<`: the next word is a file.
    File,
    /// `|`, `;`, `&`: another command follows.
    End,
}

fn tokens(line: &str) -> Vec<Token> {
    let (mut tokens, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars().chain(['\n']) {
        match c {
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => word.get_or_insert_default().push(c),
            '\'' | '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            '#' if word.is_none() => break,
            ' ' | '\n' | '>' | '<' | '|' | ';' | '&' => {
                tokens.extend(word.take().map(Token::Word));
                match c {
                    '>' | '<' => tokens.push(Token::File),
                    '|' | ';' | '&' => tokens.push(Token::End),
                    _ => {}
                }
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    tokens
}

fn commands(tokens: Vec<Token>) -> Vec<Vec<String>> {
    let (mut commands, mut is_file) = (vec![Vec::new()], false);
    for token in tokens {
        match token {
            Token::Word(word) if !is_file => commands.last_mut().unwrap().push(word),
            Token::Word(_) => is_file = false,
            Token::File => is_file = true,
            Token::End => commands.push(Vec::new()),
        }
    }
    commands
}

#[test]
fn calls_are_found() {
    let script = "# lionize x\nsudo A=b lionize build 'a b' -o \"c d\" # why\n\
                  cargo test; lionize ls \\\n  x > lionize | tar -t";
    let found: Vec<_> = calls(script).iter().map(|call| call.join("|")).collect();
    assert_eq!(found, ["lionize|build|a b|-o|c d", "lionize|ls|x"]);
}
