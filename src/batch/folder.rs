//! The submissions in a folder: each file, archive or directory in it is one. They are strangers' files:
//! capped, by checked names, and no link leads out of the folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::judge::{Languages, in_words};
use crate::problem::package::ProgramFiles;
use crate::problem::{ANSWERS, SourceFile, digest};
use crate::unpack::{self, Caps, UnpackError};

/// How much one submission may be.
const CAPS: Caps = Caps {
    files: 1000,
    file_bytes: 16 << 20,
    total_bytes: 64 << 20,
};

/// A submission of the folder.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its name in the folder.
    pub name: String,
    /// The program, or why there is none.
    pub program: Result<Program, String>,
}

/// A program that can be judged.
#[derive(Debug, Clone)]
pub struct Program {
    /// Language id.
    pub language: String,
    /// Its files.
    pub files: Vec<SourceFile>,
}

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The kernel refuses.
    #[error("cannot read the folder {path}")]
    Read {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Nothing is in it.
    #[error("there are no submissions in {path}: each file or directory in it is taken for one")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl Program {
    /// Digest of language and files, in hexadecimal.
    pub fn digest(&self) -> String {
        let files = self.files.iter();
        let files = files.flat_map(|file| [file.name.as_bytes(), &file.bytes]);
        digest(std::iter::once(self.language.as_bytes()).chain(files))
    }
}

/// Reads all submissions of a folder, sorted by name. Hidden files are left out. `language` is that of all of
/// them; without it, each one's files tell.
///
/// # Errors
/// Where the folder itself cannot be read. What is wrong with a submission stands in its place.
pub fn read_folder(
    path: &Path,
    languages: &Languages,
    language: Option<&str>,
) -> Result<Vec<Submission>, FolderError> {
    let failed = |source| FolderError::Read {
        path: path.to_owned(),
        source,
    };
    let mut submissions = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            let program = program(&entry.path(), &name, languages, language);
            submissions.push(Submission { name, program });
        }
    }
    if submissions.is_empty() {
        return Err(FolderError::Empty {
            path: path.to_owned(),
        });
    }
    submissions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(submissions)
}

fn program(
    path: &Path,
    name: &str,
    languages: &Languages,
    language: Option<&str>,
) -> Result<Program, String> {
    let files = files(path, name)?;
    let language = match language {
        Some(id) => id.to_owned(),
        None => {
            let program = ProgramFiles {
                path: name.to_owned(),
                files: files.clone(),
            };
            let language = languages.of_program(&program);
            let language = language.ok_or("no language has sources like these")?;
            language.id.clone()
        }
    };
    let files = match language.as_str() {
        // Their names say what they answer.
        ANSWERS => files,
        _ => unnamed(files),
    };
    Ok(Program { language, files })
}

/// A file alone is a program whatever its name: it becomes one that nobody named.
fn unnamed(mut files: Vec<SourceFile>) -> Vec<SourceFile> {
    if let [only] = &mut files[..] {
        "main".clone_into(&mut only.name);
    }
    files
}

fn files(path: &Path, name: &str) -> Result<Vec<SourceFile>, String> {
    let about = fs::symlink_metadata(path).map_err(|error| in_words(&error))?;
    if about.is_symlink() {
        return Err("it is a link: put the files themselves in its place".to_owned());
    }
    match unpack::read(path, &CAPS) {
        Ok(tree) => {
            let file = |(name, bytes): (&str, &std::sync::Arc<[u8]>)| SourceFile {
                name: name.to_owned(),
                bytes: bytes.clone(),
            };
            let files: Vec<SourceFile> = tree.without_wrapper().files().map(file).collect();
            match files.is_empty() {
                true => Err("there are no files in it".to_owned()),
                false => Ok(files),
            }
        }
        // What is no archive is a source file.
        Err(UnpackError::Unknown { .. }) => {
            if about.len() > CAPS.file_bytes {
                return Err(format!("it has more than {} bytes", CAPS.file_bytes));
            }
            let bytes = fs::read(path).map_err(|error| in_words(&error))?;
            Ok(vec![SourceFile {
                name: name.to_owned(),
                bytes: bytes.into(),
            }])
        }
        Err(error) => Err(in_words(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Vec<Submission> {
        read_in(None, files)
    }

    fn read_in(language: Option<&str>, files: &[(&str, &str)]) -> Vec<Submission> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", directory.path().join("link.py")).unwrap();
        let languages = Languages::built_in().unwrap();
        read_folder(directory.path(), &languages, language).unwrap()
    }

    #[test]
    fn a_file_of_answers_keeps_its_name_for_it_says_what_it_answers() {
        let submissions = read_in(Some(ANSWERS), &[("ann/2.out", "4"), ("bo.out", "1")]);
        let name = |index: usize| &submissions[index].program.as_ref().unwrap().files[0].name;
        assert_eq!([name(0), name(1)], ["2.out", "bo.out"]);
    }

    #[test]
    fn each_file_and_directory_is_a_submission_and_no_link_is() {
        let submissions = read(&[
            ("Ann Lee.py", "1"),
            ("bo/src/main.cpp", "2"),
            ("bo/src/b.h", "3"),
            ("notes.pdf", "4"),
            (".hidden", "5"),
        ]);
        let names: Vec<&str> = submissions.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["Ann Lee.py", "bo", "link.py", "notes.pdf"]);
        let ann = submissions[0].program.as_ref().unwrap();
        assert_eq!(
            (ann.language.as_str(), ann.files[0].name.as_str()),
            ("python", "main")
        );
        let bo = submissions[1].program.as_ref().unwrap();
        assert_eq!((bo.language.as_str(), bo.files.len()), ("cpp", 2));
        for (index, words) in [(2, "link"), (3, "no language")] {
            let reason = submissions[index].program.as_ref().unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn a_digest_changes_with_everything_that_is_judged() {
        let program = |language: &str, files: &[(&str, &str)]| Program {
            language: language.to_owned(),
            files: files
                .iter()
                .map(|(name, text)| SourceFile {
                    name: (*name).to_owned(),
                    bytes: text.as_bytes().into(),
                })
                .collect(),
        };
        let one = program("c", &[("a", "b")]);
        assert_eq!(one.digest(), one.clone().digest());
        for other in [
            program("cpp", &[("a", "b")]),
            program("c", &[("ab", "")]),
            program("c", &[("a", "c")]),
            program("c", &[("a", "b"), ("", "")]),
        ] {
            assert_ne!(one.digest(), other.digest());
        }
    }
}
