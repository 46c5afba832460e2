//! Starting Gavel as an operator does, and talking to it as a client does.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than anything takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A running process of the `gavel` binary.
pub(crate) struct Gavel {
    child: Child,
    log: Receiver<String>,
}

impl Gavel {
    /// Starts a command.
    pub(crate) fn start(arguments: &[&str], database_url: Option<&str>) -> Gavel {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gavel"));
        command
            .args(arguments)
            .args(["--log-format", "json"])
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(url) = database_url {
            command.env("DATABASE_URL", url);
        }
        let mut child = command.spawn().unwrap();
        let (lines, log) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        // A thread of its own: a full pipe would stop nothing, but cost log lines.
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Gavel { child, log }
    }

    /// Waits for a log line that contains a text.
    pub(crate) fn wait_for_log(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.log.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen += &(line + "\n"),
                Err(_) => panic!("no log line with {text:?} in\n{seen}"),
            }
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Asks to stop and waits for the end; says whether it ended well.
    pub(crate) fn stop(mut self) -> bool {
        self.signal(Signal::SIGTERM);
        self.child.wait().unwrap().success()
    }

    /// Asks to stop and waits for the end; the log of it.
    pub(crate) fn log_of_stopping(self) -> Vec<String> {
        self.signal(Signal::SIGTERM);
        self.log.iter().collect()
    }

    /// Waits for the end; says the exit code.
    pub(crate) fn exit_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Gavel {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            // Gracefully, or its Postgres would have to recover.
            let _ = kill(self.pid(), Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

/// The API of a running Gavel.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) base: String,
    client: Client,
}

impl Api {
    /// The API of a process that was started with port 0.
    pub(crate) fn of(gavel: &Gavel) -> Api {
        // A client wants to know how to do TLS although it never does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let line: Value = serde_json::from_str(&gavel.wait_for_log("API ready")).unwrap();
        Api {
            base: format!("http://{}", line["address"].as_str().unwrap()),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.client.get(self.base.clone() + path).send().await;
        read(answer.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.client.post(self.base.clone() + path).json(body);
        read(request.send().await.unwrap()).await
    }

    /// Posts bytes as they are.
    pub(crate) async fn post_bytes(&self, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let request = self.client.post(self.base.clone() + path);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        read(request.send().await.unwrap()).await
    }

    /// Sends an archive as a form.
    pub(crate) async fn upload(
        &self,
        path: &str,
        file_name: &str,
        archive: &[u8],
    ) -> (StatusCode, Value) {
        let file_name = file_name.replace('\\', "\\\\");
        let head = format!(
            "--gavel\r\nContent-Disposition: form-data; name=\"archive\"; \
             filename=\"{file_name}\"\r\nContent-Type: application/zip\r\n\r\n"
        );
        let body = [head.as_bytes(), archive, b"\r\n--gavel--\r\n"].concat();
        let request = self.client.post(self.base.clone() + path);
        let request = request
            .header("content-type", "multipart/form-data; boundary=gavel")
            .body(body);
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn download(&self, path: &str) -> Vec<u8> {
        self.download_with_headers(path).await.1
    }

    /// What comes of a good answer, as it is.
    pub(crate) async fn download_with_headers(&self, path: &str) -> (HeaderMap, Vec<u8>) {
        let answer = self.client.get(self.base.clone() + path).send().await;
        let answer = answer.unwrap().error_for_status().unwrap();
        let headers = answer.headers().clone();
        (headers, answer.bytes().await.unwrap().to_vec())
    }

    pub(crate) async fn delete(&self, path: &str) -> StatusCode {
        let request = self.client.delete(self.base.clone() + path);
        request.send().await.unwrap().status()
    }

    /// Stores a submission.
    pub(crate) async fn submit(&self, body: &Value) -> String {
        let (status, answer) = self.post("/api/v1/submissions", body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Waits for the end of a submission.
    pub(crate) async fn ended(&self, id: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, answer) = self
                .get(&format!("/api/v1/submissions/{id}?wait=true"))
                .await;
            if answer["state"] == "finished" || answer["state"] == "failed" {
                return answer;
            }
            assert!(Instant::now() < deadline, "no end of {answer}");
        }
    }

    /// Waits until a worker offers a language.
    pub(crate) async fn offers(&self, language: &str) {
        eventually("no worker offers it", async || {
            let (_, languages) = self.get("/api/v1/languages").await;
            let mut languages = languages.as_array().unwrap().iter();
            languages.any(|l| l["id"] == language && l["available"] == true)
        })
        .await;
    }
}

async fn read(answer: reqwest::Response) -> (StatusCode, Value) {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, value)
}

/// Waits for something that nothing tells of.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything in one process, with a database of its own.
pub(crate) struct Everything {
    pub(crate) gavel: Gavel,
    pub(crate) api: Api,
    pub(crate) data_dir: TempDir,
}

impl Everything {
    /// Starts it and waits until it judges.
    pub(crate) async fn up() -> Everything {
        let data_dir = data_dir();
        let gavel = up_in(data_dir.path());
        let api = Api::of(&gavel);
        api.offers("python").await;
        Everything {
            gavel,
            api,
            data_dir,
        }
    }
}

/// A directory that Postgres' own user can get to.
pub(crate) fn data_dir() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let passable = std::fs::Permissions::from_mode(0o711);
    std::fs::set_permissions(directory.path(), passable).unwrap();
    directory
}

pub(crate) fn up_in(data_dir: &Path) -> Gavel {
    let data_dir = data_dir.to_str().unwrap();
    Gavel::start(
        &["up", "--listen", "127.0.0.1:0", "--data-dir", data_dir],
        None,
    )
}

/// A fresh database on the server that the tests are given.
pub(crate) async fn database() -> String {
    let server = std::env::var("DATABASE_URL").expect("run the tests with `make test`");
    let name = format!("service_{}", Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create)
        .execute(&mut connection)
        .await
        .unwrap();
    let (server, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let start = server.rsplit_once('/').unwrap().0;
    format!("{start}/{name}?{parameters}")
}

/// API and worker in processes of their own, so that one can be killed.
pub(crate) fn serve(url: &str) -> Gavel {
    Gavel::start(&["serve", "--listen", "127.0.0.1:0"], Some(url))
}

/// A worker with one slot.
pub(crate) fn work(url: &str) -> Gavel {
    Gavel::start(&["worker", "--slots", "1"], Some(url))
}

/// A submission that adds two numbers, in the given words.
pub(crate) fn sum(language: &str, source: &str) -> Value {
    json!({
        "language": language,
        "source": source,
        "limits": { "cpu_ms": 1000, "memory_bytes": 64 << 20, "output_bytes": 65536 },
        "tests": [
            { "name": "small", "input": "1 2\n", "answer": "3\n" },
            { "name": "large", "input": "20 22\n", "answer": "42\n" },
        ],
    })
}

pub(crate) const PYTHON_SUM: &str = "a, b = map(int, input().split())\nprint(a + b)\n";
