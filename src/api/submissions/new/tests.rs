//! Submissions that must be refused, and under which field.

use super::*;
use crate::api::ConfiguredLanguage;
use crate::api::extract::parse_json;
use crate::api::languages::merge;
use crate::store::OfferedLanguage;

fn languages() -> Vec<LanguageView> {
    let named = |id: &str| ConfiguredLanguage {
        id: id.to_owned(),
        name: id.to_owned(),
        extensions: Vec::new(),
    };
    let python = OfferedLanguage {
        id: "python".to_owned(),
        name: "Python".to_owned(),
        version: "3".to_owned(),
    };
    merge(&[named("cobol"), named("python")], vec![python])
}

fn validated(json: &str) -> Result<NewSubmission, ApiError> {
    let body: NewSubmissionBody = parse_json(json.as_bytes())?;
    body.validate(&ApiLimits::default(), &languages())
}

/// Validates a good submission with more fields.
fn with(fields: &str) -> Result<NewSubmission, ApiError> {
    validated(&format!(r#"{{"language":"python","source":"","{fields}}}"#))
}

fn with_files(files: &str) -> Result<NewSubmission, ApiError> {
    validated(&format!(r#"{{"language":"python","files":[{files}]}}"#))
}

fn with_names(names: &[&str]) -> Result<NewSubmission, ApiError> {
    let file = |name| serde_json::json!({ "name": name, "content": "" }).to_string();
    let files: Vec<_> = names.iter().map(file).collect();
    with_files(&files.join(","))
}

/// The error is of this kind and names this field.
fn assert_refused(result: Result<NewSubmission, ApiError>, kind: &str, path: &str, what: &str) {
    let shown = format!("{:?}", result.unwrap_err());
    assert!(shown.starts_with(kind), "{what}: {shown}");
    assert!(
        shown.contains(&format!("path: \"{path}\"")),
        "{what}: {shown}"
    );
}

fn assert_invalid(result: Result<NewSubmission, ApiError>, path: &str, what: &str) {
    assert_refused(result, "InvalidFields", path, what);
}

#[test]
fn a_program_alone_is_run_once_without_an_answer() {
    let new = with(r#"stdin":"a\u0000b""#).unwrap();
    assert_eq!(new.files.len(), 1);
    let Tests::Inline { cases, .. } = new.tests else {
        panic!("inline tests");
    };
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].input[..], *b"a\0b");
    assert_eq!(cases[0].answer, None);
}

#[test]
fn any_bytes_are_a_source() {
    let text = validated(r#"{"language":"python","source":"\u0000"}"#).unwrap();
    assert_eq!(text.files[0].bytes[..], [0]);
    let bytes = validated(r#"{"language":"python","source_base64":"/w=="}"#).unwrap();
    assert_eq!(bytes.files[0].bytes[..], [255]);
}

#[test]
fn a_problem_brings_its_own_tests() {
    let id = "00000000-0000-7000-8000-000000000001";
    let new = with(&format!(r#"problem_id":"{id}""#)).unwrap();
    assert!(matches!(new.tests, Tests::Problem(found) if found.to_string() == id));
}

#[test]
fn unknown_and_absent_languages_are_told_apart() {
    let unknown = format!(
        "{:?}",
        validated(r#"{"language":"c","source":""}"#).unwrap_err()
    );
    assert!(unknown.contains("cobol, python"), "{unknown}");
    let absent = format!(
        "{:?}",
        validated(r#"{"language":"cobol","source":""}"#).unwrap_err()
    );
    assert!(absent.contains("no worker"), "{absent}");
    for hostile in ["", "\\u0000", "python\\u0000", "PYTHON", "../python"] {
        let json = format!(r#"{{"language":"{hostile}","source":""}}"#);
        assert_invalid(validated(&json), "/language", hostile);
    }
}

#[test]
fn exactly_one_form_of_program_is_accepted() {
    let table = [
        (r#"{"language":"python"}"#, "/source"),
        (r#"{"language":"python","source":null}"#, "/source"),
        (
            r#"{"language":"python","source":"","source_base64":""}"#,
            "/source_base64",
        ),
        (r#"{"language":"python","source":"","files":[]}"#, "/files"),
        (r#"{"language":"python","files":[]}"#, "/files"),
        (
            r#"{"language":"python","source_base64":"a"}"#,
            "/source_base64",
        ),
        (
            r#"{"language":"python","source_base64":"_w=="}"#,
            "/source_base64",
        ),
    ];
    for (json, path) in table {
        assert_invalid(validated(json), path, json);
    }
}

#[test]
fn fields_without_effect_are_refused() {
    let problem = r#"problem_id":"00000000-0000-7000-8000-000000000001","#;
    let table = [
        (r#"tests":[{}]"#, "/tests"),
        (r#"limits":{}"#, "/limits"),
        (r#"checker":{"kind":"exact"}"#, "/checker"),
        (r#"stdin":"""#, "/stdin"),
        (r#"stdin_base64":"""#, "/stdin_base64"),
    ];
    for (field, path) in table {
        assert_invalid(with(&format!(r#"{problem}"{field}"#)), path, field);
    }
    assert_invalid(
        with(r#"tests":[{}],"stdin":"""#),
        "/stdin",
        "stdin beside tests",
    );
    assert_invalid(
        with(r#"checker":{"kind":"exact"}"#),
        "/checker",
        "nothing to compare",
    );
}

#[test]
fn bad_values_are_refused_under_their_field() {
    let table = [
        (r#"tests":[]"#, "/tests"),
        (
            r#"tests":[{"input":"","input_base64":""}]"#,
            "/tests/0/input_base64",
        ),
        (
            r#"tests":[{},{"answer_base64":"A"}]"#,
            "/tests/1/answer_base64",
        ),
        (r#"tests":[{"name":"a\u0000"}]"#, "/tests/0/name"),
        (r#"tests":[{"name":"a"},{"name":"a"}]"#, "/tests/1/name"),
        (r#"stdin":"","stdin_base64":"""#, "/stdin_base64"),
        (r#"stdin_base64":"\u0000""#, "/stdin_base64"),
        (r#"limits":{"cpu_ms":-1}"#, "/limits/cpu_ms"),
        (r#"limits":{"memory_bytes":1e30}"#, "/limits/memory_bytes"),
        (r#"limits":{"processes":4294967360}"#, "/limits/processes"),
        (
            r#"tests":[{}],"checker":{"kind":"float","absolute":-1}"#,
            "/checker/absolute",
        ),
    ];
    for (field, path) in table {
        assert_invalid(with(field), path, field);
    }
}

#[test]
fn wrong_shapes_are_refused_with_the_path() {
    let table = [
        (r#"verdict":"AC""#, "/verdict"),
        (r#"__proto__":{}"#, "/__proto__"),
        (r#"limits":{"cpu":1}"#, "/limits/cpu"),
        (r#"limits":{"cpu_ms":"1"}"#, "/limits/cpu_ms"),
        (r#"limits":[]"#, "/limits"),
        (r#"tests":[{"input":5}]"#, "/tests/0/input"),
        (r#"tests":[{"argv":[]}]"#, "/tests/0/argv"),
        (r#"tests":{}"#, "/tests"),
        (r#"problem_id":"x""#, "/problem_id"),
        (r#"problem_id":7"#, "/problem_id"),
        (r#"checker":{"kind":"shell"}"#, "/checker/kind"),
    ];
    for (field, path) in table {
        assert_refused(with(field), "Shape", path, field);
    }
}

#[test]
fn duplicate_keys_are_refused() {
    for json in [
        r#"{"language":"python","source":"a","source":"b"}"#,
        r#"{"language":"python","source":"","limits":{"cpu_ms":1,"cpu_ms":2}}"#,
        r#"{"language":"python","source":"","tests":[{"input":"","input":""}]}"#,
    ] {
        let shown = format!("{:?}", validated(json).unwrap_err());
        assert!(shown.contains("duplicate field"), "{shown}");
    }
}

#[test]
fn what_is_no_json_is_refused_with_line_and_column() {
    let deep = "[".repeat(1_000_000);
    let deep_field = format!(r#"{{"limits":{deep}"#);
    let bad = [
        "",
        "{",
        "\u{feff}{}",
        "{} {}",
        r#"{"language":NaN}"#,
        r#"{"limits":1e400}"#,
        r#"{"source":"\ud800"}"#,
        r#"{"source":"\x"}"#,
        "{\"source\":\"\u{1}\"}",
        "{'a':1}",
        deep.as_str(),
        deep_field.as_str(),
    ];
    for json in bad {
        let shown = format!("{:?}", validated(json).unwrap_err());
        assert!(shown.contains("line 1 column"), "{shown}");
        assert!(shown.len() < 1000, "the answer is short");
    }
    let latin1 = parse_json::<NewSubmissionBody>(b"{\"source\":\"\xff\"}").unwrap_err();
    assert!(format!("{latin1:?}").starts_with("Syntax"));
}

#[test]
fn a_message_does_not_repeat_a_long_value() {
    let long = "x".repeat(100_000);
    let shown = format!("{:?}", with(&format!(r#"limits":"{long}""#)).unwrap_err());
    assert!(shown.len() < 1000);
    let shown = format!("{:?}", with(&format!(r#"{long}":1"#)).unwrap_err());
    assert!(shown.len() < 2000);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let result = validated(
        r#"{"language":"c","source_base64":"?","limits":{"cpu_ms":0},"tests":[{"name":""},{"answer_base64":"?"}]}"#,
    );
    let shown = format!("{:?}", result.unwrap_err());
    assert_eq!(shown.matches("FieldError {").count(), 5, "{shown}");
}

#[test]
fn sources_may_be_as_large_as_the_limit_and_no_larger() {
    let max = ApiLimits::default().source_bytes;
    let of = |bytes| {
        validated(&format!(
            r#"{{"language":"python","source":"{}"}}"#,
            "x".repeat(bytes)
        ))
    };
    assert!(of(max).is_ok());
    assert_invalid(of(max + 1), "/source", "too large");
    let half = "x".repeat(max / 2 + 1);
    let file = |name| format!(r#"{{"name":"{name}","content":"{half}"}}"#);
    assert!(with_files(&file("a")).is_ok());
    assert_invalid(
        with_files(&[file("a"), file("b")].join(",")),
        "/files",
        "together too large",
    );
}

#[test]
fn good_file_names_are_accepted_in_order() {
    let long = "x".repeat(100);
    let names = [
        "Main.java",
        "a/b/c.h",
        "a/b/D_2-x..y.h",
        "a/b.c",
        long.as_str(),
    ];
    let new = with_names(&names).unwrap();
    let found: Vec<_> = new.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(found, names);
}

#[test]
fn file_names_that_could_leave_their_directory_or_be_options_are_refused() {
    let long = "x".repeat(101);
    let bad = [
        "",
        ".",
        "..",
        "/etc/passwd",
        "../a",
        "a/../b",
        "a//b",
        "a/",
        "/",
        "a\\b",
        "C:a",
        "a b",
        "a\0",
        "a\n",
        "-o",
        "a/-o",
        ".a",
        "a/.b",
        "a/b/c/d",
        "ä",
        "a\u{202e}",
        "a;b",
        "$(a)",
        "*",
        long.as_str(),
    ];
    for name in bad {
        assert_invalid(with_names(&[name]), "/files/0/name", name);
    }
}

#[test]
fn file_names_that_collide_are_refused() {
    for names in [
        ["a", "a"],
        ["a.C", "A.c"],
        ["a", "a/b"],
        ["a/b", "A"],
        ["a/b/c", "a/b"],
    ] {
        assert_invalid(with_names(&names), "/files/1/name", &names.join(" "));
    }
}

#[test]
fn more_files_than_allowed_are_refused() {
    let names: Vec<_> = (0..33).map(|number| format!("f{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert!(with_names(&names[..32]).is_ok());
    assert_invalid(with_names(&names), "/files", "too many");
}

#[test]
fn a_file_needs_contents_and_may_be_empty() {
    assert!(with_files(r#"{"name":"a","content":""}"#).is_ok());
    assert_invalid(
        with_files(r#"{"name":"a"}"#),
        "/files/0/content",
        "no contents",
    );
    let both = r#"{"name":"a","content":"","content_base64":""}"#;
    assert_invalid(with_files(both), "/files/0/content_base64", "both");
}
