//! Submissions that are no programs but the answers themselves: a file for each test case, named after it.
//! Nothing of them runs; what judges outputs judges them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::problem::SourceFile;
use crate::problem::package::{Package, TestCase};

/// What follows the name of a case in that of a file, if anything does.
const ENDINGS: [&str; 2] = [".out", ".ans"];

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
            let Some(name) = case_name(&file.name) else {
                continue;
            };
            let is_it = |full: &str| cases.iter().position(|case| case.name == full);
            let place = is_it(name)
                .or_else(|| is_it(&format!("{SECRET}{name}")))
                .or_else(|| by_last.get(name).copied().flatten());
            let place = place.ok_or_else(|| {
                format!(
                    "the file {} names no test case: use names such as {}.out",
                    file.name, cases[0].name
                )
            })?;
            if of_case[place].replace(Arc::clone(&file.bytes)).is_some() {
                return Err(format!("there are two answers to {}", cases[place].name));
            }
        }
        if of_case.iter().all(Option::is_none) {
            let example = cases.first().map_or("secret/1", |case| case.name.as_str());
            return Err(format!(
                "no file is an answer, and the problem takes no programs: send answers that are named after \
                 test cases, such as {example}.out"
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

/// The name without the ending of an answer; `None` where it has the ending of something else.
fn case_name(file: &str) -> Option<&str> {
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
