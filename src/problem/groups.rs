//! Groups of test cases and what they are worth, as plain data. The scoring of every package format
//! turns into these; `judge::grade` applies them.

use serde::{Deserialize, Serialize};

/// A group of test cases. The root of a problem's tree is a group, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Path below the test data, e.g. `secret/group1`; empty for the root.
    pub name: String,
    /// Cases and groups, in judging order.
    pub members: Vec<Member>,
    /// Whether a member that is not accepted ends the group: what follows is not run.
    pub on_reject: OnReject,
    /// Names of earlier groups of which every case must be accepted; else this one is not run, not
    /// accepted, and worth nothing.
    pub requires: Vec<String>,
    /// How members come to the group's verdict and score.
    pub grading: Grading,
    /// The scores that the group may have: an open end is infinite.
    pub range: Range,
}

/// What a group consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// A test case: its place in the list of all cases, and what it is worth, which is the same in all of its groups.
    Case(usize, Worth),
    /// A group in the group.
    Group(Group),
}

/// Points by their text: a decimal number from 0 on, and so small that sums are numbers, too.
pub fn points_of(text: &str) -> Option<f64> {
    let points = text.parse::<f64>().ok();
    points.filter(|points| (0.0..=MAX_POINTS).contains(points))
}

/// Nobody gives more for one case.
const MAX_POINTS: f64 = 1e12;

impl Member {
    /// The most that it is worth.
    pub fn most(&self) -> f64 {
        match self {
            Member::Group(group) => group.range.max,
            Member::Case(_, Worth::NoPoints | Worth::Ignored) => 0.0,
            Member::Case(_, Worth::Fixed { accepted, .. }) => *accepted,
            Member::Case(_, Worth::UpTo(most)) => *most,
            Member::Case(_, Worth::Unbounded) => f64::INFINITY,
        }
    }
}

/// What a group does about a member that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnReject {
    /// The members after it are not run, and do not count.
    Break,
    /// Nothing.
    Continue,
}

/// What a test case is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Worth {
    /// Nothing; a validator that gives points is broken.
    NoPoints,
    /// Nothing, whatever points a validator gives.
    Ignored,
    /// Fixed scores, unless a validator gives another.
    Fixed {
        /// Of a case that is accepted.
        accepted: f64,
        /// Of any other.
        rejected: f64,
    },
    /// So much for an accepted case, and zero for any other; a validator may give a part of it.
    UpTo(f64),
    /// What the validator gives for an accepted case, and zero for any other.
    Unbounded,
}

/// Lowest and highest score, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl Range {
    /// Any score.
    pub const ANY: Range = Range {
        min: f64::NEG_INFINITY,
        max: f64::INFINITY,
    };

    /// Whether it includes a score, but for what adding up floats may lose.
    pub fn includes(&self, score: f64) -> bool {
        let slack = |end: f64| end.abs() * 1e-9;
        score >= self.min - slack(self.min) && score <= self.max + slack(self.max)
    }
}

/// How members come to the verdict and the score of their group.
#[derive(Debug, Clone, PartialEq)]
pub enum Grading {
    /// By rules of ours.
    Rules(Rules),
    /// By a program of the package, with these arguments.
    Program(Vec<String>),
}

/// Rules of grading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Which verdict the group gets.
    pub verdict: VerdictRule,
    /// Any accepted member makes the group accepted.
    pub accept_if_any: bool,
    /// Which score the group gets.
    pub score: ScoreRule,
    /// The score is multiplied by this in the end.
    pub factor: f64,
    /// Members but the last one do not count, neither for the verdict nor for the score.
    pub only_last: bool,
}

impl Rules {
    /// The first failure is the verdict, and scores add up.
    pub const PLAIN: Rules = Rules {
        verdict: VerdictRule::FirstError,
        accept_if_any: false,
        score: ScoreRule::Sum,
        factor: 1.0,
        only_last: false,
    };
}

/// Which verdict a group gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerdictRule {
    /// That of the first member that is not accepted.
    FirstError,
    /// The worst of its members: RTE, MLE, TLE, OLE, WA, in this order.
    WorstError,
    /// Accepted.
    AlwaysAccept,
}

/// Which score a group gets. A group without members gets zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScoreRule {
    /// The sum of its members' scores.
    Sum,
    /// Their average.
    Average,
    /// The lowest.
    Min,
    /// The highest.
    Max,
    /// Their product.
    Product,
    /// So much where every member is accepted, and else zero.
    AllOrNothing(f64),
    /// So much where every member's score is above zero and at most this, and else zero.
    Threshold {
        /// The highest score that is good enough.
        limit: f64,
        /// What the group is worth.
        score: f64,
    },
}

/// How a problem with scores is scored; the groups say the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scoring {
    /// Which score is better.
    pub objective: Objective,
    /// A submission that is not accepted as a whole gets no score.
    pub needs_acceptance: bool,
}

/// Which of two scores is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// The higher.
    Max,
    /// The lower.
    Min,
}

impl Scoring {
    /// More is better, and a submission has its points though it fails.
    pub const PLAIN: Scoring = Scoring {
        objective: Objective::Max,
        needs_acceptance: false,
    };

    /// The score of a submission by the score of its cases; `None` where it gets none, which is
    /// nothing but zero where more is better.
    pub fn score(&self, is_accepted: bool, score: f64) -> Option<f64> {
        match (self.needs_acceptance && !is_accepted, self.objective) {
            (false, _) => Some(score),
            (true, Objective::Max) => Some(0.0),
            (true, Objective::Min) => None,
        }
    }

    /// The score of a case or a group, likewise: where less is better, a failure has none, for zero would be the best.
    pub fn score_of_part(&self, is_accepted: bool, score: f64) -> Option<f64> {
        (is_accepted || self.objective == Objective::Max).then_some(score)
    }

    /// The best score that the whole can have, where it is finite.
    pub fn full_score(&self, root: &Group) -> Option<f64> {
        let best = match self.objective {
            Objective::Max => root.range.max,
            Objective::Min => root.range.min,
        };
        best.is_finite().then_some(best)
    }
}

impl Group {
    /// A pass-fail problem's tree without groups: samples and all else in order, up to the first
    /// failure.
    pub fn of_cases(count: usize) -> Group {
        Group {
            name: String::new(),
            members: (0..count)
                .map(|index| Member::Case(index, Worth::NoPoints))
                .collect(),
            on_reject: OnReject::Break,
            requires: Vec::new(),
            grading: Grading::Rules(Rules::PLAIN),
            range: Range::ANY,
        }
    }

    /// A group whose members' scores add up, whichever of them fail.
    pub fn adding_up(name: String, members: Vec<Member>) -> Group {
        let max = members.iter().map(Member::most).sum();
        Group {
            name,
            members,
            on_reject: OnReject::Continue,
            requires: Vec::new(),
            grading: Grading::Rules(Rules::PLAIN),
            range: Range { min: 0.0, max },
        }
    }

    /// A group that has the score of its worst case, of which each is worth as much as the group:
    /// nothing where one fails, and all cases after that are left out.
    pub fn of_the_worst(name: String, cases: &[usize], worth: Worth) -> Group {
        let members = cases.iter().map(|&index| Member::Case(index, worth));
        let members: Vec<Member> = members.collect();
        let max = members.first().map_or(0.0, Member::most);
        Group {
            on_reject: OnReject::Break,
            grading: Grading::Rules(Rules {
                score: ScoreRule::Min,
                ..Rules::PLAIN
            }),
            range: Range { min: 0.0, max },
            ..Group::adding_up(name, members)
        }
    }

    /// A group that is worth this part of the points: what its cases come to by a rule, each of which is worth 1. All
    /// cases after one that fails, whose 0 decides by each such rule, are left out.
    pub fn of_parts(name: String, cases: &[usize], rule: ScoreRule, points: f64) -> Group {
        let part = Worth::Fixed {
            accepted: 1.0,
            rejected: 0.0,
        };
        let members = cases.iter().map(|&index| Member::Case(index, part));
        Group {
            on_reject: OnReject::Break,
            grading: Grading::Rules(Rules {
                score: rule,
                factor: points,
                ..Rules::PLAIN
            }),
            range: Range {
                min: 0.0,
                max: points,
            },
            ..Group::adding_up(name, members.collect())
        }
    }

    /// The group of this name, this one or any below.
    pub fn find(&self, name: &str) -> Option<&Group> {
        self.all().into_iter().find(|group| group.name == name)
    }

    /// This group and all below it, each before those in it.
    pub fn all(&self) -> Vec<&Group> {
        let mut all = vec![self];
        for member in &self.members {
            if let Member::Group(group) = member {
                all.extend(group.all());
            }
        }
        all
    }

    /// The places of all cases in it and below.
    pub fn cases(&self) -> Vec<usize> {
        let mut cases = Vec::new();
        for member in &self.members {
            match member {
                Member::Case(index, _) => cases.push(*index),
                Member::Group(group) => cases.extend(group.cases()),
            }
        }
        cases
    }

    /// Whether a program of the package grades it or any group below.
    pub fn has_program(&self) -> bool {
        let is_by_program = |group: &&Group| matches!(group.grading, Grading::Program(_));
        self.all().iter().any(is_by_program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_listed_from_its_root() {
        let mut root = Group::of_cases(1);
        let mut inner = Group::of_cases(0);
        inner.name = "secret".to_owned();
        inner.members = vec![Member::Case(1, Worth::UpTo(1.0))];
        inner.grading = Grading::Program(Vec::new());
        root.members.push(Member::Group(inner));
        let names: Vec<&str> = root.all().iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["", "secret"]);
        assert_eq!(root.cases(), [0, 1]);
        assert!(root.has_program() && !Group::of_cases(1).has_program());
        assert_eq!(root.find("secret").unwrap().cases(), [1]);
    }

    #[test]
    fn points_are_numbers_that_can_be_added() {
        assert_eq!(points_of("2.50"), Some(2.5));
        for text in ["", "-1", "nan", "inf", "1e300", "1 2"] {
            assert_eq!(points_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_group_is_worth_what_its_members_are() {
        let case = |index, worth| Member::Case(index, worth);
        let fixed = Worth::Fixed {
            accepted: 2.0,
            rejected: 0.0,
        };
        let worst = Group::of_the_worst("a".to_owned(), &[1, 2], Worth::UpTo(5.0));
        assert_eq!((worst.range.max, worst.cases()), (5.0, vec![1, 2]));
        let members = vec![
            case(0, fixed),
            Member::Group(worst),
            case(3, Worth::NoPoints),
        ];
        assert_eq!(Group::adding_up(String::new(), members).range.max, 7.0);
        assert_eq!(case(0, Worth::Unbounded).most(), f64::INFINITY);
    }

    #[test]
    fn where_less_is_better_a_failure_has_no_score() {
        let [max, min] = [Objective::Max, Objective::Min].map(|objective| Scoring {
            objective,
            needs_acceptance: true,
        });
        assert_eq!(
            (max.score(false, 7.0), min.score(false, 7.0)),
            (Some(0.0), None)
        );
        assert_eq!(
            (max.score(true, 7.0), min.score(true, 7.0)),
            (Some(7.0), Some(7.0))
        );
        let of_part = |scoring: Scoring| [true, false].map(|ok| scoring.score_of_part(ok, 0.0));
        assert_eq!(
            (of_part(max), of_part(min)),
            ([Some(0.0); 2], [Some(0.0), None])
        );
    }

    #[test]
    fn a_range_forgives_what_floats_lose() {
        let range = Range { min: 0.0, max: 0.3 };
        assert!(range.includes(0.1 + 0.2) && !range.includes(0.301) && !range.includes(-0.1));
        assert!(Range::ANY.includes(1e300));
    }
}
