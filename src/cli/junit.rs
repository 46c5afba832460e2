//! Reports in the XML of JUnit, which build servers show.

use std::borrow::Cow;
use std::fmt::Write;

/// How one test ended.
pub(super) enum End<'a> {
    Passed,
    /// It is not as it should be.
    Failed(Cow<'a, str>),
    /// Nothing can be said of it.
    Errored(Cow<'a, str>),
    Skipped(Cow<'a, str>),
}

/// One test of a suite.
pub(super) struct Test<'a> {
    pub name: &'a str,
    /// In seconds.
    pub time: f64,
    pub end: End<'a>,
}

/// Suites by name, as one document.
pub(super) fn document(suites: &[(&str, Vec<Test<'_>>)]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (name, tests) in suites {
        let count = |is_counted: fn(&End<'_>) -> bool| {
            tests.iter().filter(|test| is_counted(&test.end)).count()
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
            escaped(name),
            tests.len(),
            count(|end| matches!(end, End::Failed(_))),
            count(|end| matches!(end, End::Errored(_))),
            count(|end| matches!(end, End::Skipped(_))),
            tests.iter().map(|test| test.time).sum::<f64>(),
        );
        for test in tests {
            text.push_str(&element(name, test));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn element(suite: &str, test: &Test<'_>) -> String {
    let inner = match &test.end {
        End::Passed => String::new(),
        End::Failed(reason) => format!("<failure message=\"{}\"/>", escaped(reason)),
        End::Errored(reason) => format!("<error message=\"{}\"/>", escaped(reason)),
        End::Skipped(reason) => format!("<skipped message=\"{}\"/>", escaped(reason)),
    };
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">{inner}</testcase>\n",
        escaped(suite),
        escaped(test.name),
        test.time,
    )
}

/// Text as the value of an attribute. What XML cannot hold at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_count_their_tests_and_names_cannot_break_out() {
        let tests = vec![
            Test {
                name: "a",
                time: 0.5,
                end: End::Passed,
            },
            Test {
                name: "\"><x>&\u{1}",
                time: 1.0,
                end: End::Failed("line 1\nline 2".into()),
            },
            Test {
                name: "c",
                time: 0.0,
                end: End::Skipped("why".into()),
            },
        ];
        let text = document(&[("s", tests)]);
        let suite =
            r#"<testsuite name="s" tests="3" failures="1" errors="0" skipped="1" time="1.500">"#;
        assert!(text.contains(suite), "{text}");
        assert!(
            text.contains(r#"name="&quot;&gt;&lt;x&gt;&amp;�""#),
            "{text}"
        );
        assert!(
            text.contains(r#"<failure message="line 1&#10;line 2"/>"#),
            "{text}"
        );
    }
}
