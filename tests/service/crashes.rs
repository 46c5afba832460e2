//! Whatever is killed, nothing is lost and nothing is judged twice.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::*;

/// Runs for seconds, whoever judges it.
const SLOW: &str = "import time\nfor _ in range(40): time.sleep(0.1)\nprint(3)\n";

fn slow() -> serde_json::Value {
    json!({
        "language": "python",
        "source": SLOW,
        "limits": { "wall_ms": 60_000 },
        "tests": [{ "input": "", "answer": "3" }],
    })
}

async fn is_running(api: &Api, id: &str) {
    eventually("it does not run", async || {
        let (_, answer) = api.get(&format!("/api/v1/submissions/{id}")).await;
        answer["state"] == "running"
    })
    .await;
}

#[tokio::test]
async fn a_submission_whose_worker_is_killed_is_judged_again_and_gets_one_verdict() {
    let url = database().await;
    let serving = serve(&url);
    let api = Api::of(&serving);
    let first = work(&url);
    api.offers("python").await;
    let id = api.submit(&slow()).await;
    is_running(&api, &id).await;
    first.kill();
    let killed_at = Instant::now();
    let second = work(&url);
    let judged = api.ended(&id).await;
    assert_eq!(judged["verdict"], "AC", "{judged}");
    assert_eq!(judged["attempts"], 2, "{judged}");
    // The lease, and the run itself.
    assert!(killed_at.elapsed() < Duration::from_secs(40));
    assert!(second.stop());
    assert!(serving.stop());
}

#[tokio::test]
async fn a_worker_that_was_stopped_for_longer_than_its_lease_writes_nothing() {
    let url = database().await;
    let serving = serve(&url);
    let api = Api::of(&serving);
    let stopped = work(&url);
    api.offers("python").await;
    let id = api.submit(&slow()).await;
    is_running(&api, &id).await;
    stopped.signal(Signal::SIGSTOP);
    let other = work(&url);
    let judged = api.ended(&id).await;
    assert_eq!(
        (&judged["verdict"], &judged["attempts"]),
        (&json!("AC"), &json!(2))
    );
    stopped.signal(Signal::SIGCONT);
    // It notices at its next heartbeat, or when it wants to write, and goes on with other work.
    assert!(stopped.stop());
    let (_, after) = api.get(&format!("/api/v1/submissions/{id}")).await;
    assert_eq!(after, judged);
    assert!(other.stop());
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_finishes_what_it_runs() {
    let url = database().await;
    let serving = serve(&url);
    let api = Api::of(&serving);
    let worker = work(&url);
    api.offers("python").await;
    let id = api.submit(&slow()).await;
    is_running(&api, &id).await;
    assert!(worker.stop());
    let (_, judged) = api.get(&format!("/api/v1/submissions/{id}")).await;
    assert_eq!(judged["verdict"], "AC", "{judged}");
    assert_eq!(judged["attempts"], 1, "{judged}");
    // Nobody offers it any more, and the API says so.
    let (status, refused) = api.post("/api/v1/submissions", &slow()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
}

#[tokio::test]
async fn everything_that_was_accepted_survives_a_kill_of_everything() {
    let all = Everything::up().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(all.api.submit(&sum("python", PYTHON_SUM)).await);
    }
    all.gavel.kill();
    let again = up_in(all.data_dir.path());
    let api = Api::of(&again);
    for id in &ids {
        let judged = api.ended(id).await;
        assert_eq!(judged["verdict"], "AC", "{judged}");
    }
    assert!(again.stop());
}

#[tokio::test]
async fn without_a_database_the_api_says_unavailable_and_comes_back() {
    let all = Everything::up().await;
    let postmaster =
        std::fs::read_to_string(all.data_dir.path().join("postgres/data/postmaster.pid"));
    let postmaster: i32 = postmaster.unwrap().lines().next().unwrap().parse().unwrap();
    let url = format!(
        "postgres:///gavel?host={}&user=gavel",
        all.data_dir.path().join("postgres").display()
    );
    // A second API on the same database, which outlives it.
    let serving = serve(&url);
    let api = Api::of(&serving);
    let postmaster = nix::unistd::Pid::from_raw(postmaster);
    nix::sys::signal::kill(postmaster, Signal::SIGQUIT).unwrap();
    eventually("it does not notice", async || {
        let (status, _) = api.get("/readyz").await;
        status == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    let (status, refused) = api
        .post("/api/v1/submissions", &sum("python", PYTHON_SUM))
        .await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{refused}");
    assert_eq!(api.get("/healthz").await.0, StatusCode::OK);
    // `gavel up` cannot go on without its database, and says so.
    assert_eq!(all.gavel.exit_code(), Some(1));
    let again = up_in(all.data_dir.path());
    Api::of(&again).offers("python").await;
    let id = api.submit(&sum("python", PYTHON_SUM)).await;
    assert_eq!(api.ended(&id).await["verdict"], "AC");
}
