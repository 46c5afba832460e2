//! Runs for the sake of the files that they leave.

use std::sync::Arc;

use super::{JudgeSlot, RunResult, run_result};
use crate::judge::{Cancel, JudgeError, Runnable};
use crate::sandbox::CollectError;

/// A file that a program left, or why it cannot be had.
pub type LeftFile = Result<Vec<u8>, CollectError>;

impl JudgeSlot {
    /// Runs a compiled program once, without a comparison, and reads files that it left: for each list of names
    /// the first that there is, of at most so many bytes. There are none where it did not end well.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn run_for_files(
        &mut self,
        runnable: &Runnable,
        input: &Arc<[u8]>,
        (wanted, max_bytes): (&[&[String]], u64),
        cancel: &Cancel,
    ) -> Result<(RunResult, Vec<LeftFile>), JudgeError> {
        let wanted = (wanted, max_bytes);
        let (run, files) = runnable.run_for_files(&mut self.slot, input.clone(), wanted, cancel)?;
        Ok((run_result(run), files))
    }
}
