//! Limits of a package, and where its time limit comes from.

use super::report::Findings;
use super::settings::{FILE, Format, Settings};
use super::tree::Tree;
use super::yaml::Pair;

/// DOMjudge's file, which packages for it have beside or instead of `problem.yaml`.
pub(super) const DOMJUDGE_FILE: &str = "domjudge-problem.ini";
/// Kattis' file with a time limit.
const TIME_LIMIT_FILE: &str = ".timelimit";

const MIB: f64 = 1048576.0;
const KIB: f64 = 1024.0;
const MS: f64 = 1000.0;

/// Largest number that a limit may have, in its own unit.
const MAX_NUMBER: f64 = 1e6;

/// Answers of a submission together, where the package says nothing.
pub(super) const ANSWERS_BYTES: u64 = 64 << 20;

/// Most passes.
const MAX_PASSES: u32 = 1000;

/// What of all that a submission writes counts towards the limit of its output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counted {
    /// Standard output.
    #[default]
    StandardOutput,
    /// Standard output, standard error, and the files that it makes or changes.
    Everything,
}

/// Limits but for the time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageLimits {
    /// Memory of a submission, in bytes.
    pub memory_bytes: u64,
    /// Whether the package says so; else it may be less.
    pub is_memory_given: bool,
    /// Output of a submission, in bytes.
    pub output_bytes: u64,
    /// What counts as such.
    pub counted: Counted,
    /// Source files of a submission together, in bytes.
    pub code_bytes: u64,
    /// What compilers of submissions get at least.
    pub compilation: CompilationLimits,
    /// CPU time of a validator for one test case, in milliseconds.
    pub validation_ms: u64,
    /// Memory of a validator, in bytes.
    pub validation_memory_bytes: u64,
    /// What a validator may write, in bytes.
    pub validation_output_bytes: u64,
    /// Passes of a multi-pass problem.
    pub validation_passes: u32,
}

/// What a package promises to compilers; `None` for what their languages say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompilationLimits {
    /// CPU time, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
}

impl Default for PackageLimits {
    fn default() -> Self {
        PackageLimits {
            memory_bytes: 2048 << 20,
            is_memory_given: false,
            output_bytes: 8 << 20,
            counted: Counted::StandardOutput,
            // The format's usual 128 KiB are too few for tables that DOMjudge's packages bring.
            code_bytes: 256 << 10,
            compilation: CompilationLimits::default(),
            validation_ms: 60_000,
            validation_memory_bytes: 2048 << 20,
            validation_output_bytes: 8 << 20,
            validation_passes: 2,
        }
    }
}

/// How the time limit follows from the jury's submissions, or what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeRule {
    /// The limit, where the package gives one, in milliseconds.
    pub limit_ms: Option<u64>,
    /// Limits that are calculated are multiples of this, in milliseconds.
    pub resolution_ms: u64,
    /// From the slowest accepted submission to the limit.
    pub accepted_to_limit: f64,
    /// From the limit to the fastest submission that must be too slow.
    pub limit_to_too_slow: f64,
}

impl Counted {
    /// What the format counts.
    pub(super) fn of(format: Format) -> Counted {
        match format {
            Format::V2025 => Counted::Everything,
            _ => Counted::StandardOutput,
        }
    }
}

impl TimeRule {
    /// What the format takes where a package says nothing.
    pub(super) fn of(format: Format) -> TimeRule {
        let (accepted_to_limit, limit_to_too_slow) = match format {
            Format::Legacy => (5.0, 2.0),
            _ => (2.0, 1.5),
        };
        TimeRule {
            limit_ms: None,
            resolution_ms: 1000,
            accepted_to_limit,
            limit_to_too_slow,
        }
    }

    /// The smallest limit that gives the slowest accepted run its margin, in milliseconds.
    pub fn limit_for(&self, slowest_accepted_ms: f64) -> u64 {
        let steps =
            (slowest_accepted_ms * self.accepted_to_limit / self.resolution_ms as f64).ceil();
        // A float becomes the nearest integer, never a wrapped one.
        (steps.max(1.0) as u64).saturating_mul(self.resolution_ms)
    }

    /// What a submission that must be too slow needs at least, in milliseconds.
    pub fn too_slow_ms(&self, limit_ms: u64) -> u64 {
        (limit_ms as f64 * self.limit_to_too_slow).ceil() as u64
    }
}

/// Reads `limits` of `problem.yaml`.
pub(super) fn read(
    limits: &Pair,
    format: Format,
    settings: &mut Settings,
    findings: &mut Findings,
) {
    let Some(pairs) = limits.value.pairs() else {
        let is_empty = limits.value.words().is_some_and(|words| words.is_empty());
        if !is_empty {
            findings.error(FILE, Some(limits.line), "limits must be a map");
        }
        return;
    };
    for pair in pairs {
        if pair.key == "time_multipliers" {
            multipliers(pair, &mut settings.time, findings);
        } else if !take(pair, settings, findings) {
            let message = format!("the limit {:?} is unknown and ignored", pair.key);
            findings.warning(FILE, Some(pair.line), message);
        }
    }
    let is_new = matches!(format, Format::Draft2023 | Format::V2025);
    let old = pairs
        .iter()
        .find(|pair| matches!(pair.key.as_str(), "time_multiplier" | "time_safety_margin"));
    if let Some(old) = old.filter(|_| is_new) {
        let message = "in this format time_multipliers takes the place of this limit";
        findings.warning(FILE, Some(old.line), message);
    }
}

/// Takes over one limit; whether it is known.
fn take(pair: &Pair, settings: &mut Settings, findings: &mut Findings) -> bool {
    let (limits, time) = (&mut settings.limits, &mut settings.time);
    let (place, unit): (&mut u64, f64) = match pair.key.as_str() {
        "memory" => {
            limits.is_memory_given = true;
            (&mut limits.memory_bytes, MIB)
        }
        "output" => (&mut limits.output_bytes, MIB),
        "code" => (&mut limits.code_bytes, KIB),
        "validation_time" => (&mut limits.validation_ms, MS),
        "validation_memory" => (&mut limits.validation_memory_bytes, MIB),
        "validation_output" => (&mut limits.validation_output_bytes, MIB),
        "time_resolution" => (&mut time.resolution_ms, MS),
        "time_limit" => (time.limit_ms.get_or_insert(0), MS),
        "time_multiplier" => {
            factor(pair, &mut time.accepted_to_limit, findings);
            return true;
        }
        "time_safety_margin" => {
            factor(pair, &mut time.limit_to_too_slow, findings);
            return true;
        }
        "compilation_time" => (limits.compilation.cpu_ms.get_or_insert(0), MS),
        "compilation_memory" => (limits.compilation.memory_bytes.get_or_insert(0), MIB),
        "validation_passes" => {
            passes(pair, &mut limits.validation_passes, findings);
            return true;
        }
        _ => return false,
    };
    match number(pair, findings) {
        // Within the bounds of a number, so the nearest integer is exact.
        Some(number) => *place = ((number * unit).round() as u64).max(1),
        None => return true,
    }
    true
}

fn multipliers(multipliers: &Pair, time: &mut TimeRule, findings: &mut Findings) {
    for pair in multipliers.value.pairs().unwrap_or_default() {
        match pair.key.as_str() {
            "ac_to_time_limit" => factor(pair, &mut time.accepted_to_limit, findings),
            "time_limit_to_tle" => factor(pair, &mut time.limit_to_too_slow, findings),
            key => {
                let message = format!("the multiplier {key:?} is unknown and ignored");
                findings.warning(FILE, Some(pair.line), message);
            }
        }
    }
}

/// A factor of at least 1.
fn factor(pair: &Pair, place: &mut f64, findings: &mut Findings) {
    match number(pair, findings) {
        Some(number) if number >= 1.0 => *place = number,
        Some(_) => {
            let message = format!("{} must be at least 1", pair.key);
            findings.error(FILE, Some(pair.line), message);
        }
        None => {}
    }
}

/// The format wants a limit that is a multiple of the resolution; without one, it would be.
pub(super) fn warn_of_odd_limit(settings: &Settings, findings: &mut Findings) {
    let TimeRule {
        limit_ms,
        resolution_ms,
        ..
    } = settings.time;
    let is_odd = limit_ms.is_some_and(|ms| ms % resolution_ms != 0);
    if is_odd && settings.format == Format::V2025 {
        let message = format!(
            "time_limit is no multiple of time_resolution, which is {} seconds: change one of them",
            resolution_ms as f64 / MS
        );
        findings.warning(FILE, None, message);
    }
}

/// Where submissions are answers, nothing runs: a time limit plays no part, and need not be found. Without
/// a limit of the package, all files of a submission may have as much together as answers are likely to.
pub(super) fn of_answers(pairs: &[Pair], settings: &mut Settings) {
    let time = &mut settings.time;
    time.limit_ms.get_or_insert(time.resolution_ms);
    let limits = pairs.iter().find(|pair| pair.key == "limits");
    let limits = limits.and_then(|limits| limits.value.pairs());
    if !limits
        .unwrap_or_default()
        .iter()
        .any(|limit| limit.key == "code")
    {
        settings.limits.code_bytes = ANSWERS_BYTES;
    }
}

fn passes(pair: &Pair, place: &mut u32, findings: &mut Findings) {
    let number = pair.value.text().and_then(|text| text.trim().parse().ok());
    match number {
        Some(number @ 2..=MAX_PASSES) => *place = number,
        _ => {
            let message = format!("{} must be a whole number from 2 to {MAX_PASSES}", pair.key);
            findings.error(FILE, Some(pair.line), message);
        }
    }
}

fn number(pair: &Pair, findings: &mut Findings) -> Option<f64> {
    let number = pair.value.text().and_then(positive);
    if number.is_none() {
        let message = format!(
            "{} must be a number above 0 and up to {MAX_NUMBER}",
            pair.key
        );
        findings.error(FILE, Some(pair.line), message);
    }
    number
}

fn positive(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number > 0.0 && number <= MAX_NUMBER).then_some(number)
}

/// A time limit that stands in a file of its own, where `problem.yaml` gives none.
pub(super) fn read_time_limit(tree: &Tree, settings: &mut Settings, findings: &mut Findings) {
    let domjudge = tree.text(DOMJUDGE_FILE).and_then(|text| {
        let mut lines = text.lines().enumerate();
        lines.find_map(|(index, line)| {
            let (key, value) = line.split_once('=')?;
            let value = value.trim().trim_matches(['\'', '"']).to_owned();
            (key.trim() == "timelimit").then_some((DOMJUDGE_FILE, index + 1, value))
        })
    });
    let kattis = || Some((TIME_LIMIT_FILE, 1, tree.text(TIME_LIMIT_FILE)?));
    let Some((path, line, text)) = domjudge.or_else(kattis) else {
        return;
    };
    match positive(&text) {
        Some(seconds) => {
            let limit_ms = ((seconds * MS).round() as u64).max(1);
            settings.time.limit_ms.get_or_insert(limit_ms);
        }
        None => {
            let message = format!("the time limit must be a number of seconds up to {MAX_NUMBER}");
            findings.error(path, Some(line), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings;
    use super::super::tree::tests::tree;
    use super::*;

    fn read_files(files: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let mut findings = Findings::default();
        let settings = settings::read(&tree(files), &mut findings);
        let shown = findings.iter().map(ToString::to_string).collect();
        (settings, shown)
    }

    #[test]
    fn limits_have_their_units() {
        let text = "limits:\n  memory: 512\n  output: 1\n  code: 2\n  validation_time: 0.5\n  \
                    time_multiplier: 3\n  time_limit: 1.5\n";
        let (settings, found) = read_files(&[(FILE, text)]);
        assert_eq!(found, Vec::<String>::new());
        let limits = settings.limits;
        assert_eq!(limits.memory_bytes, 512 << 20);
        assert_eq!((limits.output_bytes, limits.code_bytes), (1 << 20, 2048));
        assert_eq!(limits.validation_ms, 500);
        assert_eq!(settings.time.accepted_to_limit, 3.0);
        assert_eq!(settings.time.limit_to_too_slow, 2.0);
        assert_eq!(settings.time.limit_ms, Some(1500));
    }

    #[test]
    fn limits_that_cannot_be_honoured_are_refused() {
        for (text, words) in [
            (
                "limits:\n  memory: 0\n",
                "problem.yaml:2: memory must be a number",
            ),
            ("limits:\n  memory: -1\n", "memory must be"),
            ("limits:\n  output: many\n", "output must be"),
            ("limits:\n  time_limit: nan\n", "time_limit must be"),
            ("limits:\n  time_limit: 1e7\n", "time_limit must be"),
            ("limits:\n  time_multiplier: 0.5\n", "at least 1"),
            ("limits: 3\n", "must be a map"),
        ] {
            let (_, found) = read_files(&[(FILE, text)]);
            assert!(found[0].starts_with("error"), "{found:?}");
            assert!(found[0].contains(words), "{found:?}");
        }
    }

    #[test]
    fn a_package_may_promise_something_to_compilers() {
        let read = |text: &str| read_files(&[(FILE, text)]);
        let (settings, found) = read("limits: {compilation_time: 90, compilation_memory: 3000}\n");
        assert_eq!(found, Vec::<String>::new());
        let CompilationLimits {
            cpu_ms,
            memory_bytes,
        } = settings.limits.compilation;
        assert_eq!((cpu_ms, memory_bytes), (Some(90_000), Some(3000 << 20)));
        let (settings, _) = read("name: A\n");
        assert_eq!(settings.limits.compilation, CompilationLimits::default());
    }

    #[test]
    fn a_time_limit_that_is_no_multiple_of_the_resolution_is_told_in_2025_09() {
        let found = |limits: &str| {
            let text = format!("problem_format_version: 2025-09\nlimits: {{{limits}}}\n");
            read_files(&[(FILE, &text)]).1
        };
        assert_eq!(found("time_limit: 3"), Vec::<String>::new());
        assert_eq!(
            found("time_limit: 1.5, time_resolution: 0.5"),
            Vec::<String>::new()
        );
        assert!(found("time_limit: 1.5")[0].contains("multiple of time_resolution"));
    }

    #[test]
    fn a_time_limit_may_stand_in_a_file_of_its_own() {
        let limit = |files: &[(&str, &str)]| read_files(files).0.time.limit_ms;
        assert_eq!(limit(&[(".timelimit", "5\n")]), Some(5000));
        let ini = (DOMJUDGE_FILE, "color=red\ntimelimit = '2.5'\n");
        assert_eq!(limit(&[ini, (".timelimit", "5")]), Some(2500));
        let yaml = (FILE, "limits: {time_limit: 1}\n");
        assert_eq!(limit(&[yaml, ini]), Some(1000));
        assert_eq!(limit(&[]), None);
        let (_, found) = read_files(&[(DOMJUDGE_FILE, "\ntimelimit=soon\n")]);
        assert!(
            found[0].starts_with("error: domjudge-problem.ini:2:"),
            "{found:?}"
        );
    }

    #[test]
    fn a_calculated_limit_is_the_next_step_above_the_margin() {
        let rule = TimeRule::of(Format::Legacy);
        assert_eq!(rule.limit_for(0.0), 1000);
        assert_eq!(rule.limit_for(200.0), 1000);
        assert_eq!(rule.limit_for(200.1), 2000);
        assert_eq!(rule.too_slow_ms(2000), 4000);
        assert_eq!(TimeRule::of(Format::V2025).limit_for(600.0), 2000);
    }
}
