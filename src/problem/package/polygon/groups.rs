//! Points of tests and of groups of tests. A problem gives points where any test or group has some; else
//! groups say nothing to a judge.

use std::collections::{BTreeMap, BTreeSet};

use super::super::report::Findings;
use super::xml::Element;
use crate::problem::groups::{Group, Member, Scoring, Worth, points_of};

/// The groups of a testset, and how it is scored; `None` where it gives no points.
pub(super) fn read(testset: Element<'_>, findings: &mut Findings) -> Option<(Group, Scoring)> {
    let declared = testset
        .child("groups")
        .map(|groups| groups.children("group"));
    let declared: Vec<_> = declared.into_iter().flatten().collect();
    let tests = testset.child("tests").map(|tests| tests.children("test"));
    let tests: Vec<_> = tests.into_iter().flatten().collect();
    let mut points_of = |elements: &[Element<'_>]| {
        let points = elements.iter().map(|element| points(*element, findings));
        points.collect::<Vec<Option<f64>>>()
    };
    let (points, of_groups) = (points_of(&tests), points_of(&declared));
    let all = points.iter().chain(&of_groups);
    if all.flatten().sum::<f64>() == 0.0 {
        return None;
    }
    let names = tests.iter().map(|test| test.attribute("group"));
    let names: Vec<_> = names
        .map(|name| name.filter(|name| !name.is_empty()))
        .collect();
    let mut cases: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(name) = name {
            cases.entry(name).or_default().push(index);
        }
    }
    let mut reader = Reader {
        points,
        cases,
        declared: declared
            .iter()
            .map(|group| (group.attribute("name").unwrap_or_default(), *group))
            .collect(),
        done: BTreeSet::new(),
        findings,
    };
    let root = Group::adding_up(String::new(), reader.members(&names));
    Some((root, Scoring::PLAIN))
}

struct Reader<'a, 'f> {
    /// Those of the tests.
    points: Vec<Option<f64>>,
    /// The tests of each group.
    cases: BTreeMap<&'a str, Vec<usize>>,
    declared: BTreeMap<&'a str, Element<'a>>,
    /// Groups that are decided before what is read now.
    done: BTreeSet<&'a str>,
    findings: &'f mut Findings,
}

impl<'a> Reader<'a, '_> {
    /// Groups stand where their first test does.
    fn members(&mut self, groups: &[Option<&'a str>]) -> Vec<Member> {
        let mut members = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            match *group {
                None => members.push(self.case(index)),
                Some(name) if !self.done.contains(name) => {
                    members.push(Member::Group(self.group(name)));
                    self.done.insert(name);
                }
                Some(_) => {}
            }
        }
        members
    }

    fn case(&self, index: usize) -> Member {
        let points = self.points.get(index).copied().flatten();
        Member::Case(index, fixed(points.unwrap_or_default()))
    }

    fn group(&mut self, name: &'a str) -> Group {
        let cases = self.cases.remove(name).unwrap_or_default();
        let members = cases.iter().map(|&index| self.case(index));
        let of_tests = Group::adding_up(name.to_owned(), members.collect());
        let Some(&declared) = self.declared.get(name) else {
            return of_tests;
        };
        let group = match declared.attribute("points-policy") {
            Some("complete-group") => {
                let points = declared.attribute("points").and_then(points_of);
                let worth = fixed(points.unwrap_or(of_tests.range.max));
                Group::of_the_worst(name.to_owned(), &cases, worth)
            }
            Some("each-test") | None => of_tests,
            Some(_) => {
                let message = "points-policy must be complete-group or each-test";
                declared.error(self.findings, message);
                of_tests
            }
        };
        Group {
            requires: self.requirements(declared),
            ..group
        }
    }

    /// What a group depends on, which must be decided before it.
    fn requirements(&mut self, group: Element<'_>) -> Vec<String> {
        let all = group
            .child("dependencies")
            .map(|all| all.children("dependency"));
        let mut names = Vec::new();
        for dependency in all.into_iter().flatten() {
            let name = dependency.attribute("group").unwrap_or_default();
            if self.done.contains(name) {
                names.push(name.to_owned());
            } else {
                let message =
                    format!("there is no group {name:?} before this one, which depends on it");
                dependency.error(self.findings, message);
            }
        }
        names
    }
}

/// What a test is worth; a checker that gives points is taken at its word.
fn fixed(accepted: f64) -> Worth {
    let rejected = 0.0;
    Worth::Fixed { accepted, rejected }
}

fn points(element: Element<'_>, findings: &mut Findings) -> Option<f64> {
    let text = element.attribute("points")?;
    let points = points_of(text);
    if points.is_none() {
        element.error(findings, "points must be a number from 0 on");
    }
    points
}
