//! SIGINT and SIGTERM: the first asks everything to stop gracefully, the second ends the process
//! at once. Killing it is safe at any time: leases run out and other workers take over.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What an unhandled signal's exit code starts from, by the custom of shells.
const SIGNAL_BASE: i32 = 128;

/// Starts to watch for signals. The token is cancelled by the first.
pub(super) fn watch() -> io::Result<CancellationToken> {
    let mut signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
    };
    let stop = CancellationToken::new();
    let first = stop.clone();
    tokio::spawn(async move {
        let name = signals.next().await.0;
        tracing::info!(signal = name, "stopping; a second signal stops at once");
        first.cancel();
        let number = signals.next().await.1;
        std::process::exit(SIGNAL_BASE + number.as_raw_value());
    });
    Ok(stop)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) -> (&'static str, SignalKind) {
        tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt()),
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate()),
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{Signal, raise};

    #[tokio::test]
    async fn the_first_signal_asks_to_stop() {
        let stop = super::watch().unwrap();
        assert!(!stop.is_cancelled());
        raise(Signal::SIGTERM).unwrap();
        stop.cancelled().await;
    }
}
