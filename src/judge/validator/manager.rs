//! Managers of CMS: programs that talk with processes of a submission over FIFOs, and answer like a checker.

use std::sync::Arc;
use std::time::Duration;

use super::Validator;
use super::question::{Case, Question, given};
use crate::sandbox::{Command, Container, Stdin};

/// Where a manager finds the input, if not on its standard input.
const INPUT: &str = "input.txt";

impl Validator {
    /// The box and the command of a manager with these FIFOs, which waits for a submission as long as that may take.
    pub(in crate::judge) fn managing(
        &self,
        case: &Case,
        fifos: &[String],
        wait: Duration,
    ) -> (Container, Command) {
        let question = Question {
            files: vec![given(INPUT, &case.input)],
            submission: None,
            paths: &[],
            stdin: Stdin::Bytes(Arc::clone(&case.input)),
        };
        let (container, mut command) = self.command(question, &case.feedback, fifos);
        command.limits.wall = command.limits.wall.saturating_add(wait);
        (container, command)
    }
}
