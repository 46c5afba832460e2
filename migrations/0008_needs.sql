-- Languages of the programs of a package without which a worker cannot judge by it. A job has those of its version, so
-- that a claim reads this table alone.

ALTER TABLE problem_versions ADD COLUMN needs text[] NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN needs text[] NOT NULL DEFAULT '{}';
