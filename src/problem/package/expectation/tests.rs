//! What directories, tags and rules expect.

use super::*;

#[test]
fn directories_say_what_is_expected() {
    let (of, is_scoring) = (Of::Cases, false);
    let context = Context { of, is_scoring };
    let of_directory = |name| of_directory(name, context);
    let timing = |name, of| {
        let context = Context { of, is_scoring };
        let expectation = super::of_directory(name, context).unwrap();
        (expectation.must_pass(), expectation.must_fail())
    };
    for of in [Of::Cases, Of::Whole] {
        assert_eq!(timing("accepted", of), (true, false));
        assert_eq!(timing("time_limit_exceeded", of), (false, true));
        let is_new = of == Of::Cases;
        assert_eq!(timing("wrong_answer", of), (is_new, false));
        assert_eq!(timing("slow_accepted", of), (false, false));
        assert_eq!(timing("compiler_error", of), (false, false));
    }
    let wrong = of_directory("wrong_answer").unwrap();
    assert_eq!(
        wrong.rules,
        [Rule::new(&[Accepted, WrongAnswer], &[WrongAnswer])]
    );
    assert_eq!(wrong.summary(), [WrongAnswer]);
    assert_eq!(of_directory("accepted").unwrap().summary(), [Accepted]);
    assert_eq!(of_directory("mixed"), None);
}

#[test]
fn a_tag_in_a_comment_says_what_is_expected() {
    for (source, expected) in [
        ("// @EXPECTED_RESULTS@: CORRECT\nint x;", &[Accepted][..]),
        (
            "\u{0}/* @EXPECTED_RESULTS@: WRONG-ANSWER */",
            &[WrongAnswer],
        ),
        (
            "# @EXPECTED_RESULTS@:   RUN_TIME_ERROR , ACCEPTED   \r\n",
            &[Accepted, RuntimeError],
        ),
        (
            "(* @EXPECTED_RESULTS@: TIMELIMIT,NO-OUTPUT *)",
            &[WrongAnswer, TimeLimit],
        ),
        ("@EXPECTED_RESULTS@: COMPILER-ERROR", &[CompileError]),
        ("@EXPECTED_RESULTS@: CHECK-MANUALLY", &[]),
    ] {
        let (expectation, _) = of_tag(source.as_bytes()).unwrap();
        assert_eq!(expectation.summary(), expected, "{source}");
    }
    let (_, unknown) = of_tag(b"@EXPECTED_RESULTS@: FINE").unwrap();
    assert_eq!(unknown, ["FINE"]);
    assert_eq!(of_tag(b"@EXPECTED@"), None);
}

#[test]
fn a_tag_with_success_among_its_words_requires_nothing() {
    let (either, _) = of_tag(b"@EXPECTED_RESULTS@: CORRECT,WRONG-ANSWER").unwrap();
    let whole = Rule {
        of: Of::Whole,
        ..Rule::new(&[Accepted, WrongAnswer], &[])
    };
    assert_eq!(either.rules, [whole]);
    let (failing, _) = of_tag(b"@EXPECTED_RESULTS@: WRONG-ANSWER").unwrap();
    assert_eq!(failing.rules[0].required, [WrongAnswer]);
}

#[test]
fn in_a_scoring_problem_accepted_means_the_full_score() {
    let rule = |name, of, is_scoring| {
        let context = Context { of, is_scoring };
        of_directory(name, context).unwrap().rules[0].clone()
    };
    let accepted = rule("accepted", Of::Whole, true);
    assert_eq!(accepted.score, Some(ExpectedScore::Full));
    assert_eq!(rule("accepted", Of::Whole, false).score, None);
    assert_eq!(rule("accepted", Of::Cases, true).score, None);
    let partial = rule("partially_accepted", Of::Whole, true);
    assert_eq!(partial.score, Some(ExpectedScore::NotFull));
    assert_eq!(partial.permitted, [Accepted]);
    assert_eq!(Expectation::of_rule(partial).summary(), [Partial]);
    assert_eq!(rule("partially_accepted", Of::Cases, true).permitted, ALL);
}

#[test]
fn tags_say_scores_and_the_verdicts_of_groups() {
    let (min, max) = (42.5, 42.5);
    let score = ExpectedScore::Within(Range { min, max });
    let tagged = of_score_tag(b"// @EXPECTED_SCORE@: 42.5 */").unwrap();
    assert_eq!(tagged, Ok(Rule::of_score(score)));
    assert_eq!(
        of_score_tag(b"# @EXPECTED_SCORE@: all"),
        Some(Err("all".to_owned()))
    );
    assert_eq!(of_score_tag(b"nothing"), None);
    let grades = of_grades_tag(b"// @EXPECTED_GRADES@ AC WA TLE\n");
    assert_eq!(grades, Some(vec![Accepted, WrongAnswer, TimeLimit]));
    assert_eq!(of_grades_tag(b"// @EXPECTED_GRADES@ AC FINE\n"), None);
}

#[test]
fn rules_that_cannot_both_hold_are_told() {
    let rule = |scope: &str, permitted: &[Expected], required: &[Expected]| Rule {
        scope: scope.to_owned(),
        ..Rule::new(permitted, required)
    };
    let any = rule("", &ALL, &[]);
    let right = rule("", &[Accepted], &[]);
    let slow = rule("secret/a", &[TimeLimit], &[]);
    let wrong = rule("secret/b", &[WrongAnswer], &[]);
    let must_fail = rule("", &ALL, &[WrongAnswer]);
    assert_eq!(any.contradicts(&slow), None);
    assert_eq!(slow.contradicts(&wrong), None);
    assert!(right.contradicts(&slow).unwrap().contains("in common"));
    assert!(slow.contradicts(&right).unwrap().contains("in common"));
    assert!(right.contradicts(&must_fail).unwrap().contains("requires"));
    let score = |min, max| Rule::of_score(ExpectedScore::Within(Range { min, max }));
    assert_eq!(score(0.0, 2.0).contradicts(&score(2.0, 3.0)), None);
    assert!(score(0.0, 1.0).contradicts(&score(2.0, 3.0)).is_some());
}
