//! What a validator says of an output, by its end and its files.

use super::answer::{self, Answer};
use super::{
    ACCEPTED, JudgeError, MESSAGE, MULTIPLIER, NextPass, PartlyRight, SCORE, Validator, WRONG,
    ending, points,
};
use crate::judge::compare::Comparison;
use crate::judge::verdict::FeedbackFiles;
use crate::problem::Protocol;
use crate::sandbox::{Exit, Outcome, Report};

/// What a validator says of an output.
#[derive(Debug)]
pub(in crate::judge) struct Said {
    pub comparison: Comparison,
    /// What contestants may be told.
    pub team_message: Option<String>,
    /// Files that it left beside its messages.
    pub feedback: FeedbackFiles,
    /// The submission has to be run once more.
    pub next: Option<NextPass>,
}

impl Said {
    /// Nothing but this.
    pub(in crate::judge) fn only(comparison: Comparison) -> Said {
        Said {
            comparison,
            team_message: None,
            feedback: FeedbackFiles::default(),
            next: None,
        }
    }
}

impl Validator {
    /// What a validator says by its end and its files.
    pub(in crate::judge) fn said(&self, report: &Report) -> Result<Said, JudgeError> {
        let comparison = self.comparison(report)?;
        if self.protocol != Protocol::Icpc {
            return Ok(Said::only(comparison));
        }
        let accepts = comparison.is_right();
        Ok(Said {
            team_message: self.team_message(report)?,
            feedback: self.kept(report)?,
            next: match self.max_passes {
                1 => None,
                _ => self.next_pass(report, accepts)?,
            },
            comparison,
        })
    }

    fn comparison(&self, report: &Report) -> Result<Comparison, JudgeError> {
        let code = match report.outcome {
            Outcome::Ended(Exit::Code(code)) => code,
            _ => return Err(self.failure(ending(report), report)),
        };
        let [stdout, stderr] = [&report.stdout, &report.stderr]
            .map(|stream| String::from_utf8_lossy(&stream.bytes).into_owned());
        let answer = match self.protocol {
            Protocol::Icpc => return self.icpc_answer(code, report),
            Protocol::Testlib => answer::testlib(code, &stderr),
            Protocol::Cms => answer::cms(code, &stdout, &stderr),
            Protocol::Dmoj => answer::dmoj(code, &stdout),
            Protocol::Coci => answer::coci(code, &stderr),
            // Interactors talk on standard output.
            Protocol::Peg if stdout.is_empty() => answer::peg(code, &stderr),
            Protocol::Peg => answer::peg(code, &stdout),
        };
        let answer = answer.map_err(|reason| self.failure(reason, report))?;
        Ok(self.compared(answer))
    }

    /// What an answer of another world comes to here.
    fn compared(&self, Answer { judgement, message }: Answer) -> Comparison {
        match (judgement.points(), self.partly_right) {
            (points @ Some(_), PartlyRight::Accepted) => Comparison::Accepted { message, points },
            _ if judgement.is_right() => Comparison::Same,
            _ => Comparison::Rejected { message },
        }
    }

    fn icpc_answer(&self, code: i32, report: &Report) -> Result<Comparison, JudgeError> {
        if !matches!(code, ACCEPTED | WRONG) {
            let reason =
                format!("ended with exit code {code}; it must be 42 for right or 43 for wrong");
            return Err(self.failure(reason, report));
        }
        let message = self.feedback(report, MESSAGE)?;
        let message = message.filter(|message| !message.is_empty());
        let files = [
            self.feedback(report, SCORE)?,
            self.feedback(report, MULTIPLIER)?,
        ];
        let points =
            points((code, self.zeros), files).map_err(|reason| self.failure(reason, report))?;
        Ok(match code {
            ACCEPTED => Comparison::Accepted { message, points },
            _ => Comparison::Rejected { message },
        })
    }
}
