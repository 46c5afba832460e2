//! What the store's tests put into it.

use std::time::Duration;

use sqlx::PgPool;

use super::{
    Claim, NewProblem, NewSubmission, NewTestCase, NewVersion, NewWorker, OfferedLanguage,
    PackageAbout, Store, SubmissionId, Tests, WorkerId,
};
use crate::judge::verdict::{
    CaseResult, CompileResult, Facts, FeedbackFiles, GroupResult, Judgement, Verdict,
};
use crate::problem::groups::Objective;
use crate::problem::package::{Finding, Severity};
use crate::problem::{Checker, Limits, SourceFile};
use crate::sandbox::{Limit, Noise, NoiseSource};

/// Longer than any test.
pub(super) const LEASE: Duration = Duration::from_secs(600);

pub(super) const MAX_ATTEMPTS: u32 = 3;

pub(super) fn limits() -> Limits {
    Limits {
        cpu_ms: 1001,
        wall_ms: 2002,
        memory_bytes: 3 << 40,
        output_bytes: 4004,
        processes: u32::MAX,
    }
}

pub(super) fn test_case(name: &str, input: &[u8], answer: Option<&[u8]>) -> NewTestCase {
    NewTestCase {
        name: name.to_owned(),
        input: input.into(),
        answer: answer.map(Into::into),
    }
}

pub(super) fn checker() -> Checker {
    Checker::Float {
        absolute: 0.1 + 0.2,
        relative: 1e-300,
    }
}

pub(super) fn cases() -> Vec<NewTestCase> {
    vec![
        test_case("z", b"\0\xff", Some(b"")),
        test_case("a", b"", None),
        test_case("m", b"\0\xff", Some(b"\xfe")),
    ]
}

pub(super) fn version_of(cases: Vec<NewTestCase>) -> NewVersion {
    NewVersion::Tests {
        limits: limits(),
        checker: checker(),
        cases,
    }
}

pub(super) fn problem(name: &str) -> NewProblem {
    NewProblem {
        name: name.to_owned(),
        version: version_of(cases()),
    }
}

/// A package with this time limit; the store does not look into it.
pub(super) fn package(archive: &[u8], limit_ms: Option<u64>) -> NewVersion {
    NewVersion::Package {
        archive: archive.into(),
        about: PackageAbout {
            format: "2025-09".to_owned(),
            names: [("en".to_owned(), "a\0b".to_owned())].into(),
            validation: "custom".to_owned(),
            case_count: 3,
            memory_bytes: 1 << 40,
            output_bytes: 7,
            limit_ms,
            objective: Some(Objective::Min),
            min_score: Some(-0.5),
            max_score: Some(99.5),
            takes_answers: false,
            needs: Vec::new(),
            full_feedback: Vec::new(),
            hints: [("secret/1".to_owned(), "a\0b".to_owned())].into(),
            findings: vec![Finding {
                severity: Severity::Warning,
                path: "problem.yaml".to_owned(),
                line: Some(3),
                message: "odd\0".to_owned(),
            }],
        },
    }
}

pub(super) fn submission_on(language: &str, tests: Tests) -> NewSubmission {
    let file = |name: &str, bytes: &[u8]| SourceFile {
        name: name.to_owned(),
        bytes: bytes.into(),
    };
    NewSubmission {
        language: language.to_owned(),
        files: vec![
            file("main.c", b"int main;"),
            file("a.h", b"\0\xc3\x28"),
            file("b.h", b""),
        ],
        tests,
    }
}

pub(super) fn submission(language: &str) -> NewSubmission {
    let tests = Tests::Inline {
        cases: vec![test_case("1", b"in", Some(b"out"))],
        limits: limits(),
        checker: Checker::default(),
    };
    submission_on(language, tests)
}

pub(super) fn facts(seed: u64) -> Facts {
    Facts {
        exit_code: Some(-1),
        signal: Some(9),
        limit: Some(Limit::Memory),
        cpu_ns: seed,
        wall_ns: seed + 1,
        memory_bytes: (1 << 50) + seed,
        output_bytes: seed + 2,
        denied_calls: ["socket", "a,b", ""].map(String::from)[..seed as usize % 4].to_vec(),
        noise: seed.is_multiple_of(2).then_some(Noise {
            source: NoiseSource::MachinePressure,
            waited_ns: seed,
        }),
        instructions: None,
    }
}

fn group(name: &str, verdict: Verdict, score: Option<f64>, max_score: Option<f64>) -> GroupResult {
    GroupResult {
        name: name.to_owned(),
        verdict,
        score,
        max_score,
    }
}

/// A judgement with every field set, and `count` test cases of which every third was skipped.
pub(super) fn judgement(count: u32) -> Judgement {
    let case = |ordinal: u32| CaseResult {
        ordinal,
        name: format!("case {ordinal}"),
        verdict: if ordinal % 3 == 2 {
            Verdict::Skipped
        } else {
            Verdict::WrongAnswer
        },
        reason: format!("reason {ordinal}"),
        score: (ordinal % 3 != 2).then_some(f64::from(ordinal) / 3.0),
        facts: (ordinal % 3 != 2).then(|| facts(ordinal.into())),
        checker_message: ordinal
            .is_multiple_of(2)
            .then(|| format!("token {ordinal}")),
        team_message: Some("nearly".to_owned()),
        feedback: FeedbackFiles::default(),
        transcript: Some("0.001 < 5\n".to_owned()),
        stdout_prefix: vec![0, 0xff, ordinal as u8],
        stderr_prefix: Vec::new(),
    };
    Judgement {
        verdict: Verdict::WrongAnswer,
        reason: "token 1 differs".to_owned(),
        score: Some(0.1 + 0.2),
        groups: vec![
            group("secret", Verdict::WrongAnswer, Some(1e-9), None),
            group("secret/a", Verdict::Skipped, None, Some(60.0)),
        ],
        compile: Some(CompileResult {
            ok: true,
            reason: String::new(),
            output: vec![0, 0xfe],
            facts: facts(3),
        }),
        cases: (0..count).map(case).collect(),
    }
}

pub(super) async fn register(store: &Store) -> WorkerId {
    let worker = NewWorker {
        name: "judge-1".to_owned(),
        slots: 2,
        languages: vec![language("c", "1")],
        degraded: vec!["swap".to_owned()],
        checks: r#"[{"name":"swap"}]"#.to_owned(),
    };
    store.register_worker(&worker, LEASE).await.unwrap()
}

pub(super) fn language(id: &str, version: &str) -> OfferedLanguage {
    OfferedLanguage {
        id: id.to_owned(),
        name: id.to_uppercase(),
        version: version.to_owned(),
    }
}

pub(super) async fn create(store: &Store, language: &str) -> SubmissionId {
    let stored = store.create_submission(&submission(language)).await;
    stored.unwrap().id
}

/// Claims in the language `c`.
pub(super) async fn claim(store: &Store, worker: WorkerId) -> Option<Claim> {
    claim_in(store, worker, &["c"]).await
}

pub(super) async fn claim_in(store: &Store, worker: WorkerId, languages: &[&str]) -> Option<Claim> {
    let languages: Vec<String> = languages.iter().map(|&id| id.to_owned()).collect();
    store
        .claim_next_submission(worker, &languages, LEASE, MAX_ATTEMPTS)
        .await
        .unwrap()
}

/// Lets the lease of a submission run out.
pub(super) async fn expire(pool: &PgPool, id: SubmissionId) {
    let expired = sqlx::query("UPDATE jobs SET lease_until = now() WHERE submission_id = $1")
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(expired.rows_affected(), 1);
}

/// Attempt, worker's name and cause of each recorded failure.
pub(super) async fn failures(pool: &PgPool, id: SubmissionId) -> Vec<(i32, String, String)> {
    sqlx::query_as(
        "SELECT attempt, worker_name, cause FROM attempt_failures
         WHERE submission_id = $1 ORDER BY attempt",
    )
    .bind(id)
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Judges what waits longest.
pub(super) async fn finish_next(store: &Store) {
    let worker = register(store).await;
    let claim = claim(store, worker).await.unwrap();
    let finished = store.finish_submission(&claim.lease, &judgement(2)).await;
    assert_eq!(finished.unwrap(), super::LeaseState::Held);
}
