//! What goes wrong, as RFC 9457 problem details. A 4xx says what to change. A 5xx says nothing of
//! its cause, which travels to [`super::observe`] beside the answer and is logged there once.

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use super::packages::FindingView;
use crate::store::StoreError;

/// More would only make a hostile request's answer larger than the request.
const MAX_FIELD_ERRORS: usize = 50;
const MEDIA_TYPE: &str = "application/problem+json";
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the body, or the name of a query parameter.
    #[schema(example = "/limits/cpu_ms")]
    pub path: String,
    /// What to change.
    #[schema(example = "must be a whole number from 1 to 60000; leave it out for 2000")]
    pub message: String,
}

/// The body of every error (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Names the kind of error; stable, for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:gavel:error:invalid-fields")]
    pub kind: String,
    /// The kind of error for people.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What is wrong with this request and what to change.
    pub detail: String,
    /// The fields concerned, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What is wrong with an uploaded package, warnings included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingView>,
    /// Set for 5xx: names the log line that has the cause. Also in the header `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("send the body as application/json{0}")]
    UnsupportedMediaType(&'static str),
    #[error("the body is larger than {max_bytes} bytes: send less")]
    BodyTooLarge { max_bytes: usize },
    #[error("the body did not arrive within {seconds} seconds: send it faster")]
    BodyTimeout { seconds: u64 },
    #[error("the body broke off: send as many bytes as Content-Length says")]
    BodyCut,
    #[error("the body is not JSON: {0}")]
    Syntax(String),
    #[error("the body has the wrong shape: {message}", message = .0.message)]
    Shape(FieldError),
    #[error("a query parameter is wrong")]
    BadParameters(Vec<FieldError>),
    #[error("a field is wrong")]
    InvalidFields(Vec<FieldError>),
    #[error("the form cannot be read: {0}")]
    Form(String),
    #[error("the package cannot be used")]
    BadPackage(Vec<FindingView>),
    #[error("there is no such {0}: check the id, a UUID such as the answer to the creation gave")]
    NotFound(&'static str),
    #[error(
        "no such file is kept: check the id, and the names that the submission has in feedback of its cases"
    )]
    NoFeedback,
    #[error("nothing is at this path: /docs lists what there is")]
    UnknownRoute,
    #[error("this path does not take this method: the header Allow lists those it takes")]
    MethodNotAllowed,
    #[error("a problem of this name exists: choose another name")]
    NameTaken,
    #[error("{0}")]
    Other(StatusCode, &'static str),
    #[error("the database is unavailable")]
    Unavailable(#[source] StoreError),
    #[error("the database does not answer in time")]
    NotReady,
    #[error("the store failed")]
    Store(#[source] StoreError),
    #[error("a handler panicked")]
    Panicked,
}

/// The cause of a 5xx, beside the answer and never in it.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) Arc<ApiError>);

impl ApiError {
    /// Puts a name to a refused field, for the errors that a validation collects.
    pub(super) fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        ApiError::InvalidFields(vec![FieldError {
            path: path.into(),
            message: message.into(),
        }])
    }

    /// The error with its causes, for the log.
    pub(super) fn with_sources(&self) -> String {
        let mut chain = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        chain
    }

    fn status(&self) -> StatusCode {
        match self {
            ApiError::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ApiError::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::BodyTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            ApiError::BodyCut | ApiError::Syntax(_) | ApiError::Form(_) => StatusCode::BAD_REQUEST,
            ApiError::Shape(_) | ApiError::BadParameters(_) => StatusCode::BAD_REQUEST,
            ApiError::InvalidFields(_) | ApiError::BadPackage(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ApiError::NotFound(_) | ApiError::NoFeedback | ApiError::UnknownRoute => {
                StatusCode::NOT_FOUND
            }
            ApiError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ApiError::NameTaken => StatusCode::CONFLICT,
            ApiError::Other(status, _) => *status,
            ApiError::Unavailable(_) | ApiError::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Store(_) | ApiError::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn slug(&self) -> &'static str {
        match self {
            ApiError::UnsupportedMediaType(_) => "unsupported-media-type",
            ApiError::BodyTooLarge { .. } => "body-too-large",
            ApiError::BodyTimeout { .. } => "body-timeout",
            ApiError::BodyCut | ApiError::Syntax(_) => "malformed-json",
            ApiError::Form(_) => "malformed-form",
            ApiError::BadPackage(_) => "bad-package",
            ApiError::Shape(_) => "wrong-shape",
            ApiError::BadParameters(_) => "bad-parameters",
            ApiError::InvalidFields(_) => "invalid-fields",
            ApiError::NotFound(_) | ApiError::NoFeedback => "not-found",
            ApiError::UnknownRoute => "unknown-route",
            ApiError::MethodNotAllowed => "method-not-allowed",
            ApiError::NameTaken => "name-taken",
            ApiError::Other(..) => "refused",
            ApiError::Unavailable(_) | ApiError::NotReady => "unavailable",
            ApiError::Store(_) | ApiError::Panicked => "internal",
        }
    }

    fn into_field_errors(self) -> Vec<FieldError> {
        match self {
            ApiError::Shape(error) => vec![error],
            ApiError::BadParameters(errors) | ApiError::InvalidFields(errors) => errors,
            ApiError::NameTaken => vec![FieldError {
                path: "/name".to_owned(),
                message: "is taken: choose another name".to_owned(),
            }],
            _ => Vec::new(),
        }
    }

    /// The first complaint stands in the detail, too, for people who read no further.
    fn detail(&self) -> String {
        match self {
            ApiError::BadParameters(errors) | ApiError::InvalidFields(errors) => errors
                .first()
                .map(|e| format!("{}: {}", e.path, e.message))
                .unwrap_or_default(),
            ApiError::BadPackage(findings) => {
                let mut errors = findings.iter().filter(|found| found.is_error());
                let first = errors.next().map(FindingView::in_words);
                format!("{self}: {}", first.unwrap_or_default())
            }
            other => other.to_string(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => ApiError::Unavailable(error),
            StoreError::UnknownProblem(_) => ApiError::field(
                "/problem_id",
                "there is no such problem: GET /api/v1/problems lists those there are",
            ),
            StoreError::OtherKind { takes_answers } => ApiError::field(
                "/language",
                match takes_answers {
                    true => {
                        "must be answers, for the problem takes these and no programs: send a file for \
                         each test case, such as secret/1.out"
                    }
                    false => {
                        "must be that of a program, for the problem takes no answers: GET \
                         /api/v1/languages lists those there are"
                    }
                },
            ),
            StoreError::ProblemNameTaken(_) => ApiError::NameTaken,
            _ => ApiError::Store(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            return (status, axum::Extension(Cause(Arc::new(self)))).into_response();
        }
        let details = ProblemDetails {
            kind: format!("urn:gavel:error:{}", self.slug()),
            title: title_of(status),
            status: status.as_u16(),
            detail: self.detail(),
            errors: Vec::new(),
            findings: Vec::new(),
            request_id: None,
        };
        let details = match self {
            ApiError::BadPackage(findings) => ProblemDetails {
                findings,
                ..details
            },
            other => ProblemDetails {
                errors: at_most(other.into_field_errors(), MAX_FIELD_ERRORS),
                ..details
            },
        };
        problem_response(status, &details)
    }
}

/// The constant answer of a 5xx; only the request id differs.
pub(super) fn server_error_response(cause: &ApiError, request_id: &str) -> Response {
    let status = cause.status();
    let unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
    let detail = if unavailable {
        "Gavel cannot reach its database now; nothing was stored. Try again shortly."
    } else {
        "Gavel failed on this request. Its administrator finds the cause in the log under the request id."
    };
    let details = ProblemDetails {
        kind: format!("urn:gavel:error:{}", cause.slug()),
        title: title_of(status),
        status: status.as_u16(),
        detail: detail.to_owned(),
        errors: Vec::new(),
        findings: Vec::new(),
        request_id: Some(request_id.to_owned()),
    };
    let mut response = problem_response(status, &details);
    if unavailable {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

/// Turns an error answer that some library wrote as plain text into ours.
pub(super) fn in_our_form(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t == MEDIA_TYPE);
    if !is_error || is_ours {
        return response;
    }
    let hint = "this request was refused: /docs says what each path takes";
    ApiError::Other(status, hint).into_response()
}

fn problem_response(status: StatusCode, details: &ProblemDetails) -> Response {
    let mut response = (status, axum::Json(details)).into_response();
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

fn title_of(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").to_owned()
}

fn at_most<T>(mut items: Vec<T>, max: usize) -> Vec<T> {
    items.truncate(max);
    items
}

/// Fallback of the router. The path is not repeated: it is the caller's text.
pub(super) async fn unknown_route(_uri: Uri) -> ApiError {
    ApiError::UnknownRoute
}

/// Fallback of every route for other methods; axum adds the header `Allow`.
pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// The payload of a panic may quote what was submitted (a slicing error quotes the string), so it
/// is not looked at.
pub(super) fn panic_response(_payload: Box<dyn Any + Send>) -> Response {
    ApiError::Panicked.into_response()
}

/// The error answers of an operation that reads, for the OpenAPI document.
pub(super) struct ReadFailures;

/// The error answers of an operation that takes a body.
pub(super) struct WriteFailures;

const OF_ALL: &[(&str, &str)] = &[
    (
        "400",
        "A query parameter is wrong, or the body is not JSON or has the wrong shape",
    ),
    ("404", "There is no such thing"),
    (
        "500",
        "A failure of Gavel; the cause is in its log under the request id",
    ),
    (
        "503",
        "The database is unavailable; retry after the time in Retry-After",
    ),
];

const OF_WRITES: &[(&str, &str)] = &[
    ("408", "The body arrived too slowly"),
    ("409", "The name is taken"),
    ("413", "The body is too large"),
    (
        "415",
        "The body has another media type than those listed, or is compressed",
    ),
    (
        "422",
        "Fields have values that cannot be accepted, or a package is wrong; all is listed",
    ),
];

type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;

impl IntoResponses for ReadFailures {
    fn responses() -> Responses {
        documented_all(OF_ALL).collect()
    }
}

impl IntoResponses for WriteFailures {
    fn responses() -> Responses {
        documented_all(OF_ALL)
            .chain(documented_all(OF_WRITES))
            .collect()
    }
}

fn documented_all(
    failures: &[(&str, &str)],
) -> impl Iterator<Item = (String, RefOr<utoipa::openapi::Response>)> {
    failures
        .iter()
        .map(|(status, description)| ((*status).to_owned(), documented(description)))
}

fn documented(description: &str) -> RefOr<utoipa::openapi::Response> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemDetails")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, content)
        .build()
        .into()
}
