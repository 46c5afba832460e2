//! The jury's submissions in the judge's terms: their language and their files.

use super::Skipped;
use super::python_2::is_python_2;
use crate::judge::package::{Candidate, Extent, Program};
use crate::judge::{Judge, Languages};
use crate::problem::ANSWERS;
use crate::problem::package::{
    Expectation, Expected, Format, JurySubmission, Package, Rule, path_matches,
};

/// A submission that can be judged here.
#[derive(Debug)]
pub(super) struct Submitted<'a> {
    pub submission: &'a JurySubmission,
    /// Id of its language.
    pub language: String,
    pub candidate: Candidate,
}

impl Submitted<'_> {
    pub(super) fn expectation(&self) -> &Expectation {
        &self.submission.expectation
    }
}

/// The submissions that are wanted and can be judged, and those that cannot.
pub(super) fn submitted<'p>(
    (languages, judge): (&Languages, &Judge),
    package: &'p Package,
    (only, extent): (Option<&str>, Extent),
) -> (Vec<Submitted<'p>>, Vec<Skipped>) {
    let is_wanted =
        |path: &str| only.is_none_or(|pattern| path_matches(pattern, path) == Some(true));
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for submission in &package.submissions {
        if !is_wanted(&submission.path) {
            continue;
        }
        let language = match package.takes_answers {
            true => Ok(ANSWERS.to_owned()),
            false => language((languages, judge), package.format, submission),
        };
        match language {
            Ok(language) => found.push(one(submission, language, extent)),
            Err(reason) => skipped.push(Skipped {
                path: submission.path.clone(),
                reason,
            }),
        }
    }
    (found, skipped)
}

fn one(submission: &JurySubmission, language: String, extent: Extent) -> Submitted<'_> {
    let expectation = &submission.expectation;
    let candidate = Candidate {
        program: Program::Sources {
            files: submission.files.files.clone(),
            language: language.clone(),
        },
        extent: match expectation.asks_for_cases() {
            true => Extent::All,
            false => extent,
        },
        sets_limit: None,
        known: None,
        takes_long: expectation.must_fail(),
    };
    Submitted {
        submission,
        language,
        candidate,
    }
}

/// Id of the language of a submission, or why it cannot be judged here.
fn language(
    (languages, judge): (&Languages, &Judge),
    format: Format,
    submission: &JurySubmission,
) -> Result<String, String> {
    let language = match &submission.language {
        Some(code) => {
            let found = languages.find(code);
            found.ok_or_else(|| format!("there is no language {code:?}"))?
        }
        None => {
            let found = languages.of_program(&submission.files);
            found.ok_or("no language has sources like these")?
        }
    };
    if judge.languages().find(&language.id).is_none() {
        return Err(format!("{} is not offered here", language.name));
    }
    let rules = &submission.expectation.rules;
    let may_be_refused = |rule: &Rule| rule.permitted.contains(&Expected::CompileError);
    if language.id == "python"
        && is_python_2(&submission.files, format)
        && !rules.iter().any(may_be_refused)
    {
        return Err("Python 2 is not offered".to_owned());
    }
    Ok(match format {
        Format::Legacy | Format::Draft2023 | Format::V2025 => judge.languages().of_jury(language),
        // They tell one Python from the other, or mean the usual one.
        Format::Polygon | Format::Dmoj | Format::Cms => language,
    }
    .id
    .clone())
}
