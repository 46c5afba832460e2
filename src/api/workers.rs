//! Workers: who judges, in which languages, and what its machine lacks.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiState;
use super::error::{ApiError, ReadFailures};
use super::extract::{Query, parse_flag};
use crate::store::{OfferedLanguage, Worker};

/// A worker.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkerView {
    id: Uuid,
    /// Name for people.
    name: String,
    /// Programs that it runs at the same time.
    slots: i32,
    /// Whether it was heard of lately. One that was killed is listed for a week.
    alive: bool,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    seen_at: OffsetDateTime,
    /// Protections that its machine lacks, with its operator's consent.
    degraded: Vec<String>,
    /// Sorted by id.
    languages: Vec<WorkerLanguageView>,
    /// What `gavel check-host --json` finds on its machine; null unless asked for.
    #[schema(value_type = Option<Vec<Object>>)]
    checks: Option<Box<RawValue>>,
}

/// A language that a worker offers.
#[derive(Debug, Serialize, ToSchema)]
struct WorkerLanguageView {
    id: String,
    /// What the toolchain says of its version.
    version: String,
}

impl From<OfferedLanguage> for WorkerLanguageView {
    fn from(language: OfferedLanguage) -> Self {
        WorkerLanguageView {
            id: language.id,
            version: language.version,
        }
    }
}

impl WorkerView {
    fn new(worker: Worker, with_checks: bool) -> Self {
        let languages = worker.languages.into_iter();
        let checks = with_checks.then_some(worker.checks);
        WorkerView {
            id: worker.id.0,
            name: worker.name,
            slots: worker.slots,
            alive: worker.is_alive,
            started_at: worker.started_at,
            seen_at: worker.seen_at,
            degraded: worker.degraded,
            languages: languages.map(WorkerLanguageView::from).collect(),
            checks: checks.and_then(|checks| RawValue::from_string(checks).ok()),
        }
    }
}

/// Workers, those that were heard of last first
#[utoipa::path(
    get, path = "/api/v1/workers", tag = "operation",
    params(("checks" = Option<bool>, Query, description = "With what the check of each machine found")),
    responses((status = 200, description = "Every worker", body = [WorkerView]), ReadFailures),
)]
pub(super) async fn list_workers(
    State(state): State<ApiState>,
    mut query: Query,
) -> Result<Json<Vec<WorkerView>>, ApiError> {
    let with_checks = query.take("checks", parse_flag).unwrap_or(false);
    query.finish()?;
    let workers = state.store.list_workers().await?.into_iter();
    let views = workers.map(|worker| WorkerView::new(worker, with_checks));
    Ok(Json(views.collect()))
}
