//! Looking for an input on which programs come to certain verdicts: a generator makes inputs, a
//! reference solution answers them, candidates are judged by its answers, and the first input that meets
//! the condition is made smaller for people.
//!
//! Rounds run in parallel over several slots. The earliest round that meets the condition is found, however
//! fast the others were, so the same search finds the same input.

mod condition;
mod shrink;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use crate::judge::crew::Crew;
use crate::judge::verdict::{Facts, Verdict};
use crate::judge::{Cancel, CaseData, Check, JudgeError, JudgeSlot, RunResult, Runnable};
use crate::problem::Checker;

pub use condition::{Condition, ConditionError};

/// Rounds of each slot between two looks at what was found.
const ROUNDS_PER_SLOT: usize = 8;
/// Exit code of an input validator that takes an input for valid.
const VALID: i32 = 42;
/// What stands for the number of a round in arguments of a generator.
const SEED: &str = "{seed}";
/// What stands for the size of its input.
const SIZE: &str = "{size}";

/// Why a search cannot go on. But for the last, a program of the search has to be mended.
#[derive(Debug, thiserror::Error)]
pub enum StressError {
    /// The generator made no input.
    #[error("the generator failed in round {seed}: {reason}")]
    Generator {
        /// Number of the round.
        seed: u64,
        /// What came of it.
        reason: String,
        /// The beginning of its standard error.
        stderr: Vec<u8>,
    },
    /// The validator does not accept what the generator made.
    #[error("the input of round {seed} is not valid: the validator {reason}")]
    Invalid {
        /// Number of the round.
        seed: u64,
        /// What came of the validator.
        reason: String,
        /// The beginning of its standard error.
        stderr: Vec<u8>,
        /// The input.
        input: Arc<[u8]>,
    },
    /// The reference solution has no answer.
    #[error("the reference solution failed in round {seed}: {reason}")]
    Reference {
        /// Number of the round.
        seed: u64,
        /// What came of it.
        reason: String,
        /// The beginning of its standard error.
        stderr: Vec<u8>,
        /// The input.
        input: Arc<[u8]>,
    },
    /// The judge failed.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}

/// A search: programs, and what is wanted of them.
#[derive(Debug)]
pub struct Stress<'a> {
    /// Writes an input to standard output.
    pub generator: Runnable,
    /// Its arguments; `{seed}` is the number of the round, `{size}` the size of its input.
    pub arguments: Vec<String>,
    /// Sizes of inputs, from the first round to the last.
    pub sizes: RangeInclusive<u64>,
    /// Ends with exit code 42 for a valid input. Without one, an input is not made smaller, for
    /// what is smaller may be invalid.
    pub validator: Option<Runnable>,
    /// Its output is the answer.
    pub reference: Runnable,
    /// The programs that are judged.
    pub candidates: Vec<Runnable>,
    /// How their outputs are judged.
    pub check: Check<'a>,
    /// What their verdicts must be.
    pub condition: Condition,
}

/// How long to search.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Number of the first round.
    pub first_seed: u64,
    /// How many rounds.
    pub rounds: u64,
    /// When to stop nevertheless.
    pub until: Option<Instant>,
    /// How many smaller inputs may be tried.
    pub max_shrink_tries: usize,
}

/// What came of a search.
#[derive(Debug)]
pub struct Search {
    /// Rounds that were run.
    pub rounds: u64,
    /// The input, if there is one.
    pub found: Option<Found>,
}

/// An input that meets the condition.
#[derive(Debug)]
pub struct Found {
    /// Number of the round that made it.
    pub seed: u64,
    /// Arguments of the generator in that round.
    pub arguments: Vec<String>,
    /// Size of what the generator made, in bytes.
    pub generated_bytes: usize,
    /// The input, made smaller where that could be done.
    pub input: Arc<[u8]>,
    /// The reference's answer.
    pub answer: Arc<[u8]>,
    /// What came of the candidates, in their order.
    pub results: Vec<RunResult>,
}

/// An input with its answer and what came of it.
struct Trial {
    input: Arc<[u8]>,
    answer: Arc<[u8]>,
    results: Vec<RunResult>,
}

/// What one input came to.
enum Attempt {
    /// The condition holds.
    Wanted(Trial),
    Unwanted,
    /// By the validator.
    Invalid(RunResult),
    /// By the reference's end.
    NoAnswer(RunResult),
}

impl Stress<'_> {
    /// Searches. `progress` is told how many rounds are done, and of how many, and what is being done.
    ///
    /// # Errors
    /// Where a program of the search fails, or the judge.
    pub fn search(
        &self,
        crew: &Crew<'_>,
        budget: &Budget,
        progress: &dyn Fn(&str, u64, u64),
        cancel: &Cancel,
    ) -> Result<Search, StressError> {
        let chunk = crew.size().max(1) * ROUNDS_PER_SLOT;
        let mut done = 0;
        while done < budget.rounds && budget.until.is_none_or(|until| Instant::now() < until) {
            let left = usize::try_from(budget.rounds - done).unwrap_or(usize::MAX);
            let count = left.min(chunk);
            let trials = crew.each(count, |slot, index| {
                self.round(slot, done + index as u64, budget, cancel)
            })?;
            done += count as u64;
            progress("searching", done, budget.rounds);
            let first = trials.into_iter().flatten().next();
            if let Some((seed, arguments, trial)) = first {
                let generated_bytes = trial.input.len();
                let trial = self.smaller(crew, trial, budget, progress, cancel)?;
                let found = Found {
                    seed,
                    arguments,
                    generated_bytes,
                    input: trial.input,
                    answer: trial.answer,
                    results: trial.results,
                };
                return Ok(Search {
                    rounds: done,
                    found: Some(found),
                });
            }
        }
        Ok(Search {
            rounds: done,
            found: None,
        })
    }

    /// Makes an input and tries it.
    fn round(
        &self,
        slot: &mut JudgeSlot,
        index: u64,
        budget: &Budget,
        cancel: &Cancel,
    ) -> Result<Option<(u64, Vec<String>, Trial)>, StressError> {
        let seed = budget.first_seed.saturating_add(index);
        let arguments = self.arguments(seed, size(&self.sizes, index, budget.rounds));
        let generator = self.generator.clone().with_arguments(&arguments);
        let made = completed(slot, &generator, Arc::from([]), cancel)?;
        if made.verdict != Verdict::Completed {
            return Err(StressError::Generator {
                seed,
                reason: made.reason,
                stderr: made.stderr,
            });
        }
        let input: Arc<[u8]> = made.stdout.into();
        match self.attempt(slot, &input, cancel)? {
            Attempt::Wanted(trial) => Ok(Some((seed, arguments, trial))),
            Attempt::Unwanted => Ok(None),
            Attempt::Invalid(result) => Err(StressError::Invalid {
                seed,
                reason: result.reason,
                stderr: result.stderr,
                input,
            }),
            Attempt::NoAnswer(result) => Err(StressError::Reference {
                seed,
                reason: result.reason,
                stderr: result.stderr,
                input,
            }),
        }
    }

    fn arguments(&self, seed: u64, size: u64) -> Vec<String> {
        let filled = |argument: &String| {
            let argument = argument.replace(SEED, &seed.to_string());
            argument.replace(SIZE, &size.to_string())
        };
        self.arguments.iter().map(filled).collect()
    }

    fn attempt(
        &self,
        slot: &mut JudgeSlot,
        input: &Arc<[u8]>,
        cancel: &Cancel,
    ) -> Result<Attempt, JudgeError> {
        if let Some(validator) = &self.validator {
            let result = completed(slot, validator, input.clone(), cancel)?;
            let code = result
                .facts
                .as_ref()
                .and_then(|facts: &Facts| facts.exit_code);
            if code != Some(VALID) {
                return Ok(Attempt::Invalid(result));
            }
        }
        let answered = completed(slot, &self.reference, input.clone(), cancel)?;
        if answered.verdict != Verdict::Completed {
            return Ok(Attempt::NoAnswer(answered));
        }
        let answer: Arc<[u8]> = answered.stdout.into();
        let mut results = Vec::with_capacity(self.candidates.len());
        for candidate in &self.candidates {
            let case = CaseData {
                input: input.clone(),
                answer: Some(answer.clone()),
            };
            results.push(slot.run_program(candidate, case, self.check, cancel)?);
        }
        let verdicts: Vec<Verdict> = results.iter().map(|result| result.verdict).collect();
        if !self.condition.holds(&verdicts) {
            return Ok(Attempt::Unwanted);
        }
        Ok(Attempt::Wanted(Trial {
            input: input.clone(),
            answer,
            results,
        }))
    }

    /// The same with a smaller input, where a validator says which are valid.
    fn smaller(
        &self,
        crew: &Crew<'_>,
        found: Trial,
        budget: &Budget,
        progress: &dyn Fn(&str, u64, u64),
        cancel: &Cancel,
    ) -> Result<Trial, StressError> {
        if self.validator.is_none() {
            return Ok(found);
        }
        let input = found.input.clone();
        let mut best = found;
        let mut tried = 0;
        let mut choose = |inputs: &[Vec<u8>]| {
            let attempts = crew.each(inputs.len(), |slot, index| {
                let input: Arc<[u8]> = inputs[index].as_slice().into();
                self.attempt(slot, &input, cancel)
            })?;
            tried += inputs.len() as u64;
            progress("shrinking", tried, budget.max_shrink_tries as u64);
            for (index, attempt) in attempts.into_iter().enumerate() {
                if let Attempt::Wanted(trial) = attempt {
                    best = trial;
                    return Ok(Some(index));
                }
            }
            Ok::<_, StressError>(None)
        };
        shrink::shrink(&input, budget.max_shrink_tries, &mut choose)?;
        Ok(best)
    }
}

/// Runs a program whose output is not judged.
fn completed(
    slot: &mut JudgeSlot,
    program: &Runnable,
    input: Arc<[u8]>,
    cancel: &Cancel,
) -> Result<RunResult, JudgeError> {
    let case = CaseData {
        input,
        answer: None,
    };
    // Without an answer nothing is compared.
    slot.run_program(program, case, Check::Compare(&Checker::Exact), cancel)
}

/// The size of a round: from the smallest in the first to the largest in the last, so that small inputs
/// are found first.
fn size(sizes: &RangeInclusive<u64>, index: u64, rounds: u64) -> u64 {
    let (smallest, largest) = (*sizes.start(), *sizes.end());
    let span = u128::from(largest.saturating_sub(smallest)) + 1;
    let step = span * u128::from(index) / u128::from(rounds.max(1));
    smallest
        + u64::try_from(step)
            .unwrap_or(u64::MAX)
            .min(largest - smallest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_go_from_the_smallest_to_the_largest() {
        let all = |sizes: RangeInclusive<u64>, rounds: u64| {
            (0..rounds)
                .map(|index| size(&sizes, index, rounds))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(1..=3, 6), [1, 1, 2, 2, 3, 3]);
        assert_eq!(all(5..=5, 2), [5, 5]);
        assert_eq!(all(0..=u64::MAX, 2), [0, 1 << 63]);
        assert_eq!(all(1..=10, 1), [1]);
    }
}
