//! `gavel verify`: judges the jury's submissions of problem packages on this machine, and tells
//! whether each comes to what its authors expect. Needs neither database nor API.

mod junit;
mod matrix;
mod report;
mod watch;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use super::feedback::FeedbackDir;
use super::judging;
use super::progress::Line;
use super::run::seconds;
use crate::config::Config;
use crate::judge::package::{Extent, PackageError};
use crate::judge::{Cancel, Judge, JudgeSlot, Languages};
use crate::problem::package::{self, Expectation, Findings, Package, Tree};
use crate::unpack::{self, Caps};
use crate::verify::{BAND_PERCENT, Cache, Verification, Verifier};
use watch::Watch;

/// Arguments of `gavel verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel verify problems/hello
  gavel verify problems/* --jobs 4 --json > report.jsonl
  gavel verify hello.zip -s 'wrong_answer/*'
  gavel verify problems/* --junit report.xml
  gavel verify problems/hello --all-cases --table
  gavel verify problems/hello -s accepted -c 'sample' --time 3
  gavel verify problems/hello -s accepted/a.cpp --feedback left/

Takes packages of the ICPC and Kattis formats, of Polygon, of DMOJ and of CMS, as directories or
zip or tar archives. Without a time limit in the package, it follows from the slowest accepted submission. The exit code is 0 only when
every package can be read, its inputs are valid, and all submissions come to what is expected of
them. With --json one object for each package goes to standard output.")]
pub(super) struct Arguments {
    /// Directories, or zip or tar archives
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<PathBuf>,
    /// Print one JSON object for each package
    #[arg(long)]
    json: bool,
    /// Write a report in the XML of JUnit: a suite for each package
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run every case, also those that cannot change a verdict
    #[arg(long)]
    all_cases: bool,
    /// Repeat runs alone that are nearer than so many percent to the time limit; 0 for none
    #[arg(long, value_name = "PERCENT", default_value_t = BAND_PERCENT, value_parser = clap::value_parser!(u16).range(..=50))]
    band: u16,
    /// Print which cases fail which submissions
    #[arg(long)]
    table: bool,
    /// Judge so many cases at the same time [default: one for each CPU]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Judge only submissions that match, e.g. 'accepted/*'
    #[arg(short = 's', long = "submissions", value_name = "GLOB")]
    submissions: Option<String>,
    /// Run only test cases that match, e.g. 'secret/1*'; the package keeps them below data
    #[arg(short = 'c', long, value_name = "GLOB")]
    cases: Option<String>,
    /// Time limit [default: the package's, or from its accepted submissions]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time: Option<NonZeroU64>,
    /// Keep what runs came to in DIR, for the next time [default: ~/.cache/gavel]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Judge everything again, and keep nothing
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
    /// Write the files that output validators left to DIR/SUBMISSION/CASE; of several packages, to DIR/PACKAGE/SUBMISSION/CASE
    #[arg(long, value_name = "DIR")]
    feedback: Option<PathBuf>,
    /// Verify a package again whenever its files change, until stopped
    #[arg(long, conflicts_with = "junit")]
    watch: bool,
}

/// What became of one package.
struct Checked {
    path: PathBuf,
    findings: Findings,
    /// Why nothing could be judged, or what was.
    result: Result<Verification, String>,
}

impl Checked {
    fn is_ok(&self) -> bool {
        let is_right = |verification: &Verification| verification.is_ok();
        !self.findings.has_errors() && self.result.as_ref().is_ok_and(is_right)
    }
}

/// Verifies packages and prints a report.
pub(super) async fn run(
    arguments: Arguments,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    judging::on_a_thread(stop, move |cancel| verify(&arguments, &config, cancel)).await
}

fn verify(arguments: &Arguments, config: &Config, cancel: &Cancel) -> anyhow::Result<()> {
    for pattern in [&arguments.submissions, &arguments.cases]
        .into_iter()
        .flatten()
    {
        refuse_bad_pattern(pattern)?;
    }
    let languages = judging::languages(config)?;
    let judge = Judge::open(languages.clone(), &judging::sandbox(config)?)?;
    let mut verifying = Verifying {
        slots: judging::slots(&judge, arguments.jobs)?,
        extent: match arguments.all_cases {
            true => Extent::All,
            false => Extent::Deciding,
        },
        band_percent: arguments.band,
        cache: cache(arguments, config)?,
        feedback: feedback(arguments)?,
        languages,
        judge,
    };
    if !arguments.watch {
        return verifying.check_all(arguments, &arguments.packages, cancel);
    }
    let mut packages = arguments.packages.clone();
    let mut watch = Watch::of(&packages);
    while !packages.is_empty() {
        let end = verifying.check_all(arguments, &packages, cancel);
        if let Err(error) = end
            && !cancel.is_cancelled()
        {
            tracing::warn!("{error:#}; waiting for a change");
        }
        packages = watch.wait(cancel);
    }
    Ok(())
}

/// What is kept of earlier times. A directory that was asked for must be of use; the usual one need not.
fn cache(arguments: &Arguments, config: &Config) -> anyhow::Result<Cache> {
    if arguments.no_cache {
        return Ok(Cache::none());
    }
    if let Some(path) = &arguments.cache {
        return Ok(Cache::open(path, surroundings()?)?);
    }
    let Some(path) = &config.cache_dir else {
        return Ok(Cache::none());
    };
    Cache::open(&path.join("verify"), surroundings()?).or_else(|error| {
        tracing::warn!("{:#}; nothing is kept", anyhow::Error::from(error));
        Ok(Cache::none())
    })
}

/// Where to write what output validators left. Packages of the same name would be written over each other.
fn feedback(arguments: &Arguments) -> anyhow::Result<Option<FeedbackDir>> {
    let Some(path) = &arguments.feedback else {
        return Ok(None);
    };
    if arguments.packages.len() > 1 {
        let mut names = HashSet::new();
        for package in &arguments.packages {
            let name = name_of(package)?;
            if names.contains(&name) {
                bail!(
                    "two packages are called {name}: write the files of each to another --feedback"
                );
            }
            names.insert(name);
        }
    }
    FeedbackDir::open(path).map(Some)
}

/// What a package is called by its path.
fn name_of(package: &Path) -> anyhow::Result<String> {
    let name = package.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| {
        format!(
            "{} is no name: give it by its name, or alone",
            package.display()
        )
    });
    Ok(name?.to_owned())
}

/// This very Gavel on this machine: on another, programs take other times.
fn surroundings() -> anyhow::Result<String> {
    let binary = std::env::current_exe().and_then(fs::metadata);
    let binary = binary.context("cannot look at this program's own file")?;
    let built = binary
        .modified()
        .context("this program's file has no time")?;
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find(|line| line.starts_with("model name"));
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version} {} {built:?} {model:?}", binary.len()))
}

fn refuse_bad_pattern(pattern: &str) -> anyhow::Result<()> {
    if package::path_matches(pattern, "").is_none() {
        bail!("{pattern:?} is no pattern: braces must match, and not be many");
    }
    Ok(())
}

/// The files of a package, of its test cases only those that are asked for.
fn read(path: &Path, cases: Option<&str>) -> anyhow::Result<Tree> {
    let tree = unpack::read(path, &Caps::default())?;
    let Some(pattern) = cases else {
        return Ok(tree);
    };
    package::only_cases(&tree, pattern)
        .with_context(|| format!("no test case below data matches {pattern:?}"))
}

/// What all packages share.
struct Verifying {
    languages: Languages,
    judge: Judge,
    slots: Vec<JudgeSlot>,
    extent: Extent,
    band_percent: u16,
    cache: Cache,
    feedback: Option<FeedbackDir>,
}

impl Verifying {
    /// Verifies packages, and prints and writes reports.
    fn check_all(
        &mut self,
        arguments: &Arguments,
        packages: &[PathBuf],
        cancel: &Cancel,
    ) -> anyhow::Result<()> {
        let mut all = Vec::new();
        for path in packages {
            let checked = self.check(path, arguments, cancel);
            if cancel.is_cancelled() {
                bail!("stopped before all packages were verified");
            }
            let mut out = io::stdout().lock();
            let printed = match arguments.json {
                true => report::write_json(&checked, &mut out),
                false => report::write_text(&checked, arguments.table, &mut out),
            };
            printed.context("cannot print the report")?;
            self.write_feedback(arguments, &checked)?;
            all.push(checked);
        }
        if let Some(path) = &arguments.junit {
            let written = fs::write(path, junit::document(&all));
            written.with_context(|| format!("cannot write {}", path.display()))?;
        }
        let wrong = all.iter().filter(|checked| !checked.is_ok()).count();
        match (wrong, all.len()) {
            (0, _) => Ok(()),
            (_, 1) => bail!("the package is not as it should be"),
            (wrong, all) => bail!("{wrong} of {all} packages are not as they should be"),
        }
    }

    /// Writes what output validators left, where that was asked for.
    fn write_feedback(&self, arguments: &Arguments, checked: &Checked) -> anyhow::Result<()> {
        let (Some(feedback), Ok(verification)) = (&self.feedback, &checked.result) else {
            return Ok(());
        };
        let folder = match arguments.packages.len() {
            1 => String::new(),
            _ => name_of(&checked.path)? + "/",
        };
        let mut submissions = verification.submissions.iter();
        submissions.try_for_each(|result| {
            feedback.write(&format!("{folder}{}", result.path), &result.cases)
        })
    }

    fn check(&mut self, path: &Path, arguments: &Arguments, cancel: &Cancel) -> Checked {
        let (package, findings) = match read(path, arguments.cases.as_deref()) {
            Ok(tree) => package::read(&tree),
            Err(error) => {
                return Checked {
                    path: path.to_owned(),
                    findings: Findings::default(),
                    result: Err(format!("{error:#}")),
                };
            }
        };
        let result = match package {
            Some(mut package) => {
                let asked_ms = arguments.time.map(NonZeroU64::get);
                package.time.limit_ms = asked_ms.or(package.time.limit_ms);
                if arguments.cases.is_some() {
                    let expectations = package.submissions.iter_mut().map(|s| &mut s.expectation);
                    expectations.for_each(Expectation::of_some_cases);
                }
                let only = arguments.submissions.as_deref();
                self.judge(path, Arc::new(package), only, cancel)
            }
            None => Err("the package cannot be used".to_owned()),
        };
        Checked {
            path: path.to_owned(),
            findings,
            result,
        }
    }

    fn judge(
        &mut self,
        path: &Path,
        package: Arc<Package>,
        only: Option<&str>,
        cancel: &Cancel,
    ) -> Result<Verification, String> {
        let line = Line::new(&path.to_string_lossy());
        let mut verifier = Verifier {
            languages: &self.languages,
            judge: &self.judge,
            slots: &mut self.slots,
            only,
            extent: self.extent,
            band_percent: self.band_percent,
            draws: self.feedback.is_some(),
            cache: &self.cache,
            cancel,
        };
        let verification = verifier.verify(package, &|what, done, all| line.show(what, done, all));
        line.clear();
        verification.map_err(|error| {
            let error = anyhow::Error::from(error);
            match error.downcast_ref::<PackageError>() {
                Some(failed) if !failed.evidence().is_empty() => {
                    format!("{error:#}\n{}", failed.evidence())
                }
                _ => format!("{error:#}"),
            }
        })
    }
}
