//! Tests of reading a claimed job.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{
    self, cases, claim, package, problem, register, submission, submission_on,
};
use crate::store::{NewProblem, Tests};

#[sqlx::test]
async fn work_on_a_problem_has_the_problems_tests(pool: PgPool) {
    let store = Store::from_pool(pool);
    let problem = store.create_problem(&problem("sum")).await.unwrap();
    let sent = submission_on("c", Tests::Problem(problem.id));
    store.create_submission(&sent).await.unwrap();
    let worker = register(&store).await;
    let claim = claim(&store, worker).await.unwrap();
    assert_eq!(claim.language, "c");

    let tests = store.read_work(&claim).await.unwrap().tests;
    let ClaimedTests::Cases {
        limits,
        checker,
        cases: claimed,
    } = tests
    else {
        panic!("{tests:?}");
    };
    assert_eq!(limits, fixtures::limits());
    assert_eq!(checker, fixtures::checker());
    let names: Vec<&str> = claimed.iter().map(|case| &*case.name).collect();
    assert_eq!(names, ["z", "a", "m"]);
    for (case, stored) in claimed.iter().zip(&cases()) {
        assert_eq!(store.read_blob(case.input).await.unwrap(), stored.input);
        let answer = match case.answer {
            Some(id) => Some(store.read_blob(id).await.unwrap()),
            None => None,
        };
        assert_eq!(answer, stored.answer);
    }
}

#[sqlx::test]
async fn work_on_a_package_has_its_archive_and_time_limit(pool: PgPool) {
    let store = Store::from_pool(pool);
    let new = NewProblem {
        name: "packaged".to_owned(),
        version: package(b"PK", Some(1500)),
    };
    let problem = store.create_problem(&new).await.unwrap();
    let sent = submission_on("c", Tests::Problem(problem.id));
    store.create_submission(&sent).await.unwrap();
    let worker = register(&store).await;
    let claim = claim(&store, worker).await.unwrap();
    let tests = store.read_work(&claim).await.unwrap().tests;
    let ClaimedTests::Package { package, limit_ms } = tests else {
        panic!("{tests:?}");
    };
    assert_eq!((package.archive, limit_ms), (BlobId::of(b"PK"), 1500));
    assert_eq!(package.memory_bytes, 1 << 40);
}

#[sqlx::test]
async fn files_come_back_in_order_byte_for_byte(pool: PgPool) {
    let store = Store::from_pool(pool);
    let sent = submission("c");
    let id = store.create_submission(&sent).await.unwrap().id;
    let worker = register(&store).await;
    let claim = claim(&store, worker).await.unwrap();
    let pairs = |files: Vec<SourceFile>| -> Vec<_> {
        files
            .into_iter()
            .map(|file| (file.name, file.bytes))
            .collect()
    };
    let sent = pairs(sent.files);
    assert_eq!(pairs(store.read_work(&claim).await.unwrap().files), sent);
    assert_eq!(pairs(store.read_submission_files(id).await.unwrap()), sent);
}

#[sqlx::test]
async fn an_unknown_submission_has_no_files(pool: PgPool) {
    let id = SubmissionId(uuid::Uuid::now_v7());
    let files = Store::from_pool(pool).read_submission_files(id).await;
    assert!(files.unwrap().is_empty());
}
