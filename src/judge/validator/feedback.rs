//! The feedback directory: what a validator tells people and the next pass by its files.

use std::path::Path;
use std::sync::Arc;

use super::{FEEDBACK, FREE_SCRATCH_BYTES, JudgeError, Validator};
use crate::judge::reason;
use crate::sandbox::{CollectError, InputFile, Report};

/// What it tells contestants.
pub(super) const TEAM_MESSAGE: &str = ".case/feedback/teammessage.txt";
/// The input of the next pass.
pub(super) const NEXT_PASS: &str = ".case/feedback/nextpass.in";

/// The most that is kept of a message, in bytes.
const MESSAGE_BYTES: u64 = 64 << 10;
/// The most files that are looked at, which one that asks for another pass may leave.
pub(super) const MAX_FILES: usize = 4096;

/// What a validator left in its feedback directory, for itself in the next pass.
#[derive(Debug, Clone, Default)]
pub(in crate::judge) struct Feedback {
    pub files: Vec<InputFile>,
}

/// Another pass that a validator asks for.
#[derive(Debug)]
pub(in crate::judge) struct NextPass {
    /// What the submission gets then.
    pub input: Arc<[u8]>,
    /// What the validator finds then.
    pub feedback: Feedback,
}

impl Validator {
    pub(super) fn team_message(&self, report: &Report) -> Result<Option<String>, JudgeError> {
        let message = self.feedback(report, TEAM_MESSAGE)?;
        Ok(message.filter(|message| !message.is_empty()))
    }

    /// The pass that it asks for, which only one that accepts may do.
    pub(super) fn next_pass(
        &self,
        report: &Report,
        accepts: bool,
    ) -> Result<Option<NextPass>, JudgeError> {
        let input = match report
            .scratch
            .read(Path::new(NEXT_PASS), FREE_SCRATCH_BYTES)
        {
            Ok(input) => input,
            Err(CollectError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(self.uncollected(error, report)),
        };
        if !accepts {
            let reason = "rejected, and wrote nextpass.in".to_owned();
            return Err(self.failure(reason, report));
        }
        Ok(Some(NextPass {
            input: Arc::from(input),
            feedback: self.left(report)?,
        }))
    }

    /// All that it left but the input of another pass.
    pub(super) fn left(&self, report: &Report) -> Result<Feedback, JudgeError> {
        let files = report.scratch.list(MAX_FILES);
        let mut room = FREE_SCRATCH_BYTES;
        let mut feedback = Feedback::default();
        for path in files.map_err(|error| self.uncollected(error, report))? {
            if path.starts_with(FEEDBACK) && path != Path::new(NEXT_PASS) {
                let bytes = report.scratch.read(&path, room);
                let bytes = bytes.map_err(|error| self.uncollected(error, report))?;
                room -= bytes.len() as u64;
                feedback.files.push(InputFile {
                    path,
                    bytes: Arc::from(bytes),
                    mode: 0o644,
                });
            }
        }
        Ok(feedback)
    }

    /// A file that the validator left; what is not plain is its failure.
    pub(super) fn feedback(
        &self,
        report: &Report,
        path: &str,
    ) -> Result<Option<String>, JudgeError> {
        match report.scratch.read(Path::new(path), MESSAGE_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(CollectError::Missing { .. }) => Ok(None),
            Err(CollectError::TooLarge { max_bytes, .. }) => {
                let max = reason::bytes(max_bytes);
                Ok(Some(format!("[more than {max}, and not kept]")))
            }
            Err(error) => Err(self.uncollected(error, report)),
        }
    }

    /// What cannot be read though it is there is our failure, and all else the validator's.
    pub(super) fn uncollected(&self, error: CollectError, report: &Report) -> JudgeError {
        match error {
            CollectError::Io { .. } => JudgeError::Collect(error),
            odd => self.failure(format!("left something odd: {odd}"), report),
        }
    }
}
