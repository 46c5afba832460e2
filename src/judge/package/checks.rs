//! How the outputs of a package are judged, ready to run.

use super::programs::{compile_programs, validation_limits};
use super::{CaseResult, Package, PackageError, Verdict};
use crate::judge::crew::Crew;
use crate::judge::grade;
use crate::judge::validator::Zeros;
use crate::judge::verdict::Facts;
use crate::judge::{
    Cancel, CaseData, CaseRun, Check, Judge, JudgeError, JudgeSlot, Runnable, Validator,
};
use crate::problem::groups::Worth;
use crate::problem::package::{Format, TestCase, Validation};
use crate::problem::{Checker, Protocol};

/// What judges outputs, and what they are worth.
#[derive(Debug)]
pub(super) struct Checks {
    by: By,
    /// What each case is worth.
    worths: Vec<Worth>,
}

#[derive(Debug)]
enum By {
    /// One checker for each case.
    Compare(Vec<Checker>),
    Validate(Vec<Validator>),
    Interact(Validator),
}

impl Checks {
    /// Compiles what has to be.
    pub(super) fn compile(
        judge: &Judge,
        crew: &Crew<'_>,
        package: &Package,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        Ok(Checks {
            by: By::compile(judge, crew, package, cancel)?,
            worths: grade::worths(&package.groups, package.cases.len()),
        })
    }

    /// Runs a program on a case.
    pub(super) fn run(
        &self,
        slot: &mut JudgeSlot,
        runnable: &Runnable,
        case: (usize, &TestCase),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        self.by.run(slot, runnable, case, cancel)
    }

    /// What a run comes to by this limit, where there is one. Tells its score, too.
    pub(super) fn judged(
        &self,
        run: CaseRun,
        limit_ms: Option<u64>,
    ) -> Result<(CaseResult, f64), JudgeError> {
        // What it did after it was rejected does not count, the time it took neither.
        let limit_ms = limit_ms.filter(|_| !run.was_rejected_first);
        let result = at_limit(run.result, limit_ms);
        let worth = self.worths.get(result.ordinal as usize);
        let worth = worth.copied().unwrap_or(Worth::NoPoints);
        let score = grade::score(worth, result.verdict, run.points);
        let score = score.map_err(|reason| self.by.misjudges(&result.name, &reason))?;
        Ok((result, score))
    }

    /// Whether programs of the package judge outputs that a submission has made alone.
    pub(super) fn are_programs(&self) -> bool {
        matches!(self.by, By::Validate(_))
    }

    /// Whether the validators accept the answer of a case.
    pub(super) fn check_answer(
        &self,
        slot: &mut JudgeSlot,
        case: &TestCase,
        cancel: &Cancel,
    ) -> Result<bool, JudgeError> {
        let By::Validate(validators) = &self.by else {
            return Ok(true);
        };
        let check = Check::Validate {
            validators,
            arguments: &case.output_validator_args,
        };
        let (input, answer) = (case.input.clone(), case.answer.clone());
        slot.accepts((input, answer.clone()), check, &answer, cancel)
    }
}

impl By {
    fn compile(
        judge: &Judge,
        crew: &Crew<'_>,
        package: &Package,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        let (programs, is_talking, protocol) = match &package.validation {
            Validation::Default(checkers) => return Ok(By::Compare(checkers.clone())),
            Validation::Custom(programs) => (programs.clone(), false, Protocol::Icpc),
            Validation::Interactive(program) => (vec![program.clone()], true, Protocol::Icpc),
            Validation::Foreign {
                interactor,
                checker,
                protocol,
            } => {
                let programs = interactor.iter().chain(checker).cloned().collect();
                (programs, interactor.is_some(), *protocol)
            }
        };
        let limits = validation_limits(package);
        let zeros = match package.format {
            Format::Legacy => Zeros::Ignored,
            _ => Zeros::Refused,
        };
        let executables = compile_programs(judge, crew, &programs, cancel)?;
        let named = programs.iter().zip(executables);
        let mut validators = named.map(|(program, executable)| {
            let validator = Validator::new(program.path.clone(), executable, limits.clone())
                .speaking(protocol)
                .with_passes(package.max_passes)
                .with_zeros(zeros);
            match package.scoring {
                Some(_) => validator.with_points(),
                None => validator,
            }
        });
        if !is_talking {
            return Ok(By::Validate(validators.collect()));
        }
        Ok(match (validators.next(), validators.next()) {
            (Some(interactor), Some(checker)) => By::Interact(interactor.followed_by(checker)),
            (Some(interactor), None) => By::Interact(interactor),
            (None, _) => By::Validate(Vec::new()),
        })
    }

    fn run(
        &self,
        slot: &mut JudgeSlot,
        runnable: &Runnable,
        (index, case): (usize, &TestCase),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let data = CaseData {
            input: case.input.clone(),
            answer: Some(case.answer.clone()),
        };
        let runnable = runnable.clone().with_arguments(&case.args);
        let runnable = &runnable.with_files(&case.files);
        let name = (index, case.name.as_str());
        let arguments = &case.output_validator_args[..];
        let check = match self {
            By::Compare(checkers) => Check::Compare(&checkers[index]),
            By::Validate(validators) => Check::Validate {
                validators,
                arguments,
            },
            By::Interact(validator) => {
                let partner = (validator, arguments);
                return slot.run_interactive(runnable, name, data, partner, cancel);
            }
        };
        slot.run_case(runnable, name, data, check, cancel)
    }

    /// The failure of whoever gave points that cannot be given, or none where they are needed.
    fn misjudges(&self, case: &str, reason: &str) -> JudgeError {
        let reason = format!("{reason} (test case {case})");
        let validator = match self {
            By::Validate(validators) => validators.last(),
            By::Interact(validator) => Some(validator),
            By::Compare(_) => None,
        };
        match validator {
            Some(validator) => validator.misjudges(reason),
            None => JudgeError::Validator {
                name: "by default".to_owned(),
                reason,
                evidence: String::new(),
            },
        }
    }
}

/// The result under a lower limit than that at which it ran.
fn at_limit(mut result: CaseResult, limit_ms: Option<u64>) -> CaseResult {
    let used_ms = result.facts.as_ref().map_or(0.0, Facts::cpu_ms);
    if let Some(limit_ms) = limit_ms
        && used_ms > limit_ms as f64
        && result.verdict != Verdict::TimeLimit
    {
        result.reason = format!(
            "used {used_ms:.0} ms of CPU time; the limit is {limit_ms} ms; with more time: {}",
            result.reason
        );
        result.verdict = Verdict::TimeLimit;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(verdict: Verdict, cpu_ms: u64) -> CaseResult {
        CaseResult {
            verdict,
            reason: "why".to_owned(),
            facts: Some(Facts {
                cpu_ns: cpu_ms * 1_000_000,
                ..Facts::default()
            }),
            ..CaseResult::skipped(0, "")
        }
    }

    #[test]
    fn a_run_that_used_more_than_the_limit_is_too_slow_whatever_came_of_it() {
        for verdict in [
            Verdict::Accepted,
            Verdict::WrongAnswer,
            Verdict::RuntimeError,
        ] {
            assert_eq!(at_limit(result(verdict, 1000), Some(1000)).verdict, verdict);
            let slow = at_limit(result(verdict, 1001), Some(1000));
            assert_eq!(slow.verdict, Verdict::TimeLimit);
            assert!(
                slow.reason.ends_with("with more time: why"),
                "{}",
                slow.reason
            );
            assert_eq!(at_limit(result(verdict, 1001), None).verdict, verdict);
        }
    }
}
