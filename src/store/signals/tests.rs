//! Tests of waiting: woken by a notification, and by the poll where that was lost.

use std::time::Instant;

use tokio::time::timeout;

use super::*;
use crate::store::fixtures::{MAX_ATTEMPTS, claim, create, judgement, register};
use crate::store::{Lease, LeaseState};

/// Long enough for a busy machine, and much shorter than [`NEVER`].
const SOON: Duration = Duration::from_secs(20);

/// A poll interval that no test lives to see.
const NEVER: Duration = Duration::from_secs(3600);

/// A store that listens already: the first hint is that it does.
async fn listening(pool: &PgPool, poll_interval: Duration) -> (Store, QueueWatch) {
    let store = Store::polling_every(pool.clone(), poll_interval);
    let mut watch = store.watch_queue();
    timeout(SOON, watch.changed()).await.unwrap();
    (store, watch)
}

async fn one_claimed(store: &Store) -> (SubmissionId, Lease) {
    let worker = register(store).await;
    let id = create(store, "c").await;
    (id, claim(store, worker).await.unwrap().lease)
}

/// Starts to wait, and returns once the waiter is on the board.
async fn start_waiting(store: &Store, id: SubmissionId) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let waiting = store.clone();
    tasks.spawn(async move { waiting.wait_until_finished(id).await.unwrap() });
    while !store.signals.board.lock().contains_key(&id) {
        tokio::task::yield_now().await;
    }
    tasks
}

async fn assert_woken(mut waiter: JoinSet<()>) {
    let woken = timeout(SOON, waiter.join_next()).await;
    woken.expect("nobody woke it").unwrap().unwrap();
}

#[sqlx::test]
async fn a_verdict_wakes_who_waits_for_it(pool: PgPool) {
    let (store, _) = listening(&pool, NEVER).await;
    let (id, lease) = one_claimed(&store).await;
    let waiters = [
        start_waiting(&store, id).await,
        start_waiting(&store, id).await,
    ];
    store
        .finish_submission(&lease, &judgement(1))
        .await
        .unwrap();
    for waiter in waiters {
        assert_woken(waiter).await;
    }
    assert!(store.signals.board.lock().is_empty());
}

#[sqlx::test]
async fn a_failure_for_good_wakes_too_and_one_that_is_retried_does_not(pool: PgPool) {
    let (store, mut watch) = listening(&pool, NEVER).await;
    let (id, lease) = one_claimed(&store).await;
    timeout(SOON, watch.changed()).await.unwrap();
    let mut waiter = start_waiting(&store, id).await;
    let fail = |lease: Lease, max| {
        let store = store.clone();
        async move { store.fail_attempt(&lease, "x", max, Duration::ZERO).await }
    };
    assert_eq!(fail(lease, MAX_ATTEMPTS).await.unwrap(), LeaseState::Held);
    let worker = register(&store).await;
    let lease = claim(&store, worker).await.unwrap().lease;
    // What came with the failure has been heard, and there was time to act on it.
    timeout(SOON, watch.changed()).await.unwrap();
    store.ping().await.unwrap();
    assert!(waiter.try_join_next().is_none());
    assert_eq!(fail(lease, 2).await.unwrap(), LeaseState::Held);
    assert_woken(waiter).await;
}

#[sqlx::test]
async fn who_comes_late_or_asks_for_nothing_does_not_wait(pool: PgPool) {
    let (store, _) = listening(&pool, NEVER).await;
    let (id, lease) = one_claimed(&store).await;
    store
        .finish_submission(&lease, &judgement(1))
        .await
        .unwrap();
    for id in [id, SubmissionId(Uuid::now_v7())] {
        let waited = timeout(SOON, store.wait_until_finished(id)).await;
        waited.unwrap().unwrap();
    }
}

#[sqlx::test]
async fn a_lost_notification_is_made_up_for_by_the_poll(pool: PgPool) {
    let (store, _) = listening(&pool, Duration::from_millis(50)).await;
    let (id, _) = one_claimed(&store).await;
    let waiter = start_waiting(&store, id).await;
    let started = Instant::now();
    // Ended without a word.
    sqlx::query("UPDATE submissions SET state = 'failed', finished_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    assert_woken(waiter).await;
    assert!(started.elapsed() < SOON);
}

#[sqlx::test]
async fn what_was_missed_while_the_connection_was_lost_is_looked_for(pool: PgPool) {
    let (store, mut watch) = listening(&pool, NEVER).await;
    let (id, _) = one_claimed(&store).await;
    // Of the one job that was queued: nothing is left to be heard.
    timeout(SOON, watch.changed()).await.unwrap();
    let waiter = start_waiting(&store, id).await;
    sqlx::query("UPDATE submissions SET state = 'failed', finished_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    let ended: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE 'LISTEN%'
         ) AS ended",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(ended, 1);
    assert_woken(waiter).await;
    timeout(SOON, watch.changed()).await.unwrap();
    // And it hears again.
    create(&store, "c").await;
    timeout(SOON, watch.changed()).await.unwrap();
}

#[sqlx::test]
async fn whatever_queues_a_job_is_told_to_who_watches_the_queue(pool: PgPool) {
    let (store, mut watch) = listening(&pool, NEVER).await;
    let worker = register(&store).await;
    create(&store, "c").await;
    timeout(SOON, watch.changed()).await.unwrap();
    let lease = claim(&store, worker).await.unwrap().lease;
    store.give_back(&lease).await.unwrap();
    timeout(SOON, watch.changed()).await.unwrap();
    let lease = claim(&store, worker).await.unwrap().lease;
    let failed = store.fail_attempt(&lease, "x", MAX_ATTEMPTS, Duration::ZERO);
    failed.await.unwrap();
    timeout(SOON, watch.changed()).await.unwrap();
}

#[sqlx::test]
async fn a_thousand_waiters_share_one_connection(pool: PgPool) {
    let (store, mut watch) = listening(&pool, NEVER).await;
    let (id, lease) = one_claimed(&store).await;
    timeout(SOON, watch.changed()).await.unwrap();
    let mut waiters = JoinSet::new();
    for _ in 0..1000 {
        let store = store.clone();
        waiters.spawn(async move { store.wait_until_finished(id).await.unwrap() });
    }
    let all_wait = async {
        // Each has a reference, and so has the board.
        while store
            .signals
            .board
            .lock()
            .get(&id)
            .map_or(0, Arc::strong_count)
            < 1001
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, all_wait).await.unwrap();
    store
        .finish_submission(&lease, &judgement(1))
        .await
        .unwrap();
    timeout(SOON, waiters.join_all()).await.unwrap();
    assert!(store.signals.board.lock().is_empty());
}
