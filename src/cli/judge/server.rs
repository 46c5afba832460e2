//! Judging by a server, through the same HTTP API that everybody uses.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Arguments, Batch};
use crate::batch::{CaseRow, Header, Judged, Program, Row, Submission};
use crate::cli::client;
use crate::config::Config;
use crate::judge::in_words;
use crate::judge::verdict::Verdict;

/// Submissions that wait for their verdicts at the same time.
const JOBS: u16 = 8;
/// Pauses between attempts to reach a server that is not there, in seconds.
const PAUSES_S: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Pause before a server is asked again that did not wait.
const RETRY: Duration = Duration::from_millis(200);

/// Why a request had no answer that can be used.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error("the server cannot be reached, or does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// In the server's words.
    #[error("the server refuses: {0}")]
    Refused(String),
    #[error("the server failed with status {0}")]
    Failed(StatusCode),
    #[error("the answer is not that of a Gavel server")]
    Foreign(#[source] reqwest::Error),
}

#[derive(Debug, Deserialize)]
struct Problem {
    id: String,
    name: String,
    version: Option<u64>,
    /// Absent where it is no package.
    package: Option<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    takes_answers: bool,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Problem>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    id: String,
    state: String,
    verdict: Option<Verdict>,
    reason: Option<String>,
    score: Option<f64>,
    #[serde(default)]
    cases: Vec<CaseAnswer>,
}

#[derive(Debug, Deserialize)]
struct CaseAnswer {
    name: String,
    verdict: Verdict,
    score: Option<f64>,
    cpu_ms: Option<f64>,
    memory_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    detail: String,
}

/// Judges the folder.
pub(super) async fn run(
    arguments: &Arguments,
    config: &Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let api = Arc::new(Api::new(arguments)?);
    let problem = api.find_problem(&arguments.problem).await?;
    let takes_answers = problem.package.is_some_and(|package| package.takes_answers);
    let mut batch = Batch::open(arguments, config, takes_answers)?;
    let version = problem
        .version
        .map_or(String::new(), |n| format!(" version {n}"));
    let header = Header {
        problem: format!("{} problem {}{version}", api.base, problem.id),
        time_limit_ms: None,
    };
    batch.begin(&arguments.problem, header)?;
    let judging = judge_all(&api, &problem.id, &batch, arguments.jobs.unwrap_or(JOBS));
    tokio::select! {
        end = judging => end?,
        () = stop.cancelled() => bail!("stopped: run the same command again to go on"),
    }
    batch.finish(arguments)
}

async fn judge_all(api: &Arc<Api>, problem: &str, batch: &Batch, jobs: u16) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    let mut left = batch.left().into_iter();
    loop {
        while running.len() < usize::from(jobs)
            && let Some(submission) = left.next()
        {
            let (api, problem) = (api.clone(), problem.to_owned());
            let submission = submission.clone();
            running.spawn(async move {
                let end = api.judge(&problem, &submission).await;
                (submission, end)
            });
        }
        let Some(ended) = running.join_next().await else {
            return Ok(());
        };
        let (submission, end) = ended?;
        batch.judged(&submission, end)?;
    }
}

struct Api {
    client: Client,
    base: String,
}

impl Api {
    fn new(arguments: &Arguments) -> anyhow::Result<Api> {
        let mut headers = HeaderMap::new();
        if let Some(token) = token(arguments)? {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut value = value.context("the token has characters that no token has")?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let server = arguments.server.as_deref().unwrap_or_default();
        Ok(Api {
            client: client::builder().default_headers(headers).build()?,
            base: format!("{}/api/v1", server.trim_end_matches('/')),
        })
    }

    async fn find_problem(&self, wanted: &str) -> anyhow::Result<Problem> {
        let mut before = String::new();
        loop {
            let url = format!("{}/problems?limit=100{before}", self.base);
            let page: Page = self.answer(|| self.client.get(&url)).await?;
            let is_wanted = |problem: &Problem| problem.name == wanted || problem.id == wanted;
            if let Some(found) = page.items.into_iter().find(is_wanted) {
                return Ok(found);
            }
            match page.next {
                Some(next) => before = format!("&before={next}"),
                None => bail!("the server has no problem with the name or id {wanted:?}"),
            }
        }
    }

    async fn judge(&self, problem: &str, submission: &Submission) -> Judged {
        let program = match &submission.program {
            Ok(program) => program,
            Err(reason) => return Judged::Unjudged(reason.clone()),
        };
        match self.submit(problem, program).await {
            Ok(answer) => judged(submission, program, answer),
            Err(error @ RequestError::Refused(_)) => Judged::Unjudged(error.to_string()),
            Err(error) => Judged::Failed(in_words(&error)),
        }
    }

    /// Submits a program and waits for its end.
    async fn submit(&self, problem: &str, program: &Program) -> Result<Answer, RequestError> {
        let files: Vec<_> = program
            .files
            .iter()
            .map(
                |file| json!({ "name": file.name, "content_base64": STANDARD.encode(&file.bytes) }),
            )
            .collect();
        let body = json!({
            "language": program.language,
            "files": files,
            "problem_id": problem,
        });
        let url = format!("{}/submissions?wait=true", self.base);
        let mut answer: Answer = self.answer(|| self.client.post(&url).json(&body)).await?;
        while matches!(answer.state.as_str(), "queued" | "running") {
            let url = format!("{}/submissions/{}?wait=true", self.base, answer.id);
            answer = self.answer(|| self.client.get(&url)).await?;
            if answer.verdict.is_none() {
                // A server that cannot wait answers at once; do not hammer it.
                tokio::time::sleep(RETRY).await;
            }
        }
        Ok(answer)
    }

    /// An answer, after further attempts where the server is not there for a while.
    async fn answer<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, RequestError> {
        for pause_s in PAUSES_S {
            match once(request()).await {
                Err(RequestError::Unreachable(_) | RequestError::Failed(_)) => {
                    tokio::time::sleep(Duration::from_secs(pause_s)).await;
                }
                end => return end,
            }
        }
        once(request()).await
    }
}

async fn once<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, RequestError> {
    let response = request.send().await.map_err(RequestError::Unreachable)?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(RequestError::Foreign);
    }
    if status.is_server_error() {
        return Err(RequestError::Failed(status));
    }
    let complaint = response.json::<Complaint>().await;
    let detail = complaint.map_or_else(|_| status.to_string(), |complaint| complaint.detail);
    Err(RequestError::Refused(detail))
}

fn judged(submission: &Submission, program: &Program, answer: Answer) -> Judged {
    let Some(verdict) = answer.verdict else {
        return Judged::Failed(format!(
            "submission {} is {}: an administrator of the server has to look at it",
            answer.id, answer.state
        ));
    };
    let times = answer.cases.iter().filter_map(|case| case.cpu_ms);
    let row = Row {
        submission: submission.name.clone(),
        digest: program.digest(),
        language: program.language.clone(),
        verdict,
        reason: answer.reason.unwrap_or_default(),
        score: answer.score,
        slowest_ms: times.max_by(f64::total_cmp),
        memory_bytes: answer
            .cases
            .iter()
            .filter_map(|case| case.memory_bytes)
            .max(),
        cases: answer
            .cases
            .into_iter()
            .map(|case| CaseRow {
                name: case.name,
                verdict: case.verdict,
                score: case.score,
                cpu_ms: case.cpu_ms,
            })
            .collect(),
    };
    Judged::Row {
        row,
        results: Vec::new(),
    }
}

fn token(arguments: &Arguments) -> anyhow::Result<Option<String>> {
    match (&arguments.token, &arguments.token_file) {
        (Some(token), _) => Ok(Some(token.clone())),
        (None, Some(path)) => {
            let text = fs::read_to_string(path);
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Some(text.trim().to_owned()))
        }
        (None, None) => Ok(None),
    }
}
