//! What a validator is asked: its files and its arguments.

use std::path::PathBuf;
use std::sync::Arc;

use super::{ANSWER, BOX, FEEDBACK, Feedback, INPUT, OUTPUT};
use crate::judge::executable::Submitted;
use crate::problem::package::ArgumentTemplate;
use crate::sandbox::{InputFile, Stdin};

/// What a validator is told of a case.
#[derive(Clone)]
pub(in crate::judge) struct Case {
    pub input: Arc<[u8]>,
    pub answer: Arc<[u8]>,
    /// What the validator left in an earlier pass.
    pub feedback: Feedback,
}

impl Case {
    /// In its first pass.
    pub(in crate::judge) fn new(input: Arc<[u8]>, answer: Arc<[u8]>) -> Self {
        Case {
            input,
            answer,
            feedback: Feedback::default(),
        }
    }
}

/// What a validator is asked: files of the case, where they or others are in its arguments, and its
/// standard input.
pub(super) struct Question<'a> {
    pub files: Vec<InputFile>,
    pub paths: &'static [&'static str],
    pub stdin: Stdin,
    /// What a static validator is asked about: it goes before the paths.
    pub submission: Option<&'a Submitted<'a>>,
}

/// The arguments for these paths, which are files of the case.
pub(super) fn asked_with(template: Option<&ArgumentTemplate>, paths: &[&str]) -> Vec<String> {
    let Some(ArgumentTemplate(words)) = template else {
        let paths = paths.iter().map(|&path| match path {
            // The protocol has the directory end in a slash.
            FEEDBACK => format!("{BOX}/{FEEDBACK}/"),
            path => format!("{BOX}/{path}"),
        });
        return paths.collect();
    };
    let names = [
        ("{input_file}", INPUT),
        ("{output_file}", OUTPUT),
        ("{answer_file}", ANSWER),
    ];
    let filled = words.iter().map(|word| {
        names.iter().fold(word.clone(), |word, (name, path)| {
            match paths.contains(path) {
                true => word.replace(name, &format!("{BOX}/{path}")),
                false => word.replace(name, "/dev/null"),
            }
        })
    });
    filled.collect()
}

/// A file that it may read.
pub(super) fn given(path: &str, bytes: &Arc<[u8]>) -> InputFile {
    input_file((path, Arc::clone(bytes), 0o444))
}

pub(super) fn input_file((path, bytes, mode): (&str, Arc<[u8]>, u32)) -> InputFile {
    InputFile {
        path: PathBuf::from(path),
        bytes,
        mode,
    }
}
