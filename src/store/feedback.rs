//! Files that validators left in their feedback directories: what is in them is blobs, so that what is left again and
//! again is stored once. They are read one by one, when somebody wants to see them.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::PgConnection;

use super::blobs::{insert_blobs, verified};
use super::word::{signed, storable, unsigned};
use super::{BlobId, Store, StoreError, SubmissionId};
use crate::judge::verdict::{CaseResult, Content, FeedbackFile};

/// Stores the files of all cases, whose results are stored before.
pub(super) async fn insert_feedback(
    connection: &mut PgConnection,
    id: SubmissionId,
    cases: &[CaseResult],
) -> Result<(), StoreError> {
    let files: Vec<(i32, &FeedbackFile)> = cases
        .iter()
        .flat_map(|case| {
            let files = case.feedback.files.iter();
            files.map(|file| (case.ordinal.cast_signed(), file))
        })
        .collect();
    if files.is_empty() {
        return Ok(());
    }
    let here = files.iter().filter_map(|(_, file)| bytes_of(file));
    let blobs = insert_blobs(&mut *connection, &here.collect::<Vec<_>>()).await?;
    let mut blobs = blobs.iter();
    let contents: Vec<Option<&[u8]>> = files
        .iter()
        .map(|(_, file)| bytes_of(file).and_then(|_| blobs.next().map(BlobId::as_bytes)))
        .collect();
    let ordinals: Vec<i32> = files.iter().map(|(ordinal, _)| *ordinal).collect();
    let names: Vec<_> = files.iter().map(|(_, file)| storable(&file.name)).collect();
    let sizes: Vec<i64> = files.iter().map(|(_, f)| signed(f.size_bytes)).collect();
    sqlx::query!(
        "INSERT INTO feedback_files (submission_id, case_ordinal, name, size_bytes, content)
         SELECT $1, case_ordinal, name, size_bytes, content
         FROM UNNEST($2::integer[], $3::text[], $4::bigint[], $5::bytea[])
             AS new (case_ordinal, name, size_bytes, content)",
        id.0,
        &ordinals,
        &names as _,
        &sizes,
        &contents as &[Option<&[u8]>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn bytes_of(file: &FeedbackFile) -> Option<&[u8]> {
    match &file.content {
        Content::Here(bytes) => Some(bytes),
        Content::Stored | Content::LeftOut => None,
    }
}

impl Store {
    /// Reads what there is of files, by the ordinals of cases; each list is in the order of names.
    pub(super) async fn read_feedback(
        &self,
        id: SubmissionId,
    ) -> Result<HashMap<i32, Vec<FeedbackFile>>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT case_ordinal, name, size_bytes, content IS NOT NULL AS "is_stored!"
               FROM feedback_files WHERE submission_id = $1
               ORDER BY case_ordinal, name COLLATE "C""#,
            id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut files: HashMap<i32, Vec<FeedbackFile>> = HashMap::new();
        for row in rows {
            files
                .entry(row.case_ordinal)
                .or_default()
                .push(FeedbackFile {
                    name: row.name,
                    size_bytes: unsigned(row.size_bytes),
                    content: match row.is_stored {
                        true => Content::Stored,
                        false => Content::LeftOut,
                    },
                });
        }
        Ok(files)
    }

    /// Reads a file that a validator left at the case of this name; `None` where there is none, or where it was too
    /// much to be kept.
    pub async fn read_feedback_file(
        &self,
        id: SubmissionId,
        case: &str,
        file: &str,
    ) -> Result<Option<(BlobId, Arc<[u8]>)>, StoreError> {
        self.in_time(async {
            let row = sqlx::query!(
                "SELECT sha256, bytes
                 FROM case_results
                 JOIN feedback_files AS file
                     ON file.submission_id = case_results.submission_id AND case_ordinal = ordinal
                 JOIN blobs ON sha256 = content
                 WHERE case_results.submission_id = $1 AND case_results.name = $2 AND file.name = $3",
                id.0,
                &storable(case),
                &storable(file),
            )
            .fetch_optional(&self.pool)
            .await?;
            let Some(row) = row else {
                return Ok(None);
            };
            let blob = BlobId::from_column(&row.sha256)?;
            Ok(Some((blob, verified(blob, row.bytes)?)))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::super::fixtures::{claim, create, judgement, register};
    use super::super::{Lease, LeaseState};
    use super::*;
    use crate::judge::verdict::{FeedbackFiles, Judgement};

    fn file(name: &str, content: Option<&[u8]>) -> FeedbackFile {
        FeedbackFile {
            name: name.to_owned(),
            size_bytes: content.map_or(1 << 40, |bytes| bytes.len() as u64),
            content: content.map_or(Content::LeftOut, |bytes| Content::Here(bytes.into())),
        }
    }

    /// A judgement with files of two of its cases, some of which are equal.
    fn with_files() -> Judgement {
        let mut judgement = judgement(4);
        judgement.cases[1].feedback = FeedbackFiles {
            files: vec![
                file("B", Some(b"same")),
                file("a/b", Some(b"\0\xff")),
                file("huge", None),
            ],
            has_more: true,
        };
        judgement.cases[3].feedback.files =
            vec![file("a/b", Some(b"same")), file("empty", Some(b""))];
        judgement
    }

    async fn claimed(store: &Store) -> Lease {
        let worker = register(store).await;
        create(store, "c").await;
        claim(store, worker).await.unwrap().lease
    }

    async fn count(pool: &PgPool, bytes: &[u8]) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM blobs WHERE bytes = $1").bind(bytes);
        count.fetch_one(pool).await.unwrap()
    }

    #[sqlx::test]
    async fn files_come_back_as_they_were_left_and_equal_ones_are_stored_once(pool: PgPool) {
        let store = Store::from_pool(pool.clone());
        let lease = claimed(&store).await;
        let written = store.finish_submission(&lease, &with_files()).await;
        assert_eq!(written.unwrap(), LeaseState::Held);
        assert_eq!(count(&pool, b"same").await, 1);

        let id = lease.submission;
        let found = store.find_submission(id).await.unwrap().unwrap();
        for (found, mut left) in found.cases.into_iter().zip(with_files().cases) {
            for file in &mut left.feedback.files {
                if let Content::Here(_) = file.content {
                    file.content = Content::Stored;
                }
            }
            assert_eq!(found.feedback, left.feedback);
        }
        for (case, name, expected) in [
            ("case 1", "a/b", Some(&b"\0\xff"[..])),
            ("case 3", "a/b", Some(b"same")),
            ("case 3", "empty", Some(b"")),
            ("case 1", "huge", None),
            ("case 1", "empty", None),
            ("case 0", "a/b", None),
            ("case 9", "a/b", None),
            ("case 1", "a/%", None),
        ] {
            let read = store.read_feedback_file(id, case, name).await.unwrap();
            let read = read.map(|(blob, bytes)| {
                assert_eq!(blob, BlobId::of(&bytes));
                bytes
            });
            assert_eq!(read.as_deref(), expected, "{case} {name}");
        }
        let other = create(&store, "c").await;
        let read = store.read_feedback_file(other, "case 1", "a/b").await;
        assert!(read.unwrap().is_none());
    }

    #[sqlx::test]
    async fn a_late_result_leaves_no_files(pool: PgPool) {
        let store = Store::from_pool(pool.clone());
        let lease = claimed(&store).await;
        let written = store.finish_submission(&lease, &judgement(4)).await;
        assert_eq!(written.unwrap(), LeaseState::Held);
        let again = store.finish_submission(&lease, &with_files()).await;
        assert_eq!(again.unwrap(), LeaseState::Lost);
        let files = store.read_feedback(lease.submission).await.unwrap();
        assert!(files.is_empty());
        assert_eq!(count(&pool, b"same").await, 0);
    }
}
