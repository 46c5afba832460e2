//! Tests of storing, finding and listing submissions.

use sqlx::PgPool;

use super::*;
use crate::judge::verdict::Judgement;
use crate::store::fixtures::{
    checker, claim_in, create, judgement, limits, package, problem, register, submission,
    submission_on,
};
use crate::store::{LeaseState, NewProblem};

/// Claims the submission, which must be the next, and gives it this judgement.
async fn finish(store: &Store, id: SubmissionId, judgement: &Judgement) -> Submission {
    let worker = register(store).await;
    let claim = claim_in(store, worker, &["c", "java"]).await.unwrap();
    assert_eq!(claim.lease.submission, id);
    let state = store.finish_submission(&claim.lease, judgement).await;
    assert_eq!(state.unwrap(), LeaseState::Held);
    store.find_submission(id).await.unwrap().unwrap()
}

#[sqlx::test]
async fn a_new_submission_is_queued_with_its_own_terms(pool: PgPool) {
    let store = Store::from_pool(pool);
    let stored = store.create_submission(&submission("c")).await.unwrap();
    let found = store.find_submission(stored.id).await.unwrap().unwrap();
    assert_eq!(found.limits, Some(limits()));
    assert_eq!(found.checker, Some(Checker::default()));
    assert!(found.compile.is_none() && found.cases.is_empty());
    for summary in [&stored, &found.summary] {
        assert_eq!(summary.id, stored.id);
        assert_eq!(summary.language, "c");
        assert_eq!(summary.problem_id, None);
        assert_eq!(summary.state, SubmissionState::Queued);
        assert_eq!((summary.verdict, summary.attempts), (None, 0));
        assert_eq!((&summary.reason, summary.finished_at), (&None, None));
        assert_eq!(summary.created_at, stored.created_at);
    }
}

#[sqlx::test]
async fn a_submission_on_a_problem_has_the_problems_terms(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = store.create_problem(&problem("sum")).await.unwrap().id;
    let sent = submission_on("c", Tests::Problem(id));
    let stored = store.create_submission(&sent).await.unwrap();
    let found = store.find_submission(stored.id).await.unwrap().unwrap();
    assert_eq!(stored.problem_id, Some(id));
    assert_eq!(found.summary.problem_id, Some(id));
    assert_eq!(found.summary.problem_version, Some(1));
    assert_eq!(found.limits, Some(limits()));
    assert_eq!(found.checker, Some(checker()));
}

#[sqlx::test]
async fn a_submission_on_a_package_knows_which_scores_there_are(pool: PgPool) {
    let store = Store::from_pool(pool);
    let new = NewProblem {
        name: "points".to_owned(),
        version: package(b"zip", Some(7)),
    };
    let problem = store.create_problem(&new).await.unwrap().id;
    let sent = submission_on("c", Tests::Problem(problem));
    let id = store.create_submission(&sent).await.unwrap().id;
    let found = finish(&store, id, &judgement(2)).await;
    assert_eq!(found.objective, Some(Objective::Min));
    assert_eq!((found.min_score, found.max_score), (Some(-0.5), Some(99.5)));
    let all = ListFilter {
        limit: 1,
        ..ListFilter::default()
    };
    let listed = store.list_submissions(&all).await.unwrap();
    assert_eq!(listed[0].score, judgement(2).score);
}

#[sqlx::test]
async fn an_unknown_problem_is_told_and_nothing_is_stored(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let id = ProblemId(Uuid::now_v7());
    let sent = submission_on("c", Tests::Problem(id));
    let error = store.create_submission(&sent).await.unwrap_err();
    assert!(matches!(error, StoreError::UnknownProblem(unknown) if unknown == id));
    let blobs: i64 = sqlx::query_scalar("SELECT count(*) FROM blobs")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(blobs, 0);
}

#[sqlx::test]
async fn a_submission_that_nobody_sent_is_not_found(pool: PgPool) {
    let found = Store::from_pool(pool)
        .find_submission(SubmissionId(Uuid::now_v7()))
        .await;
    assert!(found.unwrap().is_none());
}

#[sqlx::test]
async fn every_field_of_a_judgement_is_read_back(pool: PgPool) {
    let store = Store::from_pool(pool);
    for count in [0, 1, 5, 1000] {
        let id = create(&store, "c").await;
        let given = judgement(count);
        let found = finish(&store, id, &given).await;
        assert_eq!(found.summary.state, SubmissionState::Finished);
        assert_eq!(found.summary.attempts, 1);
        assert_eq!(found.degraded, Some(vec!["swap".to_owned()]));
        assert!(found.summary.finished_at.unwrap() >= found.summary.created_at);
        let read = Judgement {
            verdict: found.summary.verdict.unwrap(),
            reason: found.summary.reason.unwrap(),
            score: found.summary.score,
            groups: found.groups,
            compile: found.compile,
            cases: found.cases,
        };
        assert_eq!(read, given);
    }
}

#[sqlx::test]
async fn a_judgement_without_compile_step_is_read_back_without(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = create(&store, "c").await;
    let given = Judgement {
        compile: None,
        ..judgement(1)
    };
    assert!(finish(&store, id, &given).await.compile.is_none());
}

#[sqlx::test]
async fn nul_in_texts_is_replaced_and_in_bytes_kept(pool: PgPool) {
    let store = Store::from_pool(pool);
    let id = create(&store, "c").await;
    let mut given = judgement(1);
    given.reason = "a\0b".to_owned();
    given.compile.as_mut().unwrap().reason = "\0".to_owned();
    given.cases[0].reason = "c\0".to_owned();
    given.cases[0].checker_message = Some("\0d".to_owned());
    given.cases[0].transcript = Some("\0e".to_owned());
    let found = finish(&store, id, &given).await;
    assert_eq!(found.summary.reason.unwrap(), "a\u{FFFD}b");
    assert_eq!(found.compile.unwrap().reason, "\u{FFFD}");
    assert_eq!(found.cases[0].reason, "c\u{FFFD}");
    assert_eq!(found.cases[0].checker_message.as_deref(), Some("\u{FFFD}d"));
    assert_eq!(found.cases[0].transcript.as_deref(), Some("\u{FFFD}e"));
    assert_eq!(found.cases[0].stdout_prefix, given.cases[0].stdout_prefix);
}

async fn ids(store: &Store, filter: ListFilter) -> Vec<SubmissionId> {
    let found = store.list_submissions(&filter).await.unwrap();
    found.into_iter().map(|summary| summary.id).collect()
}

fn any() -> ListFilter {
    ListFilter {
        limit: 100,
        ..ListFilter::default()
    }
}

#[sqlx::test]
async fn submissions_are_listed_newest_first_in_pages(pool: PgPool) {
    let store = Store::from_pool(pool);
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(create(&store, "c").await);
    }
    sent.reverse();
    assert_eq!(ids(&store, any()).await, sent);
    let mut listed = Vec::new();
    loop {
        let before = listed.last().copied();
        let page = ids(
            &store,
            ListFilter {
                before,
                limit: 2,
                ..any()
            },
        )
        .await;
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, sent);
}

#[sqlx::test]
async fn each_filter_lists_what_it_names(pool: PgPool) {
    let store = Store::from_pool(pool);
    let problem = store.create_problem(&problem("sum")).await.unwrap().id;
    let on_problem = submission_on("java", Tests::Problem(problem));
    let on_problem = store.create_submission(&on_problem).await.unwrap().id;
    finish(&store, on_problem, &judgement(1)).await;
    let running = create(&store, "c").await;
    let worker = register(&store).await;
    claim_in(&store, worker, &["c"]).await.unwrap();
    let queued = create(&store, "c").await;

    let by = |filter: ListFilter| ids(&store, filter);
    let language = Some("java".to_owned());
    assert_eq!(by(ListFilter { language, ..any() }).await, [on_problem]);
    let language = Some("c".to_owned());
    assert_eq!(
        by(ListFilter { language, ..any() }).await,
        [queued, running]
    );
    let problem_id = Some(problem);
    assert_eq!(
        by(ListFilter {
            problem_id,
            ..any()
        })
        .await,
        [on_problem]
    );
    let verdict = Some(Verdict::WrongAnswer);
    assert_eq!(by(ListFilter { verdict, ..any() }).await, [on_problem]);
    let verdict = Some(Verdict::Accepted);
    assert_eq!(by(ListFilter { verdict, ..any() }).await, []);
    for (state, expected) in [
        (SubmissionState::Queued, vec![queued]),
        (SubmissionState::Running, vec![running]),
        (SubmissionState::Finished, vec![on_problem]),
        (SubmissionState::Failed, vec![]),
    ] {
        let state = Some(state);
        assert_eq!(by(ListFilter { state, ..any() }).await, expected);
    }
    let (language, state) = (Some("java".to_owned()), Some(SubmissionState::Queued));
    assert_eq!(
        by(ListFilter {
            language,
            state,
            ..any()
        })
        .await,
        []
    );
}
