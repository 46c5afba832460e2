//! What is found of what a package says of itself.

use super::super::settings;
use super::super::tree::tests::tree;
use super::*;

const RIGHT: &str = "problem_format_version: 2025-09\nname: {en: A, pt-BR: B}\n\
    uuid: 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a01\n";

fn found(yaml: &str, statements: &[&str]) -> Vec<String> {
    let mut files = vec![(FILE, yaml)];
    files.extend(statements.iter().map(|path| (*path, "x")));
    let mut findings = Findings::default();
    let tree = tree(&files);
    let format = settings::read(&tree, &mut Findings::default()).format;
    check(&tree, format, &mut findings);
    findings.iter().map(ToString::to_string).collect()
}

fn found_beside(more: &str) -> Vec<String> {
    let statements = ["statement/problem.en.tex", "statement/problem.pt-BR.md"];
    found(&format!("{RIGHT}{more}"), &statements)
}

#[test]
fn all_that_the_format_allows_is_taken() {
    for more in [
        "license: unknown\n",
        "license: public domain\n",
        "license: cc by\nrights_owner: Me\n",
        "license: cc0\nsource: A contest\n",
        "license: educational\ncredits: Ann <ann@b.example>\n",
        "version: '1.0'\nembargo_until: 2025-09-30\nkeywords: [a, b]\n",
        "embargo_until: 2025-09-30T23:59:59Z\nkeywords:\n",
        "source: {name: A}\n",
        "source: [{name: A, url: b}, C]\n",
        "credits:\n  authors: Ann\n  testers: [{name: Bo, orcid: 1}, Cy <c@d.example>]\n  \
         translators: {sv: Di, fil: [Ed, Flo]}\n  packagers: [Gus]\n",
    ] {
        assert_eq!(found_beside(more), Vec::<String>::new(), "{more}");
    }
}

#[test]
fn what_the_format_forbids_is_an_error() {
    for (more, words) in [
        ("license: MIT\n", "4: the license \"MIT\" is unknown"),
        ("license: cc by\n", "4: the license needs somebody who owns"),
        (
            "license: cc by\ncredits: {testers: Ann}\n",
            "needs somebody",
        ),
        (
            "license: public domain\nrights_owner: Me\n",
            "5: what is in the public domain",
        ),
        ("embargo_until: soon\n", "4: embargo_until must be a date"),
        ("embargo_until: 2025-13-01\n", "embargo_until"),
        ("embargo_until: 2025-9-1\n", "embargo_until"),
        ("embargo_until: 2025-09-01T24:00:00Z\n", "embargo_until"),
        ("embargo_until: 2025-09-01T12:00:00\n", "embargo_until"),
        ("keywords: a b\n", "keywords must be a list"),
        ("version: [1]\n", "version must be text"),
        ("source: {url: a}\n", "source must be"),
        ("source: []\n", "source must be"),
        ("credits: [Ann]\n", "credits must be"),
        (
            "credits: {authors: []}\n",
            "authors must be a person or a list",
        ),
        ("credits: {authors: {email: a}}\n", "authors must be"),
        ("credits: {authors: Ann <a}\n", "authors must be"),
        (
            "credits: {helpers: Ann}\n",
            "the credit \"helpers\" is unknown",
        ),
        ("credits: {translators: Ann}\n", "translators must be"),
        (
            "credits: {translators: {swedish: Ann}}\n",
            "translators must be",
        ),
    ] {
        let found = found_beside(more);
        assert_eq!(found.len(), 1, "{more}: {found:?}");
        assert!(found[0].starts_with("error: problem.yaml:"), "{found:?}");
        assert!(found[0].contains(words), "{found:?}");
    }
}

#[test]
fn names_are_in_the_languages_of_the_statements() {
    let of = |name: &str, statements: &[&str]| {
        let uuid = "uuid: 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a01";
        found(
            &format!("problem_format_version: 2025-09\n{name}\n{uuid}\n"),
            statements,
        )
    };
    let english = "statement/problem.en.tex";
    assert_eq!(of("name: A", &[english]), Vec::<String>::new());
    for (name, statements, words) in [
        (
            "",
            &[english][..],
            "warning: problem.yaml: there is no name",
        ),
        ("name: [A]", &[english], "name must be text"),
        (
            "name: {sv: A}",
            &[english],
            "names in sv and statements in en",
        ),
        (
            "name: A",
            &[english, "statement/problem.sv.md"],
            "statements in en, sv",
        ),
        (
            "name: {english: A}",
            &["statement/x.pdf"],
            "is no code of a language",
        ),
        (
            "name: A",
            &["statement/problem.tex"],
            "error: statement/problem.tex: the statement must name",
        ),
        ("name: A", &[], "warning: statement: there is no statement"),
    ] {
        let found = of(name, statements);
        assert!(found[0].contains(words), "{name} {statements:?}: {found:?}");
    }
}

#[test]
fn an_identifier_is_a_uuid_or_missing() {
    let of = |uuid: &str| {
        let yaml = format!("problem_format_version: 2025-09\nname: A\n{uuid}");
        found(&yaml, &["statement/problem.en.tex"])
    };
    assert!(of("uuid: 7")[0].starts_with("error: problem.yaml:3: uuid must be"));
    assert!(of("uuid: 5a3b9e8c-6d0f-4c58-8d86-0b3c0c1c9a0g")[0].starts_with("error"));
    assert!(of("")[0].starts_with("warning: problem.yaml: there is no uuid"));
}

#[test]
fn the_legacy_format_is_taken_as_it_is_found() {
    let yaml = "uuid: 7\nlicense: MIT\ncredits: 7\nkeywords: a b\nsource: [1]\n";
    let found = found(yaml, &["problem_statement/problem.tex"]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|found| found.starts_with("warning")),
        "{found:?}"
    );
}
