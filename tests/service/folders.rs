//! `gavel judge` against a server: a folder of submissions, through the API.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

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
