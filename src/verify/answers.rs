//! Outputs that the package itself has: the jury's answers, and examples of right and wrong outputs.

use super::{Progress, Verifier};
use crate::judge::crew;
use crate::judge::package::{CompiledPackage, Opinion, PackageError};

/// Gives every answer to the package's own validators as if a submission had printed it, and says what they reject
/// or fail at. That is a note and no mistake, for some problems have answers that are no outputs.
pub(super) fn check(
    verifier: &mut Verifier<'_>,
    problem: &CompiledPackage,
    progress: Progress<'_>,
) -> Result<Vec<String>, PackageError> {
    let cases = &problem.package().cases;
    let count = match problem.has_output_validators() {
        true => cases.len(),
        false => 0,
    };
    let cancel = verifier.cancel;
    let complaints = crew::each(verifier.slots, count, |slot, index| {
        progress("checking answers", index + 1, count);
        let opinion = problem.opinion(slot, (index, &cases[index].answer), cancel)?;
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
    verifier: &mut Verifier<'_>,
    problem: &CompiledPackage,
    progress: Progress<'_>,
) -> Result<Vec<String>, PackageError> {
    let examples = &problem.package().output_examples;
    let cancel = verifier.cancel;
    let mistakes = crew::each(verifier.slots, examples.len(), |slot, index| {
        progress("checking outputs", index + 1, examples.len());
        let example = &examples[index];
        let opinion = problem.opinion_of_example(slot, example, cancel)?;
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
