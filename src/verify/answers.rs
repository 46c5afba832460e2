//! Whether the problem's own validators take the jury's answers for right.

use super::{Progress, Verifier};
use crate::judge::crew;
use crate::judge::package::{CompiledPackage, PackageError};

/// Gives every answer to the validators as if a submission had printed it, and says what they reject or
/// fail at. That is a note and no mistake, for some problems have answers that are no outputs.
pub(super) fn check(
    verifier: &mut Verifier<'_>,
    problem: &CompiledPackage,
    progress: Progress<'_>,
) -> Result<Vec<String>, PackageError> {
    let count = match problem.judges_answers() {
        true => problem.package().cases.len(),
        false => 0,
    };
    let cancel = verifier.cancel;
    let complaints = crew::each(verifier.slots, count, |slot, index| {
        progress("checking answers", index + 1, count);
        let complaint = problem.complaint_of_answer(slot, index, cancel)?;
        let name = &problem.package().cases[index].name;
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
