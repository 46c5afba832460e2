//! What `gavel verify` tells setters beside verdicts.

use std::fs;
use std::path::Path;

use crate::verifying::{copy, gavel, verified};

/// Files of a package that is changed by a test.
fn write(directory: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
}

#[test]
fn junit_has_a_suite_for_each_package_and_a_test_for_each_submission() {
    let package = copy("sum");
    write(
        package.path(),
        &[
            ("submissions/accepted/three.sh", "echo 3"),
            ("submissions/accepted/sum.apl", "⎕←+/⎕"),
        ],
    );
    let path = package.path().to_str().expect("UTF-8");
    let report = package.path().join("report.xml");
    let junit = report.to_str().expect("UTF-8");
    verified(&[path, "-s", "accepted/*", "--junit", junit]);
    let text = fs::read_to_string(&report).expect("a report");
    let has = |words: &str| assert!(text.contains(words), "{words}: {text}");
    has(r#"tests="5" failures="1" errors="0" skipped="1""#);
    has(r#"name="accepted/three.sh" time="0."#);
    has(r#"<failure message="WA is not expected: test case secret/large/1: "#);
    has("<skipped message=\"no language has sources like these\"/>");

    gavel(&[path, "/nonexistent", "-s", "accepted/*", "--junit", junit]);
    let text = fs::read_to_string(&report).expect("a report");
    let suite = r#"<testsuite name="/nonexistent" tests="1" failures="0" errors="1""#;
    assert!(text.contains(suite), "{text}");
}
