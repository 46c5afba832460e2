//! Problems with several passes: a validator that accepts may ask that the submission is run again,
//! on an input that it makes. It finds then what it left in its feedback directory, and the same
//! answer file. Limits hold for each pass; the figures of the whole are the largest of any.

use super::JudgeError;
use super::run::Finished;
use super::validator::{Case, NextPass, Validator};
use super::verdict::{Facts, Verdict};

/// What one pass came to.
pub(super) struct Pass {
    pub finished: Finished,
    /// Another one that the validator asks for.
    pub next: Option<NextPass>,
}

/// Runs passes until none is asked for or one fails.
pub(super) fn run(
    validator: Option<&Validator>,
    mut case: Case,
    mut pass: impl FnMut(&Case) -> Result<Pass, JudgeError>,
) -> Result<Finished, JudgeError> {
    let max_passes = validator.map_or(1, Validator::max_passes);
    let mut earlier: Option<Finished> = None;
    for number in 1..=max_passes {
        let Pass { finished, next } = pass(&case)?;
        let finished = match earlier.take() {
            Some(earlier) => finished.after(earlier, number),
            None => finished,
        };
        match next {
            Some(next) if finished.verdict == Verdict::Accepted => {
                case.input = next.input;
                case.feedback = next.feedback;
                earlier = Some(finished);
            }
            _ => return Ok(finished),
        }
    }
    Err(JudgeError::Validator {
        name: validator.map_or(String::new(), |validator| validator.name().to_owned()),
        reason: format!("asked for more than {max_passes} passes"),
        evidence: String::new(),
    })
}

impl Finished {
    /// What this pass came to together with those before it.
    pub(super) fn after(mut self, earlier: Finished, number: u32) -> Finished {
        self.facts = largest(&self.facts, &earlier.facts);
        self.reason = match self.verdict {
            Verdict::Accepted => format!("the output is right in each of {number} passes"),
            _ => format!("pass {number}: {}", self.reason),
        };
        if let Some(before) = earlier.transcript {
            let now = self.transcript.unwrap_or_default();
            self.transcript = Some(format!("{before}---\n{now}"));
        }
        self
    }
}

/// How the last pass ended, with the largest figures of both.
fn largest(last: &Facts, earlier: &Facts) -> Facts {
    Facts {
        cpu_ns: last.cpu_ns.max(earlier.cpu_ns),
        wall_ns: last.wall_ns.max(earlier.wall_ns),
        memory_bytes: last.memory_bytes.max(earlier.memory_bytes),
        output_bytes: last.output_bytes.max(earlier.output_bytes),
        instructions: last.instructions.max(earlier.instructions),
        ..last.clone()
    }
}
