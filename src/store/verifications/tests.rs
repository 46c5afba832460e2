//! Tests of verifications.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{
    LEASE, MAX_ATTEMPTS, claim, package, problem, register, submission_on,
};
use crate::store::{NewProblem, SubmissionState, Tests, VersionState};

async fn packaged(store: &Store, limit_ms: Option<u64>) -> ProblemId {
    let new = NewProblem {
        name: "packaged".to_owned(),
        version: package(b"PK", limit_ms),
    };
    store.create_problem(&new).await.unwrap().id
}

async fn claimed(store: &Store) -> Option<VerificationLease> {
    let claim = store
        .claim_verification(&[], LEASE, MAX_ATTEMPTS)
        .await
        .unwrap();
    claim.map(|claim| claim.lease)
}

async fn expire(pool: &PgPool) {
    let expired = sqlx::query("UPDATE verifications SET lease_until = now()")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(expired.rows_affected(), 1);
}

fn report(limit_ms: Option<u64>) -> VerificationEnd {
    VerificationEnd::Report {
        ok: true,
        report: r#"{"notes":["a\u0000b"]}"#.to_owned(),
        limit_ms,
    }
}

#[sqlx::test]
async fn a_verification_finds_the_time_limit_and_releases_what_was_held(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store, None).await;
    let on_it = submission_on("c", Tests::Problem(id));
    let sent = store.create_submission(&on_it).await.unwrap();
    assert_eq!(sent.state, SubmissionState::Held);

    let claim_of = store
        .claim_verification(&[], LEASE, MAX_ATTEMPTS)
        .await
        .unwrap();
    let VerificationClaim { lease, package } = claim_of.unwrap();
    let archive = package.archive;
    assert_eq!(archive, BlobId::of(b"PK"));
    assert!(claimed(&store).await.is_none());
    let progress = VerificationProgress {
        step: "judging".to_owned(),
        done: 3,
        total: 7,
    };
    let noted = store.note_progress(&lease, &progress).await;
    assert_eq!(noted.unwrap(), LeaseState::Held);
    let running = store.find_verification(id, 1).await.unwrap().unwrap();
    assert_eq!(running.state, VerificationState::Running);
    assert_eq!((running.progress, running.attempts), (Some(progress), 1));

    let finished = store.finish_verification(&lease, &report(Some(2000))).await;
    assert_eq!(finished.unwrap(), LeaseState::Held);
    let finished = store.find_verification(id, 1).await.unwrap().unwrap();
    assert_eq!(finished.state, VerificationState::Finished);
    assert_eq!(finished.ok, Some(true));
    assert_eq!(
        finished.report.as_deref(),
        Some(r#"{"notes":["a\u0000b"]}"#)
    );
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Ready);
    let worker = register(&store).await;
    let released = claim(&store, worker).await.unwrap();
    assert_eq!(released.lease.submission, sent.id);
}

#[sqlx::test]
async fn a_time_limit_that_is_there_stays(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store, Some(1500)).await;
    let lease = claimed(&store).await.unwrap();
    store
        .finish_verification(&lease, &report(Some(9000)))
        .await
        .unwrap();
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    let shown = format!("{:?}", version.content);
    assert!(
        shown.contains("limit_ms: Some(1500)") && !shown.contains("9000"),
        "{shown}"
    );
}

#[sqlx::test]
async fn without_a_reason_for_a_limit_the_version_is_in_error(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store, None).await;
    let lease = claimed(&store).await.unwrap();
    store
        .finish_verification(&lease, &report(None))
        .await
        .unwrap();
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Error);
    // Going on means to look for the limit again.
    let resumed = store.resume_version(id, 1).await.unwrap().unwrap();
    assert_eq!(resumed.state, VersionState::Pending);
    assert!(claimed(&store).await.is_some());
}

#[sqlx::test]
async fn a_problem_error_ends_a_verification_and_marks_the_version(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store, Some(1500)).await;
    let lease = claimed(&store).await.unwrap();
    let error = ProblemError {
        cause: "crashed".to_owned(),
        evidence: "\0".to_owned(),
    };
    let end = VerificationEnd::Problem(error);
    store.finish_verification(&lease, &end).await.unwrap();
    let found = store.find_verification(id, 1).await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.ok),
        (VerificationState::Finished, Some(false))
    );
    assert_eq!(found.error.unwrap().evidence, "\u{FFFD}");
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.error.unwrap().cause, "crashed");
}

#[sqlx::test]
async fn a_lease_that_ran_out_is_claimed_anew_and_the_old_one_writes_nothing(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = packaged(&store, None).await;
    let old = claimed(&store).await.unwrap();
    expire(&pool).await;
    let new = claimed(&store).await.unwrap();
    let renewed = store.renew_verifications(&[old, new], LEASE).await.unwrap();
    assert_eq!(renewed, [new]);
    let progress = VerificationProgress {
        step: String::new(),
        done: 0,
        total: 0,
    };
    let cause = "ours";
    for state in [
        store.finish_verification(&old, &report(Some(1))).await,
        store
            .fail_verification(&old, cause, MAX_ATTEMPTS, Duration::ZERO)
            .await,
        store.give_back_verification(&old).await,
        store.note_progress(&old, &progress).await,
    ] {
        assert_eq!(state.unwrap(), LeaseState::Lost);
    }
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Pending);
    let finished = store.finish_verification(&new, &report(Some(1))).await;
    assert_eq!(finished.unwrap(), LeaseState::Held);
}

#[sqlx::test]
async fn failures_of_the_judge_are_tried_again_and_then_set_aside(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = packaged(&store, None).await;
    let returned = claimed(&store).await.unwrap();
    store.give_back_verification(&returned).await.unwrap();
    let failing = claimed(&store).await.unwrap();
    let failed = store.fail_verification(&failing, "ours", MAX_ATTEMPTS, Duration::ZERO);
    assert_eq!(failed.await.unwrap(), LeaseState::Held);
    for _ in 1..MAX_ATTEMPTS {
        assert_eq!(
            store.set_aside_verifications(MAX_ATTEMPTS).await.unwrap(),
            0
        );
        claimed(&store).await.unwrap();
        expire(&pool).await;
    }
    assert!(claimed(&store).await.is_none());
    assert_eq!(
        store.set_aside_verifications(MAX_ATTEMPTS).await.unwrap(),
        1
    );
    let found = store.find_verification(id, 1).await.unwrap().unwrap();
    assert_eq!(found.state, VerificationState::Failed);
    assert_eq!(found.attempts, i32::try_from(MAX_ATTEMPTS).unwrap());
    assert!(found.error.unwrap().cause.contains("vanished"));
    // It is no error of the problem, and somebody may ask again.
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Pending);
    assert!(store.request_verification(id, 1).await.unwrap());
    assert!(claimed(&store).await.is_some());
}

#[sqlx::test]
async fn a_version_is_verified_once_at_a_time(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store, None).await;
    assert!(store.request_verification(id, 1).await.unwrap());
    let lease = claimed(&store).await.unwrap();
    assert!(store.request_verification(id, 1).await.unwrap());
    assert!(claimed(&store).await.is_none());
    store
        .finish_verification(&lease, &report(Some(1)))
        .await
        .unwrap();
    assert!(store.request_verification(id, 1).await.unwrap());
    let again = store.find_verification(id, 1).await.unwrap().unwrap();
    assert_eq!(again.state, VerificationState::Queued);
}

#[sqlx::test]
async fn only_packages_are_verified(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = store.create_problem(&problem("a")).await.unwrap().id;
    assert!(!store.request_verification(id, 1).await.unwrap());
    assert!(!store.request_verification(id, 2).await.unwrap());
    assert!(store.find_verification(id, 1).await.unwrap().is_none());
    assert!(claimed(&store).await.is_none());
}
