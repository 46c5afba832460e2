//! Checkers by their names, and checkers and interactors that are programs of the problem.

use super::super::report::Findings;
use super::super::yaml::Pair;
use super::asked::{Asked, Role, bridged};
use super::{FILE, Files, python, value};
use crate::problem::{Checker, LineSpace};

/// How one test case is judged.
#[derive(Debug, Clone)]
pub(super) enum Judged {
    Compared(Checker),
    /// A program is asked; where it is declared tells one from another.
    Asked {
        line: usize,
        asked: Box<Asked>,
    },
}

impl Judged {
    /// What its program is told of a case with these points and this number.
    pub(super) fn arguments(&self, points: f64, number: usize, is_binary: bool) -> Vec<String> {
        match self {
            Judged::Asked { asked, .. } if asked.is_told_of_cases => {
                python::arguments(points, number, is_binary)
            }
            Judged::Asked { .. } | Judged::Compared(_) => Vec::new(),
        }
    }
}

/// What compares where nothing is said: tokens by lines.
pub(super) const STANDARD: Judged = Judged::Compared(by_tokens(None, None));

const fn by_tokens(absolute: Option<f64>, relative: Option<f64>) -> Checker {
    Checker::Lines {
        space: LineSpace::Free,
        skip_blank: true,
        absolute,
        relative,
    }
}

/// Reads `checker`: a name, or a name with arguments.
pub(super) fn read(files: &Files<'_>, pair: &Pair, findings: &mut Findings) -> Judged {
    let pairs = pair.value.pairs().unwrap_or_default();
    let name = pair.value.text().or_else(|| value(pairs, "name")?.text());
    let arguments = value(pairs, "args").and_then(|args| args.pairs());
    if name == Some("bridged") {
        return match bridged(files, pair, (Role::Checker, arguments), findings) {
            Some(asked) => Judged::Asked {
                line: pair.line,
                asked: Box::new(asked),
            },
            None => STANDARD,
        };
    }
    if let Some(name) = name.filter(|name| python::is_asked(name)) {
        let own = files.file(name);
        if own.is_none() && name.ends_with(".py") {
            findings.error(FILE, Some(pair.line), format!("there is no file {name}"));
        }
        let asked = python::checker(name, arguments.unwrap_or_default(), own);
        return Judged::Asked {
            line: pair.line,
            asked: Box::new(asked),
        };
    }
    match named(name.unwrap_or_default(), arguments.unwrap_or_default()) {
        Ok(checker) => Judged::Compared(checker),
        Err(message) => {
            findings.error(FILE, Some(pair.line), message);
            STANDARD
        }
    }
}

fn named(name: &str, arguments: &[Pair]) -> Result<Checker, String> {
    let argument = |key| value(arguments, key).and_then(|node| node.text());
    Ok(match name {
        "standard" => by_tokens(None, None),
        "floats" | "floatsabs" | "floatsrel" => {
            let precision = argument("precision").unwrap_or("6").parse::<i32>().ok();
            let precision = precision.filter(|precision| (0..=300).contains(precision));
            let precision = precision.ok_or("precision must be a whole number from 0")?;
            let epsilon = Some(10_f64.powi(-precision));
            let mode = match name {
                "floatsabs" => "absolute",
                "floatsrel" => "relative",
                _ => argument("error_mode").unwrap_or("default"),
            };
            match mode {
                "default" => by_tokens(epsilon, epsilon),
                "absolute" => by_tokens(epsilon, None),
                "relative" => by_tokens(None, epsilon),
                _ => return Err("error_mode must be default, absolute or relative".to_owned()),
            }
        }
        "identical" => Checker::Exact,
        "rstripped" => Checker::Lines {
            space: LineSpace::Trailing,
            skip_blank: is_true(argument("filter_new_line")),
            absolute: None,
            relative: None,
        },
        "sorted" => match argument("split_on").unwrap_or("lines") {
            "lines" => Checker::UnorderedLines,
            "whitespace" => UNORDERED,
            _ => return Err("split_on must be lines or whitespace".to_owned()),
        },
        "unordered" => UNORDERED,
        name => {
            return Err(format!(
                "the checker {name:?} is not supported: use one of DMOJ's, a file in Python, or bridged"
            ));
        }
    })
}

const UNORDERED: Checker = Checker::UnorderedTokens {
    case_sensitive: true,
};

/// The truths of YAML as people write them.
pub(super) fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| ["true", "yes", "on"].contains(&text.to_ascii_lowercase().as_str()))
}
