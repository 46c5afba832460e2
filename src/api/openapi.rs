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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Collects every `$ref` of the document.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                let reference = fields.get("$ref").and_then(Value::as_str);
                found.extend(reference.map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_names_every_route_and_no_schema_that_is_missing() {
        let document = serde_json::to_value(crate::api::openapi_document()).unwrap();
        assert_eq!(document["paths"].as_object().unwrap().len(), 16);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn the_document_refuses_unknown_fields_as_the_code_does() {
        let document = serde_json::to_value(crate::api::openapi_document()).unwrap();
        for schema in [
            "NewSubmissionBody",
            "NewProblemBody",
            "NewVersionBody",
            "TestBody",
            "LimitsBody",
        ] {
            let extra = &document["components"]["schemas"][schema]["additionalProperties"];
            assert_eq!(extra, &Value::Bool(false), "{schema}");
        }
    }
}
