//! Visualizers: programs of a package that draw an input, or what a submission printed, for people. No verdict depends
//! on them: one is tried, or draws what validators are asked about, beside what these leave.

use std::path::Path;
use std::sync::Arc;

use super::question::{Question, given};
use super::{ANSWER, Case, FEEDBACK, Feedback, INPUT, JudgeError, Validator, ending};
use crate::judge::executable::Executable;
use crate::judge::starved;
use crate::judge::verdict::FeedbackFiles;
use crate::problem::Limits;
use crate::sandbox::{Cancel, Exit, InputFile, Outcome, Report, Slot, Stdin};

/// The most files that may be in its box.
const MAX_FILES: usize = 4096;

/// What an image is called, up to an id, and its endings.
const IMAGES: [&str; 2] = ["judgeimage", "teamimage"];
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "svg"];

/// A compiled visualizer.
#[derive(Debug, Clone)]
pub struct Visualizer(Validator);

impl Visualizer {
    /// `name` is for people: a path in the package.
    pub fn new(name: String, executable: Executable, limits: Limits) -> Self {
        Visualizer(Validator::new(name, executable, limits))
    }

    /// The same program where it runs in a directory with the files of a submission, as output validators do.
    pub fn among_submissions(self) -> Self {
        Visualizer(self.0.among_submissions())
    }

    /// The same program for a submission with these files, where it runs among them.
    pub(in crate::judge) fn among(&self, files: &Arc<[InputFile]>) -> Self {
        Visualizer(self.0.among(files))
    }

    /// Has it draw an input. Says what went wrong, if anything did.
    pub(in crate::judge) fn draw_input(
        &self,
        slot: &mut Slot,
        case: &Case,
        arguments: &[String],
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        let question = Question {
            files: vec![given(INPUT, &case.input), given(ANSWER, &case.answer)],
            paths: &[INPUT, ANSWER],
            stdin: Stdin::Empty,
            submission: None,
        };
        let (container, command) = self.0.command(question, &Feedback::default(), arguments);
        Ok(wrong_end(&starved::run(
            slot, &container, &command, cancel,
        )?))
    }

    /// Has it draw an output, after a validator has seen that with its own arguments. Says the same.
    pub(in crate::judge) fn draw_output(
        &self,
        slot: &mut Slot,
        (case, output): (&Case, &Arc<[u8]>),
        (validator, arguments): (Option<(&Validator, &[String])>, &[String]),
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        let feedback = match validator {
            None => Feedback::default(),
            Some((validator, arguments)) => {
                let question = about(case, output);
                let (container, command) = validator.command(question, &case.feedback, arguments);
                let report = starved::run(slot, &container, &command, cancel)?;
                if !matches!(report.outcome, Outcome::Ended(exit) if validator.may_accept(Some(exit)))
                {
                    // Some problems have answers that are no outputs: nobody could draw them.
                    return Ok(None);
                }
                validator.left(&report)?
            }
        };
        let (container, command) = self.0.command(about(case, output), &feedback, arguments);
        let report = starved::run(slot, &container, &command, cancel)?;
        if let Some(wrong) = wrong_end(&report) {
            return Ok(Some(wrong));
        }
        let files = report.scratch.list(MAX_FILES);
        let files = files.map_err(|error| self.0.uncollected(error, &report))?;
        let has_drawn = files.iter().any(|path| is_image(path));
        Ok((!has_drawn)
            .then(|| "leaves no judgeimage or teamimage in the feedback directory".to_owned()))
    }
}

/// A visualizer with its arguments for a case, which draws what a validator is asked about.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    visualizer: Validator,
    arguments: Vec<String>,
}

impl Drawing {
    /// What is left when it has drawn, beside what the validator had left before; `None` where it fails.
    pub(super) fn draw(
        &self,
        slot: &mut Slot,
        (case, output): (&Case, &Arc<[u8]>),
        (validator, report): (&Validator, &Report),
        cancel: &Cancel,
    ) -> Result<Option<FeedbackFiles>, JudgeError> {
        let mut draw = || {
            let left = validator.left(report)?;
            let visualizer = &self.visualizer;
            let (container, command) =
                visualizer.command(about(case, output), &left, &self.arguments);
            let report = starved::run(slot, &container, &command, cancel)?;
            let has_ended_well = wrong_end(&report).is_none();
            has_ended_well.then(|| visualizer.kept(&report)).transpose()
        };
        match draw() {
            // Whoever draws fails nobody.
            Err(JudgeError::Validator { .. }) => Ok(None),
            drawn => drawn,
        }
    }
}

impl Validator {
    /// The same program, after which this visualizer draws.
    pub(in crate::judge) fn drawn_by(self, visualizer: &Visualizer, arguments: &[String]) -> Self {
        let drawing = Drawing {
            visualizer: Validator {
                share: self.share,
                ..visualizer.0.clone()
            },
            arguments: arguments.to_vec(),
        };
        Validator {
            drawing: Some(Box::new(drawing)),
            ..self
        }
    }
}

/// What output validators are asked, and visualizers of outputs.
fn about(case: &Case, output: &Arc<[u8]>) -> Question<'static> {
    Question {
        files: vec![given(INPUT, &case.input), given(ANSWER, &case.answer)],
        paths: &[INPUT, ANSWER, FEEDBACK],
        stdin: Stdin::Bytes(Arc::clone(output)),
        submission: None,
    }
}

/// How it ended, where that is not well, with what it wrote last.
fn wrong_end(report: &Report) -> Option<String> {
    let how = match report.outcome {
        Outcome::Ended(Exit::Code(0)) => return None,
        Outcome::Ended(Exit::Code(code)) => format!("ends with exit code {code}"),
        _ => ending(report),
    };
    let said = String::from_utf8_lossy(&report.stderr.bytes).into_owned();
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Some(format!(
        "{how}{}",
        last.map_or(String::new(), |line| format!(": {}", line.trim()))
    ))
}

fn is_image(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    let is_named = |image: &&str| {
        let rest = stem.strip_prefix(*image);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    path.starts_with(FEEDBACK) && ENDINGS.contains(&ending) && IMAGES.iter().any(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_name_and_place() {
        for (path, expected) in [
            (".case/feedback/judgeimage.svg", true),
            (".case/feedback/teamimage-01.jpeg", true),
            (".case/feedback/teamimages.png", false),
            (".case/feedback/judgeimage.gif", false),
            (".case/feedback/judgeimage", false),
            ("judgeimage.svg", false),
        ] {
            assert_eq!(is_image(Path::new(path)), expected, "{path}");
        }
    }
}
