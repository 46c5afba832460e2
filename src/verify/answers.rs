//! Outputs that the package itself has: the jury's answers, and examples of right and wrong outputs.

use super::Work;
use crate::judge::package::{CompiledPackage, Known, Opinion, PackageError};
use crate::judge::{Cancel, JudgeError, JudgeSlot};
use crate::problem::digest;

/// What is said of outputs, and was.
pub(super) struct Opinions<'a> {
    problem: &'a CompiledPackage,
    known: &'a Known<Opinion>,
}

impl<'a> Opinions<'a> {
    pub(super) fn of(problem: &'a CompiledPackage, known: &'a Known<Opinion>) -> Self {
        Opinions { problem, known }
    }

    /// What is said of an output for the case at this place. A validator that fails is asked again each time.
    pub(super) fn opinion(
        &self,
        slot: &mut JudgeSlot,
        (index, output): (usize, &[u8]),
        cancel: &Cancel,
    ) -> Result<Option<Opinion>, JudgeError> {
        let key = digest([self.problem.key_of_case(index).as_bytes(), output]);
        if let Some(opinion) = self.known.recall(&key, |opinion| Some(opinion.clone())) {
            return Ok(Some(opinion));
        }
        let opinion = self.problem.opinion(slot, (index, output), cancel)?;
        if let Some(lasting @ (Opinion::Accepted | Opinion::Rejected(_))) = &opinion {
            self.known.note(&key, lasting.clone());
        }
        Ok(opinion)
    }
}

/// Gives every answer to the package's own validators as if a submission had printed it, and says what they reject
/// or fail at. That is a note and no mistake, for some problems have answers that are no outputs.
pub(super) fn check(
    work: &Work<'_, '_>,
    opinions: &Opinions<'_>,
) -> Result<Vec<String>, PackageError> {
    let problem = opinions.problem;
    let cases = &problem.package().cases;
    let count = match problem.has_output_validators() {
        true => cases.len(),
        false => 0,
    };
    let complaints = work.crew.each(count, |slot, index| {
        (work.progress)("checking answers", index + 1, count);
        let answer = (index, &*cases[index].answer);
        let opinion = opinions.opinion(slot, answer, work.cancel)?;
        let complaint = match opinion {
            None | Some(Opinion::Accepted) => None,
            Some(Opinion::Rejected(_)) => Some("is rejected as an output".to_owned()),
            Some(Opinion::Failed(how)) => Some(format!("as an output makes {how}")),
        };
        let name = &cases[index].name;
        Ok::<_, PackageError>(complaint.map(|text| format!("data/{name}.ans {text}")))
    })?;
    let mut complaints = complaints.into_iter().flatten();
    let Some(first) = complaints.next() else {
        return Ok(Vec::new());
    };
    Ok(vec![match complaints.count() {
        0 => first,
        others => format!("{first} (and {others} other answers)"),
    }])
}

/// Examples of outputs of which the validators do not say what they must.
pub(super) fn check_examples(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
) -> Result<Vec<String>, PackageError> {
    let examples = &problem.package().output_examples;
    let mistakes = work.crew.each(examples.len(), |slot, index| {
        (work.progress)("checking outputs", index + 1, examples.len());
        let example = &examples[index];
        let opinion = problem.opinion_of_example(slot, example, work.cancel)?;
        let mistake = match (opinion, example.is_valid) {
            (Some(Opinion::Rejected(why)), true) => format!("must be accepted: {why}"),
            (Some(Opinion::Accepted), false) => "must be rejected, and is accepted".to_owned(),
            (Some(Opinion::Failed(how)), _) => format!("makes {how}"),
            (None | Some(Opinion::Accepted | Opinion::Rejected(_)), _) => return Ok(None),
        };
        let name = &example.case.name;
        Ok::<_, PackageError>(Some(format!("data/{name}.out {mistake}")))
    })?;
    Ok(mistakes.into_iter().flatten().collect())
}
