//! Groups of the format 2025-09.

use super::super::super::tree::tests::tree;
use super::super::super::{Package, read};
use super::*;

const SCORING: &str = "problem_format_version: 2025-09\ntype: scoring\nname: A\n\
    uuid: 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a01\n";
const PASS_FAIL: &str = "problem_format_version: 2025-09\nname: A\n\
    uuid: 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a01\n";
const SECRET: &str = "data/secret/test_group.yaml";
const A: &str = "data/secret/a/test_group.yaml";
const B: &str = "data/secret/b/test_group.yaml";

/// A package with one sample and two cases in `secret/a` and one in `secret/b/x`.
fn read_files(yaml: &str, files: &[(&str, &str)]) -> (Option<Package>, Vec<String>) {
    let base = [
        ("problem.yaml", yaml),
        ("data/sample/1.in", ""),
        ("data/sample/1.ans", ""),
        ("data/secret/a/1.in", ""),
        ("data/secret/a/1.ans", ""),
        ("data/secret/a/2.in", ""),
        ("data/secret/a/2.ans", ""),
        ("data/secret/b/x/1.in", ""),
        ("data/secret/b/x/1.ans", ""),
        ("submissions/accepted/a.py", ""),
        ("statement/problem.en.md", ""),
    ];
    let (package, findings) = read(&tree(&[&base, files].concat()));
    (package, findings.iter().map(ToString::to_string).collect())
}

fn score(group: &Group) -> ScoreRule {
    match &group.grading {
        Grading::Rules(rules) => rules.score,
        Grading::Program(_) => panic!("no rules"),
    }
}

const STATIC: (&str, &str) = ("static_validator/v.py", "");

#[test]
fn the_files_of_a_submission_may_have_a_part_of_the_points() {
    let of_a = "max_score: 40\nscore_aggregation: sum\nstatic_validation_score: 10\n";
    let of_secret = "static_validation_score: 5\n";
    let files = [
        (A, of_a),
        (B, "max_score: 55\nstatic_validation_score: pass-fail\n"),
        (SECRET, of_secret),
        STATIC,
    ];
    let (package, found) = read_files(SCORING, &files);
    assert_eq!(found, Vec::<String>::new());
    let package = package.unwrap();
    let names: Vec<&str> = package
        .cases
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(
        names[1..3],
        ["secret/static_validation", "secret/a/static_validation"]
    );
    let group = |name| package.groups.find(name).unwrap();
    assert_eq!(
        group("secret").members[0],
        Member::Case(1, Worth::UpTo(5.0))
    );
    let (case, part) = (Worth::UpTo(10.0), Worth::UpTo(15.0));
    let members = [
        Member::Case(2, case),
        Member::Case(3, part),
        Member::Case(4, part),
    ];
    assert_eq!(group("secret/a").members, members);
    assert_eq!(
        group("secret/b").members[0],
        Member::Case(5, Worth::NoPoints)
    );
}

#[test]
fn static_validation_that_makes_no_sense_is_refused() {
    for (yaml, text, words) in [
        (
            PASS_FAIL,
            "static_validation_score: 1",
            "the group is pass-fail",
        ),
        (
            SCORING,
            "static_validation_score: pass-fail",
            "the group gives points",
        ),
        (
            SCORING,
            "static_validation_score: 101",
            "more than the max_score",
        ),
        (SCORING, "static_validation_score: all", "whole number"),
    ] {
        let groups = [(A, "max_score: 0\n"), (B, "max_score: 0\n")];
        let groups = if yaml == SCORING { &groups[..] } else { &[] };
        let (package, found) = read_files(yaml, &[groups, &[(SECRET, text), STATIC]].concat());
        assert!(
            package.is_none() && found[0].contains(words),
            "{text}: {found:?}"
        );
    }
    let asks = (SECRET, "static_validation_score: pass-fail");
    assert!(read_files(PASS_FAIL, &[asks]).1[0].contains("no such program"));
    assert!(read_files(PASS_FAIL, &[STATIC]).1[0].contains("is not used"));
    let at_root = ("data/test_group.yaml", "static_validation_score: pass-fail");
    assert!(
        read_files(PASS_FAIL, &[at_root, STATIC])
            .1
            .iter()
            .any(|f| f.contains("move it there"))
    );
}

#[test]
fn groups_are_worth_what_they_say() {
    let (package, found) = read_files(
        SCORING,
        &[
            (A, "max_score: 40\nscore_aggregation: sum\n"),
            (B, "max_score: 60\nrequire_pass: sample\n"),
        ],
    );
    assert_eq!(found, Vec::<String>::new());
    let package = package.unwrap();
    let root = &package.groups;
    let [sample, secret, a, b] =
        ["sample", "secret", "secret/a", "secret/b"].map(|name| root.find(name).unwrap());
    assert_eq!(sample.members, [Member::Case(0, Worth::Ignored)]);
    assert_eq!((score(secret), secret.range.max), (ScoreRule::Sum, 100.0));
    assert_eq!(score(a), ScoreRule::Sum);
    let half = Worth::UpTo(20.0);
    assert_eq!(a.members, [Member::Case(1, half), Member::Case(2, half)]);
    assert_eq!(score(b), ScoreRule::AllOrNothing(60.0));
    assert_eq!(b.members, [Member::Case(3, Worth::NoPoints)]);
    assert_eq!(b.requires, ["sample"]);
    assert_eq!(
        [root, secret, a, b].map(|group| group.on_reject),
        [
            OnReject::Continue,
            OnReject::Continue,
            OnReject::Continue,
            OnReject::Break
        ]
    );
    assert_eq!(package.scoring.unwrap().full_score(root), Some(100.0));
}

#[test]
fn without_groups_the_cases_share_the_score() {
    let (package, _) = read_files(SCORING, &[]);
    let third = Worth::UpTo(100.0 / 3.0);
    let secret = package.unwrap().groups.find("secret").unwrap().clone();
    assert_eq!(secret.members[2], Member::Case(3, third));
    let (package, found) = read_files(SCORING, &[(SECRET, "max_score: unbounded\n")]);
    assert_eq!(found, Vec::<String>::new());
    let package = package.unwrap();
    let secret = package.groups.find("secret").unwrap();
    assert_eq!(secret.members[0], Member::Case(1, Worth::Unbounded));
    assert_eq!(package.scoring.unwrap().full_score(&package.groups), None);
}

#[test]
fn the_lowest_score_of_groups_is_decided_by_one_that_fails_only_if_that_is_worth_nothing() {
    let on_reject = |a: &str| {
        let min = (SECRET, "score_aggregation: min\n");
        let (package, found) = read_files(SCORING, &[min, (A, a), (B, "max_score: 100\n")]);
        assert_eq!(found, Vec::<String>::new());
        package.unwrap().groups.find("secret").unwrap().on_reject
    };
    assert_eq!(on_reject("max_score: 100\n"), OnReject::Break);
    let sum = "max_score: 100\nscore_aggregation: sum\n";
    assert_eq!(on_reject(sum), OnReject::Continue);
}

#[test]
fn without_scores_the_first_failure_ends_everything() {
    let (package, found) = read_files(PASS_FAIL, &[(A, ""), (B, "")]);
    assert_eq!(found, Vec::<String>::new());
    let package = package.unwrap();
    assert_eq!(package.scoring, None);
    for group in package.groups.all() {
        assert_eq!(group.on_reject, OnReject::Break, "{}", group.name);
    }
}

#[test]
fn contradictions_are_named_with_a_remedy() {
    let b = (B, "max_score: 60\n");
    for (yaml, files, words) in [
        (
            SCORING,
            &[(A, ""), b][..],
            "a/test_group.yaml: the group needs a max_score",
        ),
        (
            SCORING,
            &[(A, "max_score: 50\n"), b],
            "let its max_score be 110",
        ),
        (
            SCORING,
            &[(A, "max_score: -1\n"), b],
            "whole number from 0 on",
        ),
        (
            SCORING,
            &[(A, "max_score: 1\n")],
            "secret/b: it stands beside groups",
        ),
        (
            SCORING,
            &[(SECRET, "max_score: unbounded\n"), (A, ""), b],
            "worth its max_score: add it",
        ),
        (
            SCORING,
            &[(A, "max_score: 1\nscore_aggregation: avg\n"), b],
            "a/test_group.yaml:2: score_aggregation must be",
        ),
        (
            SCORING,
            &[
                (SECRET, "score_aggregation: pass-fail\n"),
                (A, "score_aggregation: min\n"),
                b,
            ],
            "secret is pass-fail",
        ),
        (
            SCORING,
            &[(A, "max_score: 1\nrequire_pass: secret/b\n"), b],
            "\"secret/b\" cannot be required here: name sample",
        ),
        (
            SCORING,
            &[
                (A, "max_score: 1\nscore_aggregation: sum\n"),
                (B, "max_score: 60\nrequire_pass: secret/a\n"),
            ],
            "\"secret/a\" cannot be required",
        ),
        (
            SCORING,
            &[("data/sample/test_group.yaml", "max_score: 1\n")],
            "samples give no",
        ),
        (
            SCORING,
            &[("data/secret/b/x/test_group.yaml", "")],
            "not in each other",
        ),
        (
            PASS_FAIL,
            &[(SECRET, "max_score: 1\n")],
            "the problem gives no points",
        ),
    ] {
        let (package, found) = read_files(yaml, files);
        let is_it = |found: &String| found.starts_with("error") && found.contains(words);
        assert!(
            found.iter().any(is_it) && package.is_none(),
            "{words}: {found:?}"
        );
    }
}
