//! The steps of a board's work: compiling a program, running it on a case, and what earlier runs tell of
//! that.

use super::board::{Ran, Run, Stage};
use super::entrant::Form;
use super::{Candidate, CompiledPackage, Entrant, Fact, Known, Program, Times, known, limits};
use crate::judge::grade::Grade;
use crate::judge::verdict::{CaseResult, Verdict};
use crate::judge::{Cancel, CaseRun, Judge, JudgeError, JudgeSlot};
use crate::problem::package::Subject;

impl CompiledPackage {
    pub(super) fn compiled(
        &self,
        judge: &Judge,
        slot: &mut JudgeSlot,
        candidate: &Candidate,
        cancel: &Cancel,
    ) -> Result<Stage, JudgeError> {
        let (language, files) = match &candidate.program {
            Program::Compiled(entrant) => return Ok(Stage::Ready(entrant.clone())),
            Program::Sources { language, files } => (language, files),
        };
        match self.compile_submission(judge, slot, (language, files), cancel) {
            Ok(compiled) => {
                let is_lasting = compiled.is_lasting();
                Ok(match compiled.entrant {
                    Ok(entrant) => Stage::Ready(entrant),
                    Err(reason) => {
                        if let Some(known) = candidate.known.as_ref().filter(|_| is_lasting) {
                            known.note(known::COMPILING, Fact::Refused(reason.clone()));
                        }
                        Stage::Refused(reason)
                    }
                })
            }
            Err(error @ JudgeError::File { .. }) => Ok(Stage::NotJudged(error.to_string())),
            Err(error) => Err(error),
        }
    }

    pub(super) fn ran(
        &self,
        slot: &mut JudgeSlot,
        run: &Run,
        known: Option<&Known<Fact>>,
        cancel: &Cancel,
    ) -> Result<Ran, JudgeError> {
        let times = self.scaled(&run.entrant, run.times);
        match self.run(slot, &run.entrant, (run.case, run.times), cancel) {
            Ok(done) => {
                if let Some(known) = known.filter(|_| done.is_lasting()) {
                    let key = self.key_of_case(run.case);
                    let (end_ms, run) = (times.end_ms, Box::new(done.clone()));
                    known.note(key, Fact::Ran { end_ms, run });
                }
                Ok(self.judged(run.case, done, times.limit_ms))
            }
            Err(error) if error.is_of_the_problem() => Ok(Ran::failed(error)),
            Err(error) => Err(error),
        }
    }

    /// What a run of earlier comes to under these times.
    pub(super) fn recalled(
        &self,
        judge: &Judge,
        candidate: &Candidate,
        case: usize,
        times: Times,
    ) -> Option<Ran> {
        let times = match &candidate.program {
            Program::Compiled(entrant) => self.scaled(entrant, times),
            Program::Sources { language, .. } => {
                let language = judge.languages().find(language)?;
                times.map(|ms| self.limit_in_ms(language, ms))
            }
        };
        let known = candidate.known.as_ref()?;
        let run = known.recall(self.key_of_case(case), |fact| fact.run(times).cloned())?;
        let name = self.package.cases[case].name.clone();
        let result = CaseResult {
            ordinal: u32::try_from(case).unwrap_or(u32::MAX),
            name,
            ..run.result
        };
        Some(self.judged(case, CaseRun { result, ..run }, times.limit_ms))
    }

    /// Runs an entrant on a case, under these times before the factor of its language.
    pub(super) fn run(
        &self,
        slot: &mut JudgeSlot,
        entrant: &Entrant,
        (index, times): (usize, Times),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let case = (index, &self.package.cases[index]);
        let form = self.form(entrant, &limits(&self.package, times));
        match (&form, &case.1.subject) {
            (Form::Program(_, program), Subject::Files(arguments)) => {
                let case = (index, case.1, &arguments[..]);
                self.checks.inspect(slot, program, case, cancel)
            }
            (Form::Program(runnable, program), Subject::Output) => {
                let case = (case, self.visualizer.as_ref());
                self.checks.run(slot, (runnable, program), case, cancel)
            }
            (Form::Answers(answers), _) => {
                let answer = (answers.to(index), self.package.limits.output_bytes);
                self.checks.judge_answer(slot, case, answer, cancel)
            }
        }
    }

    /// What a run comes to by the limit in its language. A failure of the package's programs may be found
    /// not to count, and then nobody would have noticed.
    pub(super) fn judged(&self, index: usize, run: CaseRun, limit_ms: Option<u64>) -> Ran {
        let case = (index, &self.package.cases[index]);
        let points = run.points;
        match self.checks.judged(case, run, limit_ms) {
            Ok((mut result, score)) => {
                let verdict = result.verdict;
                let scoring = self.package.scoring;
                result.score =
                    scoring.and_then(|it| it.score_of_part(verdict == Verdict::Accepted, score));
                Ran {
                    end: Ok(result),
                    grade: Some(Grade { verdict, score }),
                    points,
                }
            }
            Err(error) => Ran::failed(error),
        }
    }
}
