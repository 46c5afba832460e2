//! `gavel stress`: looks for an input on which programs come to certain verdicts, and makes it small.

mod report;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use tokio_util::sync::CancellationToken;

use super::progress::Line;
use super::run::seconds;
use super::{judging, program};
use crate::config::Config;
use crate::judge::crew::Crew;
use crate::judge::{Cancel, Check, Executable, Judge, JudgeSlot, Languages, Validator};
use crate::problem::{Checker, Limits, Repeats, SourceFile};
use crate::stress::{Budget, Condition, Search, Stress, StressError};
use report::Names;

/// Arguments of `gavel stress`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel stress greedy.cpp --generator gen.py --reference brute.py
  gavel stress wa.cpp slow.cpp --generator gen.cpp --reference ok.cpp \\
      --find 'wa.cpp is WA and slow.cpp is TLE' --validator valid.py --sizes 1..100

In each round the generator writes an input, the reference answers it, and the candidates are judged by
that answer. The first input that meets the condition goes to a directory, together with all outputs.
With a validator it is made smaller before. The same command finds the same input. The exit code is 0
where nothing was found, and 1 where something was, or a program failed.")]
pub(super) struct Arguments {
    /// Programs that are judged, a source file each
    #[arg(required = true, value_name = "CANDIDATE")]
    candidates: Vec<PathBuf>,
    /// Program that writes an input to standard output
    #[arg(long, value_name = "FILE")]
    generator: PathBuf,
    /// Program whose output is the answer
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// Arguments of the generator: {seed} is the number of the round, {size} grows with it
    #[arg(long, value_name = "WORDS", default_value = "{seed} {size}")]
    arguments: String,
    /// Sizes of the first and of the last round
    #[arg(long, value_name = "A..B", default_value = "1..20", value_parser = sizes)]
    sizes: RangeInclusive<u64>,
    /// What the verdicts must be, with is, and, or, not and parentheses [default: any is wrong]
    #[arg(long, value_name = "CONDITION")]
    find: Option<String>,
    /// Program that says which inputs are valid, by exit code 42
    #[arg(long, value_name = "FILE")]
    validator: Option<PathBuf>,
    /// Program that judges outputs, as the output validator of a package
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    check: Option<PathBuf>,
    /// Arguments of the default output validator, e.g. 'float_tolerance 1e-6' [default: none]
    #[arg(long, value_name = "WORDS")]
    compare: Option<String>,
    /// Rounds
    #[arg(long, value_name = "N", default_value = "1000",
          value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Stop after this time at the latest
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    within: Option<std::num::NonZeroU64>,
    /// Number of the first round
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Limit of the CPU time of a candidate
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    time: std::num::NonZeroU64,
    /// Limit of the memory of a candidate
    #[arg(long, value_name = "MIB", default_value = "256",
          value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    memory: u64,
    /// How many smaller inputs are tried
    #[arg(long, value_name = "N", default_value = "2000")]
    shrink: usize,
    /// Directory for what was found
    #[arg(long, value_name = "DIR", default_value = "stress-found")]
    save: PathBuf,
    /// Run so many rounds at the same time [default: one for each CPU]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Limits of the programs that are not judged: what hangs must end, and nothing else.
const TOOL_LIMITS: Limits = Limits {
    cpu_ms: 20_000,
    wall_ms: 60_000,
    memory_bytes: 2 << 30,
    output_bytes: 64 << 20,
    processes: PROCESSES,
};
const PROCESSES: u32 = 64;
const OUTPUT_BYTES: u64 = 64 << 20;
const STDERR_BYTES: u64 = 4 << 10;

/// `A..B`, both included.
fn sizes(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once("..").ok_or("write it as 1..20")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    let (first, last) = (number(first)?, number(last)?);
    match first <= last {
        true => Ok(first..=last),
        false => Err("the first must not be larger than the last".to_owned()),
    }
}

/// Searches and prints what was found.
pub(super) async fn run(
    arguments: Arguments,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    judging::on_a_thread(stop, move |cancel| stress(&arguments, &config, cancel)).await
}

fn stress(arguments: &Arguments, config: &Config, cancel: &Cancel) -> anyhow::Result<()> {
    let names = Names::of(&arguments.candidates)?;
    let condition = match &arguments.find {
        Some(text) => Condition::parse(text, names.as_slice()).context("--find")?,
        None => Condition::any_is_wrong(names.as_slice().len()),
    };
    let programs = Programs::read(arguments, judging::languages(config)?)?;
    let judge = Judge::open(programs.languages(), &judging::sandbox(config)?)?;
    let mut slots = judging::slots(&judge, arguments.jobs)?;
    let compiler = slots.first_mut().context("there is no slot")?;
    let mut compile = |source: &Source| source.compile(compiler, cancel);
    let tool = |executable: Executable| executable.under(&TOOL_LIMITS, STDERR_BYTES);
    let candidates: Vec<Executable> = programs
        .candidates
        .iter()
        .map(&mut compile)
        .collect::<Result<_, _>>()?;
    let checkers: Vec<Validator> = programs
        .check
        .iter()
        .map(|source| {
            let executable = compile(source)?;
            Ok(Validator::new(source.name(), executable, TOOL_LIMITS))
        })
        .collect::<anyhow::Result<_>>()?;
    let checker = comparer(arguments.compare.as_deref().unwrap_or_default())?;
    let limits = arguments.limits();
    let stress = Stress {
        generator: tool(compile(&programs.generator)?),
        arguments: words(&arguments.arguments),
        sizes: arguments.sizes.clone(),
        validator: programs
            .validator
            .as_ref()
            .map(&mut compile)
            .transpose()?
            .map(tool),
        reference: tool(compile(&programs.reference)?),
        candidates: candidates
            .iter()
            .map(|executable| executable.under(&limits, STDERR_BYTES))
            .collect(),
        check: match &checkers[..] {
            [] => Check::Compare(&checker),
            validators => Check::Validate {
                validators,
                arguments: &[],
            },
        },
        condition,
    };
    let search = search(&stress, &Crew::of(&mut slots), arguments, cancel)?;
    report::write(&search, &names, arguments.json, &arguments.save)?;
    match search.found {
        None => Ok(()),
        Some(found) => bail!("found an input in round {}", found.seed),
    }
}

fn search(
    stress: &Stress<'_>,
    crew: &Crew<'_>,
    arguments: &Arguments,
    cancel: &Cancel,
) -> anyhow::Result<Search> {
    let line = Line::new("stress");
    let within = arguments.within.map(|ms| Duration::from_millis(ms.get()));
    let budget = Budget {
        first_seed: arguments.seed,
        rounds: arguments.runs,
        until: within.and_then(|within| Instant::now().checked_add(within)),
        max_shrink_tries: arguments.shrink,
    };
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let show = |what: &str, done: u64, all: u64| line.show(what, count(done), count(all));
    let search = stress.search(crew, &budget, &show, cancel);
    line.clear();
    search.map_err(|error| explained(error, &arguments.save))
}

/// A failure together with the input on which it happened, and the failed program's own words.
fn explained(error: StressError, directory: &Path) -> anyhow::Error {
    let (stderr, input) = match &error {
        StressError::Generator { stderr, .. } => (&stderr[..], None),
        StressError::Invalid { stderr, input, .. }
        | StressError::Reference { stderr, input, .. } => (&stderr[..], Some(input)),
        StressError::Judge(_) => return error.into(),
    };
    let place = match input.map(|input| report::save_input(directory, input)) {
        Some(Ok(path)) => format!("; the input is in {}", path.display()),
        Some(Err(failure)) => format!("; the input is lost: {failure:#}"),
        None => String::new(),
    };
    let said = report::shown(stderr);
    anyhow!("{error}{place}\n{}", said.trim_end())
}

impl Arguments {
    fn limits(&self) -> Limits {
        let cpu_ms = self.time.get();
        Limits {
            cpu_ms,
            wall_ms: cpu_ms * 3 + 1000,
            memory_bytes: self.memory << 20,
            output_bytes: OUTPUT_BYTES,
            processes: PROCESSES,
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn comparer(arguments: &str) -> anyhow::Result<Checker> {
    Checker::default_validator(&words(arguments), Repeats::Refused).context("--compare")
}

/// A source file and its language.
struct Source {
    language: String,
    files: Vec<SourceFile>,
}

impl Source {
    fn read(path: &Path, languages: &Languages) -> anyhow::Result<Source> {
        let files = program::read(&[path.to_owned()])?;
        let language = program::language(languages, None, &files)?;
        Ok(Source {
            language: language.id.clone(),
            files,
        })
    }

    fn name(&self) -> String {
        self.files
            .first()
            .map_or_else(String::new, |file| file.name.clone())
    }

    fn compile(&self, slot: &mut JudgeSlot, cancel: &Cancel) -> anyhow::Result<Executable> {
        let compiled = slot.compile(&self.language, &self.files, cancel)?;
        compiled.executable.map_err(|reason| {
            let output = compiled
                .result
                .map(|result| result.output)
                .unwrap_or_default();
            let output = String::from_utf8_lossy(&output);
            anyhow!(
                "{} cannot be compiled: {reason}\n{}",
                self.name(),
                output.trim()
            )
        })
    }
}

/// All programs of a search.
struct Programs {
    generator: Source,
    reference: Source,
    validator: Option<Source>,
    check: Option<Source>,
    candidates: Vec<Source>,
    languages: Languages,
}

impl Programs {
    fn read(arguments: &Arguments, languages: Languages) -> anyhow::Result<Programs> {
        let read = |path: &PathBuf| Source::read(path, &languages);
        let candidates: anyhow::Result<_> = arguments.candidates.iter().map(read).collect();
        Ok(Programs {
            generator: read(&arguments.generator)?,
            reference: read(&arguments.reference)?,
            validator: arguments.validator.as_ref().map(read).transpose()?,
            check: arguments.check.as_ref().map(read).transpose()?,
            candidates: candidates?,
            languages,
        })
    }

    /// The languages that are used.
    fn languages(&self) -> Languages {
        let used: Vec<&str> = [&self.generator, &self.reference]
            .into_iter()
            .chain(&self.validator)
            .chain(&self.check)
            .chain(&self.candidates)
            .map(|source| source.language.as_str())
            .collect();
        self.languages
            .clone()
            .filter(|language| used.contains(&language.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_numbers_in_order() {
        assert_eq!(sizes("1..20"), Ok(1..=20));
        assert_eq!(sizes("3..3"), Ok(3..=3));
        for text in ["", "1", "2..1", "a..b", "1..", "-1..3"] {
            assert!(sizes(text).is_err(), "{text}");
        }
    }
}
