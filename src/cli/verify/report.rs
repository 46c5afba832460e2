//! What came of a package: a table for people, or one object for other programs.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::Checked;
use crate::cli::judging::code;
use crate::judge::verdict::{CaseResult, Verdict};
use crate::problem::package::{Finding, Severity};
use crate::verify::{LimitSource, Report, Skipped, SubmissionResult, TimeLimit, Verification};

#[derive(Serialize)]
struct PackageView<'a> {
    package: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    findings: Vec<FindingView<'a>>,
    #[serde(flatten)]
    report: Report<'a>,
}

#[derive(Serialize)]
struct FindingView<'a> {
    severity: &'static str,
    path: &'a str,
    line: Option<usize>,
    message: &'a str,
}

/// Writes one JSON object on one line.
pub(super) fn write_json(checked: &Checked, out: &mut dyn Write) -> anyhow::Result<()> {
    let verification = checked.result.as_ref().ok();
    let view = PackageView {
        package: checked.path.to_string_lossy().into_owned(),
        ok: checked.is_ok(),
        error: checked.result.as_ref().err().map(String::as_str),
        findings: findings(checked),
        report: verification.map(Report::of).unwrap_or_default(),
    };
    writeln!(out, "{}", serde_json::to_string(&view)?)?;
    Ok(())
}

fn findings(checked: &Checked) -> Vec<FindingView<'_>> {
    checked.findings.iter().map(finding).collect()
}

fn finding(found: &Finding) -> FindingView<'_> {
    FindingView {
        severity: match found.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        path: &found.path,
        line: found.line,
        message: &found.message,
    }
}

/// Writes for people: what is wrong, the time limit, and a table of submissions by groups.
pub(super) fn write_text(checked: &Checked, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut text = format!("{}\n", checked.path.display());
    for finding in checked.findings.iter() {
        text.push_str(&format!("  {finding}\n"));
    }
    match &checked.result {
        Err(error) => text.push_str(&format!("  error: {error}\n")),
        Ok(verification) => write_verification(verification, &mut text),
    }
    let verdict = if checked.is_ok() { "ok" } else { "NOT OK" };
    text.push_str(&format!("  {verdict}\n"));
    // Names and messages are a stranger's: nothing in them may move the terminal's cursor.
    let shown = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    out.write_all(text.chars().map(shown).collect::<String>().as_bytes())?;
    Ok(())
}

fn write_verification(verification: &Verification, text: &mut String) {
    for mistake in &verification.mistakes {
        text.push_str(&format!("  error: {mistake}\n"));
    }
    text.push_str(&format!(
        "  time limit: {}\n",
        time_limit(&verification.time)
    ));
    for line in table(verification) {
        text.push_str(&format!("  {line}\n"));
    }
    for result in verification.submissions.iter().filter(|r| !r.as_expected) {
        let message = result
            .cases
            .last()
            .and_then(|case| case.checker_message.as_deref());
        let message = message
            .map(|message| format!("; {message}"))
            .unwrap_or_default();
        text.push_str(&format!(
            "  error: {}: {}{message}\n",
            result.path, result.reason
        ));
    }
    for Skipped { path, reason } in &verification.skipped {
        text.push_str(&format!("  not judged: {path}: {reason}\n"));
    }
    for note in &verification.notes {
        text.push_str(&format!("  note: {note}\n"));
    }
}

fn time_limit(time: &TimeLimit) -> String {
    let TimeLimit {
        limit_ms,
        source,
        slowest_accepted_ms,
    } = time;
    let source = match source {
        LimitSource::Given => "as given",
        LimitSource::Calibrated => "calculated",
    };
    let slowest = slowest_accepted_ms
        .map(|ms| format!("; the slowest that must pass takes {ms:.0} ms"))
        .unwrap_or_default();
    format!("{limit_ms} ms, {source}{slowest}")
}

/// A row for each submission: what came of it in each group, and how slow it was.
fn table(verification: &Verification) -> Vec<String> {
    let all_cases = verification
        .submissions
        .iter()
        .flat_map(|result| &result.cases);
    let mut groups: Vec<&str> = all_cases.map(group).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut header = vec!["submission", "expected", "verdict"];
    header.extend(&groups);
    header.extend(["slowest", "of limit", "case"]);
    let mut rows = vec![header.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for result in &verification.submissions {
        rows.push(row(result, &groups, verification.time.limit_ms));
    }
    align(&rows)
}

fn row(result: &SubmissionResult, groups: &[&str], limit_ms: u64) -> Vec<String> {
    let mut by_group: BTreeMap<&str, Verdict> = BTreeMap::new();
    for case in &result.cases {
        // The last one of a group is the failing one, where one fails.
        by_group.insert(group(case), case.verdict);
    }
    let mark = if result.as_expected { "" } else { " ✗" };
    let expected: Vec<String> = result.expected.iter().map(code).collect();
    let mut row = vec![
        result.path.clone(),
        expected.join(","),
        format!("{}{mark}", code(&result.verdict)),
    ];
    let cells = groups.iter().map(|group| by_group.get(group).map(code));
    row.extend(cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned())));
    match &result.slowest {
        Some((ms, case)) => row.extend([
            format!("{ms:.0} ms"),
            format!("{:.0} %", 100.0 * ms / limit_ms as f64),
            case.clone(),
        ]),
        None => row.extend(["-".to_owned(), "-".to_owned(), "-".to_owned()]),
    }
    row
}

fn group(case: &CaseResult) -> &str {
    case.name.rsplit_once('/').map_or("", |(group, _)| group)
}

fn align(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, &width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [
            vec!["a".to_owned(), "bb".to_owned()],
            vec!["ccc".to_owned(), String::new()],
        ];
        assert_eq!(align(&rows), ["a    bb", "ccc"]);
    }
}
