-- Files that a validator left in its feedback directory beside its messages, for judges.
CREATE TABLE feedback_files (
    submission_id uuid NOT NULL,
    case_ordinal integer NOT NULL,
    -- Path below the directory, in words that are text.
    name text NOT NULL CHECK (name <> ''),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    -- Null where it was too much to be kept.
    content bytea REFERENCES blobs,
    PRIMARY KEY (submission_id, case_ordinal, name),
    FOREIGN KEY (submission_id, case_ordinal) REFERENCES case_results
);

-- It left more than is told of.
ALTER TABLE case_results ADD COLUMN has_more_feedback boolean NOT NULL DEFAULT false;
