-- What a worker's machine lacks with its operator's consent, by the names of `gavel check-host`, and all that its check found.
ALTER TABLE workers
    ADD COLUMN degraded text[] NOT NULL DEFAULT '{}',
    ADD COLUMN checks json NOT NULL DEFAULT '[]';

-- The same of the worker that gave the verdict, for its row does not stay for ever. Null where that is not known.
ALTER TABLE submissions ADD COLUMN degraded text[];
