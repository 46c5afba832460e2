//! Problems of DMOJ, whole and broken ones.

use super::super::tree::tests::tree;
use super::super::{self as package, Package};
use super::*;
use crate::problem::{Checker, Protocol};

fn read_with(yaml: &str) -> (Option<Package>, Vec<String>) {
    let (package, findings) = package::read(&tree(&[
        (FILE, yaml),
        ("1.in", "1\r\n2"),
        ("1.out", "3"),
        ("gen.cpp", "gen"),
        ("lib.h", "lib"),
        ("check.cpp", "check"),
        ("data.zip/a.1.in", "in"),
        ("data.zip/a.1.out", "out"),
    ]));
    (package, findings.iter().map(ToString::to_string).collect())
}

fn compared(yaml: &str) -> Vec<Checker> {
    match read_with(yaml).0.unwrap().validation {
        Validation::Default(checkers) => checkers,
        other => panic!("{other:?}"),
    }
}

#[test]
fn test_cases_and_batches_are_read_in_order() {
    let (package, found) = read_with(
        "archive: data.zip\ntest_cases:\n- {in: 1.in, out: 1.out, points: 5}\n\
         - batched:\n  - {in: a.1.in, out: a.1.out}\n  - {out: 1.out}\n  points: 95\n\
         pretest_test_cases:\n- {in: 1.in}\n",
    );
    let package = package.unwrap();
    let names: Vec<&str> = package
        .cases
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(names, ["pretest.1", "1", "2-1", "2-2"]);
    assert_eq!(&package.cases[1].input[..], b"1\n2\n");
    assert_eq!(&package.cases[2].answer[..], b"out\n");
    assert!(package.cases[3].input.is_empty() && package.making.is_empty());
    assert_eq!(package.time.limit_ms, Some(2000));
    assert!(
        found.iter().any(|f| f.contains("no limits: 2 seconds")),
        "{found:?}"
    );
}

#[test]
fn test_cases_may_be_found_in_the_archive() {
    let package = read_with("archive: data.zip\n").0.unwrap();
    let [only] = &package.cases[..] else {
        panic!("{:?}", package.cases);
    };
    assert_eq!((only.name.as_str(), &only.input[..]), ("1", &b"in\n"[..]));
    assert!(
        read_with("points: 1\n")
            .1
            .iter()
            .any(|f| f.contains("there must be an archive"))
    );
}

#[test]
fn a_generator_writes_inputs_and_answers() {
    let package = read_with(
        "generator: {source: [gen.cpp, lib.h], args: [x]}\ntest_cases:\n\
         - {generator_args: [10, 5]}\n- {in: 1.in, out: 1.out}\n- {out: 1.out, generator_in: 1.in}\n",
    );
    let making = package.0.unwrap().making;
    assert_eq!(making.generators.len(), 1);
    assert_eq!(making.generators[0].files.len(), 2);
    let [first, last] = &making.inputs[..] else {
        panic!("{making:?}");
    };
    assert_eq!((first.case, first.writes_answer), (0, true));
    assert_eq!(first.arguments, ["10", "5"]);
    assert_eq!((last.case, last.writes_answer), (2, false));
    assert_eq!(
        (&last.arguments[..], &last.stdin[..]),
        (&["x".to_owned()][..], &b"1\n2\n"[..])
    );
}

#[test]
fn checkers_are_known_by_their_names() {
    let with = |checker: &str| {
        compared(&format!(
            "checker: {checker}\ntest_cases: [{{out: 1.out}}]\n"
        ))
    };
    assert_eq!(with("identical"), [Checker::Exact]);
    assert_eq!(with("sorted"), [Checker::UnorderedLines]);
    let floats = with("{name: floats, args: {precision: 2, error_mode: absolute}}");
    let Checker::Lines {
        absolute, relative, ..
    } = floats[0]
    else {
        panic!("{floats:?}");
    };
    assert_eq!((absolute, relative), (Some(0.01), None));
    let own = compared("test_cases: [{out: 1.out}, {out: 1.out, checker: identical}]\n");
    assert_eq!(own[1], Checker::Exact);
    assert!(matches!(
        own[0],
        Checker::Lines {
            skip_blank: true,
            ..
        }
    ));
}

#[test]
fn programs_check_and_interact() {
    let checker = "checker: {name: bridged, args: {files: check.cpp, type: testlib}}\n";
    let interactor = "interactive: {files: [check.cpp, lib.h]}\n";
    for (yaml, is_interactive, expected) in [
        (checker, false, Protocol::Testlib),
        (interactor, true, Protocol::Dmoj),
    ] {
        let yaml = format!("{yaml}test_cases: [{{in: 1.in}}, {{in: 1.in}}]\n");
        match read_with(&yaml).0.unwrap().validation {
            Validation::Foreign {
                interactor,
                checker,
                protocol,
            } => {
                assert_eq!(
                    (interactor.is_some(), checker.is_some()),
                    (is_interactive, !is_interactive)
                );
                assert_eq!(protocol, expected);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_not_supported_is_named_with_its_line() {
    for (yaml, words) in [
        ("custom_judge: x.py\n", "init.yml:1: graders in Python"),
        ("signature_grader: {}\n", "init.yml:1: signature graders"),
        (
            "symlinks: {a: /dev/stdin}\n",
            "init.yml:1: links to the streams",
        ),
        ("checker: check.py\n", "init.yml:1: checkers in Python"),
        (
            "checker: linecount\n",
            "init.yml:1: the checker \"linecount\" is not supported",
        ),
        (
            "checker: {name: bridged, args: {files: no.c}}\n",
            "init.yml:1: there is no file no.c",
        ),
        (
            "checker: {name: bridged, args: {files: gen.cpp, type: coci}}\n",
            "the type \"coci\"",
        ),
        (
            "checker: {name: bridged, args: {files: gen.cpp, flags: [-O]}}\n",
            "flags is not supported",
        ),
        (
            "generator: none.cpp\n",
            "init.yml:1: there is no file none.cpp",
        ),
        ("output_limit_length: 0\n", "init.yml:1: the limit must be"),
    ] {
        let (package, found) = read_with(&format!("{yaml}test_cases: [{{in: 1.in}}]\n"));
        assert!(package.is_none(), "{yaml}");
        let is_told = found
            .iter()
            .any(|f| f.starts_with("error: ") && f.contains(words));
        assert!(is_told, "{words}: {found:?}");
    }
    let missing = read_with("test_cases: [{in: none}]\n").1;
    assert!(missing[0].contains("there is no file none"), "{missing:?}");
    let mixed = "checker: {name: bridged, args: {files: gen.cpp}}\n\
                 test_cases: [{in: 1.in}, {in: 1.in, checker: sorted}]\n";
    assert!(
        read_with(mixed)
            .1
            .iter()
            .any(|f| f.contains("checkers of their own"))
    );
}
