//! `gavel judge` against a server: a folder of submissions, through the API.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::packages::packed;
use crate::support::*;

/// Runs the command while this process goes on: the server's log must be read.
async fn judge(api: &Api, problem: &str, directory: &Path) -> Output {
    let arguments = ["judge", problem, "homework", "--json", "--server"].map(str::to_owned);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gavel"));
    command
        .args(arguments)
        .arg(&api.base)
        .current_dir(directory)
        .env_clear();
    let run = move || command.output().unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn a_folder_is_judged_by_a_server_and_only_once() {
    let all = Everything::up().await;
    let body = json!({
        "name": "sum",
        "tests": [{ "name": "one", "input": "1 2\n", "answer": "3\n" }],
    });
    let (status, problem) = all.api.post("/api/v1/problems", &body).await;
    assert_eq!(status, 201, "{problem}");
    let directory = tempfile::tempdir().unwrap();
    let homework = directory.path().join("homework");
    fs::create_dir(&homework).unwrap();
    for (name, text) in [
        ("ann.py", PYTHON_SUM),
        ("bo.py", "print(4)\n"),
        ("notes.pdf", "no program"),
    ] {
        fs::write(homework.join(name), text).unwrap();
    }
    let mut reports = Vec::new();
    for _ in 0..2 {
        let output = judge(&all.api, "sum", directory.path()).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        reports.push(report);
    }
    let rows = reports[0]["submissions"].as_array().unwrap();
    let verdicts: Vec<&Value> = rows.iter().map(|row| &row["verdict"]).collect();
    assert_eq!(verdicts, ["AC", "WA"]);
    assert_eq!(rows[1]["cases"][0]["name"], "one");
    assert!(reports[0]["unjudged"]["notes.pdf"].is_string());
    assert_eq!(reports[0], reports[1]);
    let (_, page) = all.api.get("/api/v1/submissions").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let output = judge(&all.api, "product", directory.path()).await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("no problem with the name or id \"product\""),
        "{error}"
    );
}

#[tokio::test]
async fn points_come_through_with_what_they_are_to_be_compared_with() {
    let all = Everything::up().await;
    let mut problem = Value::Null;
    for (package, objective, min, max) in [
        ("shares", "max", json!(0.0), json!(100.0)),
        ("shortest", "min", json!(1.0), json!(10.0)),
    ] {
        let archive = packed(package, &[]);
        let file_name = format!("{package}.zip");
        let (status, stored) = all
            .api
            .upload("/api/v1/problems", &file_name, &archive)
            .await;
        assert_eq!(status, 201, "{stored}");
        let about = &stored["package"];
        assert_eq!(about["objective"], objective, "{about}");
        assert_eq!((&about["min_score"], &about["max_score"]), (&min, &max));
        problem = stored["id"].clone();
    }
    let directory = tempfile::tempdir().unwrap();
    let homework = directory.path().join("homework");
    fs::create_dir(&homework).unwrap();
    for (name, text) in [("ann.sh", "echo abc\n"), ("bo.sh", "echo\n")] {
        fs::write(homework.join(name), text).unwrap();
    }
    let output = judge(&all.api, problem.as_str().unwrap(), directory.path()).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["submissions"].as_array().unwrap();
    let scores: Vec<&Value> = rows.iter().map(|row| &row["score"]).collect();
    assert_eq!(scores, [&json!(3.0), &Value::Null], "{report}");

    let (_, page) = all.api.get("/api/v1/submissions?verdict=AC").await;
    let id = page["items"][0]["id"].as_str().unwrap();
    let (_, judged) = all.api.get(&format!("/api/v1/submissions/{id}")).await;
    assert_eq!(
        (&judged["score"], &judged["objective"]),
        (&json!(3.0), &json!("min"))
    );
    assert_eq!(
        (&judged["min_score"], &judged["max_score"]),
        (&json!(1.0), &json!(10.0))
    );
    let groups = judged["groups"].as_array().unwrap();
    let secret = groups
        .iter()
        .find(|group| group["name"] == "secret")
        .unwrap();
    assert_eq!(
        (&secret["score"], &secret["max_score"]),
        (&json!(3.0), &json!(10.0))
    );
}

#[tokio::test]
async fn a_folder_is_taken_for_answers_where_the_problem_takes_these() {
    let all = Everything::up().await;
    let yaml = b"problem_format_version: 2025-09\nname: Sums\ntype: submit-answer\n\
                 uuid: 1d2b0c0e-8a53-4a55-9a5b-2a6a5a2d1f10\nlimits: {memory: 256}\n";
    let archive = packed("sum", &[("problem.yaml", yaml)]);
    let (status, problem) = all
        .api
        .upload("/api/v1/problems", "sums.zip", &archive)
        .await;
    assert_eq!(status, 201, "{problem}");
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("ann/sample/1.out", "3"),
        ("ann/small/1.out", "10"),
        ("ann/2.out", "0"),
        ("ann/secret/large/1.out", "4000000000"),
        ("bo.py", PYTHON_SUM),
    ] {
        let path = directory.path().join("homework").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = judge(&all.api, problem["id"].as_str().unwrap(), directory.path()).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["submissions"].as_array().unwrap();
    let verdicts: Vec<&Value> = rows.iter().map(|row| &row["verdict"]).collect();
    assert_eq!(verdicts, ["AC", "CE"], "{report}");
    assert!(
        rows[1]["reason"]
            .as_str()
            .unwrap()
            .contains("the problem takes no programs")
    );
}
