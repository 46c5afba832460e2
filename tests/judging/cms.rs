//! Tasks of CMS, judged as a worker does.

use gavel::judge::verdict::{Judgement, Verdict};

use crate::packages::Bench;
use crate::support::file;

fn judged(bench: &mut Bench, files: &[(&str, &str)]) -> Judgement {
    let files: Vec<_> = files.iter().map(|(name, text)| file(name, text)).collect();
    let judged = bench.judged_files("answers", &files);
    judged.expect("a judgement")
}

#[test]
fn outputs_are_judged_by_the_checker_of_the_task() {
    let mut bench = Bench::of("outputs");
    // The first one is in both subtasks, whose outcomes are multiplied.
    for (files, verdict, score) in [
        (
            &[
                ("output_000.txt", "abab"),
                ("output_001.txt", "abababab"),
                ("output_002.txt", "abababababab"),
            ][..],
            Verdict::Accepted,
            100.0,
        ),
        (
            &[
                ("output_000.txt", "ab"),
                ("output_001.txt", "abab"),
                ("output_002.txt", "abababababab"),
            ],
            Verdict::Accepted,
            40.0 / 4.0 + 60.0 / 2.0,
        ),
        // What is missing is worth nothing.
        (
            &[
                ("output_000.txt", "abab"),
                ("output_002.txt", "abababababab"),
            ],
            Verdict::WrongAnswer,
            60.0,
        ),
        (
            &[("output_000.txt", "aaab"), ("output_001.txt", "abababab")],
            Verdict::WrongAnswer,
            0.0,
        ),
        (&[("output_003.txt", "ab")], Verdict::CompileError, 0.0),
    ] {
        let judged = judged(&mut bench, files);
        assert_eq!(judged.verdict, verdict, "{files:?}: {}", judged.reason);
        assert_eq!(judged.score, Some(score), "{files:?}: {}", judged.reason);
    }
    let missing = judged(&mut bench, &[("output_001.txt", "abababab")]);
    assert_eq!(missing.cases[0].reason, "there is no answer to it");
    // Nothing of the subtasks can change any more.
    assert_eq!(missing.cases[1].verdict, Verdict::Skipped);
}
