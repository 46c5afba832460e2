//! Test data: which cases there are, and what they inherit.

use super::super::tree::tests::tree;
use super::*;

fn read_files(files: &[(&str, &str)]) -> (Vec<TestCase>, Vec<String>) {
    let mut findings = Findings::default();
    let settings = (Format::V2025, &["own".to_owned()][..]);
    let (cases, _) = read(&tree(files), settings, &mut findings);
    (cases, findings.iter().map(ToString::to_string).collect())
}

#[test]
fn cases_come_in_judging_order() {
    let (cases, found) = read_files(&[
        ("data/secret/b.in", ""),
        ("data/secret/b.ans", ""),
        ("data/secret/a-b/1.in", ""),
        ("data/secret/a-b/1.ans", ""),
        ("data/secret/a/2.in", "in"),
        ("data/secret/a/2.ans", "out"),
        ("data/secret/a/10.in", ""),
        ("data/secret/a/10.ans", ""),
        ("data/secret/a/10.desc", ""),
        ("data/sample/z.in", ""),
        ("data/sample/z.ans", ""),
        ("data/invalid_input/x.in", ""),
    ]);
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "sample/z",
            "secret/a/10",
            "secret/a/2",
            "secret/a-b/1",
            "secret/b"
        ]
    );
    assert_eq!(
        (cases[2].group(), &cases[2].input[..]),
        ("secret/a", &b"in"[..])
    );
    assert_eq!(&cases[2].answer[..], b"out");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn arguments_are_inherited_until_they_are_changed() {
    let (cases, found) = read_files(&[
        (
            "data/testdata.yaml",
            "output_validator_flags: x y\ninput_validator_flags: i\n",
        ),
        (
            "data/secret/a/test_group.yaml",
            "output_validator_args: ['p q']\n",
        ),
        ("data/secret/a/1.in", ""),
        ("data/secret/a/1.ans", ""),
        ("data/secret/a/2.in", ""),
        ("data/secret/a/2.ans", ""),
        ("data/secret/a/2.yaml", "output_validator_args: []\n"),
        ("data/secret/b/1.in", ""),
        ("data/secret/b/1.ans", ""),
    ]);
    assert_eq!(found, Vec::<String>::new());
    let arguments = |index: usize| cases[index].output_validator_args.join(",");
    assert_eq!(arguments(0), "own,p q");
    assert_eq!(arguments(1), "own");
    assert_eq!(arguments(2), "own,x,y");
    assert_eq!(cases[0].input_validator_args, ["i"]);
}

#[test]
fn arguments_may_be_for_one_input_validator_only() {
    let (cases, found) = read_files(&[
        (
            "data/test_group.yaml",
            "input_validator_args: {one: [a], two.py: [b, c]}\n",
        ),
        ("data/secret/1.in", ""),
        ("data/secret/1.ans", ""),
        ("data/secret/2.in", ""),
        ("data/secret/2.ans", ""),
        ("data/secret/2.yaml", "input_validator_args: [all]\n"),
    ]);
    assert_eq!(found, Vec::<String>::new());
    let of = |index: usize, path| cases[index].args_of_validator(path).join(",");
    assert_eq!(of(0, "input_validators/one.cc"), "a");
    assert_eq!(of(0, "input_validators/two.py"), "b,c");
    assert_eq!(of(0, "input_validators/three"), "");
    assert_eq!(of(1, "input_validators/one.cc"), "all");
}

#[test]
fn samples_are_explained_to_contestants_and_other_cases_where_the_package_says_so() {
    let (cases, found) = read_files(&[
        ("data/sample/1.in", ""),
        ("data/sample/1.ans", ""),
        ("data/secret/a/test_group.yaml", "full_feedback: true\n"),
        ("data/secret/a/1.in", ""),
        ("data/secret/a/1.ans", ""),
        ("data/secret/a/1.yaml", "hint: think again\n"),
        ("data/secret/a/2.in", ""),
        ("data/secret/a/2.ans", ""),
        ("data/secret/a/2.yaml", "full_feedback: false\n"),
        ("data/secret/b.in", ""),
        ("data/secret/b.ans", ""),
        ("data/secret/b.yaml", "full_feedback: maybe\n"),
    ]);
    let full: Vec<bool> = cases.iter().map(|case| case.full_feedback).collect();
    assert_eq!(full, [true, true, false, false]);
    assert_eq!(cases[1].hint.as_deref(), Some("think again"));
    let [error] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(
        error.starts_with("error: data/secret/b.yaml:1: full_feedback must"),
        "{error}"
    );
}

#[test]
fn a_case_has_arguments_and_files_of_its_own() {
    let (cases, found) = read_files(&[
        ("data/test_group.yaml", "args: [all]\n"),
        ("data/secret/1.in", ""),
        ("data/secret/1.ans", ""),
        ("data/secret/1.yaml", "args: [own, 'a b']\n"),
        ("data/secret/1.files/lib/x.txt", "x"),
        ("data/secret/1.files/.hidden", ""),
        ("data/secret/2.in", ""),
        ("data/secret/2.ans", ""),
    ]);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(cases[0].args, ["own", "a b"]);
    assert_eq!(cases[1].args, ["all"]);
    let [only] = &cases[0].files[..] else {
        panic!("{:?}", cases[0].files);
    };
    assert_eq!(
        (only.name.as_str(), &only.bytes[..]),
        ("lib/x.txt", &b"x"[..])
    );
    assert!(cases[1].files.is_empty());
}

#[test]
fn a_group_may_have_a_case_for_the_static_validator_which_comes_first() {
    let file = "data/secret/a/test_group.yaml";
    let of_secret = "static_validation_score: 3\nstatic_validator_args: [x, 'y z']\n";
    let (cases, found) = read_files(&[
        (file, "static_validation_score: pass-fail\n"),
        ("data/secret/test_group.yaml", of_secret),
        ("data/secret/b/1.in", ""),
        ("data/secret/b/1.ans", ""),
    ]);
    assert_eq!(found, Vec::<String>::new());
    let told: Vec<_> = cases
        .iter()
        .map(|c| (c.name.as_str(), &c.subject))
        .collect();
    let of_secret = Subject::Files(vec!["x".to_owned(), "y z".to_owned()]);
    let of_a = Subject::Files(Vec::new());
    let expected = [
        ("secret/static_validation", &of_secret),
        ("secret/a/static_validation", &of_a),
        ("secret/b/1", &Subject::Output),
    ];
    assert_eq!(told, expected);
    let (_, found) = read_files(&[(file, "static_validator_args: [x]\n")]);
    assert!(found[0].contains("for nothing without"), "{found:?}");
}

#[test]
fn what_is_missing_is_named() {
    let (_, found) = read_files(&[
        ("data/secret/1.in", ""),
        ("data/secret/2.ans", ""),
        ("data/secret/3.files/x", ""),
        ("data/secret/4.in", ""),
        ("data/secret/4.ans", ""),
    ]);
    let has = |words: &str| found.iter().any(|found| found.contains(words));
    assert!(
        has("error: data/secret/1.in: there is no answer"),
        "{found:?}"
    );
    assert!(has("warning: data/secret/2.ans: the answer is not used"));
    assert!(has("warning: data/secret/3.files: the files are not used"));
    assert!(read_files(&[]).1[0].contains("there are no test cases"));
}

#[test]
fn what_a_case_says_to_nobody_is_told() {
    let (cases, found) = read_files(&[
        ("data/secret/1.in", ""),
        ("data/secret/1.ans", ""),
        (
            "data/secret/1.yaml",
            "hint: h\ndescription: d\nfull_feedback: true\ninput_visualizer_args: [a]\noutput_visualiser_args: [b]\n",
        ),
    ]);
    assert_eq!(cases[0].hint.as_deref(), Some("h"));
    let unknown =
        "warning: data/secret/1.yaml:5: the key \"output_visualiser_args\" is unknown and ignored";
    assert_eq!(found, [unknown]);
}

#[test]
fn only_the_cases_that_a_pattern_names_are_kept_with_what_stands_beside_them() {
    let files = [
        "data/sample/1.in",
        "data/sample/1.ans",
        "data/secret/testdata.yaml",
        "data/secret/a/1.in",
        "data/secret/a/1.ans",
        "data/secret/a/1.files/x",
        "data/secret/a/1.5.in",
        "data/secret/a/1.5.ans",
        "data/invalid_input/2.in",
        "problem.yaml",
    ];
    let all = tree(&files.map(|path| (path, "")));
    let left_out = |pattern: &str| {
        let kept = only_cases(&all, pattern)?;
        let gone = files.into_iter().filter(|path| !kept.has_file(path));
        Some(gone.collect::<Vec<_>>())
    };
    let of_1 = [
        "data/secret/a/1.in",
        "data/secret/a/1.ans",
        "data/secret/a/1.files/x",
    ];
    assert_eq!(left_out("s*"), Some(Vec::new()));
    assert_eq!(
        left_out("secret"),
        Some(vec!["data/sample/1.in", "data/sample/1.ans"])
    );
    let but_1_5 = [&["data/sample/1.in", "data/sample/1.ans"], &of_1[..]].concat();
    assert_eq!(left_out("secret/a/1.5"), Some(but_1_5));
    assert_eq!(left_out("secret/b"), None);
    assert_eq!(left_out("invalid_input"), None);
}
