//! Problems whose checker judges what comes of more than a run of its own: of a conversation with an interactor, or
//! of a second run, for which the first one makes the input.

use std::sync::Arc;

use super::{CaseRun, JudgeSlot, case_run};
use crate::judge::run::Finished;
use crate::judge::validator::{Case, Validator};
use crate::judge::{Cancel, JudgeError, Runnable, interact};
use crate::problem::package::SecondRun;

/// How what a checker judges comes about.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Talks with the submission. What it writes is what the submission came to.
    pub interactor: Option<Validator>,
    /// Whether what the first run came to is the input of a second one.
    pub second_run: Option<SecondRun>,
}

/// What a submission came to before a checker is asked.
pub(in crate::judge) struct Product {
    pub finished: Finished,
    /// What the checker is asked about; `None` where the submission did not get that far.
    pub output: Option<Arc<[u8]>>,
}

/// Why there is nothing that a checker could be asked about.
#[derive(Debug)]
pub struct NoOutput {
    /// In one line.
    pub reason: String,
    /// What the program wrote to standard error.
    pub stderr: Vec<u8>,
}

impl JudgeSlot {
    /// Runs a program on one test case as often as the course has it, and asks the checker. `index` and `name` are
    /// the case's, then come its input and answer.
    ///
    /// # Errors
    /// Our own failures, and those of the problem's programs; the slot stays usable after each of them.
    pub fn run_course(
        &mut self,
        runnable: &Runnable,
        (index, name): (usize, &str),
        (input, answer): (Arc<[u8]>, Arc<[u8]>),
        (course, checker): (&Course, &Validator),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let case = Case::new(input, answer);
        let Product { finished, output } = self.produce(runnable, &case, course, cancel)?;
        let finished = match output {
            None => finished,
            Some(output) => {
                let said = checker.validate(&mut self.slot, &case, (output, &[]), cancel)?;
                finished.judged(said.comparison)
            }
        };
        Ok(case_run(index, name, finished))
    }

    /// What a checker would be asked about, or why it would not.
    ///
    /// # Errors
    /// As of [`run_course`](Self::run_course).
    pub fn output_of(
        &mut self,
        runnable: &Runnable,
        input: Arc<[u8]>,
        course: &Course,
        cancel: &Cancel,
    ) -> Result<Result<Arc<[u8]>, NoOutput>, JudgeError> {
        let case = Case::new(input, Arc::from([]));
        let Product { finished, output } = self.produce(runnable, &case, course, cancel)?;
        Ok(output.ok_or(NoOutput {
            reason: finished.reason,
            stderr: finished.stderr,
        }))
    }

    fn produce(
        &mut self,
        runnable: &Runnable,
        case: &Case,
        course: &Course,
        cancel: &Cancel,
    ) -> Result<Product, JudgeError> {
        let interactor = course.interactor.as_ref();
        let first = self.step(runnable, case, interactor, cancel)?;
        let (Some(second), Some(input)) = (course.second_run, &first.output) else {
            return Ok(first);
        };
        let case = Case {
            input: input.clone(),
            ..case.clone()
        };
        let interactor = interactor.filter(|_| second == SecondRun::Talking);
        let last = self.step(runnable, &case, interactor, cancel)?;
        Ok(Product {
            finished: last.finished.after(first.finished, 2),
            output: last.output,
        })
    }

    fn step(
        &mut self,
        runnable: &Runnable,
        case: &Case,
        interactor: Option<&Validator>,
        cancel: &Cancel,
    ) -> Result<Product, JudgeError> {
        match interactor {
            None => runnable.produce(&mut self.slot, case.input.clone(), cancel),
            Some(interactor) => interact::produce(self.both()?, runnable, interactor, case, cancel),
        }
    }
}
