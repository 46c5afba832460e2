//! Verifications of packages: ask for one, watch it, read its report.

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::ApiState;
use super::error::{ApiError, ReadFailures};
use super::extract::PathVersion;
use super::versions::ProblemErrorView;
use crate::store::{ProblemId, Verification, VerificationProgress, VerificationState};

const MISSING: ApiError = ApiError::NotFound("version of a package");

/// A verification: the jury's submissions of a package, judged on this server.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VerificationView {
    /// `queued`, `running`, `finished`, or `failed`: the judge failed, an admin must look.
    #[schema(value_type = String, example = "running")]
    state: VerificationState,
    /// Attempts begun so far.
    attempts: i32,
    /// How far it is; null before it begins.
    progress: Option<ProgressView>,
    /// Whether everything is as it should be; null until finished.
    ok: Option<bool>,
    /// What came of it, as one object of `gavel verify --json` without the keys `package`, `ok` and
    /// `findings`.
    #[schema(value_type = Option<Object>)]
    report: Option<Box<RawValue>>,
    /// Why there is no report.
    error: Option<ProblemErrorView>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// How far a verification is.
#[derive(Debug, Serialize, ToSchema)]
struct ProgressView {
    /// What is done.
    #[schema(example = "judging")]
    step: String,
    /// How much of it.
    done: u64,
    /// Of how much.
    total: u64,
}

impl From<VerificationProgress> for ProgressView {
    fn from(progress: VerificationProgress) -> Self {
        ProgressView {
            step: progress.step,
            done: progress.done,
            total: progress.total,
        }
    }
}

impl From<Verification> for VerificationView {
    fn from(verification: Verification) -> Self {
        VerificationView {
            state: verification.state,
            attempts: verification.attempts,
            progress: verification.progress.map(ProgressView::from),
            ok: verification.ok,
            // It was stored as JSON by the database's own check.
            report: verification
                .report
                .and_then(|report| RawValue::from_string(report).ok()),
            error: verification.error.map(ProblemErrorView::from),
            created_at: verification.created_at,
            finished_at: verification.finished_at,
        }
    }
}

/// Verify a version of a package
///
/// It is done in the background by a worker. An upload has it done by itself; while one is on its way, this
/// begins no other.
#[utoipa::path(
    post, path = "/api/v1/problems/{id}/versions/{number}/verification", tag = "problems",
    params(
        ("id" = Uuid, Path, description = "Id of the problem"),
        ("number" = i32, Path, description = "Number of the version"),
    ),
    responses((status = 202, description = "On its way", body = VerificationView), ReadFailures),
)]
pub(super) async fn create_verification(
    State(state): State<ApiState>,
    PathVersion(named): PathVersion,
) -> Result<(StatusCode, JsonAnswer<VerificationView>), ApiError> {
    let (id, number) = named.ok_or(MISSING)?;
    let problem = ProblemId(id);
    if !state.store.request_verification(problem, number).await? {
        return Err(MISSING);
    }
    let found = state.store.find_verification(problem, number).await?;
    let view = found.ok_or(MISSING)?.into();
    Ok((StatusCode::ACCEPTED, JsonAnswer(view)))
}

/// The last verification of a version, with live progress
#[utoipa::path(
    get, path = "/api/v1/problems/{id}/versions/{number}/verification", tag = "problems",
    params(
        ("id" = Uuid, Path, description = "Id of the problem"),
        ("number" = i32, Path, description = "Number of the version"),
    ),
    responses((status = 200, description = "The verification", body = VerificationView), ReadFailures),
)]
pub(super) async fn get_verification(
    State(state): State<ApiState>,
    PathVersion(named): PathVersion,
) -> Result<JsonAnswer<VerificationView>, ApiError> {
    let (id, number) = named.ok_or(MISSING)?;
    let found = state.store.find_verification(ProblemId(id), number).await?;
    Ok(JsonAnswer(found.ok_or(MISSING)?.into()))
}
