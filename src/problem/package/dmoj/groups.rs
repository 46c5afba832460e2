//! Points of cases and of batches. A case that is worth nothing, such as a pretest, is there to stop
//! everything: after it fails, nothing else is run.

use std::collections::VecDeque;

use crate::problem::groups::{Group, Member, OnReject, Worth};

/// More changes than these between cases with points and cases without are nobody's.
const MAX_STOPS: usize = 32;

/// A batch: worth what its worst case is worth.
pub(super) fn batch(name: String, cases: &[usize], points: f64, requires: Vec<String>) -> Group {
    Group {
        requires,
        ..Group::of_the_worst(name, cases, Worth::UpTo(points))
    }
}

/// The tree of these cases and batches, in order. What comes after a case without points stands in a
/// group that is left out when that fails.
pub(super) fn root(members: Vec<Member>, on_reject: OnReject) -> Result<Group, String> {
    if on_reject == OnReject::Break {
        return Ok(Group {
            on_reject,
            ..Group::adding_up(String::new(), members)
        });
    }
    let (mut rest, mut is_stopping) = (VecDeque::new(), false);
    let mut stops = 0;
    for member in members.into_iter().rev() {
        let stops_here = member.most() == 0.0;
        if stops_here != is_stopping && !rest.is_empty() {
            stops += 1;
            if stops > MAX_STOPS {
                return Err(format!(
                    "cases without points stand in more than {MAX_STOPS} places: put them together"
                ));
            }
            let below = group(std::mem::take(&mut rest), is_stopping);
            rest.push_front(Member::Group(below));
        }
        rest.push_front(member);
        is_stopping = stops_here;
    }
    Ok(Group {
        name: String::new(),
        ..group(rest, is_stopping)
    })
}

fn group(members: VecDeque<Member>, is_stopping: bool) -> Group {
    let group = Group::adding_up(String::new(), members.into());
    let first = group.cases().first().map_or(0, |index| index + 1);
    Group {
        name: format!("from case {first}"),
        on_reject: match is_stopping {
            true => OnReject::Break,
            false => OnReject::Continue,
        },
        ..group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(index: usize, points: f64) -> Member {
        Member::Case(index, Worth::UpTo(points))
    }

    #[test]
    fn all_that_follows_a_case_without_points_is_left_out_when_it_fails() {
        let root = root(
            vec![case(0, 5.0), case(1, 0.0), case(2, 0.0), case(3, 1.0)],
            OnReject::Continue,
        );
        let root = root.unwrap();
        assert_eq!((root.on_reject, root.range.max), (OnReject::Continue, 6.0));
        let [Member::Case(0, _), Member::Group(pretests)] = &root.members[..] else {
            panic!("{root:?}");
        };
        assert_eq!(pretests.on_reject, OnReject::Break);
        assert_eq!(pretests.members[..2], [case(1, 0.0), case(2, 0.0)]);
        let Member::Group(last) = &pretests.members[2] else {
            panic!("{root:?}");
        };
        assert_eq!(
            (last.on_reject, last.cases()),
            (OnReject::Continue, vec![3])
        );
    }

    #[test]
    fn cases_that_all_have_points_stand_at_the_root() {
        let members = vec![case(0, 5.0), case(1, 1.0)];
        let plain = root(members.clone(), OnReject::Continue).unwrap();
        assert_eq!(plain, Group::adding_up(String::new(), members.clone()));
        let short = root(members, OnReject::Break).unwrap();
        assert_eq!(short.on_reject, OnReject::Break);
    }

    #[test]
    fn a_tree_has_a_greatest_depth() {
        let members = |count| {
            (0..count)
                .map(|index| case(index, (index % 2) as f64))
                .collect()
        };
        assert!(root(members(MAX_STOPS + 1), OnReject::Continue).is_ok());
        assert!(root(members(100_000), OnReject::Continue).is_err());
    }
}
