//! Whole packages.

use super::tree::tests::tree;
use super::*;

const CASE: [(&str, &str); 2] = [("data/secret/1.in", ""), ("data/secret/1.ans", "")];

const NEW: &str = "problem_format_version: 2025-09\nname: A\n\
    uuid: 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a01\n";

fn read_files(files: &[(&str, &str)]) -> (Option<Package>, Vec<String>) {
    let statement = [("statement/problem.en.md", "")];
    let (package, findings) = read(&tree(&[&CASE, &statement[..], files].concat()));
    (package, findings.iter().map(ToString::to_string).collect())
}

const AC: (&str, &str) = ("submissions/accepted/a.py", "");

#[test]
fn a_small_package_is_read() {
    let yaml = (
        "problem.yaml",
        "name: A\nvalidator_flags: float_tolerance 0.5\n",
    );
    let include = ("include/cpp/lib.h", "x");
    let (package, found) = read_files(&[yaml, AC, include]);
    assert_eq!(found, Vec::<String>::new());
    let package = package.unwrap();
    assert_eq!(package.includes["cpp"][0].name, "lib.h");
    assert_eq!((package.cases.len(), package.submissions.len()), (1, 1));
    let Validation::Default(checkers) = package.validation else {
        panic!("not the default validator");
    };
    let half = Some(0.5);
    assert!(matches!(checkers[..], [Checker::Default { absolute, .. }] if absolute == half));
}

#[test]
fn of_a_key_that_is_given_twice_the_last_one_counts_with_a_warning() {
    let yaml = (
        "problem.yaml",
        "name: A\nlimits:\n  memory: 1\n  memory: 2\n",
    );
    let (package, found) = read_files(&[yaml, AC]);
    assert_eq!(package.unwrap().limits.memory_bytes, 2 << 20);
    assert!(
        matches!(&found[..], [warning] if warning.contains("problem.yaml:4: \"memory\" is given twice")),
        "{found:?}"
    );
}

#[test]
fn what_looks_like_a_slip_is_a_warning() {
    let yaml = ("problem.yaml", "name: A\n");
    let slips = [
        ("submissions/acepted/a.py", ""),
        ("input_validator/a.py", ""),
    ];
    let (package, found) = read_files(&[&[yaml, AC], &slips[..]].concat());
    assert!(package.is_some());
    for words in ["if accepted is meant", "if input_validators is meant"] {
        assert!(found.iter().any(|found| found.contains(words)), "{found:?}");
    }
}

#[test]
fn names_that_are_none_of_the_format_are_ignored_in_2025_09() {
    let odd = [("data/secret/a b.in", ""), ("data/secret/a b.ans", "")];
    for (yaml, cases, warnings) in [(NEW, 1, 1), ("name: A\n", 2, 0)] {
        let (package, found) = read_files(&[&[("problem.yaml", yaml), AC], &odd[..]].concat());
        assert_eq!(
            (package.unwrap().cases.len(), found.len()),
            (cases, warnings),
            "{found:?}"
        );
    }
}

#[test]
fn languages_in_which_it_may_be_solved_are_a_list_or_all() {
    let languages = |text: &str| {
        let yaml = format!("{NEW}languages: {text}\n");
        let (package, found) = read_files(&[("problem.yaml", &yaml), AC]);
        package.map(|package| package.languages).ok_or(found)
    };
    assert_eq!(languages("all"), Ok(None));
    let two = ["cpp", "python3"].map(str::to_owned).to_vec();
    assert_eq!(languages("[cpp, python3]"), Ok(Some(two)));
    assert!(languages("[]").unwrap_err()[0].contains("at least one"));
}

#[test]
fn a_validator_is_used_where_the_format_says_so() {
    let validator = ("output_validators/v/v.cc", "");
    let single = ("output_validator/v.cc", "");
    let legacy = ("problem.yaml", "name: A\n");
    let custom = ("problem.yaml", "validation: custom\n");
    let new = ("problem.yaml", NEW);
    let used = |yaml, files: &[_]| {
        let (package, found) = read_files(&[&[yaml, AC], files].concat());
        (
            package.map(|p| matches!(p.validation, Validation::Custom(_))),
            found.len(),
        )
    };
    assert_eq!(used(custom, &[validator]), (Some(true), 0));
    assert_eq!(used(custom, &[single]), (Some(true), 0));
    assert_eq!(used(new, &[single]), (Some(true), 0));
    assert_eq!(used(new, &[]), (Some(false), 0));
    assert_eq!(used(legacy, &[validator]), (Some(false), 1));
    assert_eq!(used(custom, &[]), (None, 1));
}

#[test]
fn a_multi_pass_problem_has_one_validator_and_a_number_of_passes() {
    let one = ("output_validators/v/v.cc", "");
    let two = ("output_validators/w/w.cc", "");
    let yaml = (
        "problem.yaml",
        "validation: custom multi-pass\nlimits: {validation_passes: 26}\n",
    );
    assert_eq!(read_files(&[yaml, one, AC]).0.unwrap().max_passes, 26);
    let twice = ("problem.yaml", "validation: custom multi-pass\n");
    assert_eq!(read_files(&[twice, one, AC]).0.unwrap().max_passes, 2);
    let once = ("problem.yaml", "validation: custom\n");
    assert_eq!(read_files(&[once, one, two, AC]).0.unwrap().max_passes, 1);
    let (package, found) = read_files(&[yaml, one, two, AC]);
    assert!(
        package.is_none() && found[0].contains("output_validators/w: "),
        "{found:?}"
    );
    for passes in ["1", "2.5", "100000"] {
        let text =
            format!("validation: custom multi-pass\nlimits: {{validation_passes: {passes}}}\n");
        let (package, found) = read_files(&[("problem.yaml", &text), one, AC]);
        assert!(
            package.is_none() && found[0].contains("from 2 to"),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_not_supported_is_refused() {
    for (path, text, words) in [
        (
            "problem.yaml",
            "validation: custom interactive\n",
            "there is no output validator",
        ),
        (
            "problem.yaml",
            "type: [multi-pass]\n",
            "there is no output validator",
        ),
        (
            "problem.yaml",
            "type: [submit-answer, multi-pass]\n",
            "nothing runs",
        ),
        (
            "problem.yaml",
            "type: [pass-fail, scoring]\n",
            "exclude each other",
        ),
        ("problem.yaml", "type: [scoring, scoring]\n", "twice"),
        (
            "problem.yaml",
            "validator_flags: fuzzy\n",
            "\"fuzzy\" is no argument",
        ),
        (
            "static_validator/s.py",
            "",
            "only the format 2025-09 has static validators",
        ),
    ] {
        let yaml = ("problem.yaml", "name: A\n");
        let files = match path {
            "problem.yaml" => vec![(path, text), AC],
            _ => vec![(path, text), yaml, AC],
        };
        let (package, found) = read_files(&files);
        assert!(package.is_none(), "{text}");
        assert!(found.iter().any(|found| found.contains(words)), "{found:?}");
    }
    assert!(read_files(&[AC]).1[0].contains("no problem.yaml"));
}
