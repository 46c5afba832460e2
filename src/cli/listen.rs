//! Taking the address of the HTTP API, with errors that say what to do.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Why the address cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    /// Somebody listens there.
    #[error(
        "{address} is taken by another program, perhaps by another Gavel: stop it, or choose \
         another address with --listen ADDR:PORT"
    )]
    Taken {
        /// The address.
        address: SocketAddr,
    },
    /// A low port, and not the right to it.
    #[error(
        "not permitted to listen on {address}: choose a port from 1024 up with --listen ADDR:PORT"
    )]
    NotPermitted {
        /// The address.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}: choose another address with --listen ADDR:PORT")]
    Other {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Starts to listen. To be done before anything slow is started, so that a mistake shows at once.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => ListenError::Taken { address },
            ErrorKind::PermissionDenied => ListenError::NotPermitted { address },
            _ => ListenError::Other { address, source },
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_remedy() {
        let first = listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = listen(address).await.unwrap_err().to_string();
        assert!(
            error.contains(&address.to_string()) && error.contains("--listen"),
            "{error}"
        );
    }
}
