//! Keeps the architecture true, for inside one crate the compiler does not: which module may name
//! which, where SQL and `unsafe` may stand, which words the sandbox must not know, and that files
//! stay short and say what they are for. ARCHITECTURE.md gives the reasons.

#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

use std::fmt;
use std::path::{Path, PathBuf};

/// Which top-level modules a top-level module may name. One that is missing may name none.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "api",
            "bench",
            "cluster",
            "config",
            "dashboard",
            "judge",
            "problem",
            "sandbox",
            "store",
            "unpack",
            "verify",
            "stress",
            "batch",
            "worker",
        ],
    ),
    ("api", &["problem", "store", "unpack"]),
    ("dashboard", &["store"]),
    ("worker", &["judge", "problem", "store", "unpack", "verify"]),
    ("store", &["problem"]),
    ("judge", &["problem", "sandbox"]),
    ("unpack", &["problem"]),
    ("verify", &["judge", "problem"]),
    ("stress", &["judge", "problem"]),
    ("batch", &["judge", "problem", "unpack"]),
    ("bench", &["sandbox"]),
    ("problem", &[]),
    ("config", &[]),
    ("sandbox", &[]),
    ("cluster", &[]),
];

/// Plain data that everything above its home may name.
const PLAIN_DATA: &[&str] = &[
    "judge::verdict",
    "sandbox::Limit",
    "sandbox::Noise",
    "sandbox::NoiseSource",
];

/// What tests of every module may name; it is not there otherwise.
const OF_TESTS: &str = "fuzz";

/// Modules below which there is nothing, so that plain data is not above them.
const BOTTOM: &[&str] = &["sandbox", "config", "problem"];

const MAX_LINES: usize = 500;

/// Beginnings of SQL. Split, so that this file does not break its own rule.
const SQL: &[&str] = &[
    "sqlx::query",
    "\"SELECT ",
    "\"INSERT INTO ",
    "\"UPDATE ",
    "\"DELETE FROM ",
    "\"WITH ",
];

const JUDGING_WORDS: &[&str] = &["verdict", "submission", "problem", "language"];

/// A source file, its path relative to the repository.
struct Source {
    path: String,
    text: String,
}

/// A line that breaks a rule.
#[derive(Debug, PartialEq)]
struct Violation {
    path: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

impl Source {
    fn violation(&self, line: usize, rule: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line,
            rule: rule.into(),
        }
    }

    /// `src/api/error.rs` and `src/api.rs` are both of `api`.
    fn module(&self) -> &str {
        let path = self.path.strip_prefix("src/").unwrap_or_default();
        let end = path.find(['/', '.']).unwrap_or(path.len());
        &path[..end]
    }

    /// Lines with their numbers, comments blanked out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, without_comment(line)))
    }

    fn is_below(&self, place: &str) -> bool {
        self.path == format!("{place}.rs") || self.path.starts_with(&format!("{place}/"))
    }
}

/// Cuts a `//` comment; one inside a string counts as a comment only after a space.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.find(" // ").map_or(line, |start| &line[..start])
}

fn sources(dir: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join(dir), &mut files);
    assert!(!files.is_empty(), "no Rust files below {dir}");
    files
        .into_iter()
        .map(|file| Source {
            path: file
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            text: std::fs::read_to_string(&file).unwrap(),
        })
        .collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Everything that a file names as `crate::…`, with the line, nested groups taken apart.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let code: String = source.code().flat_map(|(_, line)| [line, "\n"]).collect();
    let mut paths = Vec::new();
    for (start, found) in code.match_indices("crate::") {
        let line = 1 + code[..start].matches('\n').count();
        for path in expand(&code[start + found.len()..]) {
            paths.push((line, path));
        }
    }
    paths
}

/// `a::{b, c::d}, …` → `a::b`, `a::c::d`. Reads up to the end of the path and no further.
fn expand(text: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    if !rest.starts_with('{') {
        return vec![head.trim_end_matches(':').to_owned()];
    }
    group_members(rest)
        .iter()
        .flat_map(|member| expand(member))
        .map(|member| format!("{head}{member}"))
        .collect()
}

/// The members of a `{…}` group, split at its own commas only.
fn group_members(text: &str) -> Vec<String> {
    let mut members = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match (c, depth) {
            (_, 0) => break,
            ('{', 1) | (' ' | '\n', _) => {}
            (',', 1) => members.push(String::new()),
            _ => members.last_mut().unwrap().push(c),
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

fn arrow_violations(source: &Source) -> Vec<Violation> {
    let module = source.module();
    if matches!(module, "main" | "lib") {
        return Vec::new();
    }
    let allowed = ARROWS
        .iter()
        .find(|(from, _)| *from == module)
        .map_or(&[][..], |(_, to)| to);
    let is_allowed = |path: &str| {
        let target = path.split("::").next().unwrap_or_default();
        let may_name = target == module || target == OF_TESTS || allowed.contains(&target);
        may_name || is_plain_data(module, path)
    };
    crate_paths(source)
        .into_iter()
        .filter(|(_, path)| !is_allowed(path))
        .map(|(line, path)| source.violation(line, format!("{module} must not name crate::{path}")))
        .collect()
}

fn is_plain_data(module: &str, path: &str) -> bool {
    let is_at = |data: &str| path == data || path.starts_with(&format!("{data}::"));
    let is_id = path.starts_with("store::") && path.ends_with("Id");
    let is_above = !BOTTOM.contains(&module);
    is_above && (PLAIN_DATA.iter().any(|data| is_at(data)) || (is_id && module != "judge"))
}

fn sql_violations(source: &Source) -> Vec<Violation> {
    if source.is_below("src/store") {
        return Vec::new();
    }
    source
        .code()
        .filter(|(_, code)| SQL.iter().any(|sql| code.contains(sql)))
        .map(|(line, _)| source.violation(line, "SQL belongs in src/store"))
        .collect()
}

fn unsafe_violations(source: &Source) -> Vec<Violation> {
    if source.is_below("src/sandbox/sys") {
        return Vec::new();
    }
    source
        .code()
        .filter(|(_, code)| words(code).any(|word| word == "unsafe"))
        .map(|(line, _)| source.violation(line, "unsafe belongs in src/sandbox/sys.rs"))
        .collect()
}

fn judging_word_violations(source: &Source) -> Vec<Violation> {
    if source.module() != "sandbox" {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (line, code) in source.code() {
        let code = code.to_lowercase();
        for word in JUDGING_WORDS.iter().filter(|word| code.contains(**word)) {
            violations.push(source.violation(line, format!("the sandbox knows no {word}")));
        }
    }
    violations
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn shape_violations(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !source.text.starts_with("//!") {
        violations.push(source.violation(1, "a file opens with //!: what it is for"));
    }
    let lines = source.text.lines().count();
    if lines > MAX_LINES {
        let rule = format!("{lines} lines: a file has at most {MAX_LINES}");
        violations.push(source.violation(lines, rule));
    }
    violations
}

fn assert_none(violations: impl Iterator<Item = Violation>) {
    let list: Vec<String> = violations.map(|violation| violation.to_string()).collect();
    assert!(list.is_empty(), "\n{}", list.join("\n"));
}

#[test]
fn modules_name_only_what_the_arrows_allow() {
    assert_none(sources("src").iter().flat_map(arrow_violations));
}

#[test]
fn sql_stays_in_the_store() {
    assert_none(sources("src").iter().flat_map(sql_violations));
}

#[test]
fn unsafe_stays_in_sandbox_sys() {
    assert_none(sources("src").iter().flat_map(unsafe_violations));
}

#[test]
fn the_sandbox_knows_nothing_of_judging() {
    assert_none(sources("src").iter().flat_map(judging_word_violations));
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let files = sources("src").into_iter().chain(sources("tests"));
    assert_none(files.flat_map(|source| shape_violations(&source)));
}

/// The rules themselves, each on a text that breaks it and on one that only looks so.
mod rules {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn lines(violations: Vec<Violation>) -> Vec<usize> {
        violations
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn a_forbidden_arrow_is_found_in_a_nested_group() {
        let text = "//!\nuse crate::{\n    problem::{Checker, Limits},\n    judge::{compile, verdict::Verdict},\n};\n";
        let found = arrow_violations(&source("src/api/x.rs", text));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule, "api must not name crate::judge::compile");
        assert_eq!(
            found[0].to_string(),
            "src/api/x.rs:2: api must not name crate::judge::compile"
        );
    }

    #[test]
    fn plain_data_may_be_named_above_its_home_only() {
        let text = "use crate::judge::verdict::Verdict;\nuse crate::sandbox::Limit;\n";
        assert_eq!(lines(arrow_violations(&source("src/store.rs", text))), []);
        assert_eq!(
            lines(arrow_violations(&source("src/sandbox/x.rs", text))),
            [1]
        );
    }

    #[test]
    fn ids_may_be_named_above_the_store_only() {
        let text = "use crate::store::SubmissionId;\nuse crate::store::Store;\n";
        assert_eq!(
            lines(arrow_violations(&source("src/judge/x.rs", text))),
            [1, 2]
        );
        assert_eq!(
            lines(arrow_violations(&source("src/worker/x.rs", text))),
            []
        );
    }

    #[test]
    fn sql_is_found_outside_the_store_only() {
        let text = "let q = \"SELECT 1\";\n// \"SELECT 1\"\n";
        assert_eq!(lines(sql_violations(&source("src/api.rs", text))), [1]);
        assert_eq!(lines(sql_violations(&source("src/store/x.rs", text))), []);
    }

    #[test]
    fn unsafe_is_a_word_not_a_part_of_one() {
        let text = "#![allow(unsafe_code)]\nunsafe { f() }\n";
        assert_eq!(
            lines(unsafe_violations(&source("src/sandbox/pool.rs", text))),
            [2]
        );
        assert_eq!(
            lines(unsafe_violations(&source("src/sandbox/sys.rs", text))),
            []
        );
    }

    #[test]
    fn judging_words_are_found_in_names_and_not_in_comments() {
        let text = "//! Knows no verdict.\nstruct LanguageId;\n";
        assert_eq!(
            lines(judging_word_violations(&source("src/sandbox/x.rs", text))),
            [2]
        );
    }

    #[test]
    fn a_long_or_nameless_file_is_found() {
        let long = "//!\n".repeat(MAX_LINES + 1);
        assert_eq!(
            lines(shape_violations(&source("src/x.rs", &long))),
            [MAX_LINES + 1]
        );
        assert_eq!(
            lines(shape_violations(&source("src/x.rs", "use x;\n"))),
            [1]
        );
    }
}
