//! Every language: a right program is accepted, a broken one is a compile error, an endless one
//! meets the time limit. The programs are in `tests/programs/<id>`.

use std::fs;
use std::path::{Path, PathBuf};

use gavel::judge::Languages;
use gavel::judge::verdict::{Judgement, Verdict};

use crate::support::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Ids of the files in `languages/`.
fn ids() -> Vec<String> {
    let entries = fs::read_dir(root().join("languages")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut ids: Vec<String> = paths
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// The program `kind` of a language, e.g. `tests/programs/cpp/right.cpp`.
fn program(id: &str, kind: &str) -> PathBuf {
    let directory = root().join("tests/programs").join(id);
    let entries = fs::read_dir(&directory)
        .unwrap_or_else(|_| panic!("languages/{id}.toml has no programs: make {directory:?}"));
    entries
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_stem().unwrap() == kind)
        .unwrap_or_else(|| panic!("{directory:?} has no program {kind:?}"))
}

fn judge_program(id: &str, kind: &str) -> Judgement {
    let path = program(id, kind);
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut work = work(id, "");
    work.files = vec![file(name, fs::read(&path).unwrap())];
    if kind == "endless" {
        work.limits.cpu_ms = 500;
    }
    judged(&work, &cases(&[("20 22\n", "42\n"), ("-5 3\n", "-2\n")]))
}

/// Judges one program of every language that is there, and says which are not.
fn judge_all(kind: &str, check: impl Fn(&str, Judgement)) {
    let offered = offered();
    let (present, missing): (Vec<String>, Vec<String>) =
        ids().into_iter().partition(|id| offered.contains(id));
    for id in &present {
        check(id, judge_program(id, kind));
    }
    if !missing.is_empty() {
        let count = missing.len();
        eprintln!(
            "not tried, for {count} toolchains are missing: {}",
            missing.join(", ")
        );
    }
    assert!(!present.is_empty(), "no toolchain is there at all");
}

#[test]
fn the_right_program_of_every_language_is_accepted() {
    judge_all("right", |id, judgement| {
        assert_eq!(judgement.verdict, Verdict::Accepted, "{id}: {judgement:?}");
        assert_eq!(judgement.reason, "all 2 test cases are right");
    });
}

#[test]
fn the_broken_program_of_every_language_is_a_compile_error_that_names_its_file() {
    judge_all("broken", |id, judgement| {
        assert_eq!(
            judgement.verdict,
            Verdict::CompileError,
            "{id}: {judgement:?}"
        );
        let compile = judgement.compile.expect("a compile step");
        let output = String::from_utf8_lossy(&compile.output);
        assert!(!compile.ok && output.contains("broken."), "{id}: {output}");
        let skipped = |case: &gavel::judge::verdict::CaseResult| case.verdict == Verdict::Skipped;
        assert!(judgement.cases.iter().all(skipped), "{id}");
    });
}

#[test]
fn the_endless_program_of_every_language_meets_the_time_limit() {
    judge_all("endless", |id, judgement| {
        assert_eq!(judgement.verdict, Verdict::TimeLimit, "{id}: {judgement:?}");
        let facts = judgement.cases[0].facts.as_ref().expect("facts");
        assert!(
            (500_000_000..700_000_000).contains(&facts.cpu_ns),
            "{id}: {facts:?}"
        );
    });
}

#[test]
fn every_language_file_has_all_programs_and_is_named_after_its_id() {
    let languages = Languages::read(&root().join("languages")).unwrap();
    let known: Vec<String> = languages
        .iter()
        .map(|language| language.id.clone())
        .collect();
    assert_eq!(known, ids());
    for id in known {
        for kind in ["right", "broken", "endless"] {
            let path = program(&id, kind);
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(languages.find(&id).unwrap().is_source(name), "{path:?}");
        }
    }
}

#[test]
fn the_document_has_a_row_for_every_language() {
    let document = fs::read_to_string(root().join("docs/LANGUAGES.md")).unwrap();
    for id in ids() {
        assert!(document.contains(&format!("| `{id}` |")), "{id}");
    }
}

#[test]
fn a_version_is_asked_of_the_toolchain() {
    let languages = Languages::built_in().unwrap().filter(|l| l.id == "bash");
    let judge = judge(languages);
    let [bash] = judge.offered() else {
        panic!("{:?}", judge.offered());
    };
    assert_eq!((bash.id.as_str(), bash.name.as_str()), ("bash", "Bash"));
    assert!(bash.version.starts_with("GNU bash"), "{}", bash.version);
}

#[test]
fn memory_that_a_runtime_could_have_refused_is_a_memory_limit() {
    for (id, source) in [
        ("python", "x = []\nwhile True: x.append(bytearray(1 << 20))"),
        (
            "java",
            "public class Main { public static void main(String[] a) { \
             var x = new java.util.ArrayList<byte[]>(); while (true) x.add(new byte[1 << 20]); } }",
        ),
        (
            "javascript",
            "const x = []; for (;;) x.push(new Array(1e5).fill(0.5));",
        ),
        (
            "go",
            "package main\nfunc main() { var x [][]byte; for { b := make([]byte, 1<<20); \
             for i := range b { b[i] = 1 }; x = append(x, b) } }",
        ),
    ] {
        if !offered().contains(&id.to_owned()) {
            eprintln!("not tried, for the toolchain is missing: {id}");
            continue;
        }
        let mut work = work(id, source);
        work.limits.memory_bytes = 128 << 20;
        work.limits.cpu_ms = 5000;
        let result = result(&work);
        assert_verdict(&result, Verdict::MemoryLimit, "128 MiB");
    }
}

#[test]
fn python_prints_and_reads_numbers_of_any_length() {
    let source = "number = 10 ** 6000\nprint(int(str(number)) == number)";
    let judgement = judged(&work("python", source), &cases(&[("", "True\n")]));
    assert_eq!(judgement.verdict, Verdict::Accepted, "{}", judgement.reason);
}
