//! What a worker needs to judge a claimed job: sources, limits, checker, and which blobs to read.

use sqlx::types::Json;

use super::blobs::verified;
use super::test_sets::LimitColumns;
use super::word::unsigned;
use super::{BlobId, Claim, Store, StoreError, SubmissionId};
use crate::problem::{Checker, Limits, SourceFile};

/// A claimed job, all but the contents of its test cases.
#[derive(Debug, Clone)]
pub struct ClaimedWork {
    /// The main file first; never empty.
    pub files: Vec<SourceFile>,
    /// What it is judged on.
    pub tests: ClaimedTests,
}

/// What a claimed job is judged on.
#[derive(Debug, Clone)]
pub enum ClaimedTests {
    /// Test cases.
    Cases {
        /// Limits of every run.
        limits: Limits,
        /// How outputs are compared.
        checker: Checker,
        /// In judging order.
        cases: Vec<ClaimedCase>,
    },
    /// A problem package.
    Package {
        /// What it is.
        package: StoredPackage,
        /// CPU time of a test case.
        limit_ms: u64,
    },
}

/// A problem package in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPackage {
    /// Its archive.
    pub archive: BlobId,
    /// Memory of a submission, which may be less than what the package takes by default.
    pub memory_bytes: u64,
}

/// A test case: names of blobs, to be read when needed and kept as long as one likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedCase {
    /// Name, unique within its set.
    pub name: String,
    /// Standard input.
    pub input: BlobId,
    /// Expected output; `None` where nothing is compared.
    pub answer: Option<BlobId>,
}

impl Store {
    /// Reads what a claim is about.
    pub async fn read_work(&self, claim: &Claim) -> Result<ClaimedWork, StoreError> {
        let id = claim.lease.submission;
        self.in_time(async {
            let files = self.read_files(id).await?;
            let tests = match self.read_package(id).await? {
                Some(package) => package,
                None => self.read_tests(id).await?,
            };
            Ok(ClaimedWork { files, tests })
        })
        .await
    }

    /// Reads the source files of a submission, main file first.
    pub async fn read_submission_files(
        &self,
        id: SubmissionId,
    ) -> Result<Vec<SourceFile>, StoreError> {
        self.in_time(self.read_files(id)).await
    }

    async fn read_files(&self, id: SubmissionId) -> Result<Vec<SourceFile>, StoreError> {
        let rows = sqlx::query!(
            "SELECT name, sha256, bytes
             FROM source_files JOIN blobs ON sha256 = content
             WHERE submission_id = $1
             ORDER BY ordinal",
            id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let files = rows.into_iter().map(|row| {
            Ok(SourceFile {
                bytes: verified(BlobId::from_column(&row.sha256)?, row.bytes)?,
                name: row.name,
            })
        });
        files.collect()
    }

    async fn read_package(&self, id: SubmissionId) -> Result<Option<ClaimedTests>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT archive AS "archive!", limit_ms AS "limit_ms!",
                   (about ->> 'memory_bytes')::bigint AS "memory_bytes!"
               FROM submissions JOIN problem_versions AS version
                   ON version.problem_id = submissions.problem_id AND number = problem_version
               WHERE submissions.id = $1 AND archive IS NOT NULL"#,
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        let package = row.map(|row| {
            Ok(ClaimedTests::Package {
                package: StoredPackage {
                    archive: BlobId::from_column(&row.archive)?,
                    memory_bytes: unsigned(row.memory_bytes),
                },
                limit_ms: unsigned(row.limit_ms),
            })
        });
        package.transpose()
    }

    async fn read_tests(&self, id: SubmissionId) -> Result<ClaimedTests, StoreError> {
        let row = sqlx::query!(
            r#"SELECT cpu_ms, wall_ms, memory_bytes, output_bytes, processes,
                   checker AS "checker: Json<Checker>"
               FROM submissions JOIN test_sets ON test_sets.id = test_set_id
               WHERE submissions.id = $1"#,
            id.0,
        )
        .fetch_one(&self.pool)
        .await?;
        let limits = LimitColumns {
            cpu_ms: row.cpu_ms,
            wall_ms: row.wall_ms,
            memory_bytes: row.memory_bytes,
            output_bytes: row.output_bytes,
            processes: row.processes,
        };
        Ok(ClaimedTests::Cases {
            limits: limits.into(),
            checker: row.checker.0,
            cases: self.read_cases(id).await?,
        })
    }

    async fn read_cases(&self, id: SubmissionId) -> Result<Vec<ClaimedCase>, StoreError> {
        let rows = sqlx::query!(
            "SELECT test_cases.name, input, answer
             FROM submissions JOIN test_cases USING (test_set_id)
             WHERE submissions.id = $1
             ORDER BY ordinal",
            id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let cases = rows.into_iter().map(|row| {
            Ok(ClaimedCase {
                input: BlobId::from_column(&row.input)?,
                answer: row.answer.as_deref().map(BlobId::from_column).transpose()?,
                name: row.name,
            })
        });
        cases.collect()
    }
}

#[cfg(test)]
mod tests;
