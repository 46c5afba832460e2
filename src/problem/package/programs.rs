//! Programs of a package: submissions and validators. Which language a program is in, and whether
//! there is a compiler for it, is for the judge to say.

use crate::problem::SourceFile;

use super::report::Findings;
use super::tree::{Entry, Tree};

/// The files of one program.
#[derive(Debug, Clone)]
pub struct ProgramFiles {
    /// Path of the file or directory inside the package.
    pub path: String,
    /// Its files, named as seen from its directory; the main one first, as far as names tell.
    pub files: Vec<SourceFile>,
}

impl ProgramFiles {
    /// Whether it brings its own way of being built or run, in place of a language.
    pub fn has_scripts(&self) -> bool {
        let is_script = |file: &SourceFile| matches!(file.name.as_str(), "build" | "run");
        self.files.iter().any(is_script)
    }

    /// Puts the file of an entry point first: one of this name, or the one of a class of this name. Tells
    /// whether there is one.
    pub(super) fn start_with(&mut self, entry_point: &str) -> bool {
        let class = entry_point.rsplit('.').next().unwrap_or_default();
        let path_of_class = entry_point.replace('.', "/");
        let ranks: [&dyn Fn(&str) -> bool; 3] = [
            &|name| name == entry_point,
            &|name| without_ending(name) == path_of_class,
            &|name| without_ending(name).rsplit('/').next() == Some(class),
        ];
        let place = |is_it: &&dyn Fn(&str) -> bool| self.files.iter().position(|f| is_it(&f.name));
        let Some(place) = ranks.iter().find_map(place) else {
            return false;
        };
        self.files[..=place].rotate_right(1);
        true
    }
}

fn without_ending(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Endings of files that other files include and that are no program of their own.
const HEADERS: [&str; 4] = ["h", "hh", "hpp", "hxx"];

/// Every file or directory in a directory, each a program of its own. Headers beside single files
/// belong to each of them.
pub(super) fn each_in(tree: &Tree, directory: &str) -> Vec<ProgramFiles> {
    let (headers, programs): (Vec<Entry<'_>>, Vec<Entry<'_>>) = tree
        .entries(directory)
        .into_iter()
        .partition(|entry| !entry.is_directory && is_header(entry.name));
    let program = |entry: Entry<'_>| {
        let path = format!("{directory}/{}", entry.name);
        if entry.is_directory {
            return of_directory(tree, &path);
        }
        let beside = headers.iter().map(|header| header.name);
        let names = std::iter::once(entry.name).chain(beside);
        let file = |name| source(tree, name, &format!("{directory}/{name}"));
        ProgramFiles {
            files: names.filter_map(file).collect(),
            path,
        }
    };
    programs.into_iter().map(program).collect()
}

/// The one program of a directory: what stands in it, or its only subdirectory.
pub(super) fn only_in(tree: &Tree, directory: &str) -> Option<ProgramFiles> {
    match &tree.entries(directory)[..] {
        [] => None,
        [only] if only.is_directory => {
            Some(of_directory(tree, &format!("{directory}/{}", only.name)))
        }
        _ => Some(of_directory(tree, directory)),
    }
}

/// Endings of the only languages that the format 2025-09 has for programs of a problem.
const LANGUAGES: [&str; 8] = ["c", "cc", "cpp", "cxx", "c++", "C", "py", "py3"];

/// Warns of programs of a problem that other judges need not be able to run.
pub(super) fn tell_of_languages<'a>(
    programs: impl Iterator<Item = &'a ProgramFiles>,
    findings: &mut Findings,
) {
    let is_of_format = |file: &SourceFile| {
        let ending = file.name.rsplit_once('.').map(|(_, ending)| ending);
        ending.is_some_and(|ending| LANGUAGES.contains(&ending))
    };
    for program in programs {
        let is_grammar = [".ctd", ".viva"].iter().any(|e| program.path.ends_with(e));
        let is_known = is_grammar || program.has_scripts();
        if !is_known && !program.files.iter().any(is_of_format) {
            let message = "programs of a problem are in Python, C or C++, or have build or run: not every \
                           judge takes others";
            findings.warning(&program.path, None, message);
        }
    }
}

/// Files that are put over a submission before it is compiled.
pub(super) fn of_directory(tree: &Tree, path: &str) -> ProgramFiles {
    let visible = |name: &str| !name.split('/').any(|part| part.starts_with('.'));
    let files = tree.below(path).filter(|(name, _)| visible(name));
    let mut files: Vec<SourceFile> = files
        .map(|(name, bytes)| SourceFile {
            name: name.to_owned(),
            bytes: bytes.clone(),
        })
        .collect();
    files.sort_by_key(|file| (!is_main(&file.name), file.name.clone()));
    ProgramFiles {
        path: path.to_owned(),
        files,
    }
}

fn source(tree: &Tree, name: &str, path: &str) -> Option<SourceFile> {
    Some(SourceFile {
        name: name.to_owned(),
        bytes: tree.file(path)?.clone(),
    })
}

pub(super) fn is_header(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| HEADERS.contains(&ending))
}

/// Whether a program begins with a file of this name: `main.*` in any case, and what Python starts with.
pub fn is_main(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem.eq_ignore_ascii_case("main") || stem == "__main__"
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn names(program: &ProgramFiles) -> Vec<&str> {
        program
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect()
    }

    #[test]
    fn each_file_or_directory_is_a_program() {
        let tree = tree(&[
            ("v/b/sub/a.cc", ""),
            ("v/b/Main.cc", ""),
            ("v/b/.git/x", ""),
            ("v/a.cc", ""),
            ("v/lib.h", ""),
        ]);
        let programs = each_in(&tree, "v");
        assert_eq!(programs.len(), 2);
        assert_eq!(programs[0].path, "v/a.cc");
        assert_eq!(names(&programs[0]), ["a.cc", "lib.h"]);
        assert_eq!(programs[1].path, "v/b");
        assert_eq!(names(&programs[1]), ["Main.cc", "sub/a.cc"]);
        assert!(each_in(&tree, "x").is_empty());
    }

    #[test]
    fn an_entry_point_is_a_file_or_a_class_and_comes_first() {
        let tree = tree(&[
            ("v/main.py", ""),
            ("v/ac.py", ""),
            ("v/lib/Top.java", ""),
            ("v/Top.java", ""),
        ]);
        let first = |entry_point| {
            let mut program = of_directory(&tree, "v");
            let is_there = program.start_with(entry_point);
            (is_there, program.files[0].name.clone())
        };
        for (entry_point, file) in [
            ("ac.py", "ac.py"),
            ("Top", "Top.java"),
            ("lib.Top", "lib/Top.java"),
            ("x.y.ac", "ac.py"),
        ] {
            assert_eq!(first(entry_point), (true, file.to_owned()), "{entry_point}");
        }
        assert_eq!(first("other.py"), (false, "main.py".to_owned()));
    }

    #[test]
    fn a_program_in_a_language_that_not_every_judge_takes_is_told_of() {
        let tree = tree(&[
            ("v/a.cc", ""),
            ("v/b/lib.h", ""),
            ("v/b/run", ""),
            ("v/c/__main__.py", ""),
            ("v/d.sh", ""),
            ("v/d.ctd", ""),
            ("v/e/E.java", ""),
        ]);
        let mut findings = Findings::default();
        tell_of_languages(each_in(&tree, "v").iter(), &mut findings);
        let paths: Vec<&str> = findings.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["v/d.sh", "v/e"]);
    }

    #[test]
    fn the_only_program_stands_in_the_directory_or_one_below() {
        let flat = tree(&[("v/check.cc", ""), ("v/check.h", "")]);
        assert_eq!(
            names(&only_in(&flat, "v").unwrap()),
            ["check.cc", "check.h"]
        );
        let nested = tree(&[("v/c/check.cc", ""), ("v/c/run", "")]);
        let program = only_in(&nested, "v").unwrap();
        assert_eq!(program.path, "v/c");
        assert!(program.has_scripts());
        assert!(!only_in(&flat, "v").unwrap().has_scripts());
        assert!(only_in(&nested, "x").is_none());
    }
}
