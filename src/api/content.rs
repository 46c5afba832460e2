//! Bytes in JSON: a field in UTF-8 or its twin in base64, and texts that are no bytes but names.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{ApiError, FieldError};

const MAX_NAME_CHARS: usize = 100;

/// Collects what is wrong with a body, so that one answer tells all.
#[derive(Debug, Default)]
pub(super) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds a complaint about the field at a JSON pointer.
    pub(super) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError {
            path: path.into(),
            message: message.into(),
        });
    }

    /// The value, if there was nothing to complain about.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, ApiError> {
        if self.0.is_empty() {
            return Ok(value);
        }
        Err(ApiError::InvalidFields(self.0))
    }
}

/// A field that may be given as text or in base64; both together are refused. `path` is the JSON
/// pointer of the text field.
pub(super) fn decode(
    text: Option<String>,
    base64: Option<String>,
    path: &str,
    errors: &mut FieldErrors,
) -> Option<Arc<[u8]>> {
    match (text, base64) {
        (Some(text), None) => Some(text.into_bytes().into()),
        (None, Some(encoded)) => decode_base64(&encoded, path, errors),
        (None, None) => None,
        (Some(_), Some(_)) => {
            errors.add(
                format!("{path}_base64"),
                "is given as text, too: send one of the two",
            );
            None
        }
    }
}

fn decode_base64(encoded: &str, path: &str, errors: &mut FieldErrors) -> Option<Arc<[u8]>> {
    let decoded = STANDARD.decode(encoded).ok();
    if decoded.is_none() {
        errors.add(
            format!("{path}_base64"),
            "must be base64 in the standard alphabet with padding and without white space",
        );
    }
    decoded.map(Arc::from)
}

/// Bytes as base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as text for people; what is not UTF-8 becomes U+FFFD.
pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Checks a name of a problem or a test case. Control characters (NUL is one) could forge log
/// lines and cannot be stored as text.
pub(super) fn check_name(name: &str, path: &str, errors: &mut FieldErrors) {
    let is_short = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    let is_plain = !name.chars().any(char::is_control) && name.trim() == name;
    if !is_short || !is_plain {
        errors.add(
            path,
            format!(
                "must have 1 to {MAX_NAME_CHARS} characters, no control characters and no space \
                 at its ends"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: Option<&str>, base64: Option<&str>) -> Result<Option<Arc<[u8]>>, ApiError> {
        let mut errors = FieldErrors::default();
        let owned = |s: Option<&str>| s.map(str::to_owned);
        let bytes = decode(owned(text), owned(base64), "/input", &mut errors);
        errors.into_result(bytes)
    }

    #[test]
    fn nul_bytes_are_bytes_like_others() {
        assert_eq!(decoded(Some("a\0b"), None).unwrap().unwrap()[..], *b"a\0b");
        assert_eq!(decoded(None, Some("AP8=")).unwrap().unwrap()[..], [0, 255]);
        assert_eq!(decoded(None, None).unwrap(), None);
    }

    #[test]
    fn base64_is_strict() {
        for bad in [
            "AP8", "AP8==", "AP-_", "A P8=", "AP8=\n", "AP9=", "*", "AP8=AP8=",
        ] {
            let error = decoded(None, Some(bad)).unwrap_err();
            assert!(format!("{error:?}").contains("/input_base64"), "{bad}");
        }
        assert!(decoded(Some(""), Some("")).is_err());
    }

    #[test]
    fn names_hold_no_control_characters() {
        let long = "x".repeat(101);
        for bad in ["", "a\0", "a\nb", "\u{1b}[31m", " a", "a ", long.as_str()] {
            let mut errors = FieldErrors::default();
            check_name(bad, "/name", &mut errors);
            assert!(errors.into_result(()).is_err(), "{bad:?}");
        }
        let mut errors = FieldErrors::default();
        check_name("Größte Summe {{7*7}}", "/name", &mut errors);
        assert!(errors.into_result(()).is_ok());
    }
}
