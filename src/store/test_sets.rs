//! Test sets: limits, checker and test cases. Immutable; a problem has one, and so has a submission
//! with tests of its own.

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::blobs::insert_blobs;
use super::word::{signed, storable, unsigned};
use super::{NewTestCase, StoreError};
use crate::problem::{Checker, Limits};

/// Limits as columns.
pub(super) struct LimitColumns {
    pub(super) cpu_ms: i64,
    pub(super) wall_ms: i64,
    pub(super) memory_bytes: i64,
    pub(super) output_bytes: i64,
    pub(super) processes: i64,
}

impl From<LimitColumns> for Limits {
    fn from(columns: LimitColumns) -> Self {
        Limits {
            cpu_ms: unsigned(columns.cpu_ms),
            wall_ms: unsigned(columns.wall_ms),
            memory_bytes: unsigned(columns.memory_bytes),
            output_bytes: unsigned(columns.output_bytes),
            // The column is wider than what is written to it.
            processes: u32::try_from(columns.processes).unwrap_or(u32::MAX),
        }
    }
}

/// Stores a test set with its blobs.
pub(super) async fn insert_test_set(
    connection: &mut PgConnection,
    limits: &Limits,
    checker: &Checker,
    cases: &[NewTestCase],
) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO test_sets
             (id, cpu_ms, wall_ms, memory_bytes, output_bytes, processes, checker)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        signed(limits.cpu_ms),
        signed(limits.wall_ms),
        signed(limits.memory_bytes),
        signed(limits.output_bytes),
        i64::from(limits.processes),
        Json(checker) as _,
    )
    .execute(&mut *connection)
    .await?;
    insert_test_cases(connection, id, cases).await?;
    Ok(id)
}

async fn insert_test_cases(
    connection: &mut PgConnection,
    test_set: Uuid,
    cases: &[NewTestCase],
) -> Result<(), StoreError> {
    let inputs = cases.iter().map(|case| &*case.input);
    let answers = cases.iter().filter_map(|case| case.answer.as_deref());
    let contents: Vec<&[u8]> = inputs.chain(answers).collect();
    let ids = insert_blobs(&mut *connection, &contents).await?;

    let (inputs, answers) = ids.split_at(cases.len());
    let inputs: Vec<&[u8]> = inputs.iter().map(|id| id.as_bytes()).collect();
    let mut answers = answers.iter().map(|id| id.as_bytes());
    let answers: Vec<Option<&[u8]>> = cases
        .iter()
        .map(|case| case.answer.as_ref().and_then(|_| answers.next()))
        .collect();
    let names: Vec<_> = cases.iter().map(|case| storable(&case.name)).collect();
    sqlx::query!(
        "INSERT INTO test_cases (test_set_id, ordinal, name, input, answer)
         SELECT $1, new.position - 1, new.name, new.input, new.answer
         FROM UNNEST($2::text[], $3::bytea[], $4::bytea[])
             WITH ORDINALITY AS new (name, input, answer, position)",
        test_set,
        &names as _,
        &inputs as &[&[u8]],
        &answers as &[Option<&[u8]>],
    )
    .execute(connection)
    .await?;
    Ok(())
}
