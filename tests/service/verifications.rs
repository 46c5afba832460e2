//! Packages verified in the background: the time limit that is found so, the report, and a worker that dies.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::packages::packed;
use crate::support::*;

async fn upload(api: &Api, archive: &[u8]) -> (String, Value) {
    let (status, problem) = api.upload("/api/v1/problems", "p.zip", archive).await;
    assert_eq!(status, StatusCode::CREATED, "{problem}");
    let path = format!("/api/v1/problems/{}", problem["id"].as_str().unwrap());
    (path, problem)
}

/// Waits for the end of a verification.
async fn verified(api: &Api, path: &str) -> Value {
    let path = format!("{path}/versions/1/verification");
    eventually("the verification does not end", async || {
        let (_, verification) = api.get(&path).await;
        verification["finished_at"].is_string()
    })
    .await;
    api.get(&path).await.1
}

#[tokio::test]
async fn a_package_without_time_limit_gets_it_and_what_was_held_is_judged() {
    let all = Everything::up().await;
    let api = &all.api;
    let (path, problem) = upload(api, &packed("root", &[])).await;
    assert_eq!(problem["state"], "pending");
    let verification = format!("{path}/versions/1/verification");
    let submission = json!({
        "language": "bash", "problem_id": problem["id"],
        "source": "read n; r=0; while ((r * r < n)); do ((++r)); done; echo $r",
    });
    let id = api.submit(&submission).await;
    let judged = api.ended(&id).await;
    assert_eq!(judged["verdict"], "AC", "{judged}");
    let ended = verified(api, &path).await;
    assert_eq!(
        (&ended["state"], &ended["ok"]),
        (&json!("finished"), &json!(true)),
        "{ended}"
    );
    let report = &ended["report"];
    assert_eq!(report["time_limit_source"], "calibrated");
    let paths: Vec<&str> = report["submissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|submission| submission["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"accepted/negative.sh"), "{paths:?}");
    assert!(ended["progress"]["total"].as_u64().unwrap() > 0, "{ended}");
    let (_, problem) = api.get(&path).await;
    assert_eq!(problem["state"], "ready");
    assert_eq!(problem["package"]["limit_ms"], report["time_limit_ms"]);
    assert_eq!(problem["package"]["limit_source"], "calibrated");

    let (status, again) = api.post(&verification, &Value::Null).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{again}");
    assert_eq!(verified(api, &path).await["ok"], true);
    let missing = format!("{path}/versions/2/verification");
    assert_eq!(
        api.post(&missing, &Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_report_says_what_is_not_as_expected_and_a_broken_validator_is_an_error() {
    let all = Everything::up().await;
    let wrong = packed("sum", &[("submissions/accepted/sum.sh", b"echo 0")]);
    let (path, _) = upload(&all.api, &wrong).await;
    let ended = verified(&all.api, &path).await;
    assert_eq!(
        (&ended["state"], &ended["ok"]),
        (&json!("finished"), &json!(false)),
        "{ended}"
    );
    let submissions = ended["report"]["submissions"].as_array().unwrap();
    let lying = submissions
        .iter()
        .find(|s| s["path"] == "accepted/sum.sh")
        .unwrap();
    assert_eq!(
        (&lying["verdict"], &lying["as_expected"]),
        (&json!("WA"), &json!(false))
    );
    // It can be judged all the same.
    assert_eq!(all.api.get(&path).await.1["state"], "ready");
    assert_eq!(all.api.delete(&path).await, StatusCode::NO_CONTENT);

    let crash: &[u8] = b"#include <cstdlib>\nint main() { abort(); }\n";
    let broken = packed("root", &[("output_validator/check.cpp", crash)]);
    let (path, _) = upload(&all.api, &broken).await;
    let ended = verified(&all.api, &path).await;
    assert_eq!(
        (&ended["ok"], &ended["report"]),
        (&json!(false), &Value::Null)
    );
    let cause = ended["error"]["cause"].as_str().unwrap();
    assert!(cause.contains("SIGABRT"), "{cause}");
    assert_eq!(all.api.get(&path).await.1["state"], "error");
}

#[tokio::test]
async fn a_verification_whose_worker_dies_is_done_by_another() {
    let url = database().await;
    let server = serve(&url);
    let api = Api::of(&server);
    let first = work(&url);
    api.offers("bash").await;
    // One that takes long enough to be killed at it.
    let slow: &[u8] = b"while ((SECONDS < 2)); do :; done; read n; r=0; while ((r * r < n)); do ((++r)); done; echo $r";
    let (path, _) = upload(
        &api,
        &packed("root", &[("submissions/accepted/slow.sh", slow)]),
    )
    .await;
    let verification = format!("{path}/versions/1/verification");
    eventually("it is not begun", async || {
        api.get(&verification).await.1["progress"]["step"] == "judging"
    })
    .await;
    first.kill();
    let _second = work(&url);
    let ended = verified(&api, &path).await;
    assert_eq!(
        (&ended["ok"], &ended["attempts"]),
        (&json!(true), &json!(2)),
        "{ended}"
    );
}
