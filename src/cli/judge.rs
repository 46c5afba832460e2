//! `gavel judge`: judges a folder of submissions on one problem, on this machine or by a server.

mod local;
mod report;
mod server;

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use super::judging;
use super::progress::Line;
use super::run::seconds;
use crate::batch::{Header, Journal, JournalError, Judged, Submission, read_folder};
use crate::config::Config;
use crate::problem::ANSWERS;
use report::Report;

/// Arguments of `gavel judge`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel judge problems/sum homework/
  gavel judge sum.zip homework/ --csv marks.csv --junit report.xml
  gavel judge sum homework/ --server http://judge.example:8080 --token-file token

Each file, archive or directory in FOLDER is a submission. On this machine, PROBLEM is a package, as of gavel
verify; with --server it is the name or id of a problem there. What was judged is kept in the journal, and a
stopped run goes on where it was; what has changed since is judged again. The exit code is 0 when
every submission was judged, whatever the verdicts.")]
pub(super) struct Arguments {
    /// Problem package, or a problem of the server
    #[arg(value_name = "PROBLEM")]
    problem: String,
    /// Directory with a file, archive or directory for each submission
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Language of all submissions, by id or alias [default: by their files]
    #[arg(long, value_name = "ID")]
    language: Option<String>,
    /// Time limit [default: the package's, or from its accepted submissions]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "server")]
    time: Option<NonZeroU64>,
    /// Have them judged by this server
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Token for the server; others can see a flag, so prefer --token-file
    #[arg(
        long,
        value_name = "TOKEN",
        requires = "server",
        conflicts_with = "token_file"
    )]
    token: Option<String>,
    /// File with the token for the server
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
    /// Judge so many at the same time [default: one for each CPU; 8 by a server]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Keep what was judged in FILE
    #[arg(long, value_name = "FILE", default_value = "gavel-judge.jsonl")]
    journal: PathBuf,
    /// Write a table to FILE
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a report for build servers to FILE
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the files that output validators left to DIR/SUBMISSION/CASE
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    feedback: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Judges a folder and prints a report.
pub(super) async fn run(
    arguments: Arguments,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    if arguments.server.is_some() {
        return server::run(&arguments, &config, stop).await;
    }
    judging::on_a_thread(stop, move |cancel| local::run(&arguments, &config, cancel)).await
}

/// What all of a run share: the submissions, the journal, and what came of them so far.
struct Batch {
    submissions: Vec<Submission>,
    journal: Journal,
    report: Mutex<Report>,
    line: Line,
    done: AtomicUsize,
    /// How many are to be judged in this run.
    count: AtomicUsize,
}

impl Batch {
    /// What a problem takes is what all submissions are.
    fn open(arguments: &Arguments, config: &Config, takes_answers: bool) -> anyhow::Result<Batch> {
        let languages = judging::languages(config)?;
        let language = match (arguments.language.as_deref(), takes_answers) {
            (None | Some(ANSWERS), true) => Some(ANSWERS),
            (Some(other), true) => {
                bail!("the problem takes answers and no programs: leave out --language {other}")
            }
            (Some(ANSWERS), false) => {
                bail!("the problem takes programs and no answers: leave out --language {ANSWERS}")
            }
            (other, false) => other,
        };
        let language = language.map(|name| {
            if name == ANSWERS {
                return Ok(name);
            }
            let found = languages.find(name).map(|language| language.id.as_str());
            found.with_context(|| format!("there is no language {name:?}: see gavel judge --help"))
        });
        let submissions = read_folder(&arguments.folder, &languages, language.transpose()?)?;
        Ok(Batch {
            submissions,
            journal: Journal::open(&arguments.journal)?,
            report: Mutex::default(),
            line: Line::new(&arguments.problem),
            done: AtomicUsize::new(0),
            count: AtomicUsize::new(0),
        })
    }

    /// Notes what the submissions are judged on.
    fn begin(&mut self, problem: &str, header: Header) -> Result<(), JournalError> {
        let report = self
            .report
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        problem.clone_into(&mut report.problem);
        report.time_limit_ms = header.time_limit_ms;
        match self.journal.resume(&header.problem, header.time_limit_ms)? {
            Some(_) => Ok(()),
            None => self.journal.begin(header),
        }
    }

    /// The submissions without those that were judged before.
    fn left(&self) -> Vec<&Submission> {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = Vec::new();
        for submission in &self.submissions {
            let program = submission.program.as_ref().ok();
            match program.and_then(|program| self.journal.find(submission, program)) {
                Some(row) => report.submissions.push(row.clone()),
                None => left.push(submission),
            }
        }
        self.count.store(left.len(), Ordering::Relaxed);
        left
    }

    /// Notes what came of one.
    fn judged(&self, submission: &Submission, end: Judged) -> Result<(), JournalError> {
        if let Judged::Row { row, .. } = &end {
            self.journal.add(row)?;
        }
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let name = submission.name.clone();
        match end {
            Judged::Row { row, .. } => report.submissions.push(row),
            Judged::Unjudged(reason) => drop(report.unjudged.insert(name, reason)),
            Judged::Failed(reason) => drop(report.failed.insert(name, reason)),
        }
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.line
            .show("judged", done, self.count.load(Ordering::Relaxed));
        Ok(())
    }

    /// Writes all reports.
    fn finish(self, arguments: &Arguments) -> anyhow::Result<()> {
        self.line.clear();
        let mut report = self
            .report
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        report
            .submissions
            .sort_by(|a, b| a.submission.cmp(&b.submission));
        write_file(arguments.csv.as_deref(), || report.csv())?;
        write_file(arguments.junit.as_deref(), || report.junit())?;
        let text = match arguments.json {
            true => report.json()?,
            false => report.text(),
        };
        let printed = io::stdout().lock().write_all(text.as_bytes());
        printed.context("cannot print the report")?;
        if !report.is_complete() {
            bail!("not every submission was judged: run the same command again");
        }
        Ok(())
    }
}

fn write_file(path: Option<&Path>, text: impl Fn() -> String) -> anyhow::Result<()> {
    match path {
        Some(path) => {
            fs::write(path, text()).with_context(|| format!("cannot write {}", path.display()))
        }
        None => Ok(()),
    }
}
