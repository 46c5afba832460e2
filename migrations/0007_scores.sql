-- Scores of problems with points: of the whole, of groups and of cases. Null where there are none.
ALTER TABLE submissions
    ADD COLUMN score double precision,
    ADD CONSTRAINT a_score_needs_a_verdict CHECK (score IS NULL OR verdict IS NOT NULL);

CREATE TABLE group_results (
    submission_id uuid NOT NULL REFERENCES submissions,
    -- Each group comes before those in it.
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    name text NOT NULL,
    verdict verdict NOT NULL,
    score double precision,
    -- Null where it has no bound.
    max_score double precision,
    PRIMARY KEY (submission_id, ordinal)
);

-- For how long work waited for a CPU during a run, and whose work; null where the kernel does not tell.
CREATE TYPE noise_source AS ENUM ('box_pressure', 'machine_pressure', 'machine_steal');

ALTER TABLE case_results
    ADD COLUMN score double precision,
    ADD COLUMN noise_source noise_source,
    ADD COLUMN noise_ns bigint CHECK (noise_ns >= 0),
    ADD CONSTRAINT noise_is_complete CHECK ((noise_source IS NULL) = (noise_ns IS NULL)),
    ADD CONSTRAINT no_run_no_noise CHECK (cpu_ns IS NOT NULL OR noise_ns IS NULL);

ALTER TABLE compile_results
    ADD COLUMN noise_source noise_source,
    ADD COLUMN noise_ns bigint CHECK (noise_ns >= 0),
    ADD CONSTRAINT compile_noise_is_complete CHECK ((noise_source IS NULL) = (noise_ns IS NULL));
