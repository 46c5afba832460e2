//! Serving connections: axum's own `serve` sets neither a time for request heads nor a cap on
//! connections, so hyper is driven here. HTTP/1.1 only; HTTP/2 is a proxy's business.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{ApiLimits, ApiState, router};

/// Bounds the memory that request heads of one connection can take; hyper answers 431 beyond.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// After `accept` fails, most likely for lack of file descriptors, trying at once fails again.
const ACCEPT_RETRY: Duration = Duration::from_millis(500);
/// Longest time that sent bytes may stay unacknowledged.
const READER_TIMEOUT_MS: u32 = 30_000;

/// Serves the API until `shutdown` completes and every request begun before is answered. Long
/// polls answer at once then.
pub async fn serve(listener: TcpListener, state: ApiState, shutdown: impl Future<Output = ()>) {
    let app = router(state.clone());
    serve_router(listener, app, &state, shutdown).await;
}

/// Like [`serve`], for a router that holds more than the API.
pub async fn serve_router(
    listener: TcpListener,
    app: Router,
    state: &ApiState,
    shutdown: impl Future<Output = ()>,
) {
    let closing = state.closing.clone();
    run(listener, app, &state.limits, closing, shutdown).await;
}

async fn run(
    listener: TcpListener,
    app: Router,
    limits: &ApiLimits,
    closing: CancellationToken,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections as usize));
    let open = |stream| answer(stream, app.clone(), limits.head_timeout, closing.clone());
    tokio::select! {
        () = accept(&listener, &slots, open) => {}
        () = shutdown => {}
    }
    // Closed before waiting, so that a client sees a refused connection, not a silent one.
    drop(listener);
    closing.cancel();
    // Whoever has all slots knows that no connection is left.
    let _ = slots.acquire_many(limits.connections).await;
}

/// Never completes. The cap makes further clients wait in the listener's backlog.
async fn accept<F>(listener: &TcpListener, slots: &Arc<Semaphore>, open: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Ok(slot) = Arc::clone(slots).acquire_owned().await {
        let Some(stream) = accept_one(listener).await else {
            continue;
        };
        let connection = open(stream);
        tokio::spawn(async move {
            connection.await;
            drop(slot);
        });
    }
}

async fn accept_one(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_RETRY).await;
            None
        }
    }
}

async fn answer(
    stream: TcpStream,
    app: Router,
    head_timeout: Duration,
    closing: CancellationToken,
) {
    prepare(&stream);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended badly");
    }
}

/// Both are favours of the kernel: a connection without them works all the same.
fn prepare(stream: &TcpStream) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    // A client that reads nothing keeps its window at zero; the kernel then drops it.
    let _ = setsockopt(stream, sockopt::TcpUserTimeout, &READER_TIMEOUT_MS);
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const GET_AND_CLOSE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    struct Server {
        address: SocketAddr,
        stop: CancellationToken,
        task: JoinHandle<()>,
    }

    async fn start(app: Router, connections: u32, head_timeout: Duration) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let limits = ApiLimits {
            connections,
            head_timeout,
            ..ApiLimits::default()
        };
        let shutdown = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            run(listener, app, &limits, CancellationToken::new(), shutdown).await;
        });
        Server {
            address,
            stop,
            task,
        }
    }

    fn quick() -> Router {
        Router::new().route("/", get(async || "done"))
    }

    async fn send(server: &Server, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Reads until the server closes.
    async fn rest(mut stream: TcpStream) -> String {
        let mut bytes = Vec::new();
        // A reset is a way of closing, too.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_arrive_and_an_idle_connection_are_closed() {
        let server = start(quick(), 10, Duration::from_millis(50)).await;
        assert!(
            !rest(send(&server, b"GET / HTTP/1.1\r\nX: ").await)
                .await
                .contains("200")
        );
        assert!(!rest(send(&server, b"").await).await.contains("200"));
        let answered = rest(send(&server, GET).await).await;
        assert!(answered.starts_with("HTTP/1.1 200") && answered.ends_with("done"));
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let server = start(quick(), 10, Duration::from_secs(10)).await;
        let head = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(MAX_HEAD_BYTES));
        let answer = rest(send(&server, head.as_bytes()).await).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn connections_above_the_cap_wait_for_their_turn() {
        let server = start(quick(), 1, Duration::from_secs(10)).await;
        let first = send(&server, b"").await;
        let mut second = send(&server, GET_AND_CLOSE).await;
        let early = tokio::time::timeout(Duration::from_millis(50), second.read_u8()).await;
        assert!(early.is_err(), "answered while the only slot was taken");
        drop(first);
        assert!(rest(second).await.ends_with("done"));
    }

    #[tokio::test]
    async fn a_stop_finishes_what_was_begun_and_takes_nothing_new() {
        let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (has_begun, may_finish) = (begun.clone(), finish.clone());
        let slow = async move || {
            has_begun.notify_one();
            may_finish.notified().await;
            "done"
        };
        let app = Router::new().route("/", get(slow));
        let server = start(app, 10, Duration::from_secs(10)).await;
        let idle = send(&server, b"").await;
        let stream = send(&server, GET).await;
        begun.notified().await;
        server.stop.cancel();
        assert_eq!(rest(idle).await, "");
        assert!(TcpStream::connect(server.address).await.is_err());
        finish.notify_one();
        assert!(rest(stream).await.ends_with("done"));
        server.task.await.unwrap();
    }
}
