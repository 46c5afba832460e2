-- Everything Gavel keeps. Units stand in the names of columns; ids are UUIDs of version 7, which sort by time.
-- Enums have the words of the API.

CREATE TYPE submission_state AS ENUM ('queued', 'running', 'finished', 'failed');

CREATE TYPE verdict AS ENUM ('AC', 'OK', 'WA', 'TLE', 'WTL', 'ILE', 'MLE', 'OLE', 'RTE', 'CE', 'SKIPPED');

CREATE TYPE exceeded_limit AS ENUM ('cpu', 'wall', 'idle', 'memory', 'output');

-- Sources, inputs and answers, each once. The database itself refuses bytes that do not match their name.
CREATE TABLE blobs (
    sha256 bytea PRIMARY KEY,
    bytes bytea NOT NULL,
    CONSTRAINT blobs_are_named_by_content CHECK (sha256 = sha256(bytes))
);

-- Not compressed: what is read for every run should not be unpacked for every run.
ALTER TABLE blobs ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- What to judge on: of a problem, or of one submission with tests of its own. Never changed, so that a verdict can be
-- explained by what it was reached on.
CREATE TABLE test_sets (
    id uuid PRIMARY KEY,
    cpu_ms bigint NOT NULL CHECK (cpu_ms > 0),
    wall_ms bigint NOT NULL CHECK (wall_ms > 0),
    memory_bytes bigint NOT NULL CHECK (memory_bytes > 0),
    output_bytes bigint NOT NULL CHECK (output_bytes > 0),
    processes bigint NOT NULL CHECK (processes > 0),
    checker jsonb NOT NULL CHECK (checker ? 'kind')
);

CREATE TABLE test_cases (
    test_set_id uuid NOT NULL REFERENCES test_sets,
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    name text NOT NULL CHECK (name <> ''),
    input bytea NOT NULL REFERENCES blobs,
    -- Null where nothing is compared.
    answer bytea REFERENCES blobs,
    PRIMARY KEY (test_set_id, ordinal),
    UNIQUE (test_set_id, name)
);

CREATE TABLE problems (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT problems_name_is_unique UNIQUE CHECK (name <> ''),
    test_set_id uuid NOT NULL UNIQUE REFERENCES test_sets,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE submissions (
    id uuid PRIMARY KEY,
    language text NOT NULL CHECK (language <> ''),
    -- Null where the test set is the submission's own.
    problem_id uuid REFERENCES problems,
    test_set_id uuid NOT NULL REFERENCES test_sets,
    state submission_state NOT NULL DEFAULT 'queued',
    verdict verdict,
    reason text,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    -- A failure of the judge is no verdict, and a verdict is final.
    CONSTRAINT only_finished_ones_have_a_verdict CHECK ((state = 'finished') = (verdict IS NOT NULL)),
    CONSTRAINT every_verdict_has_a_reason CHECK ((verdict IS NULL) = (reason IS NULL)),
    CONSTRAINT a_submission_is_not_skipped CHECK (verdict <> 'SKIPPED'),
    CONSTRAINT the_end_has_a_time CHECK ((state IN ('finished', 'failed')) = (finished_at IS NOT NULL))
);

-- One index for each filter of the listing, each in the listing's order.
CREATE INDEX submissions_by_language ON submissions (language, id);
CREATE INDEX submissions_by_problem ON submissions (problem_id, id) WHERE problem_id IS NOT NULL;
CREATE INDEX submissions_by_state ON submissions (state, id);
CREATE INDEX submissions_by_verdict ON submissions (verdict, id) WHERE verdict IS NOT NULL;

CREATE TABLE source_files (
    submission_id uuid NOT NULL REFERENCES submissions,
    -- 0 is the main file.
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    name text NOT NULL CHECK (name <> ''),
    content bytea NOT NULL REFERENCES blobs,
    PRIMARY KEY (submission_id, ordinal),
    UNIQUE (submission_id, name)
);

-- One row for each start of a worker process.
CREATE TABLE workers (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    slots integer NOT NULL CHECK (slots > 0),
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    -- What it offers counts until then; each heartbeat moves it on.
    alive_until timestamptz NOT NULL
);

CREATE TABLE worker_languages (
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    id text NOT NULL CHECK (id <> ''),
    name text NOT NULL,
    version text NOT NULL,
    PRIMARY KEY (worker_id, id)
);

-- The queue: one row for each submission that is not finished. It is leased exactly while it has a token.
CREATE TABLE jobs (
    submission_id uuid PRIMARY KEY REFERENCES submissions,
    -- That of the submission, so that a claim reads this table alone.
    language text NOT NULL,
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    -- A retry waits until then.
    not_before timestamptz NOT NULL DEFAULT now(),
    token uuid,
    lease_until timestamptz,
    worker_id uuid REFERENCES workers ON DELETE SET NULL,
    CONSTRAINT a_lease_has_an_end CHECK ((token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT only_a_lease_has_a_worker CHECK (worker_id IS NULL OR token IS NOT NULL),
    CONSTRAINT a_lease_is_an_attempt CHECK (token IS NULL OR attempt > 0)
);

-- The two ends a claim looks at: the oldest queued job of a language, and the lease that ran out first.
CREATE INDEX jobs_queued ON jobs (language, submission_id) WHERE token IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE token IS NOT NULL;

-- Rows come and go all the time: clear them away by number, not by share of the table.
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Failures of the judge itself. They are kept when a later attempt succeeds: somebody should look at each.
CREATE TABLE attempt_failures (
    submission_id uuid NOT NULL REFERENCES submissions,
    attempt integer NOT NULL CHECK (attempt > 0),
    -- A copy, for the worker's row does not stay for ever.
    worker_name text NOT NULL,
    cause text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (submission_id, attempt)
);

CREATE TABLE compile_results (
    submission_id uuid PRIMARY KEY REFERENCES submissions,
    ok boolean NOT NULL,
    reason text NOT NULL,
    output bytea NOT NULL,
    exit_code integer,
    signal integer,
    exceeded_limit exceeded_limit,
    cpu_ns bigint NOT NULL CHECK (cpu_ns >= 0),
    wall_ns bigint NOT NULL CHECK (wall_ns >= 0),
    memory_bytes bigint NOT NULL CHECK (memory_bytes >= 0),
    output_bytes bigint NOT NULL CHECK (output_bytes >= 0),
    denied_calls text[] NOT NULL
);

CREATE TABLE case_results (
    submission_id uuid NOT NULL REFERENCES submissions,
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    name text NOT NULL,
    verdict verdict NOT NULL,
    reason text NOT NULL,
    checker_message text,
    -- The beginnings of what the program wrote: any bytes.
    stdout_prefix bytea NOT NULL,
    stderr_prefix bytea NOT NULL,
    -- Facts are null together, where the case was not run.
    exit_code integer,
    signal integer,
    exceeded_limit exceeded_limit,
    cpu_ns bigint CHECK (cpu_ns >= 0),
    wall_ns bigint CHECK (wall_ns >= 0),
    memory_bytes bigint CHECK (memory_bytes >= 0),
    output_bytes bigint CHECK (output_bytes >= 0),
    denied_calls text[],
    PRIMARY KEY (submission_id, ordinal),
    CONSTRAINT facts_are_complete
        CHECK (num_nulls(cpu_ns, wall_ns, memory_bytes, output_bytes, denied_calls) IN (0, 5)),
    CONSTRAINT no_run_no_facts
        CHECK (cpu_ns IS NOT NULL OR num_nonnulls(exit_code, signal, exceeded_limit) = 0)
);
