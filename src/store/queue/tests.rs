//! Tests of claims, heartbeats and results.

use std::collections::HashSet;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::*;
use crate::store::fixtures::{
    LEASE, MAX_ATTEMPTS, claim, claim_in, create, expire, failures, judgement, package, register,
    submission_on,
};
use crate::store::{NewProblem, NewVersion, ProblemId, SubmissionState, Tests, VerificationEnd};

async fn state_of(store: &Store, id: SubmissionId) -> (SubmissionState, i32) {
    let found = store.find_submission(id).await.unwrap().unwrap().summary;
    (found.state, found.attempts)
}

#[sqlx::test]
async fn jobs_are_claimed_in_the_order_they_came_across_languages(pool: PgPool) {
    let store = Store::from_pool(pool);
    let mut sent = Vec::new();
    for language in ["c", "java", "go", "java", "c", "c", "java"] {
        sent.push((create(&store, language).await, language));
    }
    let worker = register(&store).await;
    // Named neither in the order of the ids nor in that of the jobs.
    let mut claimed = Vec::new();
    while let Some(claim) = claim_in(&store, worker, &["java", "rust", "c"]).await {
        assert_eq!(claim.attempt, 1);
        claimed.push((claim.lease.submission, claim.language));
    }
    sent.retain(|(_, language)| *language != "go");
    let sent: Vec<_> = sent.into_iter().map(|(id, l)| (id, l.to_owned())).collect();
    assert_eq!(claimed, sent);
}

#[sqlx::test]
async fn a_claim_makes_the_submission_run(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = create(&store, "c").await;
    let worker = register(&store).await;
    assert!(claim_in(&store, worker, &[]).await.is_none());
    claim(&store, worker).await.unwrap();
    assert_eq!(state_of(&store, id).await, (SubmissionState::Running, 1));
    assert!(claim(&store, worker).await.is_none());
}

#[sqlx::test]
async fn under_pressure_each_job_is_claimed_once(pool: PgPool) {
    const JOBS: usize = 200;
    // More sessions than the pool of a test has, so that they do meet.
    let options = (*pool.connect_options()).clone();
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .connect_with(options)
        .await
        .unwrap();
    let store = Store::from_pool(pool.clone());
    for job in 0..JOBS {
        create(&store, if job % 3 == 0 { "java" } else { "c" }).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..15 {
        let store = store.clone();
        tasks.spawn(async move {
            let worker = register(&store).await;
            let mut claimed = Vec::new();
            while let Some(claim) = claim_in(&store, worker, &["c", "java"]).await {
                claimed.push(claim.lease);
            }
            claimed
        });
    }
    let claimed: Vec<Lease> = tasks.join_all().await.into_iter().flatten().collect();
    let submissions: HashSet<_> = claimed.iter().map(|lease| lease.submission).collect();
    let tokens: HashSet<_> = claimed.iter().map(|lease| lease.token).collect();
    assert_eq!(claimed.len(), JOBS);
    assert_eq!((submissions.len(), tokens.len()), (JOBS, JOBS));
    drop(store);
    pool.close().await;
}

#[sqlx::test]
async fn a_claim_locks_no_job_but_the_one_it_takes(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    for language in ["c", "java", "c", "java"] {
        create(&store, language).await;
    }
    let worker = register(&store).await;
    let mut first = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM jobs ORDER BY submission_id LIMIT 1 FOR UPDATE")
        .execute(&mut *first)
        .await
        .unwrap();
    // The first is being claimed by somebody: three are left, also at the same time.
    for _ in 0..3 {
        claim_in(&store, worker, &["java", "c"]).await.unwrap();
    }
    assert!(claim_in(&store, worker, &["java", "c"]).await.is_none());
    first.rollback().await.unwrap();
    assert!(claim_in(&store, worker, &["java", "c"]).await.is_some());
}

#[sqlx::test]
async fn a_lease_that_ran_out_is_claimed_before_queued_jobs_and_recorded(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let worker = register(&store).await;
    create(&store, "c").await;
    claim(&store, worker).await.unwrap();
    let id = create(&store, "c").await;
    let first = claim(&store, worker).await.unwrap();
    create(&store, "c").await;
    assert_eq!(first.lease.submission, id);
    expire(&pool, id).await;

    let second = claim(&store, worker).await.unwrap();
    assert_eq!(second.lease.submission, id);
    assert_ne!(second.lease.token, first.lease.token);
    assert_eq!(second.attempt, 2);
    assert_eq!(state_of(&store, id).await, (SubmissionState::Running, 2));
    let cause = "the worker vanished: its lease ran out".to_owned();
    assert_eq!(
        failures(&pool, id).await,
        [(1, "judge-1".to_owned(), cause)]
    );
}

#[sqlx::test]
async fn a_lease_that_ran_out_in_a_foreign_language_stays(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let worker = register(&store).await;
    let id = create(&store, "java").await;
    claim_in(&store, worker, &["java"]).await.unwrap();
    expire(&pool, id).await;
    assert!(claim(&store, worker).await.is_none());
    assert!(failures(&pool, id).await.is_empty());
}

#[sqlx::test]
async fn a_late_result_is_refused_and_changes_nothing(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let worker = register(&store).await;
    let id = create(&store, "c").await;
    let late = claim(&store, worker).await.unwrap().lease;
    expire(&pool, id).await;
    let lease = claim(&store, worker).await.unwrap().lease;

    let refused = store.finish_submission(&late, &judgement(2)).await;
    assert_eq!(refused.unwrap(), LeaseState::Lost);
    assert_eq!(state_of(&store, id).await, (SubmissionState::Running, 2));

    let mut other = judgement(1);
    other.reason = "of the second attempt".to_owned();
    let written = store.finish_submission(&lease, &other).await;
    assert_eq!(written.unwrap(), LeaseState::Held);
    for lease in [late, lease] {
        let refused = store.finish_submission(&lease, &judgement(2)).await;
        assert_eq!(refused.unwrap(), LeaseState::Lost);
    }
    let found = store.find_submission(id).await.unwrap().unwrap();
    assert_eq!(found.summary.reason.unwrap(), "of the second attempt");
    assert_eq!(found.cases.len(), 1);
}

#[sqlx::test]
async fn a_result_that_comes_before_anybody_else_claims_is_taken(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let worker = register(&store).await;
    let id = create(&store, "c").await;
    let lease = claim(&store, worker).await.unwrap().lease;
    expire(&pool, id).await;
    let written = store.finish_submission(&lease, &judgement(1)).await;
    assert_eq!(written.unwrap(), LeaseState::Held);
    assert_eq!(state_of(&store, id).await.0, SubmissionState::Finished);
}

#[sqlx::test]
async fn a_heartbeat_renews_what_holds_and_tells_what_does_not(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let worker = register(&store).await;
    let (lost, kept) = (create(&store, "c").await, create(&store, "c").await);
    let lost_lease = claim(&store, worker).await.unwrap().lease;
    let kept_lease = claim(&store, worker).await.unwrap().lease;
    expire(&pool, lost).await;
    claim(&store, worker).await.unwrap();
    expire(&pool, kept).await;

    let held = [lost_lease, kept_lease];
    let renewed = store.heartbeat(worker, &held, LEASE).await.unwrap();
    assert_eq!(renewed, [kept_lease]);
    // It does not run out any more.
    assert!(claim(&store, worker).await.is_none());
    assert_eq!(store.heartbeat(worker, &[], LEASE).await.unwrap(), []);
}

/// A package whose programs are in these languages.
async fn packaged(store: &Store, needs: &[&str], limit_ms: Option<u64>) -> ProblemId {
    let mut version = package(b"PK", limit_ms);
    if let NewVersion::Package { about, .. } = &mut version {
        about.needs = needs.iter().map(ToString::to_string).collect();
    }
    let name = "packaged".to_owned();
    let new = NewProblem { name, version };
    store.create_problem(&new).await.unwrap().id
}

#[sqlx::test]
async fn a_worker_without_a_language_of_the_problems_programs_leaves_it_to_others(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = packaged(&store, &["cpp", "python"], Some(1000)).await;
    let sent = submission_on("c", Tests::Problem(id));
    let on_it = store.create_submission(&sent).await.unwrap().id;
    let worker = register(&store).await;
    assert!(claim_in(&store, worker, &["c", "cpp"]).await.is_none());
    let languages = ["c", "cpp", "python"];
    let claimed = claim_in(&store, worker, &languages).await.unwrap();
    assert_eq!(claimed.lease.submission, on_it);
    expire(&pool, on_it).await;
    assert!(claim_in(&store, worker, &["c", "cpp"]).await.is_none());
    assert!(claim_in(&store, worker, &languages).await.is_some());
}

#[sqlx::test]
async fn what_was_held_is_claimed_by_who_can_judge_it_and_so_is_a_verification(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = packaged(&store, &["cpp"], None).await;
    let sent = submission_on("c", Tests::Problem(id));
    store.create_submission(&sent).await.unwrap();
    let verification = async |languages: &[&str]| {
        let languages: Vec<String> = languages.iter().map(ToString::to_string).collect();
        let claim = store.claim_verification(&languages, LEASE, MAX_ATTEMPTS);
        claim.await.unwrap()
    };
    assert!(verification(&["c"]).await.is_none());
    let claim = verification(&["c", "cpp"]).await.unwrap();
    let end = VerificationEnd::Report {
        ok: true,
        report: "{}".to_owned(),
        limit_ms: Some(1000),
    };
    store.finish_verification(&claim.lease, &end).await.unwrap();
    let worker = register(&store).await;
    assert!(claim_in(&store, worker, &["c"]).await.is_none());
    assert!(claim_in(&store, worker, &["c", "cpp"]).await.is_some());
}

#[sqlx::test]
async fn a_claim_reads_no_history_and_no_foreign_queue(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let worker = register(&store).await;
    let id = create(&store, "c").await;
    fill_with_history(&pool, id).await;
    let mut connection = pool.acquire().await.unwrap();
    let plan = explain_claim(&mut connection, worker).await;
    assert!(plan.contains("jobs_queued"), "{plan}");
    assert!(plan.contains("jobs_leased"), "{plan}");
    for node in plan.split("->") {
        let is_table = node.contains(" on jobs") || node.contains(" on submissions");
        assert!(!(is_table && node.contains("Seq Scan")), "{plan}");
        assert!(!(is_table && node.contains("Rows Removed")), "{plan}");
    }
}

/// Many finished submissions, and many queued in a language that the worker does not know.
async fn fill_with_history(pool: &PgPool, like: SubmissionId) {
    for sql in [
        "INSERT INTO submissions (id, language, test_set_id, state, verdict, reason, finished_at)
         SELECT gen_random_uuid(), 'c', test_set_id, 'finished', 'AC', '', now()
         FROM submissions, generate_series(1, 20000) WHERE id = $1",
        "WITH foreign_ones AS (
             INSERT INTO submissions (id, language, test_set_id)
             SELECT gen_random_uuid(), 'java', test_set_id
             FROM submissions, generate_series(1, 20000) WHERE id = $1
             RETURNING id
         )
         INSERT INTO jobs (submission_id, language) SELECT id, 'java' FROM foreign_ones",
    ] {
        sqlx::query(sql).bind(like).execute(pool).await.unwrap();
    }
    sqlx::query("ANALYZE").execute(pool).await.unwrap();
}

/// The plan of the statement itself: no copy that could differ.
async fn explain_claim(connection: &mut sqlx::PgConnection, worker: WorkerId) -> String {
    let statement = claim_statement();
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF) {statement}");
    let lines: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(explain))
        .bind(worker)
        .bind(vec!["c".to_owned(), "go".to_owned()])
        .bind(LEASE.as_secs_f64())
        .bind(MAX_ATTEMPTS as i32)
        .fetch_all(connection)
        .await
        .unwrap();
    lines.join("\n")
}

/// The text of the claim, from the source above.
fn claim_statement() -> &'static str {
    let source = include_str!("../queue.rs");
    let start = source.find("WITH candidate AS").unwrap();
    let end = source[start..].find("\"#").unwrap();
    // A cast that only the macro understands.
    source[start..start + end]
        .split(" AS \"token!\"")
        .next()
        .unwrap()
}
