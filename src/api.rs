//! The HTTP API: JSON under `/api/v1`, errors as RFC 9457 problem details, OpenAPI from the code.
//! It checks and translates; it judges nothing and holds no state but the store.

mod cases;
mod checker;
mod connections;
mod content;
mod error;
mod extract;
mod health;
mod languages;
mod limits;
mod observe;
mod openapi;
mod packages;
mod problems;
mod submissions;
mod upload;
mod verifications;
mod versions;
mod workers;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::store::Store;

pub use connections::{serve, serve_router};
pub use error::{FieldError, ProblemDetails};
pub use limits::{ApiLimits, Bound};
pub use packages::FindingView;

/// A language in the configuration of this installation, whether or not a worker offers it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredLanguage {
    /// Language id, e.g. `cpp`.
    pub id: String,
    /// Name for people, e.g. `C++`.
    pub name: String,
    /// Endings of its source files, without the dot.
    pub extensions: Vec<String>,
}

/// What every handler may use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    store: Store,
    limits: Arc<ApiLimits>,
    languages: Arc<[ConfiguredLanguage]>,
    /// The right to unpack an upload: it may take a lot of memory.
    checks: Arc<Semaphore>,
    /// Cancelled when the server stops, so that long polls answer at once.
    closing: CancellationToken,
}

impl ApiState {
    /// State for [`router`] and [`serve`].
    pub fn new(store: Store, limits: ApiLimits, languages: Vec<ConfiguredLanguage>) -> Self {
        ApiState {
            store,
            limits: Arc::new(limits),
            languages: languages.into(),
            checks: Arc::new(Semaphore::new(1)),
            closing: CancellationToken::new(),
        }
    }
}

/// The whole API. The layers run from the last to the first: what is outermost sees the finished
/// answer of everything else, panics included.
pub fn router(state: ApiState) -> Router {
    let (routes, document) = routes().split_for_parts();
    routes
        .merge(openapi::pages(document))
        .fallback(error::unknown_route)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(state)
        .layer(CatchPanicLayer::custom(error::panic_response))
        .layer(from_fn(observe::observe_request))
}

/// The OpenAPI document, as served at `/api/v1/openapi.json`.
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// Every route.
fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(openapi::base_document())
        .routes(routes!(
            submissions::create_submission,
            submissions::list_submissions
        ))
        .routes(routes!(submissions::get_submission))
        .routes(routes!(submissions::get_submission_source))
        .routes(routes!(submissions::feedback::get_feedback_file))
        .merge(problem_routes())
        .routes(routes!(languages::list_languages))
        .routes(routes!(workers::list_workers))
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_readiness))
        .routes(routes!(health::get_version))
}

fn problem_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(problems::create_problem, problems::list_problems))
        .routes(routes!(problems::get_problem, problems::delete_problem))
        .routes(routes!(versions::create_version, versions::list_versions))
        .routes(routes!(versions::get_version))
        .routes(routes!(versions::get_version_archive))
        .routes(routes!(versions::resume_version))
        .routes(routes!(
            verifications::create_verification,
            verifications::get_verification
        ))
}
