//! From a submission to its verdict.

use std::collections::HashMap;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::*;

const CPP_SUM: &str =
    "#include <iostream>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b; }";

#[tokio::test]
async fn seven_programs_get_seven_verdicts_that_explain_themselves() {
    let all = Everything::up().await;
    let hog = "#include <cstdlib>\n#include <cstring>\nint main() { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }";
    let table = [
        ("AC", "python", PYTHON_SUM, "all 2 test cases are right"),
        (
            "WA",
            "python",
            "print(3)",
            "test case large: the output differs",
        ),
        (
            "TLE",
            "cpp",
            "int main() { for (;;); }",
            "test case small: used 1.0",
        ),
        ("MLE", "cpp", hog, "limit of 64 MiB"),
        (
            "RTE",
            "cpp",
            "#include <cstdlib>\nint main() { abort(); }",
            "signal 6 (SIGABRT)",
        ),
        ("OLE", "bash", "yes", "limit of 64 KiB"),
        ("CE", "cpp", "int main() { return x; }", "exit code 1"),
    ];
    for (verdict, language, source, reason) in table {
        let id = all.api.submit(&sum(language, source)).await;
        let judged = all.api.ended(&id).await;
        assert_eq!(judged["verdict"], verdict, "{judged}");
        let said = judged["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{verdict}: {said}");
        assert_is_plausible(verdict, &judged);
    }
}

fn assert_is_plausible(verdict: &str, judged: &Value) {
    if verdict == "CE" {
        let output = judged["compile"]["output"].as_str().unwrap();
        assert!(
            output.contains("was not declared in this scope"),
            "{output}"
        );
        assert!(judged["totals"].is_null());
        return;
    }
    let totals = |name: &str| judged["totals"][name].as_f64().unwrap();
    assert!(
        totals("cpu_ms") > 0.1 && totals("cpu_ms") < 1500.0,
        "{judged}"
    );
    assert!(totals("wall_ms") < 5000.0, "{judged}");
    let memory = totals("memory_bytes");
    assert!((100e3..68e6).contains(&memory), "{judged}");
    if verdict == "TLE" {
        assert!((1000.0..1100.0).contains(&totals("cpu_ms")), "{judged}");
        assert_eq!(judged["cases"][1]["verdict"], "SKIPPED");
    }
}

#[tokio::test]
async fn two_hundred_submissions_at_once_all_get_the_right_verdict() {
    let all = Everything::up().await;
    let programs = [
        ("python", PYTHON_SUM, "AC"),
        ("python", "print(3)", "WA"),
        ("cpp", CPP_SUM, "AC"),
        ("cpp", "int main() { return 3; }", "RTE"),
        ("bash", "read a b; echo $((a + b))", "AC"),
        ("bash", "kill -SEGV $$", "RTE"),
        ("c", "int main(void) { return }", "CE"),
        (
            "c",
            "#include <stdio.h>\nint main(void) { int a, b; scanf(\"%d%d\", &a, &b); printf(\"%d\\n\", a + b); }",
            "AC",
        ),
    ];
    let submitting = (0..200).map(|number| {
        let (language, source, verdict) = programs[number % programs.len()];
        let api = all.api.clone();
        tokio::spawn(async move { (api.submit(&sum(language, source)).await, verdict) })
    });
    let mut expected = HashMap::new();
    for submitted in submitting.collect::<Vec<_>>() {
        let (id, verdict) = submitted.await.unwrap();
        expected.insert(id, verdict);
    }
    assert_eq!(expected.len(), 200);
    for (id, verdict) in &expected {
        let judged = all.api.ended(id).await;
        assert_eq!(judged["verdict"], *verdict, "{judged}");
        assert_eq!(judged["attempts"], 1, "{judged}");
    }
    let slots = slots_of(&all.gavel);
    assert!(!slots.is_empty());
    assert!(all.gavel.stop());
    for slot in slots {
        assert!(!group_is_left(slot), "the group of slot {slot} is left");
    }
}

/// The machine-wide slots that a process holds the locks of.
fn slots_of(gavel: &Gavel) -> Vec<u32> {
    let fds = std::fs::read_dir(format!("/proc/{}/fd", gavel.pid())).unwrap();
    fds.flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .filter_map(|file| {
            let name = file.strip_prefix("/run/gavel/slots").ok()?;
            name.to_str()?.strip_suffix(".lock")?.parse().ok()
        })
        .collect()
}

/// Whether a group of a slot exists that nobody has taken meanwhile.
fn group_is_left(slot: u32) -> bool {
    let lock = std::fs::File::open(format!("/run/gavel/slots/{slot}.lock")).unwrap();
    let Ok(_held) = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockSharedNonblock) else {
        return false;
    };
    ["pids/gavel", "memory/gavel", "gavel"]
        .iter()
        .any(|parent| {
            (0..2).any(|lane| {
                std::path::Path::new("/sys/fs/cgroup")
                    .join(parent)
                    .join(format!("slot-{slot}-{lane}"))
                    .exists()
            })
        })
}

#[tokio::test]
async fn a_stored_problem_judges_and_its_submissions_are_found() {
    let all = Everything::up().await;
    let problem = json!({
        "name": "sum",
        "checker": { "kind": "float", "absolute": 0.01 },
        "tests": [{ "input": "1 2", "answer": "3" }],
    });
    let (status, stored) = all.api.post("/api/v1/problems", &problem).await;
    assert_eq!(status, StatusCode::CREATED, "{stored}");
    let (status, _) = all.api.post("/api/v1/problems", &problem).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let submission = json!({
        "language": "python",
        "source": "print(3.001)",
        "problem_id": stored["id"],
    });
    let (status, judged) = all
        .api
        .post("/api/v1/submissions?wait=true", &submission)
        .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(judged["verdict"], "AC", "{judged}");
    let id = stored["id"].as_str().unwrap();
    let path = format!("/api/v1/submissions?problem_id={id}&verdict=AC");
    let (_, page) = all.api.get(&path).await;
    assert_eq!(page["items"][0]["id"], judged["id"]);
    let path = format!(
        "/api/v1/submissions/{}/source",
        judged["id"].as_str().unwrap()
    );
    let (_, source) = all.api.get(&path).await;
    assert_eq!(source["files"][0]["content"], "print(3.001)", "{source}");
}

#[tokio::test]
async fn several_files_are_one_program() {
    let all = Everything::up().await;
    let submission = json!({
        "language": "cpp",
        "files": [
            { "name": "main.cpp", "content": "#include \"sum.h\"\n#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << sum(a, b); }" },
            { "name": "sum.cpp", "content": "#include \"sum.h\"\nint sum(int a, int b) { return a + b; }" },
            { "name": "sum.h", "content": "int sum(int a, int b);" },
        ],
        "tests": [{ "input": "1 2", "answer": "3" }],
    });
    let (_, judged) = all
        .api
        .post("/api/v1/submissions?wait=true", &submission)
        .await;
    assert_eq!(judged["verdict"], "AC", "{judged}");
}

#[tokio::test]
async fn pages_and_documents_are_part_of_the_binary() {
    let all = Everything::up().await;
    for path in ["/healthz", "/readyz", "/version", "/api/v1/openapi.json"] {
        let (status, answer) = all.api.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    }
    let (status, page) = all.api.get("/docs/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.as_str().unwrap().contains("swagger"), "{page}");
    let (_, languages) = all.api.get("/api/v1/languages").await;
    let ids: Vec<_> = languages
        .as_array()
        .unwrap()
        .iter()
        .map(|l| &l["id"])
        .collect();
    let shipped = [
        "bash",
        "c",
        "cpp",
        "go",
        "java",
        "javascript",
        "pypy",
        "python",
        "rust",
    ];
    assert_eq!(ids, shipped);
}

#[tokio::test]
async fn workers_say_what_their_machine_offers_and_lacks() {
    let all = Everything::up().await;
    let (status, workers) = all.api.get("/api/v1/workers?checks=true").await;
    assert_eq!(status, StatusCode::OK, "{workers}");
    let worker = &workers[0];
    assert_eq!(worker["alive"], true);
    assert!(worker["slots"].as_u64().unwrap() > 0);
    let mut languages = worker["languages"].as_array().unwrap().iter();
    assert!(languages.any(|l| l["id"] == "python"), "{worker}");
    let checks = worker["checks"].as_array().unwrap();
    assert!(
        checks
            .iter()
            .any(|c| c["name"] == "landlock" && c["status"].is_string())
    );
    let id = all.api.submit(&sum("python", PYTHON_SUM)).await;
    assert_eq!(all.api.ended(&id).await["degraded"], worker["degraded"]);
    assert!(all.api.get("/api/v1/workers").await.1[0]["checks"].is_null());
}
