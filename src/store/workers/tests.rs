//! Tests of workers.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{LEASE, claim, create, expire, failures, language, register};

async fn start(store: &Store, lease: Duration, languages: &[(&str, &str)]) -> WorkerId {
    let worker = NewWorker {
        name: "w\0".to_owned(),
        slots: 1,
        languages: languages.iter().map(|(id, v)| language(id, v)).collect(),
        degraded: vec!["landlock".to_owned(), "swap".to_owned()],
        checks: r#"[{"found":"a\u0000b"}]"#.to_owned(),
    };
    store.register_worker(&worker, lease).await.unwrap()
}

#[sqlx::test]
async fn each_language_is_offered_once_by_the_worker_that_started_last(pool: PgPool) {
    let store = Store::from_pool(pool);
    assert_eq!(store.list_offered_languages().await.unwrap(), []);
    start(&store, LEASE, &[("rust", "1"), ("c", "1\0")]).await;
    let newer = start(&store, LEASE, &[("rust", "2")]).await;
    let offered = store.list_offered_languages().await.unwrap();
    assert_eq!(offered, [language("c", "1\u{FFFD}"), language("rust", "2")]);
    store.remove_worker(newer).await.unwrap();
    let offered = store.list_offered_languages().await.unwrap();
    assert_eq!(offered[1], language("rust", "1"));
}

#[sqlx::test]
async fn a_silent_worker_offers_nothing_until_its_next_heartbeat(pool: PgPool) {
    let store = Store::from_pool(pool);
    let worker = start(&store, Duration::ZERO, &[("c", "1")]).await;
    assert_eq!(store.list_offered_languages().await.unwrap(), []);
    store.heartbeat(worker, &[], LEASE).await.unwrap();
    assert_eq!(store.list_offered_languages().await.unwrap().len(), 1);
}

#[sqlx::test]
async fn a_worker_that_is_gone_is_told_so(pool: PgPool) {
    let store = Store::from_pool(pool);
    let worker = register(&store).await;
    create(&store, "c").await;
    store.remove_worker(worker).await.unwrap();
    let beat = store.heartbeat(worker, &[], LEASE).await.unwrap_err();
    assert!(matches!(beat, StoreError::UnknownWorker(id) if id == worker));
    let claim = store
        .claim_next_submission(worker, &["c".to_owned()], LEASE, 3)
        .await
        .unwrap_err();
    assert!(matches!(claim, StoreError::UnknownWorker(id) if id == worker));
}

#[sqlx::test]
async fn a_job_outlives_the_worker_that_was_removed_with_it(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = create(&store, "c").await;
    let first = register(&store).await;
    claim(&store, first).await.unwrap();
    store.remove_worker(first).await.unwrap();
    expire(&pool, id).await;
    let second = register(&store).await;
    assert_eq!(claim(&store, second).await.unwrap().attempt, 2);
    assert_eq!(failures(&pool, id).await[0].1, "unknown");
}

#[sqlx::test]
async fn a_worker_dead_for_a_week_is_forgotten(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let (old, recent) = (register(&store).await, register(&store).await);
    for (worker, days) in [(old, 8.0), (recent, 6.0)] {
        sqlx::query("UPDATE workers SET alive_until = now() - make_interval(secs => $2 * 86400) WHERE id = $1")
            .bind(worker)
            .bind(days)
            .execute(&pool)
            .await
            .unwrap();
    }
    let new = register(&store).await;
    let left: Vec<WorkerId> = sqlx::query_scalar("SELECT id FROM workers ORDER BY id")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, [recent, new]);
}

#[sqlx::test]
async fn a_database_that_answers_is_ready_and_one_that_is_gone_unavailable(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    store.ping().await.unwrap();
    pool.close().await;
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)));
}

#[sqlx::test]
async fn workers_are_listed_with_what_they_are_and_lack(pool: PgPool) {
    let store = Store::from_pool(pool);
    let silent = start(&store, Duration::ZERO, &[]).await;
    let alive = start(&store, LEASE, &[("rust", "1"), ("c", "2")]).await;
    let listed = store.list_workers().await.unwrap();
    let states: Vec<_> = listed.iter().map(|w| (w.id, w.is_alive)).collect();
    assert_eq!(states, [(alive, true), (silent, false)]);
    let worker = &listed[0];
    assert_eq!((worker.name.as_str(), worker.slots), ("w\u{FFFD}", 1));
    assert_eq!(
        worker.languages,
        [language("c", "2"), language("rust", "1")]
    );
    assert_eq!(worker.degraded, ["landlock", "swap"]);
    assert_eq!(worker.checks, r#"[{"found":"a\u0000b"}]"#);
    assert!(worker.seen_at >= worker.started_at);
    assert!(listed[1].languages.is_empty());
    store.heartbeat(silent, &[], LEASE).await.unwrap();
    assert_eq!(store.list_workers().await.unwrap()[0].id, silent);
}
