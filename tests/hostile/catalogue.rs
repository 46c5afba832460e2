//! The catalogue: which rows there are, which have cases, and why the others have none.
//! docs/HOSTILE.md shows it; `GAVEL_WRITE_DOCS=1` writes the document anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use crate::case::{self, Case, Tier};
use crate::{controls, designs, layers};

/// The areas: prefix of the ids, number of rows, what they are about.
const AREAS: [(&str, usize, &str); 12] = [
    ("CPU", 20, "CPU and clocks"),
    ("PROC", 21, "Processes, signals, daemons"),
    ("MEM", 21, "Memory"),
    ("DSK", 14, "Files, disk, descriptors"),
    ("IO", 17, "Standard streams"),
    ("INT", 8, "Interactive problems"),
    ("FS", 22, "Containment of files"),
    ("NET", 12, "Network and other processes"),
    ("KRN", 21, "The kernel's surface"),
    ("CMP", 20, "Compilers"),
    ("PER", 4, "From run to run"),
    ("SID", 10, "Between slots"),
];

/// Rows without a file, and where they are tried instead or why they are not.
const ELSEWHERE: [(&str, &str); 22] = [
    (
        "CPU-19",
        "`a_clock_that_is_set_during_a_run_changes_neither_limits_nor_figures` in tests/sandbox/limits.rs, on control groups v2: the clock of the virtual machine may be set",
    ),
    (
        "CPU-20",
        "src/api/limits.rs and tests/service: a limit of 0, below or above its range is a 4xx",
    ),
    (
        "MEM-21",
        "`slots_that_are_all_at_their_limits_take_nothing_from_each_other` in tests/hostile/sequences.rs; that all of them fit into memory is the operator's sum, which `gavel check-host` and a worker's start do",
    ),
    (
        "INT-01",
        "`who_waits_for_each_other_is_ended_by_the_clock` in tests/judging/interacting.rs",
    ),
    ("INT-02", "as INT-01"),
    (
        "INT-03",
        "`a_submission_that_failed_first_has_failed` and its neighbours in tests/judging/interacting.rs",
    ),
    (
        "INT-04",
        "`writing_to_a_validator_that_accepted_is_no_mistake` there",
    ),
    (
        "INT-05",
        "`a_submission_sees_the_end_of_what_a_validator_writes_while_that_goes_on` there",
    ),
    (
        "INT-06",
        "`endless_output_is_cut` and `a_validator_that_does_not_answer_is_no_verdict` there",
    ),
    (
        "INT-07",
        "`fifty_thousand_questions_are_answered_one_after_another` in tests/hostile/validators.rs",
    ),
    (
        "INT-08",
        "`what_both_say_to_each_other_is_any_bytes_and_a_line_may_be_long` there",
    ),
    ("FS-15", "IO-15; there is no job control without a terminal"),
    (
        "FS-19",
        "FS-07 reads the options of every mount, also of those below others",
    ),
    (
        "NET-02",
        "NET-01 tries the listeners of the harness, on both loopbacks",
    ),
    (
        "NET-07",
        "NET-06 makes sockets of every family, kind and protocol",
    ),
    (
        "NET-12",
        "no problem can have a network: there is no setting for it, and an unknown one is a 4xx. What a box of the sandbox library reaches through pasta is in tests/sandbox/namespaces.rs",
    ),
    ("KRN-04", "NET-11"),
    ("KRN-05", "FS-12 and FS-16"),
    ("KRN-10", "NET-06"),
    ("KRN-16", "PER-01 and SID-02"),
    (
        "PER-04",
        "between submissions nothing is cached. What `gavel verify` keeps: `whatever_a_verdict_depends_on_has_it_judged_again` in tests/judging/remembering.rs",
    ),
    (
        "SID-08",
        "`a_program_near_its_limit_keeps_its_verdict_beside_hostile_neighbours` in tests/hostile/crowd.rs (slow). CPU caches and memory bandwidth are shared: what work costs beside others is a known residue",
    ),
];

/// Rows that are tried by tests of their own, for they need two programs.
const SEQUENCES: [(&str, &str); 4] = [
    ("CMP-17", "compilers_at_the_same_time_do_not_see_each_other"),
    ("CMP-19", "the_same_source_makes_the_same_program"),
    (
        "PER-03",
        "files_that_a_run_leaves_are_not_there_for_a_later_compiler",
    ),
    ("SID-10", "addresses_differ_from_run_to_run"),
];

fn rows() -> impl Iterator<Item = String> {
    let row = |(area, count, _)| (1..=count).map(move |number| format!("{area}-{number:02}"));
    AREAS.into_iter().flat_map(row)
}

#[test]
fn ids_are_rows_of_the_catalogue_and_none_is_used_twice() {
    let rows: BTreeSet<String> = rows().collect();
    let mut ids = BTreeSet::new();
    for case in case::read_all(None) {
        assert!(rows.contains(case.row()), "{} is no row", case.id);
        assert!(ids.insert(case.id.clone()), "{} is used twice", case.id);
    }
}

#[test]
fn every_row_has_a_case_or_a_reason() {
    let cases = case::read_all(None);
    let with_case: BTreeSet<&str> = cases.iter().map(Case::row).collect();
    let named = ELSEWHERE.iter().chain(&SEQUENCES);
    let elsewhere: BTreeSet<&str> = named.map(|(row, _)| *row).collect();
    assert!(with_case.is_disjoint(&elsewhere), "a row has both");
    for row in rows() {
        let is_there = with_case.contains(&*row) || elsewhere.contains(&*row);
        assert!(is_there, "{row} has neither a case nor a reason");
    }
}

#[test]
fn tests_that_the_catalogue_names_are_there() {
    let sequences = include_str!("sequences.rs");
    for (row, name) in SEQUENCES {
        assert!(is_test(name, sequences), "{row}: {name}");
    }
    let all = sources();
    for (row, words) in ELSEWHERE {
        let quoted = words.split('`').skip(1).step_by(2);
        for name in quoted.filter(|name| name.contains('_')) {
            assert!(is_test(name, &all), "{row}: {name}");
        }
    }
}

fn is_test(name: &str, source: &str) -> bool {
    source.contains(&format!("#[test]\nfn {name}()"))
}

/// All that is Rust below `tests`.
fn sources() -> String {
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")];
    let mut text = String::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("a directory");
            waiting.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).expect("a source"));
        }
    }
    text
}

#[test]
fn the_document_shows_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/HOSTILE.md");
    let document = std::fs::read_to_string(&path).expect("docs/HOSTILE.md");
    let (words, _) = document.split_once(MARK).expect("the mark");
    let wanted = format!("{words}{MARK}\n{}", tables());
    if std::env::var_os("GAVEL_WRITE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("docs/HOSTILE.md");
    } else {
        assert!(document == wanted, "run this test with GAVEL_WRITE_DOCS=1");
    }
}

/// Where the written words end and the tables begin.
const MARK: &str = "<!-- From here on made by tests/hostile/catalogue.rs -->\n";

fn tables() -> String {
    let mut by_row: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for case in case::read_all(None) {
        by_row.entry(case.row().to_owned()).or_default().push(case);
    }
    let mut text = controls_table();
    for (area, count, about) in AREAS {
        writeln!(
            text,
            "## {about}\n\n| id | the program | expected |\n|---|---|---|"
        )
        .unwrap();
        for row in (1..=count).map(|number| format!("{area}-{number:02}")) {
            text.push_str(&match by_row.get(&row) {
                Some(cases) => cases.iter().map(line).collect(),
                None => format!("| {row} | {} | |\n", elsewhere(&row)),
            });
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn controls_table() -> String {
    let mut text = "## Without a layer\n\n| taken away | what notices it |\n|---|---|\n".to_owned();
    let all = [controls::table(), layers::table(), designs::table()];
    for (layer, ids) in all.into_iter().flatten() {
        writeln!(text, "| {layer} | {} |", ids.join(", ")).unwrap();
    }
    text + "\n"
}

fn line(case: &Case) -> String {
    let expected: Vec<String> = case.expect.iter().map(ToString::to_string).collect();
    let contained = if case.answer == case::CONTAINED {
        ", nothing works"
    } else {
        ""
    };
    let tier = match case.tier {
        Tier::Quick => " (quick)",
        Tier::Usual => "",
        Tier::Slow => " (slow)",
    };
    let about = case.about.replace('|', "\\|");
    format!(
        "| {} | {about}{tier} | {}{contained} |\n",
        case.id,
        expected.join(" or ")
    )
}

fn elsewhere(row: &str) -> String {
    let found = |list: &[(&str, &str)]| {
        let entry = list.iter().find(|(id, _)| *id == row);
        entry.map(|(_, words)| (*words).to_owned())
    };
    found(&ELSEWHERE)
        .or_else(|| found(&SEQUENCES).map(|name| format!("`{name}` in tests/hostile/sequences.rs")))
        .unwrap_or_default()
}
