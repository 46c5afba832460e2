//! Problems: a name for what is judged on, and versions of that.

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiState;
use super::cases::TestBody;
use super::checker::CheckerBody;
use super::content::{FieldErrors, check_name};
use super::error::{ApiError, ReadFailures, WriteFailures};
use super::extract::{PathId, Query, created, parse_between, parse_uuid};
use super::limits::{ApiLimits, LimitsBody};
use super::packages;
use super::upload::{Sent, Upload, UploadForm};
use super::versions::{ContentView, NewVersionBody, TestView};
use crate::store::{NewProblem, Problem, ProblemId};

const DEFAULT_PAGE: u64 = 20;
const MAX_PAGE: u64 = 100;
const MISSING: ApiError = ApiError::NotFound("problem");

/// A problem to be stored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProblemBody {
    /// Unique; 1 to 100 characters.
    #[schema(example = "a-plus-b")]
    name: String,
    /// Limits of every run.
    limits: Option<LimitsBody>,
    /// Default: tokens.
    checker: Option<CheckerBody>,
    /// Test cases in judging order, at least one, each with an answer.
    tests: Vec<TestBody>,
}

impl NewProblemBody {
    fn validate(self, bounds: &ApiLimits) -> Result<NewProblem, ApiError> {
        let mut errors = FieldErrors::default();
        check_name(&self.name, "/name", &mut errors);
        let version = NewVersionBody {
            limits: self.limits,
            checker: self.checker,
            tests: self.tests,
        };
        let new = NewProblem {
            version: version.validate(bounds, &mut errors),
            name: self.name,
        };
        errors.into_result(new)
    }
}

/// A problem as listed, with its current version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemSummaryView {
    id: Uuid,
    name: String,
    #[serde(flatten)]
    content: ContentView,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was deleted: then it takes no submissions.
    #[serde(with = "time::serde::rfc3339::option")]
    deleted_at: Option<OffsetDateTime>,
}

/// A problem.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemView {
    #[serde(flatten)]
    summary: ProblemSummaryView,
    /// Test cases in judging order; empty for a package.
    tests: Vec<TestView>,
}

/// One page of problems, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemPage {
    items: Vec<ProblemSummaryView>,
    /// `before` of the next page; null on the last one.
    next: Option<Uuid>,
}

impl From<Problem> for ProblemView {
    fn from(problem: Problem) -> Self {
        let (content, tests) = ContentView::new(problem.version);
        ProblemView {
            summary: ProblemSummaryView {
                id: problem.id.0,
                name: problem.name,
                content,
                created_at: problem.created_at,
                deleted_at: problem.deleted_at,
            },
            tests,
        }
    }
}

/// Store a problem
///
/// As JSON, or as a form with the archive of a problem package. What is found in a package is told:
/// warnings with the answer 201, and otherwise everything with the answer 422.
#[utoipa::path(
    post, path = "/api/v1/problems", tag = "problems",
    request_body(content(
        (NewProblemBody = "application/json"), (UploadForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Stored", body = ProblemView,
            headers(("Location" = String, description = "Path of the problem"))),
        WriteFailures,
    ),
)]
pub(super) async fn create_problem(
    State(state): State<ApiState>,
    sent: Sent<NewProblemBody>,
) -> Result<impl IntoResponse, ApiError> {
    let new = match sent {
        Sent::Json(body) => body.validate(&state.limits)?,
        Sent::Archive(upload) => uploaded(&state, upload).await?,
    };
    let problem = state.store.create_problem(&new).await?;
    let location = format!("/api/v1/problems/{}", problem.id);
    Ok(created(location, ProblemView::from(problem)))
}

async fn uploaded(state: &ApiState, upload: Upload) -> Result<NewProblem, ApiError> {
    let mut errors = FieldErrors::default();
    let name = upload.name.or(upload.file_stem).unwrap_or_default();
    check_name(&name, "/name", &mut errors);
    errors.into_result(())?;
    Ok(NewProblem {
        name,
        version: packages::check(state, upload.archive).await?,
    })
}

/// Delete a problem
///
/// It is listed no more and takes no submissions. What was judged on it stays, and so does what it
/// was judged on.
#[utoipa::path(
    delete, path = "/api/v1/problems/{id}", tag = "problems",
    params(("id" = Uuid, Path, description = "Id of the problem")),
    responses((status = 204, description = "It is deleted, or was already"), ReadFailures),
)]
pub(super) async fn delete_problem(
    State(state): State<ApiState>,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let id = id.map(ProblemId).ok_or(MISSING)?;
    match state.store.delete_problem(id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(MISSING),
    }
}

/// One problem
#[utoipa::path(
    get, path = "/api/v1/problems/{id}", tag = "problems",
    params(("id" = Uuid, Path, description = "Id of the problem")),
    responses((status = 200, description = "The problem", body = ProblemView), ReadFailures),
)]
pub(super) async fn get_problem(
    State(state): State<ApiState>,
    PathId(id): PathId,
) -> Result<JsonAnswer<ProblemView>, ApiError> {
    let id = id.map(ProblemId).ok_or(MISSING)?;
    let problem = state.store.find_problem(id).await?.ok_or(MISSING)?;
    Ok(JsonAnswer(problem.into()))
}

/// Problems, newest first
#[utoipa::path(
    get, path = "/api/v1/problems", tag = "problems",
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 1 to 100; default 20", minimum = 1, maximum = 100),
        ("before" = Option<Uuid>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = ProblemPage), ReadFailures),
)]
pub(super) async fn list_problems(
    State(state): State<ApiState>,
    mut query: Query,
) -> Result<JsonAnswer<ProblemPage>, ApiError> {
    let before = query.take("before", parse_uuid).map(ProblemId);
    let limit = query.take("limit", |text| parse_between(text, 1, MAX_PAGE));
    query.finish()?;
    let limit = limit.unwrap_or(DEFAULT_PAGE);
    let problems = state.store.list_problems(before, limit as i64).await?;
    let is_full = problems.len() as u64 == limit;
    let next = problems.last().filter(|_| is_full).map(|last| last.id.0);
    let views = problems.into_iter().map(|p| ProblemView::from(p).summary);
    Ok(JsonAnswer(ProblemPage {
        items: views.collect(),
        next,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::extract::parse_json;
    use crate::store::NewVersion;

    fn validated(json: &str) -> Result<NewProblem, ApiError> {
        parse_json::<NewProblemBody>(json.as_bytes())?.validate(&ApiLimits::default())
    }

    #[test]
    fn a_small_problem_has_defaults() {
        let new =
            validated(r#"{"name":"sum","tests":[{"input":"1 2","answer":"3"},{"answer":""}]}"#);
        let NewVersion::Tests { limits, cases, .. } = new.unwrap().version else {
            panic!("a package");
        };
        assert_eq!(limits.cpu_ms, 2000);
        let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["1", "2"]);
        assert!(cases[1].input.is_empty());
        assert_eq!(cases[1].answer.as_deref(), Some(&[][..]));
    }

    #[test]
    fn wrong_problems_are_refused_under_the_field() {
        let table = [
            (r#"{"name":"a","tests":[]}"#, "/tests"),
            (r#"{"name":"a","tests":[{"input":"x"}]}"#, "/tests/0/answer"),
            (r#"{"name":"\u0000","tests":[{"answer":""}]}"#, "/name"),
            (r#"{"name":"","tests":[{"answer":""}]}"#, "/name"),
            (
                r#"{"name":"a","tests":[{"name":"x","answer":""},{"name":"x","answer":""}]}"#,
                "/tests/1/name",
            ),
            (
                r#"{"name":"a","tests":[{"name":"2","answer":""},{"answer":""}]}"#,
                "/tests/1/name",
            ),
            (
                r#"{"name":"a","tests":[{"answer_base64":"?"}]}"#,
                "/tests/0/answer_base64",
            ),
            (
                r#"{"name":"a","limits":{"cpu_ms":-1},"tests":[{"answer":""}]}"#,
                "/limits/cpu_ms",
            ),
            (r#"{"name":"a","tests":[{"answer":1}]}"#, "/tests/0/answer"),
        ];
        for (json, path) in table {
            let shown = format!("{:?}", validated(json).unwrap_err());
            assert!(shown.contains(&format!("\"{path}\"")), "{json}: {shown}");
        }
    }

    #[test]
    fn more_test_cases_than_allowed_are_refused() {
        let with = |count: usize| {
            let tests = vec![r#"{"answer":""}"#; count].join(",");
            validated(&format!(r#"{{"name":"a","tests":[{tests}]}}"#))
        };
        assert!(with(1000).is_ok());
        assert!(with(1001).is_err());
    }
}
