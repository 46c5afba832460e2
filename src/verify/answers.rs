//! Whether the problem's own validators take the jury's answers for right.

use super::Work;
use crate::judge::package::{CompiledPackage, PackageError};

/// Gives every answer to the validators as if a submission had printed it, and says what they reject or
/// fail at. That is a note and no mistake, for some problems have answers that are no outputs.
pub(super) fn check(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
) -> Result<Vec<String>, PackageError> {
    let count = match problem.judges_answers() {
        true => problem.package().cases.len(),
        false => 0,
    };
    let complaints = work.crew.each(count, |slot, index| {
        (work.progress)("checking answers", index + 1, count);
        let complaint = problem.complaint_of_answer(slot, index, work.cancel)?;
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
