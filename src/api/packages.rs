//! Problem packages: the check of an upload, and what is shown of it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use axum::body::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::limits::ApiLimits;
use super::{ApiState, ConfiguredLanguage, languages};
use crate::problem::groups::Objective;
use crate::problem::package::{self, Finding, Package, Severity, Validation};
use crate::store::{BlobId, NewVersion, PackageAbout};
use crate::unpack::{self, Caps, UnpackError};

/// What was found in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingView {
    /// `error` or `warning`.
    #[schema(value_type = String, example = "error")]
    severity: Severity,
    /// Path inside the package; empty where it is about the whole.
    #[schema(example = "problem.yaml")]
    path: String,
    /// Line of the file, from 1; null where none is known.
    line: Option<usize>,
    /// What is wrong, and what to change.
    message: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        FindingView {
            severity: finding.severity,
            path: finding.path,
            line: finding.line,
            message: finding.message,
        }
    }
}

impl FindingView {
    fn error(path: &str, message: String) -> Self {
        FindingView {
            severity: Severity::Error,
            path: path.to_owned(),
            line: None,
            message,
        }
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// In one line, for people.
    pub(super) fn in_words(&self) -> String {
        match self.path.as_str() {
            "" => self.message.clone(),
            path => format!("{path}: {}", self.message),
        }
    }
}

/// A problem package as stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackageView {
    /// SHA-256 of the archive.
    sha256: String,
    /// Size of the archive.
    bytes: i64,
    /// Version of the package format.
    #[schema(example = "2025-09")]
    format: String,
    /// Names by language.
    names: BTreeMap<String, String>,
    /// `default`, `custom` or `interactive`.
    validation: String,
    /// Whether a submission is answers, in the language `answers`, and no program.
    takes_answers: bool,
    /// CPU time of a test case; null until it follows from the jury's submissions.
    limit_ms: Option<u64>,
    /// `given` by the package, `calibrated` by the jury's submissions, or null.
    limit_source: Option<&'static str>,
    /// Whether a higher (`max`) or a lower (`min`) score is better; null where there are no points.
    #[schema(value_type = Option<String>, example = "max")]
    objective: Option<Objective>,
    /// The lowest score of a submission; null where there are no points, or no end of them.
    min_score: Option<f64>,
    /// The highest score of a submission, likewise.
    max_score: Option<f64>,
    /// Memory of a submission.
    memory_bytes: u64,
    /// Standard output of a submission.
    output_bytes: u64,
    /// Languages of its own programs: workers that offer all of them judge by it.
    needs: Vec<String>,
    /// Names of the test cases of which contestants may see everything, such as samples.
    full_feedback: Vec<String>,
    /// What may help contestants who failed on a test case, by its name.
    hints: BTreeMap<String, String>,
    /// What was found in it: warnings only.
    findings: Vec<FindingView>,
}

impl PackageView {
    pub(super) fn new(
        (archive, bytes): (BlobId, i64),
        about: PackageAbout,
        limit_ms: Option<u64>,
    ) -> Self {
        let source = match about.limit_ms {
            Some(_) => "given",
            None => "calibrated",
        };
        PackageView {
            sha256: archive.to_string(),
            bytes,
            format: about.format,
            names: about.names,
            validation: about.validation,
            takes_answers: about.takes_answers,
            needs: about.needs,
            full_feedback: about.full_feedback,
            hints: about.hints,
            limit_ms,
            limit_source: limit_ms.map(|_| source),
            objective: about.objective,
            min_score: about.min_score,
            max_score: about.max_score,
            memory_bytes: about.memory_bytes,
            output_bytes: about.output_bytes,
            findings: about.findings.into_iter().map(FindingView::from).collect(),
        }
    }
}

/// Checks an archive: in memory, under caps, one at a time.
pub(super) async fn check(state: &ApiState, archive: Bytes) -> Result<NewVersion, ApiError> {
    let turn = Arc::clone(&state.checks).acquire_owned().await;
    let limits = Arc::clone(&state.limits);
    let languages = Arc::clone(&state.languages);
    let checked = tokio::task::spawn_blocking(move || {
        // Held to the end of the work, also where nobody waits for it any more.
        let _turn = turn;
        let about = read(&archive, (&limits, &languages))?;
        Ok(NewVersion::Package {
            archive: Arc::from(&*archive),
            about,
        })
    });
    checked.await.unwrap_or(Err(ApiError::Panicked))
}

fn read(
    archive: &[u8],
    (limits, languages): (&ApiLimits, &[ConfiguredLanguage]),
) -> Result<PackageAbout, ApiError> {
    let tree = unpack::read_archive(archive, &Caps::UPLOAD).map_err(refused)?;
    let (package, findings) = package::read(&tree);
    let mut found: Vec<FindingView> = findings.iter().cloned().map(FindingView::from).collect();
    let Some(mut package) = package else {
        return Err(ApiError::BadPackage(found));
    };
    let memory = &mut package.limits;
    if !memory.is_memory_given {
        // What is said nowhere is what the format takes for usual, and no promise.
        memory.memory_bytes = memory.memory_bytes.min(limits.memory_bytes.max);
    }
    let excess = beyond_limits(&package, limits);
    if !excess.is_empty() {
        found.extend(excess);
        return Err(ApiError::BadPackage(found));
    }
    let needs = languages::of_programs(languages, &package.judging_programs());
    Ok(about(&package, needs, findings.iter().cloned().collect()))
}

fn refused(error: UnpackError) -> ApiError {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    ApiError::BadPackage(vec![FindingView::error("", message)])
}

/// What the package asks for and this installation does not give.
fn beyond_limits(package: &Package, limits: &ApiLimits) -> Vec<FindingView> {
    let amounts = [
        (
            "limits.memory",
            package.limits.memory_bytes,
            limits.memory_bytes.max,
            "bytes",
        ),
        (
            "limits.output",
            package.limits.output_bytes,
            limits.output_bytes.max,
            "bytes",
        ),
        (
            "the time limit",
            package.time.limit_ms.unwrap_or(0),
            limits.cpu_ms.max,
            "ms",
        ),
        (
            "the number of test cases",
            package.cases.len() as u64,
            limits.tests as u64,
            "cases",
        ),
    ];
    let excess = amounts.into_iter().filter(|(_, asked, max, _)| asked > max);
    excess
        .map(|(what, asked, max, unit)| {
            let message = format!(
                "{what} is {asked} {unit}, and this installation gives at most {max}: ask for less, or \
                 raise its setting"
            );
            FindingView::error("problem.yaml", message)
        })
        .collect()
}

fn about(package: &Package, needs: Vec<String>, findings: Vec<Finding>) -> PackageAbout {
    let cases = || package.cases.iter();
    let explained = cases().filter(|case| case.full_feedback);
    let hints = cases().filter_map(|case| Some((case.name.clone(), case.hint.clone()?)));
    let validation = match package.validation {
        Validation::Default(_) => "default",
        Validation::Custom(_) => "custom",
        Validation::Interactive(_) | Validation::Communication { .. } => "interactive",
        Validation::Foreign {
            interactor: Some(_),
            ..
        } => "interactive",
        Validation::Foreign { .. } => "custom",
    };
    PackageAbout {
        format: package.format.name().to_owned(),
        names: package.names.clone(),
        validation: validation.to_owned(),
        takes_answers: package.takes_answers,
        needs,
        full_feedback: explained.map(|case| case.name.clone()).collect(),
        hints: hints.collect(),
        case_count: package.cases.len() as u64,
        memory_bytes: package.limits.memory_bytes,
        output_bytes: package.limits.output_bytes,
        limit_ms: package.time.limit_ms,
        objective: package.scoring.map(|scoring| scoring.objective),
        min_score: package.min_score(),
        max_score: package.max_score_of(""),
        findings,
    }
}
