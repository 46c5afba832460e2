//! Around every request: an id, one log line, and for a 5xx the cause in the log and a constant
//! answer. Never logs bodies, queries or headers, for they hold sources, inputs and secrets.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use super::error::{Cause, in_our_form, server_error_response};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// The page at `/docs` sends requests on a click, so nobody may put it into a frame of theirs.
const NO_FRAMES: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");

/// Outermost middleware. An id sent by the client is ignored: it could forge the trail of another
/// request.
pub(super) async fn observe_request(request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    // The path is still percent-encoded, so it holds no control characters.
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        path = request.uri().path(),
    );
    answer(request, next, &id).instrument(span).await
}

async fn answer(request: Request, next: Next, id: &str) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    let mut response = match response.extensions().get::<Cause>() {
        Some(Cause(cause)) => {
            tracing::error!(cause = cause.with_sources(), "request failed");
            server_error_response(cause, id)
        }
        None => in_our_form(response),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::CONTENT_SECURITY_POLICY, NO_FRAMES);
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    tracing::info!(
        status = response.status().as_u16(),
        elapsed_ms = begun.elapsed().as_millis() as u64,
        "answered"
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;
    use crate::api::error::{ApiError, method_not_allowed, panic_response, unknown_route};
    use crate::store::StoreError;

    async fn panics() -> StatusCode {
        panic!("the source is hunter2")
    }

    async fn fails() -> ApiError {
        let cause = sqlx::Error::Protocol("hunter2".to_owned());
        ApiError::from(StoreError::Internal(cause))
    }

    async fn is_unavailable() -> ApiError {
        ApiError::from(StoreError::Unavailable(sqlx::Error::PoolTimedOut))
    }

    /// The layers of the real router around handlers that fail.
    fn router() -> Router {
        Router::new()
            .route("/panics", get(panics))
            .route("/fails", get(fails))
            .route("/unavailable", get(is_unavailable))
            .route(
                "/library",
                get(async || (StatusCode::NOT_FOUND, "some text")),
            )
            .fallback(unknown_route)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(CatchPanicLayer::custom(panic_response))
            .layer(from_fn(observe_request))
    }

    async fn send(method: &str, path: &str) -> (Response, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(REQUEST_ID, "forged")
            .body(Body::empty())
            .unwrap();
        let (parts, body) = router().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        let value = serde_json::from_slice(&body).unwrap();
        (Response::from_parts(parts, Body::empty()), value)
    }

    #[tokio::test]
    async fn our_failures_are_constant_but_for_the_request_id() {
        for path in ["/panics", "/fails"] {
            let (response, body) = send("GET", path).await;
            assert_eq!(response.status(), 500, "{path}");
            assert_eq!(
                body["request_id"],
                response.headers()[REQUEST_ID].to_str().unwrap()
            );
            assert_ne!(body["request_id"], "forged");
            assert!(!body.to_string().contains("hunter2"), "{body}");
        }
    }

    #[tokio::test]
    async fn an_unavailable_database_is_a_503_that_says_when_to_retry() {
        let (response, body) = send("GET", "/unavailable").await;
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(body["type"], "urn:gavel:error:unavailable");
    }

    #[tokio::test]
    async fn every_error_is_a_problem_document() {
        let table = [
            ("GET", "/nowhere", 404),
            ("GET", "/..%2f..%2fetc/passwd", 404),
            ("GET", "/%00", 404),
            ("POST", "/fails", 405),
            ("GET", "/library", 404),
            ("GET", "/fails", 500),
        ];
        for (method, path, status) in table {
            let (response, body) = send(method, path).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(
                response.headers()[header::CONTENT_TYPE],
                "application/problem+json"
            );
            assert_eq!(body["status"], status, "{path}");
            assert!(
                body["detail"]
                    .as_str()
                    .is_some_and(|detail| detail.len() > 10),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn a_refused_method_is_answered_with_those_allowed() {
        let (response, _) = send("DELETE", "/fails").await;
        assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    }
}
