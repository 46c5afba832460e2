//! The checker as asked for: flat, so that a wrong field is refused under its own name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::FieldErrors;
use crate::problem::{Checker, LineSpace};

/// Kinds of checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CheckerKind {
    /// Tokens separated by white space must be equal.
    Tokens,
    /// Every byte must be equal.
    Exact,
    /// Like `tokens`, but numbers may differ by a tolerance.
    Float,
    /// The default output validator of the ICPC package format: like `tokens`, and numbers may
    /// differ where a tolerance is given.
    Default,
    /// Lines must be equal, one after the other.
    Lines,
    /// Tokens must be equal, in any order.
    UnorderedTokens,
    /// Lines must have equal tokens, in any order of the lines.
    UnorderedLines,
}

/// What white space within a line means: as much as any other byte, nothing at the end of a line, or
/// nothing but the end of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LineSpaceBody {
    Exact,
    Trailing,
    Free,
}

/// How outputs are compared with answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckerBody {
    kind: CheckerKind,
    /// Only for `tokens`, `unordered_tokens` and `default`: whether upper and lower case differ.
    /// Default false for `default`, true for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    case_sensitive: Option<bool>,
    /// Only for `default`: whether all white space must be equal. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    space_change_sensitive: Option<bool>,
    /// Only for `lines`. Default `exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<LineSpaceBody>,
    /// Only for `lines`: whether blank lines are left out. Those at the end always are. Default
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_blank: Option<bool>,
    /// Only for `float`, `default` and `lines` with space `free`: largest absolute difference.
    /// Default 0 for `float`, and none for the others: without any tolerance numbers are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute: Option<f64>,
    /// As `absolute`, but: largest difference relative to the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    relative: Option<f64>,
}

impl CheckerBody {
    pub(super) fn validate(self, errors: &mut FieldErrors) -> Checker {
        self.refuse_foreign_fields(errors);
        match self.kind {
            CheckerKind::Exact => Checker::Exact,
            CheckerKind::Tokens => Checker::Tokens {
                case_sensitive: self.case_sensitive.unwrap_or(true),
            },
            CheckerKind::Float => Checker::Float {
                absolute: tolerance("absolute", self.absolute, errors).unwrap_or(0.0),
                relative: tolerance("relative", self.relative, errors).unwrap_or(0.0),
            },
            CheckerKind::Default => Checker::Default {
                case_sensitive: self.case_sensitive.unwrap_or(false),
                space_change_sensitive: self.space_change_sensitive.unwrap_or(false),
                absolute: tolerance("absolute", self.absolute, errors),
                relative: tolerance("relative", self.relative, errors),
            },
            CheckerKind::Lines => Checker::Lines {
                space: self.line_space(),
                skip_blank: self.skip_blank.unwrap_or(false),
                absolute: tolerance("absolute", self.absolute, errors),
                relative: tolerance("relative", self.relative, errors),
            },
            CheckerKind::UnorderedTokens => Checker::UnorderedTokens {
                case_sensitive: self.case_sensitive.unwrap_or(true),
            },
            CheckerKind::UnorderedLines => Checker::UnorderedLines,
        }
    }

    fn line_space(&self) -> LineSpace {
        match self.space {
            None | Some(LineSpaceBody::Exact) => LineSpace::Exact,
            Some(LineSpaceBody::Trailing) => LineSpace::Trailing,
            Some(LineSpaceBody::Free) => LineSpace::Free,
        }
    }

    fn refuse_foreign_fields(&self, errors: &mut FieldErrors) {
        use CheckerKind::{Default, Float, Lines, Tokens, UnorderedTokens};
        let is_by_tokens = self.kind != Lines || self.line_space() == LineSpace::Free;
        let is = |kinds: &[CheckerKind]| kinds.contains(&self.kind);
        let fields = [
            (
                "case_sensitive",
                self.case_sensitive.is_some(),
                is(&[Tokens, UnorderedTokens, Default]),
            ),
            (
                "space_change_sensitive",
                self.space_change_sensitive.is_some(),
                is(&[Default]),
            ),
            ("space", self.space.is_some(), is(&[Lines])),
            ("skip_blank", self.skip_blank.is_some(), is(&[Lines])),
            (
                "absolute",
                self.absolute.is_some(),
                is(&[Float, Default, Lines]) && is_by_tokens,
            ),
            (
                "relative",
                self.relative.is_some(),
                is(&[Float, Default, Lines]) && is_by_tokens,
            ),
        ];
        for (name, given, belongs) in fields {
            if given && !belongs {
                let message = "is no setting of this kind of checker: leave it out";
                errors.add(format!("/checker/{name}"), message);
            }
        }
    }
}

fn tolerance(name: &str, asked: Option<f64>, errors: &mut FieldErrors) -> Option<f64> {
    // JSON has no NaN and no infinity; the comparison refuses them all the same.
    if asked.is_some_and(|value| !(0.0..=1e9).contains(&value)) {
        errors.add(format!("/checker/{name}"), "must be a number from 0 to 1e9");
    }
    asked
}

impl From<Checker> for CheckerBody {
    fn from(checker: Checker) -> Self {
        let mut body = CheckerBody {
            kind: CheckerKind::Exact,
            case_sensitive: None,
            space_change_sensitive: None,
            space: None,
            skip_blank: None,
            absolute: None,
            relative: None,
        };
        match checker {
            Checker::Exact => {}
            Checker::Tokens { case_sensitive } => {
                body.kind = CheckerKind::Tokens;
                body.case_sensitive = Some(case_sensitive);
            }
            Checker::Float { absolute, relative } => {
                body.kind = CheckerKind::Float;
                body.absolute = Some(absolute);
                body.relative = Some(relative);
            }
            Checker::Default {
                case_sensitive,
                space_change_sensitive,
                absolute,
                relative,
            } => {
                body.kind = CheckerKind::Default;
                body.case_sensitive = Some(case_sensitive);
                body.space_change_sensitive = Some(space_change_sensitive);
                body.absolute = absolute;
                body.relative = relative;
            }
            Checker::Lines {
                space,
                skip_blank,
                absolute,
                relative,
            } => {
                body.kind = CheckerKind::Lines;
                body.space = Some(match space {
                    LineSpace::Exact => LineSpaceBody::Exact,
                    LineSpace::Trailing => LineSpaceBody::Trailing,
                    LineSpace::Free => LineSpaceBody::Free,
                });
                body.skip_blank = Some(skip_blank);
                body.absolute = absolute;
                body.relative = relative;
            }
            Checker::UnorderedTokens { case_sensitive } => {
                body.kind = CheckerKind::UnorderedTokens;
                body.case_sensitive = Some(case_sensitive);
            }
            Checker::UnorderedLines => body.kind = CheckerKind::UnorderedLines,
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::ApiError;
    use crate::api::extract::parse_json;

    fn validated(json: &str) -> Result<Checker, ApiError> {
        let body: CheckerBody = parse_json(json.as_bytes())?;
        let mut errors = FieldErrors::default();
        let checker = body.validate(&mut errors);
        errors.into_result(checker)
    }

    #[test]
    fn every_kind_is_what_it_says() {
        let tokens = |case_sensitive| Checker::Tokens { case_sensitive };
        assert_eq!(validated(r#"{"kind":"tokens"}"#).unwrap(), tokens(true));
        assert_eq!(
            validated(r#"{"kind":"tokens","case_sensitive":false}"#).unwrap(),
            tokens(false)
        );
        assert_eq!(validated(r#"{"kind":"exact"}"#).unwrap(), Checker::Exact);
        let float = Checker::Float {
            absolute: 1e-6,
            relative: 0.0,
        };
        assert_eq!(
            validated(r#"{"kind":"float","absolute":1e-6}"#).unwrap(),
            float
        );
        let default = Checker::Default {
            case_sensitive: false,
            space_change_sensitive: false,
            absolute: None,
            relative: Some(0.5),
        };
        assert_eq!(
            validated(r#"{"kind":"default","relative":0.5}"#).unwrap(),
            default
        );
    }

    #[test]
    fn the_answer_says_what_was_asked() {
        for json in [
            r#"{"kind":"tokens","case_sensitive":false}"#,
            r#"{"kind":"exact"}"#,
            r#"{"kind":"float","absolute":0.5,"relative":0.25}"#,
            r#"{"kind":"default","case_sensitive":true,"space_change_sensitive":true}"#,
            r#"{"kind":"lines","space":"trailing","skip_blank":false}"#,
            r#"{"kind":"lines","space":"free","skip_blank":true,"relative":0.5}"#,
            r#"{"kind":"unordered_tokens","case_sensitive":true}"#,
            r#"{"kind":"unordered_lines"}"#,
        ] {
            let body = CheckerBody::from(validated(json).unwrap());
            assert_eq!(serde_json::to_string(&body).unwrap(), json);
        }
    }

    #[test]
    fn wrong_checkers_are_refused() {
        for bad in [
            "{}",
            "null",
            r#"{"kind":"custom"}"#,
            r#"{"kind":"exact","case_sensitive":true}"#,
            r#"{"kind":"exact","command":"rm"}"#,
            r#"{"kind":"tokens","absolute":1}"#,
            r#"{"kind":"tokens","space":"free"}"#,
            r#"{"kind":"lines","space":"none"}"#,
            r#"{"kind":"lines","absolute":1}"#,
            r#"{"kind":"lines","case_sensitive":true}"#,
            r#"{"kind":"unordered_lines","case_sensitive":true}"#,
            r#"{"kind":"tokens","space_change_sensitive":true}"#,
            r#"{"kind":"default","absolute":-1}"#,
            r#"{"kind":"float","absolute":-1}"#,
            r#"{"kind":"float","relative":1e10}"#,
            r#"{"kind":"float","relative":1e400}"#,
            r#"{"kind":"float","kind":"exact"}"#,
        ] {
            assert!(validated(bad).is_err(), "{bad}");
        }
    }
}
