//! Judging: compile once, run every test case in a fresh sandbox, compare, decide.
//! Knows nothing of HTTP, SQL or queues.

pub mod verdict;
