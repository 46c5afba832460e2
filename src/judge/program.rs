//! A submitted program: its files under checked names, and which of them is the main one.

use std::collections::HashSet;
use std::path::PathBuf;

use super::language::{Language, Values};
use super::{JudgeError, class_name};
use crate::problem::SourceFile;
use crate::sandbox::InputFile;

/// Name under which a program of one file comes that nobody named.
const UNNAMED: &str = "main";
const MAX_NAME_BYTES: usize = 1000;
/// More than this no file system takes.
const MAX_PART_BYTES: usize = 255;

/// The source files of a program.
#[derive(Debug)]
pub(super) struct Program {
    /// All files, sources or not.
    pub files: Vec<SourceFile>,
    /// Names of the sources, the main one first.
    pub sources: Vec<String>,
    /// What the main file is called to the one that runs it: its name without directory and extension,
    /// or that of the class in it.
    stem: String,
    /// Permission bits of the files.
    mode: u32,
}

impl Program {
    /// Checks the names; `Ok(None)` where no file is a source of the language.
    pub(super) fn new(
        language: &Language,
        files: &[SourceFile],
    ) -> Result<Option<Program>, JudgeError> {
        let mut files = files.to_vec();
        if let [only] = &mut files[..]
            && only.name == UNNAMED
        {
            only.name.clone_from(&language.source_file);
        }
        check_names(&files)?;
        if language.named_by_class {
            name_by_class(language, &mut files);
        }
        let mut sources: Vec<&SourceFile> = files
            .iter()
            .filter(|file| language.is_source(&file.name))
            .collect();
        if language.named_by_class {
            // Stable: among those that have none the first stays the main file.
            sources.sort_by_key(|file| !class_name::has_main(&file.bytes));
        }
        let stem = sources
            .first()
            .map_or(String::new(), |main| stem(language, main));
        let sources: Vec<String> = sources.iter().map(|file| file.name.clone()).collect();
        Ok((!sources.is_empty()).then_some(Program {
            files,
            sources,
            stem,
            mode: 0o444,
        }))
    }

    /// A program that brings scripts, which may be any of its files and work on any.
    pub(super) fn of_scripts(files: &[SourceFile]) -> Result<Program, JudgeError> {
        check_names(files)?;
        Ok(Program {
            files: files.to_vec(),
            sources: Vec::new(),
            stem: String::new(),
            mode: 0o755,
        })
    }

    /// The files as they are put into a box.
    pub(super) fn input_files(&self) -> Vec<InputFile> {
        let input = |file: &SourceFile| InputFile {
            path: PathBuf::from(&file.name),
            bytes: file.bytes.clone(),
            mode: self.mode,
        };
        self.files.iter().map(input).collect()
    }

    /// What it begins with: the class of that name, or the main file.
    pub(super) fn entry_point(&self, language: &Language) -> &str {
        match language.named_by_class {
            true => &self.stem,
            false => self.sources.first().map_or("", String::as_str),
        }
    }

    /// What fills the placeholders of a command.
    pub(super) fn values(&self, memory_bytes: u64) -> Values<'_> {
        Values {
            sources: &self.sources,
            main: self.sources.first().map_or("", String::as_str),
            stem: &self.stem,
            memory_mib: memory_bytes.div_ceil(1 << 20),
        }
    }
}

/// The same files, with a name for a single one that came without: one that no other file has.
pub(super) fn named(
    language: &Language,
    files: &[SourceFile],
    others: &[SourceFile],
) -> Vec<SourceFile> {
    let mut files = files.to_vec();
    let [only] = &mut files[..] else {
        return files;
    };
    if only.name == UNNAMED {
        only.name.clone_from(&language.source_file);
        if language.named_by_class {
            name_by_class(language, &mut files);
        } else if others.iter().any(|other| other.name == only.name) {
            only.name = only.name.replacen(UNNAMED, "submission", 1);
        }
    }
    files
}

fn stem(language: &Language, main: &SourceFile) -> String {
    let name = main
        .name
        .rsplit_once('/')
        .map_or(&*main.name, |(_, name)| name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match class_name::package_of(&main.bytes) {
        Some(package) if language.named_by_class => format!("{package}.{stem}"),
        _ => stem.to_owned(),
    }
}

/// Names the only source after its class, for the compiler takes it under no other name. What a program calls
/// its class may be no name for a file, or another file's: then the compiler says what is wrong.
fn name_by_class(language: &Language, files: &mut [SourceFile]) {
    let places = 0..files.len();
    let sources = places.filter(|&place| language.is_source(&files[place].name));
    let [only] = sources.collect::<Vec<_>>()[..] else {
        return;
    };
    let own = files[only].name.clone();
    let (directory, name) = match own.rsplit_once('/') {
        Some((directory, name)) => (format!("{directory}/"), name),
        None => (String::new(), own.as_str()),
    };
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if let Some(class) = class_name::of_source(&files[only].bytes) {
        files[only].name = format!("{directory}{class}.{extension}");
        if check_names(files).is_err() {
            files[only].name = own;
        }
    }
}

/// Names become arguments and paths. What begins with a dash would be an option, with an at sign
/// a file of options; a leading dot could be `..`.
fn check_names(files: &[SourceFile]) -> Result<(), JudgeError> {
    let mut seen = HashSet::new();
    for SourceFile { name, .. } in files {
        let refuse = |reason| {
            Err(JudgeError::File {
                name: name.clone(),
                reason,
            })
        };
        if name.len() > MAX_NAME_BYTES || name.contains(char::is_control) {
            return refuse("the name is too long or not printable");
        }
        if name.split('/').any(|part| part.len() > MAX_PART_BYTES) {
            return refuse("a part of the name has more than 255 bytes");
        }
        let is_plain = |part: &str| !part.is_empty() && !part.starts_with(['.', '-', '@']);
        if !name.split('/').all(is_plain) {
            return refuse(
                "a part of the name is empty or begins with a dot, a dash or an at sign",
            );
        }
        let parents = name.match_indices('/').map(|(end, _)| &name[..end]);
        let is_below_a_file = parents
            .clone()
            .any(|parent| files.iter().any(|file| file.name == parent));
        if !seen.insert(name) || is_below_a_file {
            return refuse("there is another file of this name");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::language::Languages;
    use super::*;

    fn program(language: &str, names: &[&str]) -> Result<Option<Program>, JudgeError> {
        let languages = Languages::built_in().unwrap();
        let files: Vec<SourceFile> = names
            .iter()
            .map(|&name| SourceFile {
                name: name.to_owned(),
                bytes: Arc::from([]),
            })
            .collect();
        Program::new(languages.find(language).unwrap(), &files)
    }

    #[test]
    fn a_program_without_a_name_gets_that_of_the_language() {
        let java = program("java", &["main"]).unwrap().unwrap();
        assert_eq!(java.sources, ["Main.java"]);
        assert_eq!(java.values(1).stem, "Main");
        assert_eq!(java.values((1 << 20) + 1).memory_mib, 2);
    }

    #[test]
    fn beside_other_files_a_program_without_a_name_gets_a_free_one() {
        let languages = Languages::built_in().unwrap();
        let file = |name: &str, text: &str| SourceFile {
            name: name.to_owned(),
            bytes: Arc::from(text.as_bytes()),
        };
        let name = |language: &str, text: &str, other: &str| {
            let language = languages.find(language).unwrap();
            let files = named(language, &[file("main", text)], &[file(other, "")]);
            files[0].name.clone()
        };
        assert_eq!(name("cpp", "", "lib.h"), "main.cpp");
        assert_eq!(name("cpp", "", "main.cpp"), "submission.cpp");
        assert_eq!(
            name(
                "java",
                "class A { public static void main(String[] a) {} }",
                "B.java"
            ),
            "A.java"
        );
    }

    #[test]
    fn a_java_file_is_named_after_its_class_and_the_one_with_main_is_first() {
        let languages = Languages::built_in().unwrap();
        let sources = |files: &[(&str, &str)]| {
            let files: Vec<SourceFile> = files
                .iter()
                .map(|(name, text)| SourceFile {
                    name: (*name).to_owned(),
                    bytes: Arc::from(text.as_bytes()),
                })
                .collect();
            let program = Program::new(languages.find("java").unwrap(), &files);
            program.map(|program| program.unwrap().sources).ok()
        };
        let main = "public class Top { public static void main(String[] a) {} }";
        assert_eq!(sources(&[("main", main)]).unwrap(), ["Top.java"]);
        assert_eq!(sources(&[("x-1.java", main)]).unwrap(), ["Top.java"]);
        assert_eq!(sources(&[("x.java", "")]).unwrap(), ["x.java"]);
        let two = [("A.java", "class A {}"), ("Top.java", main)];
        assert_eq!(sources(&two).unwrap(), ["Top.java", "A.java"]);
        let taken = [("x.java", main), ("Top.java/y", "")];
        assert_eq!(sources(&taken).unwrap(), ["x.java"]);
        let long = format!("public class {} {{}}", "a".repeat(300));
        for no_name in ["public class \0 {}", "public class - {}", &long] {
            assert_eq!(sources(&[("main", no_name)]).unwrap(), ["Main.java"]);
        }
        for (text, stem) in [
            (format!("/* x */ package a.b ;\n{main}"), "a.b.Top"),
            (format!("import a.b;\n{main}"), "Top"),
        ] {
            let java = languages.find("java").unwrap();
            let file = SourceFile {
                name: "x.java".to_owned(),
                bytes: Arc::from(text.as_bytes()),
            };
            let program = Program::new(java, &[file]).unwrap().unwrap();
            assert_eq!(program.values(1).stem, stem);
        }
    }

    #[test]
    fn the_main_file_is_the_first_source() {
        let cpp = program("cpp", &["x.h", "src/a.cpp", "b.cc", "main"]);
        let cpp = cpp.unwrap().unwrap();
        assert_eq!(cpp.sources, ["src/a.cpp", "b.cc"]);
        assert_eq!((cpp.values(1).main, cpp.values(1).stem), ("src/a.cpp", "a"));
        assert_eq!(cpp.files.len(), 4);
        assert!(program("cpp", &["a.py"]).unwrap().is_none());
    }

    #[test]
    fn names_that_are_options_or_lead_elsewhere_are_refused() {
        for names in [
            &["-o.cpp"][..],
            &["@x.cpp"],
            &["../x.cpp"],
            &["/x.cpp"],
            &["a//x.cpp"],
            &["a/-x.cpp"],
            &["x\n.cpp"],
            &[""],
            &["x.cpp", "x.cpp"],
            &["x.cpp/y", "x.cpp"],
        ] {
            let refused = program("cpp", names);
            assert!(matches!(refused, Err(JudgeError::File { .. })), "{names:?}");
        }
    }
}
