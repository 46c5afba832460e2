//! The files of a package, in memory, under checked names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::problem::digest;

/// Longest path, in bytes.
const MAX_PATH_BYTES: usize = 1000;
/// Deepest directory.
const MAX_DEPTH: usize = 16;

/// Why a name cannot be that of a file in a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It leads elsewhere, or is not a path below the package.
    #[error("the path must be relative, with / between its parts, and none of them empty, . or ..")]
    NotBelow,
    /// It is too long or too deep.
    #[error("the path has more than {MAX_PATH_BYTES} bytes or {MAX_DEPTH} directories")]
    TooLong,
    /// It cannot be printed.
    #[error("the path has control characters")]
    NotPrintable,
    /// It means something else on another system.
    #[error("the path has backslashes: make the archive with / between the parts")]
    Backslash,
    /// Something else has it.
    #[error("another file or directory has this name")]
    Taken,
}

/// The files of a package by their paths.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: BTreeMap<String, Arc<[u8]>>,
    /// Paths that could not be followed.
    left_out: Vec<String>,
}

/// What stands directly in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry<'a> {
    pub name: &'a str,
    pub is_directory: bool,
}

impl Tree {
    /// Adds a file.
    ///
    /// # Errors
    /// What is wrong with its path.
    pub fn insert(&mut self, path: &str, bytes: Arc<[u8]>) -> Result<(), NameError> {
        check(path)?;
        let mut parents = path.match_indices('/').map(|(end, _)| &path[..end]);
        let is_below_a_file = parents.any(|parent| self.files.contains_key(parent));
        let is_taken = self.files.contains_key(path) || self.has_directory(path);
        if is_below_a_file || is_taken {
            return Err(NameError::Taken);
        }
        self.files.insert(path.to_owned(), bytes);
        Ok(())
    }

    /// The same package without the one directory in which all of it stands, as archives often
    /// have it, and without what file managers add.
    pub fn without_wrapper(mut self) -> Tree {
        self.files.retain(|path, _| !path.starts_with("__MACOSX/"));
        let wrapper = match &self.entries("")[..] {
            [only] if only.is_directory => format!("{}/", only.name),
            _ => return self,
        };
        let files = self.files.into_iter();
        let unwrapped = files.map(|(path, bytes)| (path[wrapper.len()..].to_owned(), bytes));
        Tree {
            files: unwrapped.collect(),
            left_out: self.left_out,
        }
    }

    /// Takes a file out of the directory of all, if its name ends like this; any of them.
    pub fn take_from_root(&mut self, ending: &str) -> Option<(String, Arc<[u8]>)> {
        let is_wanted = |path: &&String| !path.contains('/') && path.ends_with(ending);
        let path = self.files.keys().find(is_wanted)?.clone();
        self.files.remove_entry(&path)
    }

    /// Whether there is a file of this path.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Notes that something of the package is not in the tree: a link that leads out of it.
    pub fn leave_out(&mut self, path: &str) {
        self.left_out.push(path.to_owned());
    }

    /// What was left out.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// All files by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.below("")
    }

    /// Digest of all names and contents, in hexadecimal.
    pub fn digest(&self) -> String {
        let parts = self
            .files
            .iter()
            .flat_map(|(path, bytes)| [path.as_bytes(), bytes]);
        digest(parts)
    }

    /// The same package with other contents where `change` gives some.
    pub(super) fn map(
        &self,
        mut change: impl FnMut(&str, &Arc<[u8]>) -> Option<Arc<[u8]>>,
    ) -> Tree {
        let mut changed = self.clone();
        for (path, bytes) in &mut changed.files {
            if let Some(other) = change(path, bytes) {
                *bytes = other;
            }
        }
        changed
    }

    /// The same package without the files whose paths are refused.
    pub(super) fn keep(&self, mut is_kept: impl FnMut(&str) -> bool) -> Tree {
        let mut kept = self.clone();
        kept.files.retain(|path, _| is_kept(path));
        kept
    }

    pub(super) fn file(&self, path: &str) -> Option<&Arc<[u8]>> {
        self.files.get(path)
    }

    /// The text of a file; what is not UTF-8 in it is replaced.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let bytes = self.file(path)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    pub(super) fn has_directory(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    /// Every file in or below a directory, its path relative to that.
    pub(super) fn below(&self, directory: &str) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        let prefix = match directory {
            "" => String::new(),
            _ => format!("{directory}/"),
        };
        let length = prefix.len();
        let from = self.files.range(prefix.clone()..);
        from.take_while(move |(path, _)| path.starts_with(&prefix))
            .map(move |(path, bytes)| (&path[length..], bytes))
    }

    /// What stands directly in a directory, by name, without what is hidden.
    pub(super) fn entries(&self, directory: &str) -> Vec<Entry<'_>> {
        let mut entries: Vec<Entry<'_>> = Vec::new();
        for (path, _) in self.below(directory) {
            let (name, is_directory) = match path.split_once('/') {
                Some((name, _)) => (name, true),
                None => (path, false),
            };
            let entry = Entry { name, is_directory };
            if !name.starts_with('.') && entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        // Files of a directory `a` and a file `a.b` come mixed: `.` sorts before `/`.
        entries.sort();
        entries.dedup();
        entries
    }
}

fn check(path: &str) -> Result<(), NameError> {
    if path.len() > MAX_PATH_BYTES || path.matches('/').count() > MAX_DEPTH {
        return Err(NameError::TooLong);
    }
    if path.contains(char::is_control) {
        return Err(NameError::NotPrintable);
    }
    let leads_elsewhere = |part: &str| matches!(part, "" | "." | "..");
    if path.split('/').any(leads_elsewhere) {
        return Err(NameError::NotBelow);
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A tree of small files: path and text.
    pub(in super::super) fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.insert(path, Arc::from(text.as_bytes())).unwrap();
        }
        tree
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let deep = "a/".repeat(MAX_DEPTH + 1) + "a";
        let long = "a".repeat(MAX_PATH_BYTES + 1);
        for path in [
            "",
            "/",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\0",
            "a\nb",
            "a/b",
            "a/b/c",
            "d",
            &deep,
            &long,
        ] {
            let mut tree = tree(&[("a/b", ""), ("d/e", "")]);
            assert!(tree.insert(path, Arc::from([])).is_err(), "{path:?}");
        }
        let mut tree = Tree::default();
        for path in ["a..b", "größe 1", ".timelimit", &deep[2..]] {
            assert_eq!(tree.insert(path, Arc::from([])), Ok(()), "{path:?}");
        }
    }

    #[test]
    fn a_directory_lists_what_stands_in_it() {
        let tree = tree(&[
            ("a/x", ""),
            ("a.b", ""),
            ("a/y/z", ""),
            (".git/x", ""),
            ("b", ""),
        ]);
        let names = |directory| {
            let entries = tree.entries(directory).into_iter();
            entries
                .map(|e| (e.name, e.is_directory))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(""), [("a", true), ("a.b", false), ("b", false)]);
        assert_eq!(names("a"), [("x", false), ("y", true)]);
        assert_eq!(names("a/x"), []);
        assert!(tree.has_directory("a/y") && !tree.has_directory("a/x"));
    }

    #[test]
    fn the_wrapper_of_an_archive_is_taken_off() {
        let wrapped = tree(&[
            ("p/problem.yaml", "1"),
            ("p/data/x", ""),
            ("__MACOSX/p", ""),
        ]);
        let tree = wrapped.without_wrapper();
        assert_eq!(tree.text("problem.yaml").as_deref(), Some("1"));
        assert!(tree.has_directory("data"));
        let tree = tree.without_wrapper();
        assert!(tree.file("problem.yaml").is_some());
    }
}
