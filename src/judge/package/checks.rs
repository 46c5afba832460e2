//! How the outputs of a package are judged, ready to run.

use std::sync::Arc;

use super::programs::{compile_programs, validation_limits};
use super::{CaseResult, Package, PackageError, Verdict};
use crate::judge::crew::Crew;
use crate::judge::grade;
use crate::judge::validator::Zeros;
use crate::judge::verdict::Facts;
use crate::judge::{
    Cancel, CaseData, CaseRun, Check, Course, Executable, Judge, JudgeError, JudgeSlot, Runnable,
    Validator, Visualizer, reason,
};
use crate::problem::groups::Worth;
use crate::problem::package::{
    Communication, Format, OutputExample, ProgramFiles, TestCase, Validation,
};
use crate::problem::{Checker, Protocol};

/// What judges outputs, and what they are worth.
#[derive(Debug)]
pub(super) struct Checks {
    by: By,
    /// Judges the files of submissions.
    static_validator: Option<Validator>,
    /// What each case is worth.
    worths: Vec<Worth>,
}

#[derive(Debug)]
enum By {
    /// One checker for each case.
    Compare(Vec<Checker>),
    Validate(Vec<Validator>),
    Interact(Validator),
    /// A checker judges what comes of it.
    Course(Box<(Course, Validator)>),
    /// A manager talks with processes of the submission.
    Communicate(Validator, Communication),
}

impl Checks {
    /// Compiles what has to be.
    pub(super) fn compile(
        judge: &Judge,
        crew: &Crew<'_>,
        package: &Package,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        let programs = package.static_validator.as_slice();
        let executables = compile_programs(judge, crew, programs, cancel)?;
        let named = programs.iter().zip(executables);
        let mut validators =
            named.map(|named| validator(package, named, Zeros::Refused).among_submissions());
        Ok(Checks {
            by: By::compile(judge, crew, package, cancel)?,
            static_validator: validators.next(),
            worths: grade::worths(&package.groups, package.cases.len()),
        })
    }

    /// Runs a program on a case.
    pub(super) fn run(
        &self,
        slot: &mut JudgeSlot,
        (runnable, program): (&Runnable, &Executable),
        (case, visualizer): ((usize, &TestCase), Option<&Visualizer>),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let among = self.by.among_files_of(program);
        let by = among.as_ref().unwrap_or(&self.by);
        let (By::Validate(validators), Some(visualizer)) = (by, visualizer) else {
            return by.run(slot, runnable, case, cancel);
        };
        let visualizer = visualizer.among(&program.submitted().files);
        let arguments = &case.1.output_visualizer_args;
        let drawn = validators.iter().cloned();
        let drawn = drawn.map(|validator| validator.drawn_by(&visualizer, arguments));
        By::Validate(drawn.collect()).run(slot, runnable, case, cancel)
    }

    /// What a run comes to by this limit, where there is one. Tells its score, too.
    pub(super) fn judged(
        &self,
        (index, case): (usize, &TestCase),
        run: CaseRun,
        limit_ms: Option<u64>,
    ) -> Result<(CaseResult, f64), JudgeError> {
        // What it did after it was rejected does not count, the time it took neither; and a static
        // validator takes its own.
        let limit_ms = limit_ms.filter(|_| !run.was_rejected_first && case.has_data());
        let result = at_limit(run.result, limit_ms);
        let score = grade::score(self.worths[index], result.verdict, run.points);
        let score = score.map_err(|reason| self.misjudges(case, &reason))?;
        Ok((result, score))
    }

    /// The failure of whoever gave points for a case in a way that makes no sense.
    pub(super) fn misjudges(&self, case: &TestCase, reason: &str) -> JudgeError {
        match &self.static_validator {
            Some(validator) if !case.has_data() => {
                validator.misjudges(format!("{reason} (test case {})", case.name))
            }
            _ => self.by.misjudges(&case.name, reason),
        }
    }

    /// Whether programs of the package judge outputs that a submission has made alone.
    pub(super) fn are_programs(&self) -> bool {
        matches!(self.by, By::Validate(_))
    }

    /// How an output that is there as a whole is judged; `None` where only a conversation could be.
    pub(super) fn of_output<'a>(&'a self, case: (usize, &'a TestCase)) -> Option<Check<'a>> {
        self.by.of_output(case)
    }

    /// Judges an output that is there as a whole; `None` where only a conversation could be judged.
    pub(super) fn judge_output(
        &self,
        slot: &mut JudgeSlot,
        (index, case): (usize, &TestCase),
        output: &[u8],
        cancel: &Cancel,
    ) -> Result<Option<CaseRun>, JudgeError> {
        let Some(check) = self.by.of_output((index, case)) else {
            return Ok(None);
        };
        let data = (case.input.clone(), case.answer.clone());
        let name = (index, case.name.as_str());
        let run = slot.judge_output(name, data, check, output, cancel)?;
        Ok(Some(run))
    }

    /// Judges an output that the package brings.
    pub(super) fn judge_example(
        &self,
        slot: &mut JudgeSlot,
        example: &OutputExample,
        cancel: &Cancel,
    ) -> Result<Option<CaseRun>, JudgeError> {
        let case = &example.case;
        let check = match &self.by {
            By::Compare(_) => Check::Compare(&example.checker),
            By::Validate(validators) => Check::Validate {
                validators,
                arguments: &case.output_validator_args,
            },
            By::Interact(_) | By::Course(_) | By::Communicate(..) => return Ok(None),
        };
        let data = (case.input.clone(), case.answer.clone());
        let name = (0, case.name.as_str());
        let run = slot.judge_output(name, data, check, &example.output, cancel)?;
        Ok(Some(run))
    }

    /// Has the static validator judge the files of a program.
    pub(super) fn inspect(
        &self,
        slot: &mut JudgeSlot,
        program: &Executable,
        (index, case, arguments): (usize, &TestCase, &[String]),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let name = (index, case.name.as_str());
        let Some(validator) = &self.static_validator else {
            return Ok(unrun(CaseResult::skipped(index, &case.name)));
        };
        let partner = (validator, arguments);
        slot.inspect(name, program, partner, cancel)
    }

    /// What comes of an answer that a submission is, or lacks.
    pub(super) fn judge_answer(
        &self,
        slot: &mut JudgeSlot,
        case: (usize, &TestCase),
        (answer, max_bytes): (Option<&Arc<[u8]>>, u64),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let refused = |verdict, reason| {
            unrun(CaseResult {
                verdict,
                reason,
                ..CaseResult::skipped(case.0, &case.1.name)
            })
        };
        let nothing = || refused(Verdict::WrongAnswer, "there is no answer to it".to_owned());
        Ok(match answer {
            Some(answer) if answer.len() as u64 > max_bytes => {
                let [has, max] = [answer.len() as u64, max_bytes].map(reason::bytes);
                let reason = format!("the answer has {has}, and the limit is {max}");
                refused(Verdict::OutputLimit, reason)
            }
            Some(answer) => {
                let run = self.judge_output(slot, case, answer, cancel)?;
                run.unwrap_or_else(nothing)
            }
            None => nothing(),
        })
    }
}

/// The result of a case on which no program was run.
fn unrun(result: CaseResult) -> CaseRun {
    CaseRun {
        result,
        points: None,
        was_rejected_first: false,
    }
}

impl By {
    fn compile(
        judge: &Judge,
        crew: &Crew<'_>,
        package: &Package,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        let (mut second, mut asked_with, mut communicating) = (None, None, None);
        let (programs, is_talking, protocol) = match &package.validation {
            Validation::Default(checkers) => return Ok(By::Compare(checkers.clone())),
            Validation::Custom(programs) => (programs.clone(), false, Protocol::Icpc),
            Validation::Interactive(program) => (vec![program.clone()], true, Protocol::Icpc),
            Validation::Communication {
                manager,
                communication,
            } => {
                communicating = Some(*communication);
                (vec![manager.clone()], true, Protocol::Cms)
            }
            Validation::Foreign {
                interactor,
                checker,
                protocol,
                arguments,
                second_run,
            } => {
                (second, asked_with) = (*second_run, arguments.clone());
                let programs = interactor.iter().chain(checker).cloned().collect();
                (programs, interactor.is_some(), *protocol)
            }
        };
        let zeros = match package.format {
            Format::Legacy => Zeros::Ignored,
            _ => Zeros::Refused,
        };
        let executables = compile_programs(judge, crew, &programs, cancel)?;
        let named = programs.iter().zip(executables);
        let mut validators = named.map(|named| {
            let validator = validator(package, named, zeros)
                .speaking(protocol)
                .asked_with(asked_with.clone())
                .with_passes(package.max_passes);
            match package.format {
                Format::V2025 => validator.among_submissions(),
                _ => validator,
            }
        });
        if let Some(communication) = communicating
            && let Some(manager) = validators.next()
        {
            return Ok(By::Communicate(manager, communication));
        }
        if second.is_some() {
            let interactor = if is_talking { validators.next() } else { None };
            let course = Course {
                interactor,
                second_run: second,
            };
            if let Some(checker) = validators.next() {
                return Ok(By::Course(Box::new((course, checker))));
            }
        }
        if !is_talking {
            return Ok(By::Validate(validators.collect()));
        }
        Ok(match (validators.next(), validators.next()) {
            (Some(interactor), Some(checker)) => By::Interact(interactor.followed_by(checker)),
            (Some(interactor), None) => By::Interact(interactor),
            (None, _) => By::Validate(Vec::new()),
        })
    }

    /// The same for this submission; `None` where that makes no difference.
    fn among_files_of(&self, program: &Executable) -> Option<By> {
        match self {
            By::Validate(validators) if validators.iter().any(Validator::is_among_submissions) => {
                let files = program.submitted().files;
                let among = validators.iter().map(|validator| validator.among(&files));
                Some(By::Validate(among.collect()))
            }
            By::Interact(validator) if validator.is_among_submissions() => {
                Some(By::Interact(validator.among(&program.submitted().files)))
            }
            By::Compare(_)
            | By::Course(_)
            | By::Validate(_)
            | By::Interact(_)
            | By::Communicate(..) => None,
        }
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
        let name = (index, case.name.as_str());
        let runnable = runnable.clone().with_arguments(&case.args);
        let runnable = &runnable.with_files(&case.files);
        let arguments = &case.output_validator_args[..];
        let check = match self {
            By::Interact(validator) => {
                let partner = (validator, arguments);
                return slot.run_interactive(runnable, name, data, partner, cancel);
            }
            By::Communicate(manager, communication) => {
                let with = (manager, *communication);
                return slot.run_communication(runnable, name, data, with, cancel);
            }
            By::Course(course) => {
                let data = (case.input.clone(), case.answer.clone());
                let (course, checker) = &**course;
                return slot.run_course(runnable, name, data, (course, checker), cancel);
            }
            By::Compare(checkers) => Check::Compare(&checkers[index]),
            By::Validate(validators) => Check::Validate {
                validators,
                arguments,
            },
        };
        slot.run_case(runnable, name, data, check, cancel)
    }

    /// What judges an output that is there as a whole; `None` where there is no such output.
    fn of_output<'a>(&'a self, (index, case): (usize, &'a TestCase)) -> Option<Check<'a>> {
        match self {
            By::Compare(checkers) => Some(Check::Compare(&checkers[index])),
            By::Validate(validators) => Some(Check::Validate {
                validators,
                arguments: &case.output_validator_args,
            }),
            By::Interact(_) | By::Course(_) | By::Communicate(..) => None,
        }
    }

    /// The failure of whoever gave points that cannot be given, or none where they are needed.
    fn misjudges(&self, case: &str, reason: &str) -> JudgeError {
        let reason = format!("{reason} (test case {case})");
        let validator = match self {
            By::Validate(validators) => validators.last(),
            By::Interact(validator) | By::Communicate(validator, _) => Some(validator),
            By::Course(course) => Some(&course.1),
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

/// How what answers are made of comes about: a checker is not asked about it.
pub(super) fn course_of_answers(
    judge: &Judge,
    crew: &Crew<'_>,
    package: &Package,
    cancel: &Cancel,
) -> Result<Course, PackageError> {
    let Validation::Foreign {
        interactor,
        protocol,
        second_run,
        ..
    } = &package.validation
    else {
        return Ok(Course::default());
    };
    let programs = interactor.as_slice();
    let executables = compile_programs(judge, crew, programs, cancel)?;
    let named = programs.iter().zip(executables);
    let mut validators =
        named.map(|named| validator(package, named, Zeros::Refused).speaking(*protocol));
    Ok(Course {
        interactor: validators.next(),
        second_run: *second_run,
    })
}

/// A validator of the package by its path and its program.
fn validator(
    package: &Package,
    (program, executable): (&ProgramFiles, Executable),
    zeros: Zeros,
) -> Validator {
    let limits = validation_limits(package);
    let validator = Validator::new(program.path.clone(), executable, limits)
        .with_zeros(zeros)
        .with_cases(package.cases.len());
    match package.scoring {
        Some(_) => validator.with_points(),
        None => validator,
    }
}

/// The result under a lower limit than that at which it ran. The reason names the one that counts.
fn at_limit(mut result: CaseResult, limit_ms: Option<u64>) -> CaseResult {
    let used_ms = result.facts.as_ref().map_or(0.0, Facts::cpu_ms);
    if let Some(limit_ms) = limit_ms
        && used_ms > limit_ms as f64
    {
        let slow = format!("used {used_ms:.0} ms of CPU time; the limit is {limit_ms} ms");
        result.reason = match result.verdict {
            Verdict::TimeLimit => slow,
            _ => format!("{slow}; with more time: {}", result.reason),
        };
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

    #[test]
    fn a_run_that_was_ended_at_a_higher_limit_names_the_one_that_counts() {
        let ended = at_limit(result(Verdict::TimeLimit, 1500), Some(1000));
        let reason = "used 1500 ms of CPU time; the limit is 1000 ms";
        assert_eq!(ended.reason, reason);
    }
}
