//! Problems: test cases, limits and a checker, stored once and named by submissions.

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiState;
use super::cases::{Answers, TestBody, validate_tests};
use super::checker::CheckerBody;
use super::content::{FieldErrors, check_name};
use super::error::{ApiError, ReadFailures, WriteFailures};
use super::extract::{Json, PathId, Query, created, parse_between, parse_uuid};
use super::limits::{ApiLimits, LimitsBody, LimitsView};
use crate::store::{NewProblem, Problem, ProblemId, TestCaseRow};

const DEFAULT_PAGE: u64 = 20;
const MAX_PAGE: u64 = 100;

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
        let limits = self.limits.unwrap_or_default();
        let new = NewProblem {
            limits: limits.validate(bounds, &mut errors),
            checker: self
                .checker
                .map(|c| c.validate(&mut errors))
                .unwrap_or_default(),
            cases: validate_tests(self.tests, bounds.tests, Answers::Required, &mut errors),
            name: self.name,
        };
        errors.into_result(new)
    }
}

/// A test case without its contents.
#[derive(Debug, Serialize, ToSchema)]
struct TestView {
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

/// A problem as listed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemSummaryView {
    id: Uuid,
    name: String,
    limits: LimitsView,
    checker: CheckerBody,
    /// Number of test cases.
    test_count: i64,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// A problem.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemView {
    #[serde(flatten)]
    summary: ProblemSummaryView,
    /// Test cases in judging order.
    tests: Vec<TestView>,
}

/// One page of problems, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemPage {
    items: Vec<ProblemSummaryView>,
    /// `before` of the next page; null on the last one.
    next: Option<Uuid>,
}

impl From<Problem> for ProblemSummaryView {
    fn from(problem: Problem) -> Self {
        ProblemSummaryView {
            id: problem.id.0,
            name: problem.name,
            limits: problem.limits.into(),
            checker: problem.checker.into(),
            test_count: problem.case_count,
            created_at: problem.created_at,
        }
    }
}

impl From<Problem> for ProblemView {
    fn from(mut problem: Problem) -> Self {
        let cases = std::mem::take(&mut problem.cases);
        ProblemView {
            summary: problem.into(),
            tests: cases.into_iter().map(TestView::from).collect(),
        }
    }
}

/// Store a problem
#[utoipa::path(
    post, path = "/api/v1/problems", tag = "problems", request_body = NewProblemBody,
    responses(
        (status = 201, description = "Stored", body = ProblemView,
            headers(("Location" = String, description = "Path of the problem"))),
        WriteFailures,
    ),
)]
pub(super) async fn create_problem(
    State(state): State<ApiState>,
    Json(body): Json<NewProblemBody>,
) -> Result<impl IntoResponse, ApiError> {
    let new = body.validate(&state.limits)?;
    let problem = state.store.create_problem(&new).await?;
    let location = format!("/api/v1/problems/{}", problem.id);
    Ok(created(location, ProblemView::from(problem)))
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
    const MISSING: ApiError = ApiError::NotFound("problem");
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
    Ok(JsonAnswer(ProblemPage {
        items: problems.into_iter().map(ProblemSummaryView::from).collect(),
        next,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::extract::parse_json;

    fn validated(json: &str) -> Result<NewProblem, ApiError> {
        parse_json::<NewProblemBody>(json.as_bytes())?.validate(&ApiLimits::default())
    }

    #[test]
    fn a_small_problem_has_defaults() {
        let new =
            validated(r#"{"name":"sum","tests":[{"input":"1 2","answer":"3"},{"answer":""}]}"#);
        let new = new.unwrap();
        assert_eq!(new.limits.cpu_ms, 2000);
        let names: Vec<_> = new.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["1", "2"]);
        assert!(new.cases[1].input.is_empty());
        assert_eq!(new.cases[1].answer.as_deref(), Some(&[][..]));
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
