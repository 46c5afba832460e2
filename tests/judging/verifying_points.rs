//! `gavel verify` on packages of other worlds that give points.

use std::fs;

use serde_json::Value;

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

#[test]
fn where_fewer_points_are_better_the_fewest_are_the_full_score() {
    let package = copy("shortest");
    let path = package.path().to_str().expect("UTF-8");
    let (report, code) = verified(&[path]);
    assert_eq!(code, 0, "{report}");
    for (path, verdict, score) in [
        ("accepted/one.sh", "AC", 1.0.into()),
        ("partially_accepted/three.sh", "AC", 3.0.into()),
        ("wrong_answer/none.sh", "WA", Value::Null),
    ] {
        let result = submission(&report, path);
        assert_eq!(
            (&result["verdict"], &result["score"]),
            (&verdict.into(), &score),
            "{report}"
        );
    }
    let notes = report["notes"].to_string();
    assert!(!notes.contains("not the full one"), "{notes}");

    let write =
        |name: &str, text: &str| fs::write(package.path().join(name), text).expect("a file");
    write("submissions/partially_accepted/one.sh", "echo x");
    write("submissions/accepted/ten.sh", "echo 0123456789");
    write("submissions/accepted/eleven.sh", "echo 0123456789x");
    let (report, code) = verified(&[path]);
    assert_eq!(code, 1, "{report}");
    let full = submission(&report, "partially_accepted/one.sh");
    assert_eq!(full["as_expected"], false, "{full}");
    let ten = submission(&report, "accepted/ten.sh");
    assert_eq!(
        (&ten["score"], &ten["as_expected"]),
        (&10.0.into(), &true.into())
    );
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("accepted/ten.sh: the score 10 is not the full one of 1"),
        "{notes}"
    );
    let mistakes = report["mistakes"].to_string();
    let words = "accepted/eleven.sh comes to 11 points in all, whose range is 1 to 10";
    assert!(mistakes.contains(words), "{mistakes}");
}
