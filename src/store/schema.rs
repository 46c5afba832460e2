//! The version of the database's schema: brought up to this program's, or compared with it.

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{Acquire, Connection, PgConnection};

use super::{Store, StoreError};

/// Cargo does not notice a new file in `migrations/`; scripts/prepare-queries.sh, which one needs
/// then anyway, has it look again.
static MIGRATOR: Migrator = sqlx::migrate!();

impl Store {
    /// Brings the schema up to this program's version. Safe when several processes start at once:
    /// they wait for each other.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // A session of its own, for a migration may take long, and so may waiting for another's.
        let mut connection = self.pool.acquire().await?.detach();
        sqlx::query!("SET statement_timeout = 0")
            .execute(&mut connection)
            .await?;
        let migrated = MIGRATOR.run(&mut connection).await;
        // It ends with the session at the latest, if this fails.
        let _ = connection.close().await;
        migrated.map_err(|error| match error {
            MigrateError::VersionMissing(found) => too_new(found),
            MigrateError::VersionMismatch(version) => StoreError::SchemaDiffers(version),
            MigrateError::Execute(error) => error.into(),
            other => StoreError::Migrate(other),
        })
    }

    /// Fails unless the schema is exactly the one of this program.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.in_time(async {
            let mut connection = self.pool.acquire().await?;
            compare(connection.acquire().await?).await
        })
        .await
    }
}

async fn compare(connection: &mut PgConnection) -> Result<(), StoreError> {
    let applied = match connection
        .list_applied_migrations(&MIGRATOR.table_name)
        .await
    {
        Ok(applied) => applied,
        Err(MigrateError::Execute(error)) if is_undefined_table(&error) => Vec::new(),
        Err(MigrateError::Execute(error)) => return Err(error.into()),
        Err(other) => return Err(StoreError::Migrate(other)),
    };
    let found = applied.last().map_or(0, |migration| migration.version);
    if found > needed() {
        return Err(too_new(found));
    }
    for migration in MIGRATOR.iter() {
        match applied
            .iter()
            .find(|applied| applied.version == migration.version)
        {
            None => {
                return Err(StoreError::SchemaTooOld {
                    found,
                    needed: needed(),
                });
            }
            Some(applied) if applied.checksum != migration.checksum => {
                return Err(StoreError::SchemaDiffers(migration.version));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn is_undefined_table(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some("42P01")
}

fn too_new(found: i64) -> StoreError {
    StoreError::SchemaTooNew {
        found,
        known: needed(),
    }
}

/// The version of this program: that of its last migration.
fn needed() -> i64 {
    MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    #[sqlx::test(migrations = false)]
    async fn processes_that_start_at_once_migrate_once(pool: PgPool) {
        let stores: Vec<Store> = (0..4)
            .map(|_| Store::from_pool(other_pool(&pool)))
            .collect();
        let (a, b, c, d) = tokio::join!(
            stores[0].migrate(),
            stores[1].migrate(),
            stores[2].migrate(),
            stores[3].migrate()
        );
        for migrated in [a, b, c, d] {
            migrated.unwrap();
        }
        stores[0].check_schema().await.unwrap();
        for store in &stores {
            store.pool.close().await;
        }
    }

    /// As of another process.
    fn other_pool(pool: &PgPool) -> PgPool {
        PgPool::connect_lazy_with((*pool.connect_options()).clone())
    }

    /// Applies the migrations up to a version, as an older program did.
    async fn migrate_to(pool: &PgPool, version: i64) {
        let migrations = MIGRATOR.iter().filter(|known| known.version <= version);
        let older = Migrator::with_migrations(migrations.cloned().collect());
        older.run(pool).await.unwrap();
    }

    #[sqlx::test(migrations = false)]
    async fn problems_and_submissions_survive_the_migration_to_versions(pool: PgPool) {
        migrate_to(&pool, 1).await;
        let [tests, problem, own, other] = [1, 2, 3, 4].map(uuid::Uuid::from_u128);
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            r#"INSERT INTO test_sets VALUES ('{tests}', 1, 2, 3, 4, 5, '{{"kind": "exact"}}');
               INSERT INTO problems (id, name, test_set_id) VALUES ('{problem}', 'sum', '{tests}');
               INSERT INTO submissions (id, language, problem_id, test_set_id)
                   VALUES ('{own}', 'c', NULL, '{tests}'), ('{other}', 'c', '{problem}', '{tests}');
               INSERT INTO jobs (submission_id, language) VALUES ('{own}', 'c'), ('{other}', 'c')"#
        )))
        .execute(&pool)
        .await
        .unwrap();
        let store = Store::from_pool(pool);
        store.migrate().await.unwrap();
        store.check_schema().await.unwrap();
        let problem = super::super::ProblemId(problem);
        let found = store.find_problem(problem).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.version.number), ("sum", 1));
        assert_eq!(found.version.created_at, found.created_at);
        for (id, version) in [(own, None), (other, Some(1))] {
            let id = super::super::SubmissionId(id);
            let found = store.find_submission(id).await.unwrap().unwrap();
            assert_eq!(found.summary.problem_version, version);
            assert_eq!(found.limits.unwrap().cpu_ms, 1);
        }
    }

    #[sqlx::test(migrations = false)]
    async fn judgements_survive_the_migration_to_scores(pool: PgPool) {
        migrate_to(&pool, 6).await;
        let [tests, id] = [1, 2].map(uuid::Uuid::from_u128);
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            r#"INSERT INTO test_sets VALUES ('{tests}', 1, 2, 3, 4, 5, '{{"kind": "exact"}}');
               INSERT INTO submissions
                   (id, language, test_set_id, state, verdict, reason, finished_at)
                   VALUES ('{id}', 'c', '{tests}', 'finished', 'WA', 'wrong', now());
               INSERT INTO compile_results VALUES
                   ('{id}', true, '', '', 0, NULL, NULL, 1, 2, 3, 4, '{{}}');
               INSERT INTO case_results VALUES
                   ('{id}', 0, 'one', 'WA', 'why', NULL, 'out', '', 0, NULL, NULL, 5, 6, 7, 8, '{{}}'),
                   ('{id}', 1, 'two', 'SKIPPED', 'so', NULL, '', '',
                       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"#
        )))
        .execute(&pool)
        .await
        .unwrap();
        let store = Store::from_pool(pool);
        store.migrate().await.unwrap();
        let found = store.find_submission(super::super::SubmissionId(id)).await;
        let found = found.unwrap().unwrap();
        assert_eq!(found.summary.reason.as_deref(), Some("wrong"));
        assert_eq!((found.summary.score, found.max_score), (None, None));
        assert_eq!(found.compile.unwrap().facts.wall_ns, 2);
        assert_eq!((found.groups.len(), found.cases.len()), (0, 2));
        let facts = found.cases[0].facts.as_ref().unwrap();
        assert_eq!((facts.memory_bytes, facts.noise), (7, None));
        assert!(found.cases[1].facts.is_none() && found.cases[1].score.is_none());
    }

    #[sqlx::test(migrations = false)]
    async fn a_database_without_schema_is_too_old(pool: PgPool) {
        let error = Store::from_pool(pool).check_schema().await.unwrap_err();
        assert!(matches!(error, StoreError::SchemaTooOld { found: 0, .. }));
        assert!(error.to_string().contains("gavel migrate"), "{error}");
    }

    #[sqlx::test]
    async fn a_schema_from_the_future_is_too_new(pool: PgPool) {
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'later', true, '', 0)",
        )
        .execute(&pool)
        .await
        .unwrap();
        let store = Store::from_pool(pool);
        for result in [store.check_schema().await, store.migrate().await] {
            let error = result.unwrap_err();
            assert!(matches!(
                error,
                StoreError::SchemaTooNew { found: 9999, .. }
            ));
        }
    }

    #[sqlx::test]
    async fn a_schema_of_another_text_differs(pool: PgPool) {
        sqlx::query("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 1")
            .execute(&pool)
            .await
            .unwrap();
        let store = Store::from_pool(pool);
        for result in [store.check_schema().await, store.migrate().await] {
            assert!(matches!(result.unwrap_err(), StoreError::SchemaDiffers(1)));
        }
    }
}
