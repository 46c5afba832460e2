-- What a problem error takes out of the queue, and what is released when the problem can be judged again.
CREATE INDEX submissions_waiting_by_version ON submissions (problem_id, problem_version, id)
    WHERE state IN ('queued', 'held') AND problem_id IS NOT NULL;
