//! Starting: beside others, twice, and where it cannot.

use std::process::Command;

use crate::support::*;

#[tokio::test]
async fn two_instances_do_not_meet() {
    let (one, other) = tokio::join!(Everything::up(), Everything::up());
    let id = one.api.submit(&sum("python", PYTHON_SUM)).await;
    assert_eq!(one.api.ended(&id).await["verdict"], "AC");
    let (status, _) = other.api.get(&format!("/api/v1/submissions/{id}")).await;
    assert_eq!(status.as_u16(), 404);
    // A second one on the same data is refused and does no harm.
    let refused = up_in(one.data_dir.path());
    assert_eq!(refused.exit_code(), Some(1));
    assert_eq!(one.api.get("/readyz").await.0.as_u16(), 200);
    // Nothing that was in use when it stopped is taken for a failure.
    let log = one.gavel.log_of_stopping();
    assert!(
        log.iter().any(|line| line.contains("database stopped")),
        "{log:?}"
    );
    let is_calm = |line: &String| !line.contains("\"WARN\"") && !line.contains("\"ERROR\"");
    assert!(log.iter().all(is_calm), "{log:?}");
    assert!(other.gavel.stop());
}

#[tokio::test]
async fn several_processes_may_start_on_a_fresh_database_at_once() {
    let url = database().await;
    let apis = [serve(&url), serve(&url), serve(&url)];
    let worker = work(&url);
    for serving in &apis {
        Api::of(serving).offers("python").await;
    }
    assert!(worker.stop());
}

#[test]
fn a_command_that_needs_a_database_says_how_to_name_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_gavel"))
        .arg("worker")
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("DATABASE_URL=postgres://"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_waited_for() {
    let nowhere = tempfile::tempdir().unwrap();
    let url = format!("postgres:///gavel?host={}", nowhere.path().display());
    let serving = serve(&url);
    let line = serving.wait_for_log("cannot reach the database");
    assert!(line.contains("Trying again"), "{line}");
    assert!(!serving.stop(), "it never served");
}

#[test]
fn a_taken_port_is_named_before_anything_is_started() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data_dir = data_dir();
    let output = Command::new(env!("CARGO_BIN_EXE_gavel"))
        .args(["up", "--listen", &address, "--data-dir"])
        .arg(data_dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen ADDR:PORT"));
    assert_eq!(std::fs::read_dir(data_dir.path()).unwrap().count(), 0);
}
