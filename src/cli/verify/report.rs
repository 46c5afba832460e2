//! What came of a package: a table for people, or one object for other programs.

use std::io::Write;

use serde::Serialize;

use super::{Checked, matrix};
use crate::cli::terminal::harmless;
use crate::judge::verdict::code;
use crate::judge::verdict::{GroupResult, Verdict};
use crate::problem::package::{Finding, Severity};
use crate::verify::{
    LimitSource, Margin, Report, Skipped, SubmissionResult, TimeLimit, Verification,
};

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
pub(super) fn write_text(
    checked: &Checked,
    with_matrix: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut text = format!("{}\n", checked.path.display());
    for finding in checked.findings.iter() {
        text.push_str(&format!("  {finding}\n"));
    }
    match &checked.result {
        Err(error) => text.push_str(&format!("  error: {error}\n")),
        Ok(verification) => {
            write_verification(verification, &mut text);
            matrix::write(verification, with_matrix, &mut text);
        }
    }
    let verdict = if checked.is_ok() { "ok" } else { "NOT OK" };
    text.push_str(&format!("  {verdict}\n"));
    // Names and messages are a stranger's: nothing in them may move the terminal's cursor.
    out.write_all(harmless(&text, &['\n']).as_bytes())?;
    Ok(())
}

fn write_verification(verification: &Verification, text: &mut String) {
    for mistake in &verification.mistakes {
        text.push_str(&format!("  error: {mistake}\n"));
    }
    if !verification.takes_answers {
        let limit = time_limit(&verification.time);
        text.push_str(&format!("  time limit: {limit}\n"));
    }
    for line in table(verification) {
        text.push_str(&format!("  {line}\n"));
    }
    for result in verification.submissions.iter().filter(|r| !r.as_expected) {
        let mut failed = result
            .cases
            .iter()
            .filter(|case| case.verdict == result.verdict);
        let message = failed.find_map(|case| case.checker_message.as_deref());
        let message = message
            .map(|message| format!("; {message}"))
            .unwrap_or_default();
        let surprise = result.surprise.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "  error: {}: {surprise}: {}{message}\n",
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
    let groups = &verification.groups;
    let mut header = vec!["submission", "expected", "verdict"];
    header.extend(verification.is_scoring.then_some("points"));
    header.extend(groups.iter().map(String::as_str));
    header.extend(["slowest", "of limit", "case", "fails on"]);
    let mut rows = vec![header.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let results = verification.submissions.iter();
    rows.extend(results.map(|result| row(result, verification)));
    align(&rows)
}

fn row(result: &SubmissionResult, verification: &Verification) -> Vec<String> {
    let nothing = || "-".to_owned();
    let mark = if result.as_expected { "" } else { " ✗" };
    let expected: Vec<String> = result.expected.iter().map(code).collect();
    let mut row = vec![
        result.path.clone(),
        expected.join(","),
        format!("{}{mark}", code(&result.verdict)),
    ];
    if verification.is_scoring {
        row.push(result.score.map_or_else(nothing, points));
    }
    row.extend(verification.groups.iter().map(|name| {
        let mut groups = result.groups.iter();
        let group = groups.find(|group| group.name == *name);
        group.map_or_else(nothing, cell)
    }));
    match &result.slowest {
        Some((ms, case)) => {
            row.extend([format!("{ms:.0} ms"), of_limit(*ms, result), case.clone()])
        }
        None => row.extend([nothing(), nothing(), nothing()]),
    }
    let first = result.failing_cases().next();
    row.push(first.map_or_else(nothing, |case| case.name.clone()));
    row
}

/// The part of the limit, with a mark where the margin is small.
fn of_limit(used_ms: f64, result: &SubmissionResult) -> String {
    let mark = match result.margin {
        Some(Margin::Near) => " !!",
        Some(Margin::Narrow) => " !",
        Some(Margin::Ample) | None => "",
    };
    format!("{:.0} %{mark}", 100.0 * used_ms / result.limit_ms as f64)
}

/// What came of a group: its verdict, and its points where it has any.
fn cell(group: &GroupResult) -> String {
    match (group.verdict, group.score) {
        (Verdict::Skipped, _) => "-".to_owned(),
        (verdict, Some(score)) if score != 0.0 => format!("{} {}", code(&verdict), points(score)),
        (verdict, _) => code(&verdict),
    }
}

/// Points with at most two decimals.
fn points(score: f64) -> String {
    let text = format!("{score:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn align(rows: &[Vec<String>]) -> Vec<String> {
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

    #[test]
    fn a_group_is_told_with_its_points() {
        let group = |verdict, score| GroupResult {
            name: "secret".to_owned(),
            verdict,
            score,
            max_score: None,
        };
        assert_eq!(cell(&group(Verdict::Accepted, Some(33.333_3))), "AC 33.33");
        assert_eq!(cell(&group(Verdict::Accepted, Some(40.0))), "AC 40");
        assert_eq!(cell(&group(Verdict::WrongAnswer, Some(0.0))), "WA");
        assert_eq!(cell(&group(Verdict::Accepted, None)), "AC");
        assert_eq!(cell(&group(Verdict::Skipped, Some(0.0))), "-");
        assert_eq!(points(100.0), "100");
    }
}
