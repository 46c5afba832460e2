//! The programs of a package: a source, and the headers that Polygon puts beside every source.

use super::super::programs::{ProgramFiles, is_header};
use super::super::report::Findings;
use super::super::tree::Tree;
use super::xml::Element;
use crate::problem::SourceFile;

/// The sources of a package.
pub(super) struct Programs<'a> {
    tree: &'a Tree,
    headers: Vec<SourceFile>,
    generators: Vec<Element<'a>>,
}

impl<'a> Programs<'a> {
    pub(super) fn new(tree: &'a Tree, root: Element<'a>, findings: &mut Findings) -> Self {
        let files = root.child("files");
        let resources = files.and_then(|files| files.child("resources"));
        let resources = resources.map(|resources| resources.children("file"));
        let mut headers = Vec::new();
        for resource in resources.into_iter().flatten() {
            if is_of_solutions(resource) {
                let message = "files that are compiled with solutions are not supported";
                resource.error(findings, message);
            }
            let path = resource.attribute("path").unwrap_or_default();
            if let Some(bytes) = tree.file(path).filter(|_| is_header(path)) {
                headers.push(SourceFile {
                    name: file_name(path).to_owned(),
                    bytes: bytes.clone(),
                });
            }
        }
        let executables = files.and_then(|files| files.child("executables"));
        let executables = executables.map(|executables| executables.children("executable"));
        Programs {
            tree,
            headers,
            generators: executables.into_iter().flatten().collect(),
        }
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

fn is_of_solutions(resource: Element<'_>) -> bool {
    let assets = resource.child("assets");
    let assets = assets.map(|assets| assets.children("asset"));
    let mut assets = assets.into_iter().flatten();
    assets.any(|asset| asset.attribute("name") == Some("solution"))
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
