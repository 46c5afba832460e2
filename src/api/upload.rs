//! Bodies that come as JSON, or as a form with the archive of a problem package.

use axum::body::{Bytes, HttpBody};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::ApiState;
use super::error::ApiError;
use super::extract::{Json, check_encoding, media_type};
use super::limits::ApiLimits;

/// What a client sent.
pub(super) enum Sent<T> {
    /// A body of JSON.
    Json(T),
    /// A form.
    Archive(Upload),
}

/// The parts of a form.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// The part `name`.
    pub(super) name: Option<String>,
    /// The file name of the archive, up to its first dot.
    pub(super) file_stem: Option<String>,
    /// The part `archive`.
    pub(super) archive: Bytes,
}

/// A form as the document describes it.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "read part by part, and described here")]
pub(super) struct UploadForm {
    /// A zip archive of a problem package.
    #[schema(value_type = String, format = Binary)]
    archive: Vec<u8>,
    /// Name of the problem; default: the archive's file name up to its first dot. Not for a further
    /// version.
    name: Option<String>,
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<ApiState> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        match media_type(request.headers()) {
            Some(sent) if sent.eq_ignore_ascii_case("multipart/form-data") => {
                check_encoding(request.headers())?;
                read_form(request, &state.limits).await.map(Sent::Archive)
            }
            Some(sent) if sent.eq_ignore_ascii_case("application/json") => {
                let Json(body) = Json::from_request(request, state).await?;
                Ok(Sent::Json(body))
            }
            _ => Err(ApiError::UnsupportedMediaType(
                ", or as multipart/form-data with the part archive",
            )),
        }
    }
}

/// Reads a form of known parts. A declared length beyond the limit is refused before a byte is read.
async fn read_form(mut request: Request, limits: &ApiLimits) -> Result<Upload, ApiError> {
    let max_bytes = limits.archive_bytes;
    if request.body().size_hint().lower() > max_bytes as u64 {
        return Err(ApiError::BodyTooLarge { max_bytes });
    }
    DefaultBodyLimit::max(max_bytes).apply(&mut request);
    let timeout = limits.archive_timeout;
    let form = async {
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(|rejection| ApiError::Form(rejection.body_text()))?;
        read_parts(form, max_bytes).await
    };
    let timed_out = ApiError::BodyTimeout {
        seconds: timeout.as_secs(),
    };
    tokio::time::timeout(timeout, form)
        .await
        .unwrap_or(Err(timed_out))
}

async fn read_parts(mut form: Multipart, max_bytes: usize) -> Result<Upload, ApiError> {
    let refused = |error| refused_part(&error, max_bytes);
    let mut upload = Upload::default();
    let mut has_archive = false;
    while let Some(part) = form.next_field().await.map_err(refused)? {
        match part.name() {
            Some("archive") if !has_archive => {
                has_archive = true;
                upload.file_stem = file_stem(&part);
                upload.archive = part.bytes().await.map_err(refused)?;
            }
            Some("name") if upload.name.is_none() => {
                upload.name = Some(part.text().await.map_err(refused)?);
            }
            // Two parts are all there are, so the first of too many ends it.
            _ => {
                let message = "a part is unknown here or given twice: send archive and name";
                return Err(ApiError::Form(message.to_owned()));
            }
        }
    }
    if !has_archive {
        let message = "the part archive is missing: send the package as curl -F archive=@FILE does";
        return Err(ApiError::Form(message.to_owned()));
    }
    Ok(upload)
}

/// Of what a browser or curl says of the file: a directory before it is none of ours.
fn file_stem(part: &Field<'_>) -> Option<String> {
    let name = part.file_name()?;
    let name = name.rsplit(['/', '\\']).next()?;
    let stem = name.split('.').next()?;
    (!stem.is_empty()).then(|| stem.to_owned())
}

fn refused_part(error: &MultipartError, max_bytes: usize) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge { max_bytes },
        _ => ApiError::Form(error.body_text()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const BOUNDARY: &str = "multipart/form-data; boundary=x";

    async fn read(content_type: &str, body: &str) -> Result<Upload, ApiError> {
        let limits = ApiLimits {
            archive_bytes: 400,
            ..ApiLimits::default()
        };
        let request = Request::post("/").header("content-type", content_type);
        let body = Body::from(body.replace('\n', "\r\n"));
        read_form(request.body(body).unwrap(), &limits).await
    }

    fn part(disposition: &str, content: &str) -> String {
        format!("--x\nContent-Disposition: form-data; {disposition}\n\n{content}\n")
    }

    #[tokio::test]
    async fn a_form_has_an_archive_and_perhaps_a_name() {
        let archive = part("name=\"archive\"; filename=\"dir/sum.v1.zip\"", "PK");
        let upload = read(BOUNDARY, &(archive.clone() + "--x--\n"))
            .await
            .unwrap();
        assert_eq!(upload.archive, "PK");
        assert_eq!(
            (upload.name, upload.file_stem.as_deref()),
            (None, Some("sum"))
        );
        let named = part("name=\"name\"", "other") + &archive + "--x--\n";
        assert_eq!(
            read(BOUNDARY, &named).await.unwrap().name.as_deref(),
            Some("other")
        );
    }

    #[tokio::test]
    async fn forms_that_are_something_else_are_refused() {
        let archive = part("name=\"archive\"", "PK");
        for body in [
            String::new(),
            "--x--\n".to_owned(),
            archive.clone(),
            part("name=\"name\"", "a") + "--x--\n",
            part("name=\"other\"", "a") + &archive + "--x--\n",
            archive.clone() + &archive + "--x--\n",
            "PK".to_owned(),
        ] {
            let error = read(BOUNDARY, &body).await.unwrap_err();
            assert!(matches!(error, ApiError::Form(_)), "{body}: {error:?}");
        }
        let error = read("multipart/form-data", &archive).await.unwrap_err();
        assert!(matches!(error, ApiError::Form(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_form_may_be_as_large_as_the_limit_and_no_larger() {
        let whole = |length: usize| {
            let rest = part("name=\"archive\"", "").replace('\n', "\r\n").len() + "--x--\r\n".len();
            part("name=\"archive\"", &"a".repeat(length - rest)) + "--x--\n"
        };
        assert!(read(BOUNDARY, &whole(400)).await.is_ok());
        let error = read(BOUNDARY, &whole(401)).await.unwrap_err();
        assert!(matches!(error, ApiError::BodyTooLarge { max_bytes: 400 }));
    }

    #[tokio::test]
    async fn a_form_of_unknown_length_is_cut_at_the_limit() {
        let endless =
            unsized_body(part("name=\"archive\"", &"a".repeat(500)).replace('\n', "\r\n"));
        let request = Request::post("/").header("content-type", BOUNDARY);
        let limits = ApiLimits {
            archive_bytes: 400,
            ..ApiLimits::default()
        };
        let error = read_form(request.body(endless).unwrap(), &limits).await;
        assert!(matches!(
            error.unwrap_err(),
            ApiError::BodyTooLarge { max_bytes: 400 }
        ));
    }

    /// A body that does not say how long it is.
    fn unsized_body(text: String) -> Body {
        struct Unsized(Option<Bytes>);
        impl HttpBody for Unsized {
            type Data = Bytes;
            type Error = std::convert::Infallible;

            fn poll_frame(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>>
            {
                std::task::Poll::Ready(
                    self.0
                        .take()
                        .map(|bytes| Ok(hyper::body::Frame::data(bytes))),
                )
            }
        }
        Body::new(Unsized(Some(Bytes::from(text))))
    }
}
