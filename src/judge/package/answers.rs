//! Submissions that are no programs but the answers themselves: a file for each test case, named after it.
//! Nothing of them runs; what judges outputs judges them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::problem::SourceFile;
use crate::problem::package::{Format, Package, TestCase};

/// What follows the name of a case in that of a file, if anything does.
const ENDINGS: [&str; 2] = [".out", ".ans"];
/// What stands around it in CMS.
const OF_CMS: (&str, &str) = ("output_", ".txt");

/// Where the cases are that are meant where a name says nothing of directories.
const SECRET: &str = "secret/";

/// The answers of a submission. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Answers {
    of_case: Arc<[Option<Arc<[u8]>>]>,
}

impl Answers {
    /// Finds the case of each file. Files with other endings, such as the program that wrote the answers, are
    /// left out. The error says what is wrong with the submission.
    pub(super) fn of(package: &Package, files: &[SourceFile]) -> Result<Answers, String> {
        let cases = &package.cases;
        let mut of_case = vec![None; cases.len()];
        if let ([file], [_]) = (files, &cases[..]) {
            // There is nothing else that it could be.
            of_case[0] = Some(Arc::clone(&file.bytes));
            return Ok(Answers {
                of_case: of_case.into(),
            });
        }
        let by_last = by_last_part(cases);
        for file in files {
            let Some(name) = case_name(package.format, &file.name) else {
                continue;
            };
            let is_it = |full: &str| cases.iter().position(|case| case.name == full);
            let place = is_it(name)
                .or_else(|| is_it(&format!("{SECRET}{name}")))
                .or_else(|| by_last.get(name).copied().flatten());
            let place = place.ok_or_else(|| {
                let example = example(package);
                format!(
                    "the file {} names no test case: use names such as {example}",
                    file.name
                )
            })?;
            if of_case[place].replace(Arc::clone(&file.bytes)).is_some() {
                return Err(format!("there are two answers to {}", cases[place].name));
            }
        }
        if of_case.iter().all(Option::is_none) {
            let example = example(package);
            return Err(format!(
                "no file is an answer, and the problem takes no programs: send answers that are named after \
                 test cases, such as {example}"
            ));
        }
        Ok(Answers {
            of_case: of_case.into(),
        })
    }

    /// The answer to the case at this place.
    pub(super) fn to(&self, index: usize) -> Option<&Arc<[u8]>> {
        self.of_case.get(index)?.as_ref()
    }
}

/// What the answer to the first case may be called.
fn example(package: &Package) -> String {
    let first = package.cases.first();
    let name = first.map_or("secret/1", |case| case.name.as_str());
    match package.format {
        Format::Cms => format!("{}{name}{}", OF_CMS.0, OF_CMS.1),
        _ => format!("{name}{}", ENDINGS[0]),
    }
}

/// The name without what makes it one of an answer; `None` where it is that of something else.
fn case_name(format: Format, file: &str) -> Option<&str> {
    if format == Format::Cms {
        let name = file.strip_prefix(OF_CMS.0);
        return name.and_then(|name| name.strip_suffix(OF_CMS.1));
    }
    let known = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending));
    let last = file.rsplit('/').next().unwrap_or_default();
    known.or_else(|| (!last.contains('.')).then_some(file))
}

/// Places of cases by the last part of their names; `None` where several have it.
fn by_last_part(cases: &[TestCase]) -> HashMap<&str, Option<usize>> {
    let mut places = HashMap::new();
    for (index, case) in cases.iter().enumerate() {
        let last = case.name.rsplit('/').next().unwrap_or_default();
        places
            .entry(last)
            .and_modify(|place| *place = None)
            .or_insert(Some(index));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::package::{self, Tree};

    /// Which cases a submission of these files answers, each with the name of the file.
    fn answered(cases: &[&str], files: &[&str]) -> Result<Vec<Option<String>>, String> {
        let named = |name: &&str| SourceFile {
            name: (*name).to_owned(),
            bytes: Arc::from(name.as_bytes()),
        };
        let files: Vec<SourceFile> = files.iter().map(named).collect();
        let answers = Answers::of(&package(cases), &files)?;
        let told = |index| {
            answers
                .to(index)
                .map(|b| String::from_utf8(b.to_vec()).unwrap())
        };
        Ok((0..cases.len()).map(told).collect())
    }

    #[test]
    fn those_of_cms_are_named_as_there() {
        let mut tree = Tree::default();
        let mut insert = |path: &str, text: &str| {
            tree.insert(path, Arc::from(text.as_bytes())).unwrap();
        };
        insert("task.yaml", "name: cake\noutput_only: true\n");
        for path in ["input/input0.txt", "output/output0.txt"] {
            insert(path, "");
            insert(&path.replace('0', "1"), "");
        }
        let package = package::read(&tree).0.unwrap();
        let of = |names: &[&str]| {
            let files = names.iter().map(|name| SourceFile {
                name: (*name).to_owned(),
                bytes: Arc::from(name.as_bytes()),
            });
            Answers::of(&package, &files.collect::<Vec<_>>())
        };
        let answers = of(&["output_001.txt", "solution.cpp", "001.out"]).unwrap();
        assert!(answers.to(0).is_none());
        assert_eq!(
            answers.to(1).map(|it| &it[..]),
            Some(&b"output_001.txt"[..])
        );
        for (names, words) in [
            (&["output_2.txt"][..], "use names such as output_000.txt"),
            (&["solution.cpp"], "such as output_000.txt"),
        ] {
            let refused = of(names).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
    }

    fn package(cases: &[&str]) -> Package {
        let mut tree = Tree::default();
        let yaml = "problem_format_version: 2025-09\nname: A\ntype: submit-answer\n";
        let yaml = Arc::from(yaml.as_bytes());
        tree.insert("problem.yaml", yaml).unwrap();
        for name in cases {
            for ending in ["in", "ans"] {
                let path = format!("data/{name}.{ending}");
                tree.insert(&path, Arc::from([])).unwrap();
            }
        }
        package::read(&tree).0.unwrap()
    }

    #[test]
    fn a_file_is_named_after_its_case() {
        let cases = ["sample/1", "secret/1", "secret/a/2"];
        let some = |name: &str| Some(name.to_owned());
        for (files, expected) in [
            (
                &["sample/1.out", "1.ans", "a/2", "solve.py"][..],
                [some("sample/1.out"), some("1.ans"), some("a/2")],
            ),
            (&["2.out"], [None, None, some("2.out")]),
            (&["secret/1"], [None, some("secret/1"), None]),
        ] {
            assert_eq!(answered(&cases, files), Ok(expected.to_vec()), "{files:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases = ["sample/1", "secret/1", "secret/a/2", "secret/b/2"];
        for (files, words) in [
            (&["3.out"][..], "names no test case"),
            (&["2.out"], "names no test case"),
            (&["1.out", "secret/1.ans"], "two answers to secret/1"),
            (&["solve.py"], "no file is an answer"),
        ] {
            let refused = answered(&cases, files).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn the_only_file_answers_the_only_case() {
        let some = Some("main".to_owned());
        assert_eq!(answered(&["secret/1"], &["main"]), Ok(vec![some]));
    }
}
