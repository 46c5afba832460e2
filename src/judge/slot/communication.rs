//! Problems whose manager talks with several processes of a submission.

use super::{CaseRun, JudgeSlot, case_run};
use crate::judge::validator::{Case, Validator};
use crate::judge::{Cancel, CaseData, JudgeError, Runnable, interact};
use crate::problem::package::Communication;

impl JudgeSlot {
    /// Runs processes of a program that talk with a manager of the problem, in a box for each. `index` and `name`
    /// are the case's.
    ///
    /// # Errors
    /// As of [`run_case`](Self::run_case).
    pub fn run_communication(
        &mut self,
        runnable: &Runnable,
        (index, name): (usize, &str),
        case: CaseData,
        (manager, communication): (&Validator, Communication),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let case = Case::new(case.input, case.answer.unwrap_or_default());
        let (own, partners) = self.with_partners(communication.processes as usize)?;
        let (partner, others) = partners.split_at_mut(1);
        let processes = std::iter::once(own).chain(others).collect();
        let slots = (processes, &mut partner[0]);
        let with = (manager, communication);
        let run = interact::communicate(slots, runnable, with, &case, cancel)?;
        Ok(case_run(index, name, run))
    }
}
