//! Hostile bytes for the validators of a package: inputs and outputs that no problem takes for right, and outputs at
//! which careless validators fail. Whoever makes a validator fail by what he prints stops a whole problem.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Work;
use super::answers::Opinions;
use super::inputs::Validators;
use crate::judge::package::{CompiledPackage, Opinion, PackageError};
use crate::problem::package::{Package, TestCase};

/// On so many cases each is tried: few validators know one from another by these.
const CASES: usize = 2;

/// A validator that fails after so long hangs, and may do so on many outputs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that are neither an input nor an output.
fn junk() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("an empty file", Vec::new()),
        ("random bytes", random_bytes()),
        ("all printable characters", (b' '..=b'~').collect()),
        (
            "random words",
            b"YVRtr&*teT sRjs8ZC2%kN*T 63V@jJq!d\n".to_vec(),
        ),
    ]
}

/// Always the same ones: the same package has the same notes.
fn random_bytes() -> Vec<u8> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(Some(42_u32), next);
    states.map(|state| (state >> 24) as u8).take(1024).collect()
}

/// Outputs that may be right, and make careless validators fail.
fn traps() -> Vec<(&'static str, Vec<u8>)> {
    let texts: [(&str, &[u8]); 19] = [
        ("0", b"0"),
        ("1", b"1"),
        ("-1", b"-1"),
        ("2147483648", b"2147483648"),
        ("9223372036854775808", b"9223372036854775808"),
        ("1.0", b"1.0"),
        ("1e400", b"1e400"),
        ("NaN", b"NaN"),
        ("inf", b"inf"),
        ("1/0", b"1/0"),
        ("1-", b"1-"),
        ("a", b"a"),
        ("(()", b"(()"),
        ("2\\n1", b"2\n1"),
        ("2\\n-1 1", b"2\n-1 1"),
        ("1\\na", b"1\na"),
        ("1\\r\\n2\\r\\n", b"1\r\n2\r\n"),
        ("\\0", b"\0"),
        ("\\x80", b"\x80"),
    ];
    let texts = texts.map(|(name, bytes)| (name, bytes.to_vec()));
    let long = ("a number of 5000 digits", vec![b'9'; 5000]);
    texts.into_iter().chain([long]).collect()
}

/// A way to spoil an input; it makes nothing where there is nothing to spoil.
type Spoiler = (&'static str, fn(&[u8]) -> Option<Vec<u8>>);

const SPOILERS: [Spoiler; 9] = [
    ("without its last line end", |input| {
        input.strip_suffix(b"\n").map(<[u8]>::to_vec)
    }),
    ("with an empty line at its end", |input| {
        Some([input, b"\n"].concat())
    }),
    ("with another line at its end", |input| {
        Some([input, b"42 hello\n"].concat())
    }),
    ("cut in the middle", |input| {
        let half = &input[..input.len() / 2];
        let half = half.strip_suffix(b"\n").unwrap_or(half);
        (!half.is_empty()).then(|| half.to_vec())
    }),
    ("with spaces at the ends of its lines", |input| {
        replaced(input, b'\n', b" \n")
    }),
    ("with the line ends of Windows", |input| {
        replaced(input, b'\n', b"\r\n")
    }),
    ("with more space between words", |input| {
        replaced(input, b' ', b"  ")
    }),
    ("with zeros before a number", |input| {
        with_number(input, |number| [b"000", number].concat())
    }),
    ("with a number of 30 digits", |input| {
        with_number(input, |_| vec![b'9'; 30])
    }),
];

fn replaced(input: &[u8], old: u8, new: &[u8]) -> Option<Vec<u8>> {
    input.contains(&old).then(|| {
        let pieces: Vec<&[u8]> = input.split(|&byte| byte == old).collect();
        pieces.join(new)
    })
}

/// The input with something else in the place of its first whole number.
fn with_number(input: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let is_number = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let mut words = input.split(u8::is_ascii_whitespace);
    let number = words.find(is_number)?;
    let start = number.as_ptr() as usize - input.as_ptr() as usize;
    let (before, after) = (&input[..start], &input[start + number.len()..]);
    Some([before, &change(number), after].concat())
}

/// Says which hostile inputs every input validator takes, each kind of them once.
pub(super) fn inputs(
    work: &Work<'_, '_>,
    package: &Package,
    validators: &Validators<'_>,
) -> Result<Option<String>, PackageError> {
    if validators.is_empty() {
        return Ok(None);
    }
    let spoiled = spoiled_inputs(package);
    let are_taken = work.crew.each(spoiled.len(), |slot, index| {
        (work.progress)("spoiling inputs", index + 1, spoiled.len());
        validators.all_accept(slot, &spoiled[index].case, work.cancel)
    })?;
    let mut taken: Vec<&Spoiled> = spoiled
        .iter()
        .zip(are_taken)
        .filter_map(|(spoiled, is_taken)| is_taken.then_some(spoiled))
        .collect();
    taken.dedup_by_key(|spoiled| spoiled.what);
    let told: Vec<String> = taken.iter().map(|spoiled| spoiled.to_string()).collect();
    let is_any = !told.is_empty();
    Ok(is_any.then(|| format!("no input validator rejects {}", told.join("; "))))
}

/// A case with a spoiled input.
struct Spoiled {
    /// How it is spoiled, or what it has in its place.
    what: &'static str,
    is_whole: bool,
    case: TestCase,
}

impl fmt::Display for Spoiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_whole {
            true => f.write_str(self.what),
            false => write!(f, "{} {}", self.case.name, self.what),
        }
    }
}

fn spoiled_inputs(package: &Package) -> Vec<Spoiled> {
    let cases = || package.cases.iter().filter(|case| case.has_data());
    let valid: HashSet<&[u8]> = cases().map(|case| &case.input[..]).collect();
    let spoiled = |case: &TestCase, what, is_whole, input: Vec<u8>| Spoiled {
        what,
        is_whole,
        case: TestCase {
            input: input.into(),
            ..case.clone()
        },
    };
    let mut all = Vec::new();
    if let Some(first) = cases().next() {
        let junk = junk().into_iter();
        all.extend(junk.map(|(what, input)| spoiled(first, what, true, input)));
    }
    for (what, spoil) in SPOILERS {
        let of_case = |case: &TestCase| Some(spoiled(case, what, false, spoil(&case.input)?));
        all.extend(cases().filter_map(of_case).take(CASES));
    }
    all.retain(|spoiled| !valid.contains(&spoiled.case.input[..]));
    all
}

/// Gives hostile outputs to the package's own validators, and says at which they fail and which they take for right.
/// Where they hang, no more are tried.
pub(super) fn outputs(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
    of: &Opinions<'_>,
) -> Result<Vec<String>, PackageError> {
    if !problem.has_output_validators() {
        return Ok(Vec::new());
    }
    let cases = &problem.package().cases;
    let with_data = |index: &usize| cases[*index].has_data();
    let places: Vec<usize> = (0..cases.len()).filter(with_data).take(CASES).collect();
    let (junk, traps) = (junk(), traps());
    let all: Vec<_> = junk.iter().chain(&traps).collect();
    let count = places.len() * all.len();
    let has_hung = AtomicBool::new(false);
    let opinions = work.crew.each(count, |slot, task| {
        (work.progress)("spoiling outputs", task + 1, count);
        if has_hung.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (output, index) = (&all[task / places.len()].1, places[task % places.len()]);
        let start = Instant::now();
        let opinion = of.opinion(slot, (index, output), work.cancel)?;
        if matches!(opinion, Some(Opinion::Failed(_))) && start.elapsed() > PATIENCE {
            has_hung.store(true, Ordering::Relaxed);
        }
        Ok::<_, PackageError>(opinion)
    })?;
    let mut failures: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut notes = Vec::new();
    for (of_output, (what, output)) in opinions.chunks(places.len().max(1)).zip(&all) {
        if let Some(how) = of_output.iter().flatten().find_map(failure) {
            failures.entry(how).or_default().push(what);
            continue;
        }
        // The answer may be empty, and then so may the output.
        let is_fair =
            |index: &usize| !output.is_empty() || !cases[*index].answer.trim_ascii().is_empty();
        let is_taken = |opinion: &Option<Opinion>| *opinion == Some(Opinion::Accepted);
        let is_junk = junk.iter().any(|(known, _)| known == what);
        if is_junk && places.iter().all(is_fair) && of_output.iter().all(is_taken) {
            notes.push(format!("{what} is accepted as an output"));
        }
    }
    let told = |(how, outputs): (&str, Vec<&str>)| {
        let outputs: Vec<String> = outputs.iter().map(|what| format!("{what:?}")).collect();
        format!("outputs such as {} make {how}", outputs.join(", "))
    };
    notes.extend(failures.into_iter().map(told));
    Ok(notes)
}

fn failure(opinion: &Opinion) -> Option<&str> {
    match opinion {
        Opinion::Failed(how) => Some(how),
        Opinion::Accepted | Opinion::Rejected(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_spoiled_where_there_is_something_to_spoil() {
        let of = |input: &str| -> Vec<Option<String>> {
            let spoiled = SPOILERS.iter().map(|(_, spoil)| spoil(input.as_bytes()));
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            spoiled.map(|spoiled| spoiled.map(text)).collect()
        };
        let nines = "9".repeat(30);
        let expected = [
            "a 7".to_owned(),
            "a 7\n\n".to_owned(),
            "a 7\n42 hello\n".to_owned(),
            "a ".to_owned(),
            "a 7 \n".to_owned(),
            "a 7\r\n".to_owned(),
            "a  7\n".to_owned(),
            "a 0007\n".to_owned(),
            format!("a {nines}\n"),
        ];
        assert_eq!(of("a 7\n"), expected.map(Some));
        let made = of("").iter().flatten().count();
        assert_eq!(made, 2, "only what is added can be added to nothing");
    }

    #[test]
    fn hostile_bytes_have_names_of_their_own_and_are_always_the_same() {
        let all: Vec<_> = junk().into_iter().chain(traps()).collect();
        let names: HashSet<&str> = all.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(random_bytes(), random_bytes());
        assert!(random_bytes().iter().any(|byte| !byte.is_ascii()));
    }
}
