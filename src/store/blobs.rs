//! Content-addressed blobs: sources, inputs and answers by their SHA-256. Written once, never
//! changed, and checked when read.

use std::array::TryFromSliceError;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{Store, StoreError};

/// Most bytes in one statement, unless a single blob is larger. The driver copies them.
const BATCH_BYTES: usize = 8 << 20;

/// Identifies a blob: the SHA-256 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The id of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        BlobId(Sha256::digest(bytes).into())
    }

    /// As stored. The schema admits 32 bytes only.
    pub(super) fn from_column(column: &[u8]) -> Result<Self, StoreError> {
        column
            .try_into()
            .map(BlobId)
            .map_err(|error: TryFromSliceError| sqlx::Error::Decode(error.into()).into())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Store {
    /// Reads a blob, and makes sure that it is the one that was stored.
    pub async fn read_blob(&self, id: BlobId) -> Result<Arc<[u8]>, StoreError> {
        let read = sqlx::query_scalar!("SELECT bytes FROM blobs WHERE sha256 = $1", id.as_bytes());
        let bytes = self
            .in_time(async { Ok(read.fetch_optional(&self.pool).await?) })
            .await?
            .ok_or(StoreError::BlobMissing(id))?;
        verified(id, bytes)
    }
}

/// The bytes, if they are those of the id.
pub(super) fn verified(id: BlobId, bytes: Vec<u8>) -> Result<Arc<[u8]>, StoreError> {
    if BlobId::of(&bytes) == id {
        Ok(bytes.into())
    } else {
        Err(StoreError::BlobCorrupt(id))
    }
}

/// Stores what is not there yet; the ids are in the order of the contents.
pub(super) async fn insert_blobs(
    connection: &mut PgConnection,
    contents: &[&[u8]],
) -> Result<Vec<BlobId>, StoreError> {
    let ids: Vec<BlobId> = contents.iter().map(|bytes| BlobId::of(bytes)).collect();
    let mut blobs: Vec<(BlobId, &[u8])> =
        ids.iter().copied().zip(contents.iter().copied()).collect();
    // In one order by everybody, or two who store the same blobs could wait for each other.
    blobs.sort_unstable_by_key(|(id, _)| *id);
    blobs.dedup_by_key(|(id, _)| *id);
    for batch in batches(&blobs) {
        let keys: Vec<&[u8]> = batch.iter().map(|(id, _)| id.as_bytes()).collect();
        let bytes: Vec<&[u8]> = batch.iter().map(|(_, bytes)| *bytes).collect();
        sqlx::query!(
            "INSERT INTO blobs (sha256, bytes)
             SELECT new.sha256, new.bytes FROM UNNEST($1::bytea[], $2::bytea[]) AS new (sha256, bytes)
             ON CONFLICT DO NOTHING",
            &keys as &[&[u8]],
            &bytes as &[&[u8]],
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(ids)
}

/// Cuts a list into pieces of at most [`BATCH_BYTES`], and of one blob at least.
fn batches<'a, 'b>(
    mut blobs: &'a [(BlobId, &'b [u8])],
) -> impl Iterator<Item = &'a [(BlobId, &'b [u8])]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = blobs.iter().take_while(|(_, blob)| {
            bytes += blob.len();
            bytes <= BATCH_BYTES
        });
        let count = fits.count().max(1).min(blobs.len());
        let (batch, rest) = blobs.split_at(count);
        blobs = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    async fn insert(pool: &PgPool, contents: &[&[u8]]) -> Vec<BlobId> {
        let mut connection = pool.acquire().await.unwrap();
        insert_blobs(&mut connection, contents).await.unwrap()
    }

    async fn count(pool: &PgPool) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM blobs");
        count.fetch_one(pool).await.unwrap()
    }

    #[sqlx::test]
    async fn equal_bytes_are_stored_once(pool: PgPool) {
        let first = insert(&pool, &[b"b", b"a", b"", b"a"]).await;
        assert_eq!(first[1], first[3]);
        assert_eq!(count(&pool).await, 3);
        assert_eq!(insert(&pool, &[b"a", b"c"]).await[0], first[1]);
        assert_eq!(count(&pool).await, 4);
    }

    #[sqlx::test]
    async fn any_bytes_are_read_back(pool: PgPool) {
        let bytes: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        let id = insert(&pool, &[&bytes]).await[0];
        assert_eq!(id.to_string().len(), 64);
        let store = Store::from_pool(pool);
        assert_eq!(*store.read_blob(id).await.unwrap(), *bytes);
    }

    #[sqlx::test]
    async fn a_missing_blob_is_told_by_its_id(pool: PgPool) {
        let id = BlobId::of(b"nobody stored this");
        let error = Store::from_pool(pool).read_blob(id).await.unwrap_err();
        assert!(matches!(error, StoreError::BlobMissing(missing) if missing == id));
    }

    #[sqlx::test]
    async fn the_database_refuses_bytes_under_another_name(pool: PgPool) {
        let refused = sqlx::query("INSERT INTO blobs (sha256, bytes) VALUES ($1, $2)")
            .bind(BlobId::of(b"a").as_bytes())
            .bind(b"b".as_slice())
            .execute(&pool)
            .await
            .unwrap_err();
        let constraint = super::super::error::constraint(&refused);
        assert_eq!(constraint, Some("blobs_are_named_by_content"));
    }

    #[sqlx::test]
    async fn a_corrupt_blob_is_not_handed_out(pool: PgPool) {
        let id = insert(&pool, &[b"right"]).await[0];
        for sql in [
            "ALTER TABLE blobs DROP CONSTRAINT blobs_are_named_by_content",
            "UPDATE blobs SET bytes = 'wrong'",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        let error = Store::from_pool(pool).read_blob(id).await.unwrap_err();
        assert!(matches!(error, StoreError::BlobCorrupt(corrupt) if corrupt == id));
    }

    #[test]
    fn batches_are_full_and_lose_nothing() {
        let half = vec![0; BATCH_BYTES / 2];
        let (more, huge) = (vec![0; BATCH_BYTES / 2 + 1], vec![0; BATCH_BYTES * 2]);
        let blobs = [&half, &half, &more, &half, &huge, &half].map(|b| (BlobId::of(b), &b[..]));
        let counts: Vec<usize> = batches(&blobs).map(<[_]>::len).collect();
        assert_eq!(counts, [2, 1, 1, 1, 1]);
        assert_eq!(batches(&[]).count(), 0);
    }
}
