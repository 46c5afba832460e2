//! What is expected of submissions.

use super::super::expectation::Of;
use super::super::tree::tests::tree;
use super::Expected::*;
use super::*;

fn read_files(files: &[(&str, &str)]) -> (Vec<JurySubmission>, Vec<String>) {
    let mut findings = Findings::default();
    let group = |name: &str, members| Group {
        name: name.to_owned(),
        members,
        ..Group::of_cases(0)
    };
    let groups = ["secret/a", "secret/b"].map(|name| Member::Group(group(name, Vec::new())));
    let secret = Member::Group(group("secret", groups.to_vec()));
    let scopes = Scopes {
        groups: &group("", vec![secret]),
        cases: vec!["sample/1", "secret/a/1", "secret/b/1"],
        includes: vec!["driver.py"],
    };
    let context = Context {
        of: Of::Cases,
        is_scoring: true,
    };
    let submissions = read(&tree(files), context, &scopes, &mut findings);
    (
        submissions,
        findings.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn the_directory_says_what_is_expected_and_a_tag_only_elsewhere() {
    let (submissions, found) = read_files(&[
        (
            "submissions/accepted/a.py",
            "# @EXPECTED_RESULTS@: WRONG-ANSWER",
        ),
        ("submissions/accepted/b/main.cc", ""),
        ("submissions/accepted/README.md", ""),
        ("submissions/mixed/c.py", "# @EXPECTED_RESULTS@: TIMELIMIT"),
        ("submissions/mixed/d.py", "# @EXPECTED_RESULTS@: FINE"),
        ("submissions/odd/e.py", ""),
    ]);
    let summary: Vec<_> = submissions
        .iter()
        .map(|s| (s.path.as_str(), s.expectation.summary()))
        .collect();
    assert_eq!(
        summary,
        [
            ("accepted/a.py", vec![Accepted]),
            ("accepted/b", vec![Accepted]),
            ("mixed/c.py", vec![TimeLimit]),
            ("mixed/d.py", vec![]),
            ("odd/e.py", vec![]),
        ]
    );
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("submissions/mixed/d.py: the tag"));
    assert!(found[1].contains("submissions/mixed/d.py: neither"));
    assert!(found[2].contains("\"odd\""));
}

#[test]
fn rules_replace_a_directory_or_add_to_it() {
    let (submissions, found) = read_files(&[
        ("submissions/accepted/a.py", ""),
        ("submissions/rejected/b.py", ""),
        ("submissions/rejected/c.py", ""),
        (
            RULES_FILE,
            "rejected: {permitted: [AC, TLE], required: [TLE]}\n\
             'rejected/c*': {permitted: [TLE], language: cpp, use_for_time_limit: false}\n\
             none/*: {required: [WA]}\n",
        ),
    ]);
    assert!(found.len() == 1 && found[0].contains("submissions.yaml:3: no submission"));
    let [a, b, c] = &submissions[..] else {
        panic!("{submissions:?}");
    };
    assert_eq!(a.expectation.summary(), [Accepted]);
    assert_eq!(
        b.expectation.rules,
        [Rule::new(&[Accepted, TimeLimit], &[TimeLimit])]
    );
    assert!(b.expectation.must_fail() && !b.expectation.must_pass());
    assert_eq!(c.expectation.rules.len(), 2);
    assert_eq!(c.expectation.timing, []);
    assert_eq!(c.language.as_deref(), Some("cpp"));
}

#[test]
fn a_submission_begins_where_its_rules_say() {
    let read = |rule: &str| {
        let rules =
            format!("accepted/a: {{{rule}, authors: [A, {{name: B}}], model_solution: true}}");
        let (submissions, found) = read_files(&[
            ("submissions/accepted/a/main.py", ""),
            ("submissions/accepted/a/other.py", ""),
            (RULES_FILE, &rules),
        ]);
        (submissions[0].files.files[0].name.clone(), found)
    };
    let (first, found) = read("entrypoint: other.py");
    assert_eq!((first.as_str(), found.len()), ("other.py", 0), "{found:?}");
    assert_eq!(read("entrypoint: driver.py").1, Vec::<String>::new());
    let (_, found) = read("entrypoint: none.py");
    let words = "error: submissions/submissions.yaml:1: submissions/accepted/a has no file for";
    assert!(found[0].starts_with(words), "{found:?}");
}

#[test]
fn what_a_rule_of_a_directory_does_not_say_stays_and_more_of_the_time_limit_can_be_said() {
    let (submissions, found) = read_files(&[
        ("submissions/time_limit_exceeded/a.py", ""),
        ("submissions/wrong_answer/b.py", ""),
        ("submissions/mixed/c.py", ""),
        ("submissions/accepted/d.py", ""),
        (
            RULES_FILE,
            "time_limit_exceeded: {permitted: [AC, WA, TLE]}\n\
             wrong_answer: {score: 5}\n\
             mixed:\n  secret/a: {use_for_time_limit: lower}\n  secret/b: {use_for_time_limit: upper}\n\
             accepted/d.py: {use_for_time_limit: false}\n",
        ),
    ]);
    assert!(found.iter().all(|f| !f.contains("yaml")), "{found:?}");
    let [d, c, a, b] = &submissions[..] else {
        panic!("{submissions:?}");
    };
    let slow = Rule::new(&[Accepted, WrongAnswer, TimeLimit], &[TimeLimit]);
    assert_eq!(
        (&a.expectation.rules[..], a.expectation.must_fail()),
        (&[slow][..], true)
    );
    assert_eq!(b.expectation.rules[0].required, [WrongAnswer]);
    assert!(b.expectation.rules[0].score.is_some() && b.expectation.must_pass());
    assert!(c.expectation.must_pass_on("secret/a/1") && c.expectation.must_fail());
    assert!(!c.expectation.must_pass_on("secret/b/1"));
    assert_eq!(d.expectation.timing, []);
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let (_, found) = read_files(&[
        ("submissions/accepted/a.py", ""),
        (
            RULES_FILE,
            "accepted: {permitted: [FINE], use_for_time_limit: maybe, model_solution: x}\n'{a': {}\n",
        ),
    ]);
    for words in [
        "\"FINE\" is no verdict",
        "use_for_time_limit must",
        "model_solution must",
        "is no pattern",
    ] {
        assert!(
            found
                .iter()
                .any(|f| f.starts_with("error") && f.contains(words)),
            "{found:?}"
        );
    }
}

#[test]
fn rules_may_be_about_scores_messages_and_groups() {
    let (submissions, found) = read_files(&[
        ("submissions/mixed/a.py", "# @EXPECTED_SCORE@: 7\n"),
        ("submissions/mixed/b.py", "# @EXPECTED_GRADES@ AC TLE\n"),
        (
            RULES_FILE,
            "mixed/a.py:\n  score: [5, 10]\n  message: too slow\n  secret/a:\n    \
             permitted: [AC]\n    score: 5\n  secret/b/*: {required: [TLE]}\n  odd: 1\n",
        ),
    ]);
    let warnings: Vec<&String> = found
        .iter()
        .filter(|f| f.contains("submissions.yaml"))
        .collect();
    assert!(
        warnings.len() == 1 && warnings[0].contains(":8: \"odd\""),
        "{found:?}"
    );
    let rules = &submissions[0].expectation.rules;
    let within = |min, max| Some(ExpectedScore::Within(Range { min, max }));
    let scores: Vec<_> = rules
        .iter()
        .map(|rule| (rule.scope.as_str(), rule.score))
        .collect();
    assert_eq!(
        scores,
        [
            ("", within(7.0, 7.0)),
            ("", within(5.0, 10.0)),
            ("secret/a", within(5.0, 5.0)),
            ("secret/b/*", None)
        ]
    );
    assert_eq!(rules[1].message.as_deref(), Some("too slow"));
    assert_eq!(rules[2].permitted, [Accepted]);
    assert_eq!(rules[3].required, [TimeLimit]);
    assert_eq!(
        submissions[1].expectation.rules,
        [
            Rule::of_group("secret/a", Accepted),
            Rule::of_group("secret/b", TimeLimit)
        ]
    );
}

#[test]
fn rules_that_contradict_each_other_are_refused() {
    let (_, found) = read_files(&[
        ("submissions/accepted/a.py", ""),
        (RULES_FILE, "accepted/*:\n  secret/a: {permitted: [WA]}\n"),
    ]);
    let place = "error: submissions/submissions.yaml:2: the rules for accepted/a.py contradict";
    assert!(found.iter().any(|f| f.starts_with(place)), "{found:?}");
    let (_, found) = read_files(&[
        ("submissions/accepted/a.py", ""),
        (RULES_FILE, "accepted:\n  score: [3, 1]\n"),
    ]);
    assert!(
        found.iter().any(|f| f.contains("score must be")),
        "{found:?}"
    );
}
