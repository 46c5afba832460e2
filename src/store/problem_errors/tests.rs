//! Tests of holding and releasing.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{
    claim, create, failures, judgement, package, problem, register, submission_on,
};
use crate::store::{NewProblem, SubmissionId, SubmissionState, Tests, VersionState};

fn broken() -> ProblemError {
    ProblemError {
        cause: "the validator \0 crashed".to_owned(),
        evidence: "Segmentation fault".to_owned(),
    }
}

async fn packaged(store: &Store) -> ProblemId {
    let new = NewProblem {
        name: "packaged".to_owned(),
        version: package(b"PK", Some(1000)),
    };
    store.create_problem(&new).await.unwrap().id
}

async fn send(store: &Store, problem: ProblemId) -> SubmissionId {
    let on_it = submission_on("c", Tests::Problem(problem));
    store.create_submission(&on_it).await.unwrap().id
}

async fn state(store: &Store, id: SubmissionId) -> (SubmissionState, i32) {
    let found = store.find_submission(id).await.unwrap().unwrap();
    (found.summary.state, found.summary.attempts)
}

#[sqlx::test]
async fn a_problem_error_holds_the_submissions_of_its_version_and_no_others(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (bad, good) = (packaged(&store).await, problem("good"));
    let good = store.create_problem(&good).await.unwrap().id;
    let worker = register(&store).await;
    let (first, second) = (send(&store, bad).await, send(&store, bad).await);
    let (own, on_good) = (create(&store, "c").await, send(&store, good).await);
    let failing = claim(&store, worker).await.unwrap();
    assert_eq!(failing.lease.submission, first);
    let held = store.hold_submission(&failing.lease, &broken()).await;
    assert_eq!(held.unwrap(), LeaseState::Held);

    for id in [first, second, send(&store, bad).await] {
        assert_eq!(state(&store, id).await, (SubmissionState::Held, 0));
        assert!(failures(&pool, id).await.is_empty());
    }
    let version = store.find_version(bad, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Error);
    let error = version.error.unwrap();
    assert_eq!(error.cause, "the validator \u{FFFD} crashed");
    assert_eq!(error.evidence, "Segmentation fault");
    for expected in [own, on_good] {
        let next = claim(&store, worker).await.unwrap();
        assert_eq!(next.lease.submission, expected);
    }
    assert!(claim(&store, worker).await.is_none());
}

#[sqlx::test]
async fn a_resumed_version_releases_what_it_held_in_order(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store).await;
    let worker = register(&store).await;
    let sent = [send(&store, id).await, send(&store, id).await];
    let failing = claim(&store, worker).await.unwrap();
    store
        .hold_submission(&failing.lease, &broken())
        .await
        .unwrap();
    let resumed = store.resume_version(id, 1).await.unwrap().unwrap();
    assert_eq!((resumed.state, resumed.error), (VersionState::Ready, None));
    for expected in sent {
        let next = claim(&store, worker).await.unwrap();
        assert_eq!((next.lease.submission, next.attempt), (expected, 1));
        let finished = store.finish_submission(&next.lease, &judgement(1)).await;
        assert_eq!(finished.unwrap(), LeaseState::Held);
    }
    assert!(store.resume_version(id, 2).await.unwrap().is_none());
}

#[sqlx::test]
async fn an_attempt_that_failed_before_still_counts_after_a_hold(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = packaged(&store).await;
    let sent = send(&store, id).await;
    let worker = register(&store).await;
    let failing = claim(&store, worker).await.unwrap();
    let no_pause = std::time::Duration::ZERO;
    let failed = store
        .fail_attempt(&failing.lease, "ours", 3, no_pause)
        .await;
    assert_eq!(failed.unwrap(), LeaseState::Held);
    let failing = claim(&store, worker).await.unwrap();
    store
        .hold_submission(&failing.lease, &broken())
        .await
        .unwrap();
    assert_eq!(state(&store, sent).await, (SubmissionState::Held, 1));
    store.resume_version(id, 1).await.unwrap();
    assert_eq!(claim(&store, worker).await.unwrap().attempt, 2);
    assert_eq!(failures(&pool, sent).await.len(), 1);
}

#[sqlx::test]
async fn a_lost_lease_holds_nothing(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = packaged(&store).await;
    let sent = send(&store, id).await;
    let worker = register(&store).await;
    let old = claim(&store, worker).await.unwrap();
    crate::store::fixtures::expire(&pool, sent).await;
    let new = claim(&store, worker).await.unwrap();
    let held = store.hold_submission(&old.lease, &broken()).await;
    assert_eq!(held.unwrap(), LeaseState::Lost);
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Ready);
    let finished = store.finish_submission(&new.lease, &judgement(1)).await;
    assert_eq!(finished.unwrap(), LeaseState::Held);
}

#[sqlx::test]
async fn a_new_version_takes_over_what_an_error_held(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store).await;
    let sent = send(&store, id).await;
    let worker = register(&store).await;
    let failing = claim(&store, worker).await.unwrap();
    store
        .hold_submission(&failing.lease, &broken())
        .await
        .unwrap();
    let mended = package(b"PK mended", Some(1000));
    store.create_version(id, &mended).await.unwrap();
    let next = claim(&store, worker).await.unwrap();
    assert_eq!(next.lease.submission, sent);
    let found = store.find_submission(sent).await.unwrap().unwrap();
    assert_eq!(found.summary.problem_version, Some(2));
}
