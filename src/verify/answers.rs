//! Whether the problem's own validators take the jury's answers for right.

use super::Work;
use crate::judge::package::{CompiledPackage, PackageError};

/// Gives every answer to the validators as if a submission had printed it, and says what they reject or
/// fail at. That is a note and no mistake, for some problems have answers that are no outputs. Tells how many
/// answers were looked at earlier, too.
pub(super) fn check(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
) -> Result<(Vec<String>, usize), PackageError> {
    if !problem.judges_answers() {
        return Ok((Vec::new(), 0));
    }
    let count = problem.package().cases.len();
    let key = format!("answers {}", problem.key_of_judging(work.judge));
    let known = work.cache.load::<bool>(&key);
    let complaints = work.crew.each_unless(
        count,
        |index| {
            known.recall(problem.key_of_case(index), |is_right| {
                Some(complaint(*is_right))
            })
        },
        |slot, index| {
            (work.progress)("checking answers", index + 1, count);
            Ok::<_, PackageError>(match problem.accepts_answer(slot, index, work.cancel)? {
                Ok(is_right) => {
                    known.note(problem.key_of_case(index), is_right);
                    complaint(is_right)
                }
                Err(failure) => Some(failure),
            })
        },
    )?;
    let recalled = known.recalled();
    work.cache.save(&key, known);
    let cases = problem.package().cases.iter().zip(complaints);
    let mut complaints =
        cases.filter_map(|(case, text)| Some(format!("data/{}.ans {}", case.name, text?)));
    let Some(first) = complaints.next() else {
        return Ok((Vec::new(), recalled));
    };
    let told = match complaints.count() {
        0 => first,
        others => format!("{first} (and {others} other answers)"),
    };
    Ok((vec![told], recalled))
}

fn complaint(is_right: bool) -> Option<String> {
    (!is_right).then(|| "is rejected as an output".to_owned())
}
