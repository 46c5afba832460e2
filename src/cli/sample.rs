//! `gavel up --sample`: shows a newcomer one submission on its way, through the same HTTP API that
//! everybody uses, and then says where to look next.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use serde_json::json;

use super::client;

/// How long the languages of the first worker and then the verdict may take together.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(200);

/// A program that adds two numbers.
struct Sample {
    language: &'static str,
    source: &'static str,
}

/// In order of preference; the first that a worker offers is submitted.
const SAMPLES: &[Sample] = &[
    Sample {
        language: "cpp",
        source: "#include <iostream>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }\n",
    },
    Sample {
        language: "python",
        source: "a, b = map(int, input().split())\nprint(a + b)\n",
    },
];

/// Why the sample got no verdict.
#[derive(Debug, thiserror::Error)]
pub(super) enum SampleError {
    /// The API did not answer as it should.
    #[error("the API did not take the sample")]
    Request(#[from] reqwest::Error),
    /// No verdict came.
    #[error("there was no verdict within {} seconds; the log may say why", PATIENCE.as_secs())]
    TooLate,
}

/// What the API says of a submission, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Verdict {
    id: String,
    state: String,
    verdict: Option<String>,
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Language {
    id: String,
    available: bool,
}

/// Submits the sample to the API that listens on `address`, and waits for its verdict.
pub(super) async fn submit(address: SocketAddr) -> Result<Verdict, SampleError> {
    let api = Api::at(address)?;
    let judged = async {
        let sample = api.first_offered_sample().await?;
        let mut verdict = api.submit(sample).await?;
        while verdict.verdict.is_none() && verdict.state != "failed" {
            verdict = api.wait(&verdict.id).await?;
        }
        Ok(verdict)
    };
    tokio::time::timeout(PATIENCE, judged)
        .await
        .unwrap_or(Err(SampleError::TooLate))
}

/// Where to look after the sample, as text for people.
pub(super) fn next_steps(address: SocketAddr) -> String {
    let base = base_url(address);
    let body = r#"{"language":"python","source":"print(int(input()) * 2)","tests":[{"input":"21\n","answer":"42\n"}]}"#;
    format!(
        "Gavel is ready. Where to look next:\n  \
         API documentation  {base}/docs\n  \
         languages          {base}/api/v1/languages\n  \
         a first submission of your own:\n\n    \
         curl -s '{base}/api/v1/submissions?wait=true' \\\n      \
         -H 'Content-Type: application/json' \\\n      \
         -d '{body}'\n\n\
         Ctrl-C stops everything; what was submitted is kept.\n"
    )
}

/// An address that a client on this machine can use: a server may listen on all of them.
fn base_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

struct Api {
    client: Client,
    base: String,
}

impl Api {
    fn at(address: SocketAddr) -> Result<Self, SampleError> {
        // A proxy from the environment cannot reach this machine's loopback.
        let client = client::builder().no_proxy().build()?;
        Ok(Api {
            client,
            base: base_url(address) + "/api/v1",
        })
    }

    /// Waits until a worker offers the language of a sample.
    async fn first_offered_sample(&self) -> Result<&'static Sample, SampleError> {
        loop {
            let url = format!("{}/languages", self.base);
            let answer = self.client.get(url).send().await?.error_for_status()?;
            let languages: Vec<Language> = answer.json().await?;
            let is_offered = |sample: &&Sample| {
                languages
                    .iter()
                    .any(|l| l.available && l.id == sample.language)
            };
            if let Some(sample) = SAMPLES.iter().find(is_offered) {
                return Ok(sample);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn submit(&self, sample: &Sample) -> Result<Verdict, SampleError> {
        let body = json!({
            "language": sample.language,
            "source": sample.source,
            "tests": [{ "input": "19 23\n", "answer": "42\n" }],
        });
        let url = format!("{}/submissions?wait=true", self.base);
        let answer = self.client.post(url).json(&body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn wait(&self, id: &str) -> Result<Verdict, SampleError> {
        let url = format!("{}/submissions/{id}?wait=true", self.base);
        let answer = self.client.get(url).send().await?.error_for_status()?;
        let verdict: Verdict = answer.json().await?;
        if verdict.verdict.is_none() {
            // An API that cannot wait answers at once; do not hammer it.
            tokio::time::sleep(RETRY).await;
        }
        Ok(verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.verdict.as_deref().unwrap_or("no verdict");
        write!(f, "Sample submission {}: {verdict}", self.id)?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Json;
    use axum::extract::State;
    use axum::routing::{get, post};
    use serde_json::Value;

    use super::*;

    /// Offers a language on the second request, and has a verdict on the second, too.
    async fn fake_api() -> SocketAddr {
        type Calls = State<Arc<AtomicU32>>;
        let languages = async |State(calls): Calls| {
            let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
            Json(json!([{ "id": "python", "available": !is_first }]))
        };
        let submit = async |Json(body): Json<Value>| {
            assert_eq!(body["language"], "python");
            Json(json!({ "id": "7", "state": "running" }))
        };
        let wait = async || Json(json!({ "id": "7", "state": "finished", "verdict": "AC" }));
        let router = axum::Router::new()
            .route("/api/v1/languages", get(languages))
            .route("/api/v1/submissions", post(submit))
            .route("/api/v1/submissions/7", get(wait))
            .with_state(Arc::new(AtomicU32::new(0)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    #[tokio::test]
    async fn the_sample_waits_for_a_language_and_for_a_verdict() {
        let verdict = submit(fake_api().await).await.unwrap();
        assert_eq!(verdict.to_string(), "Sample submission 7: AC");
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_on_loopback() {
        assert_eq!(
            base_url("0.0.0.0:90".parse().unwrap()),
            "http://127.0.0.1:90"
        );
        assert_eq!(base_url("[::]:90".parse().unwrap()), "http://[::1]:90");
        assert_eq!(
            base_url("10.0.0.9:90".parse().unwrap()),
            "http://10.0.0.9:90"
        );
    }
}
