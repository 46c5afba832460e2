//! `gavel verify` on packages of other worlds that give points.

use std::fs;

use crate::verifying::{copy, submission, verified};

#[test]
fn points_of_polygon_count_by_tests_groups_and_what_the_checker_gives() {
    let directory = copy("polygon");
    let change = |file: &str, changes: &[(&str, &str)]| {
        let path = directory.path().join(file);
        let mut text = fs::read_to_string(&path).expect("a file");
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(&path, text).expect("a file");
    };
    let groups = r#"</tests><groups><group name="g" points-policy="complete-group"/></groups>"#;
    change(
        "problem.xml",
        &[
            ("sample=", "points=\"10\" sample="),
            ("cmd=", "points=\"45\" group=\"g\" cmd="),
            ("</tests>", groups),
            ("\"wrong-answer\"", "\"accepted\""),
        ],
    );
    // A wrong sum is worth half of the points.
    change(
        "files/check.cpp",
        &[
            ("\"wrong answer\")", "\"partially correct (50)\")"),
            ("? 0 : 1", "? 0 : 50"),
        ],
    );
    change("solutions/twice.cpp", &[("sum / 2", "1")]);
    let (report, _) = verified(&[directory.path().to_str().expect("UTF-8")]);
    for (path, verdict, score) in [
        ("solutions/half.cpp", "AC", 100.0),
        ("solutions/one_less.py", "AC", 100.0),
        ("solutions/searches.cpp", "TLE", 10.0),
        ("solutions/twice.cpp", "AC", 50.0),
    ] {
        let result = submission(&report, path);
        assert_eq!(
            (&result["verdict"], &result["score"]),
            (&verdict.into(), &score.into()),
            "{report}"
        );
        assert_eq!(result["as_expected"], true, "{result}");
    }
    let half = submission(&report, "solutions/twice.cpp");
    assert_eq!(half["groups"][0]["score"], 45.0, "{half}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("twice.cpp"), "{notes}");
}
