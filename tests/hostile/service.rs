//! Cases sent to a real server, all at once: each gets the verdict that it gets here, none is lost,
//! and the secrets of the server are in no answer.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::canaries::Canaries;
use crate::case::{self, Case, Expected};
use crate::judging;
use crate::runner::{alone, contains_any, runnable, runs_slow};
use crate::service_support::Everything;

/// What a client would send for a case.
fn submission(case: &Case, canaries: &Canaries, language: &str) -> Value {
    let work = judging::work(case, language);
    let files = work.files.iter().map(
        |file| json!({ "name": file.name, "content_base64": BASE64_STANDARD.encode(&file.bytes) }),
    );
    let input = BASE64_STANDARD.encode(judging::input(case, canaries));
    let answer = BASE64_STANDARD.encode(&case.answer);
    let test = json!({ "input_base64": input, "answer_base64": answer });
    let limits = &case.limits;
    json!({
        "language": language,
        "files": files.collect::<Vec<_>>(),
        "limits": {
            "cpu_ms": limits.cpu_ms,
            "wall_ms": limits.wall_ms,
            "memory_bytes": limits.memory_bytes,
            "output_bytes": limits.output_bytes,
            "processes": limits.processes,
        },
        "tests": vec![test; case.tests],
        "checker": case.checker,
    })
}

/// What is wrong with the end of a submission.
fn disappointment(case: &Case, ended: &Value) -> Option<String> {
    let results = ended["cases"].as_array().map_or(&[][..], Vec::as_slice);
    let last = results
        .iter()
        .rfind(|result| result["verdict"] != "SKIPPED");
    let number = |key: &str| last.and_then(|result| result[key].as_i64());
    let is_as = |wanted: Option<i32>, found: Option<i64>| {
        wanted.is_none_or(|wanted| Some(i64::from(wanted)) == found)
    };
    let is_expected = |expected: &Expected| {
        json!(expected.verdict) == ended["verdict"]
            && is_as(expected.exit_code, number("exit_code"))
            && is_as(expected.signal, number("signal"))
    };
    let is_well = ended["state"] == "finished"
        && ended["attempts"] == 1
        && case.expect.iter().any(is_expected);
    (!is_well).then(|| format!("{}: {}: {ended:#}", case.id, case.about))
}

/// The most of a submission's files that a server takes by default, in bytes.
const MAX_SOURCE_BYTES: usize = 1 << 20;

/// Those with `api: yes`; in the slow tier, all whose language the server has and whose files it takes.
fn cases() -> Vec<(Case, String)> {
    let is_sent = |case: &Case| case.by_api || runs_slow();
    // Made up here.
    let is_known = |case: &Case| !["compiled", "collected"].contains(&&*case.extension);
    let is_taken = |(case, language): &(Case, String)| {
        let files = judging::work(case, language).files;
        files.iter().map(|file| file.bytes.len()).sum::<usize>() <= MAX_SOURCE_BYTES
    };
    let cases = case::read_all(None).into_iter();
    cases
        .filter(|case| is_sent(case) && is_known(case) && case.repeat == 1)
        .filter_map(|case| runnable(&case).ok().map(|language| (case, language)))
        .filter(is_taken)
        .collect()
}

#[test]
fn a_server_gives_every_case_its_verdict_and_loses_none() {
    let _alone = alone();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(submit_all());
}

async fn submit_all() {
    let canaries = Canaries::new();
    let server = Everything::up().await;
    let mut submitted = BTreeMap::new();
    for (case, language) in cases() {
        server.api.offers(&language).await;
        let body = submission(&case, &canaries, &language);
        let id = server.api.submit(&body).await;
        assert!(submitted.insert(id, case).is_none(), "two have one id");
    }
    let mut wrong = Vec::new();
    for (id, case) in &submitted {
        let ended = tokio::time::timeout(Duration::from_secs(600), server.api.ended(id));
        let ended = ended.await.expect("an end");
        wrong.extend(disappointment(case, &ended));
        if contains_any(
            &ended.to_string(),
            &[canaries.secret(), "GAVEL_", "postgres://"],
        ) {
            wrong.push(format!("{} was told a secret: {ended:#}", case.id));
        }
    }
    wrong.extend(canaries.heard());
    eprintln!("service: {} submissions", submitted.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(server.gavel.stop(), "the server did not end well");
}
