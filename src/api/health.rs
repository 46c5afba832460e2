//! Whether this process lives, whether it can serve, and what it is.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;
use super::error::{ApiError, ReadFailures};

/// A load balancer gives up after a few seconds; a pool that waits longer helps nobody.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// How it is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    status: &'static str,
}

/// What this is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    name: &'static str,
    version: &'static str,
}

/// Alive: the process answers
#[utoipa::path(
    get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "Alive", body = Health)),
)]
pub(super) async fn get_health() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Ready: the database answers, too
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "Ready", body = Health), ReadFailures),
)]
pub(super) async fn get_readiness(State(state): State<ApiState>) -> Result<Json<Health>, ApiError> {
    tokio::time::timeout(PING_TIMEOUT, state.store.ping())
        .await
        .map_err(|_| ApiError::NotReady)??;
    Ok(Json(Health { status: "ready" }))
}

/// Name and version
#[utoipa::path(
    get, path = "/version", tag = "operation",
    responses((status = 200, description = "Name and version", body = Version)),
)]
pub(super) async fn get_version() -> Json<Version> {
    Json(Version {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    })
}
