//! Extractors of our own: JSON bodies and query parameters whose refusals name the field and say
//! what to change.

use std::fmt;

use axum::body::Bytes;
use axum::body::HttpBody;
use axum::extract::rejection::BytesRejection;
use axum::extract::rejection::FailedToBufferBody;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::error::{ApiError, FieldError};
use super::{ApiLimits, ApiState};

/// A message may quote a value of the request; what is longer is cut in the middle.
const MAX_MESSAGE_CHARS: usize = 400;
/// Parsing more than this would hold up the other requests of the same thread.
const LARGE_BODY_BYTES: usize = 1 << 20;
/// Length of a UUID in the only form accepted, the one with hyphens.
const UUID_CHARS: usize = 36;

/// A JSON body, strictly read: no unknown fields (by the types), no duplicate keys, nothing after.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned + Send + 'static> FromRequest<ApiState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        read_json(request, &state.limits).await.map(Json)
    }
}

async fn read_json<T: DeserializeOwned + Send + 'static>(
    request: Request,
    limits: &ApiLimits,
) -> Result<T, ApiError> {
    check_media_type(request.headers())?;
    let bytes = read_body(request, limits).await?;
    if bytes.len() < LARGE_BODY_BYTES {
        return parse_json(&bytes);
    }
    tokio::task::spawn_blocking(move || parse_json(&bytes))
        .await
        .unwrap_or(Err(ApiError::Panicked))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    check_encoding(headers)?;
    if media_type(headers).is_some_and(|sent| sent.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    Err(ApiError::UnsupportedMediaType(
        ", named so in the header Content-Type",
    ))
}

/// Refuses what is compressed: its size says nothing of what comes out.
pub(super) fn check_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|value| value != "identity") {
        return Err(ApiError::UnsupportedMediaType(", without Content-Encoding"));
    }
    Ok(())
}

/// What a body calls itself, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    sent.split(';').next().map(str::trim)
}

/// Reads at most what the limit allows. A declared length beyond it is refused before a byte is
/// read, a body without an end when the limit is reached.
async fn read_body(mut request: Request, limits: &ApiLimits) -> Result<Bytes, ApiError> {
    let max_bytes = limits.body_bytes;
    let timeout = limits.body_timeout;
    if request.body().size_hint().lower() > max_bytes as u64 {
        return Err(ApiError::BodyTooLarge { max_bytes });
    }
    DefaultBodyLimit::max(max_bytes).apply(&mut request);
    match tokio::time::timeout(timeout, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(rejection)) => Err(refused_body(rejection, max_bytes)),
        Err(_) => Err(ApiError::BodyTimeout {
            seconds: timeout.as_secs(),
        }),
    }
}

fn refused_body(rejection: BytesRejection, max_bytes: usize) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::BodyTooLarge { max_bytes }
        }
        _ => ApiError::BodyCut,
    }
}

pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = json_pointer(error.path());
        refused_json(path, error.inner())
    })?;
    deserializer
        .end()
        .map_err(|error| refused_json(String::new(), &error))?;
    Ok(value)
}

fn refused_json(path: String, error: &serde_json::Error) -> ApiError {
    let message = shortened(&error.to_string());
    if error.is_data() {
        return ApiError::Shape(FieldError { path, message });
    }
    ApiError::Syntax(message)
}

/// RFC 6901: `~` and `/` inside a name are escaped.
fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    shortened(&pointer)
}

/// The end is kept, too, for there serde says what it expected and where.
fn shortened(message: &str) -> String {
    let count = message.chars().count();
    if count <= MAX_MESSAGE_CHARS {
        return message.to_owned();
    }
    let half = MAX_MESSAGE_CHARS / 2;
    let start: String = message.chars().take(half).collect();
    let end: String = message.chars().skip(count - half).collect();
    format!("{start} … {end}")
}

/// The query parameters of a request, taken one by one; those left over are refused.
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                ApiError::Other(
                    StatusCode::BAD_REQUEST,
                    "the query cannot be read: encode it as name=value&…",
                )
            })?;
        Ok(Query {
            pairs: pairs.0,
            errors: Vec::new(),
        })
    }
}

impl Query {
    /// Takes a parameter out, if it is there.
    pub(super) fn take<T, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let index = self.pairs.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.pairs.remove(index);
        match parse(&value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name.to_owned(), &error.to_string());
                None
            }
        }
    }

    /// Takes out a text that must be there.
    pub(super) fn take_text(&mut self, name: &str) -> String {
        let text = self.take(name, |text| Ok::<_, String>(text.to_owned()));
        text.unwrap_or_else(|| {
            self.refuse(name.to_owned(), "is missing");
            String::new()
        })
    }

    /// Refuses what is wrong, unknown or given twice.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.refuse(name, "is unknown here or given twice: leave it out");
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(ApiError::BadParameters(self.errors))
    }

    fn refuse(&mut self, name: String, message: &str) {
        self.errors.push(FieldError {
            path: shortened(&name),
            message: shortened(message),
        });
    }
}

/// Reads one of the words of an enum, as it is written in JSON.
pub(super) fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::Value::from(word))
}

/// Reads a whole number of a range.
pub(super) fn parse_between(text: &str, min: u64, max: u64) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("must be a whole number from {min} to {max}"))
}

/// Reads `true` or `false`.
pub(super) fn parse_flag(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "must be true or false")
}

/// Reads a UUID in the form that answers have; other forms would give one thing several names.
pub(super) fn parse_uuid(text: &str) -> Result<Uuid, &'static str> {
    let uuid = Uuid::try_parse(text).ok();
    uuid.filter(|_| text.len() == UUID_CHARS)
        .ok_or("must be an id, a UUID with hyphens")
}

/// The id in the path. What is no UUID names nothing, hence `None`, hence a 404.
pub(super) struct PathId(pub(super) Option<Uuid>);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(PathId(text.ok().and_then(|Path(id)| parse_uuid(&id).ok())))
    }
}

/// The id of a problem and the number of a version in the path. What is none names nothing.
pub(super) struct PathVersion(pub(super) Option<(Uuid, i32)>);

impl<S: Send + Sync> FromRequestParts<S> for PathVersion {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let texts = Path::<(String, String)>::from_request_parts(parts, state).await;
        let named = texts.ok().and_then(|Path((id, number))| {
            let plain = number
                .parse()
                .ok()
                .filter(|n: &i32| n.to_string() == number);
            Some((parse_uuid(&id).ok()?, plain?))
        });
        Ok(PathVersion(named))
    }
}

/// 201 with the place of what was made.
pub(super) fn created<T: serde::Serialize>(location: String, body: T) -> impl IntoResponse {
    let headers = [(header::LOCATION, location)];
    (StatusCode::CREATED, headers, axum::Json(body))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use axum::body::Body;
    use hyper::body::Frame;
    use serde_json::Value;

    use super::*;

    /// Bodies of clients that do not behave.
    enum Strange {
        Endless,
        Silent,
        Cut,
    }

    impl HttpBody for Strange {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            match *self {
                Strange::Endless => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b" "))))),
                Strange::Silent => Poll::Pending,
                Strange::Cut => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            }
        }
    }

    async fn read(header: (&str, &str), body: impl Into<Body>) -> Result<Value, ApiError> {
        let limits = ApiLimits {
            body_bytes: 10,
            body_timeout: Duration::from_millis(20),
            ..ApiLimits::default()
        };
        let request = Request::post("/").header(header.0, header.1);
        read_json(request.body(body.into()).unwrap(), &limits).await
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
        assert!(read(JSON, "\"23456789\"").await.is_ok());
        let error = read(JSON, "\"234567890\"").await.unwrap_err();
        assert!(matches!(error, ApiError::BodyTooLarge { max_bytes: 10 }));
    }

    #[tokio::test]
    async fn strange_bodies_are_refused() {
        let endless = read(JSON, Body::new(Strange::Endless)).await.unwrap_err();
        assert!(matches!(endless, ApiError::BodyTooLarge { max_bytes: 10 }));
        let silent = read(JSON, Body::new(Strange::Silent)).await.unwrap_err();
        assert!(matches!(silent, ApiError::BodyTimeout { .. }));
        let cut = read(JSON, Body::new(Strange::Cut)).await.unwrap_err();
        assert!(matches!(cut, ApiError::BodyCut));
    }

    #[tokio::test]
    async fn what_does_not_call_itself_json_is_refused() {
        let table = [
            ("content-type", "text/plain"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-type", "application/jsonx"),
            (
                "content-type",
                "multipart/form-data; boundary=application/json",
            ),
            ("content-type", ""),
            ("accept", "application/json"),
        ];
        for header in table {
            let error = read(header, "{}").await.unwrap_err();
            assert!(
                matches!(error, ApiError::UnsupportedMediaType(_)),
                "{header:?}"
            );
        }
    }

    #[test]
    fn compressed_bodies_are_refused_before_they_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        assert!(check_media_type(&headers).is_ok());
        for encoding in ["gzip", "br", "zstd", "identity, gzip"] {
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
            assert!(check_media_type(&headers).is_err(), "{encoding}");
        }
    }

    #[test]
    fn an_id_has_one_form() {
        let id = "00000000-0000-7000-8000-00000000000a";
        assert!(parse_uuid(id).is_ok());
        let braced = format!("{{{id}}}");
        for other in [
            "",
            "1",
            &id.replace('-', ""),
            &braced,
            &format!("urn:uuid:{id}"),
        ] {
            assert!(parse_uuid(other).is_err(), "{other}");
        }
    }
}
