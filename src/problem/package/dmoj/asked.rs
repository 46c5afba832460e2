//! Programs of a problem that are asked: bridged checkers and interactors, how they are compiled and called.

use super::super::ArgumentTemplate;
use super::super::programs::ProgramFiles;
use super::super::report::Findings;
use super::super::words::words;
use super::super::yaml::Pair;
use super::{FILE, Files, value};
use crate::problem::{Protocol, SourceFile};

/// A program that is asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub program: ProgramFiles,
    pub protocol: Protocol,
    pub arguments: Option<ArgumentTemplate>,
    /// Whether it is told points and number of a case.
    pub is_told_of_cases: bool,
}

/// What is asked about outputs, or talks with submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Checker,
    Interactor,
}

/// Reads the program of a bridged checker or of an interactor.
pub(super) fn bridged(
    files: &Files<'_>,
    pair: &Pair,
    (role, settings): (Role, Option<&[Pair]>),
    findings: &mut Findings,
) -> Option<Asked> {
    let settings = settings.unwrap_or_default();
    let names = value(settings, "files").and_then(|files| files.words());
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        let message = "files must name the program's sources";
        findings.error(FILE, Some(pair.line), message);
        return None;
    };
    let arguments = arguments(settings, findings);
    let protocol = match value(settings, "type").and_then(|kind| kind.text()) {
        None | Some("default") => Protocol::Dmoj,
        Some("testlib") => Protocol::Testlib,
        Some("coci") => Protocol::Coci,
        Some("peg") => Protocol::Peg,
        Some(other) => {
            let message =
                format!("the type {other:?} is unknown: use default, testlib, coci or peg");
            findings.error(FILE, Some(pair.line), message);
            return None;
        }
    };
    if (protocol, role, &arguments) == (Protocol::Peg, Role::Interactor, &None) {
        let message = "interactors of the type peg have no usual arguments: say args_format_string";
        findings.error(FILE, Some(pair.line), message);
        return None;
    }
    let mut program = files.program(pair, &names, findings)?;
    take_flags(&mut program, settings, findings);
    Some(Asked {
        program,
        protocol,
        arguments,
        is_told_of_cases: false,
    })
}

/// The arguments that `args_format_string` gives.
fn arguments(settings: &[Pair], findings: &mut Findings) -> Option<ArgumentTemplate> {
    let pair = settings
        .iter()
        .find(|pair| pair.key == "args_format_string")?;
    let words = words(pair.value.text()?);
    let known = ["{input_file}", "{output_file}", "{answer_file}"];
    let is_odd = |word: &String| {
        let rest = known
            .iter()
            .fold(word.clone(), |word, name| word.replace(name, ""));
        rest.contains(['{', '}', '\\'])
    };
    if let Some(odd) = words.iter().find(|word| is_odd(word)) {
        let message = format!(
            "{odd:?} cannot be filled in: use {{input_file}}, {{output_file}} and {{answer_file}}"
        );
        findings.error(FILE, Some(pair.line), message);
    }
    Some(ArgumentTemplate(words))
}

/// Beginnings of flags that change nothing that a program says.
const WITHOUT_EFFECT: [&str; 6] = ["-O", "-W", "-std=", "-g", "-pipe", "-lm"];

/// Puts what flags of the compiler define at the beginning of each source in C and C++; others have no flags.
pub(super) fn take_flags(program: &mut ProgramFiles, settings: &[Pair], findings: &mut Findings) {
    let Some(pair) = settings.iter().find(|pair| pair.key == "flags") else {
        return;
    };
    let mut defined = String::new();
    for flag in pair.value.words().unwrap_or_default() {
        match flag
            .strip_prefix("-D")
            .map(|it| it.split_once('=').unwrap_or((it, "1")))
        {
            Some((name, value)) if is_name(name) && !value.contains('\n') => {
                defined.push_str(&format!("#define {name} {value}\n"));
            }
            None if WITHOUT_EFFECT.iter().any(|known| flag.starts_with(known)) => {}
            _ => {
                let message =
                    format!("the flag {flag:?} is not supported: have the program do without it");
                findings.error(FILE, Some(pair.line), message);
            }
        }
    }
    if defined.is_empty() {
        return;
    }
    for file in program.files.iter_mut().filter(|file| is_of_c(&file.name)) {
        *file = with_preamble(file, &defined);
    }
}

/// A source in C or C++ with lines before its own, which keep their numbers.
pub(super) fn with_preamble(file: &SourceFile, lines: &str) -> SourceFile {
    let text = [lines.as_bytes(), b"#line 1\n", &file.bytes];
    SourceFile {
        name: file.name.clone(),
        bytes: text.concat().into(),
    }
}

fn is_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(is_of_name)
}

fn is_of_c(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["c", "cpp", "cc", "cxx", "C"].contains(&ending)
}
