//! From the results of cases to the verdict and the score of the whole, along the tree of groups: pure
//! functions. What is not known yet is left open, so that the same walk tells which cases need not
//! be run.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::verdict::Verdict;
use crate::problem::groups::{
    Grading, Group, Member, OnReject, Rules, ScoreRule, VerdictRule, Worth,
};

/// A verdict together with what it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grade {
    /// The verdict; [`Verdict::Skipped`] of a group that is not run.
    pub verdict: Verdict,
    /// The score; zero where there are no points.
    pub score: f64,
}

/// Points that a validator gives for an output that it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Points {
    /// So many.
    Score(f64),
    /// This part of what the case is worth, from 0 to 1.
    Part(f64),
}

/// What is known of a tree of groups.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    /// Of every group, each before those in it; `None` where cases are missing.
    pub groups: Vec<(String, Option<Grade>)>,
    /// Of every case, whether it may still count.
    pub counts: Vec<bool>,
}

impl Standing {
    /// The grade of the whole.
    pub(super) fn whole(&self) -> Option<Grade> {
        self.groups.first().and_then(|(_, grade)| *grade)
    }
}

/// What a case is worth by its verdict and the points that a validator gave it.
///
/// # Errors
/// What the validator did wrong.
pub(super) fn score(worth: Worth, verdict: Verdict, points: Option<Points>) -> Result<f64, String> {
    let is_accepted = verdict == Verdict::Accepted;
    let points = points.filter(|_| is_accepted);
    match (worth, points) {
        (Worth::NoPoints, Some(_)) => Err("gave points, though there are none to give".to_owned()),
        (Worth::NoPoints | Worth::Ignored, _) => Ok(0.0),
        (Worth::Fixed { rejected, .. }, None) if !is_accepted => Ok(rejected),
        (Worth::UpTo(_) | Worth::Unbounded, None) if !is_accepted => Ok(0.0),
        (Worth::Fixed { accepted, .. }, None) => Ok(accepted),
        (Worth::Fixed { .. }, Some(Points::Score(score))) => Ok(score),
        (Worth::Fixed { accepted, .. }, Some(Points::Part(part))) => Ok(part * accepted),
        (Worth::UpTo(max), None) => Ok(max),
        (Worth::UpTo(max), Some(Points::Part(part))) => Ok(part * max),
        (Worth::UpTo(max), Some(Points::Score(score))) => {
            // A share of a score need not be a number that can be written.
            let is_within = (0.0..=max * (1.0 + 1e-9)).contains(&score);
            let error = || format!("gave {score} points for a case that has {max}");
            is_within.then_some(score.min(max)).ok_or_else(error)
        }
        (Worth::Unbounded, Some(Points::Score(score))) if score >= 0.0 => Ok(score),
        (Worth::Unbounded, Some(Points::Score(score))) => Err(format!("gave {score} points")),
        (Worth::Unbounded, Some(Points::Part(_))) => {
            Err("gave a part of the points for a case whose points have no bound".to_owned())
        }
        (Worth::Unbounded, None) => {
            Err("gave no points for a case whose points have no bound".to_owned())
        }
    }
}

/// What each case is worth, by the tree.
pub(super) fn worths(root: &Group, count: usize) -> Vec<Worth> {
    let mut worths = vec![Worth::NoPoints; count];
    for group in root.all() {
        for member in &group.members {
            if let Member::Case(index, worth) = member
                && let Some(place) = worths.get_mut(*index)
            {
                *place = *worth;
            }
        }
    }
    worths
}

/// Asks a program of the package for the grade of a group by its arguments and its members' grades;
/// `None` where it is not asked yet.
pub(super) type AskProgram<'a, E> =
    &'a mut dyn FnMut(&[String], &[Grade]) -> Result<Option<Grade>, E>;

/// Grades a tree by the cases that are known.
///
/// # Errors
/// Those of the program.
pub(super) fn grade<E>(
    root: &Group,
    cases: &[Option<Grade>],
    ask: AskProgram<'_, E>,
) -> Result<Standing, E> {
    let mut walk = Walk {
        cases,
        ask,
        passed: HashMap::new(),
        wanted: vec![false; cases.len()],
        standing: Standing {
            groups: Vec::new(),
            counts: vec![true; cases.len()],
        },
    };
    walk.group(root)?;
    let mut standing = walk.standing;
    for (counts, is_wanted) in standing.counts.iter_mut().zip(walk.wanted) {
        *counts |= is_wanted;
    }
    Ok(standing)
}

/// The same as long as nothing is final: no program is asked.
pub(super) fn grade_so_far(root: &Group, cases: &[Option<Grade>]) -> Standing {
    let never: Result<Standing, std::convert::Infallible> =
        grade(root, cases, &mut |_, _| Ok(None));
    match never {
        Ok(standing) => standing,
        Err(never) => match never {},
    }
}

const NOT_RUN: Grade = Grade {
    verdict: Verdict::Skipped,
    score: 0.0,
};

struct Walk<'a, E> {
    cases: &'a [Option<Grade>],
    ask: AskProgram<'a, E>,
    /// Whether every case of a group was accepted, as far as that is known.
    passed: HashMap<&'a str, Option<bool>>,
    /// Whether a case may count in some group; in others it may be left out.
    wanted: Vec<bool>,
    standing: Standing,
}

impl<'a, E> Walk<'a, E> {
    fn group(&mut self, group: &'a Group) -> Result<Option<Grade>, E> {
        let is_failed = |name: &String| self.passed.get(name.as_str()) == Some(&Some(false));
        if group.requires.iter().any(is_failed) {
            self.skip(group);
            return Ok(Some(NOT_RUN));
        }
        let place = self.standing.groups.len();
        self.standing.groups.push((group.name.clone(), None));
        let mut grades = Vec::with_capacity(group.members.len());
        let (mut is_complete, mut is_broken) = (true, false);
        for member in &group.members {
            if is_broken {
                self.skip_member(member);
                continue;
            }
            let grade = match member {
                Member::Case(index, _) => self.case(*index),
                Member::Group(below) => self.group(below)?,
            };
            is_complete &= grade.is_some();
            if let Some(grade) = grade {
                is_broken =
                    grade.verdict != Verdict::Accepted && group.on_reject == OnReject::Break;
                grades.push(grade);
            }
        }
        self.passed.insert(&group.name, self.all_accepted(group));
        let grade = match &group.grading {
            _ if !is_complete => None,
            Grading::Rules(rules) => Some(by_rules(rules, &grades)),
            Grading::Program(arguments) => (self.ask)(arguments, &grades)?,
        };
        if let Some((_, standing)) = self.standing.groups.get_mut(place) {
            *standing = grade;
        }
        Ok(grade)
    }

    /// A case of a group that may count there.
    fn case(&mut self, index: usize) -> Option<Grade> {
        if let Some(is_wanted) = self.wanted.get_mut(index) {
            *is_wanted = true;
        }
        self.cases.get(index).copied().flatten()
    }

    /// Whether all cases of a group are accepted; one that is not is enough to know.
    fn all_accepted(&self, group: &Group) -> Option<bool> {
        let mut all = Some(true);
        for index in group.cases() {
            match self.cases.get(index).copied().flatten() {
                Some(grade) if grade.verdict == Verdict::Accepted => {}
                Some(_) => return Some(false),
                None => all = None,
            }
        }
        all
    }

    fn skip_member(&mut self, member: &'a Member) {
        match member {
            Member::Case(index, _) => {
                if let Some(counts) = self.standing.counts.get_mut(*index) {
                    *counts = false;
                }
            }
            Member::Group(group) => self.skip(group),
        }
    }

    fn skip(&mut self, group: &'a Group) {
        let name = group.name.clone();
        self.standing.groups.push((name, Some(NOT_RUN)));
        self.passed.insert(&group.name, Some(false));
        for member in &group.members {
            self.skip_member(member);
        }
    }
}

/// The grade of a group by its members' grades, in order.
fn by_rules(rules: &Rules, grades: &[Grade]) -> Grade {
    let grades = match grades.len() {
        count @ 2.. if rules.only_last => &grades[count - 1..],
        _ => grades,
    };
    Grade {
        verdict: verdict(rules, grades),
        score: rules.factor * total(rules.score, grades),
    }
}

fn verdict(rules: &Rules, grades: &[Grade]) -> Verdict {
    let is_accepted = |grade: &&Grade| grade.verdict == Verdict::Accepted;
    let mut failures = grades.iter().filter(|grade| !is_accepted(grade));
    let failure = match rules.verdict {
        VerdictRule::AlwaysAccept => None,
        _ if rules.accept_if_any && grades.iter().any(|grade| is_accepted(&grade)) => None,
        // A group that is not run fails because another one did, and says less than that.
        VerdictRule::FirstError => failures
            .clone()
            .find(|grade| grade.verdict != Verdict::Skipped)
            .or_else(|| failures.next()),
        VerdictRule::WorstError => failures.min_by_key(|grade| rank(grade.verdict)),
    };
    failure.map_or(Verdict::Accepted, |grade| grade.verdict)
}

/// How bad a failure is: the worst first.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::RuntimeError | Verdict::CompileError => 0,
        Verdict::MemoryLimit => 1,
        Verdict::TimeLimit | Verdict::WallTimeLimit | Verdict::IdleLimit => 2,
        Verdict::OutputLimit => 3,
        Verdict::WrongAnswer => 4,
        Verdict::Skipped => 5,
        Verdict::Accepted | Verdict::Completed => 6,
    }
}

fn total(rule: ScoreRule, grades: &[Grade]) -> f64 {
    let scores = grades.iter().map(|grade| grade.score);
    let are_all = |is: &dyn Fn(&Grade) -> bool| !grades.is_empty() && grades.iter().all(is);
    match rule {
        _ if grades.is_empty() => 0.0,
        ScoreRule::Sum => scores.sum(),
        ScoreRule::Average => scores.sum::<f64>() / grades.len() as f64,
        ScoreRule::Min => scores.fold(f64::INFINITY, f64::min),
        ScoreRule::Max => scores.fold(f64::NEG_INFINITY, f64::max),
        ScoreRule::Product => scores.product(),
        ScoreRule::AllOrNothing(score) => match are_all(&|g| g.verdict == Verdict::Accepted) {
            true => score,
            false => 0.0,
        },
        ScoreRule::Threshold { limit, score } => {
            match are_all(&|grade| grade.score > 0.0 && grade.score <= limit) {
                true => score,
                false => 0.0,
            }
        }
    }
}

#[cfg(test)]
mod tests;
