//! What is wrong with a package: where it stands and what to change.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The package can be used; something in it is ignored or looks like a mistake.
    Warning,
    /// The package cannot be used.
    Error,
}

/// One thing that is wrong with a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the package can be used all the same.
    pub severity: Severity,
    /// Path inside the package; empty where it is about the whole.
    pub path: String,
    /// Line of the file, from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong, and what to change.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: ")?;
        match (self.path.as_str(), self.line) {
            ("", _) => {}
            (path, None) => write!(f, "{path}: ")?,
            (path, Some(line)) => write!(f, "{path}:{line}: ")?,
        }
        f.write_str(&self.message)
    }
}

/// All that was found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    found: Vec<Finding>,
}

/// More findings than these are counted only, for the package is a stranger's.
const MAX_FINDINGS: usize = 500;

impl Findings {
    /// In the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter()
    }

    /// Whether the package cannot be used.
    pub fn has_errors(&self) -> bool {
        self.iter().any(|found| found.severity == Severity::Error)
    }

    pub(super) fn error(&mut self, path: &str, line: Option<usize>, message: impl Into<String>) {
        self.add(Severity::Error, path, line, message.into());
    }

    pub(super) fn warning(&mut self, path: &str, line: Option<usize>, message: impl Into<String>) {
        self.add(Severity::Warning, path, line, message.into());
    }

    /// Messages quote a stranger's file, and are shown on terminals and pages.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        path: &str,
        line: Option<usize>,
        message: String,
    ) {
        let message = message.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}");
        // An error is kept however many warnings came before it.
        if self.found.len() < MAX_FINDINGS || (severity == Severity::Error && !self.has_errors()) {
            self.found.push(Finding {
                severity,
                path: path.to_owned(),
                line,
                message,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_file_and_line() {
        let mut findings = Findings::default();
        findings.warning("problem.yaml", Some(3), "odd");
        findings.warning("data", None, "odd");
        findings.warning("", None, "odd");
        assert!(!findings.has_errors());
        findings.error("problem.yaml", Some(1), "bad");
        assert!(findings.has_errors());
        let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "warning: problem.yaml:3: odd",
                "warning: data: odd",
                "warning: odd",
                "error: problem.yaml:1: bad"
            ]
        );
    }

    #[test]
    fn an_error_is_kept_after_any_number_of_warnings() {
        let mut findings = Findings::default();
        for _ in 0..MAX_FINDINGS + 5 {
            findings.warning("x", None, "odd");
        }
        findings.error("x", None, "bad");
        assert_eq!(findings.iter().count(), MAX_FINDINGS + 1);
        assert!(findings.has_errors());
    }
}
