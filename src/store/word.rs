//! Plain values as the database's words: enums as in JSON, text without NUL, unsigned numbers as
//! the signed ones that SQL has.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use sqlx::Postgres;
use sqlx::postgres::{PgTypeInfo, PgValueRef};

/// A plain enum as the text that its `serde` name is. SQL enums have the same words; queries cast.
#[derive(Debug)]
pub(super) struct Word<T>(pub(super) T);

impl<T: Serialize> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

impl<T> sqlx::Type<Postgres> for Word<T> {
    fn type_info() -> PgTypeInfo {
        <str as sqlx::Type<Postgres>>::type_info()
    }
}

impl<'r, T: Deserialize<'r>> sqlx::Decode<'r, Postgres> for Word<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let word = <&str as sqlx::Decode<Postgres>>::decode(value)?;
        let deserializer: serde::de::value::BorrowedStrDeserializer<'r, serde::de::value::Error> =
            serde::de::value::BorrowedStrDeserializer::new(word);
        Ok(Word(T::deserialize(deserializer.into_deserializer())?))
    }
}

/// Text of a program or a person as the database can hold it: NUL becomes U+FFFD.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// An amount as SQL has it. Nothing that we measure or limit comes near the end of the range.
pub(super) fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// The reverse of [`signed`]; the schema's checks keep amounts from being negative.
pub(super) fn unsigned(amount: i64) -> u64 {
    u64::try_from(amount).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::judge::verdict::Verdict;
    use crate::sandbox::{Limit, NoiseSource};

    async fn words_of(pool: &PgPool, sql_enum: &str) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT enumlabel::text FROM pg_enum WHERE enumtypid = $1::regtype ORDER BY enumsortorder",
        )
        .bind(sql_enum)
        .fetch_all(pool)
        .await
        .unwrap()
    }

    #[sqlx::test]
    async fn every_verdict_has_its_word_in_the_database(pool: PgPool) {
        use Verdict::*;
        let verdicts = [
            Accepted,
            Completed,
            WrongAnswer,
            TimeLimit,
            WallTimeLimit,
            IdleLimit,
            MemoryLimit,
            OutputLimit,
            RuntimeError,
            CompileError,
            Skipped,
        ];
        let words = words_of(&pool, "verdict").await;
        assert_eq!(verdicts.map(|v| Word(v).to_string()).to_vec(), words);
    }

    #[sqlx::test]
    async fn every_limit_has_its_word_in_the_database(pool: PgPool) {
        use Limit::*;
        let words = words_of(&pool, "exceeded_limit").await;
        let limits = [Cpu, Wall, Idle, Memory, Output];
        assert_eq!(limits.map(|l| Word(l).to_string()).to_vec(), words);
    }

    #[sqlx::test]
    async fn every_source_of_noise_has_its_word_in_the_database(pool: PgPool) {
        use NoiseSource::*;
        let words = words_of(&pool, "noise_source").await;
        let sources = [BoxPressure, MachinePressure, MachineSteal];
        assert_eq!(sources.map(|s| Word(s).to_string()).to_vec(), words);
    }

    #[sqlx::test(migrations = false)]
    async fn a_word_that_nothing_has_is_an_error(pool: PgPool) {
        let read = |word: &'static str| {
            sqlx::query_scalar::<_, Word<Verdict>>("SELECT $1::text")
                .bind(word)
                .fetch_one(&pool)
        };
        assert_eq!(read("MLE").await.unwrap().0, Verdict::MemoryLimit);
        assert!(read("mle").await.is_err());
    }
}
