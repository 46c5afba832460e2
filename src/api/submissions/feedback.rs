//! Files that validators left, one at a time and as they are. They are a stranger's: no browser may show them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::api::ApiState;
use crate::api::error::{ApiError, ReadFailures};
use crate::api::extract::{PathId, Query};
use crate::store::SubmissionId;

/// The longest name that is offered for saving.
const NAME_CHARS: usize = 100;

/// A file that a validator left
///
/// Those that there are stand in `feedback` of each test case; what was omitted there is not found here. For judges
/// only.
#[utoipa::path(
    get, path = "/api/v1/submissions/{id}/feedback", tag = "submissions",
    params(
        ("id" = Uuid, Path, description = "Id of the submission"),
        ("case" = String, Query, description = "Name of the test case"),
        ("file" = String, Query, description = "Name of the file, as in `feedback`"),
    ),
    responses(
        (status = 200, description = "Its bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        ReadFailures,
    ),
)]
pub(in crate::api) async fn get_feedback_file(
    State(state): State<ApiState>,
    PathId(id): PathId,
    mut query: Query,
) -> Result<impl IntoResponse, ApiError> {
    let case = query.take_text("case");
    let file = query.take_text("file");
    query.finish()?;
    let id = id.map(SubmissionId).ok_or(ApiError::NoFeedback)?;
    let found = state.store.read_feedback_file(id, &case, &file).await?;
    let (blob, bytes) = found.ok_or(ApiError::NoFeedback)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", plain(&file)),
        ),
        (header::ETAG, format!("\"{blob}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Bytes::from_owner(bytes)))
}

/// A name for saving that no header and no file system takes for anything else.
fn plain(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    let plain = |c: char| match c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
        true => c,
        false => '_',
    };
    let name: String = last.chars().map(plain).take(NAME_CHARS).collect();
    match name.trim_start_matches('.') {
        "" => "feedback".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_saving_is_plain() {
        let long = "x".repeat(200);
        for (name, expected) in [
            ("judgeimage-1.svg", "judgeimage-1.svg"),
            ("deep/er/note_2", "note_2"),
            (".bashrc", "bashrc"),
            ("..", "feedback"),
            ("", "feedback"),
            ("a\"; filename=b\r\nx: y\\x00", "a___filename_b__x__y_x00"),
            ("größe", "gr__e"),
            (&long, &long[..100]),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
    }
}
