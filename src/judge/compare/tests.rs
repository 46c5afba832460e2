//! Properties that all comparisons have, tried with many odd texts.

use super::*;
use crate::fuzz::{Random, rounds};
use crate::problem::LineSpace;

const CHECKERS: [Checker; 10] = [
    Checker::Exact,
    Checker::Tokens {
        case_sensitive: true,
    },
    Checker::Tokens {
        case_sensitive: false,
    },
    Checker::Float {
        absolute: 1e-6,
        relative: 1e-6,
    },
    Checker::Default {
        case_sensitive: false,
        space_change_sensitive: true,
        absolute: Some(1e-6),
        relative: None,
    },
    lines(LineSpace::Exact, false),
    lines(LineSpace::Trailing, true),
    lines(LineSpace::Free, true),
    Checker::UnorderedTokens {
        case_sensitive: false,
    },
    Checker::UnorderedLines,
];

const fn lines(space: LineSpace, skip_blank: bool) -> Checker {
    Checker::Lines {
        space,
        skip_blank,
        absolute: None,
        relative: None,
    }
}

/// Any bytes, or only those of which numbers and lines are made.
fn text(random: &mut Random) -> Vec<u8> {
    const NUMBERS: &[u8] = b"0123456789+-.eE \n\t\r";
    if random.below(2) == 0 {
        return random.bytes(60);
    }
    let length = random.below(60);
    (0..length).map(|_| *random.of_all(NUMBERS)).collect()
}

/// Another text, or one that differs in a few places.
fn another(random: &mut Random, first: &[u8]) -> Vec<u8> {
    match random.below(2) {
        0 => text(random),
        _ => random.change(
            first,
            &["nan", "inf", "1e999", "-0", "0x1p3", "\r\n", "\u{feff}"],
        ),
    }
}

#[test]
fn no_bytes_make_a_comparison_panic_and_equal_ones_are_the_same() {
    for seed in 0..rounds(20_000) {
        let mut random = Random::of(seed);
        let output = text(&mut random);
        let answer = another(&mut random, &output);
        for checker in &CHECKERS {
            let same = compare(checker, &output, &output);
            assert_eq!(same, Comparison::Same, "seed {seed}: {checker:?}");
            let found = compare(checker, &output, &answer);
            if let Comparison::Different { message, .. } = found {
                assert!(!message.contains(['\n', '\r', '\x1b']), "{message:?}");
                assert!(message.len() < 600, "{message}");
            }
        }
    }
}

/// What a checker says, worked out slowly from its description.
fn model(checker: &Checker, output: &[u8], answer: &[u8]) -> Option<bool> {
    let is_space = |byte: &u8| b" \t\n\x0b\x0c\r".contains(byte);
    let tokens = |text: &[u8]| -> Vec<Vec<u8>> {
        let parts = text.split(is_space).filter(|part| !part.is_empty());
        parts.map(<[u8]>::to_vec).collect()
    };
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        lines.iter_mut().for_each(|line| {
            if line.ends_with(b"\r") {
                line.pop();
            }
        });
        while lines.last().is_some_and(|line| tokens(line).is_empty()) {
            lines.pop();
        }
        lines
    };
    let sorted = |mut parts: Vec<Vec<Vec<u8>>>| {
        parts.sort();
        parts
    };
    Some(match checker {
        Checker::Lines {
            space, skip_blank, ..
        } => {
            let kept = |text| {
                let mut lines = lines(text);
                lines.retain(|line| !skip_blank || !tokens(line).is_empty());
                lines.into_iter().map(|mut line| match space {
                    LineSpace::Exact => vec![line],
                    LineSpace::Trailing => {
                        while line.last().is_some_and(is_space) {
                            line.pop();
                        }
                        vec![line]
                    }
                    LineSpace::Free => tokens(&line),
                })
            };
            kept(output).eq(kept(answer))
        }
        Checker::UnorderedTokens { .. } => {
            let all = |text: &[u8]| sorted(vec![tokens(&text.to_ascii_lowercase())]);
            let one = |text| all(text).concat();
            let (mut a, mut b) = (one(output), one(answer));
            a.sort();
            b.sort();
            a == b
        }
        Checker::UnorderedLines => {
            let filled = |text: &[u8]| {
                let lines = lines(text).into_iter().map(|line| tokens(&line));
                sorted(lines.filter(|line| !line.is_empty()).collect())
            };
            filled(output) == filled(answer)
        }
        _ => return None,
    })
}

#[test]
fn comparisons_by_lines_and_in_any_order_agree_with_a_slow_model() {
    let mut agreements = [0; 2];
    for seed in 0..rounds(40_000) {
        let mut random = Random::of(seed);
        let mut short = || {
            let length = random.below(7);
            let byte = |_| *random.of_all(b"aAb \n\r");
            (0..length).map(byte).collect::<Vec<u8>>()
        };
        let (output, answer) = (short(), short());
        for checker in &CHECKERS {
            if let Some(expected) = model(checker, &output, &answer) {
                let is_same = compare(checker, &output, &answer) == Comparison::Same;
                assert_eq!(is_same, expected, "{checker:?} {output:?} {answer:?}");
                agreements[usize::from(is_same)] += 1;
            }
        }
    }
    assert!(
        agreements.iter().all(|&count| count > 5000),
        "{agreements:?}"
    );
}

#[test]
fn a_quotation_is_short_and_printable() {
    assert_eq!(quote(b"42"), "\"42\"");
    assert_eq!(quote(b"a\x1b[31m\"\0"), "\"a\\u{1b}[31m\\\"\\0\"");
    assert_eq!(quote(b"\xff\xfe"), "\"\\xff\\xfe\"");
    assert_eq!(quote("größer".as_bytes()), "\"größer\"");
    let long = quote("ä".repeat(100).as_bytes());
    assert_eq!(long, format!("\"{}…\"", "ä".repeat(20)));
    let odd = quote(format!("a{}", "ä".repeat(100)).as_bytes());
    assert_eq!(odd, format!("\"a{}…\"", "ä".repeat(19)));
}

#[test]
fn lines_count_from_one() {
    assert_eq!(line_at(b"a\nb\nc", 0), 1);
    assert_eq!(line_at(b"a\nb\nc", 4), 3);
    assert_eq!(line_at(b"", 9), 1);
}
