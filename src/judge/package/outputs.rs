//! What judges the outputs of submissions, asked about outputs that no submission made: the jury's answers, outputs
//! that a package brings, and hostile ones.

use serde::{Deserialize, Serialize};

use super::CompiledPackage;
use crate::judge::slot::CaseRun;
use crate::judge::verdict::Verdict;
use crate::judge::{Cancel, JudgeError, JudgeSlot, Visualizer};
use crate::problem::package::OutputExample;

/// What is said of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opinion {
    /// It is right.
    Accepted,
    /// It is wrong; why, in words.
    Rejected(String),
    /// A validator of the package failed at it; which one and how, in words.
    Failed(String),
}

impl CompiledPackage {
    /// Whether programs of the package judge outputs that are there as a whole.
    pub fn has_output_validators(&self) -> bool {
        self.package.max_passes == 1 && self.checks.are_programs()
    }

    /// What is said of an output for the case at this place; `None` where only a conversation could be judged.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn opinion(
        &self,
        slot: &mut JudgeSlot,
        (index, output): (usize, &[u8]),
        cancel: &Cancel,
    ) -> Result<Option<Opinion>, JudgeError> {
        let case = &self.package.cases[index];
        if !case.has_data() {
            return Ok(None);
        }
        let judged = self
            .checks
            .judge_output(slot, (index, case), output, cancel);
        opinion_of(judged)
    }

    /// What is said of an output that the package brings.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn opinion_of_example(
        &self,
        slot: &mut JudgeSlot,
        example: &OutputExample,
        cancel: &Cancel,
    ) -> Result<Option<Opinion>, JudgeError> {
        opinion_of(self.checks.judge_example(slot, example, cancel))
    }

    /// Has a visualizer draw the input of the case at this place. Says what went wrong, if anything did.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn draw_input(
        &self,
        slot: &mut JudgeSlot,
        visualizer: &Visualizer,
        index: usize,
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        let case = &self.package.cases[index];
        let data = (case.input.clone(), case.answer.clone());
        slot.draw_input(visualizer, data, &case.input_visualizer_args, cancel)
    }

    /// Has a visualizer draw the answer of the case at this place as if a submission had printed it, where
    /// that can be judged as a whole; says the same.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn draw_answer(
        &self,
        slot: &mut JudgeSlot,
        visualizer: &Visualizer,
        index: usize,
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        let case = &self.package.cases[index];
        let check = self.checks.of_output((index, case));
        let Some(check) = check.filter(|_| self.package.max_passes == 1) else {
            return Ok(None);
        };
        let data = (case.input.clone(), case.answer.clone());
        let arguments = &case.output_visualizer_args;
        slot.draw_output(visualizer, data, (check, arguments), cancel)
    }
}

fn opinion_of(judged: Result<Option<CaseRun>, JudgeError>) -> Result<Option<Opinion>, JudgeError> {
    match judged {
        Ok(Some(run)) if run.result.verdict == Verdict::Accepted => Ok(Some(Opinion::Accepted)),
        Ok(Some(run)) => Ok(Some(Opinion::Rejected(run.result.reason))),
        Ok(None) => Ok(None),
        Err(JudgeError::Validator { name, reason, .. }) => {
            Ok(Some(Opinion::Failed(format!("{name} fail: it {reason}"))))
        }
        Err(error) => Err(error),
    }
}
