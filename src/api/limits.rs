//! How much a request may ask for: bounds of this installation, and limits checked against them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::content::FieldErrors;
use crate::problem::Limits;

const MIB: u64 = 1 << 20;

/// The least, the most, and what is taken when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The least accepted; never zero, for zero must not mean "unlimited".
    pub min: u64,
    /// The most accepted.
    pub max: u64,
    /// Taken when the field is left out; if it is above `max`, then `max` is.
    pub default: u64,
}

/// Bounds on requests.
#[derive(Debug, Clone)]
pub struct ApiLimits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Longest time a body may take to arrive.
    pub body_timeout: Duration,
    /// Largest form with an archive, in bytes.
    pub archive_bytes: usize,
    /// Longest time such a form may take to arrive.
    pub archive_timeout: Duration,
    /// Longest time a request head may take, and a connection may idle between requests.
    pub head_timeout: Duration,
    /// Most connections at the same time; further ones wait to be accepted.
    pub connections: u32,
    /// Largest sum of the source files of a submission, in bytes.
    pub source_bytes: usize,
    /// Most source files in a submission.
    pub files: usize,
    /// Most test cases in a submission or problem.
    pub tests: usize,
    /// Longest and default time of a long poll, in milliseconds.
    pub wait_ms: u64,
    /// CPU time limit, in milliseconds.
    pub cpu_ms: Bound,
    /// Wall-clock limit, in milliseconds. The default is not used: it follows from the CPU time.
    pub wall_ms: Bound,
    /// Memory limit, in bytes.
    pub memory_bytes: Bound,
    /// Output limit, in bytes.
    pub output_bytes: Bound,
    /// Process limit.
    pub processes: Bound,
}

impl Default for ApiLimits {
    fn default() -> Self {
        let bound = |min, max, default| Bound { min, max, default };
        ApiLimits {
            body_bytes: (64 * MIB) as usize,
            body_timeout: Duration::from_secs(30),
            archive_bytes: (256 * MIB) as usize,
            archive_timeout: Duration::from_secs(300),
            head_timeout: Duration::from_secs(10),
            connections: 4096,
            source_bytes: MIB as usize,
            files: 32,
            tests: 1000,
            wait_ms: 60_000,
            cpu_ms: bound(1, 60_000, 2_000),
            wall_ms: bound(1, 120_000, 7_000),
            memory_bytes: bound(4 * MIB, 2048 * MIB, 256 * MIB),
            output_bytes: bound(1, 64 * MIB, 16 * MIB),
            processes: bound(1, 256, 64),
        }
    }
}

/// Limits of every run as asked for. Each may be left out for its default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsBody {
    /// CPU time of the whole process tree, in milliseconds. Default 2000.
    #[schema(value_type = Option<u64>, example = 2000)]
    cpu_ms: Option<Number>,
    /// Time on the clock, in milliseconds. Default: 3 × `cpu_ms` + 1000.
    #[schema(value_type = Option<u64>, example = 7000)]
    wall_ms: Option<Number>,
    /// Peak memory of the whole process tree, in bytes. Default 256 MiB.
    #[schema(value_type = Option<u64>, example = 268435456)]
    memory_bytes: Option<Number>,
    /// Bytes written to standard output. Default 16 MiB.
    #[schema(value_type = Option<u64>, example = 16777216)]
    output_bytes: Option<Number>,
    /// Processes and threads at the same time. Default 64.
    #[schema(value_type = Option<u32>, example = 64)]
    processes: Option<Number>,
}

impl LimitsBody {
    /// Checks every limit against its bounds. Where one is refused the result is of no use, but
    /// there is one, so that the other fields can be checked, too.
    pub(super) fn validate(self, bounds: &ApiLimits, errors: &mut FieldErrors) -> Limits {
        let mut check = |name, asked, bound| within(name, asked, bound, errors);
        let cpu_ms = check("cpu_ms", self.cpu_ms, bounds.cpu_ms);
        let wall_default = cpu_ms.saturating_mul(3).saturating_add(1000);
        let wall_bound = Bound {
            default: wall_default,
            ..bounds.wall_ms
        };
        Limits {
            cpu_ms,
            wall_ms: check("wall_ms", self.wall_ms, wall_bound),
            memory_bytes: check("memory_bytes", self.memory_bytes, bounds.memory_bytes),
            output_bytes: check("output_bytes", self.output_bytes, bounds.output_bytes),
            processes: check("processes", self.processes, bounds.processes)
                .try_into()
                .unwrap_or(u32::MAX),
        }
    }
}

fn within(name: &str, asked: Option<Number>, bound: Bound, errors: &mut FieldErrors) -> u64 {
    let Bound { min, max, default } = bound;
    let default = default.clamp(min, max.max(min));
    let Some(asked) = asked else {
        return default;
    };
    match asked.as_u64().filter(|value| (min..=max).contains(value)) {
        Some(value) => value,
        None => {
            errors.add(
                format!("/limits/{name}"),
                format!("must be a whole number from {min} to {max}; leave it out for {default}"),
            );
            default
        }
    }
}

/// Limits in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitsView {
    /// CPU time of the whole process tree, in milliseconds.
    cpu_ms: u64,
    /// Time on the clock, in milliseconds.
    wall_ms: u64,
    /// Peak memory of the whole process tree, in bytes.
    memory_bytes: u64,
    /// Bytes written to standard output.
    output_bytes: u64,
    /// Processes and threads at the same time.
    processes: u32,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        LimitsView {
            cpu_ms: limits.cpu_ms,
            wall_ms: limits.wall_ms,
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            processes: limits.processes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::extract::parse_json;

    fn validated(json: &str) -> Result<Limits, crate::api::error::ApiError> {
        let body: LimitsBody = parse_json(json.as_bytes())?;
        let mut errors = FieldErrors::default();
        let limits = body.validate(&ApiLimits::default(), &mut errors);
        errors.into_result(limits)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let limits = validated("{}").unwrap();
        assert_eq!((limits.cpu_ms, limits.wall_ms), (2000, 7000));
        assert_eq!(
            (limits.memory_bytes, limits.output_bytes),
            (256 << 20, 16 << 20)
        );
        assert_eq!(limits.processes, 64);
        assert_eq!(validated(r#"{"cpu_ms":5000}"#).unwrap().wall_ms, 16_000);
        assert_eq!(validated(r#"{"cpu_ms":60000}"#).unwrap().wall_ms, 120_000);
        assert_eq!(validated(r#"{"cpu_ms":null}"#).unwrap().cpu_ms, 2000);
    }

    #[test]
    fn a_default_above_the_maximum_yields_to_it() {
        let bounds = ApiLimits {
            cpu_ms: Bound {
                min: 1,
                max: 500,
                default: 2000,
            },
            ..ApiLimits::default()
        };
        let mut errors = FieldErrors::default();
        assert_eq!(
            LimitsBody::default().validate(&bounds, &mut errors).cpu_ms,
            500
        );
        assert!(errors.into_result(()).is_ok());
    }

    #[test]
    fn both_ends_of_the_bounds_are_accepted() {
        for value in ["1", "60000"] {
            assert!(
                validated(&format!(r#"{{"cpu_ms":{value}}}"#)).is_ok(),
                "{value}"
            );
        }
    }

    #[test]
    fn numbers_that_are_no_limit_are_refused_with_bounds_and_remedy() {
        let bad = [
            "0",
            "-0",
            "-1",
            "120001",
            "2.5",
            "2000.0",
            "1e3",
            "1e300",
            "-9223372036854775809",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "4294967297",
        ];
        for value in bad {
            for field in ["cpu_ms", "wall_ms", "processes"] {
                let error = validated(&format!(r#"{{"{field}":{value}}}"#)).unwrap_err();
                let shown = format!("{error:?}");
                assert!(shown.starts_with("InvalidFields"), "{value}: {shown}");
                assert!(
                    shown.contains(&format!("/limits/{field}")),
                    "{value}: {shown}"
                );
                assert!(shown.contains("from 1 to"), "{value}: {shown}");
            }
        }
    }

    #[test]
    fn all_wrong_limits_are_told_at_once() {
        let error = validated(
            r#"{"cpu_ms":0,"wall_ms":0,"memory_bytes":1,"output_bytes":0,"processes":0}"#,
        );
        let shown = format!("{:?}", error.unwrap_err());
        assert_eq!(shown.matches("FieldError {").count(), 5);
    }

    #[test]
    fn what_is_no_number_is_malformed() {
        for value in [
            "NaN", "Infinity", "1e400", "\"5\"", "[1]", "true", "00", "0x10",
        ] {
            let error = validated(&format!(r#"{{"cpu_ms":{value}}}"#)).unwrap_err();
            let shown = format!("{error:?}");
            assert!(
                shown.starts_with("Syntax") || shown.starts_with("Shape"),
                "{value}: {shown}"
            );
        }
    }
}
