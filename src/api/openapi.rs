//! The OpenAPI document, which grows out of the handlers' annotations, and the page that shows it.

use axum::Router;
use utoipa::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use super::ApiState;
use super::error::{FieldError, ProblemDetails};

const DESCRIPTION: &str = "An online judge: send a program, get a verdict. Errors are RFC 9457 \
                           problem details that say what to change.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Gavel", description = DESCRIPTION),
    components(schemas(ProblemDetails, FieldError)),
    tags(
        (name = "submissions", description = "Programs and their verdicts"),
        (name = "problems", description = "Test cases, limits and a checker under one id"),
        (name = "languages", description = "What programs may be written in"),
        (name = "operation", description = "For those who run this service"),
    ),
)]
struct Document;

/// What the document holds beside the operations.
pub(super) fn base_document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document and its page. All assets are part of the binary: nothing is loaded from elsewhere.
pub(super) fn pages(document: utoipa::openapi::OpenApi) -> Router<ApiState> {
    SwaggerUi::new("/docs")
        .url("/api/v1/openapi.json", document)
        .into()
}
