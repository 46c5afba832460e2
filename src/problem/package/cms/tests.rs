//! Packages of tasks that are small enough to stand here.

use super::super::report::{Finding, Severity};
use super::super::tree::tests::tree;
use super::super::{Package, Validation};
use super::*;
use crate::problem::groups::{Grading, Member, ScoreRule, Worth};
use crate::problem::package::read as read_package;

const BASE: &[(&str, &str)] = &[
    ("task.yaml", "name: cake\ntitle: A cake\n"),
    ("input/input0.txt", "1\n"),
    ("output/output0.txt", "2\n"),
    ("input/input1.txt", "3\n"),
    ("output/output1.txt", "4\n"),
];

/// The base with these files over it.
fn with(files: &[(&str, &str)]) -> (Option<Package>, Vec<Finding>) {
    let is_over = |path: &str| files.iter().any(|(over, _)| *over == path);
    let base = BASE.iter().filter(|(path, _)| !is_over(path));
    let all: Vec<_> = base.chain(files).copied().collect();
    let (package, findings) = read_package(&tree(&all));
    (package, findings.iter().cloned().collect())
}

#[track_caller]
fn package(files: &[(&str, &str)]) -> Package {
    let (package, findings) = with(files);
    package.unwrap_or_else(|| panic!("{findings:?}"))
}

/// The only error of a package: its place and a part of its message.
#[track_caller]
fn assert_refused(files: &[(&str, &str)], (path, line): (&str, Option<usize>), words: &str) {
    let (package, findings) = with(files);
    assert!(package.is_none());
    let errors = findings.iter().filter(|f| f.severity == Severity::Error);
    let errors: Vec<_> = errors.collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((&*errors[0].path, errors[0].line), (path, line));
    assert!(errors[0].message.contains(words), "{}", errors[0].message);
}

/// The points of each group, and its cases.
fn subtasks(package: &Package) -> Vec<(f64, Vec<usize>)> {
    let members = package.groups.members.iter();
    members
        .map(|member| match member {
            Member::Group(group) => (group.range.max, group.cases()),
            Member::Case(index, _) => (member.most(), vec![*index]),
        })
        .collect()
}

#[test]
fn a_task_that_says_little_has_what_cms_takes() {
    let package = package(&[]);
    assert_eq!(package.format.name(), "cms");
    assert_eq!(package.names["it"], "A cake");
    assert_eq!(package.time.limit_ms, None);
    assert_eq!(package.streams.input.as_deref(), Some("input.txt"));
    assert_eq!(package.streams.output.as_deref(), Some("output.txt"));
    assert_eq!(subtasks(&package), [(50.0, vec![0]), (50.0, vec![1])]);
    assert!(matches!(&package.validation, Validation::Default(all) if all.len() == 2));
    assert_eq!(&package.cases[1].answer[..], b"4\n");
    assert_eq!(package.cases[1].name, "001");
    assert!(package.languages.is_none());
}

#[test]
fn settings_have_an_english_and_an_italian_name() {
    for text in [
        "name: cake\ntitle: T\nprimary_language: en\ntime_limit: 0.5\nmemory_limit: 64\ninfile: ''\noutfile: ''\n",
        "nome_breve: cake\nnome: T\nprimary_language: en\ntimeout: 0.5\nmemlimit: 64\ninfile: ''\noutfile: ''\n",
    ] {
        let package = package(&[("task.yaml", text)]);
        assert_eq!(package.names["en"], "T");
        assert_eq!(package.time.limit_ms, Some(500));
        assert_eq!(package.limits.memory_bytes, 64 << 20);
        assert_eq!(package.streams, StreamFiles::default());
    }
}

#[test]
fn gen_lists_subtasks() {
    let gen_file = "# comment\n\n#ST: 30\n1 2 # small\n # ST:70\n#COPY: old.txt\n";
    let grouped = package(&[("gen/GEN", gen_file)]);
    assert_eq!(subtasks(&grouped), [(30.0, vec![0]), (70.0, vec![1])]);
    let plain = package(&[("gen/GEN", "1\n# no\n2\n")]);
    assert_eq!(subtasks(&plain), [(50.0, vec![0]), (50.0, vec![1])]);
}

#[test]
fn gen_that_makes_no_sense_is_refused_with_its_line() {
    for (text, line, words) in [
        ("#ST: 30\n1\n2 #ST: 70\n", 3, "line of its own"),
        ("1\n#ST: 30\n2\n", 2, "before the first subtask"),
        ("#ST: many\n1\n2\n", 1, "must be a number"),
    ] {
        let (package, findings) = with(&[("gen/GEN", text)]);
        assert!(package.is_none());
        let found = findings.iter().find(|f| f.path == "gen/GEN");
        let found = found.unwrap_or_else(|| panic!("{findings:?}"));
        assert_eq!(found.line, Some(line));
        assert!(found.message.contains(words), "{}", found.message);
    }
}

#[test]
fn task_yaml_may_say_how_points_are_given() {
    let of = |settings: &str| {
        let task = format!("name: cake\nn_input: 2\n{settings}");
        // What it says counts more than this.
        package(&[("task.yaml", &task), ("gen/GEN", "#ST: 5\n1\n#ST: 95\n2\n")])
    };
    let groups = of("score_type: GroupMin\nscore_type_parameters: [[10, 1], [90, 1, name]]\n");
    assert_eq!(subtasks(&groups), [(10.0, vec![0]), (90.0, vec![1])]);
    let each = of("score_type: Sum\nscore_type_parameters: 7\n");
    assert_eq!(subtasks(&each), [(7.0, vec![0]), (7.0, vec![1])]);
}

/// The rule and the points of each subtask, and its cases.
fn rules(settings: &str) -> Vec<(ScoreRule, f64, Vec<usize>)> {
    let task = format!("name: cake\n{settings}");
    let package = package(&[("task.yaml", &task)]);
    assert_eq!(package.groups.range.max, 100.0);
    let members = package.groups.members.iter();
    let groups = members.filter_map(|member| match member {
        Member::Group(group) => Some(group),
        Member::Case(..) => None,
    });
    groups
        .map(|group| match &group.grading {
            Grading::Rules(rules) => (rules.score, rules.factor, group.cases()),
            Grading::Program(_) => panic!("a program"),
        })
        .collect()
}

#[test]
fn score_types_are_those_of_cms() {
    let good = |limit| ScoreRule::Threshold { limit, score: 1.0 };
    for (settings, expected) in [
        (
            "score_type: GroupMul\nscore_type_parameters: [[30, 1], [70, 1]]\n",
            [
                (ScoreRule::Product, 30.0, vec![0]),
                (ScoreRule::Product, 70.0, vec![1]),
            ],
        ),
        (
            "score_type: GroupThreshold\nscore_type_parameters:\n- [60, 1, 0.5]\n\
             - {max_score: 40, testcases: 1, threshold: 1, always_show_testcases: true}\n",
            [(good(0.5), 60.0, vec![0]), (good(1.0), 40.0, vec![1])],
        ),
        (
            "score_type: GroupMin\nscore_type_parameters: [[60, '00[01]'], [40, '.*1']]\n",
            [
                (ScoreRule::Min, 60.0, vec![0, 1]),
                (ScoreRule::Min, 40.0, vec![1]),
            ],
        ),
        (
            "score_type: GroupMul\nscore_type_parameters: [[60, ['001', '000']], [40, ['001']]]\n",
            [
                (ScoreRule::Product, 60.0, vec![1, 0]),
                (ScoreRule::Product, 40.0, vec![1]),
            ],
        ),
    ] {
        assert_eq!(rules(settings), expected, "{settings}");
    }
}

#[test]
fn a_test_case_of_no_subtask_gives_no_points() {
    let task = "name: cake\nscore_type: GroupMin\nscore_type_parameters: [[100, '1|.*1']]\n";
    let (package, findings) = with(&[("task.yaml", task)]);
    let groups = package.unwrap_or_else(|| panic!("{findings:?}")).groups;
    assert_eq!(groups.members[1], Member::Case(0, Worth::Ignored));
    assert_eq!(groups.range.max, 100.0);
    let told = findings
        .iter()
        .find(|f| f.message.contains("in no subtask"));
    assert!(told.is_some_and(|told| told.severity == Severity::Warning));
}

#[test]
fn score_types_that_make_no_sense_are_refused_with_their_line() {
    for (kind, parameters, line, words) in [
        ("Relative", "1", 2, "must be Sum, GroupMin"),
        ("Sum", "[]", 2, "of Sum must be"),
        ("GroupMin", "7", 2, "a list of subtasks"),
        (
            "GroupMin",
            "\n- [100, '00']\n- 5",
            5,
            "begin with its points",
        ),
        ("GroupMin", "\n- [100]", 4, "a number of test cases"),
        (
            "GroupMin",
            "\n- [50, 1]\n- [50, '001']",
            5,
            "in the same way",
        ),
        (
            "GroupMul",
            "\n- [100, '(']",
            4,
            "no pattern that is understood",
        ),
        ("GroupMul", "\n- [100, '01']", 4, "no test case is named by"),
        (
            "GroupMul",
            "\n- [100, ['1']]",
            4,
            "there is no test case 1:",
        ),
        (
            "GroupThreshold",
            "\n- [100, 2]",
            4,
            "end with its threshold",
        ),
        ("GroupThreshold", "\n- [100, 2, 7]", 4, "from 0 to 1"),
    ] {
        let task = format!("name: cake\nscore_type: {kind}\nscore_type_parameters: {parameters}\n");
        let line = ("task.yaml", Some(line));
        assert_refused(&[("task.yaml", &task)], line, words);
    }
    let task = "name: cake\nscore_type: GroupMin\n";
    let line = ("task.yaml", Some(2));
    assert_refused(&[("task.yaml", task)], line, "needs score_type_parameters");
}

#[test]
fn outputs_may_be_submitted() {
    let task = "name: cake\noutput_only: True\n";
    let package = package(&[
        ("task.yaml", task),
        ("check/manager.cpp", ""),
        ("sol/grader.cpp", ""),
        ("sol/solution.cpp", ""),
    ]);
    assert!(package.takes_answers);
    assert_eq!(package.streams, StreamFiles::default());
    assert!(package.languages.is_none() && package.submissions.is_empty());
    assert!(package.time.limit_ms.is_some());
    assert!(matches!(package.validation, Validation::Default(_)));
}

#[test]
fn a_checker_is_read_from_its_source() {
    for path in ["check/checker.cpp", "cor/correttore.cpp"] {
        let package = package(&[(path, "int main() {}"), ("check/testlib.h", "")]);
        let Validation::Foreign {
            checker: Some(checker),
            protocol: Protocol::Cms,
            ..
        } = &package.validation
        else {
            panic!("{:?}", package.validation);
        };
        assert_eq!(checker.path, path);
    }
    assert_refused(
        &[("check/checker", "\u{7f}ELF")],
        ("check/checker", None),
        "add its source",
    );
}

#[test]
fn graders_are_compiled_with_submissions() {
    let package = package(&[
        ("sol/grader.cpp", "c++"),
        ("sol/grader.py", "python"),
        ("sol/cake.h", "header"),
        ("sol/soluzione.cpp", "right"),
        ("sol/slow.py", "slow"),
    ]);
    let names = |code: &str| {
        let files = package.includes[code].iter();
        files.map(|file| &*file.name).collect::<Vec<_>>()
    };
    assert_eq!(names("cpp"), ["cake.h", "grader.cpp"]);
    assert_eq!(package.frames["python"].submission, "cake.py");
    assert_eq!(package.frames["python"].main, "grader.py");
    let languages = package.languages.as_deref();
    assert_eq!(
        languages,
        Some(&["cpp".to_owned(), "python".to_owned()][..])
    );
    let solutions = package.submissions.iter();
    let solutions: Vec<_> = solutions
        .map(|it| {
            (
                &*it.path,
                &*it.files.files[0].name,
                it.expectation.rules.len(),
            )
        })
        .collect();
    assert_eq!(
        solutions,
        [
            ("sol/slow.py", "cake.py", 0),
            ("sol/soluzione.cpp", "cake.cpp", 1)
        ]
    );
}

#[test]
fn a_manager_makes_a_task_one_of_communication() {
    let of = |settings: &str, files: &[(&str, &str)]| {
        let task = format!("name: cake\n{settings}");
        let base = [
            ("task.yaml", &*task),
            ("check/manager.cpp", "int main() {}"),
        ];
        let files: Vec<_> = base.iter().chain(files).copied().collect();
        match package(&files).validation {
            Validation::Communication { communication, .. } => communication,
            other => panic!("{other:?}"),
        }
    };
    let stub = [("sol/stub.cpp", "")];
    for (settings, files, processes, channel) in [
        ("", &[][..], 1, Channel::StandardStreams),
        ("num_processes: 2\n", &stub, 2, Channel::Fifos),
        ("user_io: std_io\n", &stub, 1, Channel::StandardStreams),
        ("user_io: fifo_io\n", &[], 1, Channel::Fifos),
    ] {
        let communication = of(settings, files);
        assert_eq!(communication, Communication { processes, channel });
    }
    for (settings, words) in [
        ("num_processes: 0", "from 1 to 16"),
        ("num_processes: 17", "from 1 to 16"),
        ("user_io: pipes", "std_io or fifo_io"),
    ] {
        let task = format!("name: cake\n{settings}\n");
        let files = [("task.yaml", &*task), ("check/manager.cpp", "")];
        assert_refused(&files, ("task.yaml", Some(2)), words);
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    for (text, line, words) in [
        ("title: T\n", None, "name must be there"),
        ("name: ../x\n", Some(1), "letters"),
        (
            "name: cake\noutput_only_testcases: '0'\n",
            Some(2),
            "not supported",
        ),
        ("name: cake\ntime_limit: 0\n", Some(2), "above 0"),
        ("name: cake\ninfile: a/b\n", Some(2), "without a directory"),
        ("name: cake\nn_input: x\n", Some(2), "must be a number"),
    ] {
        assert_refused(&[("task.yaml", text)], ("task.yaml", line), words);
    }
    let task = "name: cake\nn_input: 3\noutput_only: false\n";
    assert_refused(
        &[("task.yaml", task)],
        ("input/input2.txt", None),
        "3 test cases",
    );
    assert_refused(
        &[
            ("task.yaml", "name: cake\nn_input: 3\n"),
            ("gen/GEN", "1\n2\n"),
        ],
        ("task.yaml", Some(2)),
        "have 2 test cases",
    );
}
