//! Tests of attempts that end without a judgement.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{MAX_ATTEMPTS, claim, create, expire, failures, judgement, register};
use crate::store::{SubmissionId, SubmissionState, SubmissionSummary, WorkerId};

async fn summary(store: &Store, id: SubmissionId) -> SubmissionSummary {
    store.find_submission(id).await.unwrap().unwrap().summary
}

async fn fail(store: &Store, lease: &Lease, retry_after: Duration) -> LeaseState {
    store
        .fail_attempt(lease, "no\0slot", MAX_ATTEMPTS, retry_after)
        .await
        .unwrap()
}

async fn one_claimed(store: &Store) -> (WorkerId, SubmissionId, Lease) {
    let worker = register(store).await;
    let id = create(store, "c").await;
    let lease = claim(store, worker).await.unwrap().lease;
    assert_eq!(lease.submission, id);
    (worker, id, lease)
}

#[sqlx::test]
async fn a_failure_is_recorded_and_the_job_is_queued_again(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, lease) = one_claimed(&store).await;
    assert_eq!(fail(&store, &lease, Duration::ZERO).await, LeaseState::Held);
    let found = summary(&store, id).await;
    assert_eq!((found.state, found.attempts), (SubmissionState::Queued, 1));
    assert_eq!((found.verdict, found.finished_at), (None, None));
    let failure = (1, "judge-1".to_owned(), "no\u{FFFD}slot".to_owned());
    assert_eq!(failures(&pool, id).await, [failure]);
    assert_eq!(claim(&store, worker).await.unwrap().attempt, 2);
}

#[sqlx::test]
async fn a_retry_waits_and_lets_others_pass(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, lease) = one_claimed(&store).await;
    fail(&store, &lease, Duration::from_secs(600)).await;
    let other = create(&store, "c").await;
    let next = claim(&store, worker).await.unwrap().lease;
    assert_eq!(next.submission, other);
    assert!(claim(&store, worker).await.is_none());
    sqlx::query("UPDATE jobs SET not_before = now()")
        .execute(&pool)
        .await
        .unwrap();
    let retry = claim(&store, worker).await.unwrap().lease;
    assert_eq!(retry.submission, id);
}

#[sqlx::test]
async fn the_last_failure_fails_the_submission_without_a_verdict(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, mut lease) = one_claimed(&store).await;
    for attempt in 1..=MAX_ATTEMPTS {
        assert_eq!(fail(&store, &lease, Duration::ZERO).await, LeaseState::Held);
        if attempt < MAX_ATTEMPTS {
            lease = claim(&store, worker).await.unwrap().lease;
        }
    }
    assert!(claim(&store, worker).await.is_none());
    let found = summary(&store, id).await;
    assert_eq!((found.state, found.attempts), (SubmissionState::Failed, 3));
    assert_eq!((found.verdict, found.reason), (None, None));
    assert!(found.finished_at.is_some());
    let attempts: Vec<i32> = failures(&pool, id).await.into_iter().map(|f| f.0).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let late = store.finish_submission(&lease, &judgement(1)).await;
    assert_eq!(late.unwrap(), LeaseState::Lost);
}

#[sqlx::test]
async fn an_attempt_that_recovers_keeps_its_failure_on_record(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, lease) = one_claimed(&store).await;
    fail(&store, &lease, Duration::ZERO).await;
    let lease = claim(&store, worker).await.unwrap().lease;
    let written = store.finish_submission(&lease, &judgement(1)).await;
    assert_eq!(written.unwrap(), LeaseState::Held);
    assert_eq!(failures(&pool, id).await.len(), 1);
}

#[sqlx::test]
async fn what_is_given_back_keeps_its_place_and_its_attempts(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, mut lease) = one_claimed(&store).await;
    create(&store, "c").await;
    for _ in 0..MAX_ATTEMPTS + 1 {
        assert_eq!(store.give_back(&lease).await.unwrap(), LeaseState::Held);
        let found = summary(&store, id).await;
        assert_eq!((found.state, found.attempts), (SubmissionState::Queued, 0));
        let claim = claim(&store, worker).await.unwrap();
        assert_eq!((claim.lease.submission, claim.attempt), (id, 1));
        lease = claim.lease;
    }
    assert!(failures(&pool, id).await.is_empty());
}

#[sqlx::test]
async fn a_lost_lease_can_neither_fail_nor_be_given_back(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, late) = one_claimed(&store).await;
    expire(&pool, id).await;
    claim(&store, worker).await.unwrap();
    let recorded = failures(&pool, id).await;
    assert_eq!(fail(&store, &late, Duration::ZERO).await, LeaseState::Lost);
    assert_eq!(store.give_back(&late).await.unwrap(), LeaseState::Lost);
    let found = summary(&store, id).await;
    assert_eq!((found.state, found.attempts), (SubmissionState::Running, 2));
    assert_eq!(failures(&pool, id).await, recorded);
}

#[sqlx::test]
async fn a_submission_that_kills_every_worker_is_set_aside(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (worker, id, _) = one_claimed(&store).await;
    for _ in 1..MAX_ATTEMPTS {
        expire(&pool, id).await;
        assert_eq!(store.set_aside_exhausted(MAX_ATTEMPTS).await.unwrap(), 0);
        claim(&store, worker).await.unwrap();
    }
    // The last attempt still runs.
    assert_eq!(store.set_aside_exhausted(MAX_ATTEMPTS).await.unwrap(), 0);
    expire(&pool, id).await;
    assert!(claim(&store, worker).await.is_none());
    assert_eq!(store.set_aside_exhausted(MAX_ATTEMPTS).await.unwrap(), 1);
    assert_eq!(store.set_aside_exhausted(MAX_ATTEMPTS).await.unwrap(), 0);
    let found = summary(&store, id).await;
    assert_eq!((found.state, found.attempts), (SubmissionState::Failed, 3));
    assert!(found.verdict.is_none() && found.finished_at.is_some());
    let attempts: Vec<i32> = failures(&pool, id).await.into_iter().map(|f| f.0).collect();
    assert_eq!(attempts, [1, 2, 3]);
}
