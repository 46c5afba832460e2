//! The steps of a board's work: compiling a program, running it on a case, and what earlier runs tell of
//! that.

use super::board::{Ran, Run, Stage};
use super::{Candidate, CompiledPackage, Fact, Known, Program, Times, known, limits};
use crate::judge::grade::Grade;
use crate::judge::verdict::CaseResult;
use crate::judge::{Cancel, CaseRun, Executable, Judge, JudgeError, JudgeSlot};

impl CompiledPackage {
    pub(super) fn compiled(
        &self,
        judge: &Judge,
        slot: &mut JudgeSlot,
        candidate: &Candidate,
        cancel: &Cancel,
    ) -> Result<Stage, JudgeError> {
        let (language, files) = match &candidate.program {
            Program::Compiled(executable) => return Ok(Stage::Ready(executable.clone())),
            Program::Sources { language, files } => (language, files),
        };
        match self.compile_submission(judge, slot, (language, files), cancel) {
            Ok(compiled) => {
                let is_lasting = compiled.is_lasting();
                Ok(match compiled.executable {
                    Ok(executable) => Stage::Ready(executable),
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
        let times = self.scaled(&run.executable, run.times);
        match self.run(slot, &run.executable, (run.case, run.times.end_ms), cancel) {
            Ok(done) => {
                if let Some(known) = known.filter(|_| done.is_lasting()) {
                    let key = self.key_of_case(run.case);
                    let (end_ms, run) = (times.end_ms, Box::new(done.clone()));
                    known.note(key, Fact::Ran { end_ms, run });
                }
                Ok(self.judged(done, times.limit_ms))
            }
            Err(error) if error.is_of_the_problem() => Ok((Err(error), None)),
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
            Program::Compiled(executable) => self.scaled(executable, times),
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
        Some(self.judged(CaseRun { result, ..run }, times.limit_ms))
    }

    /// Runs a program on a case, up to this CPU time before the factor of its language.
    pub(super) fn run(
        &self,
        slot: &mut JudgeSlot,
        executable: &Executable,
        (case, end_ms): (usize, u64),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let runnable = self.runnable(executable, &limits(&self.package, end_ms));
        let case = (case, &self.package.cases[case]);
        self.checks.run(slot, &runnable, case, cancel)
    }

    /// What a run comes to by the limit in its language. A failure of the package's programs may be found
    /// not to count, and then nobody would have noticed.
    pub(super) fn judged(&self, run: CaseRun, limit_ms: Option<u64>) -> Ran {
        match self.checks.judged(run, limit_ms) {
            Ok((mut result, score)) => {
                result.score = self.package.scoring.map(|_| score);
                let verdict = result.verdict;
                (Ok(result), Some(Grade { verdict, score }))
            }
            Err(error) => (Err(error), None),
        }
    }
}
