//! Problems of DMOJ, whole and broken ones.

use super::super::making::Makes;
use super::super::tree::tests::tree;
use super::super::{self as package, Package};
use super::*;
use crate::problem::groups::{Member, OnReject, Worth};
use crate::problem::{Checker, Protocol};

fn read_with(yaml: &str) -> (Option<Package>, Vec<String>) {
    let (package, findings) = package::read(&tree(&[
        (FILE, yaml),
        ("1.in", "1\r\n2"),
        ("1.out", "3"),
        ("gen.cpp", "gen"),
        ("entry.c", "entry"),
        ("lib.h", "lib"),
        ("check.cpp", "check"),
        ("check.py", "check"),
        ("talk.py", "class Grader(InteractiveGrader): pass"),
        ("plain.py", "class Grader(StandardGrader): pass"),
        (
            "inside.py",
            "class Grader(StandardGrader):\n    def check_result(self, case, result):\n        \
             return len(self.source) < 9 # self.judge\n",
        ),
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
fn cases_have_points_and_batches_those_of_their_worst_case() {
    let (package, found) = read_with(
        "test_cases:\n- {in: 1.in, points: 5}\n- {in: 1.in}\n\
         - {batched: [{in: 1.in}, {in: 1.in}], points: 40}\n\
         - {batched: [{in: 1.in}], points: 54.5, dependencies: [1]}\n",
    );
    let package = package.unwrap_or_else(|| panic!("{found:?}"));
    assert!(!found.iter().any(|f| f.contains("points")), "{found:?}");
    let first = Group::of_the_worst("3".to_owned(), &[2, 3], Worth::UpTo(40.0));
    let second = Group {
        requires: vec!["3".to_owned()],
        ..Group::of_the_worst("4".to_owned(), &[4], Worth::UpTo(54.5))
    };
    let members = vec![
        Member::Case(0, Worth::UpTo(5.0)),
        // What says nothing is worth one point.
        Member::Case(1, Worth::UpTo(1.0)),
        Member::Group(first),
        Member::Group(second),
    ];
    assert_eq!(package.groups, Group::adding_up(String::new(), members));
    assert_eq!(
        package.scoring.unwrap().full_score(&package.groups),
        Some(100.5)
    );
}

#[test]
fn pretests_give_no_points_and_stop_the_rest() {
    let package = read_with(
        "pretest_test_cases:\n- {in: 1.in, points: 9}\n- {batched: [{in: 1.in}], points: 9}\n\
         test_cases:\n- {in: 1.in, points: 5}\n- {batched: [{in: 1.in}], dependencies: [1], points: 1}\n",
    );
    let root = package.0.unwrap().groups;
    assert_eq!((root.on_reject, root.range.max), (OnReject::Break, 6.0));
    let [
        Member::Case(0, _),
        Member::Group(batch),
        Member::Group(rest),
    ] = &root.members[..]
    else {
        panic!("{root:?}");
    };
    assert_eq!((batch.name.as_str(), batch.range.max), ("pretest.2", 0.0));
    assert_eq!(
        (rest.on_reject, rest.cases()),
        (OnReject::Continue, vec![2, 3])
    );
    assert_eq!(rest.find("2").unwrap().requires, ["pretest.2"]);
}

#[test]
fn patterns_have_points_for_each_batch_and_each_case_outside() {
    let of = |points: &str| {
        let formats = r"input_format: '((?P<batch>\w)\.)?(?P<case>\d)\.in', output_format: '((?P<batch>\w)\.)?(?P<case>\d)\.out'";
        read_with(&format!(
            "archive: data.zip\ntest_cases: {{{formats}, case_points: {points}}}\n"
        ))
    };
    let (package, found) = of("[70]");
    let package = package.unwrap_or_else(|| panic!("{found:?}"));
    let batch = Group::of_the_worst("a".to_owned(), &[0], Worth::UpTo(70.0));
    assert_eq!(package.groups.members, [Member::Group(batch)]);
    for (points, words) in [("[]", "too few"), ("[x]", "must be a list of numbers")] {
        let (package, found) = of(points);
        assert!(
            package.is_none() && found.iter().any(|f| f.contains(words)),
            "{found:?}"
        );
    }
}

#[test]
fn a_problem_gives_points_where_it_says_any() {
    let of = |rest: &str| {
        read_with(&format!("test_cases: [{{in: 1.in}}, {{in: 1.in}}]\n{rest}"))
            .0
            .unwrap()
    };
    let none = of("");
    assert_eq!((none.scoring, none.groups), (None, Group::of_cases(2)));
    let all = of("points: 50\n");
    assert_eq!(
        (all.groups.range.max, all.groups.on_reject),
        (100.0, OnReject::Continue)
    );
    let short = of("points: 50\nshort_circuit: true\n");
    assert_eq!(short.groups.on_reject, OnReject::Break);
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
    assert_eq!(
        first.makes,
        Makes::Case {
            case: 0,
            writes_answer: true
        }
    );
    assert_eq!(first.arguments, ["10", "5"]);
    assert_eq!(
        last.makes,
        Makes::Case {
            case: 2,
            writes_answer: false
        }
    );
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
    let [coci, peg] = ["coci", "peg"].map(|kind| checker.replace("testlib", kind));
    for (yaml, is_interactive, expected) in [
        (checker, false, Protocol::Testlib),
        (&coci, false, Protocol::Coci),
        (&peg, false, Protocol::Peg),
        (interactor, true, Protocol::Dmoj),
        ("custom_judge: talk.py\n", true, Protocol::Testlib),
    ] {
        let yaml = format!("{yaml}test_cases: [{{in: 1.in}}, {{in: 1.in}}]\n");
        match read_with(&yaml).0.unwrap().validation {
            Validation::Foreign {
                interactor,
                checker,
                protocol,
                arguments: None,
                second_run: None,
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
fn checkers_in_python_are_asked_by_a_program_of_ours() {
    for (checker, own) in [
        (
            "{name: check.py, args: {eps: 1e-6, strict: true, words: [a, 1]}}",
            1,
        ),
        ("linematches", 0),
    ] {
        let yaml = format!("checker: {checker}\ntest_cases: [{{in: 1.in, points: 5}}]\n");
        let (package, found) = read_with(&yaml);
        let package = package.unwrap_or_else(|| panic!("{found:?}"));
        assert_eq!(package.cases[0].output_validator_args, ["5", "1", "false"]);
        let Validation::Foreign {
            checker: Some(program),
            protocol: Protocol::Cms,
            ..
        } = package.validation
        else {
            panic!("{:?}", package.validation);
        };
        let names: Vec<&str> = program.files.iter().map(|file| &*file.name).collect();
        assert_eq!(names[..2], ["ask_checker.py", "checker.json"]);
        assert_eq!(names.len(), 2 + own);
        let settings: serde_json::Value = serde_json::from_slice(&program.files[1].bytes).unwrap();
        if own == 1 {
            let arguments = serde_json::json!({"eps": 1e-6, "strict": true, "words": ["a", 1]});
            assert_eq!(
                settings,
                serde_json::json!({"name": "check.py", "arguments": arguments})
            );
        }
    }
}

#[test]
fn programs_have_flags_and_arguments_of_their_own() {
    let yaml = "checker:\n  name: bridged\n  args:\n    files: [check.cpp, check.py]\n    \
                flags: [-DA, -DB=2, -O2]\n    args_format_string: \"--in={input_file} 'a b'\"\n\
                test_cases: [{in: 1.in}]\n";
    let Validation::Foreign {
        checker: Some(checker),
        arguments,
        ..
    } = read_with(yaml).0.unwrap().validation
    else {
        panic!("no program");
    };
    let texts = checker
        .files
        .iter()
        .map(|file| String::from_utf8_lossy(&file.bytes));
    let texts: Vec<_> = texts.collect();
    assert_eq!(texts, ["#define A 1\n#define B 2\n#line 1\ncheck", "check"]);
    assert_eq!(arguments.unwrap().0, ["--in={input_file}", "a b"]);
}

#[test]
fn a_signature_is_for_the_languages_of_its_entry() {
    for (entry, languages) in [("gen.cpp", &["cpp"][..]), ("entry.c", &["c", "cpp"])] {
        let yaml = format!(
            "signature_grader: {{entry: {entry}, header: lib.h}}\ntest_cases: [{{in: 1.in}}]\n"
        );
        let package = read_with(&yaml).0.unwrap();
        assert_eq!(package.languages.unwrap(), languages);
        let names = package.includes["cpp"].iter().map(|file| &*file.name);
        assert_eq!(names.collect::<Vec<_>>(), ["signature_grader.cpp", "lib.h"]);
        let frame = &package.frames["cpp"];
        assert!(
            frame
                .preamble
                .contains("\n#include \"lib.h\"\n#define main "),
            "{frame:?}"
        );
    }
}

#[track_caller]
fn assert_refused(yaml: &str, words: &str) {
    let (package, found) = read_with(&format!("{yaml}test_cases: [{{in: 1.in}}]\n"));
    assert!(package.is_none(), "{yaml}");
    let is_told = found
        .iter()
        .any(|f| f.starts_with("error: ") && f.contains(words));
    assert!(is_told, "{words}: {found:?}");
}

#[test]
fn ways_of_running_submissions_that_cannot_be_had_are_named_with_their_lines() {
    for (yaml, words) in [
        ("custom_judge: x.py\n", "init.yml:1: there is no file x.py"),
        (
            "custom_judge: check.py\n",
            "init.yml:1: this is no grader: its class Grader must be",
        ),
        (
            "custom_judge: inside.py\n",
            "inside.py:3: this grader asks for the source of submissions, which works inside DMOJ only",
        ),
        (
            "custom_judge: plain.py\npretest_test_cases: [{in: 1.in, out: 1.out, checker: easy}]\n",
            "init.yml:2: plain.py would have this checker judge",
        ),
        (
            "custom_judge: talk.py\ninteractive: {files: gen.cpp}\n",
            "init.yml:2: custom_judge and interactive cannot be together",
        ),
        (
            "signature_grader: {entry: gen.cpp}\n",
            "init.yml:1: signature_grader must name a file as its header",
        ),
        (
            "symlinks: {a: /etc/passwd}\n",
            "init.yml:1: only links to /dev/stdin and /dev/stdout",
        ),
        (
            "symlinks: {../a: /dev/stdin}\n",
            "init.yml:1: each stream has one more name only",
        ),
        (
            "interactive: {files: gen.cpp}\nsymlinks: {a: /dev/stdin}\n",
            "init.yml:1: whoever talks",
        ),
    ] {
        assert_refused(yaml, words);
    }
}

#[test]
fn what_is_not_supported_is_named_with_its_line() {
    for (yaml, words) in [
        ("checker: none.py\n", "init.yml:1: there is no file none.py"),
        (
            "checker: odd\n",
            "init.yml:1: the checker \"odd\" is not supported",
        ),
        (
            "checker: {name: bridged, args: {files: no.c}}\n",
            "init.yml:1: there is no file no.c",
        ),
        (
            "checker: {name: bridged, args: {files: gen.cpp, type: odd}}\n",
            "the type \"odd\"",
        ),
        (
            "checker: {name: bridged, args: {files: gen.cpp, flags: [-O2, -include, x]}}\n",
            "the flag \"-include\" is not supported",
        ),
        (
            "checker: {name: bridged, args: {files: gen.cpp, args_format_string: '{input_file} {x}'}}\n",
            "\"{x}\" cannot be filled in",
        ),
        (
            "interactive: {files: gen.cpp, type: peg}\n",
            "init.yml:1: interactors of the type peg have no usual arguments",
        ),
        (
            "generator: none.cpp\n",
            "init.yml:1: there is no file none.cpp",
        ),
        ("points: -1\n", "init.yml:1: points must be a number"),
        ("output_limit_length: 0\n", "init.yml:1: the limit must be"),
    ] {
        assert_refused(yaml, words);
    }
    let missing = read_with("test_cases: [{in: none}]\n").1;
    assert!(missing[0].contains("there is no file none"), "{missing:?}");
    for dependency in ["1", "0", "x"] {
        let yaml =
            format!("test_cases: [{{batched: [{{in: 1.in}}], dependencies: [{dependency}]}}]\n");
        let found = read_with(&yaml).1;
        assert!(
            found
                .iter()
                .any(|f| f.contains("numbers of earlier batches")),
            "{found:?}"
        );
    }
    let mixed = "checker: {name: bridged, args: {files: gen.cpp}}\n\
                 test_cases: [{in: 1.in}, {in: 1.in, checker: sorted}]\n";
    assert!(
        read_with(mixed)
            .1
            .iter()
            .any(|f| f.contains("checkers of their own"))
    );
}
