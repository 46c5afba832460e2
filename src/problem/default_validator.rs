//! The arguments of the default output validator, as package formats write them.

use super::Checker;

/// What a tolerance that is given more than once means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// The last one counts, as in the validator that comes with the legacy format.
    LastCounts,
    /// It is an error, as the format of 2025 says.
    Refused,
}

/// An argument that the default validator does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// There is no such argument.
    #[error(
        "{0:?} is no argument of the default validator: use case_sensitive, \
         space_change_sensitive, float_tolerance, float_absolute_tolerance or \
         float_relative_tolerance"
    )]
    Unknown(String),
    /// A tolerance without a value, or with one that cannot be used.
    #[error("{argument} needs a number from 0 on, and not {value:?}")]
    Tolerance {
        /// The argument.
        argument: String,
        /// What stands after it.
        value: String,
    },
    /// The tolerance was given before.
    #[error("{0} sets a tolerance that is already set: leave one of them out")]
    Repeated(String),
}

impl Checker {
    /// The default validator with these arguments.
    ///
    /// # Errors
    /// What it does not take: an argument that is not understood would change the meaning of
    /// every verdict.
    pub fn default_validator(
        arguments: &[String],
        repeats: Repeats,
    ) -> Result<Checker, ArgumentError> {
        let (mut case_sensitive, mut space_change_sensitive) = (false, false);
        let (mut absolute, mut relative) = (None, None);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let (sets_absolute, sets_relative) = match argument.as_str() {
                "case_sensitive" => {
                    case_sensitive = true;
                    continue;
                }
                "space_change_sensitive" => {
                    space_change_sensitive = true;
                    continue;
                }
                "float_tolerance" => (true, true),
                "float_absolute_tolerance" => (true, false),
                "float_relative_tolerance" => (false, true),
                _ => return Err(ArgumentError::Unknown(argument.clone())),
            };
            let value = Some(tolerance(argument, arguments.next())?);
            let is_set = sets_absolute && absolute.is_some() || sets_relative && relative.is_some();
            if is_set && repeats == Repeats::Refused {
                return Err(ArgumentError::Repeated(argument.clone()));
            }
            if sets_absolute {
                absolute = value;
            }
            if sets_relative {
                relative = value;
            }
        }
        Ok(Checker::Default {
            case_sensitive,
            space_change_sensitive,
            absolute,
            relative,
        })
    }
}

fn tolerance(argument: &str, value: Option<&String>) -> Result<f64, ArgumentError> {
    let text = value.map_or("", String::as_str);
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| ArgumentError::Tolerance {
            argument: argument.to_owned(),
            value: text.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, repeats: Repeats) -> Result<Checker, ArgumentError> {
        let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Checker::default_validator(&arguments, repeats)
    }

    fn checker(absolute: Option<f64>, relative: Option<f64>) -> Checker {
        Checker::Default {
            case_sensitive: false,
            space_change_sensitive: false,
            absolute,
            relative,
        }
    }

    #[test]
    fn every_argument_is_what_it_says() {
        for (text, expected) in [
            ("", checker(None, None)),
            ("float_tolerance 1e-4", checker(Some(1e-4), Some(1e-4))),
            ("float_absolute_tolerance 0", checker(Some(0.0), None)),
            ("float_relative_tolerance .5", checker(None, Some(0.5))),
        ] {
            assert_eq!(parsed(text, Repeats::Refused), Ok(expected), "{text}");
        }
        assert_eq!(
            parsed("space_change_sensitive case_sensitive", Repeats::Refused),
            Ok(Checker::Default {
                case_sensitive: true,
                space_change_sensitive: true,
                absolute: None,
                relative: None,
            })
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "ignore_case",
            "Case_sensitive",
            "float_tolerance",
            "float_tolerance x",
            "float_tolerance -1",
            "float_tolerance nan",
            "float_tolerance inf",
            "1e-4",
        ] {
            assert!(parsed(text, Repeats::LastCounts).is_err(), "{text}");
        }
    }

    #[test]
    fn a_second_tolerance_counts_or_is_refused() {
        let text = "float_tolerance 1 float_relative_tolerance 2";
        let last = checker(Some(1.0), Some(2.0));
        assert_eq!(parsed(text, Repeats::LastCounts), Ok(last));
        let refused = ArgumentError::Repeated("float_relative_tolerance".to_owned());
        assert_eq!(parsed(text, Repeats::Refused), Err(refused));
        let both = "float_absolute_tolerance 1 float_relative_tolerance 2";
        assert!(parsed(both, Repeats::Refused).is_ok());
    }
}
