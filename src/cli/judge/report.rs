//! What came of a folder of submissions: a table for people, one object for other programs, CSV for
//! spreadsheets, and the XML of JUnit.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::batch::Row;
use crate::cli::junit::{self, End, Test};
use crate::cli::terminal::harmless;
use crate::judge::verdict::Verdict;
use crate::judge::verdict::code;

/// Everything that came of a folder.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// What the submissions were judged on.
    pub problem: String,
    /// The time limit in milliseconds; null where the server alone knows it.
    pub time_limit_ms: Option<u64>,
    pub submissions: Vec<Row>,
    /// Submissions that cannot be judged, and why.
    pub unjudged: BTreeMap<String, String>,
    /// Submissions at which the judge failed, and how. Judged again by the next run.
    pub failed: BTreeMap<String, String>,
}

impl Report {
    pub(super) fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }

    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// A line for each submission, and at the end how many came to what.
    pub(super) fn text(&self) -> String {
        let name = |row: &Row| shown(&row.submission);
        let longest = self.submissions.iter().map(|row| name(row).chars().count());
        let width = longest.max().unwrap_or(0);
        let mut text = String::new();
        for row in &self.submissions {
            let time = row
                .slowest_ms
                .map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
            let score = score_column(&self.submissions, row);
            text.push_str(&format!(
                "{:width$}  {:4} {score}{time:>9}  {}\n",
                name(row),
                code(&row.verdict),
                shown(&row.reason)
            ));
        }
        for (words, list) in [("not judged", &self.unjudged), ("FAILED", &self.failed)] {
            for (submission, reason) in list {
                text.push_str(&format!(
                    "{words}: {}: {}\n",
                    shown(submission),
                    shown(reason)
                ));
            }
        }
        text.push_str(&self.counts());
        text
    }

    fn counts(&self) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in &self.submissions {
            *counts.entry(code(&row.verdict)).or_default() += 1;
        }
        let counts: Vec<String> = counts
            .iter()
            .map(|(code, n)| format!("{n} {code}"))
            .collect();
        let mut line = format!("{} judged: {}", self.submissions.len(), counts.join(", "));
        if !self.unjudged.is_empty() {
            line.push_str(&format!("; {} not judged", self.unjudged.len()));
        }
        if !self.failed.is_empty() {
            line.push_str(&format!("; {} failed", self.failed.len()));
        }
        line + "\n"
    }

    pub(super) fn csv(&self) -> String {
        let mut text = String::from(
            "submission,language,verdict,score,slowest_ms,memory_bytes,passed,cases,reason\r\n",
        );
        for row in &self.submissions {
            let passed = row
                .cases
                .iter()
                .filter(|case| case.verdict == Verdict::Accepted)
                .count();
            let fields = [
                cell(&row.submission),
                cell(&row.language),
                code(&row.verdict),
                row.score.map_or(String::new(), |score| score.to_string()),
                row.slowest_ms
                    .map_or(String::new(), |ms| format!("{ms:.3}")),
                row.memory_bytes
                    .map_or(String::new(), |bytes| bytes.to_string()),
                passed.to_string(),
                row.cases.len().to_string(),
                cell(&row.reason),
            ];
            text.push_str(&(fields.join(",") + "\r\n"));
        }
        for (submission, reason) in self.unjudged.iter().chain(&self.failed) {
            text.push_str(&format!("{},,,,,,,,{}\r\n", cell(submission), cell(reason)));
        }
        text
    }

    /// A submission passes with the right answer.
    pub(super) fn junit(&self) -> String {
        let judged = self.submissions.iter().map(|row| Test {
            name: &row.submission,
            time: row.cases.iter().filter_map(|case| case.cpu_ms).sum::<f64>() / 1000.0,
            end: match row.verdict {
                Verdict::Accepted => End::Passed,
                _ => End::Failed((&row.reason).into()),
            },
        });
        fn other<'a>((name, end): (&'a String, End<'a>)) -> Test<'a> {
            Test {
                name,
                time: 0.0,
                end,
            }
        }
        let unjudged = self
            .unjudged
            .iter()
            .map(|(name, why)| (name, End::Skipped(why.into())));
        let failed = self
            .failed
            .iter()
            .map(|(name, why)| (name, End::Errored(why.into())));
        let tests = judged.chain(unjudged.chain(failed).map(other)).collect();
        junit::document(&[(&self.problem, tests)])
    }
}

/// Points, where any submission has some.
fn score_column(rows: &[Row], row: &Row) -> String {
    let points = |row: &Row| row.score.map_or("-".to_owned(), |score| score.to_string());
    if rows.iter().all(|row| row.score.is_none()) {
        return String::new();
    }
    let width = rows.iter().map(|row| points(row).len()).max().unwrap_or(0);
    format!("{:>width$} ", points(row))
}

/// A field as CSV has it (RFC 4180). A spreadsheet takes what begins like a formula for one, and names are
/// strangers': an apostrophe makes it text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// On one line, without anything that a terminal would obey.
fn shown(text: &str) -> String {
    harmless(text, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::CaseRow;

    fn report() -> Report {
        Report {
            problem: "sum".to_owned(),
            time_limit_ms: Some(1000),
            submissions: vec![Row {
                submission: "a,\"b\"".to_owned(),
                digest: String::new(),
                language: "c".to_owned(),
                verdict: Verdict::WrongAnswer,
                reason: "=1+1".to_owned(),
                score: Some(12.5),
                slowest_ms: Some(2.0),
                memory_bytes: Some(4096),
                cases: vec![CaseRow {
                    name: "1".to_owned(),
                    verdict: Verdict::Accepted,
                    score: None,
                    cpu_ms: Some(2.0),
                }],
            }],
            unjudged: BTreeMap::from([("x\x1b".to_owned(), "why".to_owned())]),
            failed: BTreeMap::new(),
        }
    }

    #[test]
    fn fields_of_csv_cannot_break_out_nor_be_formulas() {
        let csv = report().csv();
        let line = csv.lines().nth(1).unwrap();
        assert_eq!(line, "\"a,\"\"b\"\"\",c,WA,12.5,2.000,4096,1,1,'=1+1");
    }

    #[test]
    fn the_table_says_how_many_came_to_what() {
        let text = report().text();
        assert!(text.contains("  WA   12.5      2 ms  =1+1\n"), "{text}");
        assert!(text.ends_with("1 judged: 1 WA; 1 not judged\n"), "{text}");
        assert!(text.contains("x\u{fffd}: why"), "{text}");
    }

    #[test]
    fn junit_counts_what_was_not_judged_as_skipped() {
        let xml = report().junit();
        assert!(
            xml.contains(r#"tests="2" failures="1" errors="0" skipped="1""#),
            "{xml}"
        );
    }
}
