//! Packages of Polygon, whole and broken ones.

use super::super::tree::tests::tree;
use super::super::{self as package, MadeFile, Makes, Package, Validation};
use super::*;
use crate::problem::groups::{Member, Worth};

const JUDGING: &str = r#"<judging input-file="" output-file="" run-count="1">
<testset name="tests">
<time-limit>1500</time-limit><memory-limit>268435456</memory-limit>
<input-path-pattern>tests/%02d</input-path-pattern>
<answer-path-pattern>tests/%02d.a</answer-path-pattern>
<tests><test method="manual" sample="true"/>
<test cmd="gen 5 'a b'" method="generated" group="2"/></tests>
</testset></judging>"#;
const FILES: &str = r#"<files><resources><file path="files/testlib.h" type="h.g++"/><file path="files/a.sty"/>
</resources><executables><executable><source path="files/gen.cpp" type="cpp.g++17"/></executable>
</executables></files>"#;
const CHECKER: &str =
    r#"<checker type="testlib"><source path="files/check.cpp" type="cpp.g++17"/></checker>"#;
const SOLUTIONS: &str = r#"<solutions><solution tag="rejected"><source path="solutions/b.py" type="python.3"/></solution>
<solution tag="main"><source path="solutions/a.cpp" type="cpp.g++17"/></solution></solutions>"#;

fn problem(judging: &str, files: &str, assets: &[&str]) -> String {
    let assets = assets.concat();
    format!(
        "<?xml version=\"1.0\"?>\n<problem short-name=\"p\">\n\
         <names><name language=\"english\" value=\"P\"/></names>\n{judging}{files}\
         <assets>{assets}</assets></problem>"
    )
}

fn read_with(xml: &str, more: &[(&str, &str)]) -> (Option<Package>, Vec<String>) {
    let files = [
        (FILE, xml),
        ("tests/01", "1\r\n2\r\n"),
        ("files/testlib.h", "lib"),
        ("files/gen.cpp", "gen"),
        ("files/check.cpp", "check"),
        ("files/val.cpp", "val"),
        ("files/talk.cpp", "talk"),
        ("solutions/a.cpp", ""),
        ("solutions/b.py", ""),
    ];
    let (package, findings) = package::read(&tree(&[&files, more].concat()));
    (package, findings.iter().map(ToString::to_string).collect())
}

#[test]
fn a_standard_package_says_what_is_to_be_made() {
    let validators =
        r#"<validators><validator><source path="files/val.cpp"/></validator></validators>"#;
    let xml = problem(JUDGING, FILES, &[CHECKER, validators, SOLUTIONS]);
    let (package, found) = read_with(&xml, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("problem.xml:5: the line ends of Windows"));
    let package = package.unwrap();
    assert_eq!(package.names["en"], "P");
    assert_eq!(package.time.limit_ms, Some(1500));
    assert_eq!(package.limits.memory_bytes, 256 << 20);
    let [manual, generated] = &package.cases[..] else {
        panic!("{:?}", package.cases);
    };
    assert_eq!(
        (manual.name.as_str(), &manual.input[..]),
        ("tests/01", &b"1\n2\n"[..])
    );
    assert_eq!(
        generated.input_validator_args,
        ["--testset", "tests", "--group", "2"]
    );
    let [generation] = &package.making.inputs[..] else {
        panic!("{:?}", package.making);
    };
    assert_eq!(
        (generation.makes.first(), &generation.arguments[..]),
        (Some(1), &["5".to_owned(), "a b".to_owned()][..])
    );
    let generator = &package.making.generators[generation.generator];
    let names: Vec<&str> = generator
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(names, ["gen.cpp", "testlib.h"]);
    let answers = package.making.answers.unwrap();
    assert_eq!(answers.cases, [0, 1]);
    assert_eq!(
        package.submissions[answers.submission].path,
        "solutions/a.cpp"
    );
    assert_eq!(package.submissions[0].language.as_deref(), Some("python"));
    assert_eq!(
        (package.input_validators.len(), package.valid_exit_code),
        (1, 0)
    );
    assert!(matches!(
        package.validation,
        Validation::Foreign {
            interactor: None,
            checker: Some(_),
            protocol: Protocol::Testlib,
            arguments: None,
            second_run: None,
        }
    ));
}

#[test]
fn tests_of_one_command_that_leaves_files_are_made_by_one_run() {
    let tests = ["07", "true", "false"]
        .map(|file| format!(r#"<test cmd="gen 5 'a b'" from-file="{file}" method="generated"/>"#));
    let generated = r#"<test cmd="gen 5 'a b'" method="generated" group="2"/>"#;
    let judging = JUDGING.replace(generated, &tests.concat());
    let xml = problem(&judging, FILES, &[CHECKER, SOLUTIONS]);
    let making = read_with(&xml, &[]).0.unwrap().making;
    let [of_files, of_output] = &making.inputs[..] else {
        panic!("{making:?}");
    };
    let file = |case, names: [&str; 3]| MadeFile {
        case,
        names: names.map(str::to_owned).to_vec(),
    };
    let files = vec![file(1, ["07", "007", "0007"]), file(2, ["3", "03", "003"])];
    assert_eq!(of_files.makes, Makes::Files(files));
    assert_eq!(of_output.makes.first(), Some(3));
}

#[test]
fn a_full_package_leaves_nothing_to_be_made() {
    let xml = problem(JUDGING, FILES, &[CHECKER, SOLUTIONS]);
    let full = [("tests/01.a", "3"), ("tests/02", "4"), ("tests/02.a", "5")];
    let package = read_with(&xml, &full).0.unwrap();
    assert!(package.making.is_empty());
    assert_eq!(&package.cases[1].answer[..], b"5");
}

#[test]
fn a_standard_checker_is_compared_like() {
    for (name, is_known) in [
        ("std::ncmp.cpp", true),
        ("std::odd.cpp", false),
        ("check.cpp", false),
    ] {
        let checker = CHECKER.replace("type=", &format!("name=\"{name}\" type="));
        let xml = problem(JUDGING, FILES, &[&checker, SOLUTIONS]);
        let package = read_with(&xml, &[]).0.unwrap();
        assert_eq!(
            matches!(package.validation, Validation::Default(_)),
            is_known,
            "{name}"
        );
    }
}

#[test]
fn some_files_are_compiled_with_solutions_of_some_types() {
    let of = |types: &str, path: &str| {
        format!(
            "<file for-types=\"{types}\" path=\"{path}\" type=\"x\"><stages><stage name=\"COMPILE\"/></stages>\
             <assets><asset name=\"SOLUTION\"/></assets></file>"
        )
    };
    let files = [
        of("cpp.*; c.gcc", "files/gen.cpp"),
        of("python.*", "files/grader.py"),
        of("*", "files/val.cpp"),
        "</resources>".to_owned(),
    ];
    let files = FILES.replace("</resources>", &files.concat());
    let xml = problem(JUDGING, &files, &[CHECKER, SOLUTIONS]);
    let package = read_with(&xml, &[("files/grader.py", "")]).0.unwrap();
    let names = |code: &str| {
        let files = package.includes[code].iter();
        files.map(|file| &*file.name).collect::<Vec<_>>()
    };
    assert_eq!(names("cpp"), ["gen.cpp", "val.cpp"]);
    assert_eq!(names("c"), ["gen.cpp", "val.cpp"]);
    assert_eq!(names("python"), ["grader.py", "val.cpp"]);
    assert_eq!(names("default"), ["val.cpp"]);
    let frames: Vec<_> = package.frames.iter().collect();
    let [(code, frame)] = &frames[..] else {
        panic!("{frames:?}");
    };
    assert_eq!(
        (code.as_str(), &*frame.main, &*frame.submission),
        ("python", "grader.py", "solution.py")
    );
}

#[test]
fn files_may_take_the_place_of_the_standard_streams() {
    let named = JUDGING.replace("output-file=\"\"", "output-file=\"a.out\"");
    let named = named.replace("input-file=\"\"", "input-file=\"stdin\"");
    let xml = problem(&named, FILES, &[CHECKER, SOLUTIONS]);
    let package = read_with(&xml, &[]).0.unwrap();
    let streams = (package.streams.input, package.streams.output);
    assert_eq!(streams, (None, Some("a.out".to_owned())));
    let xml = problem(&named, FILES, &[CHECKER, INTERACTOR, SOLUTIONS]);
    let (_, found) = read_with(&xml, &[]);
    let is_told = |f: &String| f.contains("an interactor talks over the standard streams");
    assert!(found.iter().any(is_told), "{found:?}");
}

const INTERACTOR: &str = r#"<interactor><source path="files/talk.cpp"/></interactor>"#;

#[test]
fn an_interactor_is_followed_by_the_checker() {
    let interactor = INTERACTOR;
    let standard = CHECKER.replace("type=", "name=\"std::ncmp.cpp\" type=");
    let xml = problem(JUDGING, FILES, &[&standard, interactor, SOLUTIONS]);
    let making = read_with(&xml, &[]).0.unwrap().making;
    assert_eq!(making.answers.unwrap().cases, [0, 1]);
    let full = [("tests/01.a", ""), ("tests/02.a", "")];
    let package = read_with(&xml, &full).0.unwrap();
    assert!(matches!(
        package.validation,
        Validation::Foreign {
            interactor: Some(_),
            checker: Some(_),
            ..
        }
    ));
}

#[test]
fn submissions_may_be_run_twice() {
    let judging = JUDGING.replace("run-count=\"1\"", "run-count=\"2\"");
    let standard = CHECKER.replace("type=", "name=\"std::ncmp.cpp\" type=");
    let with_runs =
        |runs: &str| INTERACTOR.replace("</interactor>", &format!("{runs}</interactor>"));
    for (interactor, expected) in [
        (String::new(), SecondRun::Alone),
        (with_runs(""), SecondRun::Alone),
        (
            with_runs("<runs><run>1</run><run>2</run></runs>"),
            SecondRun::Talking,
        ),
    ] {
        let xml = problem(&judging, FILES, &[&standard, &interactor, SOLUTIONS]);
        let package = read_with(&xml, &[]).0.unwrap();
        let Validation::Foreign {
            checker: Some(_),
            second_run,
            ..
        } = package.validation
        else {
            panic!("{:?}", package.validation);
        };
        assert_eq!(second_run, Some(expected), "{interactor}");
    }
    let xml = problem(&judging, FILES, &[INTERACTOR, SOLUTIONS]);
    let (_, found) = read_with(&xml, &[]);
    assert!(
        found.iter().any(|f| f.contains("there is no checker")),
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_used_is_named_with_its_line() {
    let whole = problem(JUDGING, FILES, &[CHECKER, SOLUTIONS]);
    for (from, to, words) in [
        (
            "input-file=\"\"",
            "input-file=\"../a.in\"",
            "problem.xml:4: input-file must be a name",
        ),
        (
            "input-file=\"\" output-file=\"\"",
            "input-file=\"a.txt\" output-file=\"a.txt\"",
            "problem.xml:4: input-file and output-file are the same",
        ),
        (
            "run-count=\"1\"",
            "treat-points-from-checker-as-percent=\"true\"",
            "problem.xml:4: points of the checker that are percents",
        ),
        (
            "run-count=\"1\"",
            "run-count=\"3\"",
            "problem.xml:4: run-count must be 1 or 2",
        ),
        (
            "<time-limit>1500",
            "<time-limit>soon",
            "problem.xml:6: time-limit must be",
        ),
        (
            "tests/%02d<",
            "tests/x<",
            "problem.xml:7: input-path-pattern must be",
        ),
        (
            "cmd=\"gen",
            "cmd=\"other",
            "problem.xml:10: there is no generator \"other\"",
        ),
        (
            "method=\"generated\"",
            "method=\"manual\"",
            "problem.xml:10: there is no file tests/02",
        ),
        (
            "tag=\"main\"",
            "tag=\"accepted\"",
            "no solution with the tag main",
        ),
        (
            "files/check.cpp",
            "files/none.cpp",
            "there is no file files/none.cpp",
        ),
        ("checker", "chekker", "there is no checker"),
        ("<judging", "<judgin", "the file is no XML"),
        (
            "<problem ",
            "<!DOCTYPE p [<!ENTITY a \"b\">]><problem ",
            "the file is no XML",
        ),
        (
            "type=\"h.g++\"/>",
            "><stages><stage name=\"RUN\"/></stages><assets><asset name=\"SOLUTION\"/></assets></file>",
            "files for running solutions",
        ),
    ] {
        let xml = whole.replace(from, to);
        assert_ne!(xml, whole, "{from}");
        let (package, found) = read_with(&xml, &[]);
        assert!(package.is_none(), "{words}");
        let is_told = found
            .iter()
            .any(|f| f.starts_with("error: ") && f.contains(words));
        assert!(is_told, "{words}: {found:?}");
    }
}

/// The package with these tests in place of its own, and these groups.
fn with_groups(tests: &str, groups: &str) -> (Option<Package>, Vec<String>) {
    let xml = problem(JUDGING, FILES, &[CHECKER, SOLUTIONS]);
    let (start, end) = (
        xml.find("<tests>").unwrap(),
        xml.find("</testset>").unwrap(),
    );
    let (before, after) = (&xml[..start], &xml[end..]);
    let xml = format!("{before}<tests>{tests}</tests><groups>{groups}</groups>{after}");
    let more = [("tests/02", "2"), ("tests/03", "3"), ("tests/04", "4")];
    read_with(&xml, &more)
}

const GROUPED: &str = r#"<test method="manual" points="1"/><test method="manual" group="b" points="9.5"/>
<test method="manual" group="a" points="30"/><test method="manual" group="b"/>"#;

#[test]
fn tests_and_groups_have_points() {
    let groups = r#"<group name="b" points-policy="complete-group"/>
        <group name="a" points-policy="each-test"><dependencies><dependency group="b"/></dependencies></group>"#;
    let (package, found) = with_groups(GROUPED, groups);
    let package = package.unwrap_or_else(|| panic!("{found:?}"));
    assert!(!found.iter().any(|f| f.contains("points")), "{found:?}");
    assert_eq!(
        package.scoring.unwrap().full_score(&package.groups),
        Some(40.5)
    );
    let fixed = |accepted| Worth::Fixed {
        accepted,
        rejected: 0.0,
    };
    let b = Group::of_the_worst("b".to_owned(), &[1, 3], fixed(9.5));
    let a = Group {
        requires: vec!["b".to_owned()],
        ..Group::adding_up("a".to_owned(), vec![Member::Case(2, fixed(30.0))])
    };
    assert_eq!(
        package.groups.members,
        [
            Member::Case(0, fixed(1.0)),
            Member::Group(b),
            Member::Group(a)
        ]
    );
}

#[test]
fn a_complete_group_may_have_the_points_instead_of_its_tests() {
    let bare = GROUPED.replace("points", "verify");
    let groups = r#"<group name="b" points="25.0" points-policy="complete-group"/>"#;
    let package = with_groups(&bare, groups).0.unwrap();
    assert_eq!(package.groups.find("b").unwrap().range.max, 25.0);
    assert_eq!(package.groups.range.max, 25.0);
}

#[test]
fn groups_without_points_are_no_points() {
    let bare = GROUPED.replace("points", "verify");
    let groups = r#"<group name="b" points-policy="complete-group"/>"#;
    let package = with_groups(&bare, groups).0.unwrap();
    assert_eq!(
        (package.scoring, package.groups),
        (None, Group::of_cases(4))
    );
}

#[test]
fn points_that_mean_nothing_are_refused() {
    for (tests, groups, words) in [
        (GROUPED.replace("30", "-1"), "", "points must be a number"),
        (GROUPED.replace("30", "inf"), "", "points must be a number"),
        (
            GROUPED.to_owned(),
            r#"<group name="a" points-policy="some"/>"#,
            "points-policy must be",
        ),
        (
            GROUPED.to_owned(),
            r#"<group name="b"><dependencies><dependency group="a"/></dependencies></group>"#,
            "no group \"a\" before this one",
        ),
    ] {
        let (package, found) = with_groups(&tests, groups);
        assert!(package.is_none(), "{words}");
        assert!(
            found.iter().any(|f| f.contains(words)),
            "{words}: {found:?}"
        );
    }
}

#[test]
fn deep_xml_is_an_error_and_no_crash() {
    let deep = "<a>".repeat(200_000);
    assert!(read_with(&deep, &[]).0.is_none());
}
