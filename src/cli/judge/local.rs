//! Judging on this machine, by a problem package.

use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::{Arguments, Batch};
use crate::batch::{Header, JournalError, Judged, LocalJudge, Submission};
use crate::cli::feedback::FeedbackDir;
use crate::cli::judging;
use crate::config::Config;
use crate::judge::crew::Crew;
use crate::judge::package::{CompiledPackage, PackageError, Times};
use crate::judge::{Cancel, Judge, JudgeError, Languages};
use crate::problem::package::{self, Package};
use crate::unpack::{self, Caps};
use crate::verify;

/// Why judging stopped.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Judge(#[from] JudgeError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Feedback(anyhow::Error),
}

/// Judges the folder.
pub(super) fn run(arguments: &Arguments, config: &Config, cancel: &Cancel) -> anyhow::Result<()> {
    let (package, digest) = read_package(Path::new(&arguments.problem))?;
    let feedback = arguments.feedback.as_deref().map(FeedbackDir::open);
    let feedback = feedback.transpose()?;
    let mut batch = Batch::open(arguments, config, package.takes_answers)?;
    let asked_ms = arguments.time.map(std::num::NonZeroU64::get);
    let known_ms = batch
        .journal
        .resume(&digest, asked_ms.or(package.time.limit_ms))?
        .and_then(|header| header.time_limit_ms)
        .or(asked_ms)
        .or(package.time.limit_ms);
    let languages = judging::languages(config)?;
    let judge = Judge::open(languages.clone(), &judging::sandbox(config)?)?;
    let mut slots = judging::slots(&judge, arguments.jobs)?;
    let crew = Crew::of(&mut slots);
    let problem = CompiledPackage::compile(&judge, &crew, package, cancel).map_err(explained)?;
    let problem = match feedback {
        Some(_) => problem.with_drawings(&judge, &crew, cancel),
        None => Ok(problem),
    };
    let problem = problem.map_err(explained)?;
    let limit_ms = match known_ms {
        Some(limit_ms) => limit_ms,
        None => calibrated(&languages, &judge, &crew, &problem, cancel)?,
    };
    let header = Header {
        problem: digest,
        time_limit_ms: Some(limit_ms),
    };
    batch.begin(&arguments.problem, header)?;
    let local = LocalJudge {
        judge: &judge,
        problem: &problem,
        times: Times::limit(limit_ms),
        cancel,
    };
    let judged = |submission: &Submission, end: Judged| {
        // Before the row, with which it counts as done.
        if let (Some(feedback), Judged::Row { results, .. }) = (&feedback, &end) {
            let written = feedback.write(&submission.name, results);
            written.map_err(Stop::Feedback)?;
        }
        Ok::<_, Stop>(batch.judged(submission, end)?)
    };
    let left = batch.left();
    if feedback.is_some() && left.len() < batch.submissions.len() {
        tracing::warn!(
            "what was judged before is not judged again, and no files of it are written"
        );
    }
    match local.judge_all(&crew, &left, &judged) {
        Ok(()) => batch.finish(arguments),
        Err(Stop::Judge(JudgeError::Cancelled)) => {
            bail!("stopped: run the same command again to go on")
        }
        Err(Stop::Judge(error)) => Err(explained(error.into())),
        Err(error) => Err(error.into()),
    }
}

/// Reads a package; its digest changes with every byte of it.
fn read_package(path: &Path) -> anyhow::Result<(Arc<Package>, String)> {
    let tree = unpack::read(path, &Caps::default())?;
    let digest = tree.digest();
    let (package, findings) = package::read(&tree);
    match package {
        Some(package) => Ok((Arc::new(package), digest)),
        None => {
            let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
            bail!(
                "{} cannot be used:\n{}",
                path.display(),
                findings.join("\n")
            )
        }
    }
}

fn calibrated(
    languages: &Languages,
    judge: &Judge,
    crew: &Crew<'_>,
    problem: &CompiledPackage,
    cancel: &Cancel,
) -> anyhow::Result<u64> {
    let parts = (languages, judge, crew);
    let time = verify::time_limit(parts, problem, cancel).map_err(explained)?;
    match time.slowest_accepted_ms {
        Some(_) => Ok(time.limit_ms),
        None => bail!(
            "the package has no time limit, and no accepted submission from which it would follow: \
             give one with --time"
        ),
    }
}

/// The failed program's own words belong to the error.
fn explained(error: PackageError) -> anyhow::Error {
    let evidence = error.evidence().to_owned();
    let error = anyhow::Error::from(error);
    match evidence.is_empty() {
        true => error,
        false => anyhow!("{error:#}\n{evidence}"),
    }
}
