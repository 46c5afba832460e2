//! Submissions: send a program, read its verdict, wait for it, list what was sent.

pub(super) mod feedback;
mod new;
mod view;

use std::time::Duration;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::IntoResponse;

use self::new::NewSubmissionBody;
use self::view::{SourceView, SubmissionPage, SubmissionView};
use super::ApiState;
use super::error::{ApiError, ReadFailures, WriteFailures};
use super::extract::{
    Json, PathId, Query, created, parse_between, parse_flag, parse_uuid, parse_word,
};
use super::languages::known_languages;
use crate::store::{ListFilter, ProblemId, Submission, SubmissionId};

const DEFAULT_PAGE: u64 = 20;
const MAX_PAGE: u64 = 100;
const MISSING: ApiError = ApiError::NotFound("submission");

/// How long an answer may be held back for a verdict.
enum Wait {
    No,
    UpTo(Duration),
}

impl Wait {
    fn from_query(mut query: Query, max_ms: u64) -> Result<Self, ApiError> {
        let wait = query.take("wait", parse_flag).unwrap_or(false);
        let timeout = query.take("timeout_ms", |text| parse_between(text, 1, max_ms));
        query.finish()?;
        let timeout = Duration::from_millis(timeout.unwrap_or(max_ms));
        Ok(if wait { Wait::UpTo(timeout) } else { Wait::No })
    }
}

/// Send a program
///
/// With `problem_id` it is judged on a stored problem, with `tests` on test cases of its own, with
/// neither it is run once on `stdin`. The answer is 201 as soon as the submission is durable; with
/// `wait=true` it is held back until the verdict, or until the time is up: look at `state`.
#[utoipa::path(
    post, path = "/api/v1/submissions", tag = "submissions", request_body = NewSubmissionBody,
    params(
        ("wait" = Option<bool>, Query, description = "Hold the answer back until the verdict"),
        ("timeout_ms" = Option<u64>, Query, description = "At most this long; default and maximum 60000", minimum = 1),
    ),
    responses(
        (status = 201, description = "Accepted for judging, or judged", body = SubmissionView,
            headers(("Location" = String, description = "Path of the submission"))),
        WriteFailures,
    ),
)]
pub(super) async fn create_submission(
    State(state): State<ApiState>,
    query: Query,
    Json(body): Json<NewSubmissionBody>,
) -> Result<impl IntoResponse, ApiError> {
    let wait = Wait::from_query(query, state.limits.wait_ms)?;
    let languages = known_languages(&state).await?;
    let new = body.validate(&state.limits, &languages)?;
    let stored = state.store.create_submission(&new).await?;
    // It is stored: the sources need not stay in memory while this waits.
    drop(new);
    let location = format!("/api/v1/submissions/{}", stored.id);
    let view = match find(&state, stored.id, wait).await {
        Ok(submission) => SubmissionView::from(submission),
        // The client must learn the id all the same, or it would send the program again.
        Err(error) => {
            tracing::warn!(
                cause = error.with_sources(),
                "stored, but cannot be read back"
            );
            SubmissionView::from(stored)
        }
    };
    Ok(created(location, view))
}

/// One submission
///
/// With `wait=true` the answer is held back until the verdict, or until the time is up: look at
/// `state`, the status is 200 in both cases.
#[utoipa::path(
    get, path = "/api/v1/submissions/{id}", tag = "submissions",
    params(
        ("id" = Uuid, Path, description = "Id of the submission"),
        ("wait" = Option<bool>, Query, description = "Hold the answer back until the verdict"),
        ("timeout_ms" = Option<u64>, Query, description = "At most this long; default and maximum 60000", minimum = 1),
    ),
    responses((status = 200, description = "The submission", body = SubmissionView), ReadFailures),
)]
pub(super) async fn get_submission(
    State(state): State<ApiState>,
    PathId(id): PathId,
    query: Query,
) -> Result<JsonAnswer<SubmissionView>, ApiError> {
    let wait = Wait::from_query(query, state.limits.wait_ms)?;
    let id = id.map(SubmissionId).ok_or(MISSING)?;
    let submission = find(&state, id, wait).await?;
    Ok(JsonAnswer(submission.into()))
}

/// The source files of a submission, main file first
#[utoipa::path(
    get, path = "/api/v1/submissions/{id}/source", tag = "submissions",
    params(("id" = Uuid, Path, description = "Id of the submission")),
    responses((status = 200, description = "The files", body = SourceView), ReadFailures),
)]
pub(super) async fn get_submission_source(
    State(state): State<ApiState>,
    PathId(id): PathId,
) -> Result<JsonAnswer<SourceView>, ApiError> {
    let id = id.map(SubmissionId).ok_or(MISSING)?;
    let files = state.store.read_submission_files(id).await?;
    // Every submission has a file: none means that there is no such submission.
    if files.is_empty() {
        return Err(MISSING);
    }
    Ok(JsonAnswer(files.into()))
}

/// Submissions, newest first
#[utoipa::path(
    get, path = "/api/v1/submissions", tag = "submissions",
    params(
        ("language" = Option<String>, Query, description = "Only this language"),
        ("problem_id" = Option<Uuid>, Query, description = "Only this problem"),
        ("state" = Option<String>, Query, description = "Only `queued`, `running`, `finished` or `failed`"),
        ("verdict" = Option<String>, Query, description = "Only this verdict, e.g. `AC`"),
        ("limit" = Option<u64>, Query, description = "At most this many, 1 to 100; default 20", minimum = 1, maximum = 100),
        ("before" = Option<Uuid>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = SubmissionPage), ReadFailures),
)]
pub(super) async fn list_submissions(
    State(state): State<ApiState>,
    query: Query,
) -> Result<JsonAnswer<SubmissionPage>, ApiError> {
    let filter = filter_of(query)?;
    let found = state.store.list_submissions(&filter).await?;
    Ok(JsonAnswer(SubmissionPage::new(found, filter.limit)))
}

fn filter_of(mut query: Query) -> Result<ListFilter, ApiError> {
    let limit = query.take("limit", |text| parse_between(text, 1, MAX_PAGE));
    let filter = ListFilter {
        language: query.take("language", parse_language),
        problem_id: query.take("problem_id", parse_uuid).map(ProblemId),
        state: query.take("state", parse_word),
        verdict: query.take("verdict", parse_word),
        before: query.take("before", parse_uuid).map(SubmissionId),
        limit: limit.unwrap_or(DEFAULT_PAGE) as i64,
    };
    query.finish()?;
    Ok(filter)
}

/// An id that no language can have would be no error for the database, except where it holds a
/// NUL; better one rule for all.
fn parse_language(text: &str) -> Result<String, &'static str> {
    let is_id = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-_.#".contains(&b));
    is_id
        .then(|| text.to_owned())
        .ok_or("must be the id of a language: GET /api/v1/languages lists them")
}

/// Reads a submission, after its verdict where there is time to wait for that. A server that stops
/// waits no longer.
async fn find(state: &ApiState, id: SubmissionId, wait: Wait) -> Result<Submission, ApiError> {
    if let Wait::UpTo(timeout) = wait {
        tokio::select! {
            finished = state.store.wait_until_finished(id) => finished?,
            () = tokio::time::sleep(timeout) => {}
            () = state.closing.cancelled() => {}
        }
    }
    state.store.find_submission(id).await?.ok_or(MISSING)
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;
    use uuid::Uuid;

    use super::*;

    async fn filter(query: &str) -> Result<ListFilter, ApiError> {
        let uri = format!("/?{query}");
        let (mut parts, ()) = axum::http::Request::get(uri).body(()).unwrap().into_parts();
        filter_of(Query::from_request_parts(&mut parts, &()).await?)
    }

    #[tokio::test]
    async fn every_filter_is_read() {
        let id = Uuid::from_u128(7);
        let query = format!(
            "language=c%2B%2B&problem_id={id}&state=failed&verdict=MLE&limit=100&before={id}"
        );
        let filter = filter(&query).await.unwrap();
        assert_eq!(filter.language.as_deref(), Some("c++"));
        assert_eq!(filter.problem_id, Some(ProblemId(id)));
        assert_eq!(filter.before, Some(SubmissionId(id)));
        assert_eq!(filter.limit, 100);
        assert!(filter.state.is_some() && filter.verdict.is_some());
    }

    #[tokio::test]
    async fn a_bad_parameter_is_refused_under_its_name() {
        let table = [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=1e1", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=", "limit"),
            ("limit=1&limit=2", "limit"),
            ("before=x", "before"),
            ("before=00000000000000000000000000000007", "before"),
            ("problem_id=%00", "problem_id"),
            ("state=done", "state"),
            ("verdict=ac", "verdict"),
            ("language=%00", "language"),
            ("language=", "language"),
            ("language=a'%20OR%201=1", "language"),
            ("offset=1000000000000", "offset"),
        ];
        for (query, name) in table {
            let error = filter(query).await.unwrap_err();
            let shown = format!("{error:?}");
            assert!(shown.starts_with("BadParameters"), "{query}: {shown}");
            assert!(
                shown.contains(&format!("path: \"{name}\"")),
                "{query}: {shown}"
            );
        }
    }
}
