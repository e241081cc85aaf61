//! Results as JUnit's XML, which CI services read.

use std::fmt::Write;
use std::time::Duration;

/// One case of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What was tried.
    pub name: String,
    /// What it was tried on.
    pub class: String,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// A suite of one run.
#[must_use]
pub fn suite(name: &str, cases: &[Case]) -> String {
    let failed = cases.iter().filter(|case| case.failure.is_some()).count();
    let took: Duration = cases.iter().map(|case| case.took).sum();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" time=\"{:.3}\">\n",
        escaped(name),
        cases.len(),
        took.as_secs_f64(),
    );
    for case in cases {
        let (name, class) = (escaped(&case.name), escaped(&case.class));
        let time = case.took.as_secs_f64();
        let _ = write!(out, "  <testcase name=\"{name}\" classname=\"{class}\" time=\"{time:.3}\"");
        out += &match &case.failure {
            Some(why) => format!(">\n    <failure message=\"{}\"/>\n  </testcase>\n", escaped(why)),
            None => "/>\n".to_owned(),
        };
    }
    out + "</testsuite>\n"
}

/// Text as an attribute's value; what XML 1.0 cannot hold becomes U+FFFD.
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
            c if c < ' ' || ('\u{fffe}'..='\u{ffff}').contains(&c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_says_what_failed_and_why() {
        let case = |failure: Option<&str>| Case {
            name: "boots through GRUB".into(),
            class: "a&b.img".into(),
            took: Duration::from_millis(1250),
            failure: failure.map(str::to_owned),
        };
        let xml = suite("lionize vm check", &[case(None), case(Some("\"x\" <y>\n\u{1}"))]);
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"lionize vm check\" tests=\"2\" failures=\"1\" time=\"2.500\">\n  \
             <testcase name=\"boots through GRUB\" classname=\"a&amp;b.img\" time=\"1.250\"/>\n  \
             <testcase name=\"boots through GRUB\" classname=\"a&amp;b.img\" time=\"1.250\">\n    \
             <failure message=\"&quot;x&quot; &lt;y&gt;&#10;\u{fffd}\"/>\n  </testcase>\n\
             </testsuite>\n"
        );
    }
}
