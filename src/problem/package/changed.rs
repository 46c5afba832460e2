//! Packages of which a file was changed at random: each is read, or refused with a finding.

use std::sync::Arc;

use super::tree::tests::tree;
use super::*;
use crate::fuzz;

const CASES: [(&str, &str); 6] = [
    ("data/secret/1.in", "1"),
    ("data/secret/1.ans", "2"),
    ("data/secret/2.in", "1"),
    ("data/secret/2.ans", "2"),
    ("submissions/accepted/a.py", "x"),
    (
        "submissions/wrong_answer/b.py",
        "@EXPECTED_RESULTS@: WRONG-ANSWER",
    ),
];

const YAML: &str = "problem_format_version: 2025-09\nname: {en: A, de: B}\ntype: [scoring]\n\
    limits:\n  time_limit: 2\n  time_multipliers: {ac_to_time_limit: 2}\n  memory: 256\n\
    constants: {n: 5, m: x}\nlanguages: [cpp, python3]\nallow_file_writing: false\n";
const LEGACY: &str = "name: A\nvalidation: default\nvalidator_flags: float_tolerance 1e-6\n\
    limits: {time_multiplier: 5, memory: 2048}\ngrading: {objective: max, show_test_data_groups: true}\n";
const GROUP: &str = "scoring: {score: 40, aggregation: min, require_pass: [sample]}\nargs: [x]\n\
    grading: default\naccept_score: 5\nrange: 0 40\ngrader_flags: min\n";
const NEW_GROUP: &str =
    "args: [x]\noutput_validator_args: [case_sensitive]\ninput_validator_args: {a: [b]}\n";
const SUBMISSIONS: &str = "accepted/*.py: {permitted: [AC], required: [AC], score: [1, 40]}\n\
    '*/b{,.py}': {use_for_time_limit: lower, message: x}\n";
const INIT: &str = "archive: d.zip\ntest_cases:\n- {in: a.in, out: a.out, points: 5}\n\
    - batched:\n  - {in: b.in, out: b.out}\n  points: 95\n\
    checker: {name: floats, args: {precision: 6}}\ngenerator: {source: gen.cpp, args: [a]}\n\
    pretest_test_cases: []\n";
const PATTERNS: &str = "archive: d.zip\ntest_cases:\n  input_format: '^(?P<batch>b)\\.(?P<case>i)n$'\n\
    \x20 output_format: '^(?P<batch>b)\\.o(?P<case>u)t$'\n  case_points: '5'\n";
const TASK: &str = "name: cake\ntitle: A cake\ntime_limit: 1.5\nmemory_limit: 256\nn_input: 2\ninfile: ''\n\
    outfile: out.txt\nscore_type: GroupMin\nscore_type_parameters: [[10, 1], [90, 1]]\nnum_processes: 2\n\
    user_io: fifo_io\noutput_only: false\n";
const GEN: &str = "#ST: 30\n1 2 # small\n\n# ST:70\n#COPY: old.txt\n";
const XML: &str = r#"<?xml version="1.0"?><problem short-name="p"><names><name language="english" value="P"/></names>
<judging input-file="" output-file="" run-count="1"><testset name="tests"><time-limit>1500</time-limit>
<memory-limit>268435456</memory-limit><input-path-pattern>tests/%02d</input-path-pattern>
<answer-path-pattern>tests/%02d.a</answer-path-pattern><tests><test method="manual" sample="true" group="1" points="3"/>
<test cmd="gen 5 'a b'" method="generated" group="2"/></tests><groups><group name="1" points-policy="each-test"/><group name="2" points-policy="complete-group">
<dependencies><dependency group="1"/></dependencies></group></groups></testset></judging>
<files><executables><executable><source path="gen.cpp" type="cpp.g++17"/></executable></executables></files>
<assets><checker type="testlib"><source path="check.cpp" type="cpp.g++17"/></checker><solutions>
<solution tag="main"><source path="a.cpp" type="cpp.g++17"/></solution></solutions></assets></problem>"#;

const WORDS: [&str; 31] = [
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "---\n",
    "? ",
    "|\n  ",
    "\t",
    "%02d",
    "%99999d",
    "%s",
    "<![CDATA[",
    "<!DOCTYPE x [<!ENTITY a \"b\">]>",
    "&a;",
    "&#0;",
    "../",
    "**/",
    "1e999",
    "-1",
    "99999999999999999999",
    ".nan",
    "(?:",
    "{{n}}",
    "null",
    "\u{202e}",
];

fn try_all(changed: &str, good: &str, others: &[(&str, &str)]) {
    let mut whole = tree(others);
    whole.insert(changed, Arc::from(good.as_bytes())).unwrap();
    let findings = read(&whole).1;
    assert!(!findings.has_errors(), "{findings:?}");
    fuzz::try_changes(1000, (&[good.as_bytes()], &WORDS), |bytes, _| {
        let mut tree = tree(others);
        tree.insert(changed, Arc::from(bytes)).unwrap();
        let (package, findings) = read(&tree);
        assert_eq!(package.is_none(), findings.has_errors());
        for finding in findings.iter() {
            let message = &finding.message;
            assert!(
                !message.contains('\x1b') && message.len() < 5000,
                "{message:?}"
            );
        }
    });
}

#[test]
fn whatever_stands_in_a_file_of_an_icpc_package_it_is_read_or_refused() {
    let with = |file| [&CASES[..], &[file]].concat();
    try_all("problem.yaml", YAML, &CASES);
    try_all("problem.yaml", LEGACY, &CASES);
    let yaml = ("problem.yaml", "problem_format_version: 2025-09\nname: A\n");
    try_all("data/secret/test_group.yaml", NEW_GROUP, &with(yaml));
    try_all("submissions/submissions.yaml", SUBMISSIONS, &with(yaml));
    let legacy = ("problem.yaml", "name: A\ntype: scoring\n");
    try_all("data/secret/testdata.yaml", GROUP, &with(legacy));
    try_all(
        "domjudge-problem.ini",
        "timelimit = 1.5\nname = \"x\"\n",
        &CASES,
    );
}

#[test]
fn whatever_stands_in_the_file_of_a_polygon_package_it_is_read_or_refused() {
    let files = [
        ("tests/01", "1\n"),
        ("gen.cpp", ""),
        ("check.cpp", ""),
        ("a.cpp", ""),
    ];
    try_all("problem.xml", XML, &files);
}

#[test]
fn whatever_stands_in_the_file_of_a_dmoj_problem_it_is_read_or_refused() {
    let files = ["a.in", "a.out", "d.zip/b.in", "d.zip/b.out", "gen.cpp"].map(|name| (name, "1"));
    try_all("init.yml", INIT, &files);
    try_all("init.yml", PATTERNS, &files);
}

#[test]
fn whatever_stands_in_a_file_of_a_task_of_cms_it_is_read_or_refused() {
    let tests = [
        "input/input0",
        "output/output0",
        "input/input1",
        "output/output1",
    ];
    let names = tests.map(|name| format!("{name}.txt"));
    let mut files: Vec<_> = names.iter().map(|name| (&**name, "1")).collect();
    files.push(("check/manager.cpp", ""));
    try_all("task.yaml", TASK, &files);
    files.push(("task.yaml", "name: cake\n"));
    try_all("gen/GEN", GEN, &files);
}
