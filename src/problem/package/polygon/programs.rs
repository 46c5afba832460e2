//! The programs of a package: a source, and the headers that Polygon puts beside every source; and the files that
//! are compiled with solutions.

use std::collections::BTreeMap;

use super::super::frame::Frame;
use super::super::programs::{ProgramFiles, is_header};
use super::super::report::Findings;
use super::super::tree::Tree;
use super::solutions::language;
use super::xml::Element;
use crate::problem::SourceFile;

/// The sources of a package.
pub(super) struct Programs<'a> {
    tree: &'a Tree,
    headers: Vec<SourceFile>,
    generators: Vec<Element<'a>>,
    /// Files that are compiled with solutions, by language; `default` is for all others.
    pub included: BTreeMap<String, Vec<SourceFile>>,
}

/// Where solutions in Python begin that come with this file, and what it imports them as.
const PYTHON: &str = "python";
const PYTHON_GRADER: &str = "grader.py";
const PYTHON_SOLUTION: &str = "solution.py";

impl<'a> Programs<'a> {
    pub(super) fn new(tree: &'a Tree, root: Element<'a>, findings: &mut Findings) -> Self {
        let files = root.child("files");
        let executables = files.and_then(|files| files.child("executables"));
        let executables = executables.map(|executables| executables.children("executable"));
        let mut programs = Programs {
            tree,
            headers: Vec::new(),
            generators: executables.into_iter().flatten().collect(),
            included: BTreeMap::new(),
        };
        let resources = files.and_then(|files| files.child("resources"));
        let resources = resources.map(|resources| resources.children("file"));
        for resource in resources.into_iter().flatten() {
            programs.resource(resource, findings);
        }
        let of_all = programs.included.get("default").cloned();
        for (code, files) in &mut programs.included {
            if code != "default" {
                files.extend(of_all.iter().flatten().cloned());
            }
        }
        programs
    }

    fn resource(&mut self, resource: Element<'_>, findings: &mut Findings) {
        let path = resource.attribute("path").unwrap_or_default();
        let is_of_solutions = named(resource, ("assets", "asset")).any(|name| name == "solution");
        let file = self.tree.file(path).map(|bytes| SourceFile {
            name: file_name(path).to_owned(),
            bytes: bytes.clone(),
        });
        match file {
            Some(file) if is_of_solutions => self.include(resource, &file, findings),
            None if is_of_solutions => resource.error(findings, format!("there is no file {path}")),
            Some(file) if is_header(path) => self.headers.push(file),
            _ => {}
        }
    }

    /// Takes a file that is compiled with solutions of some types.
    fn include(&mut self, resource: Element<'_>, file: &SourceFile, findings: &mut Findings) {
        let mut stages = named(resource, ("stages", "stage"));
        if stages.any(|stage| stage != "compile") {
            let message =
                "files for running solutions are not supported: let it be one for compiling";
            resource.error(findings, message);
        }
        let types = ["for-types", "for-type"].map(|name| resource.attribute(name));
        let types = types.into_iter().flatten().next().unwrap_or("*");
        let is_between = |c: char| c.is_whitespace() || ",;".contains(c);
        for kind in types.split(is_between).filter(|kind| !kind.is_empty()) {
            let code = match kind {
                "*" => "default".to_owned(),
                kind => language(kind),
            };
            let files = self.included.entry(code).or_default();
            if files.iter().any(|present| present.name == file.name) {
                let message = format!("there is another file {} for {kind} solutions", file.name);
                resource.error(findings, message);
            }
            files.push(file.clone());
        }
    }

    /// How solutions are fitted into what is compiled with them. In languages with linkers they need not be.
    pub(super) fn frames(&self) -> BTreeMap<String, Frame> {
        let files = self.included.get(PYTHON);
        let files = files.or_else(|| self.included.get("default"));
        let mut files = files.into_iter().flatten();
        let has_grader = files.any(|file| file.name == PYTHON_GRADER);
        let frame = has_grader.then(|| Frame {
            main: PYTHON_GRADER.to_owned(),
            submission: PYTHON_SOLUTION.to_owned(),
            preamble: String::new(),
        });
        let frames = frame.map(|frame| (PYTHON.to_owned(), frame));
        frames.into_iter().collect()
    }

    /// The program of an element with a source.
    pub(super) fn of(&self, element: Element<'_>, findings: &mut Findings) -> Option<ProgramFiles> {
        let source = element.child("source");
        let path = source.and_then(|source| source.attribute("path"));
        let Some(path) = path else {
            element.error(findings, "there is no source");
            return None;
        };
        let Some(bytes) = self.tree.file(path) else {
            element.error(findings, format!("there is no file {path}"));
            return None;
        };
        let main = SourceFile {
            name: file_name(path).to_owned(),
            bytes: bytes.clone(),
        };
        let beside = self
            .headers
            .iter()
            .filter(|header| header.name != main.name);
        Some(ProgramFiles {
            path: path.to_owned(),
            files: std::iter::once(main.clone())
                .chain(beside.cloned())
                .collect(),
        })
    }

    /// The program that a command of a test names.
    pub(super) fn generator(&self, name: &str, findings: &mut Findings) -> Option<ProgramFiles> {
        let is_named = |executable: &&Element<'_>| {
            let source = executable.child("source");
            let path = source.and_then(|source| source.attribute("path"));
            path.is_some_and(|path| stem(path) == name)
        };
        let found = self.generators.iter().find(is_named);
        found.and_then(|executable| self.of(*executable, findings))
    }
}

/// Names in a list of a resource, in small letters.
fn named<'a>(
    resource: Element<'a>,
    (list, item): (&'a str, &'a str),
) -> impl Iterator<Item = String> {
    let items = resource.child(list).map(|list| list.children(item));
    let names = items.into_iter().flatten();
    names.filter_map(|item| Some(item.attribute("name")?.to_ascii_lowercase()))
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
