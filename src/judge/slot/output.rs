//! Judging what no program of a contestant's printed: nothing runs but the problem's own programs.

use std::sync::Arc;

use super::{CaseRun, JudgeSlot, PREFIX_BYTES};
use crate::judge::run::{checked, told};
use crate::judge::validator::{Case, Check, Said, Validator, Visualizer};
use crate::judge::verdict::{CaseResult, Verdict, of_output};
use crate::judge::{Cancel, Executable, JudgeError};

impl JudgeSlot {
    /// Judges an output that no program made. `index` and `name` are the case's, then come its input and
    /// answer.
    ///
    /// # Errors
    /// Our own failures, and those of a validator; the slot stays usable after each of them.
    pub fn judge_output(
        &mut self,
        (index, name): (usize, &str),
        (input, answer): (Arc<[u8]>, Arc<[u8]>),
        check: Check<'_>,
        output: &[u8],
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let case = Case::new(input, answer);
        let said = checked(&mut self.slot, check, &case, output, cancel)?;
        let mut run = without_a_run(CaseResult::skipped(index, name), said);
        let length = output.len().min(PREFIX_BYTES);
        run.result.stdout_prefix = output[..length].to_vec();
        Ok(run)
    }

    /// Has a static validator judge the files of a submission. `index` and `name` are the case's.
    ///
    /// # Errors
    /// As of [`judge_output`](Self::judge_output).
    pub fn inspect(
        &mut self,
        (index, name): (usize, &str),
        program: &Executable,
        (validator, arguments): (&Validator, &[String]),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let said = validator.inspect(&mut self.slot, &program.submitted(), arguments, cancel)?;
        let mut run = without_a_run(CaseResult::skipped(index, name), said);
        let says = match run.result.verdict {
            Verdict::Accepted => "accepts",
            _ => "rejects",
        };
        run.result.reason = format!("the problem's static validator {says} the files");
        Ok(run)
    }

    /// Has a visualizer draw an input, to which there is this answer. Says what went wrong, if anything did.
    ///
    /// # Errors
    /// Our own failures.
    pub fn draw_input(
        &mut self,
        visualizer: &Visualizer,
        (input, answer): (Arc<[u8]>, Arc<[u8]>),
        arguments: &[String],
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        let case = Case::new(input, answer);
        excused(visualizer.draw_input(&mut self.slot, &case, arguments, cancel))
    }

    /// Has a visualizer draw an answer as an output, after what checks that has seen it. Says the same.
    ///
    /// # Errors
    /// Our own failures.
    pub fn draw_output(
        &mut self,
        visualizer: &Visualizer,
        (input, answer): (Arc<[u8]>, Arc<[u8]>),
        (check, arguments): (Check<'_>, &[String]),
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        let seen_by = match check {
            Check::Compare(_) => None,
            Check::Validate { arguments, .. } => check.asking().map(|last| (last, arguments)),
        };
        let output = Arc::clone(&answer);
        let case = (&Case::new(input, answer), &output);
        excused(visualizer.draw_output(&mut self.slot, case, (seen_by, arguments), cancel))
    }
}

/// Whoever draws fails nobody.
fn excused(end: Result<Option<String>, JudgeError>) -> Result<Option<String>, JudgeError> {
    match end {
        Err(JudgeError::Validator { reason, .. }) => Ok(Some(reason)),
        end => end,
    }
}

/// What a case comes to by what was said of it alone.
fn without_a_run(skipped: CaseResult, said: Said) -> CaseRun {
    let (verdict, reason) = of_output(&said.comparison);
    let (checker_message, points) = told(said.comparison);
    CaseRun {
        result: CaseResult {
            verdict,
            reason,
            checker_message,
            team_message: said.team_message,
            feedback: said.feedback,
            ..skipped
        },
        points,
        was_rejected_first: false,
    }
}
