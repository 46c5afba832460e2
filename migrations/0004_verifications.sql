-- Background jobs that judge the jury's submissions of a package, and find its time limit where it gives none.

CREATE TYPE verification_state AS ENUM ('queued', 'running', 'finished', 'failed');

CREATE TABLE verifications (
    id uuid PRIMARY KEY,
    problem_id uuid NOT NULL,
    version integer NOT NULL,
    state verification_state NOT NULL DEFAULT 'queued',
    -- A lease as in `jobs`.
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    not_before timestamptz NOT NULL DEFAULT now(),
    token uuid,
    lease_until timestamptz,
    -- How far it is, as long as it runs: what is done, how much of it, of how much.
    step text,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    -- How it ended: what came of the package, or why nothing did. Not jsonb, which holds no NUL.
    ok boolean,
    report json,
    error text,
    evidence text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    FOREIGN KEY (problem_id, version) REFERENCES problem_versions,
    CONSTRAINT a_verification_lease_has_an_end CHECK ((token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT only_what_runs_is_leased CHECK ((state = 'running') = (token IS NOT NULL)),
    CONSTRAINT an_ended_verification_has_a_time CHECK ((state IN ('finished', 'failed')) = (finished_at IS NOT NULL)),
    CONSTRAINT an_ended_verification_has_an_end
        CHECK (num_nonnulls(report, error) = CASE WHEN finished_at IS NULL THEN 0 ELSE 1 END
            AND (ok IS NOT NULL) = (state = 'finished') AND (error IS NULL) = (evidence IS NULL))
);

-- A version is verified once at a time.
CREATE UNIQUE INDEX verifications_are_one_at_a_time ON verifications (problem_id, version) WHERE finished_at IS NULL;
CREATE INDEX verifications_by_version ON verifications (problem_id, version, id);
-- What a claim looks at.
CREATE INDEX verifications_waiting ON verifications (id) WHERE finished_at IS NULL;

-- Packages that were stored before.
INSERT INTO verifications (id, problem_id, version)
SELECT gen_random_uuid(), problem_id, number FROM problem_versions WHERE archive IS NOT NULL;
