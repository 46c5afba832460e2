//! Judging on problem packages: checkers, validators, interactors, and problems that are broken.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::packages::packed;
use crate::support::*;

/// Stores a package; returns its path.
async fn store(api: &Api, name: &str, archive: &[u8]) -> String {
    let file_name = format!("{name}.zip");
    let (status, problem) = api.upload("/api/v1/problems", &file_name, archive).await;
    assert_eq!(status, StatusCode::CREATED, "{problem}");
    format!("/api/v1/problems/{}", problem["id"].as_str().unwrap())
}

fn on(problem: &str, language: &str, source: &str) -> Value {
    let id = problem.rsplit('/').next().unwrap();
    json!({ "language": language, "source": source, "problem_id": id })
}

async fn state(api: &Api, id: &str) -> Value {
    api.get(&format!("/api/v1/submissions/{id}")).await.1["state"].clone()
}

/// A validator in C++ with this body, as a change to the package `root`.
fn validator(body: &str) -> String {
    format!("#include <cstdio>\n#include <cstdlib>\nint main() {{ {body} }}\n")
}

const LIMITED: &[u8] =
    b"problem_format_version: 2025-09\nname: Root\nuuid: 7d2b0c0e-8a53-4a55-9a5b-2a6a5a2d1f10\n\
                         limits:\n  memory: 256\n  time_limit: 1\n";

fn root(validator: &str) -> Vec<u8> {
    packed(
        "root",
        &[
            ("problem.yaml", LIMITED),
            ("output_validator/check.cpp", validator.as_bytes()),
        ],
    )
}

#[tokio::test]
async fn packages_are_judged_by_their_own_checkers_and_validators() {
    let all = Everything::up().await;
    let own = packed("root", &[("problem.yaml", LIMITED)]);
    let sum = store(&all.api, "sum", &packed("sum", &[])).await;
    let root = store(&all.api, "root", &own).await;
    let guess = store(&all.api, "guess", &packed("guess", &[])).await;
    let text = |path: &str| {
        let path = format!("{}/tests/packages/{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let table = [
        (&sum, "c", "sum/submissions/accepted/sum.c", "AC"),
        (&sum, "c", "sum/submissions/wrong_answer/narrow.c", "WA"),
        (
            &sum,
            "c",
            "sum/submissions/compiler_error/unfinished.c",
            "CE",
        ),
        (&root, "bash", "root/submissions/accepted/negative.sh", "AC"),
        (
            &root,
            "bash",
            "root/submissions/wrong_answer/three.sh",
            "WA",
        ),
        (
            &guess,
            "bash",
            "guess/submissions/accepted/halving.sh",
            "AC",
        ),
        (
            &guess,
            "bash",
            "guess/submissions/wrong_answer/one_guess.sh",
            "WA",
        ),
        (
            &guess,
            "bash",
            "guess/submissions/run_time_error/fails_after_the_end.sh",
            "RTE",
        ),
    ];
    for (problem, language, path, verdict) in table {
        let id = all.api.submit(&on(problem, language, &text(path))).await;
        let judged = all.api.ended(&id).await;
        assert_eq!(judged["verdict"], verdict, "{path}: {judged}");
        assert_eq!(judged["problem_version"], 1);
        let cases = judged["cases"].as_array().unwrap();
        let count = all.api.get(problem).await.1["test_count"].clone();
        assert_eq!(json!(cases.len()), count, "{path}");
    }
}

#[tokio::test]
async fn answers_are_submissions_where_a_problem_takes_them_and_nowhere_else() {
    let all = Everything::up().await;
    let yaml = b"problem_format_version: 2025-09\nname: Sums\ntype: submit-answer\n\
                 uuid: 1d2b0c0e-8a53-4a55-9a5b-2a6a5a2d1f10\nlimits: {memory: 256}\n";
    let answers = store(
        &all.api,
        "answers",
        &packed("sum", &[("problem.yaml", yaml)]),
    )
    .await;
    let (_, problem) = all.api.get(&answers).await;
    assert_eq!(problem["package"]["takes_answers"], true, "{problem}");
    let id = answers.rsplit('/').next().unwrap();
    for (last, verdict) in [("4000000000", "AC"), ("-294967296", "WA")] {
        let files = [
            ("sample/1.out", "3"),
            ("small/1.out", "10"),
            ("2.out", "0"),
            ("secret/large/1.out", last),
        ];
        let files = files.map(|(name, content)| json!({ "name": name, "content": content }));
        let body = json!({ "language": "answers", "files": files, "problem_id": id });
        let judged = all.api.ended(&all.api.submit(&body).await).await;
        assert_eq!(judged["verdict"], verdict, "{judged}");
    }
    let sum = store(&all.api, "sum", &packed("sum", &[])).await;
    for (body, words) in [
        (on(&answers, "bash", "echo 3"), "must be answers"),
        (on(&sum, "answers", "3"), "must be that of a program"),
    ] {
        let (status, refused) = all.api.post("/api/v1/submissions", &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(refused.to_string().contains("/language"), "{refused}");
    }
}

#[tokio::test]
async fn a_submission_says_which_languages_it_waits_for() {
    let url = database().await;
    let gavel = serve(&url);
    let api = Api::of(&gavel);
    let languages = tempfile::tempdir().unwrap();
    let bash = format!("{}/languages/bash.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir(languages.path().join("languages")).unwrap();
    std::fs::copy(bash, languages.path().join("languages/bash.toml")).unwrap();
    let config = languages.path().join("gavel.conf");
    let directory = languages.path().join("languages");
    std::fs::write(&config, format!("languages_dir = {directory:?}\n")).unwrap();
    let config = config.to_str().unwrap();
    let only_bash = ["worker", "--slots", "1", "--config", config];
    let _poor = Gavel::start(&only_bash, Some(&url));
    api.offers("bash").await;
    let root = store(&api, "root", &packed("root", &[("problem.yaml", LIMITED)])).await;
    let id = api.submit(&on(&root, "bash", "echo 1")).await;
    let (_, waiting) = api.get(&format!("/api/v1/submissions/{id}")).await;
    assert_eq!(
        (&waiting["state"], &waiting["waiting_for"]),
        (&json!("queued"), &json!(["cpp"])),
        "{waiting}"
    );
    let _rich = work(&url);
    let judged = api.ended(&id).await;
    assert_eq!(judged["state"], "finished", "{judged}");
    assert_eq!(judged["waiting_for"], json!([]));
}

#[tokio::test]
async fn a_package_that_asks_for_no_memory_gets_what_the_installation_gives_at_most() {
    let url = database().await;
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("gavel.toml");
    std::fs::write(&config, "max_memory_bytes = 100000000\n").unwrap();
    let config = config.to_str().unwrap();
    let small = ["serve", "--listen", "127.0.0.1:0", "--config", config];
    let gavel = Gavel::start(&small, Some(&url));
    let (api, _worker) = (Api::of(&gavel), work(&url));
    api.offers("c").await;
    let yaml = b"problem_format_version: 2025-09\nname: Root\nlimits: {time_limit: 1}\n";
    let root = store(&api, "root", &packed("root", &[("problem.yaml", yaml)])).await;
    let package = &api.get(&root).await.1["package"];
    assert_eq!(package["memory_bytes"], 100_000_000, "{package}");
    assert_eq!(package["needs"], json!(["cpp"]), "{package}");
    let large = "#include <string.h>\nstatic char x[150 << 20];\nint main(void) {\n    \
                 memset(x, 1, sizeof x);\n    return x[7] - 1;\n}\n";
    let judged = api.ended(&api.submit(&on(&root, "c", large)).await).await;
    assert_eq!(judged["verdict"], "MLE", "{judged}");
}

#[tokio::test]
async fn points_are_kept_for_the_whole_its_groups_and_its_cases() {
    let all = Everything::up().await;
    let points = store(&all.api, "points", &packed("points", &[])).await;
    let (_, problem) = all.api.get(&points).await;
    assert_eq!(problem["package"]["max_score"], 100.0);
    let narrow = "read -r a b\necho $(((a + b) % 1000000000))\n";
    let id = all.api.submit(&on(&points, "bash", narrow)).await;
    let judged = all.api.ended(&id).await;
    assert_eq!(
        (&judged["score"], &judged["max_score"]),
        (&json!(40.0), &json!(100.0)),
        "{judged}"
    );
    let group = |name: &str| {
        let groups = judged["groups"].as_array().unwrap().iter();
        groups.clone().find(|group| group["name"] == name).unwrap()
    };
    assert_eq!(
        *group("secret/small"),
        json!({ "name": "secret/small", "verdict": "AC", "score": 40.0, "max_score": 40.0 })
    );
    assert_eq!(group("secret/large")["score"], 0.0);
    let cases = judged["cases"].as_array().unwrap();
    let scored = cases.iter().find(|case| case["name"] == "secret/small/1");
    assert_eq!(scored.unwrap()["score"], 40.0, "{judged}");
    // Whether the kernel counts is the machine's affair; that the field is there is ours.
    assert!(scored.unwrap().get("noise").is_some());
    let (_, page) = all.api.get("/api/v1/submissions").await;
    assert_eq!(page["items"][0]["score"], 40.0);
}

#[tokio::test]
async fn a_broken_validator_holds_its_problem_and_never_becomes_a_verdict() {
    let all = Everything::up().await;
    let api = &all.api;
    let crash = validator("fprintf(stderr, \"so long\"); abort();");
    let broken = store(api, "broken", &root(&crash)).await;
    let (first, second) = (on(&broken, "bash", "echo 1"), on(&broken, "bash", "echo 2"));
    let held = [api.submit(&first).await, api.submit(&second).await];
    eventually("the problem is not in error", async || {
        api.get(&broken).await.1["state"] == "error"
    })
    .await;
    let (_, problem) = api.get(&broken).await;
    let cause = problem["error"]["cause"].as_str().unwrap();
    assert!(
        cause.contains("output_validator") && cause.contains("SIGABRT"),
        "{cause}"
    );
    assert_eq!(problem["error"]["evidence"], "so long");
    for id in &held {
        eventually("not held", async || state(api, id).await == "held").await;
        let (_, submission) = api.get(&format!("/api/v1/submissions/{id}")).await;
        assert_eq!(
            (&submission["verdict"], &submission["attempts"]),
            (&Value::Null, &json!(0))
        );
    }

    // Others go on, and so does the worker.
    let other = store(api, "other", &packed("sum", &[])).await;
    let judged = api
        .submit(&on(&other, "bash", "read a b; echo $((a + b))"))
        .await;
    assert_eq!(api.ended(&judged).await["verdict"], "AC");

    // What is not mended comes back, also where it cannot be compiled.
    let resume = format!("{broken}/versions/1/resume");
    let (status, resumed) = api.post(&resume, &Value::Null).await;
    assert_eq!(
        (status, &resumed["state"]),
        (StatusCode::OK, &json!("ready"))
    );
    let is_broken = async || api.get(&broken).await.1["state"] == "error";
    eventually("the problem is not in error again", is_broken).await;
    let versions = format!("{broken}/versions");
    let (status, _) = api
        .upload(&versions, "x.zip", &root("int main() { return x; }"))
        .await;
    assert_eq!(status, StatusCode::CREATED);
    eventually("the problem is not in error again", is_broken).await;
    let (_, problem) = api.get(&broken).await;
    let evidence = problem["error"]["evidence"].as_str().unwrap();
    assert!(evidence.contains("not declared"), "{problem}");

    let (status, mended) = api
        .upload(&versions, "x.zip", &root(&validator("return 42;")))
        .await;
    assert_eq!(
        (status, &mended["version"]),
        (StatusCode::CREATED, &json!(3))
    );
    for id in &held {
        let judged = api.ended(id).await;
        assert_eq!(
            (&judged["verdict"], &judged["attempts"]),
            (&json!("AC"), &json!(1)),
            "{judged}"
        );
        assert_eq!(judged["problem_version"], 3);
    }
}

const LEAVING: &str = r#"#include <fstream>
#include <sys/stat.h>
int main(int, char **argv) {
    std::string feedback = argv[3];
    std::ofstream(feedback + "judgemessage.txt") << "seen";
    std::ofstream(feedback + "big") << std::string(200000, 'x');
    mkdir((feedback + "deep").c_str(), 0755);
    std::ofstream(feedback + "deep/a b\".svg") << "<svg/>\xff";
    return 42;
}
"#;

#[tokio::test]
async fn files_that_a_validator_leaves_are_told_and_downloaded_as_they_are() {
    let all = Everything::up().await;
    let problem = store(&all.api, "leaving", &root(LEAVING)).await;
    let id = all.api.submit(&on(&problem, "bash", "echo 1")).await;
    let answer = all.api.ended(&id).await;
    assert_eq!(answer["verdict"], "AC", "{answer}");
    let case = &answer["cases"][0];
    let expected = json!([
        {"name": "big", "bytes": 200_000, "omitted": true},
        {"name": "deep/a b\".svg", "bytes": 7},
    ]);
    assert_eq!(case["feedback"], expected);
    assert_eq!(
        (&case["checker_message"], &case["has_more_feedback"]),
        (&json!("seen"), &json!(false))
    );

    let at = format!("/api/v1/submissions/{id}/feedback");
    let name = case["name"].as_str().unwrap();
    let path = format!("{at}?case={name}&file=deep/a%20b%22.svg");
    let (headers, bytes) = all.api.download_with_headers(&path).await;
    assert_eq!(bytes, b"<svg/>\xff");
    for (header, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"a_b_.svg\""),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(headers[header], value);
    }
    for (query, status) in [
        (format!("case={name}&file=big"), StatusCode::NOT_FOUND),
        (format!("case={name}&file=deep"), StatusCode::NOT_FOUND),
        ("case=no&file=big".to_owned(), StatusCode::NOT_FOUND),
        (format!("case={name}"), StatusCode::BAD_REQUEST),
        ("file=big".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        let (found, body) = all.api.get(&format!("{at}?{query}")).await;
        assert_eq!(found, status, "{query}: {body}");
    }
}
