//! Language files that can be used, and those that cannot.

use super::*;

const GOOD: &str = r#"
id = "x"
name = "X"
aliases = ["ex"]
extensions = ["x"]
source_file = "main.x"
version = ["/usr/bin/x", "--version"]

[compile]
command = ["/usr/bin/x", "{sources}"]
artefacts = ["main", "*.o"]

[run]
command = ["./main"]
time_factor = 1.5
memory_factor = 2
min_processes = 9
"#;

fn parse(text: &str) -> Result<Language, LanguageError> {
    file::parse("x.toml", text)
}

#[test]
fn the_built_in_languages_can_be_used() {
    let languages = Languages::built_in().unwrap();
    let ids: Vec<_> = languages.iter().map(|l| l.id.as_str()).collect();
    assert!(ids.is_sorted());
    for id in [
        "c",
        "cpp",
        "python",
        "java",
        "javascript",
        "rust",
        "go",
        "bash",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
}

#[test]
fn a_language_is_found_by_id_alias_and_extension() {
    let languages = Languages::built_in().unwrap();
    let id = |found: Option<&Language>| found.map(|language| language.id.clone());
    assert_eq!(id(languages.find("c++")).as_deref(), Some("cpp"));
    assert_eq!(id(languages.find("cpp")).as_deref(), Some("cpp"));
    assert_eq!(id(languages.of_file("a.b.py")).as_deref(), Some("python"));
    assert_eq!(id(languages.of_file("x.c")).as_deref(), Some("c"));
    assert_eq!(id(languages.of_file("x.C")).as_deref(), Some("cpp"));
    assert_eq!(id(languages.of_file("py")), None);
    assert_eq!(id(languages.find("COBOL")), None);
}

#[test]
fn limits_are_multiplied_and_processes_are_at_least_what_the_runtime_needs() {
    let limits = |processes| problem::Limits {
        cpu_ms: 1001,
        wall_ms: 2000,
        memory_bytes: 100,
        output_bytes: 7,
        processes,
    };
    let language = parse(GOOD).unwrap();
    let scaled = language.run_limits(&limits(1));
    assert_eq!(
        (scaled.cpu_ms, scaled.wall_ms, scaled.memory_bytes),
        (1502, 3000, 200)
    );
    assert_eq!((scaled.output_bytes, scaled.processes), (7, 9));
    assert_eq!(language.run_limits(&limits(64)).processes, 64);
}

#[test]
fn a_bad_field_is_refused_by_name() {
    for (good, bad, field) in [
        ("id = \"x\"", "id = \"X x\"", "id"),
        ("name = \"X\"", "name = \" \"", "name"),
        ("[\"ex\"]", "[\"e x\"]", "aliases"),
        ("[\"x\"]", "[\".x\"]", "extensions"),
        ("[\"x\"]", "[]", "extensions"),
        ("main.x", "main.y", "source_file"),
        ("main.x", "a/main.x", "source_file"),
        ("--version", "{main}", "version"),
        ("\"/usr/bin/x\", \"{", "\"x\", \"{", "compile.command"),
        ("{sources}", "{source}", "compile.command"),
        ("*.o", "*", "compile.artefacts"),
        ("*.o", "../x", "compile.artefacts"),
        ("./main", "main", "run.command"),
        ("1.5", "0.5", "run.time_factor"),
        ("1.5", "nan", "run.time_factor"),
        ("= 2\n", "= 101\n", "run.memory_factor"),
        (
            "[compile]",
            "[environment]\n\"A=\" = \"\"\n[compile]",
            "environment",
        ),
        (
            "[compile]",
            "mounts = [\"/opt/../etc\"]\n[compile]",
            "mounts",
        ),
        ("[compile]", "mounts = [\"/\"]\n[compile]", "mounts"),
    ] {
        let text = GOOD.replace(good, bad);
        assert_ne!(text, GOOD, "{good}");
        match parse(&text) {
            Err(LanguageError::Field { field: found, .. }) => assert_eq!(found, field, "{bad}"),
            other => panic!("{bad}: {other:?}"),
        }
    }
}

#[test]
fn an_unknown_missing_or_zero_field_is_refused_with_its_line() {
    for (good, bad, word) in [
        ("[run]", "[run]\ncolour = 1", "colour"),
        ("name = \"X\"", "", "name"),
        ("min_processes = 9", "min_processes = 0", "min_processes"),
        ("[run]", "[compile.limits]\ncpu_ms = 0\n[run]", "cpu_ms"),
        ("[run]", "[compile.limits]\ncpu = 1\n[run]", "cpu"),
    ] {
        match parse(&GOOD.replace(good, bad)) {
            Err(LanguageError::Parse { file, reason }) => {
                assert_eq!(file, "x.toml");
                assert!(reason.contains(word), "{reason}");
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
}

#[test]
fn a_name_that_two_languages_claim_is_refused() {
    for (good, other, field) in [
        ("id = \"x\"", "id = \"ex\"", "id"),
        ("id = \"x\"", "id = \"y\"", "aliases"),
    ] {
        let files = [GOOD.to_owned(), GOOD.replace(good, other)];
        let files = files.map(|text| ("x.toml".to_owned(), text));
        match Languages::parse_all(files.into_iter()) {
            Err(LanguageError::Taken { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_stand_in_shares_extensions_with_a_language_that_there_is_and_with_no_other() {
    let stand_in = |of: &str| {
        let renamed = GOOD.replace("id = \"x\"", &format!("id = \"y\"\nstands_in_for = {of:?}"));
        renamed.replace("aliases = [\"ex\"]", "aliases = []")
    };
    let parsed = |texts: &[String]| {
        let files = texts.iter().map(|text| ("x.toml".to_owned(), text.clone()));
        Languages::parse_all(files)
    };
    let languages = parsed(&[stand_in("x"), GOOD.to_owned()]).unwrap();
    assert_eq!(languages.of_file("a.x").unwrap().id, "x");
    assert_eq!(languages.of_jury(languages.find("x").unwrap()).id, "y");
    let alone = languages.filter(|language| language.id == "x");
    assert_eq!(alone.of_jury(alone.find("x").unwrap()).id, "x");
    for of in ["z", "y"] {
        match parsed(&[stand_in(of)]) {
            Err(LanguageError::Field { field, .. }) => assert_eq!(field, "stands_in_for"),
            other => panic!("{of}: {other:?}"),
        }
    }
}

#[test]
fn a_directory_is_read_and_one_without_languages_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let read = || Languages::read(directory.path());
    assert!(matches!(read(), Err(LanguageError::NoFiles { .. })));
    fs::write(directory.path().join("x.toml"), GOOD).unwrap();
    fs::write(directory.path().join("notes.txt"), "not a language").unwrap();
    assert_eq!(read().unwrap().iter().count(), 1);
    let missing = directory.path().join("missing");
    assert!(matches!(
        Languages::read(&missing),
        Err(LanguageError::ReadDirectory { .. })
    ));
}

#[test]
fn a_star_in_a_mount_stands_for_anything_within_a_component() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["jdk-17", "jdk-21", "jre-17", "jdk"] {
        fs::create_dir_all(directory.path().join(name).join("conf")).unwrap();
    }
    let found = |pattern: &str| -> Vec<String> {
        let paths = matches(&directory.path().join(pattern)).into_iter();
        paths
            .map(|path| {
                path.strip_prefix(directory.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect()
    };
    assert_eq!(found("jdk-*"), ["jdk-17", "jdk-21"]);
    assert_eq!(found("j*-17/conf"), ["jdk-17/conf", "jre-17/conf"]);
    assert_eq!(found("nothing-*"), [""; 0]);
    assert_eq!(found("nothing"), [""; 0]);
}

#[test]
fn a_compiler_gets_at_least_what_a_package_promises() {
    let languages = Languages::built_in().unwrap();
    let promised = |cpu_ms, memory_bytes| {
        let promised = CompilationLimits {
            cpu_ms,
            memory_bytes,
        };
        let language = languages.find("cpp").unwrap().clone();
        let limits = language.with_promised(&promised).compile.unwrap().limits;
        [limits.cpu_ms, limits.wall_ms, limits.memory_bytes].map(NonZeroU64::get)
    };
    assert_eq!(promised(None, None), [30_000, 60_000, 1 << 30]);
    assert_eq!(promised(Some(10_000), Some(1)), [30_000, 60_000, 1 << 30]);
    assert_eq!(
        promised(Some(50_000), Some(2 << 30)),
        [50_000, 100_000, 2 << 30]
    );
}

#[test]
fn a_language_is_found_by_its_code_in_packages() {
    let languages = Languages::built_in().unwrap();
    assert_eq!(languages.find("python3").unwrap().package_code, "python3");
    assert_eq!(languages.find("cpp").unwrap().package_code, "cpp");
    assert_eq!(languages.find("python3").unwrap().id, "python");
    assert_eq!(languages.find("pypy").unwrap().package_code, "python3");
}
