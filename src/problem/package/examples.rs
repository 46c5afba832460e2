//! Outputs that a package brings to try its output validators: `data/valid_output`, `data/invalid_output`, and
//! `.out` files beside the cases that are judged.

use std::sync::Arc;

use super::data::{self, ROOT, TestCase};
use super::report::Findings;
use super::settings::{Kind, Settings};
use super::tree::Tree;
use crate::problem::{Checker, Repeats};

/// An output, and whether it is right.
#[derive(Debug, Clone)]
pub struct OutputExample {
    /// The case of which it is an output; in the directories of examples it stands for nothing else.
    pub case: TestCase,
    /// Whether it stands beside a case that is judged, of which the input is checked anyway.
    pub is_beside: bool,
    /// The output.
    pub output: Arc<[u8]>,
    /// Whether it must be accepted; else it must be rejected.
    pub is_valid: bool,
    /// The default validator with the arguments of the case.
    pub checker: Checker,
}

/// Reads all outputs.
pub(super) fn read(
    tree: &Tree,
    settings: &Settings,
    (cases, repeats): (&[TestCase], Repeats),
    findings: &mut Findings,
) -> Vec<OutputExample> {
    let mut examples = Vec::new();
    let Kind {
        is_interactive,
        is_multi_pass,
        ..
    } = settings.kind;
    for (directory, is_valid) in [("valid_output", true), ("invalid_output", false)] {
        let path = format!("{ROOT}/{directory}");
        if (is_interactive || is_multi_pass) && tree.has_directory(&path) {
            let message = "it is not used: an output says nothing where validators and submissions talk, \
                           or where there are several passes";
            findings.warning(&path, None, message);
            continue;
        }
        let place = (directory, &settings.validator_flags[..]);
        for case in data::read_beside(tree, place, true, findings) {
            let path = format!("{ROOT}/{}.out", case.name);
            match tree.file(&path) {
                Some(output) => examples.push(example((case, false), output, is_valid, repeats)),
                None => {
                    let message = format!("there is no output: add {path}");
                    findings.error(&format!("{ROOT}/{}.in", case.name), None, message);
                }
            }
        }
    }
    if !is_interactive && !is_multi_pass {
        let with_outputs = cases.iter().filter_map(|case| {
            let output = tree.file(&format!("{ROOT}/{}.out", case.name))?;
            Some(example((case.clone(), true), output, true, repeats))
        });
        examples.extend(with_outputs);
    }
    examples
}

/// Arguments that make no sense are found with the cases that are judged, or by the validator of the package.
fn example(
    (case, is_beside): (TestCase, bool),
    output: &Arc<[u8]>,
    is_valid: bool,
    repeats: Repeats,
) -> OutputExample {
    let checker = Checker::default_validator(&case.output_validator_args, repeats);
    OutputExample {
        checker: checker.unwrap_or_default(),
        is_beside,
        output: Arc::clone(output),
        is_valid,
        case,
    }
}
