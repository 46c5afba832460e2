//! Tests of problems.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{problem, test_case};

#[sqlx::test]
async fn a_problem_is_read_back_as_it_was_stored(pool: PgPool) {
    let store = Store::from_pool(pool);
    let new = problem("sum");
    let created = store.create_problem(&new).await.unwrap();
    let found = store.find_problem(created.id).await.unwrap().unwrap();
    for problem in [&created, &found] {
        assert_eq!(problem.name, "sum");
        assert_eq!(problem.limits, new.limits);
        assert_eq!(problem.checker, new.checker);
        assert_eq!(problem.case_count, 3);
        assert_eq!(problem.created_at, created.created_at);
        let cases: Vec<_> = problem
            .cases
            .iter()
            .map(|case| (case.name.as_str(), case.input_bytes, case.answer_bytes))
            .collect();
        assert_eq!(
            cases,
            [("z", 2, Some(0)), ("a", 0, None), ("m", 2, Some(1))]
        );
    }
}

#[sqlx::test]
async fn a_problem_that_nobody_stored_is_not_found(pool: PgPool) {
    let found = Store::from_pool(pool)
        .find_problem(ProblemId(Uuid::now_v7()))
        .await;
    assert!(found.unwrap().is_none());
}

#[sqlx::test]
async fn a_taken_name_is_told_and_nothing_is_stored(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    store.create_problem(&problem("sum")).await.unwrap();
    let mut second = problem("sum");
    second.cases = vec![test_case("1", b"only in the second", None)];
    let error = store.create_problem(&second).await.unwrap_err();
    assert!(matches!(error, StoreError::ProblemNameTaken(name) if name == "sum"));
    let counts: (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM test_sets), (SELECT count(*) FROM blobs)")
            .fetch_one(&pool)
            .await
            .unwrap();
    // The first one's: its bytes are a NUL with 0xff, nothing, and 0xfe.
    assert_eq!(counts, (1, 3));
}

#[sqlx::test]
async fn problems_are_listed_newest_first_in_pages(pool: PgPool) {
    let store = Store::from_pool(pool);
    for name in ["a", "b", "c", "d", "e"] {
        store.create_problem(&problem(name)).await.unwrap();
    }
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page = store.list_problems(before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        assert!(page.iter().all(|problem| problem.case_count == 3));
        pages.push(page.into_iter().map(|p| p.name).collect::<String>());
    }
    assert_eq!(pages, ["ed", "cb", "a"]);
}
