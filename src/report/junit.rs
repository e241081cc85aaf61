//! JUnit's XML, as the servers that run pipelines read it.
//!
//! The form that they agree on: a suite, its cases, and in each at most one
//! `failure` or `skipped`.

use std::fmt::Write;
use std::time::Duration;

/// A case's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// As it should be.
    Passed,
    /// Not as it should be: a line, and what more there is to say.
    Failed(String, String),
    /// Not looked at, and why.
    Skipped(String),
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// What it was tried on.
    pub class: String,
    /// The file that asks for it, and the line there.
    pub at: Option<(String, usize)>,
    /// How long it took, where that was watched.
    pub took: Option<Duration>,
    /// What came out.
    pub result: Result,
    /// What else to know of it.
    pub output: String,
}

/// The text of a file with one suite.
#[must_use]
pub fn suite(name: &str, cases: &[Case]) -> String {
    let count = |is: fn(&Result) -> bool| cases.iter().filter(|case| is(&case.result)).count();
    let failed = count(|result| matches!(result, Result::Failed(..)));
    let skipped = count(|result| matches!(result, Result::Skipped(_)));
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let took = time(cases.iter().filter_map(|case| case.took).reduce(|a, b| a + b));
    let numbers = format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\"{took}", cases.len());
    let name = escaped(name);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "<testsuites {numbers}>");
    let _ = writeln!(text, "  <testsuite name=\"{name}\" {numbers} skipped=\"{skipped}\">");
    cases.iter().for_each(|each| case(&mut text, each));
    text + "  </testsuite>\n</testsuites>\n"
}

fn case(text: &mut String, case: &Case) {
    let (name, class) = (escaped(&case.name), escaped(&case.class));
    let place = case.at.as_ref().map_or_else(String::new, |(file, line)| {
        format!(" file=\"{}\" line=\"{line}\"", escaped(file))
    });
    let took = time(case.took);
    let _ = writeln!(text, "    <testcase name=\"{name}\" classname=\"{class}\"{took}{place}>");
    let _ = match &case.result {
        Result::Passed => Ok(()),
        Result::Failed(line, more) => {
            let (line, more) = (escaped(line), escaped(more));
            writeln!(text, "      <failure message=\"{line}\">{more}</failure>")
        }
        Result::Skipped(why) => writeln!(text, "      <skipped message=\"{}\"/>", escaped(why)),
    };
    if !case.output.is_empty() {
        let _ = writeln!(text, "      <system-out>{}</system-out>", escaped(&case.output));
    }
    *text += "    </testcase>\n";
}

fn time(took: Option<Duration>) -> String {
    took.map_or_else(String::new, |took| format!(" time=\"{:.3}\"", took.as_secs_f64()))
}

/// A text as XML 1.0 takes it, in an attribute as well.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            // No reference stands for these either.
            c if c < ' ' || ['\u{fffe}', '\u{ffff}'].contains(&c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_its_element() {
        let case = |name: &str, result| Case {
            name: name.to_owned(),
            class: "r".to_owned(),
            at: Some(("r.toml".to_owned(), 7)),
            took: None,
            result,
            output: String::new(),
        };
        let failed = Result::Failed("a < b".into(), "wanted \"a\"\nfound \u{1}".into());
        let cases = [
            Case { at: None, output: "by x".into(), ..case("one & two", Result::Passed) },
            Case { took: Some(Duration::from_millis(1250)), ..case("two", failed) },
            case("three", Result::Skipped("no".into())),
        ];
        assert_eq!(
            suite("s", &cases),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites tests=\"3\" failures=\"1\" errors=\"0\" time=\"1.250\">\n  \
             <testsuite name=\"s\" tests=\"3\" failures=\"1\" errors=\"0\" time=\"1.250\" skipped=\"1\">\n    \
             <testcase name=\"one &amp; two\" classname=\"r\">\n      \
             <system-out>by x</system-out>\n    </testcase>\n    \
             <testcase name=\"two\" classname=\"r\" time=\"1.250\" file=\"r.toml\" line=\"7\">\n      \
             <failure message=\"a &lt; b\">wanted &quot;a&quot;&#10;found \u{fffd}</failure>\n    \
             </testcase>\n    \
             <testcase name=\"three\" classname=\"r\" file=\"r.toml\" line=\"7\">\n      \
             <skipped message=\"no\"/>\n    </testcase>\n  </testsuite>\n</testsuites>\n"
        );
    }
}
