//! Problems: a name, and versions of what is judged under it.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::error::constraint;
use super::versions::{current_versions, insert_version, newest_version};
use super::word::storable;
use super::{NewVersion, ProblemId, Store, StoreError, Version};

/// A test case to be stored.
#[derive(Debug, Clone)]
pub struct NewTestCase {
    /// Name, unique within its set.
    pub name: String,
    /// Standard input.
    pub input: Arc<[u8]>,
    /// Expected output; `None` where nothing is compared.
    pub answer: Option<Arc<[u8]>>,
}

/// A problem to be stored.
#[derive(Debug, Clone)]
pub struct NewProblem {
    /// Unique among those that were not deleted.
    pub name: String,
    /// Its first version.
    pub version: NewVersion,
}

/// A test case as listed: sizes, not contents.
#[derive(Debug, Clone)]
pub struct TestCaseRow {
    /// Name.
    pub name: String,
    /// Size of the input in bytes.
    pub input_bytes: i64,
    /// Size of the answer in bytes, where there is one.
    pub answer_bytes: Option<i64>,
}

/// A stored problem.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its id.
    pub id: ProblemId,
    /// Its name.
    pub name: String,
    /// The current version.
    pub version: Version,
    /// When it was stored.
    pub created_at: OffsetDateTime,
    /// When it was deleted; then it takes no submissions.
    pub deleted_at: Option<OffsetDateTime>,
}

impl Store {
    /// Stores a problem with its first version.
    pub async fn create_problem(&self, new: &NewProblem) -> Result<Problem, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            let id = ProblemId(Uuid::now_v7());
            let row = sqlx::query_as!(
                ProblemRow,
                "INSERT INTO problems (id, name) VALUES ($1, $2)
                 RETURNING id, name, created_at, deleted_at",
                id.0,
                &storable(&new.name),
            )
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| match constraint(&error) {
                Some("problems_name_is_unique") => StoreError::ProblemNameTaken(new.name.clone()),
                _ => error.into(),
            })?;
            insert_version(&mut transaction, id, &new.version).await?;
            let version = newest_version(&mut transaction, id, None).await?;
            transaction.commit().await?;
            version
                .map(|version| row.with(version))
                .ok_or(StoreError::UnknownProblem(id))
        })
        .await
    }

    /// Finds a problem with its current version, also a deleted one.
    pub async fn find_problem(&self, id: ProblemId) -> Result<Option<Problem>, StoreError> {
        self.in_time(async {
            let mut connection = self.pool.acquire().await?;
            let Some(row) = sqlx::query_as!(
                ProblemRow,
                "SELECT id, name, created_at, deleted_at FROM problems WHERE id = $1",
                id.0,
            )
            .fetch_optional(&mut *connection)
            .await?
            else {
                return Ok(None);
            };
            let version = newest_version(&mut connection, id, None).await?;
            Ok(version.map(|version| row.with(version)))
        })
        .await
    }

    /// Lists problems that were not deleted, newest first, older than `before`, at most `limit` (1 to
    /// 100).
    pub async fn list_problems(
        &self,
        before: Option<ProblemId>,
        limit: i64,
    ) -> Result<Vec<Problem>, StoreError> {
        self.in_time(async {
            let mut connection = self.pool.acquire().await?;
            let rows = sqlx::query_as!(
                ProblemRow,
                "SELECT id, name, created_at, deleted_at FROM problems
                 -- The greatest UUID, so that the first page is a range of the index too.
                 WHERE id < COALESCE($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                     AND deleted_at IS NULL
                 ORDER BY id DESC
                 LIMIT $2",
                before.map(|id| id.0),
                limit,
            )
            .fetch_all(&mut *connection)
            .await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut versions = current_versions(&mut connection, &ids).await?;
            let problems = rows.into_iter().filter_map(|row| {
                let version = versions.remove(&ProblemId(row.id))?;
                Some(row.with(version))
            });
            Ok(problems.collect())
        })
        .await
    }

    /// Hides a problem from listings and from new submissions. Says whether there is such a problem.
    pub async fn delete_problem(&self, id: ProblemId) -> Result<bool, StoreError> {
        self.in_time(async {
            let deleted = sqlx::query!(
                "UPDATE problems SET deleted_at = COALESCE(deleted_at, now()) WHERE id = $1",
                id.0,
            )
            .execute(&self.pool)
            .await?;
            Ok(deleted.rows_affected() > 0)
        })
        .await
    }
}

/// A problem as selected.
struct ProblemRow {
    id: Uuid,
    name: String,
    created_at: OffsetDateTime,
    deleted_at: Option<OffsetDateTime>,
}

impl ProblemRow {
    fn with(self, version: Version) -> Problem {
        Problem {
            id: ProblemId(self.id),
            name: self.name,
            version,
            created_at: self.created_at,
            deleted_at: self.deleted_at,
        }
    }
}

#[cfg(test)]
mod tests;
