//! Tests of problems.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{self, problem, submission_on, test_case, version_of};
use crate::store::{Tests, VersionContent};

#[sqlx::test]
async fn a_problem_is_read_back_as_it_was_stored(pool: PgPool) {
    let store = Store::from_pool(pool);
    let created = store.create_problem(&problem("sum")).await.unwrap();
    let found = store.find_problem(created.id).await.unwrap().unwrap();
    for problem in [created.clone(), found] {
        assert_eq!(problem.name, "sum");
        assert_eq!(problem.created_at, created.created_at);
        assert_eq!((problem.version.number, problem.deleted_at), (1, None));
        let content = problem.version.content;
        let VersionContent::Tests {
            limits,
            checker,
            case_count,
            cases,
        } = content
        else {
            panic!("{content:?}");
        };
        assert_eq!((limits, checker), (fixtures::limits(), fixtures::checker()));
        assert_eq!(case_count, 3);
        let cases: Vec<_> = cases
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
async fn a_deleted_problem_is_not_listed_and_takes_no_submissions(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = store.create_problem(&problem("sum")).await.unwrap().id;
    let on_it = submission_on("c", Tests::Problem(id));
    let sent = store.create_submission(&on_it).await.unwrap();
    assert!(store.delete_problem(id).await.unwrap());
    assert!(store.list_problems(None, 100).await.unwrap().is_empty());
    let refused = store.create_submission(&on_it).await.unwrap_err();
    assert!(matches!(refused, StoreError::UnknownProblem(unknown) if unknown == id));
    // What was sent before is judged, and explained by the version that it was judged on.
    let kept = store.find_submission(sent.id).await.unwrap().unwrap();
    assert_eq!(kept.summary.problem_version, Some(1));
    let found = store.find_problem(id).await.unwrap().unwrap();
    assert!(store.delete_problem(id).await.unwrap());
    let again = store.find_problem(id).await.unwrap().unwrap();
    assert!(found.deleted_at.is_some() && again.deleted_at == found.deleted_at);
    // Its name is free.
    store.create_problem(&problem("sum")).await.unwrap();
    assert!(!store.delete_problem(ProblemId(Uuid::nil())).await.unwrap());
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
    let second = NewProblem {
        name: "sum".to_owned(),
        version: version_of(vec![test_case("1", b"only in the second", None)]),
    };
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
        assert!(page.iter().all(|problem| problem.version.number == 1));
        pages.push(page.into_iter().map(|p| p.name).collect::<String>());
    }
    assert_eq!(pages, ["ed", "cb", "a"]);
}
