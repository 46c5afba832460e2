-- Problems get numbered versions. Each is a set of tests, or an archive: a problem package as its setter made it.

CREATE TYPE version_state AS ENUM ('pending', 'ready', 'error');

CREATE TABLE problem_versions (
    problem_id uuid NOT NULL REFERENCES problems,
    number integer NOT NULL CHECK (number > 0),
    test_set_id uuid UNIQUE REFERENCES test_sets,
    archive bytea REFERENCES blobs,
    -- What the package says of itself, for listings: judging reads the archive.
    about jsonb,
    -- CPU time of a test case: the package's own, or what follows from the jury's submissions. Null until it is known.
    limit_ms bigint CHECK (limit_ms > 0),
    -- Pending until the time limit is known. An error is one of the problem, and stops its submissions only.
    state version_state NOT NULL DEFAULT 'ready',
    error text,
    evidence text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (problem_id, number),
    CONSTRAINT either_tests_or_an_archive CHECK (num_nonnulls(test_set_id, archive) = 1),
    CONSTRAINT an_archive_is_described CHECK ((archive IS NULL) = (about IS NULL)),
    CONSTRAINT a_ready_package_has_a_limit CHECK (archive IS NULL OR state <> 'ready' OR limit_ms IS NOT NULL),
    CONSTRAINT an_error_is_explained CHECK ((state = 'error') = (error IS NOT NULL) AND (error IS NULL) = (evidence IS NULL))
);

INSERT INTO problem_versions (problem_id, number, test_set_id, created_at)
SELECT id, 1, test_set_id, created_at FROM problems;

ALTER TABLE problems
    DROP COLUMN test_set_id,
    DROP CONSTRAINT problems_name_is_unique,
    -- A deleted problem takes no submissions and is not listed; what was judged on it stays explained.
    ADD COLUMN deleted_at timestamptz;

CREATE UNIQUE INDEX problems_name_is_unique ON problems (name) WHERE deleted_at IS NULL;

-- A submission stays with the version that was current when it was accepted.
ALTER TABLE submissions ADD COLUMN problem_version integer;
UPDATE submissions SET problem_version = 1 WHERE problem_id IS NOT NULL;
ALTER TABLE submissions
    DROP CONSTRAINT submissions_problem_id_fkey,
    ADD CONSTRAINT submissions_problem_version_fkey
        FOREIGN KEY (problem_id, problem_version) REFERENCES problem_versions,
    ADD CONSTRAINT a_problem_has_a_version CHECK ((problem_id IS NULL) = (problem_version IS NULL)),
    -- Null where the version is a package.
    ALTER COLUMN test_set_id DROP NOT NULL,
    ADD CONSTRAINT something_to_be_judged_on CHECK (num_nonnulls(test_set_id, problem_id) > 0);

-- Held: not queued, because its problem cannot be judged now.
ALTER TYPE submission_state ADD VALUE 'held';
