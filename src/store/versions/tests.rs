//! Tests of versions.

use sqlx::PgPool;

use super::*;
use crate::store::fixtures::{
    claim, finish_next, package, problem, register, submission_on, test_case, version_of,
};
use crate::store::{NewProblem, SubmissionState, Tests};

async fn create_package(store: &Store, limit_ms: Option<u64>) -> ProblemId {
    let new = NewProblem {
        name: "packaged".to_owned(),
        version: package(b"PK one", limit_ms),
    };
    store.create_problem(&new).await.unwrap().id
}

async fn send(store: &Store, problem: ProblemId) -> crate::store::SubmissionSummary {
    let on_it = submission_on("c", Tests::Problem(problem));
    store.create_submission(&on_it).await.unwrap()
}

#[sqlx::test]
async fn a_package_is_read_back_as_it_was_stored(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = create_package(&store, Some(1500)).await;
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!((version.state, version.error), (VersionState::Ready, None));
    let VersionContent::Package {
        archive,
        archive_bytes,
        about,
        limit_ms,
    } = version.content
    else {
        panic!("no package");
    };
    assert_eq!(&*store.read_blob(archive).await.unwrap(), b"PK one");
    assert_eq!((archive_bytes, limit_ms), (6, Some(1500)));
    let NewVersion::Package { about: given, .. } = package(b"", Some(1500)) else {
        panic!("no package");
    };
    assert_eq!(about, storable_about(&given));
    assert_eq!(about.findings[0].message, "odd\u{FFFD}");
}

#[sqlx::test]
async fn versions_are_numbered_and_listed_newest_first(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = store.create_problem(&problem("a")).await.unwrap().id;
    let other = store.create_problem(&problem("b")).await.unwrap().id;
    for number in 2..=3 {
        let version = store.create_version(id, &package(b"PK", Some(1))).await;
        assert_eq!(version.unwrap().number, number);
    }
    let numbers = async |before, limit| -> Vec<i32> {
        let listed = store.list_versions(id, before, limit).await.unwrap();
        listed.into_iter().map(|version| version.number).collect()
    };
    assert_eq!(numbers(None, 2).await, [3, 2]);
    assert_eq!(numbers(Some(2), 2).await, [1]);
    assert_eq!(
        store
            .find_problem(id)
            .await
            .unwrap()
            .unwrap()
            .version
            .number,
        3
    );
    assert_eq!(
        store
            .find_problem(other)
            .await
            .unwrap()
            .unwrap()
            .version
            .number,
        1
    );
    let listed = store.list_problems(None, 10).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|p| (p.id, p.version.number)).collect();
    assert_eq!(listed, [(other, 1), (id, 3)]);
    for missing in [0, 4, -1, i32::MAX, i32::MIN] {
        assert!(store.find_version(id, missing).await.unwrap().is_none());
    }
}

#[sqlx::test]
async fn two_versions_at_once_get_two_numbers(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = store.create_problem(&problem("a")).await.unwrap().id;
    let (one, two) = (package(b"PK 1", Some(1)), package(b"PK 2", Some(1)));
    let (a, b) = tokio::join!(
        store.create_version(id, &one),
        store.create_version(id, &two)
    );
    let mut numbers = [a.unwrap().number, b.unwrap().number];
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
}

#[sqlx::test]
async fn a_new_version_leaves_what_was_accepted_with_its_own(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = store.create_problem(&problem("a")).await.unwrap().id;
    let judged = send(&store, id).await;
    finish_next(&store).await;
    let queued = send(&store, id).await;
    let cases = vec![test_case("new", b"", Some(b""))];
    store.create_version(id, &version_of(cases)).await.unwrap();
    for sent in [&judged, &queued] {
        let found = store.find_submission(sent.id).await.unwrap().unwrap();
        assert_eq!(found.summary.problem_version, Some(1));
    }
    let worker = register(&store).await;
    let claimed = claim(&store, worker).await.unwrap();
    assert_eq!(claimed.lease.submission, queued.id);
    assert_eq!(store.read_work(&claimed).await.unwrap().cases.len(), 3);
    assert_eq!(send(&store, id).await.problem_version, Some(2));
}

#[sqlx::test]
async fn what_is_held_goes_on_with_a_version_that_can_be_judged(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = create_package(&store, None).await;
    let version = store.find_version(id, 1).await.unwrap().unwrap();
    assert_eq!(version.state, VersionState::Pending);
    let sent = send(&store, id).await;
    assert_eq!(sent.state, SubmissionState::Held);
    let worker = register(&store).await;
    assert!(claim(&store, worker).await.is_none());

    let still_pending = package(b"PK two", None);
    store.create_version(id, &still_pending).await.unwrap();
    assert!(claim(&store, worker).await.is_none());

    let cases = vec![test_case("new", b"", Some(b""))];
    store.create_version(id, &version_of(cases)).await.unwrap();
    let found = store.find_submission(sent.id).await.unwrap().unwrap();
    assert_eq!(found.summary.state, SubmissionState::Queued);
    assert_eq!(found.summary.problem_version, Some(3));
    let claimed = claim(&store, worker).await.unwrap();
    assert_eq!(claimed.lease.submission, sent.id);
    assert_eq!(store.read_work(&claimed).await.unwrap().cases.len(), 1);
}

#[sqlx::test]
async fn a_version_of_no_problem_is_told(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = ProblemId(Uuid::now_v7());
    let error = store.create_version(id, &package(b"PK", None)).await;
    assert!(matches!(error.unwrap_err(), StoreError::UnknownProblem(unknown) if unknown == id));
    let id = create_package(&store, None).await;
    store.delete_problem(id).await.unwrap();
    let error = store.create_version(id, &package(b"PK", None)).await;
    assert!(matches!(error.unwrap_err(), StoreError::UnknownProblem(_)));
}
