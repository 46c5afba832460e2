//! The programs of a task: checkers and managers, what solutions are compiled with, and the solutions.

use std::collections::BTreeMap;

use super::super::expectation::{Context, Expectation, Of, of_directory};
use super::super::frame::Frame;
use super::super::programs::{ProgramFiles, is_header};
use super::super::submissions::JurySubmission;
use super::super::tree::Tree;
use crate::problem::SourceFile;

/// Endings of sources, each with the code of its language.
const LANGUAGES: [(&str, &str); 10] = [
    ("c", "c"),
    ("cpp", "cpp"),
    ("cc", "cpp"),
    ("java", "java"),
    ("py", PYTHON),
    ("pas", "pascal"),
    ("rs", "rust"),
    ("cs", "csharp"),
    ("hs", "haskell"),
    ("php", "php"),
];
const PYTHON: &str = "python";

/// Where solutions are, and what they are compiled with.
const SOLUTIONS: &str = "sol";
/// Names of the solution that is right.
const RIGHT: [&str; 2] = ["solution", "soluzione"];
/// What else of a source's name says that it is no solution.
const BESIDE: [&str; 2] = ["stub", "grader"];

/// What the task puts beside submissions.
#[derive(Default)]
pub(super) struct Beside {
    pub includes: BTreeMap<String, Vec<SourceFile>>,
    pub frames: BTreeMap<String, Frame>,
    /// Languages in which there is a part of a program; `None` where submissions are whole programs.
    pub languages: Option<Vec<String>>,
}

impl Beside {
    /// `part` is the name of the part of a program that begins, and `task` that of the task.
    pub(super) fn read(tree: &Tree, part: &str, task: &str) -> Beside {
        let all = sources(tree, SOLUTIONS);
        let parts = all.iter().filter(|source| source.stem == part);
        let headers: Vec<_> = headers(tree, SOLUTIONS);
        let mut beside = Beside::default();
        for source in parts {
            let file = source.file.clone();
            if source.language == PYTHON {
                let frame = Frame {
                    main: file.name.clone(),
                    submission: format!("{task}.py"),
                    preamble: String::new(),
                };
                beside.frames.insert(PYTHON.to_owned(), frame);
            }
            let languages = beside.languages.get_or_insert_default();
            languages.push(source.language.to_owned());
            let files = beside.includes.entry(source.language.to_owned());
            let files = files.or_insert_with(|| headers.clone());
            files.push(file);
        }
        beside
    }
}

/// A source directly in a directory.
struct Source<'a> {
    path: String,
    stem: &'a str,
    ending: &'a str,
    language: &'static str,
    file: SourceFile,
}

fn sources<'a>(tree: &'a Tree, directory: &str) -> Vec<Source<'a>> {
    let files = tree.below(directory);
    let sources = files.filter_map(|(name, bytes)| {
        let (stem, ending) = name.rsplit_once('.')?;
        let language = LANGUAGES.iter().find(|(known, _)| *known == ending)?.1;
        (!name.contains('/') && !name.starts_with('.')).then(|| Source {
            path: format!("{directory}/{name}"),
            stem,
            ending,
            language,
            file: SourceFile {
                name: name.to_owned(),
                bytes: bytes.clone(),
            },
        })
    });
    sources.collect()
}

fn headers(tree: &Tree, directory: &str) -> Vec<SourceFile> {
    let files = tree.below(directory);
    let headers = files.filter(|(name, _)| is_header(name) && !name.contains('/'));
    headers
        .map(|(name, bytes)| SourceFile {
            name: name.to_owned(),
            bytes: bytes.clone(),
        })
        .collect()
}

/// The program of this name in a directory, with the headers beside it.
pub(super) fn source(tree: &Tree, directory: &str, name: &str) -> Option<ProgramFiles> {
    let mut sources = sources(tree, directory).into_iter();
    let source = sources.find(|source| source.stem == name)?;
    let mut files = vec![source.file];
    files.extend(headers(tree, directory));
    Some(ProgramFiles {
        path: source.path,
        files,
    })
}

/// The jury's solutions, as if they were submitted: CMS names the source after the task. Of one that has another name
/// than CMS's tools give to the right one, nothing is expected.
pub(super) fn solutions(tree: &Tree, task: &str) -> Vec<JurySubmission> {
    let context = Context {
        of: Of::Whole,
        is_scoring: true,
    };
    let sources = sources(tree, SOLUTIONS).into_iter();
    let solutions = sources.filter(|source| !BESIDE.contains(&source.stem));
    solutions
        .map(|source| JurySubmission {
            expectation: match RIGHT.contains(&source.stem) {
                true => of_directory("accepted", context),
                false => None,
            }
            .unwrap_or_else(Expectation::anything),
            files: ProgramFiles {
                path: source.path.clone(),
                files: vec![SourceFile {
                    name: format!("{task}.{}", source.ending),
                    ..source.file
                }],
            },
            language: Some(source.language.to_owned()),
            path: source.path,
        })
        .collect()
}
