//! A submission as asked for, and its way into a valid one. Pure: no I/O, all complaints at once.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::cases::{Answers, TestBody, validate_tests};
use crate::api::checker::CheckerBody;
use crate::api::content::{FieldErrors, decode};
use crate::api::error::ApiError;
use crate::api::languages::LanguageView;
use crate::api::limits::{ApiLimits, LimitsBody};
use crate::problem::{ANSWERS, SourceFile};
use crate::store::{NewSubmission, NewTestCase, ProblemId, Tests};

/// Name of the file made of `source`; the language decides under which name it is compiled.
const MAIN_FILE: &str = "main";
const MAX_COMPONENTS: usize = 3;
const MAX_COMPONENT_BYTES: usize = 100;

/// A submission to be judged. Send the program as one of `source`, `source_base64` and `files`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "language": "python", "source": "print(int(input()) * 2)",
    "tests": [{ "input": "21\n", "answer": "42\n" }],
}))]
pub(in crate::api) struct NewSubmissionBody {
    /// Id of a language, see `/api/v1/languages`; `answers` where the problem takes these and no programs:
    /// send a file for each test case, such as `secret/1.out`.
    language: String,
    /// A program of one file, as text.
    source: Option<String>,
    /// A program of one file, in base64.
    source_base64: Option<String>,
    /// A program of several files, the main one first.
    files: Option<Vec<FileBody>>,
    /// Judge on this stored problem: its test cases, limits and checker.
    problem_id: Option<Uuid>,
    /// Judge on these test cases.
    tests: Option<Vec<TestBody>>,
    /// Limits of every run; not with `problem_id`.
    limits: Option<LimitsBody>,
    /// Default: tokens. Only with `tests`.
    checker: Option<CheckerBody>,
    /// With neither `problem_id` nor `tests`: run once on this standard input. Default: empty.
    stdin: Option<String>,
    /// The same, in base64.
    stdin_base64: Option<String>,
}

/// A source file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FileBody {
    /// Relative; up to 3 components of letters, digits, `_`, `.` and `-`.
    name: String,
    /// Contents, as text.
    content: Option<String>,
    /// Contents, in base64.
    content_base64: Option<String>,
}

impl NewSubmissionBody {
    /// Checks everything and tells everything that is wrong.
    pub(super) fn validate(
        mut self,
        bounds: &ApiLimits,
        languages: &[LanguageView],
    ) -> Result<NewSubmission, ApiError> {
        let mut errors = FieldErrors::default();
        if self.language != ANSWERS || self.problem_id.is_none() {
            check_language(&self.language, languages, &mut errors);
        }
        let files = self.take_files(bounds, &mut errors);
        self.refuse_contradictions(&mut errors);
        let new = NewSubmission {
            language: std::mem::take(&mut self.language),
            files,
            tests: self.into_tests(bounds, &mut errors),
        };
        errors.into_result(new)
    }

    fn take_files(&mut self, bounds: &ApiLimits, errors: &mut FieldErrors) -> Vec<SourceFile> {
        let files = self.files.take();
        let (text, base64) = (self.source.take(), self.source_base64.take());
        let has_source = text.is_some() || base64.is_some();
        let source = decode(text, base64, "/source", errors);
        match (files, has_source) {
            (Some(_), true) => errors.add("/files", "is given beside source: send one of the two"),
            (Some(files), false) => return validate_files(files, bounds, errors),
            (None, true) => return single_file(source, bounds, errors),
            (None, false) => errors.add(
                "/source",
                "is missing: send the program as source, source_base64 or files",
            ),
        }
        Vec::new()
    }

    /// A field that would have no effect is refused, for its sender expects one.
    fn refuse_contradictions(&self, errors: &mut FieldErrors) {
        let has_stdin = self.stdin.is_some() || self.stdin_base64.is_some();
        let stdin = if self.stdin.is_some() {
            "/stdin"
        } else {
            "/stdin_base64"
        };
        let mut refuse = |given: bool, path: &str, message: &str| {
            if given {
                errors.add(path, message);
            }
        };
        if self.problem_id.is_some() {
            let message = "is decided by the problem: leave it out, or leave out problem_id";
            refuse(self.tests.is_some(), "/tests", message);
            refuse(self.limits.is_some(), "/limits", message);
            refuse(self.checker.is_some(), "/checker", message);
            refuse(has_stdin, stdin, message);
        } else if self.tests.is_some() {
            refuse(
                has_stdin,
                stdin,
                "goes with no tests: use the input of a test case",
            );
        } else {
            let message = "has nothing to compare: send tests with answers, or leave it out";
            refuse(self.checker.is_some(), "/checker", message);
        }
    }

    fn into_tests(self, bounds: &ApiLimits, errors: &mut FieldErrors) -> Tests {
        if let Some(id) = self.problem_id {
            return Tests::Problem(ProblemId(id));
        }
        let limits = self.limits.unwrap_or_default().validate(bounds, errors);
        let checker = self.checker.map(|c| c.validate(errors)).unwrap_or_default();
        let cases = match self.tests {
            Some(tests) => validate_tests(tests, bounds.tests, Answers::Optional, errors),
            None => vec![NewTestCase {
                name: "1".to_owned(),
                input: decode(self.stdin, self.stdin_base64, "/stdin", errors)
                    .unwrap_or_else(|| Arc::from([])),
                answer: None,
            }],
        };
        Tests::Inline {
            cases,
            limits,
            checker,
        }
    }
}

fn check_language(id: &str, languages: &[LanguageView], errors: &mut FieldErrors) {
    match languages.iter().find(|language| language.id == id) {
        Some(language) if language.available => {}
        Some(_) => errors.add(
            "/language",
            "is known, but no worker offers it now: try again later, or start a worker that has it",
        ),
        None => {
            let known: Vec<_> = languages
                .iter()
                .map(|language| language.id.as_str())
                .collect();
            let known = known.join(", ");
            errors.add("/language", format!("is unknown: choose one of [{known}]"));
        }
    }
}

fn single_file(
    source: Option<Arc<[u8]>>,
    bounds: &ApiLimits,
    errors: &mut FieldErrors,
) -> Vec<SourceFile> {
    // `None`: it was refused already.
    let Some(bytes) = source else {
        return Vec::new();
    };
    check_size(bytes.len(), "/source", bounds, errors);
    vec![SourceFile {
        name: MAIN_FILE.to_owned(),
        bytes,
    }]
}

fn check_size(bytes: usize, path: &str, bounds: &ApiLimits, errors: &mut FieldErrors) {
    let max = bounds.source_bytes;
    if bytes > max {
        errors.add(path, format!("has {bytes} bytes: send at most {max}"));
    }
}

fn validate_files(
    files: Vec<FileBody>,
    bounds: &ApiLimits,
    errors: &mut FieldErrors,
) -> Vec<SourceFile> {
    if files.is_empty() || files.len() > bounds.files {
        errors.add("/files", format!("must have 1 to {} files", bounds.files));
        return Vec::new();
    }
    let mut names = FileNames::default();
    let mut valid = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        if let Err(message) = names.add(&file.name) {
            errors.add(format!("/files/{index}/name"), message);
        }
        let path = format!("/files/{index}/content");
        let is_missing = file.content.is_none() && file.content_base64.is_none();
        if is_missing {
            errors.add(
                &path,
                "is missing: send the contents, even if they are empty",
            );
        }
        let bytes = decode(file.content, file.content_base64, &path, errors);
        valid.push(SourceFile {
            name: file.name,
            bytes: bytes.unwrap_or_else(|| Arc::from([])),
        });
    }
    let total = valid.iter().map(|file| file.bytes.len()).sum();
    check_size(total, "/files", bounds, errors);
    valid
}

/// The names so far, in lower case: some tool on the way may not tell cases apart.
#[derive(Default)]
struct FileNames {
    files: HashSet<String>,
    directories: HashSet<String>,
}

impl FileNames {
    fn add(&mut self, name: &str) -> Result<(), &'static str> {
        check_file_name(name)?;
        let name = name.to_ascii_lowercase();
        let parents: Vec<_> = name
            .match_indices('/')
            .map(|(at, _)| name[..at].to_owned())
            .collect();
        let is_both = self.directories.contains(&name)
            || parents.iter().any(|parent| self.files.contains(parent));
        if is_both {
            return Err("is a file here and a directory elsewhere: rename one");
        }
        self.directories.extend(parents);
        if !self.files.insert(name) {
            return Err("is the name of an earlier file, but for upper and lower case: rename it");
        }
        Ok(())
    }
}

/// Names go into a file system and onto command lines. A leading dash would be an option there, a
/// leading dot could be `..`.
fn check_file_name(name: &str) -> Result<(), &'static str> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let is_component = |component: &str| {
        (1..=MAX_COMPONENT_BYTES).contains(&component.len())
            && component.bytes().all(is_plain)
            && !component.starts_with(['.', '-'])
    };
    let is_valid = name.split('/').count() <= MAX_COMPONENTS && name.split('/').all(is_component);
    is_valid.then_some(()).ok_or(
        "must be relative, with at most 3 components of 1 to 100 letters, digits, _ . -, none of \
         which begins with a dot or a dash",
    )
}

#[cfg(test)]
mod tests;
