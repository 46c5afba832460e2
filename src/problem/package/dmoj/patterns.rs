//! Test cases by the names of files in an archive: a pattern says which are inputs and which outputs, and
//! its groups `batch` and `case` say whose. Matching takes linear time, whatever the pattern.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};

/// What DMOJ takes where nothing is said, without the beginning that says `in` or `out`.
const DEFAULT: &str = r"^.*?(?:(?:^|\W)(?P<batch>\d+)[^\d\s]+)?(?P<case>\d+)[^\d\s]*$";
/// Largest compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A test case by the names of its files.
#[derive(Debug, PartialEq)]
pub(super) struct Found<'a> {
    pub name: String,
    /// The batch that it is in.
    pub batch: Option<String>,
    pub input: Option<&'a str>,
    pub output: Option<&'a str>,
}

/// A batch or the number of a case: words come before numbers, as DMOJ has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Word(String),
    Number(u64),
}

type Files<'a> = [Option<&'a str>; 2];

/// The test cases among these names, in order.
pub(super) fn matched<'a>(
    names: impl Iterator<Item = &'a str>,
    (input, output): (Option<&str>, Option<&str>),
) -> Result<Vec<Found<'a>>, String> {
    let patterns = [Pattern::new(input, "in")?, Pattern::new(output, "out")?];
    // A case without a batch is a batch of its own.
    let mut found: BTreeMap<Key, BTreeMap<(bool, Key), Files<'_>>> = BTreeMap::new();
    for name in names {
        for (index, pattern) in patterns.iter().enumerate() {
            let Some((batch, case)) = pattern.keys(name)? else {
                continue;
            };
            let of = batch.clone().unwrap_or_else(|| case.clone());
            let files = found.entry(of).or_default();
            files.entry((batch.is_some(), case)).or_default()[index] = Some(name);
        }
    }
    let mut cases = Vec::new();
    for (batch, in_batch) in found {
        for ((is_batched, case), [input, output]) in in_batch {
            cases.push(Found {
                name: match is_batched {
                    true => format!("{batch}-{case}"),
                    false => case.to_string(),
                },
                batch: is_batched.then(|| batch.to_string()),
                input,
                output,
            });
        }
    }
    Ok(cases)
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Word(word) => f.write_str(word),
            Key::Number(number) => number.fmt(f),
        }
    }
}

struct Pattern {
    regex: Regex,
    /// What the name must begin with, or have after a dot.
    kind: Option<&'static str>,
}

impl Pattern {
    fn new(text: Option<&str>, kind: &'static str) -> Result<Pattern, String> {
        let regex = RegexBuilder::new(text.unwrap_or(DEFAULT))
            .unicode(false)
            .case_insensitive(true)
            .size_limit(MAX_PATTERN_BYTES)
            .build();
        Ok(Pattern {
            regex: regex.map_err(|error| {
                format!("{kind}put_format is no pattern that is understood here: {error}")
            })?,
            kind: text.is_none().then_some(kind),
        })
    }

    /// Batch and case of a name; `None` where it does not match.
    fn keys(&self, name: &str) -> Result<Option<(Option<Key>, Key)>, String> {
        if let Some(kind) = self.kind {
            let name = name.to_ascii_lowercase();
            if !name.starts_with(kind) && !name.contains(&format!(".{kind}")) {
                return Ok(None);
            }
        }
        let Some(groups) = self.regex.captures(name.as_bytes()) else {
            return Ok(None);
        };
        // Python matches at the beginning only.
        if groups.get(0).is_none_or(|whole| whole.start() > 0) {
            return Ok(None);
        }
        let key = |group| groups.name(group).map(|found| Key::of(found.as_bytes()));
        let case = key("case").ok_or("a pattern of test cases must have a group named case")?;
        Ok(Some((key("batch"), case)))
    }
}

impl Key {
    fn of(text: &[u8]) -> Key {
        let text = String::from_utf8_lossy(text);
        match text.parse() {
            Ok(number) => Key::Number(number),
            Err(_) => Key::Word(text.into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str], formats: (Option<&str>, Option<&str>)) -> Vec<String> {
        let found = matched(all.iter().copied(), formats).unwrap();
        let shown = |found: Found<'_>| {
            let [input, output] = [found.input, found.output].map(Option::unwrap_or_default);
            format!("{}: {input} {output}", found.name)
        };
        found.into_iter().map(shown).collect()
    }

    #[test]
    fn usual_names_need_no_patterns() {
        let all = ["p.10.in", "p.2.in", "p.2.out", "p.10.out", "readme.txt"];
        assert_eq!(
            names(&all, (None, None)),
            ["2: p.2.in p.2.out", "10: p.10.in p.10.out"]
        );
        let batched = [
            "2.1.in", "2.1.out", "1.2.in", "1.2.out", "1.1.in", "1.1.out",
        ];
        assert_eq!(
            names(&batched, (None, None)),
            [
                "1-1: 1.1.in 1.1.out",
                "1-2: 1.2.in 1.2.out",
                "2-1: 2.1.in 2.1.out"
            ]
        );
    }

    #[test]
    fn patterns_may_have_words_for_batches() {
        let formats = |kind| format!(r"((?P<batch>\w+)\.)?(?P<case>\d+)\.{kind}");
        let (input, output) = (formats("in"), formats("out"));
        let all = ["b.1.in", "b.1.out", "3.in", "3.out", "a.1.in", "a.1.out"];
        assert_eq!(
            names(&all, (Some(&input), Some(&output))),
            [
                "a-1: a.1.in a.1.out",
                "b-1: b.1.in b.1.out",
                "3: 3.in 3.out"
            ]
        );
    }

    #[test]
    fn patterns_that_cannot_be_used_are_refused() {
        for pattern in ["(?=x)", "(", r"(\w{999}){999}", r"(\d+)\.in"] {
            let refused = matched(["1.in"].into_iter(), (Some(pattern), None));
            assert!(refused.is_err(), "{pattern}");
        }
    }
}
