//! Versions of a problem: add one, look at them, get the archive back.

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::ApiState;
use super::cases::{Answers, TestBody, validate_tests};
use super::checker::CheckerBody;
use super::content::FieldErrors;
use super::error::{ApiError, ReadFailures, WriteFailures};
use super::extract::{PathId, PathVersion, Query, created, parse_between};
use super::limits::{ApiLimits, LimitsBody, LimitsView};
use super::packages::{self, PackageView};
use super::upload::{Sent, Upload, UploadForm};
use crate::store::{
    NewVersion, ProblemId, StoreError, TestCaseRow, Version, VersionContent, VersionState,
};

const DEFAULT_PAGE: u64 = 20;
const MAX_PAGE: u64 = 100;
const MISSING: ApiError = ApiError::NotFound("problem or version");

/// A version of test cases to be stored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewVersionBody {
    /// Limits of every run.
    pub(super) limits: Option<LimitsBody>,
    /// Default: tokens.
    pub(super) checker: Option<CheckerBody>,
    /// Test cases in judging order, at least one, each with an answer.
    pub(super) tests: Vec<TestBody>,
}

impl NewVersionBody {
    /// Where something is refused the result is of no use.
    pub(super) fn validate(self, bounds: &ApiLimits, errors: &mut FieldErrors) -> NewVersion {
        let limits = self.limits.unwrap_or_default();
        NewVersion::Tests {
            limits: limits.validate(bounds, errors),
            checker: self.checker.map(|c| c.validate(errors)).unwrap_or_default(),
            cases: validate_tests(self.tests, bounds.tests, Answers::Required, errors),
        }
    }
}

/// A test case without its contents.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestView {
    name: String,
    /// Size of the input.
    input_bytes: i64,
    /// Size of the answer.
    answer_bytes: Option<i64>,
}

impl From<TestCaseRow> for TestView {
    fn from(row: TestCaseRow) -> Self {
        TestView {
            name: row.name,
            input_bytes: row.input_bytes,
            answer_bytes: row.answer_bytes,
        }
    }
}

/// What is judged on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContentView {
    /// Number of the version, from 1; the highest is current.
    version: i32,
    /// `ready`; `pending`: the time limit is not known yet; `error`: a program of the problem failed.
    /// Submissions are judged while it is `ready`, and held otherwise.
    #[schema(value_type = String, example = "ready")]
    state: VersionState,
    /// What is wrong, where the state is `error`.
    error: Option<ProblemErrorView>,
    /// Null for a package, which has its own.
    limits: Option<LimitsView>,
    /// Null for a package, which has its own.
    checker: Option<CheckerBody>,
    /// Number of test cases.
    test_count: i64,
    /// Null for test cases that were sent as JSON.
    package: Option<PackageView>,
}

/// What is wrong with a problem.
#[derive(Debug, Serialize, ToSchema)]
struct ProblemErrorView {
    /// One line.
    cause: String,
    /// The beginning of what its program or a compiler wrote.
    evidence: String,
}

impl ContentView {
    /// The view, and the test cases.
    pub(super) fn new(version: Version) -> (Self, Vec<TestView>) {
        let mut view = ContentView {
            version: version.number,
            state: version.state,
            error: version.error.map(|error| ProblemErrorView {
                cause: error.cause,
                evidence: error.evidence,
            }),
            limits: None,
            checker: None,
            test_count: 0,
            package: None,
        };
        match version.content {
            VersionContent::Tests {
                limits,
                checker,
                case_count,
                cases,
            } => {
                view.limits = Some(limits.into());
                view.checker = Some(checker.into());
                view.test_count = case_count;
                (view, cases.into_iter().map(TestView::from).collect())
            }
            VersionContent::Package {
                archive,
                archive_bytes,
                about,
                limit_ms,
            } => {
                view.test_count = i64::try_from(about.case_count).unwrap_or(i64::MAX);
                view.package = Some(PackageView::new((archive, archive_bytes), about, limit_ms));
                (view, Vec::new())
            }
        }
    }
}

/// A version as listed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionSummaryView {
    #[serde(flatten)]
    content: ContentView,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// A version of a problem.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    #[serde(flatten)]
    summary: VersionSummaryView,
    /// Test cases in judging order; empty for a package.
    tests: Vec<TestView>,
}

/// One page of versions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionPage {
    items: Vec<VersionSummaryView>,
    /// `before` of the next page; null on the last one.
    next: Option<i32>,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        let created_at = version.created_at;
        let (content, tests) = ContentView::new(version);
        VersionView {
            summary: VersionSummaryView {
                content,
                created_at,
            },
            tests,
        }
    }
}

/// Store a further version of a problem
///
/// It is current from then on. What was judged stays with its version; submissions that were held
/// are judged on the new one.
#[utoipa::path(
    post, path = "/api/v1/problems/{id}/versions", tag = "problems",
    request_body(content(
        (NewVersionBody = "application/json"), (UploadForm = "multipart/form-data"),
    )),
    params(("id" = Uuid, Path, description = "Id of the problem")),
    responses(
        (status = 201, description = "Stored", body = VersionView,
            headers(("Location" = String, description = "Path of the version"))),
        WriteFailures,
    ),
)]
pub(super) async fn create_version(
    State(state): State<ApiState>,
    PathId(id): PathId,
    sent: Sent<NewVersionBody>,
) -> Result<impl IntoResponse, ApiError> {
    let id = id.map(ProblemId).ok_or(ApiError::NotFound("problem"))?;
    let new = match sent {
        Sent::Json(body) => {
            let mut errors = FieldErrors::default();
            let new = body.validate(&state.limits, &mut errors);
            errors.into_result(new)?
        }
        Sent::Archive(Upload { name: Some(_), .. }) => {
            let message = "the name stays with the problem: leave the part name out";
            return Err(ApiError::Form(message.to_owned()));
        }
        Sent::Archive(upload) => packages::check(&state, upload.archive).await?,
    };
    let stored = state.store.create_version(id, &new).await;
    let version = stored.map_err(|error| match error {
        StoreError::UnknownProblem(_) => ApiError::NotFound("problem"),
        error => error.into(),
    })?;
    let location = format!("/api/v1/problems/{id}/versions/{}", version.number);
    Ok(created(location, VersionView::from(version)))
}

/// Versions of a problem, newest first
#[utoipa::path(
    get, path = "/api/v1/problems/{id}/versions", tag = "problems",
    params(
        ("id" = Uuid, Path, description = "Id of the problem"),
        ("limit" = Option<u64>, Query, description = "At most this many, 1 to 100; default 20", minimum = 1, maximum = 100),
        ("before" = Option<i32>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = VersionPage), ReadFailures),
)]
pub(super) async fn list_versions(
    State(state): State<ApiState>,
    PathId(id): PathId,
    mut query: Query,
) -> Result<JsonAnswer<VersionPage>, ApiError> {
    let id = id.map(ProblemId).ok_or(ApiError::NotFound("problem"))?;
    let before = query.take("before", |text| parse_between(text, 1, i32::MAX as u64));
    let limit = query.take("limit", |text| parse_between(text, 1, MAX_PAGE));
    query.finish()?;
    let before = before.and_then(|number| i32::try_from(number).ok());
    let limit = limit.unwrap_or(DEFAULT_PAGE);
    let versions = state.store.list_versions(id, before, limit as i64).await?;
    // Every problem has a first version.
    if versions.is_empty() && before.is_none() {
        return Err(ApiError::NotFound("problem"));
    }
    let is_full = versions.len() as u64 == limit;
    let next = versions.last().filter(|_| is_full).map(|last| last.number);
    let views = versions.into_iter().map(|v| VersionView::from(v).summary);
    Ok(JsonAnswer(VersionPage {
        items: views.collect(),
        next,
    }))
}

/// One version of a problem
#[utoipa::path(
    get, path = "/api/v1/problems/{id}/versions/{number}", tag = "problems",
    params(
        ("id" = Uuid, Path, description = "Id of the problem"),
        ("number" = i32, Path, description = "Number of the version"),
    ),
    responses((status = 200, description = "The version", body = VersionView), ReadFailures),
)]
pub(super) async fn get_version(
    State(state): State<ApiState>,
    PathVersion(named): PathVersion,
) -> Result<JsonAnswer<VersionView>, ApiError> {
    Ok(JsonAnswer(find(&state, named).await?.into()))
}

async fn find(state: &ApiState, named: Option<(uuid::Uuid, i32)>) -> Result<Version, ApiError> {
    let (id, number) = named.ok_or(MISSING)?;
    let found = state.store.find_version(ProblemId(id), number).await?;
    found.ok_or(MISSING)
}

/// The archive of a version, as it was uploaded
#[utoipa::path(
    get, path = "/api/v1/problems/{id}/versions/{number}/archive", tag = "problems",
    params(
        ("id" = Uuid, Path, description = "Id of the problem"),
        ("number" = i32, Path, description = "Number of the version"),
    ),
    responses(
        (status = 200, description = "The archive", body = Vec<u8>, content_type = "application/octet-stream"),
        ReadFailures,
    ),
)]
pub(super) async fn get_version_archive(
    State(state): State<ApiState>,
    PathVersion(named): PathVersion,
) -> Result<impl IntoResponse, ApiError> {
    let version = find(&state, named).await?;
    let VersionContent::Package { archive, .. } = version.content else {
        return Err(ApiError::NotFound("archive"));
    };
    let bytes = state.store.read_blob(archive).await?;
    // The name is ours and not the problem's, which a header could not hold as it is.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{archive}.zip\""),
        ),
        (header::ETAG, format!("\"{archive}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, axum::body::Bytes::from_owner(bytes)))
}
