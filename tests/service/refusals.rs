//! Bad input: a 4xx that names the field, and nothing stored.

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn bad_input_is_refused_under_its_field_and_nothing_is_stored() {
    let all = Everything::up().await;
    let good = || sum("python", PYTHON_SUM);
    let with = |change: fn(&mut Value)| {
        let mut body = good();
        change(&mut body);
        body
    };
    let table = [
        (with(|b| b["language"] = json!("cobol")), 422, "/language"),
        (with(|b| b["source"] = Value::Null), 422, "/source"),
        (with(|b| b["sources"] = json!("x")), 400, "sources"),
        (
            with(|b| b["source_base64"] = json!("?")),
            422,
            "/source_base64",
        ),
        (
            with(|b| b["limits"]["cpu_ms"] = json!(0)),
            422,
            "/limits/cpu_ms",
        ),
        (
            with(|b| b["limits"]["cpu_ms"] = json!(-1)),
            422,
            "/limits/cpu_ms",
        ),
        (
            with(|b| b["limits"]["cpu_ms"] = json!(1e300)),
            422,
            "/limits/cpu_ms",
        ),
        (
            with(|b| b["limits"]["memory_bytes"] = json!(u64::MAX)),
            422,
            "/limits/memory_bytes",
        ),
        (
            with(|b| b["limits"]["cpu_ms"] = json!("NaN")),
            400,
            "/limits/cpu_ms",
        ),
        (with(|b| b["tests"] = json!([])), 422, "/tests"),
        (
            with(|b| b["tests"][0]["name"] = json!("a\u{0}b")),
            422,
            "/tests/0/name",
        ),
        (
            json!({ "language": "python", "source": "", "problem_id": "00000000-0000-7000-8000-000000000000" }),
            422,
            "/problem_id",
        ),
    ];
    for (body, status, path) in table {
        let (got, answer) = all.api.post("/api/v1/submissions", &body).await;
        assert_eq!(got.as_u16(), status, "{path}: {answer}");
        assert!(answer.to_string().contains(path), "{path}: {answer}");
        assert!(!answer["detail"].as_str().unwrap().is_empty());
    }
    for path in [
        "/api/v1/submissions/x",
        "/api/v1/submissions/00000000-0000-7000-8000-000000000000",
        "/api/v1/problems/00000000-0000-7000-8000-000000000000",
        "/nowhere",
    ] {
        assert_eq!(all.api.get(path).await.0.as_u16(), 404, "{path}");
    }
    let (_, page) = all.api.get("/api/v1/submissions").await;
    assert_eq!(page["items"], json!([]), "nothing was to be stored");
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let all = Everything::up().await;
    let table: [&[u8]; 4] = [
        b"{",
        b"{\"language\": \"python\", \"source\": \"\xff\"}",
        b"[]",
        b"",
    ];
    for body in table {
        let (status, answer) = all
            .api
            .post_bytes("/api/v1/submissions", body.to_vec())
            .await;
        assert_eq!(status.as_u16(), 400, "{answer}");
    }
}

/// A NUL in a source or an input is a byte like any other; in JSON it is written \u0000.
#[tokio::test]
async fn nul_bytes_in_sources_and_outputs_are_kept() {
    let all = Everything::up().await;
    let submission = json!({
        "language": "python",
        "source": "import sys\nsys.stdout.write('a\\0b')\nsys.stderr.buffer.write(b'\\xff\\0')",
        "stdin": "\u{0}",
    });
    let (_, judged) = all
        .api
        .post("/api/v1/submissions?wait=true", &submission)
        .await;
    assert_eq!(judged["verdict"], "OK", "{judged}");
    assert_eq!(judged["cases"][0]["stdout"], "a\u{0}b", "{judged}");
    assert_eq!(judged["cases"][0]["stderr_base64"], "/wA=", "{judged}");
}
