//! Results: the compile step, the groups, the test cases and the measured facts, as columns.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::feedback::insert_feedback;
use super::word::{Word, signed, storable, unsigned};
use super::{Store, StoreError, SubmissionId};
use crate::judge::verdict::{
    CaseResult, CompileResult, Facts, FeedbackFile, FeedbackFiles, GroupResult, Judgement, Verdict,
};
use crate::sandbox::{Limit, Noise, NoiseSource};

/// Stores the results of a judgement.
pub(super) async fn insert_results(
    connection: &mut PgConnection,
    id: SubmissionId,
    judgement: &Judgement,
) -> Result<(), StoreError> {
    if let Some(compile) = &judgement.compile {
        insert_compile_result(&mut *connection, id, compile).await?;
    }
    if !judgement.cases.is_empty() {
        insert_case_results(&mut *connection, id, &judgement.cases).await?;
        insert_feedback(&mut *connection, id, &judgement.cases).await?;
    }
    if !judgement.groups.is_empty() {
        insert_group_results(&mut *connection, id, &judgement.groups).await?;
    }
    Ok(())
}

async fn insert_compile_result(
    connection: &mut PgConnection,
    id: SubmissionId,
    compile: &CompileResult,
) -> Result<(), StoreError> {
    let facts = &compile.facts;
    sqlx::query!(
        "INSERT INTO compile_results
             (submission_id, ok, reason, output, exit_code, signal, exceeded_limit,
              cpu_ns, wall_ns, memory_bytes, output_bytes, denied_calls,
              noise_source, noise_ns)
         VALUES ($1, $2, $3, $4, $5, $6, $7::text::exceeded_limit, $8, $9, $10, $11, $12,
             $13::text::noise_source, $14)",
        id.0,
        compile.ok,
        &storable(&compile.reason),
        compile.output,
        facts.exit_code,
        facts.signal,
        limit_word(facts),
        signed(facts.cpu_ns),
        signed(facts.wall_ns),
        signed(facts.memory_bytes),
        signed(facts.output_bytes),
        &facts.denied_calls,
        noise_word(facts),
        noise_ns(facts),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores all in one statement, a column at a time. Calls are lists of different lengths, which no
/// SQL array of arrays can be: they travel as JSON.
async fn insert_case_results(
    connection: &mut PgConnection,
    id: SubmissionId,
    cases: &[CaseResult],
) -> Result<(), StoreError> {
    let ordinals: Vec<i32> = column(cases, |case| case.ordinal.cast_signed());
    let messages = column(cases, |case| case.checker_message.as_deref().map(storable));
    let team_messages = column(cases, |case| case.team_message.as_deref().map(storable));
    let transcripts = column(cases, |case| case.transcript.as_deref().map(storable));
    sqlx::query!(
        "INSERT INTO case_results
             (submission_id, ordinal, name, verdict, reason, checker_message,
              stdout_prefix, stderr_prefix, exit_code, signal, exceeded_limit,
              cpu_ns, wall_ns, memory_bytes, output_bytes, team_message, transcript,
              denied_calls, score, noise_source, noise_ns, has_more_feedback)
         SELECT $1, ordinal, name, verdict::verdict, reason, checker_message,
             stdout_prefix, stderr_prefix, exit_code, signal, exceeded_limit::exceeded_limit,
             cpu_ns, wall_ns, memory_bytes, output_bytes, team_message, transcript,
             CASE WHEN denied_calls IS NOT NULL
                 THEN ARRAY(SELECT jsonb_array_elements_text(denied_calls)) END,
             score, noise_source::noise_source, noise_ns, has_more_feedback
         FROM UNNEST(
             $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
             $8::bytea[], $9::integer[], $10::integer[], $11::text[], $12::bigint[],
             $13::bigint[], $14::bigint[], $15::bigint[], $16::jsonb[], $17::text[],
             $18::text[], $19::double precision[], $20::text[], $21::bigint[],
             $22::boolean[]
         ) AS new (
             ordinal, name, verdict, reason, checker_message, stdout_prefix,
             stderr_prefix, exit_code, signal, exceeded_limit, cpu_ns,
             wall_ns, memory_bytes, output_bytes, denied_calls, team_message,
             transcript, score, noise_source, noise_ns, has_more_feedback
         )",
        id.0,
        &ordinals,
        &column(cases, |case| storable(&case.name)) as _,
        &column(cases, |case| Word(case.verdict).to_string()),
        &column(cases, |case| storable(&case.reason)) as _,
        &messages as _,
        &column(cases, |case| case.stdout_prefix.as_slice()) as &[&[u8]],
        &column(cases, |case| case.stderr_prefix.as_slice()) as &[&[u8]],
        &facts_column(cases, |facts| facts.exit_code) as &[Option<i32>],
        &facts_column(cases, |facts| facts.signal) as &[Option<i32>],
        &facts_column(cases, limit_word) as &[Option<String>],
        &facts_column(cases, |facts| Some(signed(facts.cpu_ns))) as &[Option<i64>],
        &facts_column(cases, |facts| Some(signed(facts.wall_ns))) as &[Option<i64>],
        &facts_column(cases, |facts| Some(signed(facts.memory_bytes))) as &[Option<i64>],
        &facts_column(cases, |facts| Some(signed(facts.output_bytes))) as &[Option<i64>],
        &facts_column(cases, |facts| Some(Json(&facts.denied_calls))) as _,
        &team_messages as _,
        &transcripts as _,
        &column(cases, |case| case.score) as &[Option<f64>],
        &facts_column(cases, noise_word) as &[Option<String>],
        &facts_column(cases, noise_ns) as &[Option<i64>],
        &column(cases, |case| case.feedback.has_more),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_group_results(
    connection: &mut PgConnection,
    id: SubmissionId,
    groups: &[GroupResult],
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO group_results (submission_id, ordinal, name, verdict, score, max_score)
         SELECT $1, position - 1, name, verdict::verdict, score, max_score
         FROM UNNEST($2::text[], $3::text[], $4::double precision[], $5::double precision[])
             WITH ORDINALITY AS new (name, verdict, score, max_score, position)",
        id.0,
        &column(groups, |group| storable(&group.name)) as _,
        &column(groups, |group| Word(group.verdict).to_string()),
        &column(groups, |group| group.score) as &[Option<f64>],
        &column(groups, |group| group.max_score) as &[Option<f64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn column<'a, R, T>(results: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    results.iter().map(value).collect()
}

fn facts_column<'a, T>(
    cases: &'a [CaseResult],
    value: impl Fn(&'a Facts) -> Option<T>,
) -> Vec<Option<T>> {
    column(cases, |case| case.facts.as_ref().and_then(&value))
}

fn limit_word(facts: &Facts) -> Option<String> {
    facts.limit.map(|limit| Word(limit).to_string())
}

fn noise_word(facts: &Facts) -> Option<String> {
    facts.noise.map(|noise| Word(noise.source).to_string())
}

fn noise_ns(facts: &Facts) -> Option<i64> {
    facts.noise.map(|noise| signed(noise.waited_ns))
}

/// The schema has both or none.
fn noise(source: Option<Word<NoiseSource>>, waited_ns: Option<i64>) -> Option<Noise> {
    Some(Noise {
        source: source?.0,
        waited_ns: unsigned(waited_ns?),
    })
}

impl Store {
    /// Reads the result of the compile step, if there is one.
    pub(super) async fn read_compile_result(
        &self,
        id: SubmissionId,
    ) -> Result<Option<CompileResult>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT ok, reason, output, exit_code, signal,
                   exceeded_limit::text AS "exceeded_limit: Word<Limit>",
                   cpu_ns, wall_ns, memory_bytes, output_bytes, denied_calls,
                   noise_source::text AS "noise_source: Word<NoiseSource>", noise_ns
               FROM compile_results WHERE submission_id = $1"#,
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| CompileResult {
            ok: row.ok,
            reason: row.reason,
            output: row.output,
            facts: Facts {
                exit_code: row.exit_code,
                signal: row.signal,
                limit: row.exceeded_limit.map(|word| word.0),
                cpu_ns: unsigned(row.cpu_ns),
                wall_ns: unsigned(row.wall_ns),
                memory_bytes: unsigned(row.memory_bytes),
                output_bytes: unsigned(row.output_bytes),
                denied_calls: row.denied_calls,
                noise: noise(row.noise_source, row.noise_ns),
                instructions: None,
            },
        }))
    }

    /// Reads the results of the test cases in order.
    pub(super) async fn read_case_results(
        &self,
        id: SubmissionId,
    ) -> Result<Vec<CaseResult>, StoreError> {
        let rows = sqlx::query_as!(
            CaseRow,
            r#"SELECT ordinal, name, verdict::text AS "verdict!: Word<Verdict>", reason,
                   checker_message, stdout_prefix, stderr_prefix, exit_code, signal,
                   exceeded_limit::text AS "exceeded_limit: Word<Limit>",
                   cpu_ns, wall_ns, memory_bytes, output_bytes, denied_calls, team_message,
                   transcript, score, has_more_feedback,
                   noise_source::text AS "noise_source: Word<NoiseSource>", noise_ns
               FROM case_results WHERE submission_id = $1
               ORDER BY ordinal"#,
            id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut feedback = self.read_feedback(id).await?;
        let cases = rows.into_iter().map(|row| {
            let files = feedback.remove(&row.ordinal).unwrap_or_default();
            row.into_result(files)
        });
        Ok(cases.collect())
    }

    /// Reads the results of the groups, each before those in it.
    pub(super) async fn read_group_results(
        &self,
        id: SubmissionId,
    ) -> Result<Vec<GroupResult>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT name, verdict::text AS "verdict!: Word<Verdict>", score, max_score
               FROM group_results WHERE submission_id = $1
               ORDER BY ordinal"#,
            id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let results = rows.into_iter().map(|row| GroupResult {
            name: row.name,
            verdict: row.verdict.0,
            score: row.score,
            max_score: row.max_score,
        });
        Ok(results.collect())
    }
}

/// A row of `case_results`.
struct CaseRow {
    ordinal: i32,
    name: String,
    verdict: Word<Verdict>,
    reason: String,
    checker_message: Option<String>,
    stdout_prefix: Vec<u8>,
    stderr_prefix: Vec<u8>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    exceeded_limit: Option<Word<Limit>>,
    cpu_ns: Option<i64>,
    wall_ns: Option<i64>,
    memory_bytes: Option<i64>,
    output_bytes: Option<i64>,
    denied_calls: Option<Vec<String>>,
    team_message: Option<String>,
    transcript: Option<String>,
    score: Option<f64>,
    has_more_feedback: bool,
    noise_source: Option<Word<NoiseSource>>,
    noise_ns: Option<i64>,
}

impl CaseRow {
    /// The facts, which are there all or none.
    fn take_facts(&mut self) -> Option<Facts> {
        Some(Facts {
            exit_code: self.exit_code,
            signal: self.signal,
            limit: self.exceeded_limit.take().map(|word| word.0),
            cpu_ns: unsigned(self.cpu_ns?),
            wall_ns: unsigned(self.wall_ns?),
            memory_bytes: unsigned(self.memory_bytes?),
            output_bytes: unsigned(self.output_bytes?),
            denied_calls: self.denied_calls.take()?,
            noise: noise(self.noise_source.take(), self.noise_ns),
            instructions: None,
        })
    }

    /// With these files of its validator.
    fn into_result(mut self, files: Vec<FeedbackFile>) -> CaseResult {
        CaseResult {
            facts: self.take_facts(),
            ordinal: self.ordinal.cast_unsigned(),
            name: self.name,
            verdict: self.verdict.0,
            reason: self.reason,
            score: self.score,
            checker_message: self.checker_message,
            team_message: self.team_message,
            feedback: FeedbackFiles {
                files,
                has_more: self.has_more_feedback,
            },
            transcript: self.transcript,
            stdout_prefix: self.stdout_prefix,
            stderr_prefix: self.stderr_prefix,
        }
    }
}
