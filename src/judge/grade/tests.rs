//! The whole of grading, as tables.

use super::*;
use crate::problem::groups::Range;
use Verdict::*;

const VERDICTS: [Verdict; 6] = [
    Accepted,
    WrongAnswer,
    OutputLimit,
    TimeLimit,
    MemoryLimit,
    RuntimeError,
];

fn grade_of(verdict: Verdict, score: f64) -> Grade {
    Grade { verdict, score }
}

/// All lists of so many verdicts.
fn lists(length: usize) -> Vec<Vec<Verdict>> {
    let mut lists = vec![Vec::new()];
    for _ in 0..length {
        let longer = |list: &Vec<Verdict>| {
            let list = list.clone();
            VERDICTS.map(move |verdict| [&list[..], &[verdict]].concat())
        };
        lists = lists.iter().flat_map(longer).collect();
    }
    lists
}

fn rules(verdict: VerdictRule, score: ScoreRule) -> Rules {
    Rules {
        verdict,
        score,
        ..Rules::PLAIN
    }
}

#[test]
fn every_list_of_verdicts_comes_to_what_the_default_grader_says() {
    // From best to worst, so that the worst error is the greatest.
    let badness = |verdict: &Verdict| VERDICTS.iter().position(|v| v == verdict).unwrap();
    for length in 0..4 {
        for list in lists(length) {
            let grades: Vec<Grade> = list.iter().map(|v| grade_of(*v, 1.0)).collect();
            let worst = list.iter().copied().max_by_key(badness).unwrap_or(Accepted);
            let first = list.iter().copied().find(|v| *v != Accepted);
            for (rule, expected) in [
                (VerdictRule::WorstError, worst),
                (VerdictRule::FirstError, first.unwrap_or(Accepted)),
                (VerdictRule::AlwaysAccept, Accepted),
            ] {
                let mut rules = rules(rule, ScoreRule::Sum);
                let verdict = |rules: &Rules| by_rules(rules, &grades).verdict;
                assert_eq!(verdict(&rules), expected, "{rule:?} {list:?}");
                rules.only_last = true;
                let last = list.last().copied().unwrap_or(Accepted);
                let of_last = match rule {
                    VerdictRule::AlwaysAccept => Accepted,
                    _ => last,
                };
                assert_eq!(verdict(&rules), of_last, "{rule:?} {list:?}");
                rules.only_last = false;
                rules.accept_if_any = true;
                let any = match list.contains(&Accepted) {
                    true => Accepted,
                    false => expected,
                };
                assert_eq!(verdict(&rules), any, "{rule:?} {list:?}");
            }
        }
    }
}

#[test]
fn scores_come_together_as_each_rule_says() {
    let grades = [
        grade_of(Accepted, 4.0),
        grade_of(WrongAnswer, 1.0),
        grade_of(Accepted, 0.5),
    ];
    let all = [grade_of(Accepted, 0.5), grade_of(Accepted, 1.0)];
    let threshold = |limit| ScoreRule::Threshold { limit, score: 9.0 };
    for (rule, grades, expected) in [
        (ScoreRule::Sum, &grades[..], 5.5),
        (ScoreRule::Average, &grades, 5.5 / 3.0),
        (ScoreRule::Min, &grades, 0.5),
        (ScoreRule::Max, &grades, 4.0),
        (ScoreRule::Product, &grades, 2.0),
        (ScoreRule::AllOrNothing(7.0), &grades, 0.0),
        (ScoreRule::AllOrNothing(7.0), &all, 7.0),
        (threshold(1.0), &all, 9.0),
        (threshold(0.9), &all, 0.0),
        (ScoreRule::Min, &[], 0.0),
        (ScoreRule::Max, &[], 0.0),
        (ScoreRule::Average, &[], 0.0),
        (ScoreRule::AllOrNothing(7.0), &[], 0.0),
    ] {
        assert_eq!(total(rule, grades), expected, "{rule:?}");
        let doubled = Rules {
            factor: 2.0,
            ..rules(VerdictRule::FirstError, rule)
        };
        assert_eq!(by_rules(&doubled, grades).score, 2.0 * expected);
    }
    let last = Rules {
        only_last: true,
        ..Rules::PLAIN
    };
    assert_eq!(by_rules(&last, &grades).score, 0.5);
}

#[test]
fn a_case_is_worth_what_its_group_and_its_validator_say() {
    let fixed = Worth::Fixed {
        accepted: 5.0,
        rejected: 2.0,
    };
    let (part, many) = (Some(Points::Part(0.5)), Some(Points::Score(11.0)));
    let few = Some(Points::Score(3.0));
    let less = Some(Points::Score(-1.0));
    let (third, share) = (100.0 / 3.0, Some(Points::Score(33.333_333_333_4)));
    for (worth, points, expected) in [
        (Worth::NoPoints, None, Ok(0.0)),
        (Worth::NoPoints, few, Err("none to give")),
        (Worth::Ignored, None, Ok(0.0)),
        (Worth::Ignored, few, Ok(0.0)),
        (fixed, None, Ok(5.0)),
        (fixed, many, Ok(11.0)),
        (fixed, less, Ok(-1.0)),
        (fixed, part, Ok(2.5)),
        (Worth::UpTo(10.0), None, Ok(10.0)),
        (Worth::UpTo(10.0), few, Ok(3.0)),
        (Worth::UpTo(10.0), part, Ok(5.0)),
        (
            Worth::UpTo(10.0),
            many,
            Err("11 points for a case that has 10"),
        ),
        (Worth::UpTo(10.0), less, Err("-1 points")),
        (Worth::UpTo(third), share, Ok(third)),
        (Worth::Unbounded, many, Ok(11.0)),
        (Worth::Unbounded, less, Err("-1 points")),
        (Worth::Unbounded, None, Err("gave no points")),
        (Worth::Unbounded, part, Err("a part of the points")),
    ] {
        match (score(worth, Accepted, points), expected) {
            (Ok(score), Ok(expected)) => assert_eq!(score, expected, "{worth:?} {points:?}"),
            (Err(error), Err(words)) => assert!(error.contains(words), "{error}"),
            (found, _) => panic!("{worth:?} {points:?}: {found:?}"),
        }
        // What was too slow may have been right, and is worth nothing all the same.
        let rejected = if worth == fixed { 2.0 } else { 0.0 };
        assert_eq!(score(worth, TimeLimit, points), Ok(rejected));
    }
}

fn cases(places: std::ops::Range<usize>) -> Vec<Member> {
    places
        .map(|index| Member::Case(index, Worth::NoPoints))
        .collect()
}

fn group(name: &str, members: Vec<Member>, on_reject: OnReject, rules: Rules) -> Group {
    Group {
        name: name.to_owned(),
        members,
        on_reject,
        requires: Vec::new(),
        grading: Grading::Rules(rules),
        range: Range::ANY,
    }
}

/// A problem as olympiads have them: a sample, and two groups of two cases.
fn olympiad() -> Group {
    let min = rules(VerdictRule::WorstError, ScoreRule::Min);
    let groups = [("secret/1", 1..3), ("secret/2", 3..5)]
        .map(|(name, places)| Member::Group(group(name, cases(places), OnReject::Break, min)));
    let any = Rules {
        accept_if_any: true,
        ..Rules::PLAIN
    };
    let sample = group("sample", cases(0..1), OnReject::Continue, Rules::PLAIN);
    let secret = group("secret", groups.to_vec(), OnReject::Continue, any);
    let ignore_sample = Rules {
        only_last: true,
        ..Rules::PLAIN
    };
    let members = vec![Member::Group(sample), Member::Group(secret)];
    group("", members, OnReject::Continue, ignore_sample)
}

/// Results as letters, `.` for an unknown one; an accepted case has the score 10.
fn results(letters: &str) -> Vec<Option<Grade>> {
    let grade = |letter| match letter {
        'A' => Some(grade_of(Accepted, 10.0)),
        'W' => Some(grade_of(WrongAnswer, 0.0)),
        'T' => Some(grade_of(TimeLimit, 0.0)),
        _ => None,
    };
    letters.chars().map(grade).collect()
}

/// The cases that may count as `x`, and the grade of the whole.
fn standing(root: &Group, letters: &str) -> (String, Option<(Verdict, f64)>) {
    let standing = grade_so_far(root, &results(letters));
    let counts = standing.counts.iter();
    let shown = counts
        .map(|counts| if *counts { 'x' } else { '-' })
        .collect();
    let whole = standing.whole();
    (shown, whole.map(|grade| (grade.verdict, grade.score)))
}

#[test]
fn a_failure_ends_its_group_and_no_other() {
    let root = olympiad();
    for (letters, counts, whole) in [
        (".....", "xxxxx", None),
        ("AAAAA", "xxxxx", Some((Accepted, 20.0))),
        ("WAAAA", "xxxxx", Some((Accepted, 20.0))),
        ("AW.AA", "xx-xx", Some((Accepted, 10.0))),
        ("AWTAA", "xx-xx", Some((Accepted, 10.0))),
        ("AAAW.", "xxxx-", Some((Accepted, 10.0))),
        ("AAATA", "xxxx-", Some((Accepted, 10.0))),
        ("AW.T.", "xx-x-", Some((WrongAnswer, 0.0))),
        ("A.WAA", "xxxxx", None),
        (".AAAA", "xxxxx", None),
    ] {
        assert_eq!(
            standing(&root, letters),
            (counts.to_owned(), whole),
            "{letters}"
        );
    }
}

#[test]
fn what_is_left_out_never_changes_the_grade() {
    let mut root = olympiad();
    // A tree with a dependency, too: the second group needs the first.
    for requires in [Vec::new(), vec!["secret/1".to_owned()]] {
        if let Member::Group(secret) = &mut root.members[1]
            && let Member::Group(second) = &mut secret.members[1]
        {
            second.requires = requires;
        }
        for number in 0..3_usize.pow(5) {
            let letter = |place| ['A', 'W', 'T'][number / 3_usize.pow(place) % 3];
            let all: String = (0..5).map(letter).collect();
            let (counts, whole) = standing(&root, &all);
            let counted = all.chars().zip(counts.chars());
            let needed: String = counted
                .map(|(letter, counts)| if counts == 'x' { letter } else { '.' })
                .collect();
            assert_eq!(standing(&root, &needed), (counts, whole), "{all} {needed}");
            // Whatever is known already: what counts in the end was never left out before.
            for known in 0..32_u32 {
                let some: String = (0..5)
                    .map(|place| {
                        if known >> place & 1 == 1 {
                            letter(place)
                        } else {
                            '.'
                        }
                    })
                    .collect();
                let (before, _) = standing(&root, &some);
                let is_lost = needed
                    .chars()
                    .zip(before.chars())
                    .any(|(n, b)| n != '.' && b == '-');
                assert!(!is_lost, "{all} {some}");
            }
        }
    }
}

#[test]
fn a_case_of_several_groups_is_run_where_one_of_them_needs_it() {
    let parts = |name: &str, cases: &[usize], rule| {
        Member::Group(Group::of_parts(name.to_owned(), cases, rule, 10.0))
    };
    let good = ScoreRule::Threshold {
        limit: 10.0,
        score: 1.0,
    };
    let members = vec![
        parts("min", &[0, 1, 2], ScoreRule::Min),
        parts("product", &[1, 3], ScoreRule::Product),
        parts("threshold", &[2, 3], good),
    ];
    let root = Group::adding_up(String::new(), members);
    for number in 0..3_usize.pow(4) {
        let letter = |place| ['A', 'W', 'T'][number / 3_usize.pow(place) % 3];
        let all: String = (0..4).map(letter).collect();
        let (counts, whole) = standing(&root, &all);
        // Each is needed where all before it in some group are right, and only there.
        let right = |place: usize| all.as_bytes()[place] == b'A';
        let needed = [true, true, true, right(1) || right(2)];
        let shown: String = needed.map(|it| if it { 'x' } else { '-' }).iter().collect();
        assert_eq!(counts, shown, "{all}");
        // A right case is worth 10 here.
        let of = |cases: &[usize], worth: f64| match cases.iter().all(|&place| right(place)) {
            true => worth,
            false => 0.0,
        };
        let score = of(&[0, 1, 2], 100.0) + of(&[1, 3], 1000.0) + of(&[2, 3], 10.0);
        let verdict = match all.chars().find(|letter| *letter != 'A') {
            None => Accepted,
            Some('W') => WrongAnswer,
            Some(_) => TimeLimit,
        };
        assert_eq!(whole, Some((verdict, score)), "{all}");
        // What is not needed changes nothing.
        let cut: String = all
            .chars()
            .zip(counts.chars())
            .map(|(letter, counts)| if counts == 'x' { letter } else { '.' })
            .collect();
        assert_eq!(standing(&root, &cut), (counts, whole), "{all}");
    }
}

#[test]
fn a_group_whose_requirement_fails_is_not_run_and_fails() {
    let mut root = olympiad();
    let Member::Group(secret) = &mut root.members[1] else {
        panic!("no group");
    };
    secret.grading = Grading::Rules(Rules::PLAIN);
    let Member::Group(second) = &mut secret.members[1] else {
        panic!("no group");
    };
    second.requires = vec!["sample".to_owned()];
    assert_eq!(standing(&root, "AAAAA").1, Some((Accepted, 20.0)));
    let (counts, whole) = standing(&root, "WAA..");
    assert_eq!((counts.as_str(), whole), ("xxx--", Some((Skipped, 10.0))));
    let so_far = grade_so_far(&root, &results("WAA.."));
    let of = |name: &str| so_far.groups.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(of("secret/2"), Some(NOT_RUN));
    // A group that needs one that was not run is not run either.
    let Member::Group(secret) = &mut root.members[1] else {
        panic!("no group");
    };
    let third = Group {
        requires: vec!["secret/2".to_owned()],
        ..group("secret/3", cases(5..6), OnReject::Break, Rules::PLAIN)
    };
    secret.members.push(Member::Group(third));
    assert_eq!(standing(&root, "WAA...").0, "xxx---");
}

#[test]
fn a_program_is_asked_once_all_members_are_known() {
    let mut root = olympiad();
    root.members.remove(0);
    let Member::Group(secret) = &mut root.members[0] else {
        panic!("no group");
    };
    secret.grading = Grading::Program(vec!["flag".to_owned()]);
    let graded = |letters: &str| {
        let mut asked = Vec::new();
        let standing = grade(&root, &results(letters), &mut |arguments, grades| {
            asked.push((arguments.to_vec(), grades.to_vec()));
            Ok::<_, String>(Some(grade_of(Accepted, 42.0)))
        });
        (standing.unwrap().whole(), asked)
    };
    let (whole, asked) = graded(".AAW.");
    assert_eq!(whole, Some(grade_of(Accepted, 42.0)));
    let grades = vec![grade_of(Accepted, 10.0), grade_of(WrongAnswer, 0.0)];
    assert_eq!(asked, [(vec!["flag".to_owned()], grades)]);
    assert_eq!(graded(".AA.."), (None, Vec::new()));
    let fails = grade(&root, &results(".AAW."), &mut |_, _| Err("broken"));
    assert_eq!(fails, Err("broken"));
}
