//! Test cases as asked for, of a submission or of a problem.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;

use super::content::{FieldErrors, check_name, decode};
use crate::store::NewTestCase;

/// One test case. The answer may be left out where the judge shall compare nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestBody {
    /// Unique among the test cases. Default: the position, from 1.
    name: Option<String>,
    /// Standard input, as text. Default: empty.
    input: Option<String>,
    /// Standard input, in base64.
    input_base64: Option<String>,
    /// Expected output, as text.
    answer: Option<String>,
    /// Expected output, in base64.
    answer_base64: Option<String>,
}

/// Whether every test case needs an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    Required,
    Optional,
}

/// Checks a list of test cases.
pub(super) fn validate_tests(
    tests: Vec<TestBody>,
    max: usize,
    answers: Answers,
    errors: &mut FieldErrors,
) -> Vec<NewTestCase> {
    if tests.is_empty() || tests.len() > max {
        errors.add("/tests", format!("must have 1 to {max} test cases"));
        return Vec::new();
    }
    let mut names = HashSet::new();
    let numbered = tests.into_iter().enumerate();
    numbered
        .map(|(index, test)| {
            let case = validate_test(test, index, answers, errors);
            if !names.insert(case.name.clone()) {
                let message = "is the name of an earlier test case: choose another";
                errors.add(format!("/tests/{index}/name"), message);
            }
            case
        })
        .collect()
}

fn validate_test(
    test: TestBody,
    index: usize,
    answers: Answers,
    errors: &mut FieldErrors,
) -> NewTestCase {
    let at = |field| format!("/tests/{index}/{field}");
    let has_answer = test.answer.is_some() || test.answer_base64.is_some();
    if !has_answer && answers == Answers::Required {
        errors.add(
            at("answer"),
            "is missing: send the expected output, even if it is empty",
        );
    }
    if let Some(name) = &test.name {
        check_name(name, &at("name"), errors);
    }
    NewTestCase {
        name: test.name.unwrap_or_else(|| (index + 1).to_string()),
        input: decode(test.input, test.input_base64, &at("input"), errors)
            .unwrap_or_else(|| Arc::from([])),
        answer: decode(test.answer, test.answer_base64, &at("answer"), errors),
    }
}
